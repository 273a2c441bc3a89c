"""Bars from finer bars, the exchange's own files, the command in a pipe, and the aggregator as a library."""

from __future__ import annotations

import csv
import gzip
import io
import math
import re
import subprocess
import sys
from pathlib import Path

import oracle_bars
import promises
import pytest
from bar_runs import DAY, HOUR, MINUTE, SECOND, START, TRADES, run, texts
from hypothesis import given, settings
from hypothesis import strategies as st
from places import ROOT

from hq_core.bars.aggregator import Aggregator
from hq_core.batch import Schema
from hq_core.errors import DATA, HqError

MS = 10**6
OHLCV = (("ts", "i8"), ("open_time", "i8"), *((name, "f8") for name in ("open", "high", "low", "close", "volume")))
BARS = Schema("bar", "X", "1m", OHLCV)
KLINES = Schema(
    "bar",
    "X",
    "1m",
    (*OHLCV, ("quote_volume", "f8"), ("trades", "i8"), ("buy_volume", "f8"), ("buy_quote_volume", "f8")),
)


def table(path):
    content = path.read_bytes()
    text = gzip.decompress(content) if path.suffix == ".gz" else content
    return list(csv.DictReader(io.StringIO(text.decode())))


def bar(minute, close=10.0, volume=1.0, span=MINUTE, **more):
    begin = START + minute * MINUTE
    return (
        begin + span,
        begin,
        more.get("open", close),
        more.get("high", close),
        more.get("low", close),
        close,
        volume,
    )


# -- the exchange's own files -----------------------------------------------------------------------------
@pytest.mark.parametrize("cuts", [(), (1, 2, 5000, 5001)])
def test_five_minutes_of_futures_trades_are_the_exchanges_bars_in_every_column(shared, cuts):
    rows = [
        (
            int(r["time"]) * MS,
            float(r["price"]),
            float(r["qty"]),
            -1 if r["is_buyer_maker"] == "true" else 1,
            int(r["id"]),
        )
        for r in table(shared / "data/trades/btcusdt_usdm_trades_20240808.csv.gz")
    ]
    schema = Schema("trade", "X", "", (("ts", "i8"), ("price", "f8"), ("qty", "f8"), ("side", "i1"), ("id", "i8")))
    out, stage = run(rows, "1m", schema=schema, cuts=cuts, slack="1s")  # the last trade is 357 ms before midnight
    official = {
        int(r["open_time"]) * MS: r for r in table(shared / "data/klines/btcusdt_usdm_1m_20240808_2354_official.csv")
    }
    got = out.of("1m")
    assert len(got) == 5
    assert stage.dropped == {"partial": 1}
    for row in got:
        exchange = official[row["open_time"]]
        for name in ("open", "high", "low", "close"):
            assert row[name] == float(exchange[name])
        assert row["trades"] == int(exchange["count"])
        assert row["ts"] == (int(exchange["close_time"]) + 1) * MS
        for ours, theirs in (
            ("volume", "volume"),
            ("quote_volume", "quote_volume"),
            ("buy_volume", "taker_buy_volume"),
            ("buy_quote_volume", "taker_buy_quote_volume"),
        ):
            digits = len(exchange[theirs].partition(".")[2])
            assert f"{row[ours]:.{digits}f}" == exchange[theirs]


@pytest.mark.parametrize("periods", ["1h:4h:1d", "4h", "1d:1h"])
def test_a_month_of_minutes_is_the_exchanges_hours_and_days(shared, periods):
    rows = [
        (
            (int(r["close_time"]) + 1) * MS,
            int(r["open_time"]) * MS,
            *(float(r[n]) for n in ("open", "high", "low", "close", "volume")),
            float(r["quote_volume"]),
            int(r["count"]),
            float(r["taker_buy_volume"]),
            float(r["taker_buy_quote_volume"]),
        )
        for r in table(shared / "data/klines/linkusdt_um_1m_202602.csv.gz")
    ]
    out, stage = run(rows, periods, schema=KLINES)
    assert stage.dropped == {}
    for period in periods.split(":"):
        official = table(shared / f"data/klines/linkusdt_um_{period}_202602.csv")
        got = out.of(period)
        assert [row["open_time"] for row in got] == [int(r["open_time"]) * MS for r in official]
        for row, exchange in zip(got, official):
            for name in ("open", "high", "low", "close"):
                assert row[name] == float(exchange[name])
            assert row["trades"] == int(exchange["count"])
            for name in ("volume", "quote_volume"):
                digits = len(exchange[name].partition(".")[2])
                assert f"{row[name]:.{digits}f}" == exchange[name]
            assert row["complete"] == 1


