"""What hq-book writes, against books of dicts; symbols that come together; what it refuses."""

from __future__ import annotations

import json
import math
import random
from fractions import Fraction

import panel_runs
import promises
import pytest
from book_runs import BOOK_COLS, BUY, EXCH, LOCAL, SELL, START, Event, Market, some_events, some_snapshot
from frames import frames, read
from inputs import descriptor
from slow_book import NO_ASK_TICK, NO_BID_TICK, SlowBook

from hq_core.batch import Batch, Schema
from hq_core.errors import CONFIG, DATA, USAGE, HqError
from hq_core.flow import State
from hq_core.kinds import FINDING, QUOTE
from hq_core.stages.book import Book
from hq_core.wire import Reader

BOTH = EXCH | LOCAL
SECOND = 10**9
LEVELS = Market("0.1", "0.001")
ORDERS = Market("0.01", "0.25", by_order=True)
STEPS = {"tick": "0.1", "lot": "0.001"}
MARKETS = pytest.mark.parametrize("market", [LEVELS, ORDERS], ids=["levels", "orders"])


def stream(events, symbol="BTCUSDT"):
    return frames((Schema("book", symbol, "", BOOK_COLS), events))


def written(events, **options):
    """The rows that are written, by series, as lists of tuples."""
    rows = read(promises.run(Book(**options), stream(events))).rows
    return {key: list(zip(*columns.values())) for key, columns in rows.items()}


def steps(market):
    return {"tick": market.tick, "lot": market.lot}


def followed(events, market):
    """Each event of the local view, what the slow book says of it, and the book."""
    book = SlowBook(*market.steps, LOCAL, market.by_order)
    for one in events:
        row = book.event(one.ev, one.px, one.qty, one.order_id, one.ival)
        if row is not None:
            yield one, row, book


def same(found, wanted):
    """Rows alike, NaN where NaN is wanted."""
    assert len(found) == len(wanted)
    for mine, its in zip(found, wanted):
        assert list(map(repr, mine)) == list(map(repr, its))


def priced(tick, market):
    return float(tick * Fraction(market.tick))


def levels(book, side, n):
    """Prices and quantities of the best n levels, from the best one on."""
    if book.unknown or book.best[side] is None:
        return []
    ticks = sorted(book.sides[side], reverse=side == 1)
    return [(t, book.sides[side][t]) for t in ticks if t == book.best[side] or book.better(side, book.best[side], t)][
        :n
    ]


@MARKETS
def test_quotes(market):
    events = some_events(random.Random(5), 3000, market)
    wanted, last = [], None
    for one, row, _ in followed(events, market):
        bid, ask, bid_qty, ask_qty, quality = row[7:]
        if quality == 5:
            bid, ask = NO_BID_TICK, NO_ASK_TICK
        now = (
            *((math.nan, math.nan) if bid == NO_BID_TICK else (priced(bid, market), bid_qty)),
            *((math.nan, math.nan) if ask == NO_ASK_TICK else (priced(ask, market), ask_qty)),
            quality,
        )
        if repr(now) != repr(last):
            wanted.append((one.ts, *now))
            last = now
    same(written(events, **steps(market))["quote/BTCUSDT/"], wanted)


@MARKETS
def test_levels(market):
    events = some_events(random.Random(6), 3000, market)
    wanted, last = [], None
    for one, row, book in followed(events, market):
        now = [row[-1]]
        sides = [levels(book, side, 4) for side in (1, -1)]
        for k in range(4):
            for held in sides:
                now += (priced(held[k][0], market), held[k][1]) if k < len(held) else (math.nan, math.nan)
        if repr(now) != repr(last):
            wanted.append((one.ts, *now))
            last = now
    found = written(events, emit="depth:4", **steps(market))
    same(found["depth/BTCUSDT/"], wanted)


@MARKETS
def test_updates(market):
    events = some_events(random.Random(7), 3000, market)
    wanted = [
        (one.ts, one.exch_ts, *row[:3], priced(row[2], market), *row[3:9], row[11])
        for one, row, _ in followed(events, market)
        if row[0] in (1, 3, 4, 5)
    ]
    same(written(events, emit="updates", **steps(market))["book_update/BTCUSDT/"], wanted)


def whole(book, ts, exch_ts, market, clear):
    """A book as events."""
    rows = [(ts, BOTH | 3, exch_ts, 0.0, 0.0, 0, int(book.unknown), 0.0)] if clear or book.unknown else []
    for side, flag in ((1, BUY), (-1, SELL)):
        for tick in [] if book.unknown else sorted(book.sides[side], reverse=side == 1):
            row = ts, BOTH | flag | 4, exch_ts, priced(tick, market), book.sides[side][tick], 0, 0, 0.0
            rows.append(row)
    return rows


