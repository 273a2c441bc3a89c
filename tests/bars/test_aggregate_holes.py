"""Bars made of fewer rows than they have room for: counted per period, however the input is cut; dropped; refused."""

from __future__ import annotations

import math
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgpack
import oracle_bars
import promises
import pytest
from bar_runs import DAY, HOUR, MINUTE, PLAIN, START, run, texts
from frames import items
from hypothesis import given, settings
from hypothesis import strategies as st
from places import ROOT

from hq_core import holes
from hq_core.bars.aggregator import Aggregator
from hq_core.batch import Schema
from hq_core.errors import DATA, USAGE, HqError
from hq_core.say import iso_text
from hq_core.stages.aggregate import Aggregate

OHLCV = (("ts", "i8"), ("open_time", "i8"), *((name, "f8") for name in ("open", "high", "low", "close", "volume")))
BARS = Schema("bar", "X", "1m", OHLCV)
CHAIN = "5m:15m:4h:1d"
LENGTHS = {"5m": 5 * MINUTE, "15m": 15 * MINUTE, "4h": 4 * HOUR, "1d": DAY}

minutes = st.lists(st.sampled_from((1, 1, 1, 1, 1, 1, 2, 4, 7, 300)), min_size=1, max_size=60)


def bar(minute, span=MINUTE, start=START):
    begin = start + minute * span
    return (begin + span, begin, 10.0 + minute % 7, 20.0, 5.0, 11.0 + minute % 5, 1.0)


def bars_of(gaps, first=0):
    rows, minute = [], first
    for gap in gaps:
        rows.append(bar(minute))
        minute += gap
    return rows


def expected_holes(rows, upto):
    """The oracle's count of every period, over the bars that `upto` has closed."""
    given_bars = [dict(zip(BARS.names, row)) for row in rows]
    found = {}
    for period, length in LENGTHS.items():
        lacks = oracle_bars.holes_of_bars(given_bars, length, MINUTE, rows[0][1])
        closed = {begin: n for begin, n in lacks.items() if begin + length <= upto}
        if closed:
            found[f"bar/X/{period}"] = {"bars": len(closed), "rows": sum(closed.values()), "first": min(closed)}
    return found


@settings(max_examples=60)
@given(
    gaps=minutes,
    first=st.integers(0, 20),
    cuts=st.sets(st.integers(0, 60)),
    emit=st.sampled_from(("closed", "updates")),
)
def test_holes_of_every_period_are_the_oracles_however_the_input_is_cut(gaps, first, cuts, emit):
    rows = bars_of(gaps, first)
    whole, stage = run(rows, CHAIN, schema=BARS, emit=emit)
    assert stage.holes == expected_holes(rows, max(row[0] for row in rows))
    for where in (cuts, range(len(rows))):
        again, other = run(rows, CHAIN, schema=BARS, cuts=where, emit=emit)
        assert texts(again, CHAIN) == texts(whole, CHAIN)
        assert other.holes == stage.holes


@settings(max_examples=40)
@given(gaps=minutes, at=st.integers(0, 60), mode=st.sampled_from(("keep", "drop")))
def test_holes_of_two_runs_with_a_state_are_those_of_one(gaps, at, mode):
    rows = bars_of(gaps)
    whole, stage = run(rows, CHAIN, schema=BARS, more=True, holes=mode)
    one, first = run(rows[:at], CHAIN, schema=BARS, more=True, holes=mode)
    two, second = run(rows[at:], CHAIN, schema=BARS, more=True, saved=first.save(), holes=mode)
    assert {p: texts(one, CHAIN)[p] + texts(two, CHAIN)[p] for p in LENGTHS} == texts(whole, CHAIN)
    both = {}
    holes.add(both, first.holes)
    holes.add(both, second.holes)
    assert both == stage.holes
    dropped = sum(one.dropped.get("holes", 0) for one in (first, second))
    assert dropped == stage.dropped.get("holes", 0)


@settings(max_examples=40)
@given(gaps=minutes, at=st.integers(1, 60))
def test_a_hole_is_known_when_its_bar_closes_and_never_taken_back(gaps, at):
    rows = bars_of(gaps)
    _, part = run(rows[:at], CHAIN, schema=BARS)
    assert part.holes == expected_holes(rows[:at], rows[:at][-1][0])


@settings(max_examples=40)
@given(gaps=minutes, cuts=st.sets(st.integers(0, 60)))
def test_dropped_bars_are_those_that_were_counted(gaps, cuts):
    rows = bars_of(gaps)
    kept, stage = run(rows, CHAIN, schema=BARS)
    left, dropping = run(rows, CHAIN, schema=BARS, holes="drop", cuts=cuts)
    given_bars = [dict(zip(BARS.names, row)) for row in rows]
    for period, length in LENGTHS.items():
        lacks = oracle_bars.holes_of_bars(given_bars, length, MINUTE, START)
        assert texts(left, period)[period] == [repr(row) for row in kept.of(period) if row["open_time"] not in lacks]
    assert dropping.dropped.get("holes", 0) == sum(one["bars"] for one in stage.holes.values())
    assert dropping.holes == {}


