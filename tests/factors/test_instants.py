"""Books are compared as they stood at the ends of instants: what one message tells in several rows is one change."""

from __future__ import annotations

import math
from itertools import permutations

import pytest
from book_runs import BUY, EXCH, LOCAL, SELL, Event
from factor_runs import begun, factors, give

from hq_core.columns import numbers
from hq_core.errors import USAGE, HqError
from hq_core.kinds import FACTOR

SEEN = LOCAL | EXCH
DEPTH, TRADE, CLEAR, SNAPSHOT = 1, 2, 3, 4
UNKNOWN = 1
S = 10**9
REASON = {code: word for word, code in numbers(FACTOR.codes["reason"]).items()}


def at(ts: int, event: int, px: float = 0.0, qty: float = 0.0, ival: int = 0) -> Event:
    return Event(ts, SEEN | event, ts - 5, px, qty, 0, ival)


def moves(ts: int, old: float, new: float) -> list[Event]:
    """One message, bids before asks: the book, a tick wide with 1 bid and 2 asks, moves from `old` to `new`."""
    return [
        at(ts, DEPTH | BUY, old, 0.0),
        at(ts, DEPTH | BUY, new, 1.0),
        at(ts, DEPTH | SELL, old + 0.1, 0.0),
        at(ts, DEPTH | SELL, new + 0.1, 2.0),
    ]


def walk(*bids: float) -> list[Event]:
    found = [at(S, SNAPSHOT | BUY, bids[0], 1.0), at(S, SNAPSHOT | SELL, bids[0] + 0.1, 2.0)]
    for i, (old, new) in enumerate(zip(bids, bids[1:]), 2):
        found += moves(i * S, old, new)
    return found


UP, DOWN = walk(100.0, 100.1, 100.2, 100.3), walk(100.0, 99.9, 99.8, 99.7)


def squares(*mids: float) -> float:
    return math.fsum(math.log(b / a) ** 2 for a, b in zip(mids, mids[1:]))


def test_a_rise_counts_as_a_fall_does():
    up, down = (factors(one, "rvar:1m", "ofi_cks:1m", trigger="instant")[-1] for one in (UP, DOWN))
    assert up["rvar_1m"] == pytest.approx(squares(100.05, 100.15, 100.25, 100.35), rel=1e-9)
    assert down["rvar_1m"] == pytest.approx(squares(100.05, 99.95, 99.85, 99.75), rel=1e-9)
    assert (up["ofi_cks_1m"], down["ofi_cks_1m"]) == (9.0, -9.0)  # of each change 1 bid that comes, 2 asks that go


def test_the_order_and_number_of_a_message_s_rows_change_nothing():
    told = [
        at(2 * S, DEPTH | BUY, 100.1, 1.0),
        at(2 * S, DEPTH | SELL, 100.1, 0.0),
        at(2 * S, DEPTH | SELL, 100.2, 2.0),
    ]
    trade = at(4 * S, TRADE | BUY, 100.3, 1.0)
    names = ["rvar:1m,least=1", "ofi_cks:1m", "kyle:1m,least=1", "effective"]
    found = []
    for rows in permutations(told):
        for between in ([], [at(2 * S, DEPTH | SELL, 100.1, 1.5)]):
            first = [*UP[:2], at(S + 1, TRADE | BUY, 100.1, 1.0), *between]
            last = factors([*first, *rows, *moves(3 * S, 100.1, 100.2), trade], *names)[-1]
            found.append([value for name, value in last.items() if name not in FACTOR.names])
    assert all(value == value for value in found[0])
    assert all(one == found[0] for one in found)


def test_a_change_is_known_behind_its_instant_and_no_sooner():
    rows = factors([*UP, at(5 * S, DEPTH | BUY, 90.0, 1.0)], "ofi_cks:1m")
    assert [row["ofi_cks_1m"] for row in rows if row["ts"] == 2 * S and row["valid"]] == []
    assert {row["ofi_cks_1m"] for row in rows if row["ts"] == 3 * S and row["valid"]} == {3.0}
    assert rows[-1]["ofi_cks_1m"] == 9.0


def test_a_change_that_is_known_late_is_as_old_as_its_instant():
    late = at(3 * S, DEPTH | BUY, 90.0, 1.0)
    assert factors([*UP[:6], late], "ofi_cks:1s")[-1]["ofi_cks_1s"] == 3.0
    assert math.isnan(factors([*UP[:6], late], "ofi_cks:999ms")[-1]["ofi_cks_999ms"])


