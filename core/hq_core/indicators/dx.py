"""Directional Movement Index."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.directional import directional, imbalance
from hq_core.kernels.lag import over
from hq_core.kernels.smooth import finite
from hq_core.registry import Param


@kernel()
def apart(plus: F8, minus: F8, out: F8) -> None:
    """100 |plus - minus| / (plus + minus); 0 where nothing has moved."""
    for i in range(len(plus)):
        out[i] = 100.0 * over(abs(plus[i] - minus[i]), plus[i] + minus[i], 0.0)


@kernel(state="plus minus span high low close value seen:i8")
def dx_steps(high: F8, low: F8, close: F8, period: int, s: State, out: F8) -> None:
    """Distance between the moves up and the moves down, in percent of their sum.

    s  plus, minus, span: Wilder's sums of moves up, moves down and true ranges; high, low, close: the last whole
       row; value: the last output; seen: whole rows, up to the first output
    """
    plus = s.plus
    minus = s.minus
    span = s.span
    high_before = s.high
    low_before = s.low
    close_before = s.close
    value = s.value
    seen = s.seen
    keep = (period - 1) / period
    ready = period + 1
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
            seen = min(seen + 1, ready)
            known = seen == ready
            value = imbalance(plus, minus, span, value) if known else value
        out[i] = value if known else math.nan
    s.plus = plus
    s.minus = minus
    s.span = span
    s.high = high_before
    s.low = low_before
    s.close = close_before
    s.value = value
    s.seen = seen


@composite(
    title="Directional Movement Index",
    inputs="high low close",
    outputs={"dx": "0..100"},
    params={"period": Param(14, 2, 100_000, "rows in Wilder's sums")},
    source="Wilder 1978, New Concepts in Technical Trading Systems, ch. 4",
    talib="DX",
)
def dx(on: Nodes, high: Line, low: Line, close: Line, period: int) -> Line:
    """Distance between the moves up and the moves down, in percent of their sum.

    A row with a nan or infinite price gives nan and is passed over: the next move is measured from the last whole
    row. Where nothing has moved the value of the row before, 0 if there is none, as TA-Lib. With `--compat tv` it
    is that of Pine's ta.dmi, whose sums begin a row later.
    """
    if on.compat == "tv":
        return on.apply(apart, on.plus_di(high, low, close, period), on.minus_di(high, low, close, period))
    return on.apply(dx_steps, high, low, close, period=period, warmup=period)
