"""Rate of Change, Fraction."""

from __future__ import annotations

from hq_core.jit import F8, State
from hq_core.kernels.lag import keep_last, lagged, over
from hq_core.registry import Param, indicator


@indicator(
    title="Rate of Change, Fraction",
    inputs="close",
    outputs={"rocp": "ratio, 0 is no change"},
    params={"period": Param(10, 1, 100_000, "rows back")},
    state="head:i8<period seen:i8<=period",
    ring=lambda period: period,
    warmup=lambda period: period,
    source="definition: (x - x[n]) / x[n]",
    talib="ROCP",
)
def rocp(close: F8, period: int, s: State, ring: F8, out: F8) -> None:
    """Change from the row `period` rows before, as a fraction of that row.

    close  (n,)       any unit; nan or infinite: the output is nan at the row and at the one `period` later
    s      head: slot of the oldest row; seen: rows so far, up to period
    ring   (period,)  the last rows (kernels/lag.py)
    out    (n,)       fraction; nan for the first `period` rows, 0 where the earlier row is 0, as TA-Lib
    """
    head = max(s.head, 0)
    seen = s.seen
    back = max(period, 1)  # it is never below 1; said here, indexing tests no signs and the loop vectorises
    n = len(close)
    for i in range(min(n, back)):
        before = lagged(ring, period, head, seen, i)
        out[i] = over(close[i] - before, before, 0.0)
    for i in range(n - back):
        before = close[i]
        out[i + back] = over(close[i + back] - before, before, 0.0)
    s.head = keep_last(close, ring, period, head)
    s.seen = min(seen + n, period)
