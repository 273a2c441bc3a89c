"""Hilbert Transform, Trend or Cycle Mode."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.hilbert import PHASE_RING, RADIANS, RING, TREND_RING, cycle, phase, trendline
from hq_core.kernels.maths.trig import sin
from hq_core.kernels.smooth import finite


@kernel(state="before sine leadsine days")
def mode(smooth: F8, period: F8, degrees: F8, trend: F8, s: State, out: F8) -> None:
    """1 or 0 for each row.

    s  before, sine, leadsine: the phase, its sine and the one 45 degrees ahead of the last finite row;
       days: rows since the two last crossed
    """
    before = s.before
    sine = s.sine
    leadsine = s.leadsine
    days = s.days
    for i in range(len(smooth)):
        now = degrees[i]
        price = smooth[i]
        line = trend[i]
        rows = period[i]
        out[i] = math.nan
        if finite(now):
            sine_before = sine
            lead_before = leadsine
            sine = sin(now * RADIANS)
            leadsine = sin((now + 45.0) * RADIANS)
            found = 1.0
            rises = (sine > leadsine) & (sine_before <= lead_before)
            if rises | ((sine < leadsine) & (sine_before >= lead_before)):
                days = 0.0
                found = 0.0
            days += 1.0
            if days < 0.5 * rows:
                found = 0.0
            turn = now - before
            before = now
            if (rows != 0.0) & (turn > 0.67 * 360.0 / rows) & (turn < 1.5 * 360.0 / rows):
                found = 0.0
            if line != 0.0 and abs((price - line) / line) >= 0.015:
                found = 1.0
            out[i] = found
    s.before = before
    s.sine = sine
    s.leadsine = leadsine
    s.days = days


@composite(
    title="Hilbert Transform, Trend or Cycle Mode",
    inputs="close",
    outputs={"ht_trendmode": "0..1, whole: 1 is a trend"},
    params={},
    source="Ehlers 2001, Rocket Science for Traders, ch. 11",
    talib="HT_TRENDMODE",
)
def ht_trendmode(on: Nodes, close: Line) -> Line:
    """1 while the price trends: half a cycle after the sine waves crossed, while the phase turns slower or faster
    than the cycle, or with the price 1.5 % away from the trendline.
    """
    smooth, _, _, period = on.apply(cycle, close, outputs=4, ring=RING, warmup=37, start=37)
    degrees = on.apply(phase, smooth, period, ring=PHASE_RING)
    return on.skip(on.apply(mode, smooth, period, degrees, on.apply(trendline, close, period, ring=TREND_RING)), 26)