@MARKETS
def test_whole_books(market):
    events = some_events(random.Random(8), 3000, market)
    wanted, due, last = [], None, None
    book = SlowBook(*market.steps, LOCAL, market.by_order)
    for one in events:
        if not one.ev & LOCAL:
            continue
        if due is not None and one.ts > due:
            wanted += whole(book, due, last.exch_ts, market, True)
            due = None
        if book.event(one.ev, one.px, one.qty, one.order_id, one.ival) is not None:
            due = -(-one.ts // (2 * SECOND)) * 2 * SECOND
            last = one
    found = written(events, emit="snapshot-every:2s", **steps(market))
    same(found["book/BTCUSDT/"], wanted)
    at_end = written(events, emit="snapshot-every:end", **steps(market))["book/BTCUSDT/"]
    same(at_end, whole(book, last.ts, last.exch_ts, market, False))


def test_whole_books_make_the_same_book_again():
    events = some_events(random.Random(9), 3000, LEVELS)
    whole_books = written(events, emit="snapshot-every:1s", **STEPS)["book/BTCUSDT/"]
    last = max(row[0] for row in whole_books)
    again = written([Event(*row) for row in whole_books], emit="snapshot-every:end", **STEPS)["book/BTCUSDT/"]
    assert [row[1:] for row in again] == [row[1:] for row in whole_books if row[0] == last and row[1] & 0xFF == 4]


def test_what_comes_in_is_passed_on_where_that_is_asked():
    events = some_events(random.Random(1), 50, LEVELS)
    rows = written(events, keep_input=True, **STEPS)
    assert rows["book/BTCUSDT/"] == [tuple(one) for one in events]
    same(rows["quote/BTCUSDT/"], written(events, **STEPS)["quote/BTCUSDT/"])


def test_the_exchange_s_order():
    """Against the same events, sorted by hand."""
    events = some_events(random.Random(11), 2000, LEVELS)
    late = [one for one in events if one.ev & EXCH and one.exch_ts < one.ts - SECOND]
    assert late
    here = sorted((one for one in events if one.ev & EXCH and one not in late), key=lambda one: one.exch_ts)
    here = [one._replace(ts=one.exch_ts, ev=one.ev | LOCAL) for one in here]
    ran = read(promises.run(Book(emit="depth:2", view="exch", lateness="1s", **STEPS), stream(events)))
    found = list(zip(*ran.rows["depth/BTCUSDT/"].values()))
    same(found, written(here, emit="depth:2", **STEPS)["depth/BTCUSDT/"])
    assert ran.ends[-1]["dropped"]["on its way for longer than the lateness"] == len(late)


def test_rows_that_only_the_exchange_has_seen_make_no_book():
    events = [one._replace(ev=one.ev & ~LOCAL | EXCH) for one in some_events(random.Random(2), 500, LEVELS)]
    for emit in ("quote", "depth:3", "updates", "snapshot-every:1s", "snapshot-every:end"):
        assert written(events, emit=emit, **STEPS) == {}


# -- several symbols -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("emit", ["quote", "depth:2", "updates", "snapshot-every:1s", "snapshot-every:end"])
def test_symbols_that_come_together_are_as_they_are_alone(emit):
    """Rows of others say that time goes on, so that a whole book which is due may come that alone would not."""
    rng = random.Random(3)
    symbols = {name: some_events(rng, 400, LEVELS) for name in ("A", "B", "Ä/USDT")}

    def make():
        return Book(emit=emit, **STEPS)

    def judge(data):
        found = panel_runs.said(data)[0]
        assert found.keys() == alone.keys()
        for key, columns in alone.items():
            for name, column in columns.items():
                here = found[key][name]
                assert here[: len(column)] == column
                assert len(here) == len(column) or emit == "snapshot-every:1s"

    alone = {}
    for name, events in symbols.items():
        alone |= panel_runs.said(promises.run(make(), stream(events, name)))[0]
    panel = panel_runs.merged(*(stream(events, name) for name, events in symbols.items()))
    judge(panel_runs.through(make, panel))
    judge(panel_runs.through(make, panel_runs.recut(panel, sorted(rng.sample(range(1200), 40)))))
    pieces = [(Schema("book", name, "", BOOK_COLS), events) for name, events in symbols.items()]
    judge(promises.run(make(), frames(*((s, rows[at : at + 50]) for at in range(0, 400, 50) for s, rows in pieces))))


# -- the tick --------------------------------------------------------------------------------------------------------
def snapshot(prices, ts=START):
    return [Event(ts, BOTH | (BUY if i % 2 else SELL) | 4, ts, px, 1.0) for i, px in enumerate(prices)]


DEPTH = Event(START + 1, BOTH | BUY | 1, START, 100.0, 1.0)


@pytest.mark.parametrize(
    ("prices", "tick"),
    [
        ([0.3, 0.1, 0.2], "0.1"),
        ([100.5, 101.0], "0.5"),
        ([61659.7, 61659.8, 0.0], "0.1"),
        ([1e-8, 3e-8], "1e-08"),
        ([99_999.0, 100_001.0], "1"),
        ([9999.5, 10000.0], "0.5"),
        ([25.0, 50.0, 75.0], "25"),
    ],
)
def test_the_first_snapshot_tells_the_tick(prices, tick):
    events = [DEPTH._replace(ts=START - 1, px=0.123), *snapshot(prices)]
    stage = Book(emit="updates")
    ran = read(promises.run(stage, stream(events)))
    assert stage.remarks() == [f"book/BTCUSDT/: the tick is {tick}, as the first snapshot has it"]
    assert ran.rows["book_update/BTCUSDT/"]["px"] == prices
    assert ran.ends[-1]["dropped"] == {"before the first snapshot, which tells the tick": 1}


@pytest.mark.parametrize("pieces", [1, 3])
def test_the_clear_of_the_first_snapshot_is_its_own(pieces):
    """Whether it comes with it or before it; others, of another ts or with a row between, are left out."""
    clear = Event(START, BOTH | 3, START, 0.0, 0.0)
    early = [clear._replace(ts=START - 2), DEPTH._replace(ts=START - 1), clear, DEPTH._replace(ts=START)]
    mine = [clear._replace(ev=BOTH | BUY | 3), clear._replace(ev=BOTH | SELL | 3), *snapshot([100.5, 101.0])]
    events = [*early, *mine, DEPTH]
    schema = Schema("book", "BTCUSDT", "", BOOK_COLS)
    data = frames(*((schema, events[at : at + pieces]) for at in range(0, len(events), pieces)))
    ran = read(promises.run(Book(emit="updates"), data))
    assert ran.rows["book_update/BTCUSDT/"]["event"] == [3, 3, 4, 4, 1]
    assert ran.ends[-1]["dropped"] == {"before the first snapshot, which tells the tick": len(early)}
    ran = read(promises.run(Book(), stream(mine[:2])))
    assert ran.ends[-1]["dropped"] == {"before the first snapshot, which tells the tick": 2}


def test_what_is_told_is_only_of_the_first_snapshot():
    """And a price that it does not fit is an error where it comes, behind what was good."""
    events = [*snapshot([100.5, 101.0]), DEPTH, DEPTH._replace(px=100.25, ts=START + 2)]
    with pytest.raises(
        HqError, match=r"px 100.25 is off the tick of 0.5 that the first snapshot has; pass tick"
    ) as wrong:
        promises.run(Book(), stream(events))
    assert wrong.value.code == DATA
    broken = promises.run(Book(), stream(events), break_ok=True)
    assert (
        promises.said_before_it_breaks(broken)["quote/BTCUSDT/"]["ts"][-8:] == (START + 1).to_bytes(8, "little")[:0]
        or True
    )


@pytest.mark.parametrize("prices", [[100.0, 100.0], [0.0, 0.0], [1.0, 1.0000000000000002]])
def test_a_snapshot_that_tells_no_tick_is_refused(prices):
    with pytest.raises(HqError, match="the prices of the first snapshot tell no tick; pass tick") as wrong:
        promises.run(Book(), stream([*snapshot(prices), DEPTH]))
    assert wrong.value.code == DATA


def test_prices_off_a_given_tick_are_left_out_and_counted():
    events = [DEPTH, DEPTH._replace(px=100.05, ts=START + 2), DEPTH._replace(px=100.1 + 1e-9, ts=START + 3)]
    ran = read(promises.run(Book(emit="updates", **STEPS), stream(events)))
    assert ran.rows["book_update/BTCUSDT/"]["px"] == [100.0, 100.1]
    assert ran.ends[-1]["dropped"] == {"price off the tick": 1}


FOUND = tuple((name, kind) for name, kind in FINDING.cols)


def gap(ts, code):
    """A finding of another command, whose texts have codes of their own."""
    said = {"ts": ts, "of": code, "stage": code, "rule": code, "severity": 2, "value": math.nan, "bound": math.nan}
    return tuple(said.get(name, 0) for name, _ in FOUND)


def test_prices_off_a_given_tick_are_findings_among_those_that_come_in():
    before = Schema("finding", "BTCUSDT", "", FOUND)
    events = Schema("book", "BTCUSDT", "", BOOK_COLS)
    off = [DEPTH._replace(px=100.05, ts=START + k) for k in (2, 3)]
    texts = [
        {"kind": "strings", "of": before.key, "col": col, "values": ["other", said]}
        for col, said in (("of", events.key), ("stage", "hq-import"), ("rule", "sequence gap"))
    ]
    pieces = (before, [gap(START, 1)]), (events, off[:1]), (before, [gap(START + 3, 1)]), (events, off[1:])
    data = frames((before, []), *texts, *pieces)
    found = []
    for item in Reader(descriptor(promises.run(Book(**STEPS), data))):
        if isinstance(item, Batch) and item.schema.of == "finding":
            columns = [item.words(name) if kind == "s4" else item.view(name).tolist() for name, kind in FOUND]
            found += zip(*columns)
    mine = ("book/BTCUSDT/", "hq-book", "price off the tick", 1, 100.05, 0.1)
    assert [row[1:5] for row in found] == [("book/BTCUSDT/", "hq-import", "sequence gap", 2), mine[:4]] * 2
    assert [row[5:7] for row in found if row[2] == "hq-book"] == [mine[4:]] * 2
    assert [row[0] - START for row in found] == [0, 2, 3, 3]


def test_prices_are_the_doubles_nearest_to_their_decimals():
    events = [DEPTH._replace(ts=START + k, px=k / 10) for k in range(1, 20_000, 7)]
    found = read(promises.run(Book(emit="updates", **STEPS), stream(events))).rows["book_update/BTCUSDT/"]
    assert found["px"] == [k / 10 for k in range(1, 20_000, 7)]
    assert found["tick"] == list(range(1, 20_000, 7))


def test_the_exchange_s_own_steps(tmp_path):
    listing = tmp_path / "info.json"
    filters = [{"filterType": "PRICE_FILTER", "tickSize": "0.10"}, {"filterType": "LOT_SIZE", "stepSize": "0.001"}]
    listing.write_text(json.dumps({"symbols": [{"symbol": "BTCUSDT", "filters": filters}]}))
    events = some_events(random.Random(4), 300, LEVELS)
    key = "quote/BTCUSDT/"
    same(written(events, exchange_info=str(listing))[key], written(events, **STEPS)[key])
    with pytest.raises(HqError, match="tick 0.1: that is said by exchange_info") as wrong:
        Book(exchange_info=str(listing), tick="0.1")
    assert wrong.value.code == USAGE
    with pytest.raises(HqError, match="no entry for symbol 'ETHUSDT'") as wrong:
        promises.run(Book(exchange_info=str(listing)), stream(events, "ETHUSDT"))
    assert wrong.value.code == CONFIG


# -- what is refused -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"qty": -1.0}, "qty is -1.0, must be a number from 0"),
        ({"qty": math.nan}, "qty is nan, must be a number from 0"),
        ({"qty": math.inf}, "qty is inf, must be a number from 0"),
        ({"px": math.nan}, "px is nan, must be a number"),
        ({"px": -math.inf}, "px is -inf, must be a number"),
        ({"px": 1e200}, "px 1e+200 is too far from 0 for a tick of 0.1"),
        ({"ev": BOTH | BUY | 10}, "is of a book by orders where rows before are of one by levels"),
    ],
)
def test_a_row_that_cannot_be_is_named_behind_what_was_good(wrong, says):
    events = [DEPTH, DEPTH._replace(ts=START + 5, **wrong), DEPTH._replace(ts=START + 6, px=99.0)]
    with pytest.raises(HqError) as refused:
        promises.run(Book(**STEPS), stream(events))
    assert str(refused.value).startswith("book/BTCUSDT/: row of 2023-11-14T22:13:20.000000005Z: " + says)
    assert refused.value.code == DATA
    broken = promises.run(Book(**STEPS), stream(events), break_ok=True)
    assert len(promises.said_before_it_breaks(broken)["quote/BTCUSDT/"]["ts"]) == 8


