"""hq-import --venue: one market as three venues send it, their rules of sequence, clocks, and what is no message."""

from __future__ import annotations

import gzip
import json
import math
import os
import random
import re
from itertools import accumulate

import numpy as np
import pytest
from inputs import archive, descriptor
from venue_market import LATENCY, MAKERS, START, T0, Step, binance, bybit, lines, market, pairs

from hq_core import read as read_file
from hq_core.batch import Batch, Schema
from hq_core.book.flags import BBO, BOTH_VIEWS, BUY, CLEAR, DEPTH, EXCH, KIND, LOCAL, SELL, SNAPSHOT, TRADE, UNKNOWN
from hq_core.errors import HqError
from hq_core.formats import open_source
from hq_core.formats.venues import chain, source
from hq_core.formats.venues import rows as blocks
from hq_core.kinds import KINDS
from hq_core.roles import End
from hq_core.stages.imports import options_said

NAMES = [name for name, _ in KINDS["book"].cols]
BIDS, ASKS = DEPTH | BUY | BOTH_VIEWS, DEPTH | SELL | BOTH_VIEWS


class Read:
    """What a capture gives: rows by series, findings, what was passed over, and the remarks."""

    def __init__(self, data: bytes, venue: str, **said) -> None:
        self.options = options_said({"venue": venue, **said})
        self.rows: dict[str, list[tuple]] = {}
        self.findings: list[dict] = []
        self.ends: list[dict] = []
        self.error = ""
        fd = descriptor(data)
        code = 65
        try:
            made = open_source(fd, b"", self.options)
            for item in made:
                self.take(item)
        except HqError as error:
            self.error, code = str(error), error.code
        finally:
            os.close(fd)
        assert code == 65
        self.passed = dict(made.passed)
        self.remarks = made.remarks()

    def take(self, item) -> None:
        if isinstance(item, Schema):
            kind = KINDS[item.of]
            assert item.cols == (kind.required if item.of == "quote" else kind.cols) or item.of == "trade"
            self.rows.setdefault(item.key, [])
        elif isinstance(item, End):
            self.ends.append(item["dropped"])
        elif isinstance(item, Batch):
            rows = list(zip(*(list(item.view(name)) for name in item.schema.names)))
            self.rows[item.schema.key] += rows
            if item.schema.of == "finding":
                texts = {name: [item.texts[name][code] for code in item.view(name)] for name in ("of", "stage", "rule")}
                self.findings.append({**dict(zip(item.schema.names, rows[0])), **{k: v[0] for k, v in texts.items()}})

    def book(self, symbol: str = "XUSDT") -> list[tuple]:
        return self.rows[f"book/{symbol}/"]


def books(rows: list[tuple]) -> list[tuple]:
    """The book behind the rows of each ts that has depth, by price, as a plain reading of the flags has it."""
    sides: dict[int, dict[float, float]] = {BUY: {}, SELL: {}}
    made: dict[int, tuple] = {}
    for ts, ev, _, px, qty, *_ in rows:
        kind, side = ev & KIND, ev & (BUY | SELL)
        if kind == CLEAR and not side:
            sides = {BUY: {}, SELL: {}}
        elif kind == CLEAR:
            worse = (lambda price, px=px: price < px) if side == BUY else (lambda price, px=px: price > px)
            sides[side] = {price: one for price, one in sides[side].items() if px and worse(price)}
        elif kind in (DEPTH, SNAPSHOT) and ev & LOCAL:
            sides[side].pop(px, None)
            if qty:
                sides[side][px] = qty
        if kind in (DEPTH, SNAPSHOT):
            made[ts] = tuple(sorted(one.items()) for one in sides.values())
    return list(made.items())


# -- one market ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(4))
def test_three_venues_give_the_same_rows_of_one_market(seed):
    steps = market(seed)
    read = {venue: Read(lines(make(steps)), venue) for venue, make in MAKERS.items()}
    assert {venue: (one.error, one.findings, one.passed) for venue, one in read.items()} == dict.fromkeys(
        MAKERS, ("", [], {})
    )
    rows = {venue: [row for row in one.book() if row[1] & KIND != CLEAR] for venue, one in read.items()}
    assert rows["binance"] == rows["bybit"] == rows["hyperliquid"]
    assert len(rows["binance"]) > 200
    assert {row[1] & KIND for row in rows["binance"]} == {DEPTH, TRADE, SNAPSHOT, BBO}
    for one in read.values():
        want = [
            (
                step.ms * 10**6 + LATENCY,
                tuple([(tick / 10, side[tick] / 1000) for tick in sorted(side)] for side in step.book),
            )
            for step in steps
            if step.what in ("book", "change")
        ]
        assert books(one.book()) == want


@pytest.mark.parametrize(("venue", "clear"), [("binance", 2), ("bybit", 1), ("hyperliquid", 1)])
def test_a_snapshot_is_a_clear_and_its_levels_from_the_best_one_on(venue, clear):
    steps = market(1, 0)
    rows = Read(lines(MAKERS[venue](steps)), venue).book()
    ts, exch = T0 * 10**6 + LATENCY, T0 * 10**6
    bids = [(ts, SNAPSHOT | BUY | BOTH_VIEWS, exch, float(p), float(q), 0, 0, 0.0) for p, q in pairs(steps[0].bids, -1)]
    asks = [(ts, SNAPSHOT | SELL | BOTH_VIEWS, exch, float(p), float(q), 0, 0, 0.0) for p, q in pairs(steps[0].asks)]
    if clear == 1:
        assert rows == [(ts, CLEAR | BOTH_VIEWS, exch, 0.0, 0.0, 0, 0, 0.0), *bids, *asks]
    else:  # as hftbacktest has it: levels beyond the worst stay
        worst = [
            (ts, CLEAR | row[1] & (BUY | SELL) | BOTH_VIEWS, exch, row[3], 0.0, 0, 0, 0.0)
            for row in (bids[-1], asks[-1])
        ]
        assert rows == [worst[0], *bids, worst[1], *asks]


