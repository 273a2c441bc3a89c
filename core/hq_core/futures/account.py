"""The futures account: bars and orders in; fills, equity and liquidations out, in one pass.

What happens at a bar, in this order.  Of several symbols with a bar of one ts each does steps 2 to 4 in turn, in the
order of their names, as their rows lie; every other step is done for all of them before the next one begins:

|    | step     | what happens                                                                                    |
|----|----------|-------------------------------------------------------------------------------------------------|
|  1 | between  | funding up to the bar's beginning that has not been paid is paid; quotes up to it are seen       |
|  2 | open     | the mark is at the open; what it has jumped over is liquidated, at the open                       |
|  3 | begin    | orders whose time is over expire; cancels, replacements, changes of leverage and margin are made  |
|  4 | fill     | orders that rest and that the open reaches fill there, the oldest first; then those that begin    |
|    |          | now: at the market, in the order of the verbs, then all others by age                             |
|  5 | inside   | funding inside the bar is paid; quotes up to its ts are seen                                     |
|  6 | path     | the last price takes its path: orders fill and positions are liquidated where it reaches them     |
|  7 | close    | with --fill close, what was ordered at this close at the market fills at the close                |
|  8 | settle   | the mark is at its close; what it has reached is liquidated                                       |
|  9 | end      | after the last bar, with --close-at-end, all is closed and cancelled                              |
| 10 | funding  | funding of the bar's ts is paid                                                                   |
| 11 | equity   | a row of equity; a bankruptcy is found                                                            |
| 12 | orders   | what was decided at the bar is taken up, and waits                                                |
"""

from __future__ import annotations

import math

from hq_core.futures.bars import BACKWARDS, CONFLICTS, NO_QUOTE, cell, said, wrong
from hq_core.futures.blocks import (
    ABOVE,
    AHEAD,
    BELOW,
    CEILING,
    FIRST,
    FLOOR,
    GREATEST_MARK,
    LAST,
    LAST_TS,
    LEAST_MARK,
    LOG_WIDTH,
    LOWER,
    MARK,
    RESTS,
    STANDS,
    STEPPED,
    SYMBOL_WIDTH,
    TOUCHED,
    UPPER,
    VOLUME,
    WAITING,
    WAITS,
)
from hq_core.futures.equity import OF_SYMBOL, broke, quiet_rows, write_equity, write_quiet
from hq_core.futures.fills import FILLS, NO_IMPACT, set_capacity
from hq_core.futures.fingerprint import FINGERPRINT, take_log
from hq_core.futures.funding import FUNDING, pay_until
from hq_core.futures.intake import INTAKE, begin_at_close, begin_orders, begin_resting, carry_out_market, take_up
from hq_core.futures.ledger import LEDGER
from hq_core.futures.liquidation import LIQUIDATIONS, liquidate_reached, set_levels, stand_worst
from hq_core.futures.log import LOG, log_fill, log_positions, room
from hq_core.futures.orders import BANKRUPT, END, SIZES, cancel_all, meet
from hq_core.futures.path import PATH, walk, withstands
from hq_core.futures.positions import FILL, HOLDINGS, close_side, count_bars, held, range_since_entry
from hq_core.futures.quotes import QUOTES, come, see_begun, see_quotes, without_quote
from hq_core.futures.resting import NEVER, ORDERS, next_reached, watch
from hq_core.futures.statistics import STATISTICS, observe
from hq_core.futures.void import end_void, quiet_until
from hq_core.jit import F8, I4, I8, U1, State, apart, bits_of, float_of, inline, kernel

# The version of the rules, which the report's card names: one higher whenever a change of fills, margin, fees or
# funding makes another account of the same orders.  tests/cases/backtest has an account of each, rules-1 and so on.
RULES = 1

NO_BAR = -(1 << 63)  # open_time of a price that is told between bars: nothing begins there, no extremes hold its fills
ROWS = 256  # that are looked through, written and taken into the statistics before the next ones are fetched
NO_ROOM = 1  # done[3]: the log or the orders have no room for the next bar

