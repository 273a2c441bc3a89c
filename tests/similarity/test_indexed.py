"""A store with an approximate index: what it may miss, and what it never does."""

from __future__ import annotations

import numpy as np
import pytest
from signal_runs import Run, bars, strategy
from stores import store_of, stream_of

from hq_core.errors import CONFIG, SERVICE, USAGE, HqError
from hq_core.kernels.nearest import METHODS
from hq_core.series import indexed
from hq_core.series.stores import Store
from hq_core.stages.vector import opened_store

usearch = pytest.importorskip("usearch", reason="usearch, an extra, is not installed")
LENGTH, N = 8, 3000


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(indexed, "EXACT", 100)


def rows_of(n=N, seed=1):
    rng = np.random.default_rng(seed)
    middles = rng.standard_normal((40, LENGTH))
    vectors = (middles[rng.integers(0, 40, n)] + 0.5 * rng.standard_normal((n, LENGTH))).astype("<f4")
    vectors[5] = 0.0
    vectors[6] = np.nan
    vectors[10:14] = vectors[9]
    return [(i, n - i, i + int(rng.integers(0, 50)), i % 3 - 1, v.tolist()) for i, v in enumerate(vectors)]


def opened(tmp_path, rows, name="s.hqf"):
    (tmp_path / name).write_bytes(stream_of(rows))
    return opened_store("near", f"usearch+{tmp_path / name}", timeless=False)


