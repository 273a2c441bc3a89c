"""Bars of the trades among the events of a market: those of the same trades by themselves."""

from __future__ import annotations

import random

import panel_runs
import promises
import pytest
from book_runs import BOOK_COLS, BUY, EXCH, LOCAL, SELL, START, Event, Market, some_events
from frames import frames, read

from hq_core.batch import Schema
from hq_core.errors import HqError
from hq_core.stages.aggregate import Aggregate

BOTH = EXCH | LOCAL
COLS = [("ts", "i8"), ("price", "f8"), ("qty", "f8"), ("side", "i1")]
MARKET = Market("0.1", "0.001")


def events(seed: int, n: int = 3000) -> list[Event]:
    """Events among which are many trades; a trade has a quantity."""
    found = some_events(random.Random(seed), n, MARKET)
    return [one._replace(qty=one.qty or 0.001, px=one.px or 0.1) if one.ev & 0xFF == 2 else one for one in found]


def trades(found: list[Event]) -> list[tuple[int, float, float, int]]:
    """What a reader of hftbacktest's page would take: type 2, seen here."""
    rows = []
    for one in found:
        if one.ev % 256 == 2 and one.ev // LOCAL % 2:
            bought, sold = one.ev // BUY % 2, one.ev // SELL % 2
            rows.append((one.ts, one.px, one.qty, bought - sold))
    return rows


def of_book(found: list[Event], symbol: str = "BTCUSDT", each: int = 0) -> bytes:
    return frames((Schema("book", symbol, "", BOOK_COLS), found), each=each)


def of_trades(found: list[Event], symbol: str = "BTCUSDT") -> bytes:
    return frames((Schema("trade", symbol, "", COLS), trades(found)))


def run(data: bytes):
    return read(promises.run(Aggregate("1s:1m", partial="keep"), data)).rows


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("each", [0, 1, 7])
def test_bars_are_those_of_the_trades(seed, each):
    found = events(seed, 800)
    assert len(trades(found)) > 5
    assert repr(run(of_book(found, each=each))) == repr(run(of_trades(found)))


def test_events_that_are_not_known_here_make_no_bars():
    found = [Event(START + at, EXCH | BUY | 2, START, 100.0, 1.0) for at in range(10)]
    assert not any(columns["ts"] for columns in run(of_book(found)).values())


def test_a_panel_of_events():
    merged = panel_runs.merged(of_book(events(1), "A"), of_book(events(2), "B"))
    alone = {**run(of_book(events(1), "A")), **run(of_book(events(2), "B"))}
    found = read(promises.run(Aggregate("1m", partial="keep"), merged)).rows
    closes = {
        symbol: [close for code, close in zip(columns["symbol"], columns["close"]) if code == symbol]
        for columns in found.values()
        for symbol in ("A", "B")
    }
    assert min(map(len, closes.values())) > 2
    assert closes["A"][:-1] == alone["bar/A/1m"]["close"][: len(closes["A"]) - 1]
    assert closes["B"][:-1] == alone["bar/B/1m"]["close"][: len(closes["B"]) - 1]


def test_events_and_trades_of_one_symbol_are_refused():
    both = frames((Schema("book", "A", "", BOOK_COLS), events(1)), (Schema("trade", "A", "", COLS), []))
    with pytest.raises(HqError, match="would make the same bars"):
        promises.run(Aggregate("1m"), both)


def test_a_price_that_cannot_be_is_refused():
    found = [Event(START, BOTH | BUY | 2, START, -1.0, 1.0)]
    with pytest.raises(HqError, match="price"):
        run(of_book(found))