@settings(max_examples=60)
@given(gaps=minutes, cuts=st.sets(st.integers(0, 60)), emit=st.sampled_from(("closed", "updates")))
def test_as_an_error_a_hole_ends_the_run_at_one_place_however_the_input_is_cut(gaps, cuts, emit):
    rows = bars_of(gaps)
    kept, stage = run(rows, "1m:" + CHAIN, schema=BARS, emit=emit, more=True)
    if not stage.holes:
        run(rows, CHAIN, schema=BARS, holes="error", emit=emit, more=True)
        return
    firsts = {key.rpartition("/")[2]: one["first"] for key, one in stage.holes.items()}
    order = list(LENGTHS)
    name = min(firsts, key=lambda period: (firsts[period] + LENGTHS[period], -order.index(period)))
    end = firsts[name] + LENGTHS[name]
    for where in ((), cuts, range(len(rows))):
        failing = Aggregate("1m:" + CHAIN, slack="0s", holes="error", emit=emit)
        with pytest.raises(HqError, match=rf"the {name} bar of {iso_text(firsts[name])} lacks \d+ rows? ") as caught:
            run(rows, CHAIN, schema=BARS, stage=failing, cuts=where, more=True)
        assert caught.value.code == DATA
        for period in ("1m", *order):
            coarser = period in order[order.index(name) + 1 :]  # its forming row of that instant comes before
            before = [repr(row) for row in kept.of(period) if row["ts"] < end or (row["ts"] == end and coarser)]
            assert texts(failing.out, period)[period] == before


def test_480_bars_of_fewer_than_five_minutes_are_no_longer_silent():
    """The figures of an outside look: 538 minutes gone, 480 bars of fewer than five."""
    lacking = [2 if i < 58 else 1 for i in range(480)]
    rows = [bar(5 * i + k) for i in range(600) for k in range(5) if i >= 480 or k < 1 or k >= 1 + lacking[i]]
    assert 3000 - len(rows) == 538
    out, stage = run(rows, "5m", schema=BARS)
    assert len(out.of("5m")) == 600
    assert stage.holes == {"bar/X/5m": {"bars": 480, "rows": 538, "first": START}}
    assert stage.remarks() == ["holes: 480 bars of 5m lack 538 rows, first at 2023-11-15T00:00:00Z of bar/X/5m"]


def test_a_first_bar_without_its_beginning_is_partial_and_no_hole():
    _, stage = run([bar(i) for i in range(2, 10)], "5m", schema=BARS, partial="keep")
    assert stage.holes == {}


def test_a_bar_that_no_row_was_made_of_is_not_there_and_counts_nowhere():
    out, stage = run([bar(i) for i in (*range(5), *range(10, 15))], "5m", schema=BARS)
    assert [row["open_time"] - START for row in out.of("5m")] == [0, 10 * MINUTE]
    assert stage.holes == {}


def test_trades_have_no_holes():
    _, stage = run([(START, 1.0, 1.0), (START + 3 * MINUTE, 1.0, 1.0), (START + HOUR, 1.0, 1.0)], CHAIN, schema=PLAIN)
    assert stage.holes == {}
    assert stage.remarks() == []


def test_filled_in_minutes_are_times_without_trades_and_no_holes():
    rows = [bar(i) for i in (0, 1, 4, 5, 9)]
    out, stage = run(rows, "1m:5m", schema=BARS, fill="flat")
    assert stage.holes == {}
    assert len(out.of("1m")) == 10
    for mode in ("drop", "error"):
        with pytest.raises(HqError, match=f"holes {mode}: with fill flat") as caught:
            Aggregate("5m", fill="flat", holes=mode)
        assert caught.value.code == USAGE
    with pytest.raises(HqError, match="holes: 'maybe', must be one of keep, drop, error"):
        Aggregate("5m", holes="maybe")


@pytest.mark.parametrize(("day", "hours"), [((2024, 3, 31), 23), ((2024, 10, 27), 25)])
def test_a_day_of_23_or_25_hours_is_full_with_its_hours(day, hours):
    begin = int(datetime(*day, tzinfo=ZoneInfo("Europe/London")).timestamp()) * 10**9
    rows = [bar(i, HOUR, begin) for i in range(hours)]
    schema = Schema("bar", "X", "1h", OHLCV)
    out, stage = run(rows, "1d", schema=schema, tz="Europe/London")
    assert (len(out.of("1d")), stage.holes) == (1, {})
    del rows[5]
    assert run(rows, "1d", schema=schema, tz="Europe/London")[1].holes["bar/X/1d"]["rows"] == 1


