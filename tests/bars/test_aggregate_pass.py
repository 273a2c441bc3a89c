"""A period that is the input's own: its rows pass bit for bit beside the coarser bars that are made of them."""

from __future__ import annotations

import oracle_bars
import promises
import pytest
from bar_runs import DAY, HOUR, MINUTE, START, run, texts
from filters import bars
from frames import frames, items
from hypothesis import given, settings
from hypothesis import strategies as st

from hq_core.bars.aggregator import Aggregator
from hq_core.batch import Schema
from hq_core.errors import DATA, HqError
from hq_core.stages.aggregate import Aggregate
from hq_core.stream.handover import give

OHLCV = (("ts", "i8"), ("open_time", "i8"), *((name, "f8") for name in ("open", "high", "low", "close", "volume")))
HOURS = Schema("bar", "X", "1h", OHLCV)
LENGTHS = {"1m": MINUTE, "5m": 5 * MINUTE, "1h": HOUR, "4h": 4 * HOUR}
SETTINGS = settings(max_examples=15)
sizes = st.lists(st.integers(1, 40), min_size=1, max_size=4)


def bar(i, span=HOUR, start=START, close=10.0):
    begin = start + i * span
    return (begin + span, begin, 10.0 + i, 50.0 + i, 1.0, close, 1.5)


def wide_bars(seed, n):
    """Bars with columns that no aggregation knows, forming rows between them."""
    schema, rows = bars(seed, n)
    cols = (*schema.cols, ("rsi_14", "f8"), ("note", "i1"), ("venue", "s4"))
    made = [(*row, float(i) / 7, i % 100, i % 3) for i, row in enumerate(rows)]
    return Schema("bar", schema.symbol, schema.period, cols, {"codes": {"note": {"1": "late"}}}), made


def out_of(periods, schema, rows, pieces=(13,), **options):
    return promises.run(Aggregate(periods, **options), promises.stream(promises.cut(schema, rows, pieces)))


def test_hours_pass_and_four_hours_are_made_of_them():
    rows = [bar(i) for i in range(12)]
    out, stage = run(rows, "1h:4h", schema=HOURS)
    assert [tuple(row.values()) for row in out.of("1h")] == rows
    expected = oracle_bars.bars_of_bars([dict(zip(HOURS.names, row)) for row in rows], 4 * HOUR, ("volume",))
    assert {row["open_time"]: {n: row[n] for n in expected[row["open_time"]]} for row in out.of("4h")} == expected
    assert (stage.dropped, stage.holes) == ({}, {})


@SETTINGS
@given(seed=st.integers(0, 999), n=st.integers(1, 100), first=sizes)
def test_every_column_and_every_forming_row_passes_as_it_came(seed, n, first):
    schema, rows = wide_bars(seed, n)
    for periods in ("1m", "1m:5m:1h"):
        got = promises.said(out_of(periods, schema, rows, first))
        given_bytes = promises.said(promises.stream(promises.cut(schema, rows, [13])))
        assert got[0]["bar/BTCUSDT/1m"] == given_bytes[0]["bar/BTCUSDT/1m"]
        assert "forming" not in got[2]
    announced = [item for kind, item in items(out_of("1m", schema, rows)) if kind == "schema"]
    assert announced[0].same_as(schema)


@SETTINGS
@given(seed=st.integers(0, 999), n=st.integers(0, 100))
def test_coarser_bars_are_those_that_are_made_without_the_rows_beside_them(seed, n):
    schema, rows = wide_bars(seed, n)
    beside, alone = (promises.said(out_of(periods, schema, rows))[0] for periods in ("1m:5m:1h", "5m:1h"))
    beside.pop("bar/BTCUSDT/1m", None)
    assert beside == alone


@SETTINGS
@given(seed=st.integers(0, 999), n=st.integers(0, 100), first=sizes, share=st.floats(0, 1))
def test_passing_rows_keep_the_promises(seed, n, first, share, tmp_path_factory):
    schema, rows = wide_bars(seed, n)
    k = int(share * n)
    folder = tmp_path_factory.mktemp("state")
    for periods in ("1m", "1m:5m:1h"):
        whole = promises.run(
            Aggregate(periods), promises.stream(promises.cut(schema, rows, [11])), folder / f"{periods}.whole"
        )
        again = promises.run(
            Aggregate(periods), promises.stream(promises.cut(schema, rows, first)), folder / f"{periods}.again"
        )
        assert promises.said(again) == promises.said(whole)
        parts = [
            promises.run(Aggregate(periods), promises.stream(promises.cut(schema, part, [17])), folder / periods)
            for part in (rows[:k], rows[k:])
        ]
        assert promises.is_prefix(promises.said(parts[0]), promises.said(whole))
        assert promises.said(b"".join(parts)) == promises.said(whole)


