"""Rolling correlation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.factoring.declare import Duration
from hq_core.pairing import Pairing, pair
from hq_core.pairing.moments import LEAST, OF, correlated

if TYPE_CHECKING:
    from hq_core.graph import GraphColumn


@pair(
    title="Rolling Correlation",
    outputs={"corr": "-1..1"},
    params={
        "window": Duration("60s", help="how long a row counts, its own instant and the window's first one included"),
        "of": OF,
        "least": LEAST,
    },
    source="Pearson 1896, Philosophical Transactions A 187",
    oracle="tests/oracles/slow_pairs.py",
)
def corr(on: Pairing, window: int, of: int, least: int) -> GraphColumn:
    """The correlation of a and b over the rows of the window."""
    found = on.moments(*on.measured(of), window)
    return on.apply(correlated, found.rows, found.xx, found.xy, found.yy, least=least)
