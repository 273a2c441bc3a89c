"""Funding: what longs pay to shorts at the exchange's times, of the notional at the mark price."""

from __future__ import annotations

import math

from hq_core.futures.bars import UNPAID
from hq_core.futures.blocks import BASE, CONTRACTS, LOTS, MARGIN, MARK, SHORT, STANDS, SYMBOL_WIDTH
from hq_core.futures.ledger import post
from hq_core.futures.liquidation import set_levels
from hq_core.futures.log import log_payment
from hq_core.futures.positions import side_at, worth
from hq_core.jit import F8, I4, I8, State, apart, float_of, inline

# rows of funding that are done with in this call; payments so far; times at which one was due, something was held and
# no rate is known, which is an error if strict is 1: then of which symbol and when
FUNDING = "paid:i8 payments:i8 missed:i8 strict:i8 missed_symbol:i8 missed_ts:i8 "


@inline
def pay(s: State, p: F8, log: F8, at: int, side: int, rate: float, mark: float) -> None:
    """One side's payment."""
    h = side_at(at, side)
    if p[h + LOTS] == 0.0:
        return
    amount = -side * (p[h + BASE] * worth(s, mark) * rate)
    post(s, 0.0, 0.0, amount, 0.0)
    if s.cross == 0:
        p[h + MARGIN] = max(0.0, p[h + MARGIN] + amount)
    s.payments += 1
    log_payment(s, p, log, at, side, rate, side * p[h + CONTRACTS], amount)


@apart
def pay_until(
    s: State, p: F8, log: F8, f_ts: I8, f_symbol: I4, f_rate: F8, f_mark: F8, until: int, too: bool, rate: F8, cum: F8
) -> None:
    """Pay what is due before an instant, or at it `too`; the mark is the row's own or that at which the symbol is."""
    while s.paid < len(f_ts) and (f_ts[s.paid] < until or (too and f_ts[s.paid] == until)):
        i = s.paid
        s.paid += 1
        if f_symbol[i] < 0 or f_symbol[i] >= s.symbols:
            continue
        at = f_symbol[i] * SYMBOL_WIDTH
        if p[at + LOTS] + p[at + SHORT + LOTS] == 0.0:
            continue
        if math.isnan(f_rate[i]):
            s.missed += 1 if math.isnan(f_mark[i]) else int(f_mark[i])
            if s.strict != 0 and s.error == 0:
                s.error, s.missed_symbol, s.missed_ts = UNPAID, f_symbol[i], f_ts[i]
            continue
        mark = p[at + MARK] if math.isnan(f_mark[i]) else f_mark[i]
        s.moment = float_of(f_ts[i])
        pay(s, p, log, at, 1, f_rate[i], mark)
        pay(s, p, log, at, -1, f_rate[i], mark)
        p[at + STANDS] = p[at + MARK]
        set_levels(s, p, at, rate, cum)