@pytest.mark.parametrize("venue", MAKERS)
@pytest.mark.parametrize(("kind", "channel"), [("trade", TRADE), ("quote", BBO)])
def test_plain_kinds_hold_what_the_book_rows_say(venue, kind, channel):
    data = lines(MAKERS[venue](market(2)))
    plain = Read(data, venue, kind=kind)
    rows = [row for row in Read(data, venue).book() if row[1] & KIND == channel]
    got = plain.rows[f"{kind}/XUSDT/"]
    if kind == "trade":
        want = [(ts, px, qty, 1 if ev & BUY else -1) for ts, ev, _, px, qty, *_ in rows]
        assert [row[:4] for row in got] == want
        assert [row[4] for row in got] == ([*range(1, len(got) + 1)] if venue == "binance" else [0] * len(got))
    else:
        assert got == [(bid[0], *bid[3:5], *ask[3:5]) for bid, ask in zip(rows[::2], rows[1::2])]
    assert sum(plain.passed.values()) == sum(
        step.what != {"trade": "trade", "quote": "best"}[kind] for step in market(2)
    )


def test_channels_choose_what_becomes_of_book_rows():
    steps = market(3)
    read = Read(lines(binance(steps)), "binance", channels=("depth", "trade"))
    assert {row[1] & KIND for row in read.book()} == {DEPTH, TRADE, SNAPSHOT, CLEAR}
    assert read.passed == {"bookTicker": sum(step.what == "best" for step in steps)}


# -- cuts and states -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("venue", MAKERS)
@pytest.mark.parametrize("read", [1, 7, 300, 5000])
def test_where_reads_end_changes_nothing(monkeypatch, venue, read):
    data = lines(MAKERS[venue](market(4, 60)))
    whole = Read(data, venue)
    monkeypatch.setattr(source, "READ", read)
    cut = Read(data, venue)
    assert (cut.rows, cut.passed, cut.remarks) == (whole.rows, whole.passed, whole.remarks)


def broken(steps: list[Step], venue: str) -> list[tuple[int, dict]]:
    """Messages of which some are missing, come twice, or come before any snapshot, and a second snapshot later on."""
    said = MAKERS[venue](steps)
    later = MAKERS[venue]([Step(steps[90].ms, "book", *steps[90].book, steps[90].book)])
    if venue == "binance":
        later[0][1]["lastUpdateId"] = max(
            one["data"]["u"] for _, one in said[1:91] if one["data"]["e"] == "depthUpdate"
        )
    elif venue == "bybit":
        later[0][1]["data"]["u"] = max(
            one["data"]["u"] for _, one in said[:91] if one["topic"].startswith("orderbook.50")
        )
    return [*said[1:30], said[29], *said[37:91], *later, *said[91:]]


@pytest.mark.parametrize("venue", MAKERS)
@pytest.mark.parametrize("at", [0.02, 0.2, 0.31, 0.4, 0.55, 0.77])
def test_a_state_goes_on_anywhere(run, tmp_path, venue, at):
    data = lines(broken(market(5, 250), venue))
    split = data.rindex(b"\n", 0, int(at * len(data))) + 1
    (tmp_path / "all").write_bytes(data)
    (tmp_path / "a").write_bytes(data[:split])
    (tmp_path / "b").write_bytes(data[split:])
    line = f"hq-import --venue {venue}"
    parts = f"{line} --state s < a > parts; {line} --state s < b >> parts"
    got = run(f"cd {tmp_path}; {line} < all > whole; {parts}; hq-diff whole parts")
    assert got.code == 0, got.stderr


