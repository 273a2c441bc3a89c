"""DeMark's Pivot Points."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.session import session_before
from hq_core.registry import Param


@kernel()
def projected(open: F8, high: F8, low: F8, close: F8, out_p: F8, out_r1: F8, out_s1: F8) -> None:
    """The quarter of DeMark's sum, and the half of it less the low and less the high."""
    for i in range(len(open)):
        last = close[i]
        extra = low[i] if last < open[i] else (high[i] if last > open[i] else last)
        total = high[i] + low[i] + last + extra
        out_p[i] = total / 4.0
        out_r1[i] = total / 2.0 - low[i]
        out_s1[i] = total / 2.0 - high[i]


@composite(
    title="DeMark's Pivot Points",
    inputs="ts open high low close",
    outputs={"p": "unit of the input", "r1": "unit of the input", "s1": "unit of the input"},
    params={
        "session": Param(24.0, 0.01, 100_000.0, "hours in a session"),
        "offset": Param(0.0, -100_000.0, 100_000.0, "hours from midnight UTC to where a session begins"),
    },
    source="DeMark 1994, The New Science of Technical Analysis, projected ranges",
)
def pivots_demark(
    on: Nodes, ts: Line, open: Line, high: Line, low: Line, close: Line, session: float, offset: float
) -> tuple[Line, ...]:
    """Pivot, resistance and support projected from the session before by whether it closed above its open.

    Sessions are as in pivots; in the first one the levels are those of that session so far.
    """
    bar = on.apply(session_before, ts, open, high, low, close, outputs=4, session=session, offset=offset)
    return on.apply(projected, *bar, outputs=3)
