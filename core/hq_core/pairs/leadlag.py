"""Lead-lag correlation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.factoring.declare import Duration
from hq_core.pairing import Pairing, pair
from hq_core.pairing.moments import LEAST, OF, correlated
from hq_core.registry import Param

if TYPE_CHECKING:
    from hq_core.graph import GraphColumn


@pair(
    title="Lead-Lag Correlation",
    outputs={"leadlag": "-1..1"},
    params={
        "window": Duration("60s", help="how long a row counts, its own instant and the window's first one included"),
        "lag": Param(1, -1000, 1000, "rows by which a is looked at earlier than b; below 0: b earlier than a"),
        "of": OF,
        "least": LEAST,
    },
    named=2,
    label=lambda window, lag, of, least: f"leadlag_{window}_{lag}".replace("-", "m"),
    source="Campbell, Lo and MacKinlay 1997, The econometrics of financial markets, 2.8: cross-autocorrelation",
    oracle="tests/oracles/slow_pairs.py",
)
def leadlag(on: Pairing, window: int, lag: int, of: int, least: int) -> GraphColumn:
    """The correlation of a so many rows ago with b now: where it is larger than with the lag turned round, a leads."""
    a, b = on.measured(of)
    found = on.moments(on.back(a, max(lag, 0)), on.back(b, max(-lag, 0)), window)
    return on.apply(correlated, found.rows, found.xx, found.xy, found.yy, least=least)
