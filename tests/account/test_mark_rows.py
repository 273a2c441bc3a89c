"""Rows of mark_price beside the bars are the bars' mark prices, as their columns would say them."""

from __future__ import annotations

import math
import random

import promises
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_backtest import BARS, MINUTE, NAN, SIGNALS, START, VERBS, flat, report_of, row, rows, table
from test_finer import COARSE, FINE, ORDERS, coarse_bars, fine_bars, orders_at
from test_order_rows import texts

from hq_core.batch import Schema
from hq_core.errors import DATA, HqError
from hq_core.futures.terms import Terms
from hq_core.stages.backtest import BacktestStage

MARKS = ("mark_high", "mark_low", "mark_close")
WITH = Schema("bar", "BTCUSDT", "1m", (*BARS, *((name, "f8") for name in MARKS), *((verb, "f8") for verb in VERBS)))
PRICE = Schema("mark_price", "BTCUSDT", "", (("ts", "i8"), ("price", "f8")))
PRICE_OF_A = Schema("mark_price", "A", "", PRICE.cols)
RANGE = Schema("mark_price", "BTCUSDT", "1m", tuple((name, "i8" if name == "ts" else "f8") for name in
               ("ts", "open", "high", "low", "close")))  # fmt: skip
HERE = settings(max_examples=20, deadline=None)
KINDS = ("fill", "payment", "position", "liquidation", "equity", "order_state")


def stage(**terms):
    return BacktestStage(Terms(pyramid=2, leverage=20, **terms))


def within(marks, made):
    """The bars with the columns that the page gives them; marks: (ts, high, low, close)."""
    found = []
    for one in made:
        ts, opened = one[0], one[1]
        inside = [mark for mark in marks if opened < mark[0] <= ts and mark[1] == mark[1]]
        before = [mark for mark in marks if mark[0] <= ts and mark[1] == mark[1]]
        if inside:
            said = max(mark[1] for mark in inside), min(mark[2] for mark in inside), inside[-1][3]
        else:
            said = (before[-1][3],) * 3 if before else (NAN,) * 3
        found.append((*one[:8], *said, *one[8:]))
    return found


def laid(marks, made, series, cuts):
    """Bars cut anywhere, and each row of a mark before the bars that end no earlier."""
    pieces, start = [(series, [])], 0
    for piece in promises.cut(SIGNALS, made, cuts):
        end = max(one[0] for one in piece[1])
        said = [one for one in marks if start < one[0] <= end]
        pieces += [(series, [(one[0], one[3]) if series is PRICE else (one[0], *one[3:], *one[1:]) for one in said])]
        pieces, start = [*pieces, piece], end
    return pieces


def some_marks(seed, made, ranged):
    chance = random.Random(seed)
    found, ts = [], START - 3 * MINUTE
    while ts < made[-1][0]:
        ts += chance.choice((1, 20_000_000_000, MINUTE, MINUTE, 5 * MINUTE))
        near = next((one for one in made if one[0] >= ts), made[-1])[5] * (1 + chance.gauss(0, 0.01))
        spread = near * 0.01 * chance.random() if ranged else 0.0
        value = NAN if chance.random() < 0.1 else near
        found.append((ts, value + spread, value - spread, value))
    return found


@pytest.mark.parametrize("series", [PRICE, RANGE])
@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(1, 30), min_size=1, max_size=4))
@HERE
def test_rows_are_the_columns_of_the_page_to_the_bit(series, seed, cuts):
    made = [one for one in rows(seed, 100) if one[7]]
    marks = some_marks(seed, made, series is RANGE)
    want = promises.run(stage(), promises.stream([(WITH, within(marks, made))]))
    found = promises.run(stage(), promises.stream(laid(marks, made, series, cuts)))
    for kind in KINDS:
        assert repr(table(found, kind)) == repr(table(want, kind))


@given(seed=st.integers(0, 10**6), share=st.floats(0, 1))
@HERE
def test_two_runs_with_a_state_are_one(tmp_path_factory, seed, share):
    made, folder = rows(seed, 100), tmp_path_factory.mktemp("state")
    marks = some_marks(seed, made, False)
    k = int(len(made) * share)
    middle = made[k - 1][0] if k else 0
    halves = [laid([one for one in marks if (one[0] <= middle) == first], part, PRICE, [7])
              for first, part in ((True, made[:k]), (False, made[k:]))]  # fmt: skip
    one = promises.run(stage(), promises.stream(laid(marks, made, PRICE, [11])), folder / "one")
    two = b"".join(promises.run(stage(), promises.stream(half), folder / "s") for half in halves)
    for kind in KINDS:
        assert repr(table(one, kind)) == repr(table(two, kind))


