"""The futures account: bars with orders in, fills, equity and liquidations out, in one pass."""

from __future__ import annotations

import math

from hq_core.futures.margin import units
from hq_core.futures.orders import ORDERS, STEPS, contradict, count_orders, order_step, take
from hq_core.futures.positions import (
    CONFIG,
    END,
    FILL,
    LEDGER,
    LIQUIDATION,
    close_side,
    held,
    margin_used,
    open_side,
    room_by_bracket,
    room_by_margin,
    set_liquidation,
    unrealised,
)
from hq_core.futures.statistics import STATISTICS, observe
from hq_core.jit import F8, I1, I8, U1, State, inline, kernel

# Fills that one row can make at most: its orders and a liquidation of each side, twice, and the closing of each side.
ROOM = 2 * STEPS + 6
# A row's steps, by where each group of them starts: two for liquidations, STEPS for orders, and so on.
GAP, AT_OPEN, INSIDE, AT_CLOSE, AFTER = 0, 2, 2 + STEPS, 4 + STEPS, 4 + 2 * STEPS
AT_END, LAST_STEP = AFTER + 2, AFTER + 4
BAD_BAR, OFF_TICK, CONFLICT, BACKWARDS = 1, 2, 3, 4

ACCOUNT = (
    CONFIG
    + LEDGER
    + FILL
    + ORDERS
    + STATISTICS
    + "rows:i8 rows_after:i8 provisional:i8 last_ts:i8 mark equity liquidations:i8 bankrupt:i8 stale:i8 error:i8 "
)


@inline
def cell(column: F8, i: int, absent: float) -> float:
    """A row's value in a column that may be missing (no rows) or empty here (nan)."""
    if len(column) == 0 or math.isnan(column[i]):
        return absent
    return column[i]


@inline
def quantity(column: F8, i: int) -> float:
    """What is ordered at a row, nan for nothing: also where a file has 0, as files of signals do."""
    ordered = cell(column, i, math.nan)
    return ordered if ordered != 0.0 else math.nan


@inline
def off_tick(s: State, price: float) -> bool:
    """Whether a price is not a multiple of the tick (none: tick_num 0), but for 1e-9 of it."""
    if s.tick_num == 0.0:
        return False
    ticks: float = price * s.tick_den / s.tick_num
    return abs(ticks - math.floor(ticks + 0.5)) > 1e-9 * max(1.0, ticks)


@inline
def wrong(s: State, open: float, high: float, low: float, close: float) -> int:
    """0, or what is wrong with a bar's prices."""
    if not (0.0 < low <= open <= high < math.inf and low <= close <= high):
        return BAD_BAR
    if off_tick(s, open) or off_tick(s, high) or off_tick(s, low) or off_tick(s, close):
        return OFF_TICK
    return 0


