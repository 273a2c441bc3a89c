"""The end of an instant, at which factors that compare books look at them.

An instant is all rows of one ts.  One message of an exchange becomes several rows of one ts, level by level, and the
books between them never were: a bid that rises stands beyond the ask that has not been taken away yet.  So books are
compared as they stood at the ends of instants.  Such an end is known at the first row of a later ts, or at a row of
the clock, which is written once its instant is over; no row is held back.
"""

from __future__ import annotations

from hq_core.book.events import GOOD, NOT_KNOWN
from hq_core.jit import inline

ENDED = -1  # in place of an event's code: no event, but the row of an instant that is over
NO_BOOK, NOT_GOOD, GOOD_BOOK = 0, 1, 2  # what a row leaves behind


@inline
def ends(ts: int, at: int, code: int) -> bool:
    """Whether the instant `at` of the row before is over at this one."""
    return ts != at or code == ENDED


@inline
def left_behind(quality: int) -> int:
    """Of a row's quality: NO_BOOK where it is not known, NOT_GOOD, or GOOD_BOOK."""
    return GOOD_BOOK if quality == GOOD else NO_BOOK if quality == NOT_KNOWN else NOT_GOOD
