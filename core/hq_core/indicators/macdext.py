"""Moving Average Convergence/Divergence of chosen averages."""

from __future__ import annotations

from functools import partial

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param, matype


@composite(
    title="MACD of Chosen Averages",
    inputs="close",
    outputs={"macd": "unit of the input", "signal": "unit of the input", "hist": "unit of the input"},
    params={
        "fast": Param(12, 2, 100_000, "rows in the fast average"),
        "fastmatype": matype("sma", "kind of the fast average"),
        "slow": Param(26, 2, 100_000, "rows in the slow average"),
        "slowmatype": matype("sma", "kind of the slow average"),
        "signal": Param(9, 1, 100_000, "rows in the average of the difference"),
        "signalmatype": matype("sma", "kind of that average"),
    },
    source="Appel 2005, Technical Analysis: Power Tools for Active Investors, ch. 8",
    talib="MACDEXT",
)
def macdext(
    on: Nodes, close: Line, fast: int, fastmatype: str, slow: int, slowmatype: str, signal: int, signalmatype: str
) -> tuple[Line, ...]:
    """Fast average less slow average, the average of that difference, and the distance between the two.

    Fast and slow are exchanged, kinds included, if fast is the larger. The average that could begin earlier is
    seeded later, so that both begin on one row. Both as TA-Lib.
    """
    if slow < fast:
        fast, fastmatype, slow, slowmatype = slow, slowmatype, fast, fastmatype
    quick = partial(on.average, period=fast, matype=fastmatype)
    calm = partial(on.average, period=slow, matype=slowmatype)
    warmup = max(quick(close).warmup, calm(close).warmup)
    macd = on.starting(warmup, quick, close) - on.starting(warmup, calm, close)
    line = on.average(macd, signal, signalmatype)
    return on.together(macd, line, macd - line)