ACCOUNT = (
    LEDGER
    + HOLDINGS
    + FILL
    + FILLS
    + QUOTES
    + SIZES
    + ORDERS
    + INTAKE
    + FUNDING
    + LIQUIDATIONS
    + LOG
    + PATH
    + STATISTICS
    + FINGERPRINT
    + "rows:i8 rows_after:i8 after_ts:i8 provisional:i8 last_ts:i8 equity bankrupt:i8 stale:i8 error:i8 "
)


@inline
def to_mark(s: State, p: F8, at: int, price: float, rate: F8, cum: F8) -> None:
    """The mark of a symbol goes to a price."""
    p[at + MARK] = price
    p[at + STANDS] = price
    p[at + LEAST_MARK], p[at + GREATEST_MARK] = price, price


@inline
def beginning(p: F8, at: int, open_time: I8, j: int, opened: int) -> int:
    """When the bar of a row begins, ns; opened: where neither it nor a bar of its symbol before says it."""
    begun = opened
    if len(open_time) > 0:
        begun = open_time[j]
    elif p[at + LAST_TS] != 0.0:
        begun = bits_of(p[at + LAST_TS])
    return begun


@apart
def close_all(s: State, p: F8, r: F8, log: F8, tally: I8) -> None:
    """After the last bar: what waits is cancelled, what is open is closed at the last price."""
    cancel_all(s, p, r, log, tally, -1, 0, WAITING, -1, END)
    for k in range(s.symbols):
        at = k * SYMBOL_WIDTH
        for which in range(2):
            side = 1 if which == 0 else -1
            if held(p, at, side) > 0:
                close_side(s, p, at, side, held(p, at, side), p[at + LAST], s.taker, False)
                s.fill_met = p[at + LAST]
                log_fill(s, p, r, log, -1, at, side, False, True, END)


