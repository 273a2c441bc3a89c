"""Commodity Channel Index."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.deviation import deviation_of
from hq_core.kernels.smooth import finite
from hq_core.registry import Param


@kernel()
def scaled(price: F8, apart: F8, deviation: F8, out: F8) -> None:
    """apart over 0.015 deviations; 0 where the deviation is no more than rounding, 1e-14 of the mean, as TA-Lib."""
    for i in range(len(price)):
        moved = deviation[i] > 1e-14 * abs(price[i] - apart[i])
        share = apart[i] / (0.015 * deviation[i] if moved else 1.0)
        still = 0.0 if finite(deviation[i]) else math.nan
        out[i] = share if moved else still


@composite(
    title="Commodity Channel Index",
    inputs="high low close",
    outputs={"cci": "ratio: two thirds of them within -100 to 100"},
    params={"period": Param(14, 2, 100_000, "rows in the mean and in the deviation")},
    source="Lambert 1980, Commodities magazine, October",
    talib="CCI",
)
def cci(on: Nodes, high: Line, low: Line, close: Line, period: int) -> Line:
    """How far the typical price is from its mean of `period` rows, in mean deviations; 0.015 of one count as 1.

    A row with a nan or infinite input makes it nan while it is in the window.
    """
    price = on.typprice(high, low, close)
    return on.apply(scaled, price, *deviation_of(on, price, period))
