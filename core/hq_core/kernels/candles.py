"""What candlestick patterns are made of: the parts of a candle, and what is long among the candles before it."""

from __future__ import annotations

import math

from hq_core.jit import F8, State, inline, kernel
from hq_core.kernels.smooth import finite


@inline
def white(open: float, close: float) -> bool:
    """Whether the close is not below the open."""
    return close >= open


@inline
def black(open: float, close: float) -> bool:
    return close < open


@inline
def colour(open: float, close: float) -> float:
    """1 for a white candle, -1 for a black one: prices times it turn one side of a pattern into the other."""
    return 1.0 if close >= open else -1.0


@inline
def top(open: float, close: float) -> float:
    """The upper end of the body."""
    return max(open, close)


@inline
def bottom(open: float, close: float) -> float:
    return min(open, close)


@inline
def body(open: float, close: float) -> float:
    return abs(close - open)


@inline
def upper(open: float, high: float, close: float) -> float:
    """The upper shadow."""
    return high - max(open, close)


@inline
def lower(open: float, low: float, close: float) -> float:
    return min(open, close) - low


@kernel()
def bodies(open: F8, close: F8, out: F8) -> None:
    for i in range(len(open)):
        out[i] = body(open[i], close[i])


@kernel()
def spans(high: F8, low: F8, out: F8) -> None:
    for i in range(len(high)):
        out[i] = high[i] - low[i]


@kernel()
def shadows(open: F8, high: F8, low: F8, close: F8, out: F8) -> None:
    """Both shadows together."""
    for i in range(len(open)):
        out[i] = upper(open[i], high[i], close[i]) + lower(open[i], low[i], close[i])


@inline
def five(sizes: F8, at: int, total: float) -> float:
    """`total` and the sizes of five rows, the first at `at`, added in their order."""
    return total + sizes[at] + sizes[at + 1] + sizes[at + 2] + sizes[at + 3] + sizes[at + 4]


@kernel(state="seen:i8")
def bound(sizes: F8, rows: int, factor: float, share: float, s: State, ring: F8, out: F8) -> None:
    """`factor` times the mean size of the `rows` rows before each, 5 or 10, times `share`.

    Windows so short are added up anew for every row, many rows side by side.

    s     seen: rows so far, up to `rows`
    ring  (rows,)  the last rows, the newest one at the end
    """
    reach = max(rows, 1)  # it is never below 1; said here, indexing tests no signs
    seen = s.seen
    n = len(sizes)
    for i in range(min(n, reach)):
        total = 0.0 if seen + i >= reach else math.nan
        for j in range(i - reach, i):
            total += sizes[j] if j >= 0 else ring[reach + j]
        out[i] = factor * (total / rows) * share
    if rows == 5:
        for i in range(n - 5):
            out[i + 5] = factor * (five(sizes, i, 0.0) / 5.0) * share
    else:
        for i in range(n - 10):
            out[i + 10] = factor * (five(sizes, i + 5, five(sizes, i, 0.0)) / 10.0) * share
    for j in range(reach):
        at = n - reach + j
        ring[j] = sizes[at] if at >= 0 else ring[n + j]
    s.seen = min(seen + n, reach)


@kernel(state="whole:i8")
def known(open: F8, high: F8, low: F8, close: F8, bars: int, s: State, out: F8) -> None:
    """0 where a bar and the `bars` before it are all finite, else nan.  s.whole: finite bars in a row, up to bars."""
    whole = s.whole
    n = len(open)
    broken = 0
    for i in range(n):
        broken += 0 if finite(open[i] - high[i] + low[i] - close[i]) else 1
    for i in range(n):
        if broken > 0 and not finite(open[i] - high[i] + low[i] - close[i]):
            whole = -1 - i
        out[i] = 0.0 if whole + i >= bars else math.nan
    s.whole = min(whole + n, bars)


@kernel(state="sign high low left:i8")
def confirmed(known: F8, signal: F8, high: F8, low: F8, close: F8, bars: int, s: State, out: F8) -> None:
    """Signals, and twice a signal where one of the `bars` closes after it passes `high` or `low` of its own row.

    known      0 or nan, added to the output; a signal of nan is none
    high, low  the levels: of `high` the close must rise after a positive signal, of `low` fall after a negative one
    s          sign: the last signal; high, low: its levels; left: bars in which it may be confirmed
    """
    sign = s.sign
    above = s.high
    below = s.low
    left = s.left
    for i in range(len(signal)):
        value = 0.0
        if (signal[i] > 0.0) | (signal[i] < 0.0):
            value = sign = signal[i]
            above = high[i]
            below = low[i]
            left = bars
        elif left > 0:
            left -= 1
            if ((sign > 0.0) & (close[i] > above)) | ((sign < 0.0) & (close[i] < below)):
                value = 2.0 * sign
                left = 0
        out[i] = value + known[i]
    s.sign = sign
    s.high = above
    s.low = below
    s.left = left
