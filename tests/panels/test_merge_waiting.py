"""What waits for a slower input: given as early as can be, within a bound, and no more work than there are rows."""

from __future__ import annotations

import subprocess
import sys
from itertools import permutations

import frames
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inputs import descriptor
from panel_runs import BAR, MINUTE, START, bars, merged, order, said
from peak import PEAK

from hq_core.batch import EVER, Schema
from hq_core.errors import DATA, HqError
from hq_core.places import Opened
from hq_core.roles import Map
from hq_core.stages import merge
from hq_core.stages.merge import Input, Merged
from hq_core.stream import laid, rows, waiting
from hq_core.stream.rows import Kept
from hq_core.stream.waiting import Least
from hq_core.texts import Texts
from hq_core.wire import Reader

ANNOUNCED = Schema("bar", "S", "1m", BAR), []


def signal(at, symbol="S", **more):
    return {"kind": "signal", "symbol": symbol, "period": "1m", "ts": START + MINUTE * at, **more}


def mark(at):
    return {"kind": "mark", "ts": START + MINUTE * at}


def opened(*streams):
    fds = [descriptor(stream) for stream in streams]
    return [Opened(f"in{i}", Reader(fd), fd) for i, fd in enumerate(fds)]


# -- maps ------------------------------------------------------------------------------------------------------------
def test_maps_of_a_series_without_rows_come_as_far_as_its_marks_allow():
    steps = [step for at in range(1, 3000) for step in (signal(at), mark(at))]
    source = Merged(opened(frames.frames(ANNOUNCED, *steps), bars("A", {0: 1.0, 5000: 1.0})))
    first = next(item for item in source if isinstance(item, Map) and item["kind"] == "signal")
    assert first == signal(1)
    assert source.inputs[0].maps < 100


@pytest.mark.parametrize("turn", [*permutations(range(3))])
def test_maps_of_one_ts_lie_by_what_they_are_about_and_of_one_series_as_they_came(turn):
    inputs = [
        frames.frames(ANNOUNCED, signal(1, "S", n=2), signal(1, "S", n=1), signal(2, "S")),
        frames.frames((Schema("bar", "R", "1m", BAR), []), signal(1, "R"), {**signal(1, "R"), "period": "1h"}),
        bars("A", {0: 1.0, 1: 1.0}),
    ]
    found = frames.read(merged(*(inputs[at] for at in turn))).maps
    assert [(one["symbol"], one["period"], one.get("n")) for one in found if one["kind"] == "signal"] == [
        ("R", "1h", None),
        ("R", "1m", None),
        ("S", "1m", 2),
        ("S", "1m", 1),
        ("S", "1m", None),
    ]


def test_maps_count_in_what_may_wait(monkeypatch):
    monkeypatch.setattr(merge, "MOST_WAITING", 50_000)
    many = frames.frames(ANNOUNCED, *(signal(at) for at in range(1000)))
    with pytest.raises(
        HqError, match=r"^in0: .* of rows and maps wait for bar/S/1m, which has no row or mark"
    ) as error:
        merged(many, bars("A", {0: 1.0}))
    assert error.value.code == DATA


def test_free_text_counts_in_what_may_wait(monkeypatch):
    monkeypatch.setattr(merge, "MOST_WAITING", 50_000)
    schema = Schema("text", "T", "", (("ts", "i8"), ("said", "text")))
    long = frames.frames((schema, [(START + at, "x" * 1000) for at in range(100)]))
    with pytest.raises(HqError, match=r"^in0: .* of rows and maps wait for bar/S/1m"):
        merged(frames.frames(ANNOUNCED, signal(1)), long)


def test_a_map_between_rows_costs_no_sorting_of_the_panel(monkeypatch):
    laying = []
    monkeypatch.setattr(laid.Laid, "lay", lambda self, *given, lay=laid.Laid.lay: laying.append(1) or lay(self, *given))
    every = range(200)
    signals = frames.frames(ANNOUNCED, *(signal(at + 1) for at in every))
    found = merged(bars("A", dict.fromkeys(every, 1.0)), bars("B", dict.fromkeys(every, 2.0)), signals)
    assert len(laying) < 10
    assert len(said(found)[1]) == 200
    seen = []
    for kind, item in frames.items(found):
        if kind == "rows":
            seen += [(ts, 0) for ts in item.view("ts")]
        elif kind == "map" and item["kind"] == "signal":
            seen.append((item["ts"], 1))
    assert seen == sorted(seen)


