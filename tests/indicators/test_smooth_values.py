"""Exponential averages, whose every fourth row leaps over three."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from indicator_runs import bars, flat_bars, once


@pytest.mark.parametrize("period", [1, 2, 3, 14, 1000])
@pytest.mark.parametrize("value", [0.5, -7.75, 2.0**500, 2.0**-660])
def test_an_average_of_one_value_is_that_value(period: int, value: float) -> None:
    after = once("ema", flat_bars(np.full(period + 50, value)), {"period": period})[0][period - 1 :]
    assert after.tolist() == [value] * 51


@pytest.mark.parametrize("period", [2, 3, 5, 30, 400])
@pytest.mark.parametrize("name", ["ema", "rma"])
def test_an_average_with_gaps_is_the_exact_one(name: str, period: int) -> None:
    close = bars(700, 21)["close"]
    close[[3, 451, 452, 500, 507]] = np.nan
    weight = Fraction(2, period + 1) if name == "ema" else Fraction(1, period)
    seed: list[Fraction] = []
    mean, wanted = Fraction(0), []
    for value in close:
        if not np.isnan(value):
            at = Fraction(float(value))
            seed.append(at)
            if len(seed) == period:
                mean = sum(seed, Fraction(0)) / period
            elif len(seed) > period:
                mean += (at - mean) * weight
                mean = Fraction(round(mean * 2**90), 2**90)
        wanted.append(np.nan if np.isnan(value) or len(seed) < period else float(mean))
    found = once(name, {"close": close}, {"period": period})[0]
    assert np.isnan(found).tolist() == np.isnan(wanted).tolist()
    assert np.nanmax(np.abs(found / np.array(wanted) - 1.0)) < 1e-15 * 5