@pytest.mark.parametrize("period", ["1m", "5m"])
def test_thin_spot_trades_are_the_bars_that_freqtrade_made(shared, period):
    rows = [
        (int(r["transact_time"]) * MS, float(r["price"]), float(r["quantity"]), int(r["agg_trade_id"]))
        for r in table(shared / "data/trades/xrpeth_spot_aggtrades_20191011_20191013.csv.gz")
    ]
    schema = Schema("trade", "X", "", (("ts", "i8"), ("price", "f8"), ("qty", "f8"), ("id", "i8")))
    expected = table(shared / f"data/klines/xrpeth_spot_{period}_freqtrade_from_trades.csv.gz")
    got = run(rows, "1m:5m", schema=schema, partial="keep")[0].of(period)
    assert len(got) == len(expected)
    for row, other in zip(got, expected):
        assert row["open_time"] == int(other["open_time"]) * MS
        assert [row[n] for n in ("open", "high", "low", "close")] == [
            float(other[n]) for n in ("open", "high", "low", "close")
        ]
        assert row["volume"] == pytest.approx(float(other["volume"]), rel=1e-15)


# -- bars from bars ---------------------------------------------------------------------------------------
minutes = st.lists(
    st.tuples(st.sampled_from((1, 1, 1, 2, 7, 300)), st.integers(1, 10**6), st.integers(0, 999), st.integers(0, 10**9)),
    min_size=1,
    max_size=50,
)


def bars_of(found):
    rows, minute = [], 0
    for gap, cents, spread, volume in found:
        minute += gap
        rows.append(
            bar(minute, cents / 100, volume / 1000, high=(cents + spread) / 100, low=cents / 100, open=cents / 100)
        )
    return rows


@settings(max_examples=60)
@given(
    found=minutes,
    cuts=st.sets(st.integers(0, 50)),
    fill=st.sampled_from(("none", "flat")),
    emit=st.sampled_from(("closed", "updates")),
)
def test_bars_from_bars_are_the_oracles_however_the_input_is_cut(found, cuts, fill, emit):
    rows = bars_of(found)
    chain = "5m:1h:4h:1d"
    options = {"fill": fill, "emit": emit, "partial": "keep"}
    whole, _ = run(rows, chain, schema=BARS, **options)
    assert texts(run(rows, chain, schema=BARS, cuts=cuts, **options)[0], chain) == texts(whole, chain)
    assert texts(run(rows, chain, schema=BARS, cuts=range(len(rows)), **options)[0], chain) == texts(whole, chain)
    if emit == "closed" and fill == "none":
        given_bars = [dict(zip(BARS.names, row)) for row in rows]
        for period, length in (("5m", 5 * MINUTE), ("1h", HOUR), ("4h", 4 * HOUR), ("1d", DAY)):
            expected = oracle_bars.bars_of_bars(given_bars, length, ("volume",))
            assert {
                row["open_time"]: {n: row[n] for n in expected[row["open_time"]]} for row in whole.of(period)
            } == expected


def test_a_finer_bar_that_ends_with_the_coarse_one_closes_it_at_once():
    out, _ = run([bar(i) for i in range(5)], "5m", schema=BARS, more=True)
    assert [(row["open_time"], row["ts"], row["complete"]) for row in out.of("5m")] == [(START, START + 5 * MINUTE, 1)]


def test_a_coarse_bar_is_whole_if_its_first_finer_bar_opens_with_it():
    out, stage = run([bar(i) for i in range(1, 10)], "5m", schema=BARS, more=True)
    assert [row["open_time"] - START for row in out.of("5m")] == [5 * MINUTE]
    assert stage.dropped == {"partial": 1}


