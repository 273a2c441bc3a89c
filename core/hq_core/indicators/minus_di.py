"""Minus Directional Indicator."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.directional import share_of_range
from hq_core.kernels.lag import percent
from hq_core.registry import Param


@kernel(state="moved span high low close seen:i8")
def minus_di_steps(high: F8, low: F8, close: F8, period: int, s: State, out: F8) -> None:
    """Wilder's sum of the moves down, in percent of his sum of the true ranges.

    s  moved, span: Wilder's sums of the moves down and of the true ranges; high, low, close: the last whole row;
       seen: whole rows, up to the first output
    """
    share_of_range(high, low, close, period, True, s, out)


@composite(
    title="Minus Directional Indicator",
    inputs="high low close",
    outputs={"minus_di": "0..100"},
    params={"period": Param(14, 1, 100_000, "rows in Wilder's sums")},
    source="Wilder 1978, New Concepts in Technical Trading Systems, ch. 4",
    talib="MINUS_DI",
)
def minus_di(on: Nodes, high: Line, low: Line, close: Line, period: int) -> Line:
    """Wilder's sum of the moves down, in percent of his sum of the true ranges.

    A row with a nan or infinite price gives nan and is passed over: the next move is measured from the last whole
    row. 0 when nothing has moved; a fraction, 0..1, with period 1, as TA-Lib. With `--compat tv` both are averages,
    ta.rma, of all `period` rows from the first move on, as in Pine's ta.dmi.
    """
    if on.compat == "tv":
        return on.apply(percent, on.rma(on.minus_dm(high, low, 1), period), on.rma(on.trange(high, low, close), period))
    return on.apply(minus_di_steps, high, low, close, period=period, warmup=period)
