"""Which rows of a stream, and how they are written."""

from __future__ import annotations

from hq_core.options import Option


class ChoiceOptions:
    """Which rows."""

    kind = Option("", "Only series of these kinds: bar, trade, fill, …", unit="A,B")
    symbol = Option("", "Only these symbols.", unit="A,B")
    period = Option("", "Only these periods.", unit="A,B")
    columns = Option("", "Only these columns, in this order; symbol stays, of a panel behind ts.", unit="A,B")
    since = Option("", "Only rows from then on: ISO 8601, or …ms.", unit="TIME", flag="--from")
    until = Option("", "Only rows before then.", unit="TIME", flag="--to")
    head: Option[int | None] = Option(None, "Only the first N rows.", kind=int, least=1, unit="N")
    tail: Option[int | None] = Option(None, "Only the last N rows.", kind=int, least=1, most=10_000_000, unit="N")


class FormOptions:
    """How they are written."""

    time = Option("iso", "How times are written.", choices=("iso", "s", "ms", "us", "ns"))
