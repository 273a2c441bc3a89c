"""Volume Ratio of the Day."""

from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.smooth import finite
from hq_core.registry import Param, indicator

DAY = 86_400e9  # ns


@indicator(
    title="Volume Ratio of the Day",
    inputs="ts volume",
    outputs={"vri5d": "ratio, 1 is as usual, >= 0"},
    params={
        "days": Param(5, 1, 1000, "days before that it is compared with"),
        "offset": Param(0, -1439, 1439, "minutes after midnight UTC at which a day begins"),
    },
    state="day total past known:i8<=days begun:i8 seen:i8",
    ring=lambda days, offset: days,
    warmup=lambda days, offset: 0,
    domain=1e19,
    source="volume ratio of the Chinese exchanges' quote screens: volume a minute today over that of the days before",
)
def vri5d(ts: F8, volume: F8, days: int, offset: int, s: State, ring: F8, out: F8) -> None:
    """Volume a minute since the day began over volume a minute of the `days` days before.

    ts      (n,)  ns UTC at which the bar closed, ascending; a bar that closes as a day ends belongs to that day
    volume  (n,)  any unit; a row with a nan or infinite input gives nan and is passed over
    s       day: number of the current day; total: its volume so far; past: volume of the days in the ring; known: how
            many these are, up to days; begun: 1 if the day began with a row, 0 if the data begins somewhere in it;
            seen: 1 after the first row
    ring    (days,)  volumes of the days before, the newest first
    out     (n,)  ratio; compared with the days there are while they are fewer, days without rows not counting; 1 before
                  the first whole day, when nothing is known of what is usual; nan where the days before had no volume
    """
    day = s.day
    total = s.total
    past = s.past
    known = s.known
    begun = s.begun
    seen = s.seen
    shift = offset * 60e9
    for i in range(len(ts)):
        out[i] = math.nan
        if finite(ts[i] + volume[i]):
            today = math.ceil((ts[i] - shift) / DAY)
            if seen > 0 and today != day:
                if begun > 0:
                    for j in range(days - 1, 0, -1):
                        ring[j] = ring[j - 1]
                    ring[0] = total
                    known = min(known + 1, days)
                    past = 0.0
                    for j in range(known):
                        past += ring[j]
                begun = 1
                total = 0.0
            day = today
            seen = 1
            total += volume[i]
            elapsed = (ts[i] - shift) - (day - 1.0) * DAY
            if known == 0:
                out[i] = 1.0
            elif past != 0.0:
                out[i] = (total / elapsed) / (past / (known * DAY))
    s.day = day
    s.total = total
    s.past = past
    s.known = known
    s.begun = begun
    s.seen = seen