def test_a_mark_at_the_end_still_lets_the_bar_in_that_closes_there():
    rows = [*(bar(i) for i in range(4)), ("mark", START + 5 * MINUTE), bar(4, 99.0)]
    assert [row["close"] for row in run(rows, "5m", schema=BARS, more=True)[0].of("5m")] == [99.0]
    later = [*(bar(i) for i in range(4)), ("mark", START + 5 * MINUTE + 1)]
    assert [row["close"] for row in run(later, "5m", schema=BARS, more=True)[0].of("5m")] == [10.0]


@pytest.mark.parametrize(("period", "said"), [("30s", "shorter than"), ("90s", "no multiple of")])
def test_a_period_that_the_input_does_not_fill_is_refused(period, said):
    with pytest.raises(HqError, match=f"period {period} is {said} the input's 1m") as caught:
        run([], period, schema=BARS)
    assert caught.value.code == DATA


def test_bars_that_do_not_say_their_period_are_refused():
    with pytest.raises(HqError, match="do not say their period"):
        run([], "5m", schema=Schema("bar", "X", "", OHLCV))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([bar(0), bar(2), bar(1)], "row 3: ts goes back by 1m"),
        ([bar(0), bar(0)], "row 2: a second bar closes at 2023-11-15T00:01:00Z"),
        (
            [bar(0), bar(1, span=30 * SECOND), bar(1)],
            "row 3: the bar opens at 2023-11-15T00:01:00Z, before the one before it closes",
        ),
        ([bar(0), bar(1, high=9.0, low=10.0)], "row 2: high 9.0, low 10.0 at 2023-11-15T00:01:00Z: high is below low"),
        ([bar(0, math.nan)], "row 1: open nan, high nan, low nan, close nan"),
        ([bar(0), bar(1, high=math.inf)], "row 2: .* prices must be finite"),
        ([bar(0), bar(1, volume=-1.0)], "row 2: volume is -1.0"),
        ([bar(0), bar(1, span=0)], "row 2: the bar opens at .* and closes no later"),
    ],
)
def test_a_bar_that_cannot_be_is_an_error_with_its_row(rows, said):
    with pytest.raises(HqError, match=said) as caught:
        run(rows, "5m", schema=BARS)
    assert caught.value.code == DATA


def test_an_absent_volume_stays_absent_in_its_own_coarse_bar_only():
    rows = [bar(i, volume=math.nan if i == 3 else 1.0) for i in range(10)]
    volumes = [row["volume"] for row in run(rows, "5m", schema=BARS)[0].of("5m")]
    assert math.isnan(volumes[0])
    assert volumes[1] == 5.0


def test_forming_bars_of_the_input_change_nothing_and_are_counted():
    schema = Schema("bar", "X", "1m", (*OHLCV, ("complete", "b1")))
    rows = []
    for i in range(10):
        rows += [(*bar(i, 1000.0, 50.0, span=i + 1), 0), (*bar(i), 1)]
    out, stage = run(rows, "5m", schema=schema)
    assert [(row["high"], row["volume"]) for row in out.of("5m")] == [(10.0, 5.0)] * 2
    assert stage.dropped == {"forming": 10}


def test_bars_off_the_grid_are_taken_by_their_open_and_told_about():
    rows = [(START + i * MINUTE + 90 * SECOND, START + i * MINUTE + 30 * SECOND, *bar(i)[2:]) for i in range(-1, 10)]
    out, stage = run(rows, "5m", schema=BARS)
    assert [(row["open_time"] - START, row["volume"]) for row in out.of("5m")] == [(0, 5.0), (5 * MINUTE, 5.0)]
    assert stage.notices == {"unaligned": 11}


def test_bars_without_an_open_time_open_one_period_before_their_ts():
    schema = Schema("bar", "X", "1m", tuple(col for col in OHLCV if col[0] != "open_time"))
    out, _ = run([(row[0], *row[2:]) for row in (bar(i) for i in range(5))], "5m", schema=schema)
    assert [row["open_time"] for row in out.of("5m")] == [START]


def test_four_hour_bars_do_not_fill_the_days_of_london():
    schema = Schema("bar", "X", "4h", OHLCV)
    summer = 1_720_000_800 * SECOND // (4 * HOUR) * 4 * HOUR
    rows = [(summer + (i + 1) * 4 * HOUR, summer + i * 4 * HOUR, 1.0, 1.0, 1.0, 1.0, 1.0) for i in range(20)]
    with pytest.raises(HqError, match="reach over the end of a day in Europe/London"):
        run(rows, "1d", schema=schema, tz="Europe/London")