@pytest.mark.parametrize("size", [1, 100, 700, 5000])
def test_no_row_stands_before_a_coarser_one_that_was_known_by_then(size):
    schema = Schema("bar", "X", "1m", OHLCV)
    rows = [bar(i, MINUTE) for i in range(5000)]
    seen = {"1m": -1, "5m": -1, "4h": -1}
    for kind, item in items(out_of("1m:5m:4h", schema, rows, [size])):
        if kind == "rows":
            ts = item.view("ts").tolist()
            finer = [period for period in seen if LENGTHS[period] < LENGTHS[item.schema.period]]
            assert all(seen[period] < ts[0] for period in finer)
            seen[item.schema.period] = ts[-1]
    assert min(seen.values()) > 0


def test_a_bad_row_ends_it_and_what_came_before_has_passed():
    rows = [bar(0), bar(1), bar(2), bar(1)]
    for cuts in ((), (1, 2, 3)):
        stage = Aggregate("1h:4h", slack="0s")
        with pytest.raises(HqError, match="row 4: ts goes back by 1h; sort the input"):
            run(rows, "1h:4h", schema=HOURS, stage=stage, cuts=cuts)
        assert [tuple(row.values()) for row in stage.out.of("1h")] == rows[:3]


def test_holes_are_counted_in_the_coarser_bars_only():
    rows = [bar(i) for i in (0, 1, 3, 4, 5, 6, 7)]
    out, stage = run(rows, "1h:4h", schema=HOURS)
    assert len(out.of("1h")) == 7
    assert list(stage.holes) == ["bar/X/4h"]