def test_files_go_on_one_behind_the_other(run, tmp_path):
    data = lines(binance(market(6)))
    split = data.index(b"\n", len(data) // 2) + 1
    (tmp_path / "all").write_bytes(data)
    (tmp_path / "a.gz").write_bytes(gzip.compress(data[:split]))
    (tmp_path / "b.zip").write_bytes(archive(("x.log", data[split:])))
    got = run(f"cd {tmp_path}; hq-import --venue binance a.gz b.zip | hq-diff - <(hq-import --venue binance < all)")
    assert (got.code, got.stderr) == (0, "")


# -- sequences -------------------------------------------------------------------------------------------------------
def change(first: int, last: int, before: int | None, px: str = "99.5", ms: int = T0) -> tuple[int, dict]:
    one = {"e": "depthUpdate", "E": ms, "T": ms, "s": "XUSDT", "U": first, "u": last, "b": [[px, "1"]], "a": []}
    return ms, one if before is None else {**one, "pu": before}


def rest(last: int, ms: int = T0, **more) -> tuple[int, dict]:
    return ms, {"lastUpdateId": last, "E": ms, "T": ms, "bids": [["99.9", "5"]], "asks": [["100.1", "5"]], **more}


NAMED = {"symbol": "XUSDT"}


def told(read: Read) -> str:
    """The rows as letters: u unknown, s snapshot, d a change, l one that comes again behind a snapshot."""
    found = ""
    for row in read.book():
        kind = row[1] & KIND
        if kind == CLEAR:
            found += "u" * (row[6] == UNKNOWN)
        else:
            found += {SNAPSHOT: "s", DEPTH: "d" if row[1] & EXCH else "l"}.get(kind, "?")
    return found.replace("ss", "s")


@pytest.mark.parametrize(
    ("messages", "rows", "gaps", "passed"),
    [
        ([rest(10, **NAMED), change(9, 12, 8), change(14, 15, 12)], "sdd", [], 0),  # U <= L <= u
        ([rest(10, **NAMED), change(12, 15, 10)], "sd", [], 0),  # pu == L
        ([rest(10, **NAMED), change(4, 7, 2), change(8, 12, 7)], "sd", [], 1),  # before the snapshot
        ([rest(10, **NAMED), change(8, 10, 7), change(12, 13, 10)], "sd", [], 1),  # u == L says nothing new
        ([rest(10, **NAMED), change(13, 15, 12)], "sud", [(10, 12)], 0),  # the first one does not reach it
        ([rest(10, **NAMED), change(9, 12, 8), change(14, 15, 13)], "sdud", [(12, 13)], 0),  # pu is not the last u
        ([rest(10, **NAMED), change(9, 12, 8), change(9, 12, 8)], "sd", [], 1),  # twice
        ([rest(10, **NAMED), change(9, 12, 8), change(7, 11, 5)], "sd", [], 1),  # u goes back
        ([change(5, 7, 4), change(8, 12, 7), change(13, 14, 12), rest(10)], "udddsll", [], 0),  # it came late
        ([change(13, 14, 12), rest(10), change(15, 16, 14)], "udd", [], 1),  # older than the stream
        ([change(13, 14, 10), rest(10), change(15, 16, 14)], "udsld", [], 0),  # pu == L
        (
            [rest(10, **NAMED), change(9, 12, 8), rest(11), change(13, 15, 12)],
            "sdd",
            [],
            1,
        ),  # nothing that is not known
        ([rest(10, **NAMED), change(9, 12, 8), rest(20), change(13, 15, 12), change(18, 22, 15)], "sdsd", [], 1),
        # a hole, and the book again
        (
            [rest(10, **NAMED), change(9, 12, 8), change(20, 22, 18), rest(25), change(24, 26, 22)],
            "sdudsd",
            [(12, 18)],
            0,
        ),
        ([rest(10, **NAMED), change(9, 12, 8), change(20, 22, 18), rest(21)], "sdudsl", [(12, 18)], 0),
        (
            [rest(10, **NAMED), change(9, 12, 8), change(20, 22, 18), change(30, 31, 29)],
            "sdudud",
            [(12, 18), (22, 29)],
            0,
        ),
        # spot: no pu
        ([rest(10, **NAMED), change(9, 12, None), change(13, 15, None)], "sdd", [], 0),
        ([rest(10, **NAMED), change(11, 12, None), change(13, 15, None)], "sdd", [], 0),
        ([rest(10, **NAMED), change(12, 13, None)], "sud", [(10, 12)], 0),
        ([rest(10, **NAMED), change(11, 12, None), change(14, 15, None)], "sdud", [(12, 14)], 0),
    ],
)
def test_binances_changes_chain(messages, rows, gaps, passed):
    read = Read(lines(messages), "binance")
    assert read.error == ""
    assert told(read) == rows
    assert [(one["first_id"], one["last_id"]) for one in read.findings] == gaps
    assert sum(read.passed.values()) == passed


def test_a_gap_is_told_as_a_finding_between_the_rows():
    messages = [rest(10, **NAMED), change(9, 12, 8, ms=T0 + 1), change(20, 22, 18, ms=T0 + 5)]
    read = Read(lines(messages), "binance")
    (found,) = read.findings
    since, to = ((T0 + ms) * 10**6 + LATENCY for ms in (1, 5))
    assert (found["of"], found["stage"], found["rule"], found["severity"]) == (
        "book/XUSDT/",
        "hq-import",
        "sequence gap",
        2,
    )
    assert (found["ts"], found["from_ts"], found["to_ts"]) == (to, since, to)
    assert math.isnan(found["value"])
    assert math.isnan(found["bound"])
    *_, clear, last = read.book()
    assert clear == (to, CLEAR | BOTH_VIEWS, (T0 + 5) * 10**6, 0.0, 0.0, 0, UNKNOWN, 0.0)
    assert last[:2] == (to, BIDS)


def test_what_comes_again_behind_a_snapshot_is_newer_than_it():
    messages = [change(5, 7, 4, "99.1"), change(8, 12, 7, "99.2"), change(13, 14, 12, "99.3", T0 + 1), rest(10, T0 + 2)]
    rows = Read(lines(messages), "binance").book()
    at = (T0 + 2) * 10**6 + LATENCY
    again = [row for row in rows if row[0] == at and row[1] & KIND == DEPTH]
    assert again == [
        (at, DEPTH | BUY | LOCAL, T0 * 10**6, 99.2, 1.0, 0, 0, 0.0),
        (at, DEPTH | BUY | LOCAL, (T0 + 1) * 10**6, 99.3, 1.0, 0, 0, 0.0),
    ]


def test_changes_that_wait_for_a_snapshot_are_bounded(monkeypatch):
    monkeypatch.setattr(chain, "MOST_HELD", 10)
    messages = [change(n, n, n - 1) for n in range(1, 100)]
    assert told(Read(lines([*messages, rest(95)]), "binance"))[-5:] == "sllll"
    assert told(Read(lines([*messages, rest(50)]), "binance"))[-5:] == "ddddd"  # no longer held: it is older


def delta(u: int, type_: str = "delta", depth: int = 50, **more) -> tuple[int, dict]:
    data = {"s": "XUSDT", "b": [["99.9", "5"]], "a": [["100.1", "5"]] if type_ == "snapshot" else [], "u": u, "seq": u}
    return T0, {"topic": f"orderbook.{depth}.XUSDT", "type": type_, "ts": T0 + 3, "cts": T0, "data": data, **more}


@pytest.mark.parametrize(
    ("messages", "rows", "gaps", "passed"),
    [
        ([delta(5, "snapshot"), delta(6), delta(7)], "sdd", [], 0),
        ([delta(5, "snapshot"), delta(6), delta(8)], "sdud", [(6, 8)], 0),
        ([delta(5, "snapshot"), delta(6), delta(6), delta(5)], "sd", [], 2),
        ([delta(5, "snapshot"), delta(1), delta(2)], "sd" + "d", [], 0),  # u = 1: the service has started again
        ([delta(5), delta(6), delta(7, "snapshot"), delta(8)], "uddsd", [], 0),
        ([delta(5, "snapshot"), delta(8), delta(3, "snapshot"), delta(4)], "sudsd", [(5, 8)], 0),
        ([delta(5, "snapshot"), delta(5, "snapshot"), delta(6)], "sd", [], 1),
        ([delta(5, "snapshot"), delta(9, "snapshot", 200), delta(6)], "sd", [], 1),  # another depth of the same book
    ],
)
def test_bybits_changes_rise_by_one(messages, rows, gaps, passed):
    read = Read(lines(messages), "bybit")
    got = told(read)
    if rows == "sdd" and messages[1][1]["data"]["u"] == 1:
        rows = "ssd"  # one level a side of the first, one side of the second
        got = "".join({SNAPSHOT: "s", DEPTH: "d"}.get(row[1] & KIND, "") for row in read.book())
        rows = "sssd"
    assert got == rows
    assert [(one["first_id"], one["last_id"]) for one in read.findings] == gaps
    assert sum(read.passed.values()) == passed
    assert {row[2] for row in read.book()} == {T0 * 10**6}  # cts


def test_bybits_level_one_is_the_best_bid_and_ask():
    def level(u, bids, asks, type_="snapshot"):
        data = {"s": "XUSDT", "b": bids, "a": asks, "u": u, "seq": u}
        return T0, {"topic": "orderbook.1.XUSDT", "type": type_, "ts": T0, "data": data}

    read = Read(
        lines(
            [
                level(3, [["99.9", "1"]], [["100.1", "2"]]),
                level(3, [["99.9", "1"]], [["100.1", "2"]]),  # sent again
                level(4, [["99.9", "0"], ["99.8", "4"]], [], "delta"),
                level(5, [], [["100.1", "2"]]),
            ]
        ),
        "bybit",
    )
    assert [(row[1] & ~BOTH_VIEWS, row[3], row[4]) for row in read.book()] == [
        (BBO | BUY, 99.9, 1.0),
        (BBO | SELL, 100.1, 2.0),
        (BBO | BUY, 99.8, 4.0),
        (BBO | SELL, 100.1, 2.0),
        (CLEAR | BUY, 0.0, 0.0),
        (BBO | SELL, 100.1, 2.0),
    ]
    assert sum(read.passed.values()) == 1


def whole(time: int, bids: list, asks: list, coin: str = "BTC") -> tuple[int, dict]:
    levels = [[{"px": px, "sz": sz, "n": 1} for px, sz in side] for side in (bids, asks)]
    return time, {"channel": "l2Book", "data": {"coin": coin, "time": time, "levels": levels}}


def test_hyperliquids_books_are_told_by_what_changed():
    read = Read(
        lines(
            [
                whole(T0, [["99.9", "1"], ["99.8", "2"]], [["100.1", "3"]]),
                whole(T0, [["99.9", "9"]], []),  # pushed again with the same time
                whole(T0 + 5, [["99.9", "1.0"], ["99.7", "4"]], [["100.1", "2"], ["100.2", "1"]]),
                whole(T0 + 3, [["99.9", "9"]], []),
                whole(T0 + 9, [], []),
                whole(T0 + 12, [], [["100.1", "3"]]),
            ]
        ),
        "hyperliquid",
    )
    later = [(row[1], row[3], row[4]) for row in read.book("BTC") if row[1] & KIND == DEPTH]
    assert later == [
        (BIDS, 99.7, 4.0),
        (BIDS, 99.8, 0.0),
        (BIDS, 99.9, 1.0),  # the text has changed, so it is told: a book that is the same
        (ASKS, 100.1, 2.0),
        (ASKS, 100.2, 1.0),
        (BIDS, 99.7, 0.0),
        (BIDS, 99.9, 0.0),
        (ASKS, 100.1, 0.0),
        (ASKS, 100.2, 0.0),
        (ASKS, 100.1, 3.0),
    ]
    assert read.passed == {chain.REPEATED: 2}


def test_a_book_of_no_levels_and_a_best_of_one_side():
    def best(*sides):
        return T0, {"channel": "bbo", "data": {"coin": "BTC", "time": T0, "bbo": list(sides)}}

    bid = {"px": "99.9", "sz": "1", "n": 1}
    read = Read(lines([whole(T0, [], []), best(bid, None), best(None, None), best(bid)]), "hyperliquid")
    assert [(row[1] & ~BOTH_VIEWS, row[3]) for row in read.book("BTC")] == [
        (CLEAR, 0.0),
        (BBO | BUY, 99.9),
        (CLEAR | SELL, 0.0),
        (CLEAR | BUY, 0.0),
        (CLEAR | SELL, 0.0),
    ]
    assert read.passed == {"bbo of 1 sides": 1}
    quotes = Read(lines([best(bid, None), best(bid, bid)]), "hyperliquid", kind="quote")
    assert len(quotes.rows["quote/BTC/"]) == 1
    assert quotes.passed == {"quotes of one side": 1}


def traded(ms: int, *trades: tuple[int, int]) -> tuple[int, dict]:
    """A message of trades at ms, each with its time and tid."""
    each = {"coin": "BTC", "side": "B", "px": "100", "sz": "1", "hash": "0x0"}
    return ms, {"channel": "trades", "data": [{**each, "time": time, "tid": tid} for time, tid in trades]}


@pytest.mark.parametrize("book_first", [True, False])
def test_trades_of_before_the_capture_are_the_exchanges_alone(book_first):
    backlog = traded(T0 + 900, (T0 - 49_000, 1), (T0 - 5, 2), (T0 + 300, 3))
    messages = [
        backlog,
        traded(T0 + 1000, (T0 + 950, 4)),
        traded(T0 + 2000, (T0 - 5, 2), (T0 + 300, 3), (T0 + 1900, 5)),
    ]
    first = [whole(T0, [["99.9", "1"]], [["100.1", "1"]])] if book_first else []
    read = Read(lines([*first, *messages]), "hyperliquid")
    trades = [row for row in read.book("BTC") if row[1] & KIND == TRADE]
    assert [bool(row[1] & LOCAL) for row in trades] == [False, False, True, True, True]
    assert all(row[1] & EXCH for row in trades)
    assert read.passed == {"trades that repeat or are older": 2}  # a subscription that begins again
    plain = Read(lines([*first, *messages]), "hyperliquid", kind="trade")
    assert len(plain.rows["trade/BTC/"]) == 3
    assert plain.passed["trades from before the capture"] == 2


# -- trades, tickers ---------------------------------------------------------------------------------------------------
def test_binances_trades_count_once():
    def trade(number, event="trade", what="MARKET"):
        one = {"e": event, "E": T0, "T": T0, "s": "XUSDT", "p": "100", "q": "1", "m": True}
        return T0, {**one, **({"t": number, "X": what} if event == "trade" else {"a": number})}

    messages = [trade(1), trade(1, "aggTrade"), trade(1), trade(3), trade(2), trade(4, what="INSURANCE_FUND"), trade(5)]
    read = Read(lines(messages), "binance")
    assert len(read.book()) == 3
    assert read.passed == {
        "aggTrade beside trade": 1,
        "trades that repeat or are older": 2,
        "trades of INSURANCE_FUND": 1,
    }
    assert {row[1] for row in read.book()} == {TRADE | SELL | BOTH_VIEWS}


def test_a_ticker_that_is_older_is_passed_over():
    def ticker(u):
        return T0, {"e": "bookTicker", "u": u, "s": "X", "b": "1", "B": "2", "a": "3", "A": "4", "T": T0, "E": T0}

    read = Read(lines([ticker(5), ticker(5), ticker(4), ticker(6)]), "binance", kind="quote")
    assert len(read.rows["quote/X/"]) == 2
    assert sum(read.passed.values()) == 2


def test_messages_of_spot_are_read():
    ticker = {"u": 5, "s": "X", "b": "1", "B": "2", "a": "3", "A": "4"}
    diff = {"e": "depthUpdate", "E": T0, "s": "X", "U": 11, "u": 12, "b": [["1", "2"]], "a": []}
    book = {"lastUpdateId": 10, "bids": [["1", "1"]], "asks": [["3", "1"]]}
    partial = {"stream": "x@depth20@100ms", "data": book}
    micro = {**diff, "E": (T0 + 2) * 1000, "U": 13, "u": 13}
    read = Read(lines([(T0, one) for one in (ticker, diff, book, partial, micro)]), "binance")
    assert read.error == ""
    assert [row[2] - T0 * 10**6 for row in read.book("X")] == [LATENCY, LATENCY, 0, 0, 0, 0, 0, 0, 0, 2 * 10**6]
    assert read.passed == {"depth20": 1}


def test_what_is_no_row_is_counted_by_name():
    messages = [{"result": None, "id": 1}, {"e": "markPriceUpdate"}, {"code": 1, "msg": "x"}, {"x": 1}]
    messages += [{"stream": "x@depth5", "data": {**change(1, 1, 0)[1]}}, {"e": "kline"}, {"e": "kline"}]
    read = Read(lines([(T0, one) for one in messages]), "binance")
    assert read.passed == {"answers": 1, "markPriceUpdate": 1, "errors": 1, "others": 1, "depth5": 1, "kline": 2}
    bybits = [{"success": True, "op": "subscribe"}, {"topic": "tickers.X", "data": {}}, {"topic": "orderbook.full.X"}]
    assert Read(lines([(T0, one) for one in bybits]), "bybit").passed == {
        "subscribe": 1,
        "tickers": 1,
        "orderbook.full": 1,
    }
    hypers = [{"channel": "subscriptionResponse", "data": {}}, {"channel": "pong"}]
    assert Read(lines([(T0, one) for one in hypers]), "hyperliquid").passed == {"subscriptionResponse": 1, "pong": 1}


def test_names_of_what_is_passed_over_are_bounded():
    read = Read(lines([(T0, {"e": f"x{i}"}) for i in range(1000)]), "binance")
    assert len(read.passed) == source.MOST_PASSED + 1
    assert sum(read.passed.values()) == 1000


# -- symbols -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("venue", MAKERS)
def test_two_symbols_of_one_capture_are_two_series(venue):
    one, other = market(7), market(8)
    make = MAKERS[venue]
    both = sorted([*make(one, "AUSDT"), *make(other, "BUSDT")], key=lambda said: said[0])
    read = Read(lines(both), venue)
    for symbol, steps in (("AUSDT", one), ("BUSDT", other)):
        assert read.book(symbol) == Read(lines(make(steps, symbol)), venue).book(symbol)
    chosen = Read(lines(both), venue, symbol="BUSDT")
    assert chosen.rows.keys() == {"book/BUSDT/"}
    assert chosen.book("BUSDT") == read.book("BUSDT")
    assert chosen.passed == {"messages of other symbols": len(one)}


def test_series_of_one_capture_lie_by_ts_so_that_they_can_be_merged(run, tmp_path):
    both = sorted([*binance(market(7), "A"), *binance(market(8), "B")], key=lambda said: said[0])
    (tmp_path / "x").write_bytes(lines(both))
    got = run(f"hq-import --venue binance {tmp_path}/x | hq-merge | hq-export csv | cut -d, -f2 | sort -u")
    assert (got.code, got.text.split()) == (0, ["A", "B", "symbol"])


@pytest.mark.parametrize(
    ("before", "message"),
    [([], "no message before it does"), ([change(1, 2, 0), (T0, {**change(1, 2, 0)[1], "s": "Y"})], "there are 2")],
)
def test_a_snapshot_that_says_no_symbol_must_be_told_it(before, message):
    read = Read(lines([*before, rest(10)]), "binance")
    assert (
        f"line {len(before) + 1}: a snapshot that does not say its symbol, and {message}: pass --symbol" in read.error
    )
    assert Read(lines([*before, rest(10)]), "binance", symbol="XUSDT").error == ""


# -- lines -------------------------------------------------------------------------------------------------------------
ONE = {"e": "aggTrade", "E": T0 + 1, "T": T0, "s": "X", "a": 1, "p": "1.5", "q": "2", "m": False}
TEXT = json.dumps(ONE).encode()


@pytest.mark.parametrize(
    ("line", "said", "ts"),
    [
        (b"1790000000123456789 " + TEXT, {}, 1790000000123456789),
        (b"1790000000123456 " + TEXT, {}, 1790000000123456000),
        (b"1790000000123 " + TEXT, {}, 1790000000123000000),
        (b"1790000000 " + TEXT, {}, 1790000000000000000),
        (b"1790000000123 " + TEXT, {"time_unit": "us"}, 1790000000123000),
        (b"1790000000.123456: " + TEXT, {}, 1790000000123456000),
        (b"https://x/depth?symbol=X -> 1790000000.5: " + TEXT, {}, 1790000000500000000),
        (json.dumps({**ONE, "got": 1790000000123456789}).encode(), {"columns": "ts=got"}, 1790000000123456789),
        (
            json.dumps({"got": 1790000000.5, "msg": ONE}).encode(),
            {"columns": "ts=got", "time_unit": "s"},
            1790000000500000000,
        ),
        (
            json.dumps({"got": "2026-09-21T14:13:20.5Z", "message": ONE}).encode(),
            {"columns": "ts=got"},
            1790000000500000000,
        ),
        (
            json.dumps({"got": "1790000000123", "data": ONE, "stream": "x"}).encode(),
            {"columns": "ts=got"},
            1790000000123 * 10**6,
        ),
        (b"[" + TEXT + b"]", {}, (T0 + 1) * 10**6),
        (TEXT, {}, (T0 + 1) * 10**6),
        (TEXT + b"\r", {}, (T0 + 1) * 10**6),
    ],
)
def test_lines_say_when_they_were_received(line, said, ts):
    from hq_core.options.imports import said_by

    read = Read(b"\n" + line + b"\n\n", "binance", **said_by({"kind": "trade", **said}))
    assert read.error == ""
    assert read.rows["trade/X/"] == [(ts, 1.5, 2.0, 1, 1)]


def test_a_capture_of_cryptofeeds_has_lines_that_are_no_messages():
    data = b"configuration: {'x': 1}\nwss://x/" + 300 * b"x@depth/" + b" <-> 1790000000.1\n"
    data += b'wss://x <- 1790000000.2: {"method": "SUBSCRIBE"}\n'
    data += b"1790000000.3: " + TEXT + b"\nhttps://x/depth?symbol=x&limit=9 -> 1790000000.4: "
    data += json.dumps(rest(10)[1]).encode() + b"\n"
    read = Read(data, "binance")
    assert read.error == ""
    assert read.rows.keys() == {"book/X/"}
    assert read.passed == {"lines of configuration": 1, "lines of connections": 1, "messages that were sent": 1}


def test_without_receive_times_a_time_that_goes_back_stands_still():
    def at(ms, number):
        return json.dumps({**ONE, "E": ms, "a": number}).encode() + b"\n"

    read = Read(at(T0 + 5, 1) + at(T0 + 3, 2) + at(T0 + 7, 3), "binance", kind="trade")
    assert [row[0] - T0 * 10**6 for row in read.rows["trade/X/"]] == [5_000_000, 5_000_000, 7_000_000]
    assert read.remarks == [
        "no receive times: ts is the time that the venue says of each message",
        "messages of an earlier time than one before, which stand at that one's: 1",
    ]


FINE = b"1790000000123456789 " + TEXT + b"\n"


def stamped(**changed) -> bytes:
    return b"1790000000123456789 " + json.dumps({**ONE, "a": 2, **changed}).encode()


def depth(**changed) -> bytes:
    return b"1790000000123456789 " + json.dumps({**change(1, 2, 0)[1], **changed}).encode()


@pytest.mark.parametrize(
    ("venue", "line", "message"),
    [
        ("binance", b'1790000000123456789 {"e":', "line 2: the JSON cannot be read"),
        ("binance", b"1790000000123456789 ", "line 2: the JSON cannot be read"),
        ("binance", b"1790000000123 " + TEXT, "line 2: the time 1790000000123 has 13 digits, the first has 19"),
        ("binance", b"9990000000123456789 " + stamped()[20:], "line 2: a time is out of bounds"),
        ("binance", b"what is this", "line 2: 'what is this' is neither a time and a message nor JSON"),
        ("binance", b"1790000000123456789 17", "line 2: this is no message of binance's"),
        ("binance", b"1790000000123456789 null", "line 2: this is no message of binance's"),
        ("binance", b'1790000000123456789 "x"', "line 2: this is no message of binance's"),
        ("binance", stamped(p=None), "line 2: the price None is no number written as a text"),
        ("binance", stamped(p=1.5), "line 2: the price 1.5 is no number written as a text"),
        ("binance", stamped(p="1,5"), "line 2: the price '1,5' is no number written as a text"),
        ("binance", stamped(p="1_5"), "line 2: the price '1_5' is no number written as a text"),
        ("binance", stamped(p="nan"), "line 2: the price 'nan' is no number written as a text"),
        ("binance", stamped(p="-1"), "line 2: the price '-1' is no number written as a text"),
        ("binance", stamped(p="1\n2"), r"line 2: the price '1\\n2' is no number written as a text"),
        ("binance", stamped(q="inf"), "line 2: the quantity 'inf' is no number written as a text"),
        ("binance", stamped(q="1e999"), "line 2: the quantity 1e999 is beyond float64"),
        ("binance", stamped(p="0.00"), "line 2: the price 0.00 is not above 0"),
        ("binance", stamped(T="1790000000000"), "line 2: T is '1790000000000', must be a time in ms or us"),
        ("binance", stamped(T=1790000000), "line 2: T is 1790000000, must be a time in ms or us"),
        ("binance", stamped(T=True), "line 2: T is True, must be a time in ms or us"),
        ("binance", stamped(a="7"), "line 2: its id is '7', must be a whole number"),
        ("binance", stamped(a=1 << 63), "line 2: its id is 9223372036854775808, must be a whole number"),
        ("binance", stamped(m="true"), "line 2: m is 'true', must be true or false"),
        ("binance", stamped(s=""), "line 2: '' is no symbol"),
        ("binance", stamped(s=["X"]), "line 2: this is no message of binance's"),
        ("binance", depth(u="2"), "line 2: u is '2', must be a whole number"),
        ("binance", depth(U=5), "line 2: its first number 5 is above its last one, 2"),
        ("binance", depth(pu=None), "line 2: pu is None, must be a whole number"),
        ("binance", depth(b=[["1"]]), "line 2: a level is no price and quantity"),
        ("binance", depth(b=["12"]), "line 2: levels are no list of lists"),
        ("binance", depth(b={"1": "2"}), "line 2: levels are no list of lists"),
        ("binance", depth(b=None), "line 2: levels are no list of lists"),
        ("binance", depth(b=[["1", "2", "3"]]), "line 2: a level is no price and quantity"),
        ("binance", depth(b=[["1", 2]]), "line 2: the quantity 2 is no number written as a text"),
    ],
)
def test_what_is_no_message_is_told_with_its_line(venue, line, message):
    for behind in (b"\n", b"\n" + FINE, b""):
        read = Read(FINE + line + behind, venue)
        assert re.match(message, read.error), read.error
        assert "\n" not in read.error
        assert len(read.book("X")) == 1  # what was good before it
        assert len(read.rows) == 1 or not read.rows.get("book/XUSDT/")


@pytest.mark.parametrize("venue", MAKERS)
def test_any_key_may_be_missing_or_of_another_type(venue):
    said = MAKERS[venue](market(9, 30))
    first = {}
    for ms, one in said:
        first.setdefault(str(sorted(json.dumps(one).split('"')[1::2]))[:400], (ms, one))

    def spoiled(node, at=()):
        for key in node if isinstance(node, dict) else range(len(node)):
            yield (*at, key)
            if isinstance(node[key], (dict, list)):
                yield from spoiled(node[key], (*at, key))

    tried = 0
    for ms, one in first.values():
        for path in spoiled(one):
            for value in (None, {}, [], "x", -1, 1.5, [[]], True, "DEL"):
                copy = json.loads(json.dumps(one))
                node = copy
                for key in path[:-1]:
                    node = node[key]
                if value == "DEL":
                    del node[path[-1]]
                else:
                    node[path[-1]] = value
                read = Read(lines([(ms, copy)]), venue)  # an error is one of 65 with its line, whatever it is
                assert not read.error or read.error.startswith("line 1: "), read.error
                tried += 1
    assert tried > 500


def test_the_last_line_of_a_pipe_must_be_ended(run, tmp_path):
    (tmp_path / "x").write_bytes(FINE + FINE[:-1].replace(b'"a": 1', b'"a": 2'))
    assert run(f"hq-import --venue binance {tmp_path}/x | hq-export csv | wc -l").text.strip() == "3"
    got = run(f"cat {tmp_path}/x | hq-import --venue binance")
    assert (got.code, got.stderr.count("\n")) == (65, 1)
    assert "line 2: the input ends inside it" in got.stderr


def test_a_line_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(source, "LONGEST", 1 << 20)
    assert "line 1 has more than 1 MiB" in Read(b"{" * (4 << 20), "binance").error


# -- clocks ------------------------------------------------------------------------------------------------------------
def slow_clock() -> bytes:
    """A capture whose receiver's clock is behind by 40 ms."""
    return b"".join(
        b"%d %s\n" % ((ms + late - 40) * 10**6, json.dumps(one).encode())
        for (ms, one), late in zip(binance(market(10)), [3] * 50 + [8] * 200)
    )


def test_receive_times_before_the_exchanges_are_told():
    read = Read(slow_clock(), "binance")
    (remark,) = read.remarks
    assert remark.startswith(
        f"{len(market(10))} messages received before the exchange's own time of it, by up to 0.037"
    )
    assert "--clock-correction min-latency, or 37000000ns, moves them" in remark
    assert min(row[0] - row[2] for row in read.book()) == -37 * 10**6


@pytest.mark.parametrize("how", ["min-latency", "37ms"])
def test_receive_times_are_moved_where_that_is_asked_for(run, tmp_path, how):
    (tmp_path / "x").write_bytes(slow_clock())
    line = f"hq-import --venue binance --clock-correction {how}"
    got = run(f"{line} < {tmp_path}/x | hq-export csv --time ns --columns ts,exch_ts")
    rows = [tuple(map(int, row.split(",")[-2:])) for row in got.text.split()[1:]]
    assert min(ts - exch for ts, exch in rows) == 0
    assert got.stderr == "hq-import: receive times are moved by 37000000 ns\n"
    assert run(f"cat {tmp_path}/x | {line} | hq-diff - <({line} {tmp_path}/x)").code == 0


def test_what_is_good_before_a_broken_line_is_moved_and_given(run, tmp_path):
    (tmp_path / "x").write_bytes(slow_clock() + b"what is this\n")
    line = "hq-import --venue binance --clock-correction min-latency"
    got = run(f"cd {tmp_path}; {line} x | hq-export csv | wc -l; {line} x > /dev/null")
    assert got.code == 65
    assert int(got.text) > 200
    assert "line" in got.stderr
    assert "neither a time and a message nor JSON" in got.stderr


def test_receive_times_that_go_back_can_be_sorted(run, tmp_path):
    made = lines([rest(10, **NAMED), change(9, 12, 8), change(20, 22, 18, ms=T0 + 9)]).splitlines(keepends=True)
    late = b"%d %s\n" % (T0 * 10**6 + LATENCY + 5, json.dumps({**ONE, "s": "XUSDT"}).encode())
    (tmp_path / "x").write_bytes(made[0] + made[2] + late)
    got = run(f"hq-import --venue binance {tmp_path}/x")
    assert got.code == 65
    assert "goes back" in got.stderr
    got = run(f"hq-import --venue binance --order sort {tmp_path}/x | hq-export jsonl --time ns")
    assert got.code == 0, got.stderr
    rows = [json.loads(line) for line in got.text.splitlines()]
    times = [row["ts_ns"] for row in rows if row["kind"] == "book"]
    assert times == sorted(times)
    assert [row["rule"] for row in rows if row["kind"] == "finding"] == ["sequence gap"]


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ("--venue binance --clock-correction soon", 2, "'soon' is not a duration"),
        ("--venue binance --clock-correction min-latency --state s", 2, "min-latency needs the whole input"),
        ("--venue binance --kind bar", 2, "rows of kind book, trade, quote, not bar"),
        ("--venue binance --kind trade --channels depth", 2, "--channels choose"),
        ("--venue binance --channels depth,trades", 2, "'trades' is none of depth, trade, bbo; did you mean trade?"),
        ("--venue kraken", 2, "'kraken' is not one of 'binance', 'bybit', 'hyperliquid'"),
        ("--venue binance --period 1m", 2, "--period does not go with messages of a venue"),
        ("--venue binance --columns px=p", 2, "of messages it says which key is ts"),
        ("--venue binance --dedupe exact", 2, "--dedupe does not go with messages of a venue"),
        ("--channels depth", 2, "--channels says something of messages, with --venue"),
        ("--clock-correction 1s", 2, "--clock-correction says something of messages, with --venue"),
    ],
)
def test_options_that_do_not_go_together_are_refused(run, tmp_path, options, code, message):
    (tmp_path / "x").write_bytes(FINE)
    got = run(f"cd {tmp_path}; hq-import {options} < x")
    assert (got.code, got.stderr.count("\n")) == (code, 1), got.stderr
    assert message in got.stderr


