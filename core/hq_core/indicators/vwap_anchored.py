"""Anchored Volume Weighted Average Price."""

from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.smooth import finite
from hq_core.kernels.vwap import weigh
from hq_core.registry import Param, indicator


@indicator(
    title="Anchored Volume Weighted Average Price",
    inputs="ts high low close volume",
    outputs={"vwap": "unit of the input", "upper": "unit of the input", "lower": "unit of the input"},
    params={
        "anchor": Param(0.0, 0.0, 9e9, "seconds from 1970 UTC to the beginning; bars that close later count"),
        "nbdev": Param(1.0, 0.0, 1000.0, "deviations from the price to each band"),
    },
    state="total mean square",
    warmup=lambda *_: 0,
    source="Shannon 2023, Maximum Trading Gains With Anchored VWAP; of the typical price",
    talib=None,
)
def vwap_anchored(
    ts: F8,
    high: F8,
    low: F8,
    close: F8,
    volume: F8,
    anchor: float,
    nbdev: float,
    s: State,
    out_vwap: F8,
    out_upper: F8,
    out_lower: F8,
) -> None:
    """Mean typical price since a moment, weighed by volume, and bands by its weighted standard deviation.

    ts      (n,)  ns UTC, when each bar closed
    high, low, close  (n,)  price; a row with a nan or infinite input gives nan and is passed over
    volume  (n,)  base units; one that is not above 0 counts as 0
    s       total, mean, square: volume, mean price and variance
    out_*   (n,)  unit of price; nan for bars that close at the anchor or before it; the row's own typical price
                  while there has been no volume
    """
    start = anchor * 1e9
    total = s.total
    mean = s.mean
    square = s.square
    for i in range(len(ts)):
        typical = (high[i] + low[i] + close[i]) / 3.0
        if finite(typical - volume[i]) & finite(ts[i]) & (ts[i] > start):
            total, mean, square = weigh(typical, volume[i], total, mean, square)
            deviation = math.sqrt(square)
            out_vwap[i] = mean
            out_upper[i] = mean + nbdev * deviation
            out_lower[i] = mean - nbdev * deviation
        else:
            out_vwap[i] = math.nan
            out_upper[i] = math.nan
            out_lower[i] = math.nan
    s.total = total
    s.mean = mean
    s.square = square