# -- what asks for more than the rows hold makes them anew ------------------------------------------------
def test_fill_flat_fills_the_inputs_own_period():
    rows = [bar(i, close=20.0 + i) for i in (0, 1, 4, 5)]
    out, stage = run(rows, "1h:4h", schema=HOURS, fill="flat")
    got = out.of("1h")
    assert [(row["open_time"] - START) // HOUR for row in got] == list(range(6))
    assert [(row["open"], row["high"], row["low"], row["close"], row["volume"]) for row in got[2:4]] == [
        (21.0, 21.0, 21.0, 21.0, 0.0)
    ] * 2
    for row, given_row in zip([*got[:2], *got[4:]], rows):
        assert {name: row[name] for name in HOURS.names} == dict(zip(HOURS.names, given_row))
    assert stage.dropped == {"partial": 1}  # of 4h


@SETTINGS
@given(
    seed=st.integers(0, 999),
    n=st.integers(1, 80),
    option=st.sampled_from(("fill", "lateness", "time_label")),
    cuts=st.sets(st.integers(0, 80)),
)
def test_rows_that_are_made_anew_have_the_values_of_those_that_came(seed, n, option, cuts):
    schema, rows = bars(seed, n)
    options = {option: {"fill": "flat", "lateness": "1m", "time_label": True}[option]}
    out, stage = run(rows, "1m:5m", schema=schema, cuts=cuts, **options)
    whole = [dict(zip(schema.names, row)) for row in rows if row[-1]]
    got = out.of("1m")
    assert [{name: row[name] for name in schema.names} for row in got] == whole
    assert stage.dropped.get("forming", 0) == len(rows) - len(whole)
    if option == "time_label":
        assert [row["time_label"] for row in got] == [row["open_time"] // (5 * MINUTE) % 288 + 1 for row in got]
    assert texts(out, "5m") == texts(run(rows, "5m", schema=schema, **options)[0], "5m")


def test_lateness_puts_rows_of_the_inputs_own_period_in_order():
    rows = [bar(i) for i in (0, 2, 1, 3, 5, 4)]
    out, _ = run(rows, "1h", schema=HOURS, lateness="1h")
    assert [row["open"] for row in out.of("1h")] == [10.0, 11.0, 12.0, 13.0, 14.0, 15.0]


def test_the_aggregator_gives_the_candles_of_its_source_too():
    aggregator = Aggregator("1m:5m", source="1m", time_unit="s")
    for minute in range(5):
        prices = {"open": 1, "high": 9, "low": 1, "close": 2}
        aggregator.push_kline({"open_time": 60 * minute, **prices, "volume": 3.0})
    events = aggregator.poll_events()
    assert [event["period"] for event in events] == ["1m", "1m", "1m", "1m", "5m", "1m"]
    assert events[0]["candle"] == {
        "open_time": 0,
        "close_time": 60,
        "open": 1.0,
        "high": 9.0,
        "low": 1.0,
        "close": 2.0,
        "volume": 3.0,
        "complete": True,
    }


# -- days ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("given_tz", "asked", "fits"),
    [
        ("", "", True),
        ("", "UTC", True),
        ("UTC", "", True),
        ("Europe/London", "Europe/London", True),
        ("", "Europe/London", False),
        ("Europe/London", "", False),
        ("Asia/Tokyo", "Europe/London", False),
    ],
)
def test_days_pass_where_they_are_the_days_that_are_asked_for(given_tz, asked, fits):
    schema = Schema("bar", "X", "1d", OHLCV, {"tz": given_tz} if given_tz else {})
    rows = [bar(i, DAY) for i in range(3)]
    if fits:
        assert [tuple(row.values()) for row in run(rows, "1d", schema=schema, tz=asked)[0].of("1d")] == rows
        return
    days = rf"follow the days of {given_tz or 'UTC'}, not of {asked or 'UTC'}; give finer bars, or tz"
    with pytest.raises(HqError, match=days) as caught:
        run(rows, "1d", schema=schema, tz=asked)
    assert caught.value.code == DATA


def test_a_finer_period_is_still_refused():
    with pytest.raises(HqError, match="period 15m is shorter than the input's 1h"):
        run([], "15m:1h:4h", schema=HOURS)


@SETTINGS
@given(seed=st.integers(0, 999), n=st.integers(1, 100), whole=st.sampled_from([1, 2, -1, -128]), first=sizes)
def test_whether_a_bar_is_complete_may_be_told_in_an_i1(seed, n, whole, first):
    schema, rows = wide_bars(seed, n)
    at = schema.index("complete")
    cols = [(name, "i1" if name == "complete" else kind) for name, kind in schema.cols]
    other = Schema("bar", schema.symbol, schema.period, cols, schema.extra)
    as_i1 = [(*row[:at], row[at] * whole, *row[at + 1 :]) for row in rows]
    for options in ({}, {"lateness": "2m"}, {"fill": "flat", "max_gap": "2d"}, {"time_label": True}):
        want = promises.said(out_of("5m:1h", schema, rows, first, **options))
        assert promises.said(out_of("5m:1h", other, as_i1, first, **options)) == want
    passed = promises.said(out_of("1m:5m", other, as_i1, first))
    assert (
        passed[0]["bar/BTCUSDT/1m"]
        == promises.said(promises.stream(promises.cut(other, as_i1, [13])))[0]["bar/BTCUSDT/1m"]
    )


@pytest.mark.parametrize(
    ("then", "now", "says"),
    [
        (("volume",), (), "of what adds up its columns were volume and are now none"),
        ((), ("volume",), "of what adds up its columns were none and are now volume"),
        (("volume",), ("volume", "trades"), "of what adds up its columns were volume and are now volume, trades"),
    ],
)
def test_columns_that_came_or_went_are_named(then, now, says):
    price = ("ts", "i8"), ("open_time", "i8"), *((name, "f8") for name in ("open", "high", "low", "close"))
    kinds = {"volume": "f8", "trades": "i8"}
    stage = Aggregate("4h")
    stage.begin(Nowhere())
    first = Schema("bar", "X", "1h", (*price, *((name, kinds[name]) for name in then)))
    row = (2 * HOUR, HOUR, 1.0, 1.0, 1.0, 1.0, *(1.0 for _ in then))  # of no rows there would be nothing to add to
    for kind, item in items(frames((first, [row]))):
        if kind in ("schema", "rows"):
            give(item, stage)
    with pytest.raises(HqError) as caught:
        stage.schema(Schema("bar", "X", "1h", (*price, *((name, kinds[name]) for name in now))))
    assert caught.value.code == DATA
    assert str(caught.value) == f"bar/X/1h: {says}"


class Nowhere:
    """Takes no rows."""

    def series(self, schema):
        return schema
