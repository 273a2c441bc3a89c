"""hq-diff: what counts as equal, what is named first, and by how much."""

from __future__ import annotations

import json
import math
import os

import frames
import pytest
import vector_files
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs import descriptor

from hq_core.batch import Schema
from hq_core.compare.values import Near, maps, ulps
from hq_core.errors import DATA, HqError
from hq_core.stages import diff as stage
from hq_core.wire import Reader

BARS = frames.flat_bars([100.0 + i / 7 for i in range(50)])
HOURS = frames.flat_bars([100.0 + i for i in range(12)], step_s=3600, period="1h")
INF, NAN = math.inf, math.nan


def compared(a, b, ulp=None, rtol=None, atol=None, columns=()):
    fds = []
    for data in (a, b):
        fds.append(descriptor(data))
    try:
        found = stage.Diff(("a", "b"), tuple(map(Reader, fds)), Near(ulp, rtol, atol), columns)
        assert found.run() == (found.first is None)
        return found
    finally:
        for fd in fds:
            os.close(fd)


def changed(piece, row, column, value):
    schema, rows = piece
    rows = [list(one) for one in rows]
    rows[row][schema.names.index(column)] = value
    return schema, [tuple(one) for one in rows]


def column(kind, values):
    return frames.frames((Schema("x", "S", "", [("ts", "i8"), ("v", kind)]), list(enumerate(values))))


# -- equal -------------------------------------------------------------------------------------------------
@settings(max_examples=30)
@given(st.integers(1, 60), st.integers(1, 60), st.booleans())
def test_framing_and_interleaving_do_not_count(one, other, turned):
    a = frames.frames(HOURS, BARS, each=one)
    pieces = [(BARS[0], BARS[1][i : i + other]) for i in range(0, 50, other)]
    pieces[1:1] = [HOURS] if turned else []
    b = frames.frames(*pieces, *([] if turned else [HOURS]))
    found = compared(a, b)
    assert found.first is None
    assert found.rows == 62


def test_concatenated_sections_are_one_series():
    schema, rows = BARS
    two = frames.frames((schema, rows[:20])) + frames.frames((schema, rows[20:]))
    assert compared(two, frames.frames(BARS)).first is None


@pytest.mark.parametrize("name", vector_files.GOOD)
def test_every_stream_is_equal_to_itself(name):
    data = vector_files.stream(name)
    if name == "good-empty-section":
        with pytest.raises(HqError, match="announces no series"):
            compared(data, data)
        return
    assert compared(data, data).first is None


def test_heads_sections_and_marks_say_nothing():
    a, b = (frames.frames(*extra, BARS) for extra in ([], [{"kind": "section"}, {"kind": "mark", "ts": 3}]))
    assert compared(a, b).first is None


# -- apart -------------------------------------------------------------------------------------------------
def test_the_earliest_difference_is_named_whatever_the_series():
    a = frames.frames(HOURS, BARS)
    b = frames.frames(changed(HOURS, 5, "close", 1.0), changed(changed(BARS, 7, "low", 2.0), 7, "close", 3.0), each=3)
    found = compared(a, b)
    low = BARS[1][7][4]
    assert found.first == {
        "series": "bar/BTCUSDT/15m",
        "ts": BARS[1][7][0],
        "row": 7,
        "column": "low",
        "a": low,
        "b": 2.0,
        "ulp": ulps(low, 2.0),
    }
    assert found.differ == {"bar/BTCUSDT/1h": {"close": 1}, "bar/BTCUSDT/15m": {"low": 1, "close": 1}}
    assert found.rows_differ == 2


def test_the_other_way_round_says_the_same_with_sides_exchanged():
    a, b = frames.frames(BARS, HOURS), frames.frames(changed(BARS, 3, "open", 9.0), (HOURS[0], HOURS[1][:5]))
    one, other = compared(a, b).first, compared(b, a).first
    assert {**one, "a": one["b"], "b": one["a"]} == other
    assert one["b"] == 9.0


