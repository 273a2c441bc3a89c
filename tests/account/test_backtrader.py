"""backtrader traded the same orders over the same 1,000 bars: every fill, every order that expired, and the equity.

tests/oracles/backtrader.json has what it did, make_backtrader.py made it.  Where the two programs differ by their rules
a few lines say what hq-backtest does there, by hand from the four prices of a bar, and all that is left must be the
same.  The differences:

- A stop-limit order whose limit is better than its trigger rests once it is triggered.  backtrader lets it fill in the
  bar of the trigger only if that bar closes at the limit or better against its direction; here the path goes on.
- Of two orders that cancel each other and that one bar reaches both, backtrader fills the older, here the path decides.
- A day order works in the bar that ends at midnight; backtrader compares the end of the bar.
- What an entry brings along works from its fill on; in backtrader from the next bar on, and at an open beyond the take
  it still fills the stop if the bar comes to it.
- A cancel given at the close of an order's last bar finds it expired; backtrader takes it back before.
- A trail follows the highs or lows, in backtrader the closes: the bars of its run have neither wicks nor gaps.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from outside_orders import (
    BRACKETS,
    CASH,
    COUNT,
    FEE,
    HOUR,
    PATHS,
    PLAIN,
    TRAILS,
    WICKS,
    Bar,
    Row,
    bars,
    ends,
    orders,
    text,
    way,
)
from outside_runs import Fill, Run, by_order

FILE = Path(__file__).parents[1] / "oracles/backtrader.json"
THEIRS = json.loads(FILE.read_text())
DAY = 24 * HOUR
MIDNIGHT = {bar for bar in range(COUNT) if ends(bar) % DAY == 0}


def theirs(name: str) -> dict[int, list[Fill]]:
    return by_order(THEIRS[name]["fills"])


@pytest.mark.parametrize(("name", "least"), [(PLAIN, 543), (TRAILS, 597)])
def test_market_limit_stop_gtd_cancels_and_trails_fill_alike(name: str, least: int) -> None:
    ours = Run(name)
    assert ours.fills == theirs(name)
    assert sum(map(len, ours.fills.values())) >= least
    last = {row["id"]: row["valid"] for row in orders(name) if "id" in row}
    cancels = [(row["cancel"], row["bar"]) for row in orders(name) if "cancel" in row]
    too_late = {one: bar + 1 for one, bar in cancels if last[one] == bar and one not in ours.fills}
    assert ours.expired == dict(THEIRS[name]["expired"]) | too_late
    assert len(too_late) == (2 if name == PLAIN else 0)


@pytest.mark.parametrize("name", [PLAIN, TRAILS])
def test_the_equity_is_the_same_without_fees_and_with_fees(name: str) -> None:
    rows = THEIRS[name]["equity"]
    assert len(rows) == 50
    rounding = 3 * len(THEIRS[name]["fills"]) * CASH * 2**-53  # backtrader's cash is a plain sum, of thrice each fill
    for fee, column in ((0.0, 1), (FEE, 2)):
        ours = Run(name, fee).equity
        assert [ours[row[0]] for row in rows] == pytest.approx([row[column] for row in rows], rel=0, abs=rounding)
    assert rows[-1][1] - rows[-1][2] > 1000


# -- where the path inside a bar decides -----------------------------------------------------------------------
def touch(row: Bar, price: float, rises: bool, begin: float = 0.0) -> tuple[float, float] | None:
    """How far along its way a bar first comes to a price, from below (rises) or above, and where; None: it does not."""
    gone, points = 0.0, way(row)
    for one, other in zip(points, points[1:]):
        length = abs(other - one)
        start = min(max(begin - gone, 0.0), length)
        at = one + math.copysign(start, other - one)
        if gone + length >= begin:
            if at >= price if rises else at <= price:
                return gone + start, at
            if other >= price if rises else other <= price:
                return gone + start + abs(price - at), price
        gone += length
    return None


def first_fill(order: Row, rows: list[Bar], last: int) -> tuple[float, Fill] | None:
    """Where an order of type limit, stop or stop_limit fills on the way of the prices, until bar `last`: how far along
    that bar, and the fill."""
    buys, triggered = order["side"] > 0, False
    for bar in range(order["bar"] + 1, last + 1):
        hit: tuple[float, float] | None = (0.0, rows[bar][0])
        if order["type"] != "limit" and not triggered:
            hit = touch(rows[bar], order["price"], rises=buys)
            triggered = hit is not None
        if hit is not None and order["type"] != "stop":
            limit = order["price"] if order["type"] == "limit" else order["limit"]
            hit = touch(rows[bar], limit, rises=not buys, begin=hit[0])
        if hit is not None:
            return hit[0], ("order", bar, hit[1], float(order["side"] * order["size"]))
    return None


@pytest.fixture(scope="module")
def paths() -> Run:
    return Run(PATHS)


def split(paths: Run, of: list[Row], wanted: dict[int, list[Fill]]) -> tuple[int, list[Row]]:
    """hq did what is wanted; how many orders did the same in backtrader, and those that did not."""
    other = theirs(PATHS)
    assert {row["id"]: paths.fills.get(row["id"], []) for row in of} == wanted
    differ = [row for row in of if other.get(row["id"], []) != wanted[row["id"]]]
    return len(of) - len(differ), differ


def test_a_stop_limit_order_fills_on_the_way_that_is_left_of_the_bar(paths: Run) -> None:
    rows = bars(PATHS)
    of = [row for row in orders(PATHS) if row["type"] == "stop_limit"]
    found = {row["id"]: first_fill(row, rows, COUNT - 1) for row in of}
    same, differ = split(paths, of, {number: [hit[1]] if hit else [] for number, hit in found.items()})
    assert (same, len(differ)) == (188, 20)
    for row in differ:  # in the bar of its trigger, which closes with the trigger's direction or beyond the limit
        _, bar, price, _ = paths.fills[row["id"]][0]
        side, (first, _, _, close) = row["side"], rows[bar]
        assert touch(rows[bar], row["price"], rises=side > 0) is not None
        assert price == row["limit"] != row["price"]
        assert side * (close - first) >= 0 or side * (close - price) > 0
        assert all(fill[1] > bar for fill in theirs(PATHS).get(row["id"], []))


def test_of_a_pair_the_first_on_the_path_fills(paths: Run) -> None:
    rows = bars(PATHS)
    later = {row["oco"]: row for row in orders(PATHS) if "oco" in row}
    of = [row for row in orders(PATHS) if row["id"] in later]
    of += later.values()
    wanted: dict[int, list[Fill]] = {}
    for row in of[: len(later)]:
        pair = [row, later[row["id"]]]
        hits = [(hit[1][1], hit[0], one["id"], hit[1]) for one in pair if (hit := first_fill(one, rows, COUNT - 1))]
        wanted |= {one["id"]: [] for one in pair}
        if hits:
            wanted[min(hits)[2]] = [min(hits)[3]]
    same, differ = split(paths, of, wanted)
    assert (same, len(differ)) == (358, 50)
    for row in differ:  # the bar reaches both: the stop fills here, as it comes first on the way, the limit there
        limit = row if "oco" not in row else next(one for one in of if one["id"] == row["oco"])
        [(_, bar, *_)] = paths.fills[later[limit["id"]]["id"]]
        assert theirs(PATHS)[limit["id"]][0][1] == bar


def test_an_order_of_a_day_works_until_midnight(paths: Run) -> None:
    rows = bars(PATHS)
    of = [row for row in orders(PATHS) if row["valid"] == "day"]
    wanted, expired = {}, {}
    for row in of:
        last = min(bar for bar in MIDNIGHT if bar > row["bar"])
        hit = first_fill(row, rows, last)
        wanted[row["id"]] = [hit[1]] if hit else []
        if hit is None:
            expired[row["id"]] = last + 1
    same, differ = split(paths, of, wanted)
    assert (same, len(differ)) == (185, 3)
    for row in differ:  # in the day's last bar
        assert theirs(PATHS).get(row["id"]) is None
        assert paths.fills[row["id"]][0][1] in MIDNIGHT
    assert paths.expired == expired
    there = dict(THEIRS[PATHS]["expired"])
    assert set(there) == set(expired) | {row["id"] for row in differ}
    assert all(bar == expired.get(number, bar + 1) - 1 for number, bar in there.items())


# -- brackets --------------------------------------------------------------------------------------------------
def test_brackets() -> None:
    ours, other, rows = Run(BRACKETS, path="pessimistic"), theirs(BRACKETS), bars(BRACKETS)
    same = at_once = beyond = 0
    for row in orders(BRACKETS):
        mine, their, side = ours.fills.get(row["id"], []), other.get(row["id"], []), row["side"]
        assert mine[:1] == their[:1]  # the entry
        if not mine:
            same += 1
            continue
        _, bar, entry, size = mine[0]
        _, high, low, _ = rows[bar]
        worst, best = (low, high) if side > 0 else (high, low)
        if side * (row["stop"] - worst) >= 0:  # it works from the fill on: what hurts comes first
            at_once += 1
            assert mine[1:] == [("stop", bar, side * min(side * row["stop"], side * entry), -size)]
        elif side * (best - row["take"]) >= 0:
            at_once += 1
            assert mine[1:] == [("take", bar, side * max(side * row["take"], side * entry), -size)]
        elif mine == their:
            same += 1
        else:  # the open is beyond the take: the take fills, there the stop
            beyond += 1
            (part, bar, price, _), (their_part, their_bar, *_) = mine[1], their[1]
            assert (part, their_part, bar, price) == ("take", "stop", their_bar, rows[bar][0])
            assert side * (price - row["take"]) > 0
    assert (same, at_once, beyond) == (82, 40, 1)
    assert ours.expired == dict(THEIRS[BRACKETS]["expired"])


def test_a_trail_follows_the_high_where_backtrader_follows_the_close() -> None:
    # from 100 down to 99, up to 110 and back to 101: 105 is passed in that bar. From the close of 101 on it is 96
    assert Run(WICKS).fills[1] == [("order", 1, 100.0, 1.0), ("trail", 1, 105.0, -1.0)]
    assert theirs(WICKS)[1] == [("order", 1, 100.0, 1.0), ("trail", 2, 96.0, -1.0)]


def test_the_figures_are_those_of_the_program() -> None:
    pytest.importorskip("backtrader")
    import make_backtrader

    assert text(make_backtrader.all_runs()) == FILE.read_text()
