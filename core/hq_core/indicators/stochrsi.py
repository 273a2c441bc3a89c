"""Stochastic RSI."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param, matype


@composite(
    title="Stochastic RSI",
    inputs="close",
    outputs={"k": "0..100", "d": "0..100"},
    params={
        "period": Param(14, 2, 100_000, "rows in the relative strength index"),
        "fastk": Param(5, 1, 100_000, "rows in the index's range"),
        "fastd": Param(3, 1, 100_000, "rows in the average"),
        "fastd_matype": matype("sma", "kind of the average"),
    },
    source="Chande and Kroll 1994, The New Technical Trader, ch. 4",
    talib="STOCHRSI",
)
def stochrsi(on: Nodes, close: Line, period: int, fastk: int, fastd: int, fastd_matype: str) -> tuple[Line, ...]:
    """The fast stochastic of the relative strength index: where it is in its own range of `fastk` rows, and the
    average of that.

    Chande and Kroll's own form has period = fastk, one hundredth of %K and no average.
    """
    rsi = on.rsi(close, period)
    return on.stochf(rsi, rsi, rsi, fastk, fastd, fastd_matype)