def test_a_mark_that_the_last_price_does_not_follow_liquidates(run, tmp_path):
    """10 contracts at 100 with the margin of leverage 10: the mark that liquidates is (100 - 10) / (1 - 0.004)."""
    made = [flat(i, 100.0) for i in range(8)]
    made[0] = flat(0, 100.0, 10.0, NAN, NAN, NAN)
    marks = [(START + 2 * MINUTE + 1, 100.0), (START + 4 * MINUTE, 91.0), (START + 5 * MINUTE + 1, 90.0)]
    out = promises.run(BacktestStage(Terms(taker_fee=0.0)), promises.stream([(PRICE, marks), (SIGNALS, made)]))
    (end,) = table(out, "liquidation")
    assert end["liquidation_price"] == pytest.approx(90 / 0.996, rel=1e-14)
    assert end["ts"] == START + 6 * MINUTE
    positions = {one["ts"]: one["mark_price"] for one in table(out, "position")}
    assert positions[START + 2 * MINUTE] == 100.0
    equity = {one["ts"]: one["unrealised"] for one in table(out, "equity")}
    assert equity[START + 4 * MINUTE] == equity[START + 5 * MINUTE] == -90.0
    assert (
        report_of(promises.run(BacktestStage(Terms(taker_fee=0.0)), promises.stream([(SIGNALS, made)])))["liquidated"]
        == 0
    )
    # by way of the commands too, each behind the other
    (tmp_path / "bars.hqf").write_bytes(promises.stream([(SIGNALS, made)]))
    text = "".join(f"{ts},{price}\n" for ts, price in marks)
    (tmp_path / "marks.csv").write_text(f"time,markPrice\n{text}")
    ran = run(
        "hq-import --kind mark_price --symbol BTCUSDT --time-unit ns marks.csv | hq-merge bars.hqf - "
        "| hq-backtest --taker-fee 0 --json"
    )
    assert ran.code == 0, ran.stderr
    assert '"liquidated":1,' in ran.text


@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(1, 30), min_size=1, max_size=4), two_first=st.booleans())
@HERE
def test_two_series_of_one_symbol_are_one_in_order_of_ts(seed, cuts, two_first):
    made = [one for one in rows(seed, 100) if one[7]]
    marks = [one for one in some_marks(seed, made, False) if one[1] == one[1]]
    want = promises.run(stage(), promises.stream(laid(marks, made, PRICE, cuts)))
    other = Schema("mark_price", "BTCUSDT", "1s", RANGE.cols)
    pieces = []
    for series, piece in laid(marks, made, PRICE, cuts):
        if series is PRICE:
            ranged = [(ts, *(price,) * 4) for ts, price in piece[1::2]]
            both = [(PRICE, piece[::2]), (other, ranged)]
            pieces += both[::-1] if two_first else both
        else:
            pieces.append((series, piece))
    found = promises.run(stage(), promises.stream(pieces))
    for kind in KINDS:
        assert repr(table(found, kind)) == repr(table(want, kind))


def test_before_1970_the_bar_before_begins_a_bar_too():
    """Without open_time: the low of 50 lies within the second bar, whose end alone is marked at 100."""
    plain = Schema("bar", "A", "1m", tuple(one for one in SIGNALS.cols if one[0] not in ("open_time", "complete")))
    bars = [
        (-10 * MINUTE + i * MINUTE, *(100.0,) * 4, 1.0, *((1.0 if not i else NAN), NAN, NAN, NAN)) for i in range(4)
    ]
    marks = [(bars[2][0] - 2, 50.0), (bars[2][0] - 1, 100.0)]
    out = promises.run(stage(), promises.stream([(PRICE_OF_A, marks), (plain, bars)]))
    assert [one["ts"] for one in table(out, "liquidation")] == [bars[2][0]]


def test_symbols_of_a_panel_have_marks_of_their_own(run, tmp_path):
    for name, seed in (("A", 1), ("B", 2)):
        line = f"hq-gen bars --rows 300 --seed {seed} --symbol {name}"
        run(f"{line} > {name}.hqf; {line} | hq-import | hq-export csv --time ms | cut -d, -f2- > {name}.csv")
        assert run(f"hq-import --kind mark_price --symbol {name} {name}.csv > m{name}.hqf").code == 0
    (tmp_path / "s.hq").write_text("IF close > open THEN BUY()\nIF close < open THEN SELL()")
    tail = "hq-signal s.hq | hq-backtest --leverage 20 --margin cross | hq-export csv --kind equity | tail -3"
    plain = run(f"hq-merge A.hqf B.hqf | {tail}")
    marked = run(f"hq-merge A.hqf B.hqf mA.hqf mB.hqf | {tail}")
    assert marked.code == plain.code == 0
    assert marked.text == plain.text  # the marks are the bars' own prices


