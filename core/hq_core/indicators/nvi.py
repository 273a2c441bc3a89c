"""Negative Volume Index."""

from __future__ import annotations

from hq_core.jit import F8, State
from hq_core.kernels.volume_index import volume_index
from hq_core.registry import indicator


@indicator(
    title="Negative Volume Index",
    inputs="close volume",
    outputs={"nvi": "ratio, 1000 at the first row"},
    params={},
    state="index close volume seen:i8",
    warmup=lambda: 0,
    source="Dysart 1936; Fosback 1976, Stock Market Logic; the base of 1000 as TA-Lib",
    talib="NVI",
)
def nvi(close: F8, volume: F8, s: State, out: F8) -> None:
    """Index that follows the price only in the rows whose volume falls.

    close   (n,)  price; a row with a nan or infinite price or volume gives nan and is passed over
    volume  (n,)  any unit
    s       as in kernels/volume_index.py
    out     (n,)  1000 at the first row; unchanged where the close before is 0, as TA-Lib
    """
    volume_index(close, volume, False, s, out)
