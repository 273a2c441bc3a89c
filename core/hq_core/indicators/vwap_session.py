"""Volume Weighted Average Price of the session."""

from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.session import session_of
from hq_core.kernels.smooth import finite
from hq_core.kernels.vwap import weigh
from hq_core.registry import Param, indicator


@indicator(
    title="Volume Weighted Average Price of the Session",
    inputs="ts high low close volume",
    outputs={"vwap": "unit of the input", "upper": "unit of the input", "lower": "unit of the input"},
    params={
        "session": Param(24.0, 0.01, 100_000.0, "hours in a session"),
        "offset": Param(0.0, -100_000.0, 100_000.0, "hours from midnight UTC to where a session begins"),
        "nbdev": Param(1.0, 0.0, 1000.0, "deviations from the price to each band"),
    },
    state="number total mean square seen:i8",
    warmup=lambda *_: 0,
    source="Berkowitz, Logue and Noser 1988, Journal of Finance 43(1); of the typical price, with bands",
    talib=None,
)
def vwap_session(
    ts: F8,
    high: F8,
    low: F8,
    close: F8,
    volume: F8,
    session: float,
    offset: float,
    nbdev: float,
    s: State,
    out_vwap: F8,
    out_upper: F8,
    out_lower: F8,
) -> None:
    """Mean typical price of the session so far, weighed by volume, and bands by its weighted standard deviation.

    ts      (n,)  ns UTC, when each bar closed; one that closes where a session begins belongs to the one before
    high, low, close  (n,)  price; a row with a nan or infinite input gives nan and is passed over
    volume  (n,)  base units; one that is not above 0 counts as 0
    s       number: the session's; total, mean, square: its volume, mean price and variance; seen: 1 after a row
    out_*   (n,)  unit of price; the row's own typical price while the session has had no volume
    """
    total = s.total
    mean = s.mean
    square = s.square
    number = s.number
    seen = s.seen
    for i in range(len(ts)):
        typical = (high[i] + low[i] + close[i]) / 3.0
        now = session_of(ts[i], session, offset)
        if finite(typical - volume[i]) & finite(now):
            if (seen == 0) | (now != number):
                number = now
                total = 0.0
                seen = 1
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
    s.number = number
    s.seen = seen
