"""Where bars begin and end in a run of rows: the calendar's arithmetic, apart from the prices' arithmetic.

A bar is [open, end).  It is closed by the first of: a row at or after its end, a row that is itself available at its
end or later (a finer bar), or the horizon (a mark, a watermark), before which no further row can come.
"""

from __future__ import annotations

from hq_core.jit import I8, State, inline, kernel


@inline
def bucket(at: int, period: int, anchor: int, edges: I8) -> tuple[int, int]:
    """[open, end) of the bar that holds the instant `at`: on the grid anchor + k*period, or between two of `edges`."""
    if len(edges) == 0:
        start = (at - anchor) // period * period + anchor
        return start, start + period
    low = 0
    high = len(edges) - 1
    while high - low > 1:
        middle = (low + high) >> 1
        if edges[middle] <= at:
            low = middle
        else:
            high = middle
    return edges[low], edges[high]


@inline
def gallop(column: I8, start: int, value: int) -> int:
    """The first i > start with column[i] >= value, or the length; the column is sorted and column[start] < value."""
    n = len(column)
    low = start
    high = start + 1
    step = 1
    while high < n and column[high] < value:
        low = high
        step += step
        high = low + step
    high = min(high, n)
    while high - low > 1:
        middle = (low + high) >> 1
        if column[middle] < value:
            low = middle
        else:
            high = middle
    return high


@kernel(state="rows:i8 open:i8 end:i8 done:i8 ended:i8 cuts:i8 across:i8")
def cut(
    at: I8,
    known: I8,
    edges: I8,
    period: int,
    anchor: int,
    every_row: int,
    horizon: int,
    stop: I8,
    closed: I8,
    begins: I8,
    ends: I8,
    s: State,
) -> None:
    """Write the cuts of one period into the rows.

    at        (n,)  the instant that puts a row into a bar: a trade's time, a finer bar's open time; sorted
    known     (n,)  when the row is known: a trade's time, a finer bar's close
    edges     boundaries of the bars that the calendar makes (days of a zone), or empty: the fixed grid
    every_row 1: also a provisional cut (closed 0) after each row that does not close its bar
    horizon   no later row will be put before it
    stop      cut j comes after row stop[j] - 1; needs room for 2 n + 1 cuts
    ends      the bar's end; of a provisional cut the instant at which its last row was known
    s.done    where the last bar that has closed ends, if s.ended
    s.across  1 + the first row that reaches over one of the `edges`, or 0
    """
    n = len(at)
    cuts = 0
    i = 0
    s.across = 0
    while i < n:
        instant = at[i]
        if s.ended:  # after a mark that closed its bar an unaligned row counts in the next one
            instant = max(instant, s.done)
        if s.rows > 0 and instant >= s.end:
            stop[cuts], closed[cuts], begins[cuts], ends[cuts] = i, 1, s.open, s.end
            cuts += 1
            s.rows = 0
            s.done = s.end
            s.ended = 1
            instant = max(instant, s.done)
        if s.rows == 0:
            s.open, s.end = bucket(instant, period, anchor, edges)
        stop_row = i + 1 if every_row else gallop(at, i, s.end)
        s.rows += stop_row - i
        i = stop_row
        if len(edges) > 0 and known[i - 1] > s.end and s.across == 0:
            s.across = i
        if every_row:
            full = known[i - 1] >= s.end
            stop[cuts], closed[cuts], begins[cuts] = i, full, s.open
            ends[cuts] = s.end if full else known[i - 1]
            cuts += 1
            if full:
                s.rows = 0
                s.done = s.end
                s.ended = 1
    if s.rows > 0 and s.end <= horizon:
        stop[cuts], closed[cuts], begins[cuts], ends[cuts] = n, 1, s.open, s.end
        cuts += 1
        s.rows = 0
        s.done = s.end
        s.ended = 1
    s.cuts = cuts
