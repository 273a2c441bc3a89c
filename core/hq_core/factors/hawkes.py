"""Intensity of trades with an exponential memory."""

from __future__ import annotations

import math

from hq_core.book.flags import TRADE
from hq_core.factoring import Duration, factor
from hq_core.jit import F8, I1, I8, State
from hq_core.kernels.maths.exp import exp


@factor(
    title="Hawkes Intensity of Trades",
    inputs="ts kind side",
    outputs={"hawkes": "0.., a second", "buy": "0.., a second", "sell": "0.., a second"},
    params={"halflife": Duration("1s", help="after which a trade counts half")},
    state="all buys sells last:i8 seen:i8",
    few="no trade so far",
    source="Hawkes 1971, Spectra of some self-exciting point processes: the exponential kernel, of mass 1",
    oracle="tests/oracles/slow_factors.py",
)
def hawkes(ts: I8, kind: I1, side: I1, halflife: int, s: State, out: F8, buy: F8, sell: F8) -> None:
    """Sum over all trades of b * exp(-b * age), b = ln 2 / halflife, in trades a second; of all, buyers', sellers'.

    s   all, buys, sells: at the last trade, which was at `last`; seen: 1 if there was one
    """
    everything, buys, sells, last, seen = s.all, s.buys, s.sells, s.last, s.seen
    decay = 0.6931471805599453 / (halflife * 1e-9)  # a second
    t = last
    fades = 1.0
    for i in range(len(ts)):
        if ts[i] != t:
            t = ts[i]
            fades = exp(-decay * ((t - last) * 1e-9))
        if kind[i] == TRADE:
            everything = everything * fades + decay
            buys = buys * fades + (decay if side[i] > 0 else 0.0)
            sells = sells * fades + (decay if side[i] < 0 else 0.0)
            last = t
            fades = 1.0
            seen = 1
        out[i] = everything * fades if seen == 1 else math.nan
        buy[i] = buys * fades if seen == 1 else math.nan
        sell[i] = sells * fades if seen == 1 else math.nan
    s.all, s.buys, s.sells, s.last, s.seen = everything, buys, sells, last, seen
