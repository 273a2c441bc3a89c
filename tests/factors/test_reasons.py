"""What becomes of values that are missing, of names, of options that mean nothing, and of states of other factors."""

from __future__ import annotations

import math

import pytest
from book_runs import BUY, EXCH, LOCAL, SELL, Event
from factor_runs import factors

from hq_core.columns import numbers
from hq_core.errors import HqError
from hq_core.kinds import FACTOR

CODE = numbers(FACTOR.codes["reason"])
SEEN = LOCAL | EXCH
DEPTH, TRADE, CLEAR, SNAPSHOT, BBO = 1, 2, 3, 4, 5


def at(ts: int, event: int, px: float = 0.0, qty: float = 0.0, ival: int = 0) -> Event:
    return Event(ts, SEEN | event, ts - 5, px, qty, 0, ival)


GOOD = [at(10, SNAPSHOT | BUY, 100.0, 1.0), at(10, SNAPSHOT | SELL, 100.2, 3.0)]


def said(events: list[Event], *specs: str, **options) -> list[tuple[int, str]]:
    words = {code: word for word, code in CODE.items()}
    return [(row["valid"], words[row["reason"]]) for row in factors(events, *specs, **options)]


def test_each_state_of_a_book_is_a_reason():
    crossed = [at(40, DEPTH | BUY, 100.1, 1.0), at(41, DEPTH | SELL, 100.0, 1.0)]
    events = [*GOOD, at(30, CLEAR | BUY), at(31, CLEAR | SELL), *GOOD[:0], at(35, SNAPSHOT | SELL, 100.2, 1.0)]
    assert [word for _, word in said(events, "mid")] == ["no ask", "none", "no bid", "empty", "no bid"]
    assert said([*GOOD, *crossed], "mid")[-1][0] == 0
    gap = [*GOOD, at(30, CLEAR, ival=1), at(31, DEPTH | BUY, 100.0, 1.0), at(32, DEPTH | SELL, 100.1, 1.0)]
    assert [word for _, word in said(gap, "mid")][2:] == ["gap"] * 3
    assert said([*gap, at(40, SNAPSHOT | SELL, 100.2, 1.0)], "mid")[-1] == (1, "none")


def test_trades_need_no_book():
    trades = [at(20 + i, TRADE | BUY, 100.0, 1.0) for i in range(3)]
    assert said(trades, "tfi:1s,least=3") == [(0, "few"), (0, "few"), (1, "none")]
    assert said(trades, "tfi:1s,least=3", "mid")[-1] == (0, "empty")


def test_the_warm_up_hides_values():
    rows = factors([*GOOD, at(1010, TRADE | BUY, 100.0, 1.0)], "mid", "cvd", warmup="1us")
    assert [row["reason"] for row in rows] == [CODE["warm-up"]] * 2 + [0]
    assert math.isnan(rows[1]["mid"])
    assert math.isnan(rows[1]["cvd"])
    assert rows[2]["cvd"] == 1.0


def test_a_clock_does_not_tick_for_ever():
    late = GOOD[0]._replace(ts=10**18)
    with pytest.raises(HqError, match="the clock has more than 67108864 rows") as error:
        factors([*GOOD, late], "mid", trigger="every:1s")
    assert error.value.code == 65


def test_a_trade_without_a_side_counts_for_neither():
    events = [at(20, TRADE | BUY, 100.0, 2.0), at(21, TRADE, 100.0, 50.0), at(22, TRADE | SELL, 100.0, 1.0)]
    rows = factors(events, "tfi:1s,least=2", "vwap:1s,least=3", "cvd")
    assert rows[-1]["tfi_1s_least_2"] == 1 / 3
    assert rows[-1]["vwap_1s_least_3_volume"] == 53.0
    assert rows[-1]["cvd"] == 1.0


