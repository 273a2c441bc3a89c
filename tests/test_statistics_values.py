"""Windowed statistics of two columns that differ, and of values that a running sum would lose."""
from __future__ import annotations

import numpy as np
import oracles
import pytest
import slow_statistics as slow
from indicator_runs import flat_bars, once
from test_indicator_values import HOSTILE, largest

PERIODS = (2, 5, 14, 50)


def two(series: str) -> oracles.Columns:
    """The series, and beside it the same values in another order, mixed with them."""
    first = np.where(np.isinf(HOSTILE[series]), np.nan, HOSTILE[series])
    second = np.roll(first, 3) + 0.25 * first
    columns = flat_bars(first)
    return {**columns, "low": second, "volume": np.abs(second)}


def apart(name: str, series: str, period: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where they are known: the exact values, how far the indicator's are from them, and the largest close of each
    window."""
    columns = two(series)
    ours = once(name, columns, {"period": period})[0]
    theirs = np.array(getattr(slow, f"exact_{name}")(columns, period)[0])
    assert np.isnan(ours).tolist() == np.isnan(theirs).tolist()
    known = ~np.isnan(theirs)
    return theirs[known], np.abs(ours - theirs)[known], largest(columns, ["close"], period - 1)[known]


@pytest.mark.parametrize("series", HOSTILE)
@pytest.mark.parametrize("period", PERIODS)
def test_correlation_of_two_columns_is_exact(series: str, period: int) -> None:
    _, off, _ = apart("correl", series, period)
    assert off.max(initial=0.0) < 1e-13
    assert not (np.abs(once("correl", two(series), {"period": period})[0]) > 1.0).any()


@pytest.mark.parametrize("series", HOSTILE)
@pytest.mark.parametrize("period", PERIODS)
def test_beta_of_two_columns_is_exact(series: str, period: int) -> None:
    exact, off, _ = apart("beta", series, period)
    assert (off <= 1e-12 * np.maximum(np.abs(exact), 1.0)).all()


@pytest.mark.parametrize("series", HOSTILE)
@pytest.mark.parametrize("period", PERIODS)
def test_the_average_by_volume_is_exact(series: str, period: int) -> None:
    _, off, size = apart("vwma", series, period)
    assert (off <= 1e-13 * size).all()