def test_what_is_no_text_is_no_capture():
    fd = descriptor(archive(("x.npy", b"\x93NUMPY")))
    with pytest.raises(HqError, match="a capture of messages is lines of text") as caught:
        open_source(fd, b"", options_said({"venue": "binance"}))
    os.close(fd)
    assert caught.value.code == 65


# -- what was recorded -------------------------------------------------------------------------------------------------
def test_a_real_capture_gives_the_events_of_hftbacktests_converter(shared, run, tmp_path):
    """Byte for byte, but for what it does not do: the start that is not known, and what is newer than the snapshot."""
    folder = shared / "data/l2"
    line = "hq-import --venue binance --channels depth,trade --clock-correction min-latency"
    got = run(f"{line} < {folder}/btcusdt_usdm_20240808_raw.gz | hq-export hftbacktest -o {tmp_path}/x.npz")
    about = json.loads((folder / "btcusdt_usdm_20240808_expected.json").read_text())
    assert f"receive times are moved by {about['base_latency_correction_ns']} ns" in got.stderr
    ours = np.load(tmp_path / "x.npz")["data"]
    theirs = np.load(folder / "btcusdt_usdm_20240808_hftbacktest.npz")["data"]
    kind, snapshot = ours["ev"] & KIND, ours[ours["ev"] & KIND == SNAPSHOT]["local_ts"][0]
    start = (kind == CLEAR) & (ours["ival"] == UNKNOWN)
    again = (kind == DEPTH) & (ours["ev"] & EXCH == 0) & (ours["local_ts"] == snapshot)
    assert (start.sum(), again.sum()) == (1, 69)
    assert ours[~start & ~again].tobytes() == theirs.tobytes()


