"""Parabolic Stop and Reverse."""

from __future__ import annotations

from hq_core.jit import F8, State
from hq_core.kernels.parabolic import parabolic
from hq_core.registry import Param, indicator


@indicator(
    title="Parabolic Stop and Reverse",
    inputs="high low",
    outputs={"sar": "unit of the input"},
    params={
        "acceleration": Param(0.02, 0.0, 1000.0, "share of the way to the extreme, and its growth at each new one"),
        "maximum": Param(0.2, 0.0, 1000.0, "the largest share"),
    },
    state="stop best pace high low short seen:i8",
    warmup=lambda acceleration, maximum: 1,
    source="Wilder 1978, New Concepts in Technical Trading Systems, ch. 2",
    talib="SAR",
)
def sar(high: F8, low: F8, acceleration: float, maximum: float, s: State, out: F8) -> None:
    """Stop that approaches the price faster with every new extreme; where the price meets it, it changes sides.

    high, low  (n,)  price; a row with a nan or infinite one gives nan and is passed over
    s    as in kernels/parabolic.py
    out  (n,)  unit of price; nan for the first row

    The side of the first position is told by the first two rows, as TA-Lib: Wilder's book takes it from outside.
    """
    parabolic(
        high, low, 0.0, 0.0, acceleration, acceleration, maximum, acceleration, acceleration, maximum, False, s, out
    )