@pytest.mark.parametrize("series", [PRICE, RANGE])
@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(1, 30), min_size=1, max_size=4))
@HERE
def test_along_finer_bars_they_are_the_finer_bars_columns(series, seed, cuts):
    """Bars of five minutes decide, those of a minute are the path: its columns of marks, or rows beside it."""
    chance = random.Random(seed)
    fine = fine_bars(chance, 5 * 20)
    coarse = coarse_bars(fine)
    orders, marks = orders_at(coarse, chance), some_marks(seed, fine, series is RANGE)
    wide = Schema("bar", "BTCUSDT", "1m", (*BARS, *((name, "f8") for name in MARKS)))
    five = ORDERS["5m"]
    heads = [(five, []), (COARSE, []), texts("s", series=five)]
    want = promises.run(
        stage(path="1m"), promises.stream([*heads, (five, orders), (wide, within(marks, fine)), (COARSE, coarse)])
    )
    pieces, start = [*heads, (series, []), (five, orders), (FINE, [])], 0
    for some in promises.cut(FINE, fine, cuts):
        end = some[1][-1][0]
        said = [one for one in marks if start < one[0] <= end]
        pieces += [(series, [(one[0], one[3]) if series is PRICE else (one[0], *one[3:], *one[1:]) for one in said])]
        pieces += [some, (COARSE, [one for one in coarse if start < one[0] <= end])]
        start = end
    found = promises.run(stage(path="1m"), promises.stream(pieces))
    for kind in KINDS:
        assert repr(table(found, kind)) == repr(table(want, kind))
    assert table(found, "fill")


def test_along_trades_each_has_what_came_since_the_one_before():
    """10 contracts at 100 with the margin of leverage 10; the mark is at 80 between two trades, and at 85 after the
    last one of a bar, which is that bar's end."""
    trades = Schema("trade", "BTCUSDT", "", (("ts", "i8"), ("price", "f8"), ("qty", "f8")))
    made = [flat(i, 100.0) for i in range(8)]
    made[0] = flat(0, 100.0, 10.0, NAN, NAN, NAN)
    ticks = [(START + at * MINUTE // 2, 100.0, 1.0) for at in range(1, 16, 2)]
    for at, ts in ((2 * MINUTE + 7, 2.5 * MINUTE), (3.75 * MINUTE, 4 * MINUTE)):
        marks = [(START + MINUTE // 4, 100.0), (START + int(at), 80.0), (START + int(at) + 1, 100.0)]
        data = promises.stream([(PRICE, marks), (trades, []), (SIGNALS, []), (trades, ticks), (SIGNALS, made)])
        out = promises.run(BacktestStage(Terms(taker_fee=0.0, path="trades")), data)
        (end,) = table(out, "liquidation")
        assert end["ts"] == START + ts
    with pytest.raises(HqError, match="mark_price/BTCUSDT/1m has a longer period than trades, which have none"):
        promises.run(stage(path="trades"), promises.stream([(RANGE, []), (trades, ticks), (SIGNALS, made)]))


def test_along_a_path_two_runs_with_a_state_are_one(tmp_path):
    fine = fine_bars(random.Random(4), 5 * 20)
    coarse, marks, five = coarse_bars(fine), some_marks(4, fine, False), ORDERS["5m"]
    orders = orders_at(coarse, random.Random(4))

    every = ((PRICE, [(one[0], one[3]) for one in marks]), (five, orders), (FINE, fine), (COARSE, coarse))

    def part(first, last):
        pieces = [(series, []) for series, _ in every] + [texts("s", series=five)]
        pieces += [(series, [one for one in some if first < one[0] <= last]) for series, some in every]
        return promises.stream(pieces)

    middle, end = fine[47][0], fine[-1][0]
    whole = promises.run(stage(path="1m"), part(0, end), tmp_path / "one")
    halves = [promises.run(stage(path="1m"), part(*edges), tmp_path / "s") for edges in ((0, middle), (middle, end))]
    for kind in KINDS:
        assert repr(table(whole, kind)) == repr(table(b"".join(halves), kind))


def test_what_is_refused_and_what_is_told():
    made = [flat(i, 100.0) for i in range(8)]
    made[0] = flat(0, 100.0, 10.0, NAN, NAN, NAN)
    wide = Schema("mark_price", "BTCUSDT", "1h", RANGE.cols)
    columns = [(*one[:8], 101.0, 99.0, 100.0, *one[8:]) for one in made]
    mark = (START + MINUTE, 100.0)
    for pieces, told in (
        ([(wide, [(START, 1.0, 1.0, 1.0, 1.0)]), (SIGNALS, made)], "has a longer period than the bars of 1m"),
        ([(PRICE, [mark]), (WITH, columns)], "the bars have a column 'mark_"),
        ([(PRICE, [(START, -1.0)]), (SIGNALS, made)], "must be above 0"),
        ([(RANGE, [(START, 1.0, 1.0, 2.0, 1.0)]), (SIGNALS, made)], "with low lowest and high highest"),
    ):
        with pytest.raises(HqError, match=told) as error:
            promises.run(stage(), promises.stream(pieces))
        assert error.value.code == DATA
    done = stage()
    promises.run(done, promises.stream([(SIGNALS, made[:4]), (PRICE, [mark]), (SIGNALS, made[4:])]))
    assert [n for line, n in done.notices.items() if "mark_price came behind" in line] == [1]
    assert math.isnan(within([], [row(0, 1, 1, 1, 1)])[0][8])