@kernel(state=ACCOUNT)
def account(
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
    open_long: F8,
    close_long: F8,
    open_short: F8,
    close_short: F8,
    rate: F8,
    cum: F8,
    first: int,
    counted: int,
    last: int,
    s: State,
    e_ts: I8,
    e_equity: F8,
    e_wallet: F8,
    e_realised: F8,
    e_fees: F8,
    e_insurance: F8,
    e_unrealised: F8,
    e_long: F8,
    e_long_entry: F8,
    e_short: F8,
    e_short_entry: F8,
    e_long_liquidation: F8,
    e_short_liquidation: F8,
    e_margin_used: F8,
    e_max_open: F8,
    f_ts: I8,
    f_fill_time: I8,
    f_side: I1,
    f_action: I1,
    f_price: F8,
    f_quantity: F8,
    f_fee: F8,
    f_realised: F8,
    f_position: F8,
    f_liquidity: I1,
    f_reason: I1,
    l_ts: I8,
    l_side: I1,
    l_mark: F8,
    l_liquidation_price: F8,
    l_price: F8,
    l_quantity: F8,
    l_loss: F8,
    l_insurance: F8,
    l_row: I8,
    done: I8,
) -> None:
    """Run the account over rows `first`.. until the input, or the room for equity rows or fills, is used up.

    ts, open_time   ns UTC; open_time, complete, mark_* and the order columns may have no rows: absent
    open..close     last price; mark_*: mark price, nan or absent = the last price
    open_long...    quantity ordered at the row's close; nan or 0 none, inf without a size
    rate, cum       the maintenance tiers
    counted         1: rows are periods of the statistics; 0: single orders between two such rows
    last            the row after which the account ends: what is open then is closed at its close; -1: none
    done            out: the next row to read, equity rows, fills and liquidations written

    Inside a bar: a gap past a liquidation price at the open, then the orders that wait for the open, then the
    adverse extreme of the mark price, then the orders that fill at the close, then the mark price at the close,
    which may lie beyond the liquidation price of what was just opened at the last price, then the end.
    """
    if s.rows == 0 and s.orders == 0:
        s.wallet = s.start
    if s.stale != 0:
        set_liquidation(s, rate, cum)
        s.stale = 0
    equities, fills, ends = 0, 0, 0
    i = first
    while i < len(close) and i - first < len(e_ts) and fills + ROOM <= len(f_ts):
        if len(complete) > 0 and complete[i] == 0:
            s.provisional += 1
            i += 1
            continue
        s.error = wrong(s, open[i], high[i], low[i], close[i])
        if s.rows > 0 and ts[i] < s.last_ts:
            s.error = BACKWARDS
        if s.error != 0:
            break
        buy, sell = quantity(open_long, i), quantity(close_long, i)
        short, cover = quantity(open_short, i), quantity(close_short, i)
        orders = count_orders(buy, sell, short, cover)
        fight = orders > 1 and contradict(s, buy, sell, short, cover)
        if fight and s.fail_on_conflict != 0:
            s.error = CONFLICT
            break
        s.orders += orders
        if s.bankrupt != 0:
            s.ignored_bankrupt += orders
            s.rows_after += 1
            i += 1
            continue
        if fight:
            s.ignored_conflict += orders
            orders = 0
        mark = cell(mark_close, i, close[i])
        mark_least = min(cell(mark_low, i, low[i]), mark)
        mark_most = max(cell(mark_high, i, high[i]), mark)
        mark_open = min(max(open[i], mark_least), mark_most)
        opened = ts[i] if s.rows == 0 else s.last_ts
        if len(open_time) > 0:
            opened = open_time[i]
        if s.at_close != 0 and orders > 0:
            take(s, buy, sell, short, cover)
        hit = s.long_lots + s.short_lots > 0 and (mark_least <= s.lower or mark_most >= s.upper)
        down, up, least, most = math.nan, math.nan, mark_open, mark_open
        fall_price, rise_price = s.lower, s.upper
        step = GAP if hit or s.waiting > 0 else AT_END
        stop = LAST_STEP if i == last else AT_END
        while step < stop:
            lots, side, opens, reason, price = 0, 1, False, LIQUIDATION, open[i]
            if step in (GAP, INSIDE, AFTER):
                fall_price, rise_price = s.lower, s.upper
                if step == INSIDE:
                    least, most = mark_least, mark_most
                elif step == AFTER:
                    least, most, price = mark, mark, close[i]
                down = min(max(min(price, s.lower), low[i]), high[i]) if least <= s.lower else math.nan
                up = min(max(max(price, s.upper), low[i]), high[i]) if most >= s.upper else math.nan
            if step >= AT_END:
                side = 1 if step == AT_END else -1
                lots, price, reason = held(s, side), close[i], END
            elif step < AT_OPEN or INSIDE <= step < AT_CLOSE or step >= AFTER:
                side = 1 if step in (GAP, INSIDE, AFTER) else -1
                falls = (side > 0 or s.cross != 0) and not math.isnan(down)
                rises = (side < 0 or s.cross != 0) and not math.isnan(up)
                price = down if falls else up
                lots = held(s, side) if falls or rises else 0
            elif s.waiting > 0 and (s.at_close != 0) == (step >= AT_CLOSE):
                price = close[i] if step >= AT_CLOSE else open[i]
                at = step - (AT_CLOSE if step >= AT_CLOSE else AT_OPEN)
                lots, side, opens, reason = order_step(s, at, price, mark if step >= AT_CLOSE else mark_open)
            if lots > 0:
                if opens:
                    open_side(s, side, lots, price, reason)
                else:
                    close_side(s, side, lots, price, reason)
                set_liquidation(s, rate, cum)
                f_ts[fills] = ts[i]
                f_fill_time[fills] = opened if step < INSIDE else ts[i]
                f_side[fills] = s.fill_side
                f_action[fills] = s.fill_action
                f_price[fills] = s.fill_price
                f_quantity[fills] = s.fill_quantity
                f_fee[fills] = s.fill_fee
                f_realised[fills] = s.fill_realised
                f_position[fills] = s.fill_position
                f_liquidity[fills] = 1
                f_reason[fills] = s.fill_reason
                fills += 1
            if lots > 0 and reason == LIQUIDATION:
                falls = not math.isnan(down) and (s.cross != 0 or side > 0)
                l_ts[ends] = ts[i]
                l_side[ends] = side
                l_mark[ends] = least if falls else most
                l_liquidation_price[ends] = fall_price if falls else rise_price
                l_price[ends] = s.fill_price
                l_quantity[ends] = s.fill_quantity
                l_loss[ends] = s.fill_fee - s.fill_realised - s.fill_insurance
                l_insurance[ends] = s.fill_insurance
                l_row[ends] = s.periods
                ends += 1
                s.liquidations += 1
            step += 1
        s.waiting = 0
        gain = unrealised(s, mark)
        s.mark = mark
        s.equity = s.wallet + gain
        flat = s.long_lots + s.short_lots == 0
        room = room_by_margin(s, close[i], mark)
        room = min(room, min(room_by_bracket(s, 1, close[i]), room_by_bracket(s, -1, close[i])))
        if flat and (s.wallet <= 0.0 or (s.wallet < s.start and room == 0)):
            s.bankrupt = 1
        if s.at_close == 0 and orders > 0:
            if s.bankrupt != 0:
                s.ignored_bankrupt += orders
            else:
                take(s, buy, sell, short, cover)
        e_ts[equities] = ts[i]
        e_equity[equities] = s.equity
        e_wallet[equities] = s.wallet
        e_realised[equities] = s.realised + s.realised_low
        e_fees[equities] = s.fees + s.fees_low
        e_insurance[equities] = s.insurance + s.insurance_low
        e_unrealised[equities] = gain
        e_long[equities] = s.long
        e_long_entry[equities] = s.long_entry if s.long_lots > 0 else math.nan
        e_short[equities] = s.short
        e_short_entry[equities] = s.short_entry if s.short_lots > 0 else math.nan
        e_long_liquidation[equities] = math.nan if flat or s.lower == -math.inf else s.lower
        e_short_liquidation[equities] = math.nan if flat or s.upper == math.inf else s.upper
        e_margin_used[equities] = margin_used(s, mark)
        e_max_open[equities] = units(room, s.lot_num, s.lot_den)
        equities += 1
        if counted != 0:
            observe(s, ts[i], s.equity, not flat)
        s.rows += 1
        s.last_ts = ts[i]
        i += 1
    done[0] = i
    done[1] = equities
    done[2] = fills
    done[3] = ends
