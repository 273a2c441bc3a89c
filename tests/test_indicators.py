"""The promises that every indicator of the registry keeps, whatever its values are: no list, no exception."""
from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from indicator_runs import (
    NAMES,
    VARIANTS,
    Run,
    bars,
    bits,
    each,
    each_variant,
    flat_bars,
    hours,
    joined,
    once,
    quick,
    rough,
)
from oracles import Params

from hq_core.registry import load


@each
@quick
@given(cuts=st.lists(st.integers(0, 260), max_size=12))
def test_any_cut_gives_the_same_bits(name: str, cuts: list[int]) -> None:
    columns = rough()
    run = Run(name)
    edges = [0, *sorted(cuts), 260]
    parts = [run.push(columns, start, stop) for start, stop in zip(edges, edges[1:])]
    assert bits(joined(parts)) == bits(once(name, columns))


@each_variant
def test_one_row_at_a_time_gives_the_same_bits(name: str, params: Params) -> None:
    columns = rough()
    run = Run(name, params)
    rows = [run.push(columns, i, i + 1) for i in range(260)]
    assert bits(joined(rows)) == bits(once(name, columns, params))


@each_variant
def test_nan_exactly_in_the_warmup(name: str, params: Params) -> None:
    run = Run(name, params)
    for column in run.push(bars(run.warmup + 150)):
        assert np.isnan(column).nonzero()[0].tolist() == list(range(run.warmup))


@each_variant
def test_saved_and_loaded_at_any_row_goes_on_with_the_same_bits(name: str, params: Params) -> None:
    columns = rough()
    first, second = Run(name, params), Run(name, params)
    fresh = first.save()
    whole = once(name, columns, params)
    rows = np.random.default_rng(len(VARIANTS) + NAMES.index(name)).integers(0, 261, 6).tolist()
    for at in {0, 1, min(first.warmup, 260), 259, 260, *rows}:
        first.load(fresh)
        head = first.push(columns, 0, at)
        second.load(first.save())
        assert bits(joined([head, second.push(columns, at, 260)])) == bits(whole), at


@each_variant
def test_a_forming_row_on_a_copy_leaves_no_trace(name: str, params: Params) -> None:
    real, forming = rough(), bars(260, 4)
    run, copy = Run(name, params), Run(name, params)
    plain = []
    for row in range(260):
        if row % 4 == 0:
            copy.load(run.save())
            copy.push(forming, row, row + 1)
        plain.append(run.push(real, row, row + 1))
    assert bits(joined(plain)) == bits(once(name, real, params))
    mixed = {key: np.append(column[:200], forming[key][200]) for key, column in real.items()}
    run = Run(name, params)
    run.push(real, 0, 200)
    copy.load(run.save())
    assert bits(copy.push(mixed, 200, 201)) == bits([c[200:] for c in once(name, mixed, params)])


@each_variant
def test_a_nan_is_gone_after_warmup_plus_one_rows(name: str, params: Params) -> None:
    clean = bars(400, 5)
    for key in load(name).inputs:
        run = Run(name, params)
        broken = {other: column.copy() for other, column in clean.items()}
        at = run.warmup + 40
        broken[key][at] = np.nan
        for column in run.push(broken):
            assert np.isnan(column[at])
            assert not np.isnan(column[at + run.warmup + 1 :]).any()


@each_variant
def test_huge_tiny_and_constant_input_gives_finite_values(name: str, params: Params) -> None:
    for size in (1e150, 1.0, 1e-150):
        run = Run(name, params)
        scaled = {key: column * size for key, column in bars(run.warmup + 90, price=1.0).items()}
        for column in run.push(scaled | {"ts": hours(run.warmup + 90)}):
            assert np.isfinite(column[run.warmup :]).all(), size
        run = Run(name, params)
        for column in run.push(flat_bars(np.full(run.warmup + 90, 0.1 * size))):
            assert np.isfinite(column[run.warmup :]).all(), size


@each
@pytest.mark.parametrize("rows", [0, 1, 2, 3])
def test_short_input_gives_as_many_rows(name: str, rows: int) -> None:
    run = Run(name)
    columns = run.push(bars(rows))
    assert [len(column) for column in columns] == [rows] * len(run.of.outputs)
    assert all(np.isnan(column[: run.warmup]).all() for column in columns)


PARTS = 16      # so that several processes may share the work
FULL = os.environ.get("HQ_TRIALS") == "full"        # all parts; else some, as compiling everything takes minutes


def fingerprints(part: int) -> dict[str, str]:
    """Digests of the output of every variant of a part of the indicators, nan included, on rough and on smooth bars."""
    found = {}
    for name, params in VARIANTS:
        if NAMES.index(name) % PARTS == part:
            outs = [*once(name, rough(), params), *once(name, bars(3000), params)]
            found[f"{name} {params}"] = hashlib.sha256(b"".join(bits(outs))).hexdigest()
    return found


@pytest.mark.parametrize("part", range(PARTS) if FULL else (1, 10))
def test_numba_and_the_images_give_the_same_bits(part: int) -> None:
    assert elsewhere(part, {"HQ_JIT": "numba"}) == fingerprints(part)


@pytest.mark.parametrize("part", range(PARTS) if FULL else (3,))
def test_older_processors_give_the_same_bits(part: int) -> None:
    assert elsewhere(part, {"HQ_PROCESSOR": "x86-64-v2"}) == fingerprints(part)


def elsewhere(part: int, settings: dict[str, str]) -> dict[str, str]:
    """The fingerprints that another process finds."""
    here = os.path.dirname(__file__)
    paths = os.pathsep.join([here, os.path.join(here, "..", "core")])
    script = f"import json, test_indicators as t; print(json.dumps(t.fingerprints({part})))"
    done = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | settings | {"PYTHONPATH": paths},
        capture_output=True, text=True, timeout=600,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found
