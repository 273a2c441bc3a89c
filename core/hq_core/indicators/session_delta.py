"""Cumulative volume delta of the session."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.session import session_of
from hq_core.kernels.smooth import finite
from hq_core.registry import Param


@kernel(state="number total seen:i8")
def within_session(ts: F8, x: F8, session: float, offset: float, s: State, out: F8) -> None:
    """Sum of x in the session so far; what is not finite is passed over.

    s  number: the session's; total: the sum; seen: 1 after a row
    """
    number = s.number
    total = s.total
    seen = s.seen
    for i in range(len(x)):
        now = session_of(ts[i], session, offset)
        out[i] = math.nan
        if finite(x[i]) & finite(now):
            total = x[i] if (seen == 0) | (now != number) else total + x[i]
            number = now
            seen = 1
            out[i] = total
    s.number = number
    s.total = total
    s.seen = seen


@composite(
    title="Cumulative Volume Delta of the Session",
    inputs="ts volume buy_volume",
    outputs={"session_delta": "volume, bought less sold"},
    params={
        "session": Param(24.0, 0.01, 100_000.0, "hours in a session"),
        "offset": Param(0.0, -100_000.0, 100_000.0, "hours from midnight UTC to where a session begins"),
    },
    source="definition: sum of the volume delta since the session began",
)
def session_delta(on: Nodes, ts: Line, volume: Line, buy_volume: Line, session: float, offset: float) -> Line:
    """Volume that takers bought less volume that they sold in the session so far; sessions are as in vwap_session."""
    moved = on.delta(volume, buy_volume)
    found: Line = on.apply(within_session, ts, moved, session=session, offset=offset)
    return found