def test_a_row_of_the_clock_ends_an_instant():
    rows = factors([*UP, at(5 * S, DEPTH | BUY, 90.0, 1.0)], "ofi_cks:1m", trigger="every:1s")
    assert [(row["ts"] // S, row["ofi_cks_1m"]) for row in rows[1:]] == [(2, 3.0), (3, 6.0), (4, 9.0)]


@pytest.mark.parametrize("side", [SELL, BUY])
def test_a_book_without_a_side_is_passed_over(side):
    events = [*UP[:2], at(2 * S, CLEAR | side), *moves(3 * S, 100.0, 100.1), at(4 * S, DEPTH | BUY, 90.0, 1.0)]
    assert factors(events, "rvar:1m,least=1")[-1]["rvar_1m_least_1"] == pytest.approx(squares(100.05, 100.15), rel=1e-9)


def test_behind_a_gap_all_begins_anew():
    snapshot = [at(3 * S, SNAPSHOT | BUY, 101.0, 1.0), at(3 * S, SNAPSHOT | SELL, 101.1, 1.0)]
    events = [*UP[:2], at(2 * S, CLEAR, ival=UNKNOWN), *snapshot, at(4 * S, DEPTH | BUY, 90.0, 1.0)]
    assert REASON[factors(events, "rvar:1m,least=1")[-1]["reason"]] == "few"
    assert REASON[factors(events, "ofi_cks:1m")[-1]["reason"]] == "few"


def test_instants_have_a_row_each_of_books_that_were():
    rows = factors(UP, "mid", trigger="instant")
    assert [(row["ts"] // S, row["mid"]) for row in rows] == [(1, 100.05), (2, 100.15), (3, 100.25), (4, 100.35)]
    assert all(row["valid"] for row in rows)
    assert not all(row["valid"] for row in factors(UP, "mid"))


def test_a_mark_ends_an_instant_that_lies_before_it():
    stage, kept = begun(["mid"], trigger="instant")
    give(stage, UP[:2])
    stage.mark(S)
    assert not kept.rows_of.get("factor/BTCUSDT/")
    stage.mark(S + 1)
    stage.mark(9 * S)
    stage.finish(more=False)
    assert [row[0] for row in kept.rows_of["factor/BTCUSDT/"]] == [S]


def test_in_the_exchange_s_view_an_instant_is_of_its_time():
    rows = factors([one._replace(ts=9 * S) for one in UP], "mid", trigger="instant", view="exch")
    assert [(row["ts"] + 5) // S for row in rows] == [1, 2, 3, 4]


def test_instants_and_a_clock_are_two_clocks():
    with pytest.raises(HqError, match="at most one of instant and every:DURATION") as error:
        factors(UP, "mid", trigger="instant,every:1s")
    assert error.value.code == USAGE


def test_of_few_trades_the_volume_is_known():
    trades = [at((2 + i) * S, TRADE | BUY, 100.0, 2.0) for i in range(2)]
    rows = factors([*UP[:2], *trades, at(9 * S, DEPTH | BUY, 90.0, 1.0)], "vwap:1s")
    assert [row["vwap_1s_volume"] for row in rows] == [0.0, 0.0, 2.0, 4.0, 0.0]
    assert all(math.isnan(row["vwap_1s"]) and REASON[row["reason"]] == "few" for row in rows)
    long = factors([*UP[:2], *trades], "vwap:1s", long=True)
    assert {(row["factor"], row["valid"], REASON[row["reason"]]) for row in long} == {(0, 0, "few"), (1, 1, "none")}


def test_an_imbalance_is_by_ticks_or_by_levels():
    with pytest.raises(HqError, match="imbalance: pass one of ticks and levels") as error:
        factors(UP, "imbalance:5,levels=5")
    assert error.value.code == USAGE


@pytest.mark.parametrize("behind", [0, 1, 5, S - 1])
def test_a_clock_ends_with_time_itself(behind):
    """Near the last instant of 64 bits the next boundary does not exist: it must not begin anew in the past."""
    ts = 2**63 - 1 - behind
    rows = factors(
        [at(ts - 1, SNAPSHOT | BUY, 100.0, 1.0), at(ts, SNAPSHOT | SELL, 100.1, 1.0)], "mid", trigger="every:1s"
    )
    assert len(rows) <= 1


def test_a_clock_over_centuries_is_refused():
    with pytest.raises(HqError, match="clock|every|boundar"):
        factors([at(-(2**62), TRADE | BUY, 100.0, 1.0), at(2**62, TRADE | BUY, 100.0, 1.0)], "mid", trigger="every:1s")
