"""The engine of hq: frames, rings, kernels, and the stages that the commands run.

>>> from hq_core import HQuant
>>> HQuant().add_indicator("rsi:14").label
'rsi_14'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hq_core.api.backtest import Backtest
    from hq_core.api.hquant import HQuant
    from hq_core.api.live import Live
    from hq_core.api.period import IndicatorLine, PeriodBars
    from hq_core.api.pipe import pipe
    from hq_core.api.streams import generate, read
    from hq_core.bars.aggregator import Aggregator
    from hq_core.batch import Batch, Schema
    from hq_core.errors import HqError
    from hq_core.graph import Settings
    from hq_core.ring import Ring
    from hq_core.stages.aggregate import Aggregate
    from hq_core.stages.indicators import Indicators
    from hq_core.stages.signal import Signal

VERSION = "0.4.0"

# the public names and where they are: imported when they are asked for, as a filter needs none of them
PUBLIC = {
    "Aggregate": "stages.aggregate",
    "Aggregator": "bars.aggregator",
    "Backtest": "api.backtest",
    "Batch": "batch",
    "HQuant": "api.hquant",
    "HqError": "errors",
    "Indicators": "stages.indicators",
    "IndicatorLine": "api.period",
    "Live": "api.live",
    "PeriodBars": "api.period",
    "Ring": "ring",
    "Schema": "batch",
    "Settings": "graph",
    "Signal": "stages.signal",
    "generate": "api.streams",
    "pipe": "api.pipe",
    "read": "api.streams",
}

__all__ = [
    "VERSION",
    "Aggregate",
    "Aggregator",
    "Backtest",
    "Batch",
    "HQuant",
    "HqError",
    "Indicators",
    "IndicatorLine",
    "Live",
    "PeriodBars",
    "Ring",
    "Schema",
    "Settings",
    "Signal",
    "generate",
    "pipe",
    "read",
]


def __getattr__(name: str) -> Any:
    if name not in PUBLIC:
        raise AttributeError(f"module 'hq_core' has no attribute '{name}'")
    from importlib import import_module

    found = getattr(import_module(f"hq_core.{PUBLIC[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *PUBLIC})
