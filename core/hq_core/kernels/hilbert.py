"""Ehlers' dominant cycle: the smoothed price, its phasor, and the period that the turning of the phasor shows.

Everything of the family begins here, so that a graph with several of them computes this once.  The Hilbert
transform is a sum over every second of the last seven rows; what TA-Lib keeps in rings for odd and even rows
is its history.

The smoothed price comes from TA-Lib's running sums, not from the four rows themselves: where the price stands
still, their rounding is all that turns the phasor, and the average follows that.  They are added up anew as soon
as they have strayed from the rows by more than rounding, so that what a tick of 1e17 leaves behind is gone after two
hundred rows.
"""

from __future__ import annotations

import math

from hq_core.jit import F8, State, inline, kernel
from hq_core.kernels.maths.arc import atan
from hq_core.kernels.maths.trig import cos, sin
from hq_core.kernels.smooth import finite

DEGREES = 57.29577951308232  # in a radian
RADIANS = 0.017453292519943295  # in a degree
NEAR = 0.0962  # the weights of the transform: rows 0 and 6, rows 2 and 4
FAR = 0.5769
STRAYED = 2.0**-26  # of the size of the prices; on a flat stretch rounding does it in 1e5 rows or so
FADING = 0.9  # a row: how long a price counts in that size
RING = 4 * 16  # the price, the smoothed price, the detrended one and the quadrature
PHASE_RING = 64 + 2 * 50
TREND_RING = 64


@inline
def turned(ring: F8, at: int, i: int, scale: float) -> float:
    """The Hilbert transform of the history whose newest row is at place i of the 16 from `at` on."""
    newest = NEAR * ring[at + (i & 15)]
    found = newest - NEAR * ring[at + ((i - 6) & 15)]
    found -= FAR * ring[at + ((i - 4) & 15)]
    found += FAR * ring[at + ((i - 2) & 15)]
    return found * scale


@inline
def smoothed(ring: F8, i: int, plain: float, weighted: float, size: float) -> tuple[float, float, float, float]:
    """Mean of the rows i to i - 3 of the price with the weights 4, 3, 2, 1.

    plain, weighted  the sums of the rows i - 1 to i - 4, weighted 1 and 3, 2, 1, 0, from 0 on
    size             of the last prices, see FADING
    Returns the mean, and these three for the next row.
    """
    a = ring[i & 15]
    size = max(abs(a), FADING * size)
    if i < 3:
        return math.nan, plain + a, weighted + (i + 1) * a, size
    b = ring[(i - 1) & 15]
    c = ring[(i - 2) & 15]
    d = ring[(i - 3) & 15]
    plain = plain + a - ring[(i - 4) & 15]
    weighted += 4.0 * a
    total = 4.0 * a + 3.0 * b + 2.0 * c + d
    if (abs(plain - (a + b + c + d)) > STRAYED * size) | (abs(weighted - total) > STRAYED * size):
        plain = a + b + c + d
        weighted = total
    return weighted * 0.1, plain, weighted - plain, size


