"""What a book is read from, and what is written of it."""

from __future__ import annotations

from hq_core.options import Option

VIEWS = ("local", "exch")


class ViewOptions:
    """Whose events make the book."""

    view = Option(
        "local",
        "local: events that are known here, by ts; exch: those that are so at the exchange, by exch_ts, for research.",
        choices=VIEWS,
    )
    lateness = Option(
        "10s",
        "With --view exch: how long an event may be on its way; others are left out.",
        unit="DURATION",
        shown=True,
    )
    keep_input = Option(False, "Pass the events on, before what is made of them.")


class BookOptions:
    """What is written."""

    emit = Option(
        "quote",
        "quote: best bid and ask as they change; depth:N: the best N levels; updates: what each event did; "
        "snapshot-every:1s, snapshot-every:end: whole books as events.",
        unit="WHAT",
        shown=True,
    )