def test_lateness_puts_bars_in_order_too():
    rows = [bar(i) for i in (0, 2, 1, 3, 4, 6, 5, 7, 8, 9)]
    out, stage = run(rows, "5m", schema=BARS, lateness="1m")
    assert [row["volume"] for row in out.of("5m")] == [5.0, 5.0]
    assert stage.dropped == {}


# -- forming bars -----------------------------------------------------------------------------------------
def test_updates_show_the_forming_bar_of_every_period_after_every_row():
    rows = [(START + t, p, 1.0, 1, 1) for t, p in ((0, 5.0), (MINUTE - 1, 7.0), (MINUTE, 6.0))]
    out, _ = run(rows, "1m:15m", emit="updates", more=True)
    assert [(row["ts"] - START, row["open"], row["close"], row["complete"]) for row in out.of("1m")] == [
        (0, 5, 5, 0),
        (MINUTE - 1, 5, 7, 0),
        (MINUTE, 5, 7, 1),
        (MINUTE, 6, 6, 0),
    ]
    assert [(row["ts"] - START, row["close"], row["volume"], row["complete"]) for row in out.of("15m")] == [
        (0, 5, 1, 0),
        (MINUTE - 1, 7, 2, 0),
        (MINUTE, 6, 3, 0),
    ]


def test_a_bar_that_completes_the_coarse_one_is_no_update():
    out, _ = run([bar(i) for i in range(5)], "5m", schema=BARS, emit="updates", more=True)
    assert [(row["ts"] - START, row["complete"]) for row in out.of("5m")] == [
        *((i * MINUTE, 0) for i in range(1, 5)),
        (5 * MINUTE, 1),
    ]


# -- the command ------------------------------------------------------------------------------------------
def command(data, *options):
    done = subprocess.run(
        [sys.executable, "-m", "hq_cli.aggregate", *options],
        input=data,
        capture_output=True,
        timeout=120,
        check=False,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "core"), "HOME": str(Path.home()), "TZ": "Pacific/Apia", "LC_ALL": "C"},
    )
    return done.returncode, done.stdout, done.stderr.decode()


def stream(rows, schema=TRADES):
    return promises.stream([(schema, rows)])


def test_the_command_makes_the_bars_of_the_library():
    rows = [(START + i * 7 * SECOND, 10.0 + i % 7, 1.0 + i, 1 - 2 * (i % 2), 1) for i in range(1000)]
    code, out, err = command(stream(rows), "1m:15m", "--fill", "flat")
    assert (code, err) == (0, "hq-aggregate: partial: 2 rows dropped\n")
    columns, _, dropped = promises.said(out)
    expected, _ = run(rows, "1m:15m", fill="flat")
    assert dropped == {"partial": 2}
    for period in ("1m", "15m"):
        close = memoryview(columns[f"bar/X/{period}"]["close"]).cast("d")
        assert close.tolist() == [row["close"] for row in expected.of(period)]


def test_other_kinds_pass_and_trades_do_not():
    quote = Schema("quote", "X", "", (("ts", "i8"), ("bid", "f8")))
    data = promises.stream(
        [(quote, [(START, 1.0)]), (TRADES, [(START, 1.0, 1.0, 1, 1)]), ({"kind": "news", "text": "x"}, None)]
    )
    code, out, _ = command(data, "1m")
    columns, maps, _ = promises.said(out)
    assert code == 0
    assert columns["quote/X/"]["bid"] == memoryview(b"\0\0\0\0\0\0\xf0?").tobytes()
    assert "trade/X/" not in columns
    assert maps == [{"kind": "news", "text": "x"}]