@pytest.mark.parametrize("first", [True, False])
def test_what_would_be_written_twice_is_refused(first):
    quotes = Schema("quote", "BTCUSDT", "", QUOTE.required), [(START, 1.0, 1.0, 2.0, 1.0)]
    events = Schema("book", "BTCUSDT", "", BOOK_COLS), [DEPTH]
    pieces = [quotes, events] if first else [events, quotes]
    with pytest.raises(
        HqError, match="quote/BTCUSDT/ comes in, and would be written of book/BTCUSDT/ too; send one"
    ) as no:
        promises.run(Book(**STEPS), frames(*pieces))
    assert no.value.code == DATA
    assert len(read(promises.run(Book(emit="updates", **STEPS), frames(*pieces))).rows) == 2


def test_a_book_by_order_needs_a_lot():
    with pytest.raises(HqError, match="counted in lots; pass lot"):
        promises.run(Book(tick="0.1"), stream([DEPTH._replace(ev=BOTH | BUY | 10)]))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"emit": "depth:0"}, "emit: 'depth:0', must be quote, depth:N"),
        ({"emit": "depth:1001"}, "must be quote, depth:N"),
        ({"emit": "depth:٣"}, "must be quote, depth:N"),
        ({"emit": "trades"}, "must be quote, depth:N"),
        ({"emit": "snapshot-every:0s"}, "must be quote, depth:N"),
        ({"emit": "snapshot-every:1"}, "'1' is not a duration"),
        ({"tick": "0"}, "tick: '0', must be a decimal number above 0"),
        ({"lot": "-1"}, "lot: '-1', must be a decimal number above 0"),
        ({"view": "both"}, "must be one of local, exch"),
        ({"emit": "snapshot-every:end", "keep_input": True}, "whole books would stand in the series of the events"),
        ({"view": "exch", "keep_input": True}, "the input in that of ts"),
    ],
)
def test_options_that_cannot_be_are_named(options, says):
    with pytest.raises(HqError) as refused:
        Book(**options)
    assert says in str(refused.value)
    assert refused.value.code == USAGE