def test_a_real_capture_has_no_gap_and_nothing_unknown(shared):
    read = Read((shared / "data/l2/btcusdt_usdm_20240808_raw.gz").read_bytes(), "binance")
    assert (read.error, read.findings, read.passed) == ("", [], {})
    kinds = [row[1] & KIND for row in read.book("BTCUSDT")]
    assert (kinds.count(TRADE), kinds.count(BBO), kinds.count(SNAPSHOT)) == (21_313, 2 * 66_089, 2000)
    assert sum(row[6] == UNKNOWN for row in read.book("BTCUSDT")) == 1


def test_bybits_real_recording_is_a_snapshot_and_its_changes(shared):
    read = Read((shared / "data/l2/bybit_xrpusdt_ob500_20241201.zip").read_bytes(), "bybit")
    assert (read.error, read.findings, read.passed) == ("", [], {})
    assert read.remarks == ["no receive times: ts is the time that the venue says of each message"]
    rows = read.book("XRPUSDT")
    assert sum(row[1] & KIND == SNAPSHOT for row in rows) == 1000
    assert len({row[0] for row in rows if row[1] & KIND == DEPTH}) == 49
    bids, asks = books(rows)[-1][1]
    assert bids[-1][0] < asks[0][0]


def test_hyperliquids_real_recording_has_a_backlog_of_trades(shared):
    read = Read((shared / "data/l2/hyperliquid_btcusd_20250126_first30.gz").read_bytes(), "hyperliquid")
    assert (read.error, read.findings) == ("", [])
    assert read.passed == {chain.REPEATED: 1}
    trades = [row for row in read.book("BTC") if row[1] & KIND == TRADE]
    old = [row for row in trades if not row[1] & LOCAL]
    assert (len(trades), len({row[0] for row in old})) == (len(trades), 1)
    assert max(row[0] - row[2] for row in old) > 49 * 10**9
    assert max(row[0] - row[2] for row in trades if row[1] & LOCAL) < 10**9
    assert read.ends == [{chain.REPEATED: 1}]


