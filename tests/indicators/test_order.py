"""The tree behind the ranks of large windows, held to the sorted array of small ones and to exact arithmetic."""

from __future__ import annotations

import numpy as np
import oracles
import pytest
from indicator_runs import IndicatorRun, bars, bits, flat_bars, joined, once, rough
from test_indicator_values import HOSTILE, differ

from hq_core.indicators import percentrank
from hq_core.kernels import deviation, order
from hq_core.registry import load

SIZES = (2, 3, 14, 61, 200)
RANKS = ("percentile", "percentrank", "avgdev", "mad")
_rng = np.random.default_rng(21)
SERIES = {
    "walk": bars(700, 22)["close"],
    "ties": _rng.integers(0, 7, 700).astype(float),
    "rising": np.arange(700.0),
    "falling": -np.arange(700.0),
    "constant": np.full(700, 0.1),
    "one of two zeros": np.where(np.arange(700) % 3 == 0, -0.0, 0.0),
    "nan": np.where(_rng.random(700) < 0.01, np.nan, _rng.normal(size=700)),
    "inf": np.where(_rng.random(700) < 0.01, -np.inf, _rng.normal(size=700)),
    "1e17": np.where(_rng.random(700) < 0.05, 1e17, _rng.normal(size=700)),
}


@pytest.fixture
def trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trees whatever the window."""
    for module in (order, deviation, percentrank):
        monkeypatch.setattr(module, "SMALL", 0)


def in_trees(name: str, columns: oracles.Columns, params: oracles.Params, monkeypatch: pytest.MonkeyPatch) -> bytes:
    with monkeypatch.context() as patch:
        for module in (order, deviation, percentrank):
            patch.setattr(module, "SMALL", 0)
        return once(name, columns, params)[0].tobytes()


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize("period", SIZES)
def test_the_tree_finds_what_the_sorted_array_finds(series: str, period: int, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = flat_bars(SERIES[series])
    for percent in (0.0, 37.0, 50.0, 100.0):
        params = {"period": period, "percentile": percent}
        tree = np.frombuffer(in_trees("percentile", columns, params, monkeypatch))
        assert np.array_equal(once("percentile", columns, params)[0], tree, equal_nan=True)
    params = {"period": period}
    for name in ("percentrank", "mad"):
        assert once(name, columns, params)[0].tobytes() == in_trees(name, columns, params, monkeypatch)


@pytest.mark.usefixtures("trees")
@pytest.mark.parametrize("series", HOSTILE)
@pytest.mark.parametrize("period", [2, 5, 14, 50])
@pytest.mark.parametrize("name", ["avgdev", "cci"])
def test_the_trees_sums_are_exact(name: str, period: int, series: str) -> None:
    column = np.where(np.isinf(HOSTILE[series]), np.nan, HOSTILE[series])
    columns = flat_bars(column)
    params = {"period": period}
    assert differ(name, params, columns, oracles.EXACT[name](columns, **params)) < 1e-13


@pytest.mark.usefixtures("trees")
@pytest.mark.parametrize("name", RANKS)
def test_any_cut_and_any_saved_state_gives_the_same_bits(name: str) -> None:
    columns, params = rough(), {"period": 23}
    whole = bits(once(name, columns, params))
    run = IndicatorRun(name, params)
    assert bits(joined([run.push(columns, i, i + 1) for i in range(260)])) == whole
    for at in range(0, 260, 7):
        first, second = IndicatorRun(name, params), IndicatorRun(name, params)
        head = first.push(columns, 0, at)
        second.load(first.save())
        assert bits(joined([head, second.push(columns, at, 260)])) == whole


@pytest.mark.usefixtures("trees")
@pytest.mark.parametrize("name", RANKS)
@pytest.mark.parametrize("tick", [1e17, np.nan, np.inf])
def test_a_tick_leaves_no_trace(name: str, tick: float) -> None:
    walk = bars(300, 23)["close"]
    broken = walk.copy()
    broken[100] = tick
    params = {"period": 40}
    ours, clean = (once(name, flat_bars(column), params)[0] for column in (broken, walk))
    assert ours[141:].tobytes() == clean[141:].tobytes()
    assert ours[100:140].tobytes() != clean[100:140].tobytes()


@pytest.mark.parametrize("name", ["percentile", "percentrank", "avgdev", "cci"])
def test_the_largest_small_window_and_the_smallest_large_one(name: str) -> None:
    small = percentrank.SMALL if name == "percentrank" else order.SMALL
    assert deviation.SMALL == order.SMALL
    columns = bars(small + 40, 24)
    for period in (small, small + 1):
        params = load(name).bind((), {"period": period})
        called = str(load(name).talib)
        theirs = oracles.by_talib(called, [columns[key] for key in load(name).inputs], params)
        assert differ(name, params, columns, theirs) < 1e-9