@kernel(state=ACCOUNT, wraps=False)
def account(
    ts: I8,
    open_time: I8,
    symbol: I4,
    open: F8,
    high: F8,
    low: F8,
    close: F8,
    volume: F8,
    complete: U1,
    mark_high: F8,
    mark_low: F8,
    mark_close: F8,
    first: int,
    counted: int,
    last: int,
    o_ts: I8,
    o: F8,
    f_ts: I8,
    f_symbol: I4,
    f_rate: F8,
    f_mark: F8,
    q_ts: I8,
    q_symbol: I4,
    q: F8,
    p: F8,
    r: F8,
    rate: F8,
    cum: F8,
    top: F8,
    most: I8,
    tally: I8,
    s: State,
    log: F8,
    e_ts: I8,
    e: F8,
    stride: int,
    columns: int,
    done: I8,
) -> None:
    """Run the account over rows `first`.. until the input, or the room for equity rows or for the log, is used up.

    ts, open_time   ns UTC, in order; rows of one ts of several symbols lie together.  open_time, symbol, volume,
                    complete and mark_* may have no rows: absent
    symbol          which of the symbols of p a row is of; absent: the first
    open..close     last price; mark_*: mark price, nan or absent = the last price
    counted         1: rows are periods of the statistics; 0: single orders between two such rows
    last            the row after whose ts the account ends: what is open then is closed at its close; -1: none
    o_ts, o         orders in order of ts, those of the last bar that was run too, as rows of blocks.py
    f_*             funding, f_mark nan where it says no mark
    q_*, q          quotes, see quotes.py
    p, r            symbols and orders of the account, see blocks.py
    rate, cum, top, most   the tiers of all symbols: maintenance rate, its offset, largest notional, largest leverage
    tally           out: how many orders ended, by state and reason
    log, e_ts, e    out: what happened, see log.py; rows of equity, a column every `stride`, so many columns
    done            out: the next row to read, equity rows, rows of the log, whether it or r had no room
    """
    if s.rows == 0 and s.orders == 0:
        s.wallet = s.start
    if s.stale != 0:
        for k in range(s.symbols):
            set_levels(s, p, k * SYMBOL_WIDTH, rate, cum)
        s.stale = 0
    s.logged, s.taken, s.paid, s.seen = 0, 0, 0, 0
    equities, observed = 0, 0
    done[3] = 0
    i = first
    # by who has seen what the last bar came to; what fills at a close is given with a row of that ts
    late = s.at_close == 0 and s.rows > 0 and len(o_ts) > 0 and o_ts[0] <= max(s.last_ts, s.after_ts)
    while late or (i < len(close) and equities < len(e_ts)):
        of_orders, of_log = room(s, s.resting + len(o_ts) - s.taken, len(f_ts) - s.paid)
        if of_orders > len(r) or of_log + s.logged * LOG_WIDTH > len(log):
            done[3] = NO_ROOM
            break
        if late:
            late = False
            then = max(s.last_ts, s.after_ts)
            s.now = float_of(then)
            s.moment = s.now
            if take_up(s, p, r, log, tally, o_ts, o, then) and s.fail_on_conflict != 0:
                s.error = CONFLICTS
                break
            watch(s, p, r)
            continue
        if s.symbols == 1 and columns <= OF_SYMBOL and s.rows > 0 and s.bankrupt == 0:
            due = f_ts[s.paid] if s.paid < len(f_ts) else NEVER
            stop = min(len(close), last if last >= 0 else len(close), i + min(len(e_ts) - equities, ROWS))
            calm, voids = 0, s.taken
            if p[WAITS] == 0.0:
                stop, voids = quiet_until(s, p, ts, open_time, o_ts, o, i, stop, due)
                calm = quiet_rows(
                    s, p, ts, open_time, open, high, low, close, complete, mark_high, mark_low, mark_close,
                    i, stop
                )  # fmt: skip
            if calm > 0:
                count_bars(p, 0, float(calm) if counted != 0 else 0.0)
                write_quiet(s, p, ts, close, mark_close, i, calm, e_ts, e, equities, stride, columns)
                end_void(s, p, log, tally, ts, open_time, o_ts, o, i, calm, voids)
                equities += calm
                if counted != 0:
                    s.periods += calm
                    s.in_market += calm if s.open > 0 else 0
                    observe(s, e_ts, e, observed, equities - observed)
                    observed = equities
            i += calm
            decided = s.taken < len(o_ts) and s.at_close == 0 and o_ts[s.taken] <= s.last_ts
            if calm > 0 and decided:  # the orders of the last of them
                s.now = float_of(s.last_ts)
                s.moment = s.now
                if take_up(s, p, r, log, tally, o_ts, o, s.last_ts) and s.fail_on_conflict != 0:
                    s.error = CONFLICTS
                    i -= 1
                    equities -= 1
                    break
                watch(s, p, r)
                continue
            if i >= len(close) or equities >= len(e_ts):
                break
        if len(complete) > 0 and complete[i] == 0:
            s.provisional += 1
            i += 1
            continue
        end = i + 1
        if len(symbol) > 0:
            while end < len(close) and ts[end] == ts[i] and (len(complete) == 0 or complete[end] != 0):
                end += 1
        s.error = BACKWARDS if s.rows > 0 and ts[i] < s.last_ts else 0
        for j in range(i, end):
            at = symbol[j] * SYMBOL_WIDTH if len(symbol) > 0 else 0
            if s.error == 0:
                s.error = wrong(p, at, open[j], high[j], low[j], close[j])
        if s.error != 0:
            break
        s.now = float_of(ts[i])
        s.moment = s.now
        if s.bankrupt != 0:
            for j in range(i, end):
                p[(symbol[j] * SYMBOL_WIDTH if len(symbol) > 0 else 0) + LAST_TS] = s.now
            take_up(s, p, r, log, tally, o_ts, o, ts[i])
            watch(s, p, r)
            s.rows_after += end - i
            s.after_ts = ts[i]
            i = end
            continue
        opened = ts[i] if s.rows == 0 else s.last_ts
        if len(open_time) > 0:
            opened = open_time[i]
        s.moment = float_of(opened)
        happened = s.logged
        # 1 between: what was due before the bar
        pay_until(s, p, log, f_ts, f_symbol, f_rate, f_mark, opened, True, rate, cum)
        s.moment = float_of(opened)
        if s.quotes != 0:
            latest = NO_BAR
            for j in range(i, end):
                at = symbol[j] * SYMBOL_WIDTH if len(symbol) > 0 else 0
                begun = min(beginning(p, at, open_time, j, opened), ts[i])
                come(p, at, begun)
                latest = max(latest, begun)
            see_begun(s, p, q_ts, q_symbol, q, latest)
            for j in range(i, end if s.resting > 0 else i):
                if s.error == 0 and without_quote(p, symbol[j] * SYMBOL_WIDTH if len(symbol) > 0 else 0):
                    s.error = NO_QUOTE
                    i = j
            if s.error != 0:
                break
        s.row += 1
        busy = s.open > 0 or s.resting > 0
        for j in range(i, end):
            at = symbol[j] * SYMBOL_WIDTH if len(symbol) > 0 else 0
            mark = cell(mark_close, j, close[j])
            least = min(cell(mark_low, j, low[j]), mark)
            greatest = max(cell(mark_high, j, high[j]), mark)
            to_mark(s, p, at, min(max(open[j], least), greatest), rate, cum)
            p[at + LAST] = open[j]
            p[at + FLOOR] = low[j]
            p[at + CEILING] = high[j]
            if s.share > 0.0 or s.impact != NO_IMPACT:  # else nobody asks for it
                p[at + VOLUME] = cell(volume, j, math.nan)
            set_capacity(s, p, at)
        joint = s.cross != 0 and s.symbols > 1
        safe = False  # as long as nothing has happened since
        if joint and busy and len(symbol) > 0 and s.logged == happened:
            safe = withstands(s, p, symbol, high, low, close, mark_high, mark_low, mark_close, i, end, rate, cum)
        changed = False
        if busy:
            for j in range(i, end):
                at = symbol[j] * SYMBOL_WIDTH if len(symbol) > 0 else 0
                begun = beginning(p, at, open_time, j, opened)
                s.moment = float_of(begun)
                if joint and not (safe and s.logged == happened):
                    set_levels(s, p, at, rate, cum)
                # 2 open
                changed |= liquidate_reached(s, p, r, log, tally, at, open[j], rate, cum, top)
                # 3 begin, 4 fill
                reached = p[at + RESTS] > 0.0 and (open[j] <= p[at + BELOW] or open[j] >= p[at + ABOVE])
                if p[at + WAITS] > 0.0 or reached or begun >= s.soonest:
                    changed = True
                    begin_orders(s, p, r, log, tally, at, begun, most, top)
                    k = next_reached(s, r, at, open[j], open[j], True)
                    while k >= 0:
                        meet(s, p, r, log, tally, k, at, open[j], False)
                        k = next_reached(s, r, at, open[j], open[j], True)
                    carry_out_market(s, p, r, log, tally, at, open[j])
                    begin_resting(s, p, r, log, tally, at, open[j])
                    if p[at + TOUCHED] != 0.0:
                        set_levels(s, p, at, rate, cum)
            if changed:
                watch(s, p, r)
        if s.open > 0:
            for j in range(i, end):
                range_since_entry(p, symbol[j] * SYMBOL_WIDTH if len(symbol) > 0 else 0, low[j], high[j])
        # 5 inside
        pay_until(s, p, log, f_ts, f_symbol, f_rate, f_mark, ts[i], False, rate, cum)
        s.moment = s.now
        if s.quotes != 0:
            see_quotes(s, p, q_ts, q_symbol, q, ts[i])
            for j in range(i, end):
                p[(symbol[j] * SYMBOL_WIDTH if len(symbol) > 0 else 0) + AHEAD] = 0.0
        # 6 path
        if s.open > 0 or s.resting > 0:
            for j in range(i, end):
                at = symbol[j] * SYMBOL_WIDTH if len(symbol) > 0 else 0
                mark = cell(mark_close, j, close[j])
                least = min(cell(mark_low, j, low[j]), mark)
                greatest = max(cell(mark_high, j, high[j]), mark)
                p[at + LEAST_MARK], p[at + GREATEST_MARK] = least, greatest
                stand_worst(s, p, at, rate, cum)
            walked = False
            for j in range(i, end):
                at = symbol[j] * SYMBOL_WIDTH if len(symbol) > 0 else 0
                mark = cell(mark_close, j, close[j])
                least = min(cell(mark_low, j, low[j]), mark)
                greatest = max(cell(mark_high, j, high[j]), mark)
                if joint and not (safe and s.logged == happened):
                    set_levels(s, p, at, rate, cum)
                if (
                    low[j] <= p[at + BELOW]
                    or high[j] >= p[at + ABOVE]
                    or least <= p[at + LOWER]
                    or greatest >= p[at + UPPER]
                ):
                    walked = True
                    walk(s, p, r, log, tally, at, open[j], close[j], least, greatest, rate, cum, top)
                p[at + MARK] = min(max(close[j], least), greatest)
            if walked:
                watch(s, p, r)
        for j in range(i, end):
            at = symbol[j] * SYMBOL_WIDTH if len(symbol) > 0 else 0
            to_mark(s, p, at, cell(mark_close, j, close[j]), rate, cum)
            p[at + LAST] = close[j]
            p[at + LAST_TS] = s.now
            p[at + FIRST] = said(p[at + FIRST], close[j])
            if s.open > 0:
                range_since_entry(p, at, close[j], close[j])
                count_bars(p, at, 1.0 if counted != 0 else 0.0)
        # 7 close
        if s.at_close != 0 and s.taken < len(o_ts) and o_ts[s.taken] <= ts[i]:
            if take_up(s, p, r, log, tally, o_ts, o, ts[i]) and s.fail_on_conflict != 0:
                s.error = CONFLICTS
                break
            begin_at_close(s, p, r, s.now)
            if s.quotes != 0:
                watch(s, p, r)
                for j in range(i, end):
                    if s.error == 0 and without_quote(p, symbol[j] * SYMBOL_WIDTH if len(symbol) > 0 else 0):
                        s.error = NO_QUOTE
                        i = j
                if s.error != 0:
                    break
            for j in range(i, end):
                at = symbol[j] * SYMBOL_WIDTH if len(symbol) > 0 else 0
                if len(open_time) > 0 and open_time[j] == NO_BAR:
                    p[at + FLOOR], p[at + CEILING] = 0.0, math.inf
                carry_out_market(s, p, r, log, tally, at, close[j])
                if p[at + TOUCHED] != 0.0:
                    set_levels(s, p, at, rate, cum)
            watch(s, p, r)
        # 8 settle
        if s.open > 0:
            for j in range(i, end):
                at = symbol[j] * SYMBOL_WIDTH if len(symbol) > 0 else 0
                if joint and not (safe and s.logged == happened):
                    set_levels(s, p, at, rate, cum)
                if liquidate_reached(s, p, r, log, tally, at, close[j], rate, cum, top):
                    watch(s, p, r)
        # 9 end
        if i <= last < end:
            close_all(s, p, r, log, tally)
            watch(s, p, r)
            for k in range(s.symbols):
                set_levels(s, p, k * SYMBOL_WIDTH, rate, cum)
        # 10 funding
        pay_until(s, p, log, f_ts, f_symbol, f_rate, f_mark, ts[i], True, rate, cum)
        if s.error != 0:
            break
        # 11 equity
        if s.logged > happened:
            log_positions(s, p, log)
        e_ts[equities] = ts[i]
        write_equity(s, p, e, equities, stride, columns)
        equities += 1
        if s.open == 0 and s.wallet < s.start and broke(s, p):
            s.bankrupt = 1
            cancel_all(s, p, r, log, tally, -1, 0, WAITING, -1, BANKRUPT)
            watch(s, p, r)
        if counted != 0:
            s.periods += 1
            s.in_market += int(s.open > 0)
        # 12 orders
        if s.taken < len(o_ts) and o_ts[s.taken] <= ts[i]:
            if take_up(s, p, r, log, tally, o_ts, o, ts[i]) and s.fail_on_conflict != 0:
                s.error = CONFLICTS
                break
            watch(s, p, r)
        for j in range(i, end):
            at = symbol[j] * SYMBOL_WIDTH if len(symbol) > 0 else 0
            p[at + FLOOR] = 0.0
            p[at + CEILING] = math.inf
        if s.stepped != 0:
            for k in range(s.symbols):
                p[k * SYMBOL_WIDTH + STEPPED], p[k * SYMBOL_WIDTH + STEPPED + 1] = 0.0, 0.0
            s.stepped = 0
        s.rows += 1
        s.last_ts = ts[i]
        i = end
    if counted != 0:
        observe(s, e_ts, e, observed, equities - observed)
    if s.quotes != 0 and s.rows > 0:
        see_quotes(s, p, q_ts, q_symbol, q, max(s.last_ts, s.after_ts))
    take_log(s, p, log)
    done[0] = i
    done[1] = equities
    done[2] = s.logged