def test_symbols_that_take_turns_are_put_together_and_still_merge(run, tmp_path, monkeypatch):
    """Many turns in one read: the rows of each symbol are those of its own capture, and one panel is made of them."""
    both = sorted([*bybit(market(7, 900), "A"), *bybit(market(8, 900), "B")], key=lambda said: said[0])
    (tmp_path / "x").write_bytes(lines(both))
    for symbol, seed in (("A", 7), ("B", 8)):
        (tmp_path / symbol).write_bytes(lines(bybit(market(seed, 900), symbol)))
    line = "hq-import --venue bybit"
    got = run(f"cd {tmp_path}; {line} x | hq-merge | hq-diff - <(hq-merge <({line} A) <({line} B))")
    assert (got.code, got.stderr) == (0, "")
    whole = Read(lines(both), "bybit")
    monkeypatch.setattr(blocks, "FEW_TURNS", 1 << 30)
    assert Read(lines(both), "bybit").rows == whole.rows


def test_a_program_reads_captures_too(tmp_path):
    (tmp_path / "x").write_bytes(lines(binance(market(2))))
    batches = [
        one for one in read_file(str(tmp_path / "x"), venue="binance", channels="trade") if isinstance(one, Batch)
    ]
    assert sum(batch.n for batch in batches) == sum(step.what == "trade" for step in market(2))


