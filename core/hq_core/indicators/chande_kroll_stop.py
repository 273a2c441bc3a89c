"""Chande Kroll Stop."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param


@composite(
    title="Chande Kroll Stop",
    inputs="high low close",
    outputs={"long": "unit of the input", "short": "unit of the input"},
    params={
        "period": Param(10, 2, 100_000, "rows in the first extremes and in the average true range"),
        "multiplier": Param(1.0, 0.0, 1000.0, "true ranges from the extreme to the first stop"),
        "stop": Param(9, 2, 100_000, "first stops of which the farthest is taken"),
    },
    source="Chande and Kroll 1994, The New Technical Trader",
)
def chande_kroll_stop(
    on: Nodes, high: Line, low: Line, close: Line, period: int, multiplier: float, stop: int
) -> tuple[Line, ...]:
    """Lowest of the last low stops and highest of the last high stops; a first stop is as the chandelier's.

    The stop of a short position is the highest, over `stop` rows, of the highest high less true ranges; that of a
    long one the lowest of the lowest low plus true ranges.
    """
    hanging, standing = on.chandelier(high, low, close, period, multiplier)
    return on.together(on.min(standing, stop), on.max(hanging, stop))
