"""Stochastic."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.kernels.extrema import extremes, stochastic
from hq_core.registry import Param, matype


@composite(
    title="Stochastic",
    inputs="high low close",
    outputs={"k": "0..100", "d": "0..100"},
    params={
        "fastk": Param(5, 1, 100_000, "rows in the range"),
        "slowk": Param(3, 1, 100_000, "rows in the first average"),
        "slowk_matype": matype("sma", "kind of the first average"),
        "slowd": Param(3, 1, 100_000, "rows in the second average"),
        "slowd_matype": matype("sma", "kind of the second average"),
    },
    source="Lane 1984, Technical Analysis of Stocks & Commodities 2(3)",
    talib="STOCH",
)
def stoch(
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
    """Slow %K, the average of where close is between the lowest low and the highest high of `fastk` rows, and slow %D,
    the average of that.

    A row without a range counts as 0, as TA-Lib. Both begin with the first %D.
    """
    span = on.apply(extremes, high, low, period=fastk, ring=2 * fastk, warmup=fastk - 1, outputs=2)
    k = on.average(on.apply(stochastic, *span, close), slowk, slowk_matype)
    return on.together(k, on.average(k, slowd, slowd_matype))
