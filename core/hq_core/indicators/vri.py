"""Volume Ratio Index."""

from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.window import fold
from hq_core.registry import Param, indicator


@indicator(
    title="Volume Ratio Index",
    inputs="volume",
    outputs={"vri": "ratio, 1 is as usual, >= 0"},
    params={
        "period": Param(5, 1, 100_000, "rows in the mean volume"),
        "include_self": Param("no", choices=("no", "yes"), help="whether the row is in its own mean"),
    },
    state="total head:i8<period laps:i8",
    ring=lambda period, include_self: period,
    warmup=lambda period, include_self: period - (include_self in ("yes", 1)),
    source="volume ratio of the Chinese exchanges' quote screens, per row: volume over its recent mean",
    talib=None,
)
def vri(volume: F8, period: int, include_self: int, s: State, ring: F8, out: F8) -> None:
    """Volume of the row over the mean volume of the `period` rows before it.

    volume        (n,)  any unit; nan: the output is nan at the row and while the row is in the mean;
                        afterwards it is what it would have been without it
    include_self  0, 1  1: over the mean of the `period` rows up to the row, which caps the ratio at `period`
    s, ring             as in sma
    out           (n,)  ratio; nan for the first `period` rows (one fewer with include_self) and where the
                        mean is 0
    """
    total = s.total if s.laps > 0 else math.nan  # before the first full window every sum is nan
    head = max(s.head, 0)  # it is never below 0; said here, indexing tests no signs: a fifth less time
    last = period - 1
    n = len(volume)
    i = 0
    while i < n:
        stop = min(n, i + last - head)
        for j in range(i, stop):
            value = volume[j]
            before = ring[head] + total
            total += value
            window = ring[head + 1] + total if include_self == 1 else before
            out[j] = value * period / window if window != 0.0 else math.nan
            ring[head] = value
            head += 1
        i = stop
        if i < n:
            value = volume[i]
            window = ring[last] + total
            ring[last] = value
            fold(ring, period)
            if include_self == 1:
                window = ring[0]
            out[i] = value * period / window if window != 0.0 else math.nan
            total = 0.0
            head = 0
            s.laps += 1
            i += 1
    s.total = total
    s.head = head
