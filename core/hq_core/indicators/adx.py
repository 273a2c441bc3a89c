"""Average Directional Movement Index."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.directional import directional, imbalance
from hq_core.kernels.smooth import finite
from hq_core.registry import Param


@kernel(state="plus minus span high low close mean seen:i8")
def adx_steps(high: F8, low: F8, close: F8, period: int, s: State, out: F8) -> None:
    """Wilder's average of the directional movement index.

    s  plus, minus, span: Wilder's sums of moves up, moves down and true ranges; high, low, close: the last whole
       row; mean: the average, or the plain sum before the first output; seen: whole rows, up to the first output
    """
    plus = s.plus
    minus = s.minus
    span = s.span
    high_before = s.high
    low_before = s.low
    close_before = s.close
    mean = s.mean
    weight = 1.0 / period
    seen = s.seen
    keep = (period - 1) / period
    ready = 2 * period
    for i in range(len(close)):
        known = finite(high[i] - low[i] + close[i])  # one of three that is not makes the sum not
        if known:
            if seen > 0:
                plus, minus, span = directional(
                    high[i],
                    low[i],
                    high_before,
                    low_before,
                    close_before,
                    plus,
                    minus,
                    span,
                    keep if seen >= period else 1.0,
                )
            high_before = high[i]
            low_before = low[i]
            close_before = close[i]
            if seen >= ready:
                mean = mean * keep + imbalance(plus, minus, span, mean) * weight
            else:
                seen += 1
                if seen > period:
                    mean += imbalance(plus, minus, span, 0.0)
                if seen == ready:
                    mean /= period
                known = seen == ready
        out[i] = mean if known else math.nan
    s.plus = plus
    s.minus = minus
    s.span = span
    s.high = high_before
    s.low = low_before
    s.close = close_before
    s.mean = mean
    s.seen = seen


@composite(
    title="Average Directional Movement Index",
    inputs="high low close",
    outputs={"adx": "0..100"},
    params={"period": Param(14, 2, 100_000, "rows in Wilder's sums and in his average")},
    source="Wilder 1978, New Concepts in Technical Trading Systems, ch. 4",
    talib="ADX",
)
def adx(on: Nodes, high: Line, low: Line, close: Line, period: int) -> Line:
    """Wilder's average of the directional movement index.

    A row with a nan or infinite price gives nan and is passed over: the next move is measured from the last whole
    row. A row where nothing has moved leaves the average as it is and counts as 0 in its seed, as TA-Lib. With
    `--compat tv` it is that of Pine's ta.dmi: ta.rma of the index.
    """
    if on.compat == "tv":
        return on.rma(on.dx(high, low, close, period), period)
    return on.apply(adx_steps, high, low, close, period=period, warmup=2 * period - 1)
