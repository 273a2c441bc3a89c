"""What long runs of random flows found in the account, each by hand or with the seed of its flow."""

from __future__ import annotations

from typing import Any

import pytest
from fast_account import run_fast
from flows import Flow, flow
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
    given = flow(seed, last={}, liquidation="whole", spread="bps")
    slow = SlowAccount(given.options, given.symbols).run(given.bars, given.orders, given.funding, given.close_at_end)
    compare(given, slow, run_fast(given))


SECOND = 1000
START = 10**6
Row = dict[str, Any]


def bars(symbol: str, *prices: float, later: int = 0) -> list[Row]:
    """Bars of a second that begin so much later than the one before ends."""
    return [
        {"ts": START + i * SECOND, "open_time": START + (i - 1) * SECOND + later, "symbol": symbol, "volume": 1e6}
        | {"open": price, "high": price + 1.0, "low": price - 1.0, "close": price}
        for i, price in enumerate(prices)
    ]


def quote(at: int, bid_qty: float, ask_qty: float, symbol: str = "X", half: float = 0.0) -> Row:
    sides = {"bid": 100.0 - half, "bid_qty": bid_qty, "ask": 100.0 + half, "ask_qty": ask_qty}
    return {"ts": START + at, "symbol": symbol} | sides


def order(at: int, side: int, action: str, quantity: float, **more: Any) -> Row:
    said = {"ts": START + at, "side": side, "action": action, "quantity": quantity, "unit": "contracts"}
    return {"symbol": "X", "order": at // SECOND + 1, "type": "market", "tif": "gtc"} | said | more


def with_quotes(rows: list[Row], orders: list[Row], quotes: list[Row]) -> list[tuple[Any, ...]]:
    """Order, price and quantity of each fill: the account's, as the slow one has them too."""
    options = {"spread": "quotes", "lot": "1", "taker_fee": 0.0, "initial_margin": 1e5, "leverage": 1.0, "pyramid": 1}
    rows.sort(key=lambda row: (row["ts"], row["symbol"]))
    given = Flow(0, options, {row["symbol"]: {} for row in rows}, rows, orders, [], False, quotes)
    fast = run_fast(given)
    compare(given, SlowAccount(options, given.symbols).run(rows, orders, [], False, quotes), fast)
    return [(fill["order"], fill["price"], fill["quantity"]) for fill in fast["fills"]]


@pytest.mark.parametrize(("of_x", "of_y", "price"), [(0, 500, 102.0), (500, 0, 100.0)])
def test_a_symbol_has_the_last_quote_at_its_own_open(of_x: int, of_y: int, price: float) -> None:
    rows = bars("X", 100.0, 100.0, 100.0, later=of_x) + bars("Y", 100.0, 100.0, 100.0, later=of_y)
    wide = [quote(-5000, 1e4, 1e4), quote(-5000, 1e4, 1e4, "Y"), quote(250, 1e4, 1e4, "Y", 2.0)]
    assert with_quotes(rows, [order(0, 1, "open", 5.0, symbol="Y")], wide) == [(1, price, 5.0)]


def test_what_is_taken_at_a_quote_seen_at_an_open_is_gone_inside_that_bar() -> None:
    rows = bars("X", 100.0, 100.0) + bars("Y", 100.0, 100.0, later=500)
    two = [
        order(0, 1, "open", 3.0, symbol="Y"),
        order(0, 1, "open", 3.0, symbol="Y", order=2, type="stop", trigger=101.0),
    ]
    few = [quote(-5000, 1e4, 1e4), quote(-5000, 1e4, 1e4, "Y"), quote(250, 4.0, 4.0, "Y")]
    assert with_quotes(rows, two, few) == [(1, 100.0, 3.0), (2, 101.0, 1.0)]


def test_a_target_has_its_size_where_it_first_fills() -> None:
    """1000 of quote currency: nothing to take at the open at 100, all at 50."""
    sizes = [quote(-5000, 0.0, 0.0), quote(500, 1e4, 1e4)]
    target = order(0, 1, "target", 1000.0, unit="quote")
    assert with_quotes(bars("X", 100.0, 100.0, 50.0, 50.0), [target], sizes) == [(1, 50.0, 20.0)]


def test_a_target_of_none_buys_what_a_short_is() -> None:
    orders = [order(0, -1, "open", 5.0), order(SECOND, 1, "target", 0.0, tif="fok")]
    sizes = [quote(-5000, 1e4, 1e4), quote(500, 0.0, 1e3)]
    assert with_quotes(bars("X", 100.0, 100.0, 100.0), orders, sizes) == [(1, 100.0, 5.0), (2, 100.0, 5.0)]


@pytest.mark.parametrize("seed", [175, 347])
def test_the_flow_with_quotes(seed: int) -> None:
    given = flow(seed)
    slow = SlowAccount(given.options, given.symbols)
    ran = slow.run(given.bars, given.orders, given.funding, given.close_at_end, given.quotes)
    compare(given, ran, run_fast(given))