@pytest.mark.parametrize(
    ("a", "b", "ulp", "apart"),
    [
        (1.0, 1.0, None, False),
        (NAN, NAN, None, False),
        (0.0, -0.0, None, True),
        (0.0, -0.0, 0, False),
        (1.0, 1.0 + 2**-52, None, True),
        (1.0, 1.0 + 2**-52, 0, True),
        (1.0, 1.0 + 2**-52, 1, False),
        (1.0, 1.0 - 2**-53, 1, False),
        (1.0, 1.0 + 2**-51, 1, True),
        (5e-324, -5e-324, 1, True),
        (5e-324, -5e-324, 2, False),
        (NAN, 1.0, 2**32, True),
        (1.0, NAN, 2**32, True),
        (INF, -INF, 2**32, True),
        (INF, INF, None, False),
        (INF, 1.7976931348623157e308, 1, False),
        (INF, NAN, 2**32, True),
        (-1e300, 1e300, 2**32, True),
    ],
)
def test_what_a_float_must_be_to_be_equal(a, b, ulp, apart):
    found = compared(column("f8", [0.5, a]), column("f8", [0.5, b]), ulp=ulp)
    assert (found.first is not None) == apart
    assert (list(maps({"v": [a]}, {"v": [b]}, Near(ulp))) != []) == apart
    if apart and not (math.isnan(a) or math.isnan(b)):
        assert found.first["ulp"] == ulps(a, b)


def test_any_nan_equals_any_nan():
    schema = Schema("x", "", "", [("v", "f8")])
    data = frames.frames((schema, [(NAN,)]))
    bits = frames.pack("f8", [NAN])
    other = data.replace(bits, bytes.fromhex("efbeadde0000f8ff"))
    assert other != data
    assert compared(data, other).first is None


@settings(max_examples=200)
@given(st.floats(allow_nan=False), st.integers(0, 50))
def test_ulps_are_steps_of_nextafter(value, steps):
    """The distance is counted here by walking, one float at a time."""
    at = value
    for _ in range(steps):
        at = math.nextafter(at, INF)
    walked = steps if math.isfinite(at) else None
    if walked is not None:
        assert ulps(value, at) == ulps(at, value) == walked
        if walked:
            assert compared(column("f8", [value]), column("f8", [at]), ulp=walked).first is None
            found = compared(column("f8", [value]), column("f8", [at]), ulp=walked - 1)
            assert (found.first is None) == (walked == 0)


@pytest.mark.parametrize(
    ("kind", "a", "b", "said"),
    [
        ("i8", 2**63 - 1, -(2**63), ("v", 2**63 - 1, -(2**63), None)),
        ("i4", 1, 2, ("v", 1, 2, None)),
        ("b1", 0, 1, ("v", 0, 1, None)),
        ("i1", -128, 127, ("v", -128, 127, None)),
        ("s4", 0, 1, ("v", 0, 1, None)),
        ("f4x3", [1.0, 0.1, 2.0], [1.0, 0.2, 2.0], ("v[1]", 0.1, 0.2, 8388608)),
        ("i8x2", [1, 2], [1, 3], ("v[1]", 2, 3, None)),
    ],
)
def test_every_type_of_column_is_compared(kind, a, b, said):
    found = compared(column(kind, [a, a, a]), column(kind, [a, b, b]))
    assert tuple(found.first[name] for name in ("column", "a", "b", "ulp")) == said
    assert found.first["row"] == 1
    assert found.differ == {"x/S/": {"v": 2}}


def test_rows_that_one_side_lacks_are_told_by_their_first():
    schema, rows = BARS
    for parts in (1, 50):
        both = frames.frames(BARS, each=parts), frames.frames((schema, rows[:-3]), each=7)
        for a, b, told in ((*both, ("a row", None)), (*both[::-1], (None, "a row"))):
            found = compared(a, b)
            assert (found.first["ts"], found.first["row"]) == (rows[-3][0], 47)
            assert (found.first["a"], found.first["b"]) == told
            assert found.rows == 47
            assert sorted(found.series["bar/BTCUSDT/15m"].alone) == [0, 3]


