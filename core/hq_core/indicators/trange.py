"""True Range."""

from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.smooth import finite, true_range
from hq_core.registry import indicator


@indicator(
    title="True Range",
    inputs="high low close",
    outputs={"trange": "unit of close"},
    params={},
    state="prev seen:i8",
    warmup=lambda: 1,
    source="Wilder 1978, New Concepts in Technical Trading Systems, ch. 3",
    talib="TRANGE",
)
def trange(high: F8, low: F8, close: F8, s: State, out: F8) -> None:
    """Largest of a bar's range and the distances of its high and its low from the close before.

    high, low, close  (n,)  price; a row with a nan or infinite one gives nan and is passed over: the next
                            range is measured from the last whole row's close
    s    prev: that close; seen: 1 after the first whole row
    out  (n,)  unit of close; nan for the first row
    """
    prev = s.prev
    seen = s.seen
    n = len(close)
    broken = 1 - seen
    for i in range(n - 1):  # as if all rows were whole; then it takes several at once
        out[i + 1] = true_range(high[i + 1], low[i + 1], close[i])
        broken += 0 if finite(high[i] - low[i] + close[i]) else 1
    if n > 0 and broken == 0 and finite(high[n - 1] - low[n - 1] + close[n - 1]):
        out[0] = true_range(high[0], low[0], prev)
        prev = close[n - 1]
    else:
        for i in range(n):
            whole = finite(high[i] - low[i] + close[i])
            out[i] = true_range(high[i], low[i], prev) if whole and seen > 0 else math.nan
            if whole:
                prev = close[i]
                seen = 1
    s.prev = prev
    s.seen = seen
