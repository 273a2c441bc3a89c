"""Chande Momentum Oscillator of plain sums."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param


@composite(
    title="Chande Momentum Oscillator, Unsmoothed",
    inputs="close",
    outputs={"cmou": "-100..100"},
    params={"period": Param(14, 2, 100_000, "moves in the sums")},
    source="Chande and Kroll 1994, The New Technical Trader, ch. 5",
    talib="CMOU",
)
def cmou(on: Nodes, close: Line, period: int) -> Line:
    """Up moves less down moves in percent of all of the last `period` moves: Chande's own form.

    A move is the body of a bar that opens at the close before it: the same sums as those of the intraday momentum
    index, which runs from 0 to 100 and not from -100. When nothing has moved it is 0, as TA-Lib.
    """
    found: Line = 2.0 * on.imi(on.lag(close, 1), close, period) - 100.0
    return found
