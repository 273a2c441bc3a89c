"""Kalman filter of a local linear trend."""

from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.smooth import finite
from hq_core.registry import Param, indicator


@indicator(
    title="Kalman Filter of a Local Linear Trend",
    inputs="close",
    outputs={"level": "unit of the input", "slope": "unit of the input, per row"},
    params={
        "q": Param(0.01, 0.0, 1e6, "variance of the level's own steps"),
        "qslope": Param(0.0001, 0.0, 1e6, "variance of the slope's steps; 0 keeps it constant"),
        "r": Param(1.0, 1e-6, 1e6, "variance of the noise about the level; only ratios to it matter"),
    },
    state="level slope own both turn seen:i8",
    warmup=lambda q, qslope, r: 1,
    source="Harvey 1989, Forecasting, Structural Time Series Models and the Kalman Filter, ch. 2 and 4",
    talib=None,
)
def kalman(close: F8, q: float, qslope: float, r: float, s: State, out_level: F8, out_slope: F8) -> None:
    """Best linear guess, by the rows so far, of a level that drifts by a slope that itself drifts.

    close  (n,)  any unit; a nan or infinite row gives nan and is passed over: the level does not move on
    s      level, slope: the guess; own, both, turn: its variances and covariance, in the unit of r; seen: finite
           rows, up to 2
    out_*  (n,)  unit of close; nan for the first row: the first two give level, slope and their variances
    """
    level = s.level
    slope = s.slope
    own = s.own
    both = s.both
    turn = s.turn
    seen = s.seen
    for i in range(len(close)):
        value = close[i]
        known = finite(value)
        if known & (seen < 2):
            slope = value - level
            level = value
            own = r
            both = r
            turn = 2.0 * r + q + qslope
            seen += 1
            known = seen == 2
        elif known:
            own = own + 2.0 * both + turn + q  # one row on
            both = both + turn
            turn = turn + qslope
            apart = value - (level + slope)
            total = own + r
            gain = own / total
            lift = both / total
            level = level + slope + gain * apart
            slope = slope + lift * apart
            turn = turn - lift * both
            own = own * (r / total)
            both = both * (r / total)
        out_level[i] = level if known else math.nan
        out_slope[i] = slope if known else math.nan
    s.level = level
    s.slope = slope
    s.own = own
    s.both = both
    s.turn = turn
    s.seen = seen