def test_a_series_that_one_side_lacks_is_told_before_any_row():
    found = compared(frames.frames(BARS), frames.frames(changed(BARS, 0, "close", 0.0), HOURS))
    assert (found.first["series"], found.first["a"], found.first["b"]) == ("bar/BTCUSDT/1h", None, "12 rows")


def test_a_column_or_type_that_one_side_has_otherwise_is_told():
    schema, rows = BARS
    more = schema.with_columns([("rsi_14", "f8")]), [(*row, 1.0) for row in rows]
    found = compared(frames.frames(BARS), frames.frames(more))
    assert (found.first["column"], found.first["a"], found.first["b"]) == ("rsi_14", None, "f8")
    assert compared(frames.frames(BARS), frames.frames(more), columns=("close", "ts")).first is None
    other = compared(column("i4", [1]), column("i8", [1])).first
    assert (other["column"], other["a"], other["b"]) == ("v", "i4", "i8")
    coded = Schema("x", "S", "", [("ts", "i8"), ("v", "i4")], {"codes": {"v": {"1": "long"}}})
    found = compared(frames.frames((coded, [(0, 1)])), column("i4", [1]))
    assert (found.first["column"], found.first["b"]) == ("schema codes", None)


def test_columns_that_nobody_has_are_refused_with_the_nearest():
    with pytest.raises(HqError, match="column 'clse' is in neither stream; did you mean close"):
        compared(frames.frames(BARS), frames.frames(BARS), columns=("clse",))


def test_texts_are_compared_not_their_codes():
    schema = Schema("x", "S", "", [("ts", "i8"), ("v", "s4")])

    def coded(texts, codes):
        return frames.frames(
            {"kind": "strings", "of": schema.key, "col": "v", "values": texts}, (schema, list(enumerate(codes)))
        )

    assert compared(coded(["a", "b"], [0, 1, 0]), coded(["b", "a"], [1, 0, 1])).first is None
    assert compared(coded(["a", "b"], [0]) + coded(["b", "a"], [0]), coded(["a", "b"], [0, 1])).first is not None
    second = [(1, 0)], {"kind": "strings", "of": schema.key, "col": "v", "values": ["b", "a"]}
    apart = frames.frames(second[1], (schema, second[0]))
    assert compared(coded(["a", "b"], [0]) + apart, coded(["a", "b"], [0, 1])).first is None
    found = compared(coded(["a", "b"], [0, 1]), coded(["a", "c"], [0, 1]))
    assert (found.first["row"], found.first["a"], found.first["b"]) == (1, "b", "c")
    assert compared(coded(["a"], [0, 7]), coded(["b"], [0, 7])).first["row"] == 0


def test_maps_are_compared_in_the_order_of_their_series():
    meta = [
        {"kind": "meta", "of": "bar/X/15m", "ts": ts, "strategy": "s", "meta": {"why": "dip", "x": 0.1}}
        for ts in range(4)
    ]
    other = {"kind": "signal", "ts": 1, "symbol": "X", "period": "15m", "action": "BUY"}
    a = frames.frames(*meta, other, BARS)
    assert compared(a, frames.frames(other, BARS, *meta)).first is None
    again = [dict(one) for one in meta]
    again[2]["meta"] = {"x": 0.1, "why": "top"}
    found = compared(a, frames.frames(BARS, *again, other))
    assert found.first == {
        "series": "meta/bar/X/15m/s",
        "ts": 2,
        "row": 2,
        "column": "meta.why",
        "a": "dip",
        "b": "top",
        "ulp": None,
    }
    found = compared(a, frames.frames(BARS, *meta[:3], other))
    assert (found.first["series"], found.first["ts"], found.first["a"]) == ("meta/bar/X/15m/s", 3, "a meta frame")
    report = {"kind": "report", "sharpe": 1.0, "made_by": ["a"]}
    near = {"kind": "report", "sharpe": 1.0 + 2**-52, "made_by": ["b"]}
    assert compared(frames.frames(report), frames.frames(near)).first["ulp"] == 1
    assert compared(frames.frames(report), frames.frames(near), ulp=1).first is None


