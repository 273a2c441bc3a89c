"""What factors of books are computed and written with."""

from __future__ import annotations

from hq_core.options import Option


class FactorOptions:
    """When a row is written, and how."""

    trigger = Option(
        "event",
        "When a row is written: at every event, at depth, at a change of the bbo (best prices and quantities), at a "
        "trade, at the end of each instant (all rows of one ts), or every:100ms; several with commas.",
        unit="WHEN",
    )
    min_interval = Option("", "No row sooner than this after the last, unless a value comes or goes.", unit="DURATION")
    min_change = Option(0.0, "No row unless a value has moved so far since the last one, or comes or goes.", least=0.0)
    warmup = Option("", "No values until so long after the first event.", unit="DURATION")
    long = Option(False, "A row a factor, in place of a column each.")
