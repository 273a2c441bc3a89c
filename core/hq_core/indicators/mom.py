"""Momentum."""

from __future__ import annotations

from hq_core.jit import F8, State
from hq_core.kernels.lag import difference, keep_last, lagged
from hq_core.registry import Param, indicator


@indicator(
    title="Momentum",
    inputs="close",
    outputs={"mom": "unit of the input"},
    params={"period": Param(10, 1, 100_000, "rows back")},
    state="head:i8<period seen:i8<=period",
    ring=lambda period: period,
    warmup=lambda period: period,
    source="definition: difference from the value n rows before",
    talib="MOM",
)
def mom(close: F8, period: int, s: State, ring: F8, out: F8) -> None:
    """Change from the row `period` rows before.

    close  (n,)       any unit; nan or infinite: the output is nan at the row and at the one `period` later
    s      head: slot of the oldest row; seen: rows so far, up to period
    ring   (period,)  the last rows (kernels/lag.py)
    out    (n,)       unit of close; nan for the first `period` rows
    """
    head = max(s.head, 0)
    seen = s.seen
    back = max(period, 1)  # it is never below 1; said here, indexing tests no signs and the loop vectorises
    n = len(close)
    for i in range(min(n, back)):
        out[i] = difference(close[i], lagged(ring, period, head, seen, i))
    for i in range(n - back):
        out[i + back] = difference(close[i + back], close[i])
    s.head = keep_last(close, ring, period, head)
    s.seen = min(seen + n, period)
