"""Balance of Power."""

from __future__ import annotations

import math

from hq_core.jit import F8
from hq_core.kernels.smooth import finite
from hq_core.registry import indicator


@indicator(
    title="Balance of Power",
    inputs="open high low close",
    outputs={"bop": "ratio, -1..1"},
    params={},
    warmup=lambda: 0,
    source="Livshin 2001, Technical Analysis of Stocks & Commodities 19(8)",
    talib="BOP",
)
def bop(open: F8, high: F8, low: F8, close: F8, out: F8) -> None:
    """Body of the row's bar over its range, up positive.

    open, high, low, close  (n,)  price; a nan or infinite one among them gives nan
    out                     (n,)  ratio, -1..1 where open and close lie between low and high; 0 where high is
                                  not above low, as TA-Lib
    """
    for i in range(len(close)):
        reach = high[i] - low[i]
        body = close[i] - open[i]
        share = body / reach if reach > 0.0 else 0.0
        out[i] = share if finite(body + reach) else math.nan
