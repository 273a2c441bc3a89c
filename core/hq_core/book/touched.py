"""Which events touch the best levels of a side that are known, so that others need no look at the book."""

from __future__ import annotations

from hq_core.book.flags import DEPTH, FILL, SNAPSHOT, TRADE
from hq_core.jit import inline


@inline
def of_level(event: int) -> bool:
    """Whether an event changes one level, that of its side and tick."""
    return event in (DEPTH, SNAPSHOT)


@inline
def of_none(event: int) -> bool:
    """Whether an event changes no level; 0 and below are none of a book's."""
    return event in (TRADE, FILL) or event <= 0


@inline
def concerns(event: int, mine: bool, place: int, best: int, was: float, last: float, full: bool) -> bool:
    """Whether a side must be looked at again: its best is another one, or an event was not beyond what is known.

    event         as the book pass takes it: one of an order may change two levels
    mine, place   of a level's event: whether it is of this side, and where
    was, last     places of the best and the last level known;  full: whether there may be others behind it
    """
    if float(best) != was:
        return True
    if of_level(event):
        return mine and (not full or float(place) >= last)
    return not of_none(event)
