"""Rows of equity: what the account is worth at the end of a bar."""

from __future__ import annotations

import math

from hq_core.futures.bars import cell, wrong
from hq_core.futures.blocks import (
    ABOVE,
    BASE,
    BELOW,
    CONTRACT,
    CONTRACTS,
    ENTRY,
    LAST,
    LAST_TS,
    LEVERAGE,
    LOT_DEN,
    LOT_NUM,
    LOTS,
    LOWER,
    MARGIN,
    MARK,
    SHORT,
    STANDS,
    SYMBOL_WIDTH,
    UPPER,
    WAITS,
)
from hq_core.futures.margin import units
from hq_core.futures.positions import (
    count_bars,
    gains,
    margin_used,
    price_of,
    range_since_entry,
    room_by_bracket,
    room_by_margin,
    worth,
)
from hq_core.futures.resting import NEVER
from hq_core.futures.statistics import observe
from hq_core.jit import F8, I8, U1, State, apart, float_of, inline

# The columns of a row: those of any account, those of an account of one symbol too, and the room with --max-open
OF_ACCOUNT, OF_SYMBOL, WITH_ROOM = 10, 16, 17


@inline
def affords(s: State, p: F8, at: int) -> bool:
    """Whether it is plain that the wallet opens a lot of a symbol at its last price."""
    leverage = p[at + LEVERAGE]
    lot = p[at + CONTRACT] * p[at + LOT_NUM] / p[at + LOT_DEN] * worth(s, p[at + LAST])
    plain: bool = s.wallet * leverage > 1.000001 * lot * (1.0 + s.taker * leverage)
    return plain


@apart
def broke(s: State, p: F8) -> bool:
    """Nothing is open, and not one lot of anything could be opened any more."""
    if s.wallet <= 0.0:
        return True
    if s.wallet >= s.start:
        return False
    for k in range(s.symbols):
        at = k * SYMBOL_WIDTH
        price = p[at + LAST]
        if price > 0.0 and room_by_bracket(s, p, at, 1, price) > 0 and room_by_margin(s, p, at, price) > 0:
            return False
    return True


@apart
def write_equity(s: State, p: F8, e: F8, row: int, stride: int, columns: int) -> None:
    """The row of equity, its columns `stride` apart."""
    up = gains(s, p, MARK)
    s.equity = s.wallet + up
    e[row] = s.equity
    e[row + stride] = s.wallet
    e[row + 2 * stride] = up
    e[row + 3 * stride] = s.realised + s.realised_low
    e[row + 4 * stride] = s.fees + s.fees_low
    e[row + 5 * stride] = s.funding + s.funding_low
    e[row + 6 * stride] = s.insurance + s.insurance_low
    e[row + 7 * stride] = margin_used(s, p)
    gross, net = 0.0, 0.0
    for k in range(s.symbols):
        at = k * SYMBOL_WIDTH
        if p[at + BASE] + p[at + SHORT + BASE] > 0.0:
            each = worth(s, p[at + MARK])
            gross += (p[at + BASE] + p[at + SHORT + BASE]) * each
            net += (p[at + BASE] - p[at + SHORT + BASE]) * each
    e[row + 8 * stride] = gross
    e[row + 9 * stride] = net
    if columns > OF_ACCOUNT:
        long, short = p[LOTS] > 0.0, p[SHORT + LOTS] > 0.0
        e[row + 10 * stride] = p[CONTRACTS]
        e[row + 11 * stride] = price_of(s, p[ENTRY]) if long else math.nan
        e[row + 12 * stride] = p[SHORT + CONTRACTS]
        e[row + 13 * stride] = price_of(s, p[SHORT + ENTRY]) if short else math.nan
        e[row + 14 * stride] = p[LOWER] if (long or short) and p[LOWER] != -math.inf else math.nan
        e[row + 15 * stride] = p[UPPER] if (long or short) and p[UPPER] != math.inf else math.nan
    if columns > OF_SYMBOL:
        room = min(room_by_bracket(s, p, 0, 1, p[LAST]), room_by_bracket(s, p, 0, -1, p[LAST]))
        room = min(room, room_by_margin(s, p, 0, p[LAST]))
        e[row + 16 * stride] = units(room, p[LOT_NUM], p[LOT_DEN])