def test_what_is_just_as_old_as_the_window_counts():
    events = [at(0, TRADE | BUY, 100.0, 2.0), at(10, TRADE | SELL, 100.0, 1.0), at(11, TRADE | SELL, 100.0, 1.0)]
    rows = factors(events, "tfi:10ns,least=1")
    assert [row["tfi_10ns_least_1"] for row in rows] == [1.0, 1 / 3, -1.0]


def test_what_has_left_a_window_leaves_nothing_behind():
    events = [at(i * 100, TRADE | (BUY if i % 3 else SELL), 100.0, 1e17 if i == 50 else 0.1) for i in range(200)]
    whole = factors(events, "tfi:1us,least=1", "vwap:1us,least=1")
    after = factors(events[70:], "tfi:1us,least=1", "vwap:1us,least=1")
    for mine, fresh in zip(whole[-100:], after[-100:]):
        assert mine == pytest.approx(fresh, rel=1e-14)


def test_micro_follows_the_quantities():
    rows = factors([*GOOD, at(20, DEPTH | BUY, 100.0, 3.0)], "micro", trigger="bbo")
    assert [row["micro"] for row in rows][1:] == [100.05, pytest.approx(100.1)]
    assert len(factors([*GOOD, at(20, DEPTH | BUY, 99.0, 3.0)], "micro", trigger="bbo")) == 2


def test_a_markout_is_known_behind_its_horizon():
    events = [
        *GOOD,
        at(20, TRADE | BUY, 100.2, 1.0),
        at(25, DEPTH | SELL, 100.2, 0.0),
        at(25, DEPTH | SELL, 100.4, 1.0),
    ]
    events += [at(30, DEPTH | BUY, 99.0, 1.0), at(31, DEPTH | BUY, 99.1, 1.0)]
    rows = factors(events, "markout:10ns", "realised:10ns")
    assert [row["markout_10ns"] == row["markout_10ns"] for row in rows] == [False] * 6 + [True]
    assert rows[-1]["markout_10ns"] == pytest.approx(0.0, abs=1e-12)
    assert rows[-1]["realised_10ns"] == -2 * rows[-1]["markout_10ns"]


@pytest.mark.parametrize(
    ("specs", "options", "what"),
    [
        (["mid", "mid"], {}, "two factors would be column 'mid'"),
        (["tfi:1s", "tfi_1s=mid"], {}, "two factors would be column 'tfi_1s'"),
        (["valid=mid"], {}, "'valid' is a column of all factor rows"),
        (["a b=mid"], {}, "'a b' is no name of a column"),
        (["imbalence:5"], {}, "unknown factor 'imbalence'; did you mean imbalance?"),
        (["tfi:5"], {}, "tfi: window: '5' is not a duration"),
        (["tfi:8d"], {}, "tfi: window is 8d, must be 1ns to 7d"),
        (["imbalance:0"], {}, "imbalance: ticks is 0, must be 1 to 1000"),
        (["imbalance:level=3"], {}, "imbalance: unknown parameter 'level'"),
        (["mid"] * 65, {}, "65 factors, at most 64"),
        ([], {}, "name at least one factor"),
        (["mid"], {"trigger": "sometimes"}, "trigger: 'sometimes'"),
        (["mid"], {"trigger": "every:0s"}, "trigger: 'every:0s'"),
        (["mid"], {"trigger": "every:1s,every:2s"}, "trigger: 'every:2s'"),
        (["mid"], {"tick": "0"}, "tick: '0', must be a decimal number above 0"),
        (["mid"], {"exprs": ["mid - mod"]}, "unknown name 'mod'"),
        (["mid"], {"exprs": ["mid = mid"]}, "mid"),
        (["mid"], {"exprs": ["a = mid", "a = mid"]}, "two are called 'a'"),
        (["mid"], {"view": "exch", "keep_input": True}, "is in the order of exch_ts"),
    ],
    ids=str,
)
def test_what_means_nothing_is_refused(specs, options, what):
    with pytest.raises(HqError) as error:
        factors(GOOD, *specs, **options)
    assert what in str(error.value)
    assert error.value.code == 2
