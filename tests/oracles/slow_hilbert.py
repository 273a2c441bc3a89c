"""How far Ehlers' cycle indicators are from TA-Lib, whose build fuses multiplications with additions.

A rounding more or less grows where the phasor hardly turns.  Over 100 random walks of 1600 rows the largest
differences were 4e-12 (mama, ht_phasor), 3.2e-11 (ht_dcperiod), 1.6e-10 (ht_dcphase), 8.6e-10 (ht_sine); the median
walk has 7e-14 to 1.3e-11, and the trendline and the trend mode none at all.
"""

FUSED = "TA-Lib's build fuses multiplications with additions: 0.075 * period + 0.54 is rounded once there"

TOLERANCE = {
    "ht_phasor": (1e-11, FUSED),
    "ht_dcperiod": (1e-10, FUSED),
    "ht_dcphase": (1e-9, FUSED),
    "ht_sine": (1e-9, FUSED),
    "mama": (1e-11, FUSED),
}