@inline
def quiet_rows(
    s: State,
    p: F8,
    ts: I8,
    open_time: I8,
    open: F8,
    high: F8,
    low: F8,
    close: F8,
    complete: U1,
    mark_high: F8,
    mark_low: F8,
    mark_close: F8,
    i: int,
    until: int,
    due: int,
    last: int,
    counted: int,
    e_ts: I8,
    e: F8,
    row: int,
    stride: int,
    columns: int,
) -> int:
    """Write the rows of equity of as many bars as come without an event; how many.

    For an account of one symbol.  It gives the bits of `write_equity`, without asking everything anew at every bar.
    i, until   from this bar on, to the first one at or after this ts, at which there are orders
    due        before the first one at or after this ts, when there is funding
    """
    if p[WAITS] > 0.0:
        return 0
    n = len(close)
    if last >= 0:
        n = min(n, last)
    n = min(n, i + len(e_ts) - row)
    begun = s.last_ts
    before, above, lower, upper = p[BELOW], p[ABOVE], p[LOWER], p[UPPER]
    long, short = p[BASE], p[SHORT + BASE]
    long_entry, short_entry = p[ENTRY], p[SHORT + ENTRY]
    wallet, flat = s.wallet, s.open == 0
    poor = flat and wallet < s.start
    realised, fees = s.realised + s.realised_low, s.fees + s.fees_low
    funding, insurance = s.funding + s.funding_low, s.insurance + s.insurance_low
    margin = p[MARGIN] + p[SHORT + MARGIN]
    entry = price_of(s, long_entry) if p[LOTS] > 0.0 else math.nan
    other = price_of(s, short_entry) if p[SHORT + LOTS] > 0.0 else math.nan
    falls = math.nan if flat or lower == -math.inf else lower
    rises = math.nan if flat or upper == math.inf else upper
    j = i
    mark = p[MARK]
    up = 0.0
    highest, lowest = -math.inf, math.inf
    while j < n:
        now = ts[j]
        mark = cell(mark_close, j, close[j])
        least = min(cell(mark_low, j, low[j]), mark)
        greatest = max(cell(mark_high, j, high[j]), mark)
        calm = (low[j] > before) & (high[j] < above) & (least > lower) & (greatest < upper)
        if not (calm & (now < due) & (now >= begun)) or wrong(p, 0, open[j], high[j], low[j], close[j]) != 0:
            break
        if len(complete) > 0 and complete[j] == 0:
            break
        if s.soonest != NEVER and (open_time[j] if len(open_time) > 0 else begun) >= s.soonest:
            break
        p[LAST] = close[j]
        if poor and not affords(s, p, 0):
            break
        highest = max(highest, high[j])
        lowest = min(lowest, low[j])
        each = worth(s, mark)
        up = 0.0
        gross, net = 0.0, 0.0
        if not flat:
            if p[LOTS] > 0.0:
                gain = long * (each - long_entry)
                up += -gain if s.inverse != 0 else gain
            if p[SHORT + LOTS] > 0.0:
                gain = short * (each - short_entry)
                up += gain if s.inverse != 0 else -gain
            gross += (long + short) * each
            net += (long - short) * each
        k = row + j - i
        equity = wallet + up
        e_ts[k] = now
        e[k] = equity
        e[k + stride] = wallet
        e[k + 2 * stride] = up
        e[k + 3 * stride] = realised
        e[k + 4 * stride] = fees
        e[k + 5 * stride] = funding
        e[k + 6 * stride] = insurance
        e[k + 7 * stride] = 0.0 if flat else (long + short) * each / p[LEVERAGE] if s.cross != 0 else margin
        e[k + 8 * stride] = gross
        e[k + 9 * stride] = net
        if columns > OF_ACCOUNT:
            e[k + 10 * stride] = p[CONTRACTS]
            e[k + 11 * stride] = entry
            e[k + 12 * stride] = p[SHORT + CONTRACTS]
            e[k + 13 * stride] = other
            e[k + 14 * stride] = falls
            e[k + 15 * stride] = rises
        if counted != 0:
            observe(s, now, equity, not flat)
        begun = now
        j += 1
        if now >= until:
            break
    if j > i:
        mark = cell(mark_close, j - 1, close[j - 1])
        p[MARK] = mark
        p[STANDS] = mark
        p[LAST] = close[j - 1]
        p[LAST_TS] = float_of(begun)
        range_since_entry(p, 0, lowest, highest)
        count_bars(p, 0, float(j - i))
        s.last_ts = begun
        s.equity = e[row + j - i - 1]
        s.rows += j - i
        s.row += j - i
    return j - i