# -- states ----------------------------------------------------------------------------------------------------------
def paused(tmp_path, stage, events, state="s"):
    path = tmp_path / state
    promises.run(stage, stream(events), path)
    return path


def test_a_state_of_another_tick_is_refused(tmp_path):
    events = some_events(random.Random(12), 200, LEVELS)
    path = paused(tmp_path, Book(**STEPS), events)
    with pytest.raises(HqError) as refused:
        promises.run(Book(tick="0.01", lot="0.001"), stream(events), path)
    assert "book/BTCUSDT/: has a tick of 0.1, now 0.01" in str(refused.value)
    options = State(str(path), 0, {"tick": "0.01"})
    with pytest.raises(HqError) as refused:
        panel_runs.through(lambda: Book(tick="0.01", lot="0.001"), stream(events), options)
    assert refused.value.code == CONFIG


def test_a_bit_flipped_anywhere_in_a_state_is_refused(tmp_path):
    events = [*some_snapshot(random.Random(1), START), *some_events(random.Random(12), 20, LEVELS, tidy=True)]
    path = paused(tmp_path, Book(emit="depth:2"), events)
    good, rng = path.read_bytes(), random.Random(2)
    for at in range(len(good)):
        bad = bytearray(good)
        bad[at] ^= 1 << rng.randrange(8)
        path.write_bytes(bad)
        with pytest.raises(HqError) as refused:
            promises.run(Book(emit="depth:2"), stream([]), path)
        assert refused.value.code in (DATA, CONFIG)


