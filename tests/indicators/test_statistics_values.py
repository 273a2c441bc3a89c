"""Windowed statistics of two columns that differ, and of values that a running sum would lose."""

from __future__ import annotations

import numpy as np
import oracles
import pytest
import slow_statistics as slow
from indicator_runs import IndicatorRun, bars, flat_bars, once
from test_indicator_values import HOSTILE, largest

from hq_core.registry import load

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


def nearly(name: str, series: str, params: oracles.Params) -> tuple[np.ndarray, np.ndarray]:
    """The exact values, where they are known, and how far the indicator's are from them."""
    columns = two(series)
    ours = once(name, columns, params)[0]
    theirs = np.array(oracles.SLOW[name](columns, **load(name).bind((), params))[0])
    assert np.isnan(ours).tolist() == np.isnan(theirs).tolist()
    known = ~np.isnan(theirs)
    return theirs[known], np.abs(ours - theirs)[known]


@pytest.mark.parametrize("series", HOSTILE)
@pytest.mark.parametrize("period", [4, 5, 14, 50])
@pytest.mark.parametrize("name", ["skew", "kurtosis", "zscore"])
def test_shapes_of_windows_are_exact(name: str, series: str, period: int) -> None:
    for ddof in (0, 1):
        exact, off = nearly(name, series, {"period": period, "ddof": ddof})
        assert (off <= 1e-13 * np.maximum(np.abs(exact), 1.0)).all()


@pytest.mark.parametrize("series", HOSTILE)
@pytest.mark.parametrize("period", PERIODS)
def test_the_share_that_a_line_explains_is_exact(series: str, period: int) -> None:
    _, off = nearly("linearreg_r2", series, {"period": period})
    assert (off <= 1e-13).all()


@pytest.mark.parametrize("series", HOSTILE)
@pytest.mark.parametrize("period", PERIODS)
def test_covariance_of_two_columns_is_exact(series: str, period: int) -> None:
    columns = two(series)
    ours = once("covariance", columns, {"period": period})[0]
    theirs = np.array(oracles.SLOW["covariance"](columns, period, 0)[0])
    size = np.array(slow.exact_var({"close": columns["high"]}, period, 1.0, 0)[0])
    size = np.sqrt(size * np.array(slow.exact_var({"close": columns["low"]}, period, 1.0, 0)[0]))
    known = ~np.isnan(theirs)
    assert np.isnan(ours).tolist() == np.isnan(theirs).tolist()
    assert (np.abs(ours - theirs)[known] <= 1e-13 * size[known]).all()


def test_skew_and_kurtosis_of_known_numbers() -> None:
    """1 2 3 4 10: mean 4, variance 10, third moment 36, fourth moment 278.8."""
    columns = flat_bars(np.array([1.0, 2.0, 3.0, 4.0, 10.0]))
    found = [once(name, columns, {"period": 5})[0][4] for name in ("skew", "kurtosis")]
    assert found == pytest.approx([36 / 10**1.5, 278.8 / 100 - 3], rel=1e-14)


def test_the_pace_of_the_day_is_compared_with_the_days_before() -> None:
    """Two bars a day, the first at noon, the second at midnight; the first day may not be whole."""
    ts = 1_735_689_600e9 + 43_200e9 * np.arange(1.0, 10.0)
    volume = np.array([5.0, 5.0, 10.0, 30.0, 20.0, 20.0, 60.0, 0.0, 6.0])
    found = once("vri5d", {"ts": ts, "volume": volume}, {"days": 2})[0]
    assert found == pytest.approx([1, 1, 1, 1, 20 / 20, 40 / 40, 60 / 20, 60 / 40, 6 / 25], rel=1e-15)


@pytest.mark.parametrize("series", HOSTILE)
@pytest.mark.parametrize("period", [3, 5, 14, 50])
def test_the_error_of_a_line_is_exact_to_the_digits_of_the_deviation(series: str, period: int) -> None:
    """Its square is: where the line leaves a hundredth, twelve digits are right, and where it leaves nothing, seven."""
    exact, off = nearly("linearreg_stderr", series, {"period": period})
    deviation = np.sqrt(np.array(slow.exact_var(two(series), period, 1.0, 0)[0]))
    deviation = deviation[~np.isnan(deviation)]
    assert (off <= np.where(exact > 0.01 * deviation, 1e-12, 1e-7) * deviation).all()


WINDOWED = (
    "ac",
    "accbands",
    "adr",
    "ao",
    "beta",
    "cmf",
    "correl",
    "covariance",
    "disparity",
    "dpo",
    "eom",
    "fosc",
    "kst",
    "kurtosis",
    "linearreg",
    "linearreg_intercept",
    "linearreg_r2",
    "linearreg_slope",
    "linearreg_stderr",
    "mfi",
    "psy",
    "qstick",
    "rolling_vwap",
    "rvol",
    "skew",
    "tsf",
    "ulcer",
    "ultosc",
    "var",
    "vhf",
    "vortex",
    "vwma",
    "zscore",
)


@pytest.mark.parametrize("name", WINDOWED)
@pytest.mark.parametrize("tick", [1e17, np.nan, -np.inf])
def test_what_has_left_the_windows_leaves_no_trace(name: str, tick: float) -> None:
    clean = bars(400, 31)
    broken = {key: column.copy() for key, column in clean.items()}
    for key in load(name).inputs:
        broken[key][100] = tick
    past = 101 + IndicatorRun(name).warmup + 1
    for ours, untouched in zip(once(name, broken), once(name, clean), strict=True):
        assert ours[past:].tobytes() == untouched[past:].tobytes()
