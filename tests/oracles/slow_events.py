"""hftbacktest's order of events, one event at a time: what its correct_event_order is documented to do.

https://hftbacktest.readthedocs.io/en/latest/data.html: events lie by exch_ts for the exchange and by local_ts here; one
whose place is not the same in both orders stands twice, with the flag of each.
"""

from __future__ import annotations

EXCH, LOCAL = 1 << 31, 1 << 30


def ordered(raw: list[tuple]) -> list[tuple]:
    """Events as hftbacktest wants them, of (ev without views, exch_ts, local_ts, ...) as they were received."""
    theirs = sorted(range(len(raw)), key=lambda i: raw[i][1])  # sorted is stable
    ours = sorted(range(len(raw)), key=lambda i: raw[i][2])
    made = []
    while theirs or ours:
        there = raw[theirs[0]][1:3] if theirs else None
        here = raw[ours[0]][1:3] if ours else None
        if there is not None and there == here:
            views = EXCH | LOCAL
        elif here is None or (there is not None and there < here):
            views = EXCH
        else:
            views = LOCAL
        row = raw[(theirs if views & EXCH else ours)[0]]
        if views & EXCH:
            del theirs[0]
        if views & LOCAL:
            del ours[0]
        made.append((row[0] | views, *row[1:]))
    return made
