"""Sessions: stretches of equal length, back to back, into which closing times fall."""

from __future__ import annotations

import math

from hq_core.jit import F8, State, inline, kernel
from hq_core.kernels.smooth import finite

HOUR = 3_600e9  # ns


@inline
def session_of(ts: float, session: float, offset: float) -> float:
    """The number of the session in which a bar that closes at ts lies; one that closes on the border ends it.

    ts       ns UTC; session, offset: hours, a session's length and where one of them begins after midnight
    """
    number = (ts - offset * HOUR) / (session * HOUR)
    return float(math.ceil(number)) if abs(number) < 4e15 else number


@kernel(state="number open high low close open_before high_before low_before close_before seen:i8")
def session_before(
    ts: F8,
    open: F8,
    high: F8,
    low: F8,
    close: F8,
    session: float,
    offset: float,
    s: State,
    out_open: F8,
    out_high: F8,
    out_low: F8,
    out_close: F8,
) -> None:
    """The last whole session as one bar; before there is one, the first session as far as it is known.

    Rows with a nan or infinite input give nan and are passed over.
    s  number: the session's; open, high, low, close: the session so far, and the one before it; seen: sessions,
       up to 2
    """
    number = s.number
    opened = s.open
    top = s.high
    bottom = s.low
    closed = s.close
    opened_before = s.open_before
    top_before = s.high_before
    bottom_before = s.low_before
    closed_before = s.close_before
    seen = s.seen
    for i in range(len(ts)):
        out_open[i] = math.nan
        out_high[i] = math.nan
        out_low[i] = math.nan
        out_close[i] = math.nan
        now = session_of(ts[i], session, offset)
        if finite(open[i] - high[i]) & finite(low[i] - close[i]) & finite(now):
            if (seen == 0) | (now != number):
                opened_before = opened
                top_before = top
                bottom_before = bottom
                closed_before = closed
                number = now
                opened = open[i]
                top = high[i]
                bottom = low[i]
                seen = min(seen + 1, 2)
            top = max(top, high[i])
            bottom = min(bottom, low[i])
            closed = close[i]
            out_open[i] = opened_before if seen > 1 else opened
            out_high[i] = top_before if seen > 1 else top
            out_low[i] = bottom_before if seen > 1 else bottom
            out_close[i] = closed_before if seen > 1 else closed
    s.number = number
    s.open = opened
    s.high = top
    s.low = bottom
    s.close = closed
    s.open_before = opened_before
    s.high_before = top_before
    s.low_before = bottom_before
    s.close_before = closed_before
    s.seen = seen
