"""Promises 1 to 3 over every filter: any framing, any cut with a state file, any prefix; and kill -9."""

from __future__ import annotations

import promises
import pytest
from filters import FILTERS, START
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hq_core.batch import Schema
from hq_core.errors import HqError

HERE = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
sizes = st.lists(st.integers(1, 40), min_size=1, max_size=4)


@pytest.mark.parametrize("name", FILTERS)
@HERE
@given(
    seed=st.integers(0, 999),
    n=st.integers(0, 120),
    first=sizes,
    second=sizes,
    chunks=st.lists(st.integers(1, 900), min_size=1),
)
def test_how_the_input_is_cut_changes_nothing(name, seed, n, first, second, chunks):
    make, data = FILTERS[name]
    schema, rows = data(seed, n)
    whole = promises.run(make(), promises.stream(promises.cut(schema, rows, first)))
    again = promises.run(make(), promises.stream(promises.cut(schema, rows, second)), chunks=chunks)
    assert promises.said(whole) == promises.said(again)


@pytest.mark.parametrize("name", FILTERS)
@HERE
@given(seed=st.integers(0, 999), n=st.integers(0, 60))
def test_rows_that_come_one_by_one_are_those_that_come_together(name, seed, n):
    """What is kept of where a row lay is of the next one too, that of a longer batch is not."""
    make, data = FILTERS[name]
    schema, rows = data(seed, n)
    together = promises.run(make(), promises.stream(promises.cut(schema, rows, [60])))
    apart = promises.run_one_by_one(make(), promises.cut(schema, rows, [1, 1, 1, 1, 1, 2, 2, 2]))
    assert promises.said(apart) == promises.said(together)


@pytest.mark.parametrize("name", FILTERS)
@HERE
@given(seed=st.integers(0, 999), n=st.integers(0, 120), share=st.floats(0, 1))
def test_two_runs_with_a_state_file_are_one_run(name, tmp_path_factory, seed, n, share):
    make, data = FILTERS[name]
    schema, rows = data(seed, n)
    k = int(n * share)
    state = tmp_path_factory.mktemp("state") / "s"
    parts = [promises.stream(promises.cut(schema, part, [17])) for part in (rows[:k], rows[k:])]
    one = promises.run(make(), promises.stream(promises.cut(schema, rows, [13])), state.with_name("other"))
    two = b"".join(promises.run(make(), part, state) for part in parts)
    assert promises.said(one) == promises.said(two)


@pytest.mark.parametrize("name", FILTERS)
@HERE
@given(seed=st.integers(0, 999), n=st.integers(1, 120), share=st.floats(0, 1))
def test_the_output_of_a_prefix_is_a_prefix_of_the_output(name, tmp_path_factory, seed, n, share):
    make, data = FILTERS[name]
    schema, rows = data(seed, n)
    paused = tmp_path_factory.mktemp("state") / "s"  # a pause: the end of all input says something by itself
    part = promises.run(make(), promises.stream(promises.cut(schema, rows[: int(n * share)], [7])), paused)
    whole = promises.run(make(), promises.stream(promises.cut(schema, rows, [11])))
    assert promises.is_prefix(promises.said(part), promises.said(whole))


@pytest.mark.parametrize("name", FILTERS)
@HERE
@given(seed=st.integers(0, 999), n=st.integers(1, 120), share=st.floats(0, 1), every=st.integers(1, 30))
def test_a_run_that_died_is_taken_up_from_its_state(name, tmp_path_factory, seed, n, share, every):
    """The input stops at any byte, as when a process is killed; output beyond the state is cut off, then more comes."""
    from hq_core import statefile

    make, data = FILTERS[name]
    data_bytes = promises.stream(promises.cut(*data(seed, n), [3, 5, 1]))
    state = tmp_path_factory.mktemp("state") / "s"
    lost = promises.run_until_it_breaks(make(), data_bytes[: int(len(data_bytes) * share)], state, every)
    content = statefile.read(str(state)) or {"input": {"bytes": 0}, "output": {"bytes": 0}}
    kept = lost[: content["output"]["bytes"]]
    rest = promises.run(make(), data_bytes[content["input"]["bytes"] :], state, every)
    whole = promises.run(make(), data_bytes, state.with_name("other"))
    assert promises.said(whole) == promises.said(kept + rest)


def test_other_kinds_pass_untouched():
    funding = Schema("funding", "BTCUSDT", "", (("ts", "i8"), ("rate", "f8")), {"venue": "x"})
    pieces = [(funding, [(START, 0.0001), (START + 1, -0.5)]), ({"kind": "weather", "ts": 1, "it": ["rains"]}, [])]
    for name, (make, _) in FILTERS.items():
        got = promises.said(promises.run(make(), promises.stream(pieces)))
        assert got[0].keys() == {"funding/BTCUSDT/"}, name
        assert {"kind": "weather", "ts": 1, "it": ["rains"]} in got[1], name


@pytest.mark.parametrize("name", FILTERS)
def test_what_came_whole_before_the_break_is_written(name, tmp_path):
    make, data = FILTERS[name]
    schema, rows = data(3, 100)
    short = promises.run(make(), promises.stream(promises.cut(schema, rows[:60], [10])), tmp_path / "paused")
    broken = promises.run_until_it_breaks(make(), promises.stream(promises.cut(schema, rows[:60], [10]), whole=False))
    with pytest.raises(HqError, match="its writer died"):
        promises.said(broken)
    for key, columns in promises.said(short)[0].items():
        assert promises.said_before_it_breaks(broken)[key] == columns
