"""Stochastic Momentum Index."""
from __future__ import annotations

<<<<<<< HEAD
from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.extrema import extremes
from hq_core.kernels.lag import over
from hq_core.registry import Param


@kernel()
def off_centre(highest: F8, lowest: F8, close: F8, out_apart: F8, out_span: F8) -> None:
    """How far close is above the middle of the range, and the whole range; nan in both where one of them is nan."""
    for i in range(len(close)):
        apart = close[i] - (highest[i] + lowest[i]) * 0.5
        out_apart[i] = apart
        out_span[i] = (highest[i] - lowest[i]) + (apart - apart)


@kernel()
def in_percent(apart: F8, span: F8, out: F8) -> None:
    """apart in percent of half the range; 0 where that is not above 0."""
    for i in range(len(apart)):
        out[i] = 100.0 * over(apart[i], span[i] * 0.5 if span[i] > 0.0 else 0.0, 0.0)
=======
import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, inline, kernel
from hq_core.kernels.extrema import extremes
from hq_core.kernels.smooth import finite, seed_or_move
from hq_core.registry import Param


@kernel(state="apart span apart_twice span_twice seen:i8")
def twice_averaged(highest: F8, lowest: F8, close: F8, slow: int, fast: int, s: State, out: F8) -> None:
    """Distance of close from the middle of the range in percent of half the range, each averaged twice; 0 where the
    averaged range is not above 0.

    s  apart, span: the first averages (plain sums before their seed); apart_twice, span_twice: the second ones;
       seen: rows so far, up to the first output
    """
    apart = s.apart
    span = s.span
    apart_twice = s.apart_twice
    span_twice = s.span_twice
    seen = s.seen
    ready = slow + fast - 1
    weight = 2.0 / (slow + 1)
    again = 2.0 / (fast + 1)
    n = len(close)
    i = 0
    while i < n and seen < ready:
        out[i] = math.nan
        off = close[i] - (highest[i] + lowest[i]) * 0.5
        wide = highest[i] - lowest[i]
        if finite(off + wide):
            seen += 1
            apart = seed_or_move(off, apart, seen, slow, weight)
            span = seed_or_move(wide, span, seen, slow, weight)
            if seen >= slow:
                apart_twice = seed_or_move(apart, apart_twice, seen - slow + 1, fast, again)
                span_twice = seed_or_move(span, span_twice, seen - slow + 1, fast, again)
            if seen == ready:
                out[i] = in_percent(apart_twice, span_twice)
        i += 1
    while i < n:
        while i < n:
            off = close[i] - (highest[i] + lowest[i]) * 0.5
            wide = highest[i] - lowest[i]
            if not finite(off + wide):
                break
            apart = (off - apart) * weight + apart
            span = (wide - span) * weight + span
            apart_twice = (apart - apart_twice) * again + apart_twice
            span_twice = (span - span_twice) * again + span_twice
            out[i] = in_percent(apart_twice, span_twice)
            i += 1
        if i < n:
            out[i] = math.nan
            i += 1
    s.apart = apart
    s.span = span
    s.apart_twice = apart_twice
    s.span_twice = span_twice
    s.seen = seen


@inline
def in_percent(apart: float, span: float) -> float:
    known = span > 0.0
    share = apart / (span * 0.5 if known else 1.0)
    return 100.0 * share if known else 0.0
>>>>>>> groupC


@composite(
    title="Stochastic Momentum Index",
    inputs="high low close",
    outputs={"smi": "-100..100", "signal": "-100..100"},
    params={
        "period": Param(13, 2, 100_000, "rows in the range"),
        "fast": Param(2, 2, 100_000, "rows in the second average"),
        "slow": Param(25, 2, 100_000, "rows in the first average"),
        "signal": Param(9, 2, 100_000, "rows in the signal's average"),
    },
    source="Blau 1993, Technical Analysis of Stocks & Commodities 11(1)",
    talib="SMI",
)
def smi(
    on: Nodes, high: Line, low: Line, close: Line, period: int, fast: int, slow: int, signal: int
) -> tuple[Line, ...]:
    """Distance of close from the middle of its range over half the range, each averaged twice; and its average.

    All averages are exponential. Without a range the index is 0, as TA-Lib. Both begin with the first signal.
    """
    span = on.apply(extremes, high, low, period=period, ring=2 * period, warmup=period - 1, outputs=2)
<<<<<<< HEAD
    apart, range_ = on.apply(off_centre, *span, close, outputs=2)
    index = on.apply(in_percent, on.ema(on.ema(apart, slow), fast), on.ema(on.ema(range_, slow), fast))
=======
    index = on.apply(twice_averaged, *span, close, slow=slow, fast=fast, warmup=slow + fast - 2)
>>>>>>> groupC
    return on.together(index, on.ema(index, signal))
