"""What the column `ev` of book rows says, as hftbacktest has it.

Its low byte is one number of EVENTS, compared as a whole: by bits a CLEAR (3) would be a DEPTH (1) and a TRADE (2) too.
Above it stand bits: whose side it is, and who sees it.
"""

from __future__ import annotations

EXCH = 1 << 31  # it is so at the exchange from exch_ts on
LOCAL = 1 << 30  # it is known here from ts on
BUY = 1 << 29  # bid side; of a trade, the buyer took
SELL = 1 << 28  # ask side; of a trade, the seller took
SIDES = BUY | SELL
BOTH_VIEWS = EXCH | LOCAL

KIND = 0xFF  # the byte that says which event it is
DEPTH = 1  # the quantity that a price level has now; 0: it is gone
TRADE = 2
CLEAR = 3  # a side is emptied from its best price up to px; without a side, or without a price, all of it
SNAPSHOT = 4  # as DEPTH, in a book that is told as a whole behind a CLEAR
BBO = 5  # the best level of a side and its quantity now
ADD = 10  # an order comes into the book: order_id, px, qty
CANCEL = 11  # it leaves
MODIFY = 12  # it has another price or quantity
FILL = 13  # it was met by qty

EVENTS = {
    DEPTH: "depth",
    TRADE: "trade",
    CLEAR: "clear",
    SNAPSHOT: "snapshot",
    BBO: "bbo",
    ADD: "add",
    CANCEL: "cancel",
    MODIFY: "modify",
    FILL: "fill",
}

UNKNOWN = 1  # ival of a CLEAR: what is there is not known until the next snapshot
