"""hq-vector build: windows, labels and the time from which they are known, beside a slow form."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import numpy as np
import promises
import pytest
import slow_vectors as slow
from frames import flat_bars, read
from hypothesis import given, settings
from hypothesis import strategies as st

from hq_core.errors import HqError
from hq_core.stages.vector_build import VectorBuild


def built(closes, **options):
    schema, rows = flat_bars(closes)
    out = read(promises.run(VectorBuild(**options), promises.stream([(schema, rows)])))
    made = out.rows.get("vector/BTCUSDT/15m", {})
    columns = [made.get(name, []) for name in ("ts", "id", "avail_ts", "label", "outcome", "vector")]
    return list(zip(*columns)), rows


prices = st.lists(st.sampled_from((90.0, 95.0, 99.0, 100.0, 100.0, 101.0, 105.0, 1e-3)), min_size=1, max_size=60)


@settings(max_examples=150, deadline=None)
@given(
    closes=prices,
    length=st.integers(2, 5),
    norm=st.sampled_from(slow.NORMS),
    horizon=st.integers(1, 7),
    how=st.sampled_from(({}, {"threshold": 0.01}, {"take": 0.02, "stop": 0.01}, {"take": 0.5, "stop": 0.05})),
)
def test_vectors_and_labels_are_those_of_the_slow_form(closes, length, norm, horizon, how):
    found, rows = built(closes, length=length, normalize=norm, horizon=horizon, **how)
    bars = [(row[0], row[5], row[3], row[4]) for row in rows]
    wanted = slow.labelled(bars, length, norm, horizon, **how)
    assert [row[1] for row in found] == list(range(1, len(wanted) + 1))
    for (ts, _, avail, label, outcome, vector), (w_ts, w_avail, w_label, w_outcome, w_vector) in zip(found, wanted):
        assert (ts, avail, label) == (w_ts, w_avail, w_label)
        assert outcome == pytest.approx(w_outcome, abs=1e-15)
        assert vector == pytest.approx(w_vector.tolist(), rel=3e-7, abs=1e-12)


def test_the_bits_of_a_vector_do_not_depend_on_where_the_series_began():
    """A strategy that comes later to the bars makes the same vector of them as the store holds."""
    rng = random.Random(5)
    closes = [100 * math.exp(rng.gauss(0, 0.1)) for _ in range(60)]
    whole, _ = built(closes, length=7, horizon=1)
    for start in range(1, 8):
        later, _ = built(closes[start:], length=7, horizon=1)
        assert [row[5] for row in later] == [row[5] for row in whole[start:]]


@pytest.mark.parametrize("length", [2, 7, 300])
def test_zscores_of_small_moves_of_a_large_price_are_exact(length):
    """1e9 and some thousandths, beside fractions of the same floats."""
    rng = random.Random(length)
    closes = [1e9 + rng.randint(-9, 9) * 1e-3 for _ in range(length - 1)] + [1e9 + 0.011]
    found = built([*closes, 1e9], length=length, horizon=1)[0][0][5]
    exact = [Fraction(close) for close in closes]
    mean = sum(exact) / length
    variance = sum((one - mean) ** 2 for one in exact) / length
    assert found == [float(np.float32(float(one - mean) / math.sqrt(variance))) for one in exact]


def test_what_cannot_be_a_vector_is_counted():
    stage = VectorBuild(length=2, horizon=1, normalize="none")
    schema, rows = flat_bars([1e300, 1e300, 5.0, 5.0, 5.0, 7.0])
    out = read(promises.run(stage, promises.stream([(schema, rows)])))
    assert out.rows["vector/BTCUSDT/15m"]["vector"] == [[5.0, 5.0], [5.0, 5.0]]
    assert stage.notices == {
        "the window has values that float32 cannot hold, so it gave no vector": 2,
        "vector/BTCUSDT/15m: the input ended before the outcome was known": 1,
    }
    flat = VectorBuild(length=2, horizon=1)
    promises.run(flat, promises.stream([flat_bars([5.0, 5.0, 5.0])]))
    assert flat.notices["nothing moved in the window, so its vector is all 0 and never a hit"] == 2


@settings(max_examples=60, deadline=None)
@given(closes=prices, horizon=st.integers(1, 7), how=st.sampled_from(({}, {"take": 0.02, "stop": 0.01})))
def test_a_vector_leaves_with_the_bar_that_makes_its_label_known(closes, horizon, how):
    """Whoever has read up to a bar has all vectors that were known by then, in that order, and none that were not."""
    schema, rows = flat_bars(closes)
    whole, _ = built(closes, length=2, horizon=horizon, **how)
    assert [row[2] for row in whole] == sorted(row[2] for row in whole)
    for n in range(1, len(rows) + 1):
        part, _ = built(closes[:n], length=2, horizon=horizon, **how)
        assert part == [row for row in whole if row[2] <= rows[n - 1][0]]


def test_a_mark_passes_while_vectors_wait():
    class Out:
        marks: list[int] = []

        def mark(self, ts):
            self.marks.append(ts)

    stage = VectorBuild(length=2, horizon=3)
    promises.run(stage, promises.stream([flat_bars([1.0, 2.0, 3.0])]))
    stage.begin(Out())
    stage.mark(1 << 62)
    assert Out.marks == [1 << 62]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"take": 0.1}, "two barriers make an outcome: pass stop too"),
        ({"stop": 0.1}, "two barriers make an outcome: pass take too"),
        ({"take": 0.1, "stop": 0.1, "threshold": 0.1}, "threshold is of outcomes without take"),
        ({"length": 1}, "length: 1, must be 2 to 4096"),
        ({"normalize": "z"}, "normalize: 'z', must be one of zscore, minmax, l2, first, none"),
    ],
)
def test_options_that_do_not_go_together(options, told):
    with pytest.raises(HqError, match=told):
        VectorBuild(**options)


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(HqError, match="column 'clos' is missing; bar/BTCUSDT/15m has .*did you mean close"):
        built([1.0, 2.0], column="clos")


def test_vectors_are_of_any_column():
    schema, rows = flat_bars([1.0, 2.0, 3.0, 5.0])
    stage = VectorBuild(length=2, horizon=1, normalize="none", column="volume")
    out = read(promises.run(stage, promises.stream([(schema, rows)])))
    assert np.array(out.rows["vector/BTCUSDT/15m"]["vector"]).tolist() == [[1.0, 1.0], [1.0, 1.0]]