def test_the_last_ts_there_is_is_given():
    schema = Schema("note", "A", "", (("ts", "i8"), ("n", "i8")))
    given_ = frames.frames(
        (schema, [(1, 1), (EVER, 2)]), {"kind": "signal", "ts": EVER}, {"kind": "signal", "ts": 2**63}
    )
    for series in (False, True):
        found = frames.read(merged(given_, series=series))
        assert [one["n"] for one in found.rows.values()] == [[1, 2]]
        assert [one["ts"] for one in found.maps if one["kind"] == "signal"] == [EVER, 2**63]


# -- rows ------------------------------------------------------------------------------------------------------------
@given(
    closes=st.lists(st.sets(st.integers(0, 60), min_size=1), min_size=1, max_size=5),
    together=st.integers(1, 2000),
    series=st.booleans(),
)
def test_rows_that_leave_a_few_at_a_time_are_those_that_leave_together(closes, together, series):
    inputs = [bars(f"S{i}", dict.fromkeys(one, 1.0)) for i, one in enumerate(closes)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waiting, "TOGETHER", together)
        found = merged(*inputs, series=series)
    assert said(found) == said(merged(*inputs, series=series))
    if not series:
        assert order(found) == sorted(order(found))


COLUMNS = (("ts", "i8"), ("n", "i1"), ("said", "text"))


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 40)), max_size=40))
def test_kept_rows_are_a_queue(steps):
    kept, expected, at = Kept(Schema("text", "T", "", COLUMNS)), [], 0
    for adds, n in steps:
        if adds:
            new = [(at + i, (at + i) % 100, f"text {at + i}") for i in range(n)]
            at += n
            words = Texts([row[2] for row in new])
            ts, small, text = kept.reserve(n)
            for place, data in ((ts, frames.pack("i8", [row[0] for row in new])), (small, bytes(r[1] for r in new))):
                frames.ctypes.memmove(place, data, len(data))
            frames.ctypes.memmove(text, words.address, 16 * n)
            kept.commit(n)
            expected += new
        else:
            kept.drop(min(n, kept.n))
            expected = expected[n:]
        batch = merge.Batch(kept.schema, kept.n, kept.starts or [0, 0, 0])
        assert kept.n == len(expected)
        if kept.n:
            assert list(zip(batch.view("ts").tolist(), batch.view("n").tolist(), batch.words("said"))) == expected


def test_dropping_rows_one_by_one_moves_each_a_few_times(monkeypatch):
    moved = []
    monkeypatch.setattr(rows, "move", lambda to, at, widths, n: moved.append(n))
    kept = Kept(Schema("n", "A", "", (("ts", "i8"),)))
    kept.reserve(4000)
    kept.commit(4000)
    for _ in range(3999):
        kept.drop(1)
        kept.reserve(1)
        kept.commit(1)
    assert kept.n == 4000
    assert sum(moved) < 5 * 4000


# -- many inputs -----------------------------------------------------------------------------------------------------
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-9, 9), st.booleans()), min_size=1))
def test_the_least_is_the_least(steps):
    found, now = Least(), {}
    for at, value, last in steps:
        found.set(at, value, last)
        now[at] = value, last, at
        least = min(now.values())
        assert found.least == (least[0], least[2])


def test_a_step_looks_at_the_input_that_it_read(monkeypatch):
    """Counted, not timed: the work for each of n inputs does not grow with n."""

    def looks(n):
        looked = []
        reached = Input.reached
        with monkeypatch.context() as patch:
            patch.setattr(Input, "reached", property(lambda one: looked.append(1) or reached.fget(one)))
            merged(*(bars(f"S{i}", {i: 1.0, i + 1: 1.0}) for i in range(n)))
        return len(looked) / n

    assert looks(300) <= 1.1 * looks(100)


def test_many_inputs_take_little_memory_each(tmp_path, run, command_env):
    closes = dict.fromkeys(range(500), 1.0)
    for i in range(400):
        (tmp_path / f"{i}.hqf").write_bytes(bars(f"S{i:03}", closes))
    assert run("hq-merge 0.hqf 1.hqf", cwd=tmp_path).code == 0  # the first run compiles
    ran = subprocess.run(
        [sys.executable, "-S", "-c", PEAK, "/dev/null", "hq-merge *.hqf"],
        env=command_env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    peak, code = map(int, ran.stdout.split())
    assert code == 0, ran.stderr
    assert peak < 150 * 1024
