"""Vectors that come in the stream: a bar waits for them, and sees those that were known by then."""

from __future__ import annotations

import math

import promises
import pytest
import slow_vectors as slow
from filters import MINUTE, START
from frames import read
from hypothesis import given, settings
from hypothesis import strategies as st
from signal_runs import SECOND

from hq_core.batch import Schema
from hq_core.errors import HqError
from hq_core.kernels.nearest import BLOCK
from hq_core.series.growing import Growing
from hq_core.stages.signal import Signal

LENGTH = 3
BARS = Schema(
    "bar", "X", "1m", [(name, "i8" if name == "ts" else "f8") for name in ("ts", "open", "high", "low", "close")]
)
TEXT = 'hit = SIMILARITY(VEC_STORE("near"), NORMALIZE(close, 3, method="none"), method="euclid", k=2, min=0)\n'
TEXT += "score = hit.score\nid = hit.id\nn = hit.count\nIF hit THEN BUY(META(ts=hit.ts))"


def vectors(length=LENGTH, symbol="X"):
    cols = [("ts", "i8"), ("id", "i8"), ("avail_ts", "i8"), ("label", "i4"), ("vector", f"f4x{length}")]
    return Schema("vector", symbol, "1m", cols)


def stage():
    return Signal([("s", TEXT, "s.hq")], keep=["score", "id", "n"], stores={"near": Growing("near", "X", "1m")})


def bar(minute, close):
    return (START + minute * MINUTE, close, close, close, close)


coordinates = st.sampled_from((1.0, 2.0, 3.0, 5.0))
pieces = st.lists(
    st.one_of(
        st.tuples(st.just("bar"), st.lists(coordinates, min_size=1, max_size=4)),
        st.tuples(
            st.just("vector"), st.lists(st.tuples(*[coordinates] * 3, st.integers(0, 5)), min_size=1, max_size=3)
        ),
    ),
    min_size=1,
    max_size=14,
)


def laid_out(told):
    """The stream of pieces, and of each bar what it must see: (score, id) of the nearest two."""
    minute, id_, store, closes, stream, wanted = 0, 0, [], [], [(vectors(), []), (BARS, [])], []
    for what, held in told:
        rows = []
        for one in held:
            minute += 1
            if what == "bar":
                closes.append(one)
                rows.append(bar(minute, one))
                near = slow.nearest(store, closes[-3:], rows[-1][0], "euclid", 2, 0) if len(closes) >= 3 else []
                wanted.append([(score, row[1]) for score, row in near])
            else:
                id_ += 1
                known = START + minute * MINUTE
                row = (known - one[3] * MINUTE, id_, known, 1, list(one[:3]))
                store.append(row)
                rows.append(row)
        stream.append((BARS if what == "bar" else vectors(), rows))
    return stream, wanted


@settings(max_examples=80, deadline=None)
@given(told=pieces)
def test_a_bar_sees_what_was_known_by_then_and_waits_for_it(told):
    stream, wanted = laid_out(told)
    rows = read(promises.run(stage(), promises.stream(stream))).rows.get("bar/X/1m", {"n": []})
    wanted = wanted[:-1] if told[-1][0] == "bar" else wanted  # nothing says that no vector of the last ts comes
    assert len(rows["n"]) == len(wanted)
    for i, near in enumerate(wanted):
        assert rows["n"][i] == len(near)
        if near:
            assert (rows["score"][i], rows["id"][i]) == (pytest.approx(near[0][0], abs=1e-12), near[0][1])
        else:
            assert math.isnan(rows["score"][i])


@settings(max_examples=40, deadline=None)
@given(told=pieces, chunks=st.lists(st.integers(1, 300), min_size=1), cut=st.integers(0, 14))
def test_live_in_batch_or_in_two_runs_it_is_the_same(told, chunks, cut, tmp_path_factory):
    stream, _ = laid_out(told)
    whole = promises.run(stage(), promises.stream(stream))
    single = [(schema, [row]) for schema, rows in stream for row in rows]
    live = promises.run(stage(), promises.stream([*stream[:2], *single]), chunks=chunks)
    assert promises.said(live) == promises.said(whole)
    state = tmp_path_factory.mktemp("state") / "s"
    parts = [promises.stream(part) for part in ([*stream[:2], *stream[2 : cut + 2]], [*stream[:2], *stream[cut + 2 :]])]
    two = b"".join(promises.run(stage(), part, state) for part in parts)
    one = promises.run(stage(), promises.stream(stream), state.with_name("other"))
    assert promises.said(two) == promises.said(one)


def test_a_store_grows_over_several_blocks_as_one_that_was_there():
    from stores import store_of

    rows = [
        (i * SECOND, i, (i + 2) * SECOND, i % 2, [i % 7 + 1.0, i % 11 + 0.5, float(i % 3)]) for i in range(3 * BLOCK)
    ]
    grown = Growing("near", "X", "1m")
    for start in range(0, len(rows), 50):
        grown.append(_rows(rows[start : start + 50]))
        assert len(grown.search(memoryview(bytes(12)), k=2)) == 1
    whole = store_of(rows)
    asked = memoryview(whole._columns["rows"])[: 12 * 64]
    for method in slow.METHODS:
        ts = [7 * i * SECOND for i in range(64)]
        assert grown.search(asked, method, 4, ts=ts) == whole.search(asked, method, 4, ts=ts)
    late = [(5 * SECOND, 10_000, 6 * SECOND, 1, [1.0, 2.0, 9.0]), (9 * SECOND, 9_999, 10 * SECOND, 0, [1.0, 2.0, 9.0])]
    grown.append(_rows(late))
    whole = store_of([*rows, *late])
    for method in slow.METHODS:
        assert grown.search(asked, method, 4) == whole.search(asked, method, 4)


def _rows(rows):
    from array import array

    from hq_core.series.stores import Rows

    made = Rows(LENGTH)
    for ts, id_, avail, label, vector in rows:
        for column, value in ((made.ts, ts), (made.ids, id_), (made.avail, avail), (made.labels, label)):
            column.append(value)
        made.vectors += array("f", vector).tobytes()
    return made


def test_what_does_not_fit_is_told():
    stream = [(vectors(4), [(START, 1, START, 1, [1.0, 2.0, 3.0, 4.0])]), (BARS, [bar(1, 1.0)])]
    with pytest.raises(HqError, match="s.hq:1:37: this vector has 3 values, those of 'near' have 4; say length=4"):
        promises.run(stage(), promises.stream(stream))
    with pytest.raises(HqError, match="near: vector/X/1m has vectors of 4 values, the strategy looks for 3 in it"):
        promises.run(stage(), promises.stream(stream[::-1]))
    with pytest.raises(HqError, match="vector/X/1m is the store near and never came"):
        promises.run(stage(), promises.stream([(BARS, [bar(1, 1.0)])]))
    again = [(vectors(), [(START, 1, START, 1, [1.0, 2.0, 3.0])] * 2)]
    with pytest.raises(HqError, match="two vectors X have the ts .* and the id 1"):
        promises.run(stage(), promises.stream(again))
