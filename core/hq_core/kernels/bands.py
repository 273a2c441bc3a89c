"""Bands about an average."""

from __future__ import annotations

import math

from hq_core.jit import F8, kernel
from hq_core.kernels.smooth import finite


@kernel()
def around(middle: F8, width: F8, up: float, down: float, out_upper: F8, out_middle: F8, out_lower: F8) -> None:
    """The average, and bands `up` and `down` widths away; nan in all three where one of the two is not known."""
    for i in range(len(middle)):
        known = finite(middle[i] - width[i])
        at = middle[i] if known else math.nan
        apart = width[i] if known else 0.0
        out_upper[i] = at + up * apart
        out_middle[i] = at
        out_lower[i] = at - down * apart
