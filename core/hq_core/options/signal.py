"""What strategies run with."""

from __future__ import annotations

from hq_core.options import Option


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
