"""KDJ."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.extrema import extremes, stochastic
from hq_core.kernels.smooth import finite
from hq_core.registry import Param, matype


@kernel()
def ahead(k: F8, d: F8, out_k: F8, out_d: F8, out_j: F8) -> None:
    """k, d and 3 k - 2 d; nan in all three where one of the two is nan."""
    for i in range(len(k)):
        j = 3.0 * k[i] - 2.0 * d[i]
        known = finite(j)
        out_k[i] = k[i] if known else math.nan
        out_d[i] = d[i] if known else math.nan
        out_j[i] = j if known else math.nan


@composite(
    title="KDJ",
    inputs="high low close",
    outputs={"k": "0..100", "d": "0..100", "j": "-200..300"},
    params={
        "fastk": Param(9, 1, 100_000, "rows in the range"),
        "slowk": Param(3, 1, 100_000, "rows in the first average"),
        "slowk_matype": matype("rma", "kind of the first average"),
        "slowd": Param(3, 1, 100_000, "rows in the second average"),
        "slowd_matype": matype("rma", "kind of the second average"),
    },
    source="Lane's stochastic with a third line that is common in China; as TA-Lib",
    talib="KDJ",
)
def kdj(
    on: Nodes,
    high: Line,
    low: Line,
    close: Line,
    fastk: int,
    slowk: int,
    slowk_matype: str,
    slowd: int,
    slowd_matype: str,
) -> tuple[Line, ...]:
    """The stochastic's slow %K and %D with Wilder's average, and J, which leads: as far beyond %K as twice the
    distance from %D to %K.

    The averages are seeded by their first plain mean, as TA-Lib; elsewhere they are said to begin at 50.
    """
    span = on.apply(extremes, high, low, period=fastk, ring=2 * fastk, warmup=fastk - 1, outputs=2)
    k = on.average(on.apply(stochastic, *span, close), slowk, slowk_matype)
    return on.apply(ahead, k, on.average(k, slowd, slowd_matype), outputs=3)