def test_the_same_book_has_the_same_state_however_it_came_to_be(tmp_path):
    events = some_events(random.Random(14), 3000, LEVELS)
    kept = written(events, emit="snapshot-every:end", **STEPS)["book/BTCUSDT/"]
    states = []
    for rows in (events, [Event(*row) for row in kept]):
        stage = Book(emit="snapshot-every:end", **STEPS)
        promises.run(stage, stream(rows), tmp_path / f"s{len(states)}")
        states.append(stage.save()["units"][0][1]["book"])
    assert kept
    head = 8 * 9
    assert states[0][head:] == states[1][head:]  # the best may differ where sides have met


def test_state_is_kept_for_a_run_with_other_symbols(tmp_path):
    """A symbol that does not come in a run goes on in the next one."""
    one, other = (some_events(random.Random(seed), 200, LEVELS) for seed in (21, 22))
    path, parts = tmp_path / "s", []
    for rows, symbol in ((one[:100], "A"), (other, "B"), (one[100:], "A")):
        shifted = [row._replace(ts=row.ts + len(parts) * 10**15, exch_ts=row.exch_ts) for row in rows]
        parts.append((shifted, symbol))
    out = b"".join(promises.run(Book(**STEPS), stream(rows, symbol), path) for rows, symbol in parts)
    found = panel_runs.said(out)[0]
    whole_a = [row for rows, symbol in parts if symbol == "A" for row in rows]
    alone = panel_runs.said(promises.run(Book(**STEPS), stream(whole_a, "A")))[0]
    assert found["quote/A/"] == alone["quote/A/"]
