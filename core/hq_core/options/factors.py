"""What factors of books are computed and written with."""

from __future__ import annotations

from hq_core.options import Declared, Option


class StepOptions(Declared):
    """Of every command that keeps a book."""

    tick: Option[str | None] = Option(None, "The step of prices.", kind=str, unit="PRICE")
    lot: Option[str | None] = Option(None, "The step of quantities.", kind=str, unit="QTY")
    view = Option(
        "local",
        "Events as they are known here, or as they are at the exchange: for research.",
        choices=("local", "exch"),
    )
    keep_input = Option(False, "Pass the book rows too.")


class FactorOptions(Declared):
    """When a row is written, and how."""

    trigger = Option(
        "event",
        "When a row is written: at every event, at depth, at a change of the bbo (best prices and quantities), at a "
        "trade, or every:100ms; several with commas.",
        unit="WHEN",
    )
    min_interval = Option("", "No row sooner than this after the last, unless a value comes or goes.", unit="DURATION")
    min_change = Option(0.0, "No row unless a value has moved so far since the last one, or comes or goes.", least=0.0)
    warmup = Option("", "No values until so long after the first event.", unit="DURATION")
    long = Option(False, "A row a factor, in place of a column each.")
