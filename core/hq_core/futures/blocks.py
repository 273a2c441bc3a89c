"""The places in a row of each block of float64 that the account keeps: a symbol's, an order's, and one of the log.

A block is a list of rows of one width, one behind the other; `at` is where a row begins, so that `p[at + MARK]` is a
symbol's mark price.  An instant stands there as the bits of its ns, see `float_of`.
"""

from __future__ import annotations

# -- a symbol: its long position, its short one, what both share ---------------------------------------------------
# lots, contracts, base: what is held; entry: mean worth of what is held; margin: isolated, quote; adds: how often it
# was added to; trip: result of the round trip so far; risen, fallen: highest and lowest price since the entry
LOTS, CONTRACTS, BASE, ENTRY, MARGIN, ADDS, TRIP, HIGHEST, LOWEST, BARS = range(10)
SHORT = 10  # what lies between the places of a long position and those of a short one
# mark: the mark price; stands: the mark at which others see it; lower, upper: marks that liquidate; above, below: last
# prices at which the next order that rests is reached; rests, waits: orders; capacity: lots that the bar can still
# fill; last: the last price; wants: verbs of the market orders of one ts, a bit each; floor, ceiling: between which its
# fills are: low and high of a bar of this ts, else 0 and inf; volume: of the bar, nan where it is not known; touched:
# sides of which something happened in the bar, a bit each; first: its first close, nan before; half: half the spread of
# its last quote as a share of the price between, nan before there is one, 0 where quotes are not read; bid_lots,
# ask_lots: what is left of that quote
(
    MARK,
    STANDS,
    LOWER,
    UPPER,
    BELOW,
    ABOVE,
    RESTS,
    WAITS,
    CAPACITY,
    LAST_TS,
    LAST,
    WANTS,
    FLOOR,
    CEILING,
    VOLUME,
    TOUCHED,
    FIRST,
    HALF,
    BID_LOTS,
    ASK_LOTS,
) = range(2 * SHORT, 2 * SHORT + 20)
# as set: leverage, cap: highest notional at this leverage; base of a contract; lot and tick as fractions, tick_num 0
# for none; least: lowest notional of an order; tier: where its tiers begin in those of all, tiers: how many it has;
# named: a number of its name
LEVERAGE, CAP, CONTRACT, LOT_NUM, LOT_DEN, TICK_NUM, TICK_DEN, LEAST, TIER, TIERS, NAMED = range(
    2 * SHORT + 20, 2 * SHORT + 31
)
# stepped: of the long side, behind it of the short one: 1 above the tier to which a liquidation has brought it in this
# bar, 0 of none; ahead: 1 more than the rows of quotes of which it has seen its own, 0 while no bar of it is done
STEPPED = 2 * SHORT + 31
AHEAD = 2 * SHORT + 33
# of its last quote, 0 before there is one; begins: of the bar that is done, bits of the instant, while quotes are read
BID, ASK, BEGINS_AT = range(2 * SHORT + 34, 2 * SHORT + 37)
# of the last quote that came since its last bar: bits of its ts, and bid, bid_qty, ask, ask_qty; bid 0 of none
KEPT_TS, KEPT = range(2 * SHORT + 37, 2 * SHORT + 39)
# between which its mark goes on the way through the bar that is done, elsewhere both are the mark
LEAST_MARK, GREATEST_MARK = range(2 * SHORT + 42, 2 * SHORT + 44)
SYMBOL_WIDTH = 2 * SHORT + 44

# -- an order ------------------------------------------------------------------------------------------------------
# as rows of kind order say it; TS and EXPIRE are bits of ns, the prices nan where they are not said
O_ID, O_SYMBOL, O_SIDE, O_ACTION, O_TYPE, O_QUANTITY, O_UNIT, O_LIMIT, O_TRIGGER, O_STOP, O_TAKE, O_TRAIL = range(12)
O_TRAIL_FRAC, O_TIF, O_EXPIRE, O_REDUCE, O_POST, O_GROUP, O_REF, O_TS = range(12, 20)
ORDER_SAID = 20  # that many are said, what follows is the account's own
# status: see below; left, done: lots, left -1 until the size is worked out; paid: sum of price * lots; best: price that
# a trail follows, nan until it does; of a target the lots that are to be; tried: the row of the input at which it could
# fill no more; word: the reason of its fills; cut: the reason of those that were cut, 0 of none; opened: 1 once it has
# opened something; bars: of its symbol that it still waits for, -1 once it is accepted; began: bits of the instant at
# which it began to work
(O_STATUS, O_LEFT, O_DONE, O_PAID, O_BEST, O_TRIED, O_WORD, O_CUT, O_OPENED, O_BARS, O_BEGAN) = range(
    ORDER_SAID, ORDER_SAID + 11
)
ORDER_WIDTH = ORDER_SAID + 11
# waiting: not yet on the market; begins: at this very open; going: at the market, and goes on at the next open
GONE, WAITING, BEGINS, RESTING, GOING = range(5)

# -- the log: fills, states of orders, liquidations, payments, positions, in the order in which they happened ------
L_KIND, L_TS, L_TIME, L_SYMBOL, L_SIDE, L_VALUES = range(6)
LOG_VALUES = 10
LOG_WIDTH = L_VALUES + LOG_VALUES
FILLED, STATE, LIQUIDATED, PAID, POSITION, NOTED = 1, 2, 3, 4, 5, 6
