"""Stochastic Fast."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.kernels.extrema import extremes, stochastic
from hq_core.registry import Param, matype


@composite(
    title="Stochastic Fast",
    inputs="high low close",
    outputs={"k": "0..100", "d": "0..100"},
    params={
        "fastk": Param(5, 1, 100_000, "rows in the range"),
        "fastd": Param(3, 1, 100_000, "rows in the average"),
        "fastd_matype": matype("sma", "kind of the average"),
    },
    source="Lane 1984, Technical Analysis of Stocks & Commodities 2(3)",
    talib="STOCHF",
)
def stochf(
    on: Nodes, high: Line, low: Line, close: Line, fastk: int, fastd: int, fastd_matype: str
) -> tuple[Line, ...]:
    """%K, where close is between the lowest low and the highest high of `fastk` rows, and %D, its average.

    Without a range %K is 0, as TA-Lib. Both begin with the first %D.
    """
    span = on.apply(extremes, high, low, period=fastk, ring=2 * fastk, warmup=fastk - 1, outputs=2)
    k = on.apply(stochastic, *span, close)
    return on.together(k, on.average(k, fastd, fastd_matype))