@pytest.mark.parametrize("venue", ["binance", "bybit"])
@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_lost_a_book_that_is_known_is_the_true_one(venue, seed):
    """Messages lost, sent twice and late, snapshots now and then, of Binance some that are behind the changes."""
    say = random.Random(seed)
    steps = [step for step in market(seed, 300) if step.what in ("book", "change")]
    sent = MAKERS[venue](steps)
    truth = {}  # by price and quantity of each side, as the messages have them
    damaged: list[tuple[int, dict]] = []
    for at, (step, one) in enumerate(zip(steps, sent)):
        truth[step.ms * 10**6] = tuple([(tick / 10, side[tick] / 1000) for tick in sorted(side)] for side in step.book)
        if say.random() < 0.9 and at:
            damaged.append(one)
            if say.random() < 0.1:
                damaged.append(say.choice([late for late in damaged[-4:] if b"snapshot" not in lines([late])]))
        if say.random() < 0.06:
            of = steps[max(0, at - say.choice((0, 0, 1, 4)) * (venue == "binance"))]
            (_, book), *_ = MAKERS[venue]([Step(step.ms, "book", *of.book, of.book)])
            number = sent[steps.index(of)][1]
            if venue == "binance":
                book |= {"lastUpdateId": number["data"]["u"] if of.what == "change" else START, "E": of.ms, "T": of.ms}
            else:
                book["data"]["u"] = number["data"]["u"]
            damaged.append((step.ms, book))
    received = accumulate((ms for ms, _ in damaged), max)
    found = Read(lines([(ms, one) for ms, (_, one) in zip(received, damaged)]), venue)
    assert found.error == ""
    sides: dict[int, dict[float, float]] = {BUY: {}, SELL: {}}
    known, checked = False, 0
    got = found.book()
    for at, (ts, ev, _, px, qty, _, value, _) in enumerate(got):
        kind, side = ev & KIND, ev & (BUY | SELL)
        if kind == CLEAR:
            known = value != UNKNOWN
            for one in (side,) if side else (BUY, SELL):
                sides[one] = {}  # all levels of this market are in a snapshot
        else:
            sides[side].pop(px, None)
            if qty:
                sides[side][px] = qty
        last = at + 1 == len(got) or got[at + 1][:1] != (ts,)
        if last and known:
            assert (
                tuple(sorted(one.items()) for one in sides.values())
                == truth[max(row[2] for row in got if row[0] == ts)]
            )
            checked += 1
    assert checked > 5
