"""What of a store is nearest: beside a slow form, over stores in any order, ties, and vectors that are none."""

from __future__ import annotations

import math

import numpy as np
import pytest
import slow_vectors as slow
from hypothesis import given, settings
from hypothesis import strategies as st
from stores import store_of

from hq_core.kernels.nearest import BLOCK, METHODS

few = st.sampled_from((-2.0, -1.0, 0.0, 0.5, 1.0))  # many equal scores, zeros, constants
wide = st.one_of(
    few, st.floats(-1e3, 1e3, width=32), st.sampled_from((1e-40, -1e-45, 3e38, -3e38, 1e19, 1e20, math.nan, math.inf))
)


def rows_of(vectors, times=None, ahead=None):
    times = times or range(len(vectors))
    return [(ts, i, ts + (ahead[i] if ahead else 0), i % 3 - 1, v) for i, (ts, v) in enumerate(zip(times, vectors))]


def rounding(one, other, method):
    """What float64 may differ by between two orders of summing: 1e-12 of what is summed."""
    a, b = (np.array(v, dtype="<f4").astype(float) for v in (one, other))
    if method == "dot":
        return 1e-12 * (1 + np.abs(a * b).sum())
    if method == "correlation":  # what is left when a large mean is taken off
        return 1e-12 * (1 + np.abs(a).max() / a.std() + np.abs(b).max() / b.std())
    return 1e-12


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=60)
@given(data=st.data())
def test_scores_are_those_of_the_slow_form(method, data):
    length = data.draw(st.integers(1, 9))
    vector = st.lists(data.draw(st.sampled_from((few, wide))), min_size=length, max_size=length)
    vectors = data.draw(st.lists(vector, min_size=1, max_size=12))
    asked = data.draw(vector)
    k, least = data.draw(st.integers(1, 5)), data.draw(st.sampled_from((-math.inf, 0.0, 0.5)))
    store = rows_of(vectors, ahead=[data.draw(st.integers(0, 3)) for _ in vectors])
    ts = data.draw(st.integers(-1, 15))
    (found,) = store_of(store).search(np.array(asked, dtype="<f4"), method, k, least, [ts])
    every = slow.nearest(store, asked, ts, method, len(store), -math.inf)
    scores = {(row[0], row[1]): score for score, row in every}
    wrong = {(row[0], row[1]): rounding(row[4], asked, method) for _, row in every}
    for score, label, at, id_ in found:
        assert abs(score - scores[at, id_]) <= wrong[at, id_]
        assert score >= least
        assert label == id_ % 3 - 1
    assert [(-score, at, id_) for score, _, at, id_ in found] == sorted((-s, at, id_) for s, _, at, id_ in found)
    worst = found[-1][0] if len(found) == k else least
    kept = {(at, id_) for _, _, at, id_ in found}
    assert all(score <= worst + wrong[key] for key, score in scores.items() if key not in kept)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("length", [3, 30, 31])
def test_large_stores_beside_numpy(method, length):
    """Several blocks, some of them not whole, vectors that lie together, and those asked for in one go."""
    rng = np.random.default_rng(length)
    n = 5 * BLOCK + 17
    middles = rng.standard_normal((20, length)) * 10.0 ** rng.integers(-3, 4, (20, 1))
    vectors = (middles[rng.integers(0, 20, n)] + 0.1 * rng.standard_normal((n, length))).astype("<f4")
    asked = np.concatenate([vectors[rng.integers(0, n, 70)], rng.standard_normal((30, length)).astype("<f4")])
    ts = [int(rng.integers(0, n + 5)) for _ in asked]
    found = store_of(rows_of(vectors.tolist())).search(asked, method, 7, ts=ts)
    x, y = vectors.astype(float), asked.astype(float)
    if method == "correlation":
        x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    if method == "euclid":
        scores = 1 / (1 + np.sqrt(((x[None] - y[:, None]) ** 2).sum(axis=2)))
    else:
        scores = y @ x.T
        if method != "dot":
            scores /= np.sqrt((y * y).sum(axis=1)[:, None] * (x * x).sum(axis=1)[None])
    for i, hits in enumerate(found):
        mine = scores[i, : ts[i] + 1]
        best = np.argsort(-mine, kind="stable")[:7]
        assert [hit[0] for hit in hits] == pytest.approx(mine[best].tolist(), rel=1e-12, abs=1e-12)
        if not np.any(np.abs(np.diff(np.sort(mine)[::-1][:8])) < 1e-9):
            assert [hit[3] for hit in hits] == best.tolist()


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=40)
@given(data=st.data())
def test_the_order_of_a_store_changes_nothing(method, data):
    vectors = data.draw(st.lists(st.lists(few, min_size=4, max_size=4), min_size=1, max_size=20))
    times = [data.draw(st.integers(0, 4)) for _ in vectors]
    store = rows_of(vectors, times, [data.draw(st.integers(0, 2)) for _ in vectors])
    asked = np.array(data.draw(st.lists(few, min_size=4, max_size=4)), dtype="<f4")
    one, other = store_of(store), store_of(data.draw(st.permutations(store)))
    assert one.digest == other.digest
    for ts in range(-1, 8):
        assert one.search(asked, method, 3, ts=[ts]) == other.search(asked, method, 3, ts=[ts])


