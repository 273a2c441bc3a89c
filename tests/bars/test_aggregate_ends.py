"""Where bars end: at the ends of time, at the beginning of the input, and at its end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import oracle_bars
import promises
import pytest
from bar_runs import DAY, HOUR, MINUTE, PLAIN, SECOND, START, TRADES, run, texts
from filters import bars, trades
from hypothesis import given, settings
from hypothesis import strategies as st
from places import ROOT

from hq_core.bars.aggregator import Aggregator
from hq_core.bars.period import EARLIEST, LATEST
from hq_core.batch import Schema
from hq_core.errors import DATA, USAGE, HqError
from hq_core.stages.aggregate import Aggregate

OHLCV = (("ts", "i8"), ("open_time", "i8"), *((name, "f8") for name in ("open", "high", "low", "close", "volume")))
BARS = Schema("bar", "X", "1m", OHLCV)
BARE = Schema("bar", "X", "1m", tuple(col for col in OHLCV if col[0] != "open_time"))
FIRST, LAST = -(1 << 63), (1 << 63) - 1
FAR = r"bars are made of times from 1678-01-01T00:00:00Z to 2262-01-01T00:00:00Z"
FILLED = (
    {"fill": "flat"},
    {"fill": "flat", "max_gap": "36500d"},
    {"fill": "flat", "lateness": "5s"},
    {},
    {"lateness": "36500d"},
    {"tz": "Europe/London"},
)


def bar(ts, span=MINUTE):
    return (ts, ts - span, 1.0, 1.0, 1.0, 1.0, 1.0)


# -- the ends of time -------------------------------------------------------------------------------------
@pytest.mark.parametrize("options", FILLED, ids=str)
@pytest.mark.parametrize("ts", [FIRST, FIRST + 1, EARLIEST - 1, LATEST + 1, LAST - MINUTE, LAST - 1, LAST])
def test_a_trade_whose_bar_would_end_beyond_time_is_an_error_with_its_row(ts, options):
    before = START if ts > 0 else EARLIEST
    for rows, row in (([(ts, 1.0, 1.0)], 1), ([(before, 1.0, 1.0), (ts, 1.0, 1.0)], 2)):
        for cuts in ((), (1,)):
            with pytest.raises(HqError, match=f"row {row}: ts {ts} is .*{FAR}") as caught:
                run(rows, "1s:1m:1w:1d", schema=PLAIN, cuts=cuts, **options)
            assert caught.value.code == DATA


@pytest.mark.parametrize("options", FILLED[:2], ids=str)
@pytest.mark.parametrize("ts", [FIRST + MINUTE, EARLIEST, LATEST + 1, LAST])
def test_a_bar_that_ends_beyond_time_is_an_error_with_its_row(ts, options):
    with pytest.raises(HqError, match=f"row 1: ts .*{FAR}"):
        run([bar(ts)], "5m", schema=BARS, **options)
    with pytest.raises(HqError, match=f"row 1: ts .*{FAR}"):
        run([(FIRST, 1.0, 1.0, 1.0, 1.0, 1.0)], "5m", schema=BARE, **options)


def test_the_first_and_the_last_time_make_bars_of_every_period():
    longest = "1s:1m:1d:1w:90d"
    out, _ = run([(EARLIEST, 1.0, 1.0), (LATEST, 2.0, 1.0)], longest, schema=PLAIN, partial="keep")
    for period in longest.split(":"):
        first, last = out.of(period)
        assert first["open_time"] <= EARLIEST < first["ts"]
        assert last["open_time"] <= LATEST == last["ts"]
    out, _ = run([(EARLIEST, 1.0, 1.0), (LATEST, 2.0, 1.0)], "1w", schema=PLAIN, partial="keep", tz="Asia/Kathmandu")
    assert len(out.of("1w")) == 2


@settings(max_examples=30)
@given(gaps=st.lists(st.sampled_from((0, SECOND, HOUR, 9 * DAY)), max_size=40), cuts=st.sets(st.integers(0, 40)))
@pytest.mark.parametrize("tz", ["", "Asia/Kathmandu"])
def test_bars_before_1970_lie_where_their_trades_do(gaps, cuts, tz):
    ts, rows = -30 * DAY + HOUR, []
    for i, gap in enumerate(gaps):
        ts += gap
        rows.append((ts, 1.0 + i, 2.0, 1, 1))
    out, _ = run(rows, "1m:1d", partial="keep", cuts=cuts, tz=tz)
    for period, length in (("1m", MINUTE), ("1d", DAY)):
        if period == "1d" and tz:
            assert sum(row["trades"] for row in out.of("1d")) == len(rows)
            assert all(row["open_time"] % DAY == 66_600 * SECOND for row in out.of("1d"))  # midnight at +05:30 then
            continue
        expected = oracle_bars.bars_of_trades(rows, length)
        assert [row["open_time"] for row in out.of(period)] == list(expected)


def test_an_error_beyond_time_comes_at_the_same_row_where_rows_wait_for_late_ones():
    rows = [(START, 1.0, 1.0), (START - SECOND, 1.0, 1.0), (START + SECOND, 1.0, 1.0), (LAST, 1.0, 1.0)]
    for cuts in ((), (1, 2, 3), (3,)):
        with pytest.raises(HqError, match=f"row 4: ts {LAST}"):
            run(rows, "1s", schema=PLAIN, cuts=cuts, lateness="2s")
    one, stage = run(rows[:3], "1s", schema=PLAIN, lateness="2s", more=True)
    with pytest.raises(HqError, match=f"row 4: ts {LAST}"):
        run(rows[3:], "1s", schema=PLAIN, lateness="2s", saved=stage.save())


@pytest.mark.parametrize("fill", ["none", "flat"])
@pytest.mark.parametrize("lateness", ["", "1s", "36500d"])
@pytest.mark.parametrize("mark", [FIRST, FIRST + 1, EARLIEST])
def test_a_mark_before_all_time_says_nothing(mark, lateness, fill):
    rows = [(START + i * 20 * SECOND, 1.0 + i, 1.0) for i in range(12)]
    options = {"fill": fill, "lateness": lateness}
    expected, _ = run([("mark", START), *rows], "1m:1d", schema=PLAIN, **options)
    got, _ = run([("mark", mark), *rows[:5], ("mark", mark), *rows[5:]], "1m:1d", schema=PLAIN, **options)
    assert texts(got, "1m:1d") == texts(expected, "1m:1d")


@pytest.mark.parametrize("options", [{"fill": "flat"}, {}, {"fill": "flat", "lateness": "1m"}], ids=str)
def test_a_mark_before_all_time_among_bars_is_no_bug(options):
    """Bars may still close at a mark, so what it says begins 1 ns earlier: here one before the first there is."""
    rows = [bar(START + i * MINUTE) for i in range(10)]
    got, _ = run([*rows[:3], ("mark", FIRST), *rows[3:]], "5m:15m", schema=BARS, **options)
    assert texts(got, "5m:15m") == texts(run(rows, "5m:15m", schema=BARS, **options)[0], "5m:15m")


@pytest.mark.parametrize("lateness", ["", "1s", "36500d"])
def test_a_mark_after_all_time_closes_what_is_open_and_fills_no_further_than_max_gap(lateness):
    rows = [(START, 1.0, 1.0), (START + MINUTE, 1.0, 1.0), ("mark", LAST)]
    out, _ = run(rows, "1m:1d", schema=PLAIN, lateness=lateness, more=True)
    assert [row["ts"] - START for row in out.of("1m")] == [MINUTE, 2 * MINUTE]
    with pytest.raises(HqError, match=r"nothing from 2023-11-15T00:01:00Z to 2262-01-01T00:00:00Z \(\d+d .*h\)"):
        run(rows, "1m", schema=PLAIN, lateness=lateness, fill="flat")


@pytest.mark.parametrize("cuts", [(), (1,)])
@pytest.mark.parametrize(("schema", "row"), [(PLAIN, lambda ts: (ts, 1.0, 1.0)), (BARS, bar)])
def test_a_silence_of_more_than_292_years_is_one_and_not_a_step_back(schema, row, cuts):
    """Its length does not fit into int64."""
    rows = [row(EARLIEST + HOUR), row(LATEST - HOUR)]
    out, _ = run(rows, "5m", schema=schema, partial="keep", cuts=cuts)
    assert len(out.of("5m")) == 2
    with pytest.raises(HqError, match="row 2: nothing from 1678-01-01T01:00:00Z to 2261-12-31T"):
        run(rows, "5m", schema=schema, fill="flat", max_gap="36500d", cuts=cuts)
    with pytest.raises(HqError, match=r"row 2: ts goes back by 21330\dd \d+h; sort"):
        run(rows[::-1], "5m", schema=schema, fill="flat", max_gap="36500d", cuts=cuts)


def test_with_lateness_a_gap_is_refused_before_it_is_filled():
    rows = [(START, 1.0, 1.0), (START + 30 * DAY, 1.0, 1.0)]
    stage = Aggregate("1s", fill="flat", lateness="1s")
    with pytest.raises(HqError, match="longer than max_gap 1d"):
        run(rows, "1s", schema=PLAIN, stage=stage)
    assert len(stage.out.of("1s")) <= 1


@pytest.mark.parametrize("name", ["maxbar.hqf", "st_agg.9009d5a3.in", "st_agg.f5347fd8.in"])
@pytest.mark.parametrize("options", [["1m", "--fill", "flat"], ["5m"], ["1h", "--lateness", "1s", "--fill", "flat"]])
def test_the_files_of_endless_output_end(name, options, shared):
    path = shared / "attack" / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    code, out, err = command(path.read_bytes(), *options)
    assert code == 65
    assert "bars are made of times from" in err
    assert len(out) < 1000


@pytest.mark.parametrize("option", ["max_gap", "slack", "slack_start", "lateness"])
@pytest.mark.parametrize("value", ["90000d", "99999999999999999999d", "1", "-1s"])
def test_every_duration_has_a_bound_and_a_unit(option, value):
    with pytest.raises(HqError, match=f"{option}: '{value}' is ") as caught:
        Aggregate("1m", **{option: value})
    assert caught.value.code == USAGE


@pytest.mark.parametrize("period", ["99999999999999999999d", "90000d", "1M", "x"])
def test_a_period_of_the_input_that_is_none_is_bad_data(period):
    with pytest.raises(HqError, match=f"bar/X/{period}: period ") as caught:
        run([], "5m", schema=Schema("bar", "X", period, OHLCV))
    assert caught.value.code == DATA


def test_times_of_another_unit_are_told_by_the_library():
    with pytest.raises(HqError, match="ts 1700000000000000000000: bars are made .*; is time_unit s"):
        Aggregator("1m", time_unit="s").push_trade({"ts": 1_700_000_000_000, "price": 1.0, "qty": 1.0})
    prices = dict.fromkeys(("open", "high", "low", "close"), 1.0)
    with pytest.raises(HqError, match="bars are made"):
        Aggregator("5m", source="1m", time_unit="ms").push_kline({"open_time": 1.7e18, **prices})


# -- the beginning of the input ---------------------------------------------------------------------------
LENGTHS = {"1s": SECOND, "1m": MINUTE, "4h": 4 * HOUR, "1d": DAY}


@settings(max_examples=80)
@given(
    offset=st.integers(0, 2 * SECOND) | st.sampled_from((0, 1, 10**7, 10**7 + 1, 6 * 10**8, 6 * 10**8 + 1, SECOND)),
    begin=st.sampled_from((0, 3 * HOUR, 4 * HOUR, 7 * MINUTE, 30 * SECOND)),
    slack=st.sampled_from(("0s", "1s", "500ms", "1h")),
    cuts=st.sets(st.integers(0, 12)),
)
def test_a_first_trade_within_the_slack_of_a_boundary_makes_a_whole_bar_of_that_period(offset, begin, slack, cuts):
    first = START + begin + offset
    rows = [(first + i * 50 * MINUTE // 3, 1.0 + i, 1.0) for i in range(100)]
    length = {"0s": 0, "1s": SECOND, "500ms": SECOND // 2, "1h": HOUR}[slack]
    out, _ = run(rows, "1s:1m:4h:1d", schema=PLAIN, slack_start=slack, partial="keep", cuts=cuts, more=True)
    for period, ns in LENGTHS.items():
        assert out.of(period)[0]["complete"] == oracle_bars.first_is_whole(first, ns, length), period
        assert all(row["complete"] for row in out.of(period)[1:])


def test_days_made_apart_from_each_other_lose_nothing():
    """Two files of a day each, first trade 400 ms and last 300 ms from midnight: without a state and without a loss."""
    day = [START + 400_000_000 + i * 30 * SECOND for i in range(2880)]
    day[-1] = START + DAY - 300_000_000
    found = []
    for shift in (0, DAY):
        rows = [(ts + shift, 1.0, 1.0) for ts in day]
        out, stage = run(rows, "1m:1d", schema=PLAIN, slack="1s", slack_start="1s")
        assert stage.dropped == {}
        found += out.of("1m")
        assert [row["open_time"] - shift for row in out.of("1d")] == [START]
    assert [row["open_time"] for row in found] == list(range(START, START + 2 * DAY, MINUTE))
    assert len(run([(ts, 1.0, 1.0) for ts in day], "1m:1d", schema=PLAIN, slack="1s")[0].of("1m")) == 1439


@settings(max_examples=30)
@given(at=st.integers(0, 40), offset=st.sampled_from((0, 300_000_000, SECOND)))
def test_a_resumed_state_has_begun_before_and_its_first_trade_is_no_start(at, offset):
    rows = [(START + offset + i * 90 * SECOND, 1.0, 1.0) for i in range(40)]
    whole, _ = run(rows, "1m:1h", schema=PLAIN, slack_start="1s", more=True)
    one, stage = run(rows[:at], "1m:1h", schema=PLAIN, slack_start="1s", more=True)
    two, _ = run(rows[at:], "1m:1h", schema=PLAIN, slack_start="1s", more=True, saved=stage.save())
    for period in ("1m", "1h"):
        assert texts(one, period)[period] + texts(two, period)[period] == texts(whole, period)[period]


def test_bars_begin_where_they_say_and_get_no_slack():
    out, _ = run([bar(START + (i + 2) * MINUTE) for i in range(300)], "1h", schema=BARS, slack_start="1h", more=True)
    assert [row["open_time"] - START for row in out.of("1h")] == [HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR]


# -- the end of the input ---------------------------------------------------------------------------------
CHAINS = {"trades": ("1m:5m:1h", trades), "bars": ("5m:15m:1h", bars)}


def without_the_last_partial(columns, length):
    """The columns of a series without a last row that the end of the input has cut short."""
    held = {
        name: memoryview(columns[name]).cast("b" if name == "complete" else "q")
        for name in ("ts", "open_time", "complete")
    }
    if not held["ts"] or held["complete"][-1] or held["ts"][-1] >= held["open_time"][-1] + length:
        return columns
    return {name: data[: -(1 if name == "complete" else 8)] for name, data in columns.items()}


@pytest.mark.parametrize("kind", CHAINS)
@pytest.mark.parametrize("fill", ["none", "flat"])
@settings(max_examples=30)
@given(seed=st.integers(0, 999), n=st.integers(1, 120), share=st.floats(0, 1))
def test_kept_partial_bars_are_a_prefix_but_for_the_last_one_of_a_series(kind, fill, seed, n, share):
    chain, data = CHAINS[kind]
    schema, rows = data(seed, n)
    options = {"partial": "keep", "slack": "0s", "fill": fill}
    part, whole = (
        promises.said(promises.run(Aggregate(chain, **options), promises.stream(promises.cut(schema, given_rows, [7]))))
        for given_rows in (rows[: int(n * share)], rows)
    )
    lengths = {"1m": MINUTE, "5m": 5 * MINUTE, "15m": 15 * MINUTE, "1h": HOUR}
    stripped = {
        key: without_the_last_partial(columns, lengths[key.rpartition("/")[2]]) for key, columns in part[0].items()
    }
    assert promises.is_prefix((stripped,), whole)


@pytest.mark.parametrize("kind", CHAINS)
@pytest.mark.parametrize("fill", ["none", "flat"])
@settings(max_examples=30)
@given(seed=st.integers(0, 999), n=st.integers(1, 120), share=st.floats(0, 1))
def test_kept_partial_bars_beside_forming_ones_are_a_prefix_to_the_last_row(kind, fill, seed, n, share):
    chain, data = CHAINS[kind]
    schema, rows = data(seed, n)
    options = {"partial": "keep", "slack": "0s", "fill": fill, "emit": "updates"}
    part, whole = (
        promises.said(promises.run(Aggregate(chain, **options), promises.stream(promises.cut(schema, given_rows, [7]))))
        for given_rows in (rows[: int(n * share)], rows)
    )
    assert promises.is_prefix(part, whole)


def test_the_last_forming_bar_is_said_once_and_counted_where_it_is_dropped():
    rows = [(START, 1.0, 1.0, 1, 1), (START + MINUTE, 2.0, 1.0, 1, 1)]
    out, stage = run(rows, "1m", emit="updates", partial="keep")
    assert [(row["ts"] - START, row["complete"]) for row in out.of("1m")] == [(0, 0), (MINUTE, 1), (MINUTE, 0)]
    assert stage.dropped == {}
    assert run(rows, "1m", schema=TRADES, emit="updates")[1].dropped == {"partial": 1}


def command(data, *options):
    done = subprocess.run(
        [sys.executable, "-m", "hq_cli.aggregate", *options],
        input=data,
        capture_output=True,
        timeout=120,
        check=False,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "core"), "HOME": str(Path.home())},
    )
    return done.returncode, done.stdout, done.stderr.decode()
