"""Rate of Change, Ratio."""

from __future__ import annotations

from hq_core.jit import F8, State
from hq_core.kernels.lag import keep_last, lagged, over
from hq_core.registry import Param, indicator


@indicator(
    title="Rate of Change, Ratio",
    inputs="close",
    outputs={"rocr": "ratio, 1 is no change"},
    params={"period": Param(10, 1, 100_000, "rows back")},
    state="head:i8<period seen:i8<=period",
    ring=lambda period: period,
    warmup=lambda period: period,
    source="definition: x / x[n]",
    talib="ROCR",
)
def rocr(close: F8, period: int, s: State, ring: F8, out: F8) -> None:
    """Row over the row `period` rows before.

    close  (n,)       any unit; nan or infinite: the output is nan at the row and at the one `period` later
    s      head: slot of the oldest row; seen: rows so far, up to period
    ring   (period,)  the last rows (kernels/lag.py)
    out    (n,)       ratio; nan for the first `period` rows, 0 where the earlier row is 0, as TA-Lib
    """
    head = max(s.head, 0)
    seen = s.seen
    back = max(period, 1)  # it is never below 1; said here, indexing tests no signs and the loop vectorises
    n = len(close)
    for i in range(min(n, back)):
        out[i] = over(close[i], lagged(ring, period, head, seen, i), 0.0)
    for i in range(n - back):
        out[i + back] = over(close[i + back], close[i], 0.0)
    s.head = keep_last(close, ring, period, head)
    s.seen = min(seen + n, period)
