"""Laying out the rows that leave: which bars, with which flags, and the flat bars of times without trades."""

from __future__ import annotations

from hq_core.bars.cut import bucket
from hq_core.jit import F8, I1, I4, I8, State, inline, kernel

FORMING, CLOSED, CUT_SHORT = 0, 1, 2
SLOT = 300_000_000_000  # 5 minutes
SLOTS = 288


@inline
def label(open_time: int) -> int:
    """The 5-minute slot of the UTC day that an instant lies in, 1..288: 00:15 is 4."""
    return open_time // SLOT % SLOTS + 1


@inline
def lacking(begin: int, end: int, base: int, body: F8, at: int) -> int:
    """How many rows of `base` ns a bar has room for beyond those it was made of; their number is the pair at `at`.

    Half a row is rounded up, for the day of 23 hours in a week of days.
    """
    if base == 0:
        return 0
    return max((end - begin + base // 2) // base - int(body[at] + body[at + 1]), 0)


@kernel(state="at:i8 lack:i8")
def find_hole(
    begins: I8, ends: I8, kinds: I8, cuts: int, body: F8, width: int, cover: int, base: int, s: State
) -> None:
    """s.at = the first of the bars that `lay` would find a hole in, or `cuts`; s.lack = how many rows it lacks."""
    s.at = cuts
    s.lack = 0
    for j in range(cuts):
        if kinds[j] == CLOSED and begins[j] >= cover:
            s.lack = lacking(begins[j], ends[j], base, body, (j + 1) * width - 2)
            if s.lack > 0:
                s.at = j
                return


@kernel(
    state="next:i8 rows:i8 finished:i8 last_end:i8 last_close has_close:i8 partial:i8 partial_open:i8 "
    "holes:i8 lack:i8 hole_open:i8"
)
def lay(
    begins: I8,
    ends: I8,
    kinds: I8,
    cuts: int,
    body: F8,
    width: int,
    cover: int,
    keep: int,
    base: int,
    keep_holes: int,
    fill: int,
    upto: int,
    period: int,
    anchor: int,
    edges: I8,
    ts: I8,
    open_time: I8,
    open: F8,
    high: F8,
    low: F8,
    close: F8,
    complete: I1,
    slot: I4,
    source: I4,
    s: State,
) -> None:
    """Write rows until the columns are full or all is written (s.finished); called again it goes on at s.next.

    begins, ends, kinds, body   the bars at the cuts; kind 0 forming, 1 closed, 2 cut short by the end of the input
    cover     the input is known to be whole from here on: a bar that opens before is partial
    keep      1: partial bars are written, with complete 0; else they are counted in s.partial
    base      ns of the rows that bars are made of, counted in the last pair of a body; 0: they are not counted
    keep_holes   1: bars that lack rows are written; they are counted in s.holes, their rows in s.lack, the first one's
              beginning in s.hole_open
    fill      1: between bars, and up to `upto`, bars without trades repeat the last close
    slot      time_label, or empty
    source    for each row the cut that it comes from, -1 for a flat bar
    """
    s.rows = 0
    room = len(ts)
    while s.rows < room:
        j = s.next
        flat = False
        if fill and s.has_close:
            _, end = bucket(s.last_end, period, anchor, edges)
            flat = end <= (begins[j] if j < cuts else upto)
        if flat:
            i = s.rows
            open_time[i] = s.last_end
            ts[i] = end
            open[i] = high[i] = low[i] = close[i] = s.last_close
            complete[i] = 1
            source[i] = -1
            if len(slot) > 0:
                slot[i] = label(s.last_end)
            s.last_end = end
            s.rows += 1
            continue
        if j >= cuts:
            break
        s.next = j + 1
        partial = begins[j] < cover or kinds[j] == CUT_SHORT
        lack = 0
        if kinds[j] == CLOSED and not partial:
            lack = lacking(begins[j], ends[j], base, body, (j + 1) * width - 2)
        if lack > 0:
            if s.holes == 0:
                s.hole_open = begins[j]
            s.holes += 1
            s.lack += lack
        if kinds[j] != FORMING and partial and not keep:
            s.partial += 1
            s.partial_open = begins[j]
        elif lack == 0 or keep_holes:
            i = s.rows
            at = j * width
            open_time[i] = begins[j]
            ts[i] = ends[j]
            open[i] = body[at]
            high[i] = body[at + 1]
            low[i] = body[at + 2]
            close[i] = body[at + 3]
            complete[i] = 1 if kinds[j] == CLOSED and not partial else 0
            source[i] = j
            if len(slot) > 0:
                slot[i] = label(begins[j])
            s.rows += 1
        if kinds[j] == CLOSED:
            s.last_end = ends[j]
            s.last_close = body[j * width + 3]
            s.has_close = 1
    s.finished = s.rows < room
