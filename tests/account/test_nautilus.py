"""nautilus_trader traded the same orders over the trades that the path goes through: every fill at the same price.

tests/oracles/nautilus.json has what it did, make_nautilus.py made it.  It sees no bars but a trade for every whole
price of path ohlc, so that which order comes first, what an entry brings along, how a trail follows and where a
stop_limit order fills after its trigger are all its own doing.  What is left:

- What the open has jumped over fills at the open here: a stop pays for the gap, a limit gains by it.  There each fills
  at its own level, as if the price had gone through it.
- A market order at an open at which it fills such stops gets the price of one of them there; here it gets the open.
- Whoever cancels an order at the close has cancelled it at the open; there the open comes before the cancel.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from outside_orders import BRACKETS, PATHS, PLAIN, WICKED, Row, bars, orders, text
from outside_runs import Fill, Run, by_order

FILE = Path(__file__).parents[1] / "oracles/nautilus.json"
THEIRS = json.loads(FILE.read_text())


def levels(row: Row, part: str) -> list[float]:
    """The prices at which the part of an order may fill that a gap has jumped over."""
    return [row[part]] if part in ("stop", "take") else [row["price"], row.get("limit", row["price"])]


@pytest.mark.parametrize(
    ("name", "alike", "gaps"), [(PLAIN, 484, 108), (PATHS, 589, 27), (BRACKETS, 100, 23), (WICKED, 133, 16)]
)
def test_every_fill(name: str, alike: int, gaps: int) -> None:
    ours, theirs, rows = Run(name).fills, by_order(THEIRS[name]["fills"]), bars(name)
    given = {row["id"]: row for row in orders(name) if "id" in row and row["valid"] != "day"}
    cancelled = {row["cancel"]: row["bar"] for row in orders(name) if "cancel" in row}
    of_stops = (fill for number, fills in theirs.items() for fill in fills if given[number]["type"] == "stop")
    stops = {(bar, price) for _, bar, price, _ in of_stops}
    same = jumped = 0
    markets, late = [], []
    for number, row in given.items():
        mine, other = ours.get(number, []), theirs.get(number, [])
        if mine == other:
            same += 1
            continue
        if not mine:  # the open reaches what has been cancelled
            late.append(number)
            assert other == [("order", cancelled[number] + 1, row["price"], row["side"] * row["size"])]
            assert row["side"] * (row["price"] - rows[other[0][1]][0]) >= 0
            continue
        assert [fill[:2] + fill[3:] for fill in mine] == [fill[:2] + fill[3:] for fill in other]
        for one, fill in zip(mine, other):
            if one != fill and row["type"] == "market" and fill[0] == "order":
                markets.append(number)
                assert fill[1:3] in stops
            elif one != fill:
                jumped += 1
                at_the_open(row, one, fill, rows[one[1]][0])
    assert (same, jumped) == (alike, gaps)
    assert (len(markets), len(late)) == ((7, 1) if name == PLAIN else (0, 0))
    assert {number: bar for number, bar in THEIRS[name]["expired"] if number in given} == {
        number: bar for number, bar in Run(name).expired.items() if number in given
    }


def at_the_open(row: Row, ours: Fill, theirs: Fill, first: float) -> None:
    """The open is beyond the level at which nautilus_trader fills; here it fills at the open."""
    (part, _, price, size), level = ours, theirs[2]
    assert price == first
    assert part == "trail" or level in levels(row, part)
    worse = (price - level) * size > 0
    if part != "order" or row["type"] != "stop_limit":  # which may rest at that open, or be triggered by it
        assert worse == (part in ("stop", "trail") or (part == "order" and row["type"] == "stop"))


def test_the_figures_are_those_of_the_program() -> None:
    pytest.importorskip("nautilus_trader")
    import make_nautilus

    assert text(make_nautilus.all_runs()) == FILE.read_text()
