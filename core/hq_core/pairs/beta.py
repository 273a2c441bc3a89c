"""Rolling beta."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hq_core.factoring.declare import Duration
from hq_core.jit import F8, kernel
from hq_core.pairing import Pairing, pair
from hq_core.pairing.moments import LEAST, OF

if TYPE_CHECKING:
    from hq_core.graph import GraphColumn


@kernel()
def slope(rows: F8, xy: F8, yy: F8, least: int, out: F8) -> None:
    """xy / yy; nan where y stands still, and of fewer than `least` rows."""
    for i in range(len(rows)):
        out[i] = xy[i] / yy[i] if rows[i] >= least and yy[i] > 0.0 else math.nan


@pair(
    title="Rolling Beta",
    outputs={"beta": "any"},
    params={
        "window": Duration("60s", help="how long a row counts, its own instant and the window's first one included"),
        "of": OF,
        "least": LEAST,
    },
    source="Sharpe 1963, A simplified model for portfolio analysis; of values it is a hedge ratio",
    oracle="tests/oracles/slow_pairs.py",
)
def beta(on: Pairing, window: int, of: int, least: int) -> GraphColumn:
    """The slope of a on b, by least squares over the rows of the window: cov(a, b) / var(b)."""
    found = on.moments(*on.measured(of), window)
    return on.apply(slope, found.rows, found.xy, found.yy, least=least)
