"""Average True Range."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.registry import Param


@kernel(state="seen:i8")
def from_first(span: F8, high: F8, low: F8, s: State, out: F8) -> None:
    """span, but high - low in the first row where that is finite.  s.seen: 1 after it."""
    seen = s.seen
    for i in range(len(span)):
        whole = high[i] - low[i]
        out[i] = whole if seen == 0 else span[i]
        seen = 1 if whole - whole == 0.0 else seen
    s.seen = seen


@composite(
    title="Average True Range",
    inputs="high low close",
    outputs={"atr": "unit of the input, >= 0"},
    params={"period": Param(14, 1, 100_000, "rows in Wilder's average")},
    source="Wilder 1978, New Concepts in Technical Trading Systems, ch. 3",
    talib="ATR",
)
def atr(on: Nodes, high: Line, low: Line, close: Line, period: int) -> Line:
    """Wilder's average of the true range.

    A row with a nan or infinite price gives nan and is passed over: the next true range reaches back to the last whole
    row's close. The first row has no true range, as TA-Lib; with `--compat tv` it is high - low there, as in Pine.
    """
    span = on.trange(high, low, close)
    return on.rma(on.apply(from_first, span, high, low) if on.compat == "tv" else span, period)
