"""Percentage Price Oscillator."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.smooth import finite
from hq_core.registry import Param, matype

ZERO = 1e-14  # TA-Lib's: a slow average nearer to 0 counts as 0


@kernel()
def apart(fast: F8, slow: F8, out: F8) -> None:
    """The distance from slow to fast in percent of slow; 0 where slow is next to 0."""
    for i in range(len(fast)):
        base = slow[i]
        share = (fast[i] - base) / (base if base != 0.0 else 1.0) * 100.0
        out[i] = share if not (abs(base) < ZERO) & finite(fast[i]) else 0.0


@composite(
    title="Percentage Price Oscillator",
    inputs="close",
    outputs={"ppo": "ratio in percent, 0 is no distance"},
    params={
        "fast": Param(12, 2, 100_000, "rows in the fast average"),
        "slow": Param(26, 2, 100_000, "rows in the slow average"),
        "matype": matype("ema", "kind of both averages"),
    },
    source="Appel 2005, Technical Analysis: Power Tools for Active Investors, ch. 8",
    talib="PPO",
)
def ppo(on: Nodes, close: Line, fast: int, slow: int, matype: str) -> Line:
    """Distance from the slow average to the fast one in percent of the slow one.

    The two are exchanged if fast is the larger. A slow average below 1e-14 in size gives 0. Both as TA-Lib.
    """
    return on.apply(apart, on.average(close, min(fast, slow), matype), on.average(close, max(fast, slow), matype))
