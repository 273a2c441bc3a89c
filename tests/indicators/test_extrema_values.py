"""Values of windowed extremes, stochastics and ranks by hand and as published."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import oracles
import pytest
from indicator_runs import bars, flat_bars, once, rough

from hq_core.indicators.connors_rsi import runs


def closes(*values: float) -> dict[str, np.ndarray]:
    return flat_bars(np.array(values))


@pytest.mark.parametrize("name", ["max", "min", "maxindex", "minindex", "midpoint", "donchian", "willr", "aroon"])
@pytest.mark.parametrize("tick", [1e17, -1e17, np.nan, np.inf, -np.inf])
def test_a_tick_leaves_no_trace_in_an_extreme(name: str, tick: float) -> None:
    walk = bars(120, 31)["close"]
    broken = walk.copy()
    broken[50] = tick
    params = {"period": 9}
    for ours, clean in zip(once(name, flat_bars(broken), params), once(name, flat_bars(walk), params)):
        assert ours[60:].tobytes() == clean[60:].tobytes()
        assert np.isnan(ours[50:59]).all() == (not np.isfinite(tick))


@pytest.mark.parametrize("name", ["maxindex", "minindex"])
@pytest.mark.parametrize("period", [2, 3, 7, 20, 150])
def test_of_equal_rows_the_one_that_talib_names(name: str, period: int) -> None:
    """The newest while the one named before is in the window, then the earliest."""
    steps = np.random.default_rng(32).integers(0, 4, 900).astype(float)
    theirs = oracles.by_talib(name.upper(), [steps], {"period": period})[0]
    assert np.array_equal(once(name, flat_bars(steps), {"period": period})[0], theirs, equal_nan=True)


def test_aroon_counts_from_the_latest_of_equal_rows() -> None:
    down, up = once("aroon", closes(5, 9, 9, 5, 7), {"period": 4})
    assert (down[4], up[4]) == (75.0, 50.0)


def test_a_nan_row_in_the_window_of_an_index_starts_it_afresh() -> None:
    rows = closes(3, 1, 2, np.nan, 2, 2, 1, 2)
    assert once("maxindex", rows, {"period": 3})[0].tolist()[6:] == [4.0, 5.0]


def test_a_range_that_is_only_rounding_is_none() -> None:
    step = 1.0 + np.spacing(1.0) * 40 * (np.arange(40) % 2)
    assert set(once("stochf", flat_bars(step), {"fastd": 1})[0][4:]) == {0.0}
    assert set(once("willr", flat_bars(step))[0][13:]) == {0.0}


def test_williams_r_stays_within_its_bounds_for_a_close_outside_its_bar() -> None:
    rows = flat_bars(np.tile([1.0, 2.0], 10))
    for close, wanted in ((9.0, 0.0), (-9.0, -100.0)):
        assert set(once("willr", rows | {"close": np.full(20, close)})[0][13:]) == {wanted}


def test_percentile_is_a_row_by_nearest_rank() -> None:
    """The example of the nearest-rank method: 15, 20, 35, 40, 50."""
    found = {
        percent: once("percentile", closes(15, 20, 35, 40, 50), {"period": 5, "percentile": percent})[0][4]
        for percent in (5.0, 30.0, 40.0, 50.0, 100.0)
    }
    assert found == {5.0: 15, 30.0: 20, 40.0: 20, 50.0: 35, 100.0: 50}


def test_seven_percent_of_a_hundred_rows_are_seven() -> None:
    """7 / 100 * 100 is more than 7 in floats: the eighth row."""
    column = flat_bars(np.arange(100.0))
    assert once("percentile", column, {"period": 100, "percentile": 7.0})[0][99] == 6.0


def test_the_streak_of_connors_and_alvarez() -> None:
    """Their table of closes and streaks."""
    close = np.array([20.0, 20.5, 20.75, 19.75, 19.5, 19.35, 19.35, 19.4])
    out = np.empty(8)
    runs(close, SimpleNamespace(prev=0.0, run=0.0, seen=0), out)
    assert out[1:].tolist() == [1, 2, -1, -2, -3, 0, 1]


def test_the_cloud_is_that_of_earlier_rows() -> None:
    rows, later = bars(200, 33), bars(200, 34)
    changed = {key: np.append(rows[key][:150], later[key][150:]) for key in rows}
    was, now = once("ichimoku", rows), once("ichimoku", changed)
    for column in range(4):
        assert was[column][:150].tobytes() == now[column][:150].tobytes()
    for column in (2, 3):
        assert was[column][:176].tobytes() == now[column][:176].tobytes()
        assert was[column][176:].tobytes() != now[column][176:].tobytes()


def test_a_volume_profile_by_hand() -> None:
    """Four bins of 1 from 10 to 14: volumes 1, 5, 4, 2; 70 % of 12 need three of them."""
    price = np.array([10.0, 11.5, 11.0, 12.5, 14.0])
    rows = flat_bars(price) | {"volume": np.array([1.0, 2.0, 3.0, 4.0, 2.0])}
    found = once("volume_profile", rows, {"period": 5, "bins": 4})
    assert [column[4] for column in found] == [11.5, 11.0, 13.0]
    found = once("volume_profile", rows, {"period": 5, "bins": 4, "area": 0.8})
    assert [column[4] for column in found] == [11.5, 11.0, 14.0]


def test_a_profile_without_volume_is_absent() -> None:
    rows = rough() | {"volume": np.zeros(260)}
    assert all(np.isnan(column).all() for column in once("volume_profile", rows, {"period": 5}))


def test_the_median_ignores_one_wild_row() -> None:
    assert once("median", closes(1, 2, 1e17, 4, 5, 6), {"period": 5})[0][4:].tolist() == [4.0, 5.0]
    assert once("median", closes(1, 2, 3, 10), {"period": 4})[0][3] == 2.5
