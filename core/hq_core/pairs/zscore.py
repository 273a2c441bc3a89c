"""Z-score of a spread."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hq_core.factoring.declare import Duration
from hq_core.jit import F8, kernel
from hq_core.kernels.maths.log import ln_ratio
from hq_core.pairing import Pairing, pair
from hq_core.pairing.moments import LEAST
from hq_core.registry import Param

if TYPE_CHECKING:
    from hq_core.graph import GraphColumn


@kernel()
def spread_of(a: F8, b: F8, ratio: float, out: F8) -> None:
    """a - ratio b; where ratio is 0 the log of a / b."""
    for i in range(len(a)):
        if ratio != 0.0:
            out[i] = a[i] - ratio * b[i]
        else:
            out[i] = ln_ratio(a[i], b[i]) if a[i] > 0.0 and b[i] > 0.0 else math.nan


@kernel()
def standing(x: F8, rows: F8, mean: F8, xx: F8, least: int, out: F8) -> None:
    """x's distance from the mean in standard deviations (of rows - 1); nan where it stands still."""
    for i in range(len(x)):
        known = rows[i] >= least and xx[i] > 0.0
        out[i] = (x[i] - mean[i]) / math.sqrt(xx[i] / (rows[i] - 1.0)) if known else math.nan


@pair(
    title="Z-Score of the Spread",
    outputs={"zscore": "standard deviations"},
    params={
        "window": Duration("60s", help="how long a row counts, its own instant and the window's first one included"),
        "ratio": Param(0.0, 0.0, 1e12, "the spread is a - ratio b; 0: it is the log of a / b"),
        "least": LEAST,
    },
    source="Gatev, Goetzmann and Rouwenhorst 2006, Pairs trading: performance of a relative-value arbitrage rule",
    oracle="tests/oracles/slow_pairs.py",
)
def zscore(on: Pairing, window: int, ratio: float, least: int) -> GraphColumn:
    """How far the spread is from its mean over the window, in its standard deviations there."""
    x = on.apply(spread_of, on.a, on.b, ratio=ratio)
    of = on.moments(x, x, window)
    return on.apply(standing, x, of.rows, of.x, of.xx, least=least)