def test_a_week_with_a_day_of_23_hours_lacks_a_day_when_one_is_missing():
    zone = ZoneInfo("Europe/London")
    edges = [int((datetime(2024, 3, 25, tzinfo=zone) + timedelta(days=i)).timestamp()) * 10**9 for i in range(8)]
    rows = [(b, a, 1.0, 1.0, 1.0, 1.0, 1.0) for a, b in zip(edges, edges[1:])]
    schema = Schema("bar", "X", "1d", OHLCV, {"tz": "Europe/London"})
    assert run(rows, "1w", schema=schema, tz="Europe/London")[1].holes == {}
    assert run(rows, "1w", schema=schema, tz="Europe/London")[1].notices == {}
    del rows[2]
    assert run(rows, "1w", schema=schema, tz="Europe/London")[1].holes["bar/X/1w"]["rows"] == 1


def test_the_aggregator_counts_holes_too():
    aggregator = Aggregator("5m", source="1m", time_unit="s")
    for minute in (0, 1, 3, 4, 5):
        aggregator.push_kline({"open_time": 60 * minute, "open": 1, "high": 1, "low": 1, "close": 1})
    assert aggregator.holes == {"bar//5m": {"bars": 1, "rows": 1, "first": 0}}


# -- the command ------------------------------------------------------------------------------------------
def command(module, data, *options):
    done = subprocess.run(
        [sys.executable, "-m", f"hq_cli.{module}", *options],
        input=data,
        capture_output=True,
        timeout=120,
        check=False,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "core"), "HOME": str(Path.home())},
    )
    return done.returncode, done.stdout, done.stderr.decode()


def _ends(data):
    return [item.get("holes") for kind, item in items(data) if kind == "end"]


ROWS = [bar(i) for i in (0, 1, 2, 4, 5, 6, 7, 8, 9, 12, 14)]
FOUND = {"bar/X/5m": {"bars": 2, "rows": 4, "first": START}}


def test_holes_are_one_line_and_stand_in_the_end_and_go_on_downstream(tmp_path):
    code, out, err = command("aggregate", promises.stream([(BARS, ROWS)]), "5m")
    assert (code, _ends(out)) == (0, [FOUND])
    assert err == f"hq-aggregate: holes: 2 bars of 5m lack 4 rows, first at {iso_text(START)} of bar/X/5m\n"
    code, further, err = command("indicators", out, "ema:2")
    assert (code, _ends(further), err) == (0, [FOUND], "")
    alike = promises.stream([(BARS, bars_of([1] * 15))])
    assert _ends(command("aggregate", alike, "5m")[1]) == [None]


def test_streams_of_the_same_rows_are_equal_whatever_they_say_of_holes(tmp_path):
    _, out, _ = command("aggregate", promises.stream([(BARS, ROWS)]), "5m")
    rows = [
        (item.schema, list(zip(*(item.view(name).tolist() for name in item.schema.names))))
        for kind, item in items(out)
        if kind == "rows"
    ]
    (tmp_path / "a").write_bytes(out)
    (tmp_path / "b").write_bytes(promises.stream(rows))
    code, _, err = command("diff", b"", str(tmp_path / "a"), str(tmp_path / "b"))
    assert (code, err) == (0, "")


def test_two_days_with_a_state_say_together_what_one_run_says(tmp_path):
    parts = [
        command("aggregate", promises.stream([(BARS, part)]), "5m", "--state", str(tmp_path / "s"))[1]
        for part in (ROWS[:7], ROWS[7:])
    ]
    assert _ends(b"".join(parts)) == [
        {"bar/X/5m": {"bars": 1, "rows": 1, "first": START}},
        {"bar/X/5m": {"bars": 1, "rows": 3, "first": START + 10 * MINUTE}},
    ]
    joined = {}
    for one in _ends(b"".join(parts)):
        holes.add(joined, one)
    assert joined == FOUND
    _, passed, _ = command("indicators", b"".join(parts), "ema:2")
    assert _ends(passed) == [FOUND]


def test_an_error_names_the_bar(tmp_path):
    code, out, err = command("aggregate", promises.stream([(BARS, ROWS)]), "5m", "--holes", "error")
    assert code == 65
    assert err == f"hq-aggregate: bar/X/1m: the 5m bar of {iso_text(START)} lacks 1 row (--holes keep or drop)\n"


@pytest.mark.parametrize("said", [[], 3, {"x": 1}, {"x": {"bars": 1}}, {"x": {"bars": 1, "rows": "2", "first": 0}}])
def test_an_end_whose_holes_have_another_form_is_refused(said):
    head = msgpack.packb({"kind": "head", "hq": 1, "made_by": []})
    end = msgpack.packb({"kind": "end", "rows": {}, "dropped": {}, "holes": said})
    code, _, err = command("aggregate", head + end, "5m")
    assert code == 65
    assert "is an end whose holes are not maps of bars, rows and first" in err


def test_absent_volumes_do_not_disturb_the_count():
    rows = [(*bar(i)[:6], math.nan) for i in (0, 1, 2, 4)]
    assert run(rows, "5m", schema=BARS)[1].holes["bar/X/5m"]["rows"] == 1
