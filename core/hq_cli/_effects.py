"""What each command does to kinds: the one table, for pages and `hq describe`.  All that it does not name passes."""

from __future__ import annotations

from typing import NamedTuple

EVERY = ("*",)

# of what others wrote; what hq wrote is all kinds
IMPORTED = ("bar", "trade", "quote", "book", "finding", "funding", "mark_price", "index_price", "vector")


class Effect(NamedTuple):
    """Kinds that a command reads, gives columns, takes out of the stream, and writes; EVERY: whichever comes.

    passes  False: no stream comes out, or nothing came in that could pass
    """

    reads: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    passes: bool = True


EFFECTS = {
    "gen": Effect(writes=("bar", "trade", "book"), passes=False),
    "import": Effect(writes=IMPORTED),
    "export": Effect(reads=EVERY, passes=False),
    "merge": Effect(reads=EVERY, passes=False),
    "asof": Effect(reads=EVERY, adds=("bar",)),
    "aggregate": Effect(
        reads=("trade", "book", "bar", "factor"), replaces=("trade", "book", "bar"), writes=("bar", "factor")
    ),
    "indicators": Effect(reads=("bar",), adds=("bar",)),
    "book": Effect(reads=("book",), replaces=("book",), writes=("quote", "depth", "book_update", "book", "finding")),
    "factors": Effect(reads=("book",), replaces=("book",), writes=("factor", "finding")),
    "pairs": Effect(reads=("factor",), replaces=("factor",), writes=("factor",)),
    "vector": Effect(reads=("bar", "vector"), replaces=("bar",), writes=("vector",)),
    "signal": Effect(reads=("bar", "factor"), adds=("bar", "factor"), writes=("order",)),
    "backtest": Effect(
        reads=("bar", "order", "funding", "mark_price"),
        replaces=("order",),
        writes=("fill", "order_state", "position", "payment", "liquidation", "equity", "report"),
    ),
    "diff": Effect(reads=EVERY, passes=False),
    "state": Effect(passes=False),
}


def sentence(effect: Effect) -> str:
    """An effect as a sentence; '' of a command that has none."""
    said = [
        f"{verb} {_listed(kinds)}"
        for verb, kinds in zip(("reads", "adds columns to", "replaces", "writes"), effect[:4])
        if kinds
    ]
    if said and effect.passes:
        said.append("all else passes")
    text = "; ".join(said)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _listed(kinds: tuple[str, ...]) -> str:
    if kinds == EVERY:
        return "every kind"
    return " and ".join(filter(None, (", ".join(kinds[:-1]), kinds[-1])))
