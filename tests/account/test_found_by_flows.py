"""What long runs of random flows found in the account, each by hand or with the seed of its flow."""

from __future__ import annotations

import pytest
from fast_account import run_fast
from flows import flow
from slow_account import SlowAccount
from test_flows import compare

from hq_core import Backtest


def test_what_has_begun_to_turn_round_is_not_refused_for_its_notional_later() -> None:
    account = Backtest(1000.0, 1, symbol="X", taker_fee=0.0, lot="1", volume_share=0.5, min_notional=100.0)
    account.mark(10, 20.0, 20.0, 20.0, 20.0, open_time=0, volume=100.0)
    account.order(side="short", quantity=10)
    account.mark(20, 20.0, 20.0, 20.0, 20.0, open_time=10, volume=100.0)
    account.order(side="long", quantity=6)  # 120 at 20; at 15 it is 90
    account.mark(30, 20.0, 20.0, 20.0, 20.0, open_time=20, volume=8.0)
    account.mark(40, 15.0, 15.0, 15.0, 15.0, open_time=30, volume=100.0)
    fills = account.fills()
    assert list(zip(fills["action"], fills["quantity"], fills["price"], fills["reason"]))[1:] == [
        ("close_short", 4.0, 20.0, "flip"),
        ("close_short", 6.0, 15.0, "flip"),
        ("open_long", 6.0, 15.0, "signal"),
    ]


@pytest.mark.parametrize(
    ("seed", "what"),
    [
        (7003558, "a market order turns round in two bars, and its notional is too small in the second"),
        (7005416, "a stop order does"),
        (7016109, "a target by the equity while it is below 0 has no size"),
    ],
)
def test_the_flow(seed: int, what: str) -> None:
    given = flow(seed, liquidation="whole", spread="bps")
    slow = SlowAccount(given.options, given.symbols).run(given.bars, given.orders, given.funding, given.close_at_end)
    compare(given, slow, run_fast(given))
