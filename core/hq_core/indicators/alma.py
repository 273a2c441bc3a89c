"""Arnaud Legoux Moving Average."""

from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.maths.exp import exp
from hq_core.registry import Param, indicator


@indicator(
    title="Arnaud Legoux Moving Average",
    inputs="close",
    outputs={"alma": "unit of the input"},
    params={
        "period": Param(9, 1, 1000, "rows in the average"),
        "offset": Param(0.85, 0.0, 1.0, "where the weights are largest: 0 is the oldest row, 1 the newest"),
        "sigma": Param(6.0, 0.1, 100.0, "how narrow they are: `period` over their standard deviation"),
    },
    state="head:i8<period seen:i8<=period",
    ring=lambda period, offset, sigma: 2 * period,
    warmup=lambda period, offset, sigma: period - 1,
    source="Legoux and Kouzis-Loukas 2009, ALMA: Arnaud Legoux Moving Average",
)
def alma(close: F8, period: int, offset: float, sigma: float, s: State, ring: F8, out: F8) -> None:
    """Mean of the last `period` rows under a Gaussian curve.

    close  (n,)         any unit; nan or infinite: the output is nan while the row is in the window, `period` rows, and
                        afterwards what it would have been without it
    s      head: slot of the oldest row; seen: rows so far, up to period
    ring   (2 period,)  the weights, the oldest row's first, which add up to 1; then the last rows
    out    (n,)         unit of close; nan for the first period - 1 rows

    No sum of this kind can be carried from row to row, so a row costs `period` multiplications, and `period` is at
    most 1000.
    """
    head = s.head
    seen = s.seen
    if seen == 0:
        total = 0.0
        for j in range(period):
            apart = (j - offset * (period - 1)) * sigma / period
            ring[j] = exp(-0.5 * apart * apart)
            total += ring[j]
        for j in range(period):
            ring[j] /= total
    for i in range(len(close)):
        ring[period + head] = close[i]
        head = head + 1 if head + 1 < period else 0
        seen += 1 if seen < period else 0
        mean = 0.0
        for j in range(period - head):
            mean += ring[j] * ring[period + head + j]
        for j in range(head):
            mean += ring[period - head + j] * ring[period + j]
        out[i] = mean if (seen == period) & (mean - mean == 0.0) else math.nan
    s.head = head
    s.seen = seen
