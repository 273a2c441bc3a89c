"""Percentage Volume Oscillator."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param, matype


@composite(
    title="Percentage Volume Oscillator",
    inputs="volume",
    outputs={"pvo": "ratio in percent, 0 is no distance"},
    params={
        "fast": Param(12, 2, 100_000, "rows in the fast average"),
        "slow": Param(26, 2, 100_000, "rows in the slow average"),
        "matype": matype("ema", "kind of both averages"),
    },
    source="Appel 2005, Technical Analysis: Power Tools for Active Investors, ch. 8, over volume",
    talib="PVO",
)
def pvo(on: Nodes, volume: Line, fast: int, slow: int, matype: str) -> Line:
    """The percentage price oscillator of the volume."""
    found: Line = on.ppo(volume, fast, slow, matype)
    return found