def test_bad_data_is_65_with_one_line_and_the_bars_before_it():
    rows = [(START, 1.0, 1.0, 1, 1), (START + MINUTE, 1.0, 1.0, 1, 1), (START, 1.0, 1.0, 1, 1)]
    code, out, err = command(stream(rows), "1m")
    assert code == 65
    assert re.fullmatch(r"hq-aggregate: trade/X/ row 3: ts goes back from \S+Z to \S+Z; .* --lateness .*\n", err)
    columns = promises.said_before_it_breaks(out)
    assert len(columns["bar/X/1m"]["ts"]) == 8


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["7m"], "period 7m does not divide a day"),
        (["1m:1m"], "twice"),
        (["1M"], "month"),
        ([], "Missing argument"),
        (["1m", "--tz", "Mars/Olympus"], "time zone 'Mars/Olympus'"),
        (["1m", "--lateness", "2"], "duration"),
        (["1m", "--tiers", "1,x"], "list of amounts"),
        (["1m", "--fill", "zero"], "'zero' is not one of"),
        (["1m", "--max-gap", "0s"], "--max-gap is 0, must be longer; --fill none fills nothing"),
    ],
)
def test_a_wrong_command_line_is_2_with_one_line(options, said):
    code, out, err = command(stream([]), *options)
    assert (code, out) == (2, b"")
    assert said in err
    assert err.count("\n") == 1


def test_state_files_carry_forming_bars_and_waiting_rows_over(tmp_path):
    rows = [(START + i * 7 * SECOND - (i % 3) * SECOND, 10.0 + i % 7, 1.0 + i, 1, 1) for i in range(600)]
    options = ["1m:15m", "--lateness", "5s", "--state"]
    parts = [
        command(stream(part), *options, str(tmp_path / "s"))[1] for part in (rows[:123], rows[123:125], rows[125:])
    ]
    code, whole, _ = command(stream(rows), *options, str(tmp_path / "other"))
    assert code == 0
    assert promises.said(b"".join(parts)) == promises.said(whole)


# -- the library ------------------------------------------------------------------------------------------
def test_the_aggregator_closes_klines_as_they_come():
    aggregator = Aggregator("15m:4h", source="1m")
    for i in range(240):
        aggregator.push_kline(
            {
                "open_time": START // MS + i * 60_000,
                "open": 100 + i,
                "high": 110 + i,
                "low": 95.5,
                "close": 108 + i,
                "volume": 2.0,
                "buy_volume": 0.5,
            }
        )
    events = aggregator.poll_events()
    assert [event["period"] for event in events[:2]] == ["15m", "15m"]
    assert [event["period"] for event in events[-2:]] == ["4h", "15m"]
    assert {event["kind"] for event in events} == {"KlineClosed"}
    assert events[-2]["candle"] == {
        "open_time": START // MS,
        "close_time": START // MS + 14_400_000,
        "open": 100.0,
        "high": 349.0,
        "low": 95.5,
        "close": 347.0,
        "volume": 480.0,
        "buy_volume": 120.0,
        "complete": True,
    }
    assert aggregator.poll_events() == []


def test_flush_forces_open_bars_to_close_as_partial_ones():
    aggregator = Aggregator("5m:1h", time_unit="ns")
    aggregator.push_trade({"ts": START, "price": 10.0, "qty": 1.0, "side": 1})
    aggregator.push_trade({"ts": START + MINUTE, "price": 12.0, "qty": 1.0, "side": -1})
    assert aggregator.poll_events() == []
    aggregator.flush()
    events = aggregator.poll_events()
    assert [(event["period"], event["candle"]["complete"], event["candle"]["close"]) for event in events] == [
        ("1h", False, 12.0),
        ("5m", False, 12.0),
    ]
    aggregator.push_trade({"ts": START + 5 * MINUTE, "price": 9.0, "qty": 1.0, "side": 1})
    aggregator.advance(START + 10 * MINUTE)
    assert [(event["period"], event["candle"]["open"]) for event in aggregator.poll_events()] == [("5m", 9.0)]


def test_the_aggregator_says_what_it_misses():
    with pytest.raises(HqError, match="source='1m'"):
        Aggregator("5m").push_kline({"open_time": 0})
    with pytest.raises(HqError, match="time_unit"):
        Aggregator("5m", time_unit="minutes")
    aggregator = Aggregator("5m")
    aggregator.push_trade({"ts": 0, "price": 1.0, "qty": 1.0, "side": 1})
    with pytest.raises(HqError, match="'side' was in the first"):
        aggregator.push_trade({"ts": 1, "price": 1.0, "qty": 1.0})
