"""Keltner Channels."""

from __future__ import annotations

import math
from functools import partial

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.bands import around
from hq_core.kernels.smooth import finite, true_range
from hq_core.registry import Param


@kernel(state="mean span prev seen:i8")
def channel(
    high: F8,
    low: F8,
    close: F8,
    period: int,
    atr: int,
    nbdev: float,
    s: State,
    out_upper: F8,
    out_middle: F8,
    out_lower: F8,
) -> None:
    """All three bands in one pass.

    s  mean, span: the EMA and the average true range, or their seeds' sums; prev: the last whole row's close;
       seen: whole rows, up to the first output
    """
    mean = s.mean
    span = s.span
    prev = s.prev
    seen = s.seen
    ready = max(period, atr + 1)
    late = ready - period  # rows that the EMA leaves out
    calm = ready - atr  # rows that the true ranges leave out; the first has none
    weight = 2.0 / (period + 1)
    share = 1.0 / atr
    keep = (atr - 1) / atr
    for i in range(len(close)):
        typical = (high[i] + low[i] + close[i]) / 3.0
        known = finite(typical)
        if known:
            wide = true_range(high[i], low[i], prev)
            prev = close[i]
            if seen >= ready:
                mean = (typical - mean) * weight + mean
                span = span * keep + wide * share
            else:
                seen += 1
                mean += typical if seen > late else 0.0
                span += wide if seen > calm else 0.0
                if seen == ready:
                    mean /= period
                    span /= atr
                known = seen == ready
        out_upper[i] = mean + nbdev * span if known else math.nan
        out_middle[i] = mean if known else math.nan
        out_lower[i] = mean - nbdev * span if known else math.nan
    s.mean = mean
    s.span = span
    s.prev = prev
    s.seen = seen


@composite(
    title="Keltner Channels",
    inputs="high low close",
    outputs={"upper": "unit of the input", "middle": "unit of the input", "lower": "unit of the input"},
    params={
        "period": Param(20, 2, 100_000, "rows in the EMA in the middle"),
        "atr": Param(10, 1, 100_000, "rows in Wilder's average of the true range"),
        "nbdev": Param(2.0, 0.0, 1000.0, "true ranges from the middle to each band"),
    },
    source="Keltner 1960, How to Make Money in Commodities; with an EMA and true ranges: Raschke",
    talib="KC",
)
def kc(on: Nodes, high: Line, low: Line, close: Line, period: int, atr: int, nbdev: float) -> tuple[Line, ...]:
    """EMA of the typical price, and bands `nbdev` average true ranges away from it.

    The seeds of both averages end on one row, as TA-Lib: the shorter one leaves the first rows out. With
    `--compat tv` it is Pine's ta.kc: an EMA of close, and bands by the EMA of `period` true ranges.
    """
    if on.plain("ema", "atr"):
        warmup = max(period - 1, atr)
        return on.apply(channel, high, low, close, outputs=3, warmup=warmup, period=period, atr=atr, nbdev=nbdev)
    if on.compat == "tv":
        span = on.ema(on.trange(high, low, close), period)
        return on.apply(around, on.ema(close, period), span, outputs=3, up=nbdev, down=nbdev)
    middle, span = partial(on.ema, period=period), partial(on.atr, period=atr)
    typical = on.typprice(high, low, close)
    warmup = max(middle(typical).warmup, span(high, low, close).warmup)
    lines = on.starting(warmup, middle, typical), on.starting(warmup, span, high, low, close)
    return on.apply(around, *lines, outputs=3, up=nbdev, down=nbdev)