@pytest.mark.parametrize("method", METHODS)
def test_hits_are_exact_but_for_what_is_missed(tmp_path, method):
    rows = rows_of()
    store, exact = opened(tmp_path, rows), store_of(rows)
    asked = np.array([row[4] for row in rows[::97]], dtype="<f4") + np.float32(0.05)
    ts = [7 * i * N // len(asked) // 5 for i in range(len(asked))]
    found, wanted = store.search(asked, method, 5, 0.3, ts), exact.search(asked, method, 5, 0.3, ts)
    every = exact.search(asked, method, N, ts=ts)
    same = 0
    for mine, best, known in zip(found, wanted, every, strict=True):
        assert len(mine) == len(best) or len(mine) < 5
        assert set(mine) <= set(known)  # the score is the exact one, and nothing was known later
        assert mine == sorted(mine, key=lambda hit: (-hit[0], hit[2], hit[3]))
        same += mine == best
    assert same > 0.9 * len(asked)
    assert store.recall(method) > 0.9


def test_where_few_may_be_seen_all_are_looked_at(tmp_path):
    """Of 64 that the index names few are among the oldest 150, so that fewer than k are left: never a miss."""
    rows = rows_of()
    store, exact = opened(tmp_path, rows), store_of(rows)
    asked = np.array([row[4] for row in rows[::11]], dtype="<f4")
    ts = [150] * len(asked)
    assert store.search(asked, "cosine", 20, ts=ts) == exact.search(asked, "cosine", 20, ts=ts)
    ts = [99 - i % 120 for i in range(len(asked))]
    assert store.search(asked, "cosine", 1, ts=ts) == exact.search(asked, "cosine", 1, ts=ts)


def test_the_index_is_the_same_whatever_the_order_of_the_store(tmp_path):
    rows = rows_of()
    one = opened(tmp_path, rows)
    other = opened(tmp_path, [*rows[1::2], *rows[::2]], "other.hqf")
    for method in ("cosine", "euclid"):
        assert one.packed(method) == other.packed(method)


def test_the_recall_is_measured_against_the_exact_search(tmp_path, monkeypatch):
    store = opened(tmp_path, rows_of())
    whole = store.recall("euclid")
    monkeypatch.setattr(Store, "_hits", lambda *_: [])
    assert store.recall("euclid") == 1.0  # nothing wanted
    monkeypatch.undo()
    monkeypatch.setattr(indexed, "EXACT", 100)
    blind = store._picked
    monkeypatch.setattr(store, "_picked", lambda *given: type(blind(*given))("q", [*range(20)] * (len(given[0]) // 32)))
    assert store.recall("euclid") < 0.1 < whole


def test_it_runs_in_strategies_and_is_told(tmp_path, monkeypatch):
    rng = np.random.default_rng(3)
    closes = np.round(100 * np.exp(np.cumsum(0.01 * rng.standard_normal(120))), 2).tolist()
    rows = [(row[0] * 10**9, *row[1:2], row[2] * 10**9, *row[3:]) for row in rows_of()]
    text = f'hit = SIMILARITY(VEC_STORE("near"), NORMALIZE(close, {LENGTH}), k=3, min=0.5)\n'
    text += "a = hit.score\nb = hit.label\nc = hit.id\nd = hit.count\nIF hit THEN BUY(META(ts=hit.ts))"
    made = []
    for store in (opened(tmp_path, rows), store_of(rows)):
        stage = strategy(text, keep=["a", "b", "c", "d"], stores={"near": store})
        run = Run(stage).announce("15m")
        run.feed("15m", [{**row, "ts": 3 * 10**9 * i} for i, row in enumerate(bars(closes), 1)], cut=7).finish()
        made.append((stage.inputs["store near"], str(run.rows["bar/X/15m"]), str(run.orders()), store.told()))
    assert made[0][1:3] == made[1][1:3]
    assert "nan" in made[0][1]
    assert made[0][0] != made[1][0]  # a state of the one is none of the other
    (told,) = made[0][3]
    assert told.startswith("near: approximate search by cosine, recall ")
    monkeypatch.setattr(indexed, "EXACT", N)
    assert opened(tmp_path, rows).told() == [f"near: its {N} vectors are searched exactly, which is faster up to {N}"]


def test_an_index_is_kept_beside_its_store_and_no_other(tmp_path, run):
    rows = rows_of()
    (tmp_path / "s.hqf").write_bytes(stream_of(rows))
    ran = run("hq-vector index --method euclid s.hqf > s.hqf.euclid.usearch")
    assert (ran.code, ran.stderr) == (0, "")
    store = opened(tmp_path, rows)
    store.methods |= {"euclid", "dot"}
    asked = np.array([row[4] for row in rows[::97]], dtype="<f4")
    kept = store.search(asked, "euclid", 5)
    assert ["can keep" in told for told in store.told()] == [True, False]
    data = (tmp_path / "s.hqf.euclid.usearch").read_bytes()
    (tmp_path / "s.hqf.euclid.usearch").unlink()
    assert opened(tmp_path, rows).search(asked, "euclid", 5) == kept
    for name, wrong in (("s.hqf", data[:-1]), ("s.hqf", data[:20]), ("other.hqf", data)):
        (tmp_path / f"{name}.euclid.usearch").write_bytes(wrong)
        other = opened(tmp_path, rows if name == "s.hqf" else rows[1:], name)
        with pytest.raises(
            HqError, match="is no index of the store as it is; hq-vector index --method euclid"
        ) as error:
            other.search(asked, "euclid", 5)
        assert error.value.code == CONFIG


def test_commands(tmp_path, run):
    (tmp_path / "s.hqf").write_bytes(stream_of(rows_of(20)))
    (tmp_path / "s.hq").write_text(f'IF SIMILARITY(VEC_STORE("x"), NORMALIZE(close, {LENGTH}), min=-1) THEN BUY\n')
    line = "hq-gen bars --rows 50 --seed 1 | hq-signal --store x=usearch+s.hqf s.hq"
    ran = run(f"{line} > one.hqf")
    told = "x: its 20 vectors are searched exactly, which is faster up to 65536\n"
    assert (ran.code, ran.stderr) == (0, f"hq-signal: {told}")
    assert run(f"{line.replace('usearch+', '')} | hq-diff - one.hqf").code == 0
    ran = run("hq-vector list usearch+s.hqf | tail -1")
    assert (ran.code, ran.text) == (0, told.replace("x:", "usearch+s.hqf:"))
    ran = run("hq-gen bars --rows 50 --seed 1 | hq-signal --store x=usearch+- s.hq")
    assert ran.code == USAGE
    (tmp_path / "usearch").mkdir()
    (tmp_path / "usearch" / "__init__.py").write_text("raise ImportError\n")
    for line in ("hq-signal --store x=usearch+s.hqf s.hq < /dev/null", "hq-vector index s.hqf | cat"):
        ran = run(line, env={"PYTHONPATH": str(tmp_path)})
        assert (ran.code, ran.stderr.partition(": ")[2]) == (SERVICE, "usearch is missing; pip install 'hq[usearch]'\n")
