"""Absolute Price Oscillator."""
from __future__ import annotations

from hq_core.jit import F8, State
from hq_core.kernels.oscillator import gap
from hq_core.registry import Param, indicator


@indicator(
    title="Absolute Price Oscillator",
    inputs="close",
    outputs={"apo": "unit of the input"},
    params={
        "fast": Param(12, 2, 100_000, "rows in the fast average"),
        "slow": Param(26, 2, 100_000, "rows in the slow average"),
        "centre": Param("ema", choices=("sma", "ema"), help="kind of both averages"),
    },
    state="quick calm at:i8 head:i8 seen:i8",
    ring=lambda fast, slow, centre: fast + slow,
    warmup=lambda fast, slow, centre: max(fast, slow) - 1,
    source="Appel 2005, Technical Analysis: Power Tools for Active Investors, ch. 8",
    talib="APO",
)
def apo(close: F8, fast: int, slow: int, centre: int, s: State, ring: F8, out: F8) -> None:
    """Fast average less slow average.

    close   (n,)  any unit; nan or infinite: with centre=sma the output is nan while the row is in the slow
                  window; centre=ema gives nan at the row and passes over it
    fast, slow    are exchanged if fast is the larger, as TA-Lib
    centre  0, 1  both averages are plain means or EMAs, each EMA seeded by the plain mean of its first rows
    s, ring       as in kernels/oscillator.py
    out     (n,)  unit of close; nan for the first max(fast, slow) - 1 rows
    """
    gap(close, fast, slow, centre, s, ring, out)