def test_of_equal_scores_the_oldest_ts_then_the_smallest_id_comes_first():
    vectors = [[1, 2, 4]] * 4
    store = store_of(
        [(5, 9, 5, 1, vectors[0]), (5, 3, 5, 2, vectors[1]), (4, 8, 7, 3, vectors[2]), (6, 1, 6, 4, vectors[3])]
    )
    asked = np.array([2, 4, 8], dtype="<f4")
    (found,) = store.search(asked, "cosine", 4, ts=[7])
    assert found == [(1.0, 3.0, 4, 8), (1.0, 2.0, 5, 3), (1.0, 1.0, 5, 9), (1.0, 4.0, 6, 1)]


def test_a_vector_is_seen_from_its_avail_ts_on():
    store = store_of([(5, 1, 10, 1, [1, 2, 4])])
    asked = np.array([[1, 2, 4]] * 3, dtype="<f4")
    assert [len(one) for one in store.search(asked, ts=[9, 10, 11])] == [0, 1, 1]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("bad", [[0, 0, 0], [math.nan, 1, 2], [1, math.inf, 2]])
def test_what_has_no_direction_is_never_near(method, bad):
    good = [1, 2, 4]
    store = store_of([(1, 1, 1, 1, bad), (2, 2, 2, 2, good)])
    assert [[hit[3] for hit in one] for one in store.search(np.array([bad, good], dtype="<f4"), method, 2)] == [[], [2]]


def test_what_does_not_move_correlates_with_nothing():
    store = store_of([(1, 1, 1, 1, [0.1, 0.1, 0.1]), (2, 2, 2, 2, [1, 2, 3])])
    asked = np.array([[0.3, 0.3, 0.3], [1, 2, 3]], dtype="<f4")
    assert [[hit[3] for hit in one] for one in store.search(asked, "correlation", 2)] == [[], [2]]


def test_an_empty_store_has_nothing():
    assert store_of([], length=3).search(np.array([1, 2, 3], dtype="<f4")) == [[]]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("length", [2, 30, 700])
@pytest.mark.parametrize("spread", [1e-7, 1e-3, 1.0])
def test_what_is_passed_over_would_not_have_been_among_the_best(method, length, spread):
    """Where as many are asked for as there are, every row is scored; the best of them are those of a short search."""
    rng = np.random.default_rng(length)
    n = 2 * BLOCK + 31
    middle = rng.standard_normal(length) * 10.0 ** rng.integers(-18, 18)
    rows = middle * (1 + spread * rng.standard_normal((n, length)))
    rows[::5] *= 10.0 ** rng.integers(-12, 12, (len(rows[::5]), 1))
    rows[7::50] = 0.0
    vectors = rows.astype("<f4")
    asked = np.concatenate([vectors[rng.integers(0, n, 6)], -vectors[:2], (3 * vectors[:2] + 1).astype("<f4")])
    store = store_of(rows_of(vectors.tolist()))
    every = store.search(asked, method, n)
    for k in (1, 5):
        assert store.search(asked, method, k) == [hits[:k] for hits in every]
    for i, hits in enumerate(every):
        if hits:
            least = hits[len(hits) // 3][0]
            wanted = [hit for hit in hits if hit[0] >= least]
            assert store.search(asked[i : i + 1], method, n, least) == [wanted]
            assert store.search(asked[i : i + 1], method, 3, least) == [wanted[:3]]


@pytest.mark.parametrize("method", ["cosine", "correlation", "dot", "euclid"])
def test_scores_are_those_of_scikit_learn(method):
    """Random vectors and degenerate ones: zeros, constants, tiny and huge ones, the same and the opposite."""
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    from sklearn.metrics import DistanceMetric
    from sklearn.metrics.pairwise import cosine_similarity, linear_kernel

    rng = np.random.default_rng(17)
    rows = rng.standard_normal((300, 12)) * 10.0 ** rng.integers(-6, 7, (300, 1))
    rows[:3] = [[0.0], [1.5], [-1.5]]
    rows[3:6] = rows[6]
    rows[7] = -rows[6]
    rows[8] = 1e3 + 1e-3 * rows[8]  # a large mean
    rows[9, 1:] = 0.0
    vectors = rows.astype("<f4")
    x = vectors.astype(float)
    wanted = {
        "cosine": cosine_similarity,
        "correlation": lambda x: cosine_similarity(x - x.mean(axis=1, keepdims=True)),
        "dot": linear_kernel,
        "euclid": lambda x: 1 / (1 + DistanceMetric.get_metric("euclidean").pairwise(x)),
    }[method](x)
    none = (vectors == vectors[:, :1]).all(axis=1) if method == "correlation" else ~vectors.any(axis=1)
    store = store_of(rows_of(vectors.tolist()))
    for i, hits in enumerate(store.search(vectors, method, len(vectors))):
        assert {hit[3] for hit in hits} == (set() if none[i] else {j for j in range(len(x)) if not none[j]})
        for score, _, _, j in hits:
            assert abs(score - wanted[i, j]) <= rounding(x[i], x[j], method)
