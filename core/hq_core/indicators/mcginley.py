"""McGinley Dynamic."""

from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.smooth import finite, seed_or_move
from hq_core.registry import Param, indicator


@indicator(
    title="McGinley Dynamic",
    inputs="close",
    outputs={"mcginley": "unit of the input"},
    params={
        "period": Param(14, 1, 100_000, "rows of the average that it stands for"),
        "k": Param(0.6, 0.01, 1000.0, "share of the period that is used"),
    },
    state="mean seen:i8",
    warmup=lambda period, k: period - 1,
    source="McGinley 1997, Market Technicians Association Journal, McGinley Dynamics",
    talib=None,
)
def mcginley(close: F8, period: int, k: float, s: State, out: F8) -> None:
    """Average that moves by 1 / (k period ratio^4) of the distance, ratio = close over average: faster down than up.

    close  (n,)  any unit; a nan or infinite row gives nan and is passed over
    s      mean: the average, or the plain sum of the first `period` rows; seen: finite rows, up to period
    out    (n,)  unit of close; nan for the first period - 1 rows

    It never moves by more than the whole distance, where the formula would leap beyond the price: with the
    defaults at 0.58 of the average and below. From 0 it moves all the way, where the formula has no value.
    """
    mean = s.mean
    seen = s.seen
    rows = k * period
    for i in range(len(close)):
        value = close[i]
        out[i] = math.nan
        if finite(value):
            if seen < period:
                seen += 1
                mean = seed_or_move(value, mean, seen, period, 0.0)
            else:
                ratio = value / mean if mean != 0.0 else 0.0
                square = ratio * ratio
                slowness = rows * (square * square)
                mean = mean + (value - mean) / slowness if slowness > 1.0 else value
            if seen == period:
                out[i] = mean
    s.mean = mean
    s.seen = seen
