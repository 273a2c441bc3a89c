"""Know Sure Thing."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.registry import Param


@kernel()
def weighed(one: F8, two: F8, three: F8, four: F8, out: F8) -> None:
    """The sum of the four, weighed 1 to 4."""
    for i in range(len(one)):
        out[i] = (one[i] + 2.0 * two[i]) + (3.0 * three[i] + 4.0 * four[i])


@composite(
    title="Know Sure Thing",
    inputs="close",
    outputs={"kst": "ratio in percent", "signal": "ratio in percent"},
    params={
        "roc1": Param(10, 1, 100_000, "rows back of rate 1, which counts 1 times"),
        "sma1": Param(10, 1, 100_000, "rows in its average"),
        "roc2": Param(15, 1, 100_000, "rows back of rate 2, which counts 2 times"),
        "sma2": Param(10, 1, 100_000, "rows in its average"),
        "roc3": Param(20, 1, 100_000, "rows back of rate 3, which counts 3 times"),
        "sma3": Param(10, 1, 100_000, "rows in its average"),
        "roc4": Param(30, 1, 100_000, "rows back of rate 4, which counts 4 times"),
        "sma4": Param(15, 1, 100_000, "rows in its average"),
        "signal": Param(9, 1, 100_000, "rows in the average of the result"),
    },
    source="Pring 1992, Technical Analysis of Stocks & Commodities 10(10)",
)
def kst(
    on: Nodes,
    close: Line,
    roc1: int,
    sma1: int,
    roc2: int,
    sma2: int,
    roc3: int,
    sma3: int,
    roc4: int,
    sma4: int,
    signal: int,
) -> tuple[Line, ...]:
    """Weighted sum of four averaged rates of change, the slowest counting four times, and its plain average.

    A row that is not finite makes both nan while a rate from it or to it is in one of the averages.
    """
    spans = ((roc1, sma1), (roc2, sma2), (roc3, sma3), (roc4, sma4))
    line = on.apply(weighed, *(on.sma(on.roc(close, back), rows) for back, rows in spans))
    return on.together(line, on.sma(line, signal))
