"""Half-Life of Mean Reversion."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.fit import co_moments
from hq_core.registry import Param

LN2 = 0.6931471805599453


@kernel()
def halved(xx: F8, xy: F8, out: F8) -> None:
    """-ln 2 over the slope xy / xx; 0 where the slope is 0 or is not known as nothing moved."""
    for i in range(len(xx)):
        known = (xx[i] != 0.0) & (xy[i] != 0.0)
        ratio = (xx[i] if known else 0.0 * (xx[i] + xy[i])) / (xy[i] if known else 1.0)
        out[i] = -LN2 * ratio


@composite(
    title="Half-Life of Mean Reversion",
    inputs="close",
    outputs={"half_life": "ratio, in rows"},
    params={"period": Param(100, 3, 100_000, "changes in the regression")},
    source="Chan 2013, Algorithmic Trading, ch. 2; Uhlenbeck and Ornstein 1930, Physical Review 36",
)
def half_life(on: Nodes, close: Line, period: int) -> Line:
    """Rows in which a distance from the mean halves: -ln 2 / b, where b is the slope of the least squares line of the
    last `period` changes on the values before them.

    Negative where distances grow, b > 0; 0 where b is 0.  A row that is not finite makes it nan while it is in the
    window.
    """
    moments = on.apply(
        co_moments, on.lag(close, 1), on.mom(close, 1), outputs=3, ring=5 * period, warmup=period - 1, period=period
    )
    found: Line = on.apply(halved, *moments[:2])
    return found
