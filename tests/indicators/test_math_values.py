"""Values of the indicators that are made of an elementary function."""

from __future__ import annotations

import pytest
from indicator_runs import bars, flat_bars, once
from slow_math import exact_angle
from test_indicator_values import TAME, differ


@pytest.mark.parametrize("series", TAME)
@pytest.mark.parametrize("period", [2, 14, 50])
def test_the_angle_of_the_line_is_closer_to_the_truth_than_talib_s(series: str, period: int) -> None:
    params = {"period": period}
    assert differ("linearreg_angle", params, TAME[series], exact_angle(TAME[series], period)) < 1e-14


def test_a_line_that_rises_by_one_a_row_stands_at_45_degrees() -> None:
    ramp = flat_bars(bars(40)["close"] * 0.0 + [float(i) for i in range(40)])
    assert once("linearreg_angle", ramp, {"period": 7})[0][6:].tolist() == [45.0] * 34
