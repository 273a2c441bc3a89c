"""The engine of hq: frames, rings, kernels, and the stages that the commands run.

    >>> from hq_core import HQuant
    >>> HQuant().add_indicator("rsi:14").label
    'rsi_14'
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hq_core.api.hquant import HQuant
    from hq_core.api.live import Live
    from hq_core.api.period import Line, Period
    from hq_core.bars.aggregator import Aggregator
    from hq_core.errors import HqError
    from hq_core.futures.ledger import Backtest
    from hq_core.ring import Ring

VERSION = "0.2.0"

# the public names and where they are: imported when they are asked for, as a filter needs none of them
PUBLIC = {
    "Aggregator": "hq_core.bars.aggregator", "Backtest": "hq_core.futures.ledger", "HQuant": "hq_core.api.hquant",
    "HqError": "hq_core.errors", "Line": "hq_core.api.period", "Live": "hq_core.api.live",
    "Period": "hq_core.api.period", "Ring": "hq_core.ring",
}

__all__ = ["VERSION", "Aggregator", "Backtest", "HQuant", "HqError", "Line", "Live", "Period", "Ring"]


def __getattr__(name: str) -> Any:
    if name not in PUBLIC:
        raise AttributeError(f"module 'hq_core' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(PUBLIC[name]), name)
