"""Moving Average Convergence/Divergence of chosen averages."""
from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param, matype


def _starting(on: Nodes, close: Line, period: int, matype: str, warmup: int) -> Line:
    """The average that has its first value on row `warmup`."""
    found = on.average(close, period, matype)
    return found if found.warmup == warmup else on.average(on.skip(close, warmup - found.warmup), period, matype)


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
    warmup = max(on.average(close, fast, fastmatype).warmup, on.average(close, slow, slowmatype).warmup)
    macd = _starting(on, close, fast, fastmatype, warmup) - _starting(on, close, slow, slowmatype, warmup)
    line = on.average(macd, signal, signalmatype)
    return on.together(macd, line, macd - line)
