"""Ehlers' cycle indicators where TA-Lib has no answer, or a poor one."""

from __future__ import annotations

import math

import numpy as np
import pytest
import talib
from indicator_runs import bars, flat_bars, once


@pytest.mark.parametrize("name", ["mama", "ht_phasor", "ht_dcperiod", "ht_dcphase", "ht_sine", "ht_trendline"])
def test_a_tick_of_1e17_is_forgotten(name: str) -> None:
    walk = bars(4000, 31)["close"]
    broken = walk.copy()
    broken[50] = 1e17
    for ours, clean in zip(once(name, flat_bars(broken)), once(name, flat_bars(walk))):
        apart = np.abs(ours - clean)[3000:]
        assert apart.max() < 1e-9
    kept = np.abs(np.asarray(talib.HT_DCPERIOD(broken)) - talib.HT_DCPERIOD(walk))[3000:]
    assert kept.max() > 1  # TA-Lib's sums keep what the tick has cost them: why it is no oracle here


def test_the_period_and_the_phase_of_a_sine_wave() -> None:
    wave = flat_bars(100.0 + np.sin(2 * math.pi * np.arange(600) / 20))
    assert once("ht_dcperiod", wave)[0][300:] == pytest.approx(20.0, abs=0.3)
    turned = np.diff(np.unwrap(np.radians(once("ht_dcphase", wave)[0][300:])))
    assert np.degrees(turned).mean() == pytest.approx(18.0, abs=0.05)
    assert set(once("ht_trendmode", wave)[0][300:]) == {0.0}


def test_a_line_of_rising_prices_is_a_trend() -> None:
    rising = flat_bars(100.0 * 1.01 ** np.arange(300))
    assert set(once("ht_trendmode", rising)[0][100:]) == {1.0}
