"""What strategies run with."""

from __future__ import annotations

from hq_core.options import Option
from hq_core.options.settings import SettingsOptions


class StoreOptions:
    """Of every command that reads stores of vectors."""

    timeless = Option(False, "Take vectors without avail_ts too, as known at any time.", flag="--allow-timeless")


class StoresOptions:
    """Of every command that runs strategies with them."""

    stores = Option(
        (), "A store of vectors, as VEC_STORE names it.", kind=str, many=True, unit="NAME=FILE", flag="--store"
    )


class StrategyOptions:
    """Of every command that runs strategies."""

    params = Option(
        (),
        "Set a param; 5..50:5 or a,b runs the strategy with each of them.",
        kind=str,
        many=True,
        unit="NAME=VALUE",
        flag="--param",
        short="p",
    )
    period = Option("", "The bars to run on; else the finest ones.", unit="PERIOD")
    keep = Option("", "Write these assigned names as columns too.", unit="NAMES")


class PythonOptions:
    """Strategies beside those that are files of the language."""

    python: Option[tuple[str, ...]] = Option(
        (),
        "Run a strategy that is a class of Python; several times for several.",
        kind=str,
        many=True,
        unit="FILE:CLASS",
    )


# of every command that runs strategies, in the order of its help
RUNNING = PythonOptions, StrategyOptions, StoresOptions, StoreOptions, SettingsOptions
