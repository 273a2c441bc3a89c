"""Parabolic Stop and Reverse, Extended."""

from __future__ import annotations

from hq_core.jit import F8, State
from hq_core.kernels.parabolic import parabolic
from hq_core.registry import Param, indicator


@indicator(
    title="Parabolic Stop and Reverse, Extended",
    inputs="high low",
    outputs={"sarext": "unit of the input, below 0 for a short position"},
    params={
        "startvalue": Param(0.0, -1e15, 1e15, "the first stop, below 0 of a short position; 0 chooses by the rows"),
        "offsetonreverse": Param(0.0, 0.0, 1000.0, "share of the stop by which it is moved away at a turn"),
        "accelerationinitlong": Param(0.02, 0.0, 1000.0, "long: acceleration after a turn"),
        "accelerationlong": Param(0.02, 0.0, 1000.0, "long: its growth at each new extreme"),
        "accelerationmaxlong": Param(0.2, 0.0, 1000.0, "long: its largest value"),
        "accelerationinitshort": Param(0.02, 0.0, 1000.0, "short: acceleration after a turn"),
        "accelerationshort": Param(0.02, 0.0, 1000.0, "short: its growth at each new extreme"),
        "accelerationmaxshort": Param(0.2, 0.0, 1000.0, "short: its largest value"),
    },
    state="stop best pace high low short seen:i8",
    warmup=lambda *_: 1,
    source="Wilder 1978, New Concepts in Technical Trading Systems, ch. 2; TA-Lib's parameters for each side",
    talib="SAREXT",
)
def sarext(
    high: F8,
    low: F8,
    startvalue: float,
    offsetonreverse: float,
    accelerationinitlong: float,
    accelerationlong: float,
    accelerationmaxlong: float,
    accelerationinitshort: float,
    accelerationshort: float,
    accelerationmaxshort: float,
    s: State,
    out: F8,
) -> None:
    """Parabolic stop with accelerations of its own for each side; a short position's stop is written as its negative.

    high, low  (n,)  price; a row with a nan or infinite one gives nan and is passed over
    s    as in kernels/parabolic.py
    out  (n,)  unit of price; nan for the first row
    """
    parabolic(
        high,
        low,
        startvalue,
        offsetonreverse,
        accelerationinitlong,
        accelerationlong,
        accelerationmaxlong,
        accelerationinitshort,
        accelerationshort,
        accelerationmaxshort,
        True,
        s,
        out,
    )
