"""Pivot Points."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.session import session_before
from hq_core.registry import Param

KINDS = ("classic", "fibonacci", "woodie", "camarilla")


@kernel()
def levels(
    high: F8,
    low: F8,
    close: F8,
    kind: int,
    out_p: F8,
    out_r1: F8,
    out_r2: F8,
    out_r3: F8,
    out_s1: F8,
    out_s2: F8,
    out_s3: F8,
) -> None:
    """The pivot and three levels to each side; kind: its place in KINDS."""
    for i in range(len(high)):
        top = high[i]
        bottom = low[i]
        span = top - bottom
        middle = (top + bottom + close[i]) / 3.0 if kind != 2 else (top + bottom + 2.0 * close[i]) / 4.0
        out_p[i] = middle
        if (kind == 0) | (kind == 2):
            out_r1[i] = 2.0 * middle - bottom
            out_r2[i] = middle + span
            out_r3[i] = top + 2.0 * (middle - bottom)
            out_s1[i] = 2.0 * middle - top
            out_s2[i] = middle - span
            out_s3[i] = bottom - 2.0 * (top - middle)
        else:
            base = middle if kind == 1 else close[i]
            first = span * (0.382 if kind == 1 else 1.1 / 12.0)
            second = span * (0.618 if kind == 1 else 1.1 / 6.0)
            third = span * (1.0 if kind == 1 else 1.1 / 4.0)
            out_r1[i] = base + first
            out_r2[i] = base + second
            out_r3[i] = base + third
            out_s1[i] = base - first
            out_s2[i] = base - second
            out_s3[i] = base - third


@composite(
    title="Pivot Points",
    inputs="ts open high low close",
    outputs=dict.fromkeys(("p", "r1", "r2", "r3", "s1", "s2", "s3"), "unit of the input"),
    params={
        "kind": Param("classic", choices=KINDS, help="whose formulas"),
        "session": Param(24.0, 0.01, 100_000.0, "hours in a session"),
        "offset": Param(0.0, -100_000.0, 100_000.0, "hours from midnight UTC to where a session begins"),
    },
    source="Person 2004, A Complete Guide to Technical Trading Tactics, ch. 6; camarilla: Stott 1989",
)
def pivots(
    on: Nodes, ts: Line, open: Line, high: Line, low: Line, close: Line, kind: str, session: float, offset: float
) -> tuple[Line, ...]:
    """Pivot p of the session before, three resistances above it and three supports below.

    Woodie's weighs the close of the session before, not the open of this one. A bar that closes where a session
    begins belongs to the one before. In the first session the levels are those of that session so far: they move
    with every bar. Camarilla's levels lie about the close, not about p. DeMark's have an indicator of their own.
    """
    _, *bar = on.apply(session_before, ts, open, high, low, close, outputs=4, session=session, offset=offset)
    return on.apply(levels, *bar, outputs=7, kind=KINDS.index(kind))
