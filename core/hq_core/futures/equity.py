"""Rows of equity: what the account is worth at the end of a bar."""

from __future__ import annotations

import math

from hq_core.futures.bars import off_ticks, said, sound
from hq_core.futures.blocks import (
    ABOVE,
    BASE,
    BELOW,
    CONTRACT,
    CONTRACTS,
    ENTRY,
    FIRST,
    HIGHEST,
    LAST,
    LAST_TS,
    LEVERAGE,
    LOT_DEN,
    LOT_NUM,
    LOTS,
    LOWER,
    LOWEST,
    MARGIN,
    MARK,
    SHORT,
    STANDS,
    SYMBOL_WIDTH,
    TICK_NUM,
    UPPER,
)
from hq_core.futures.margin import units
from hq_core.futures.positions import (
    gains,
    margin_used,
    price_of,
    range_since_entry,
    room_by_bracket,
    room_by_margin,
    valued,
    worth,
)
from hq_core.jit import F8, I8, U1, State, apart, float_of, inline

# The columns of a row: those of any account, those of an account of one symbol too, and the room with --max-open
OF_ACCOUNT, OF_SYMBOL, WITH_ROOM = 10, 16, 17
BLOCK = 16  # rows that are looked through at once, twice as many after each: the machine takes several in one step


@inline
def affords(s: State, p: F8, at: int, price: float) -> bool:
    """Whether it is plain that the wallet opens a lot of a symbol at a price."""
    leverage = p[at + LEVERAGE]
    lot = p[at + CONTRACT] * p[at + LOT_NUM] / p[at + LOT_DEN] * worth(s, price)
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


@apart
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
    stop: int,
) -> int:
    """How many bars from i on, before `stop`, come without an event of the prices, for an account of one symbol."""
    before, above, lower, upper = p[BELOW], p[ABOVE], p[LOWER], p[UPPER]
    marks = mark_close if len(mark_close) > 0 else close
    lows = mark_low if len(mark_low) > 0 else low
    highs = mark_high if len(mark_high) > 0 else high
    opens = open_time if len(open_time) > 0 else ts  # later than it was: such a bar is looked at in full
    if ts[i] < s.last_ts:
        return 0
    top, bottom = math.inf, -math.inf  # beyond them is a new extreme since an entry
    for which in range(2):
        h = which * SHORT
        if p[h + LOTS] > 0.0:
            top, bottom = min(top, p[h + HIGHEST]), max(bottom, p[h + LOWEST])
    soonest, poor = s.soonest, s.open == 0 and s.wallet < s.start
    ticks = p[TICK_NUM] != 0.0
    j, end, size = i, i, BLOCK
    while j == end and j < stop:
        end = min(j + size, stop)
        size *= 2
        still, beyond = end, 0  # the first row with an event
        for k in range(j, end):
            mark = said(marks[k], close[k])
            least = min(said(lows[k], low[k]), mark)
            greatest = max(said(highs[k], high[k]), mark)
            calm = (low[k] > before) & (high[k] < above) & (least > lower) & (greatest < upper)
            right = (ts[k] >= ts[k - int(k > i)]) & sound(open[k], high[k], low[k], close[k])
            still = min(still, end if calm & right & (opens[k] < soonest) else k)
            beyond |= int((high[k] > top) | (low[k] < bottom))
        if len(complete) > 0:
            for k in range(j, end):
                still = min(still, end if complete[k] != 0 else k)
        if poor:
            for k in range(j, end):
                still = min(still, end if affords(s, p, 0, close[k]) else k)
        if ticks:
            for k in range(j, still):
                still = min(still, k if off_ticks(p, 0, open[k], high[k], low[k], close[k]) else end)
        if beyond != 0:
            for k in range(j, still):
                top = max(top, high[k])
                bottom = min(bottom, low[k])
            range_since_entry(p, 0, bottom, top)
        j = still
    return j - i


@inline
def fill(e: F8, first: int, many: int, value: float) -> None:
    for k in range(first, first + many):
        e[k] = value


@apart
def write_quiet(
    s: State,
    p: F8,
    ts: I8,
    close: F8,
    mark_close: F8,
    i: int,
    many: int,
    e_ts: I8,
    e: F8,
    row: int,
    stride: int,
    columns: int,
) -> None:
    """Write the rows of equity of bars without an event, from bar i on, column by column; many > 0.

    It gives the bits of `write_equity`, without asking everything anew at every bar.
    """
    long, short, long_entry, short_entry = p[BASE], p[SHORT + BASE], p[ENTRY], p[SHORT + ENTRY]
    wallet, inverse, flat = s.wallet, s.inverse != 0, s.open == 0
    any_long, any_short = p[LOTS] > 0.0, p[SHORT + LOTS] > 0.0
    marks = mark_close if len(mark_close) > 0 else close
    for k in range(many):
        e_ts[row + k] = ts[i + k]
    if flat:
        fill(e, row, many, wallet + 0.0)
        fill(e, row + 2 * stride, many, 0.0)
        fill(e, row + 7 * stride, many, 0.0)
        fill(e, row + 8 * stride, many, 0.0)
        fill(e, row + 9 * stride, many, 0.0)
    else:
        for k in range(many):
            each = valued(inverse, said(marks[i + k], close[i + k]))
            gain, loss = long * (each - long_entry), short * (each - short_entry)
            up = 0.0 + ((-gain if inverse else gain) if any_long else 0.0)
            up += (loss if inverse else -loss) if any_short else 0.0
            e[row + k] = wallet + up
            e[row + k + 2 * stride] = up
        for k in range(many):
            each = valued(inverse, said(marks[i + k], close[i + k]))
            e[row + k + 8 * stride] = 0.0 + (long + short) * each
            e[row + k + 9 * stride] = 0.0 + (long - short) * each
        if s.cross != 0:
            leverage = p[LEVERAGE]
            for k in range(many):
                each = valued(inverse, said(marks[i + k], close[i + k]))
                e[row + k + 7 * stride] = (long + short) * each / leverage
        else:
            fill(e, row + 7 * stride, many, p[MARGIN] + p[SHORT + MARGIN])
    fill(e, row + stride, many, wallet)
    fill(e, row + 3 * stride, many, s.realised + s.realised_low)
    fill(e, row + 4 * stride, many, s.fees + s.fees_low)
    fill(e, row + 5 * stride, many, s.funding + s.funding_low)
    fill(e, row + 6 * stride, many, s.insurance + s.insurance_low)
    if columns > OF_ACCOUNT:
        fill(e, row + 10 * stride, many, p[CONTRACTS])
        fill(e, row + 11 * stride, many, price_of(s, long_entry) if any_long else math.nan)
        fill(e, row + 12 * stride, many, p[SHORT + CONTRACTS])
        fill(e, row + 13 * stride, many, price_of(s, short_entry) if any_short else math.nan)
        fill(e, row + 14 * stride, many, math.nan if flat or p[LOWER] == -math.inf else p[LOWER])
        fill(e, row + 15 * stride, many, math.nan if flat or p[UPPER] == math.inf else p[UPPER])
    j = i + many - 1
    mark = said(marks[j], close[j])
    p[MARK] = mark
    p[STANDS] = mark
    p[LAST] = close[j]
    p[LAST_TS] = float_of(ts[j])
    p[FIRST] = said(p[FIRST], close[i])
    s.last_ts = ts[j]
    s.equity = e[row + many - 1]
    s.rows += many
    s.row += many