@kernel(state="period<=50 slow<=50 re im i2 q2 plain weighted size seen:i8")
def cycle(
    close: F8, start: int, s: State, ring: F8, out_smooth: F8, out_inphase: F8, out_quadrature: F8, out_period: F8
) -> None:
    """The phasor of the dominant cycle and its period, from row `start` on.

    close   (n,)  any unit; a nan or infinite row gives nan and is passed over
    s       period, slow: rows of the cycle, smoothed once and twice; re, im, i2, q2: the turning of the phasor;
            plain, weighted, size: as in `smoothed`; seen: finite rows
    ring    four histories of 16 rows each, as RING says
    out_smooth                   (n,)  mean of four rows with the weights 4, 3, 2, 1
    out_inphase, out_quadrature  (n,)  the phasor, unit of close
    out_period                   (n,)  rows of the cycle, s.slow

    Before row `start` the histories of all but the price are 0, as TA-Lib has it.
    """
    period = s.period
    slow = s.slow
    re = s.re
    im = s.im
    i2 = s.i2
    q2 = s.q2
    plain = s.plain
    weighted = s.weighted
    size = s.size
    seen = s.seen
    for i in range(len(close)):
        value = close[i]
        if not finite(value) or seen < start:
            out_smooth[i] = math.nan
            out_inphase[i] = math.nan
            out_quadrature[i] = math.nan
            out_period[i] = math.nan
            if finite(value):
                ring[seen & 15] = value
                _, plain, weighted, size = smoothed(ring, seen, plain, weighted, size)
                seen += 1
            continue
        ring[seen & 15] = value
        smooth, plain, weighted, size = smoothed(ring, seen, plain, weighted, size)
        scale = 0.075 * period + 0.54
        ring[16 + (seen & 15)] = smooth
        detrended = turned(ring, 16, seen, scale)
        ring[32 + (seen & 15)] = detrended
        quadrature = turned(ring, 32, seen, scale)
        ring[48 + (seen & 15)] = quadrature
        inphase = ring[32 + ((seen - 3) & 15)]
        ahead = turned(ring, 32, seen - 3, scale)
        ahead_quadrature = turned(ring, 48, seen, scale)
        i2_before = i2
        q2_before = q2
        q2 = 0.2 * (quadrature + ahead) + 0.8 * q2_before
        i2 = 0.2 * (inphase - ahead_quadrature) + 0.8 * i2_before
        re = 0.2 * (i2 * i2_before + q2 * q2_before) + 0.8 * re
        im = 0.2 * (i2 * q2_before - q2 * i2_before) + 0.8 * im
        before = period
        if (im != 0.0) & (re != 0.0):
            period = 360.0 / (atan(im / re) * DEGREES)
        period = min(period, 1.5 * before)
        period = max(period, 0.67 * before)
        period = min(max(period, 6.0), 50.0)
        period = 0.2 * period + 0.8 * before
        slow = 0.33 * period + 0.67 * slow
        seen += 1
        out_smooth[i] = smooth
        out_inphase[i] = inphase
        out_quadrature[i] = quadrature
        out_period[i] = slow
    s.period = period
    s.slow = slow
    s.re = re
    s.im = im
    s.i2 = i2
    s.q2 = q2
    s.plain = plain
    s.weighted = weighted
    s.size = size
    s.seen = seen


@kernel(state="degrees rows:i8<=50 seen:i8<64")
def phase(smooth: F8, period: F8, s: State, ring: F8, out: F8) -> None:
    """The phase of the dominant cycle in degrees, from the first harmonic of its last whole turn.

    smooth, period  (n,)  of `cycle`; a row that is not finite gives nan and is passed over
    s     degrees: the last phase; rows: in the turn whose sines are kept, 0 if not known; seen: finite rows,
          modulo 64
    ring  the last 64 rows of smooth, 0 before the first; then 50 sines and 50 cosines
    """
    degrees = s.degrees
    rows = s.rows
    seen = s.seen
    for i in range(len(smooth)):
        value = smooth[i]
        length = period[i]
        out[i] = math.nan
        if not finite(value):
            continue
        ring[seen & 63] = value
        whole = int(length + 0.5) if finite(length) else 0
        if whole != rows:
            rows = whole
            for j in range(rows):
                angle = j * (2.0 * math.pi) / rows
                ring[64 + j] = sin(angle)
                ring[114 + j] = cos(angle)
        real = 0.0
        imaginary = 0.0
        for j in range(rows):
            at = ring[(seen - j) & 63]
            real += ring[64 + j] * at
            imaginary += ring[114 + j] * at
        if imaginary != 0.0:
            degrees = atan(real / imaginary) * DEGREES
        elif real < 0.0:
            degrees -= 90.0
        elif real > 0.0:
            degrees += 90.0
        degrees += 90.0
        degrees += 360.0 / length  # the smoothing lags by one row
        if imaginary < 0.0:
            degrees += 180.0
        if degrees > 315.0:
            degrees -= 360.0
        out[i] = degrees
        seen = (seen + 1) & 63
    s.degrees = degrees
    s.rows = rows
    s.seen = seen


@kernel(state="first second third seen:i8<64")
def trendline(close: F8, period: F8, s: State, ring: F8, out: F8) -> None:
    """Mean of close over the last turn of the dominant cycle, averaged over four rows by 4, 3, 2, 1.

    close   (n,)  finite rows enter the means; others give nan and are passed over
    period  (n,)  of `cycle`, nan before its first row
    s       first, second, third: the last three means, 0 before the first; seen: finite rows, modulo 64
    ring    the last 64 finite rows of close
    """
    first = s.first
    second = s.second
    third = s.third
    seen = s.seen
    for i in range(len(close)):
        value = close[i]
        length = period[i]
        out[i] = math.nan
        if finite(value):
            ring[seen & 63] = value
            if finite(length):
                rows = int(length + 0.5)
                mean = 0.0
                for j in range(rows):
                    mean += ring[(seen - j) & 63]
                if rows > 0:
                    mean /= rows
                out[i] = (4.0 * mean + 3.0 * first + 2.0 * second + third) / 10.0
                third = second
                second = first
                first = mean
            seen = (seen + 1) & 63
    s.first = first
    s.second = second
    s.third = third
    s.seen = seen