def test_the_first_difference_is_the_same_under_every_framing():
    b = changed(changed(BARS, 30, "close", 1.0), 11, "volume", 7.0)
    found = {
        json.dumps(compared(frames.frames(BARS, HOURS, each=one), frames.frames(HOURS, b, each=other)).first)
        for one in (1, 7, 50)
        for other in (1, 4, 50)
    }
    assert len(found) == 1
    assert json.loads(found.pop())["row"] == 11


def test_a_stream_that_runs_far_ahead_is_refused_and_one_that_ended_is_only_counted(monkeypatch):
    monkeypatch.setattr(stage, "MOST_WAITING", 20_000)
    one = Schema("x", "A", "", [("ts", "i8")])
    other = Schema("x", "B", "", [("ts", "i8")])
    rows = [(ts,) for ts in range(5000)]
    a, b = frames.frames((one, rows), (other, rows), each=100), frames.frames((other, rows), (one, rows), each=100)
    with pytest.raises(HqError, match="x/./ is more than 0 MiB ahead of") as refused:
        compared(a, b)
    assert refused.value.code == DATA
    assert compared(a, frames.frames((one, rows), (other, rows), each=37)).first is None
    found = compared(a, frames.frames((one, rows[:100])))
    assert found.series["x/A/"].counts == [5000, 100]
    assert found.first["series"] == "x/B/"


# -- the command -------------------------------------------------------------------------------------------
@pytest.fixture
def files(tmp_path):
    close = BARS[1][20][5]
    (tmp_path / "a.hqf").write_bytes(frames.frames(BARS))
    (tmp_path / "same.hqf").write_bytes(frames.frames(BARS, each=1))
    (tmp_path / "b.hqf").write_bytes(frames.frames(changed(BARS, 20, "close", math.nextafter(close, 0.0))))
    (tmp_path / "cut.hqf").write_bytes(frames.frames(BARS)[:-5])
    return close


def test_equal_streams_say_nothing_and_exit_0(run, files):
    assert run("hq-diff a.hqf same.hqf") == (b"", "", 0)
    assert run("cat same.hqf | hq-diff a.hqf - -v").text == "equal: 50 rows of 1 series, 0 other frames\n"
    assert run("hq-diff - a.hqf --ulp 1 < b.hqf").code == 0


def test_a_difference_is_one_line_and_a_total(run, files):
    ran = run("hq-diff a.hqf b.hqf")
    assert ran.code == 1
    assert ran.text == (
        f"bar/BTCUSDT/15m ts 2023-11-15T03:30:00Z close: {files!r} != {math.nextafter(files, 0.0)!r} "
        "(1.4e-14 apart, 1 ULP)\n"
        "1 of 50 rows differ in 1 column\n"
    )
    assert run("hq-diff a.hqf b.hqf --columns ts,open,high").code == 0


def test_json_tells_the_same(run, files):
    told = json.loads(run("hq-diff a.hqf b.hqf --json").stdout)
    assert (told["equal"], told["rows"], told["rows_differ"]) == (False, 50, 1)
    assert told["columns"] == {"bar/BTCUSDT/15m": {"close": 1}}
    assert told["first"]["ulp"] == 1
    assert json.loads(run("hq-diff a.hqf same.hqf --json").stdout)["equal"] is True


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("hq-diff a.hqf cut.hqf", 65, "hq-diff: cut.hqf: the input stops inside a frame"),
        ("hq-diff a.hqf none.hqf", 66, "hq-diff: none.hqf: No such file or directory"),
        ("hq-diff - -", 2, "hq-diff: only one of the two can be stdin"),
        ("hq-diff a.hqf", 2, "hq-diff: Missing argument 'B'."),
        ("hq-diff a.hqf same.hqf --ulp -1", 2, "hq-diff: Invalid value for '--ulp'"),
        (
            "hq-diff a.hqf same.hqf --columns cloze",
            65,
            "hq-diff: column 'cloze' is in neither stream; did you mean close?",
        ),
    ],
)
def test_what_cannot_be_compared_is_said_in_one_line(run, files, line, code, says):
    ran = run(line)
    assert (ran.code, ran.stdout) == (code, b"")
    assert ran.stderr.startswith(says)
    assert ran.stderr.count("\n") == 1
