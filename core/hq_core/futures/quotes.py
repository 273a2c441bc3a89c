"""The last quote of each symbol, whose spread takers pay and whose sizes they use up, with --spread quotes."""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from hq_core.batch import NEVER
from hq_core.errors import DATA, HqError
from hq_core.futures.blocks import (
    AHEAD,
    ASK,
    ASK_LOTS,
    BID,
    BID_LOTS,
    CONTRACT,
    HALF,
    LOT_DEN,
    LOT_NUM,
    RESTS,
    SYMBOL_WIDTH,
    WAITS,
)
from hq_core.futures.margin import lots_within
from hq_core.jit import F8, I4, I8, State, apart, inline
from hq_core.kinds import QUOTE
from hq_core.saved import shaped
from hq_core.say import iso_text

if TYPE_CHECKING:
    from hq_core.batch import Batch

SHAPE = [(int, str, float, float, float, float)]
QUOTES = "quotes:i8 seen:i8 "  # 1: they are read; rows of them that this call is done with


@inline
def see(p: F8, at: int, q: F8, row: int) -> None:
    """Let a symbol have the quote of a row."""
    k = 4 * row
    bid, ask = q[k], q[k + 2]
    p[at + BID], p[at + ASK] = bid, ask
    p[at + HALF] = (ask - bid) / (ask + bid)
    p[at + BID_LOTS] = lots_within(q[k + 1], p[at + CONTRACT], p[at + LOT_NUM], p[at + LOT_DEN])
    p[at + ASK_LOTS] = lots_within(q[k + 3], p[at + CONTRACT], p[at + LOT_NUM], p[at + LOT_DEN])


@apart
def see_quotes(s: State, p: F8, q_ts: I8, q_symbol: I4, q: F8, until: int) -> None:
    """Let each symbol have its last quote up to an instant; q: bid, bid_qty, ask, ask_qty of each row."""
    while s.seen < len(q_ts) and q_ts[s.seen] <= until:
        whose = q_symbol[s.seen]
        if 0 <= whose < s.symbols and s.seen >= p[whose * SYMBOL_WIDTH + AHEAD]:
            see(p, whose * SYMBOL_WIDTH, q, s.seen)
        s.seen += 1


@apart
def see_ahead(s: State, p: F8, q_ts: I8, q_symbol: I4, q: F8, at: int, until: int) -> None:
    """Let one symbol, whose bar begins later than others', have its last quote up to that instant.

    A row that is seen twice would give back what has been taken at it: `see_quotes` passes over these.
    """
    row: int = s.seen
    while row < len(q_ts) and q_ts[row] <= until:
        if q_symbol[row] == at // SYMBOL_WIDTH:
            see(p, at, q, row)
        row += 1
    p[at + AHEAD] = row


@apart
def without_quote(s: State, p: F8) -> bool:
    """Whether orders of a symbol wait or rest of which no quote has come."""
    for k in range(s.symbols):
        at = k * SYMBOL_WIDTH
        if p[at + RESTS] + p[at + WAITS] > 0.0 and math.isnan(p[at + HALF]):
            return True
    return False


class Quotes:
    """Rows of quotes that wait for the bars that see them, in order of ts.

    waiting   ts, symbol, bid, bid_qty, ask and ask_qty of each
    late      rows that came when bars that end no earlier had been run already
    """

    def __init__(self) -> None:
        self.late, self._run = 0, NEVER
        self.waiting: list[tuple[int, str, float, float, float, float]] = []

    def add(self, batch: Batch) -> None:
        """Rows of the stream; HqError DATA for one whose prices or sizes cannot be."""
        schema = batch.schema
        ts, *columns = (batch.view(name) for name, _ in QUOTE.cols)
        symbols = batch.symbols()
        for instant, bid, size, ask, ask_size in zip(ts, *columns):
            if not (0.0 < bid <= ask < math.inf and 0.0 <= size < math.inf and 0.0 <= ask_size < math.inf):
                told = f"bid {bid!r} of {size!r}, ask {ask!r} of {ask_size!r}"
                rule = "a bid above 0 and at most the ask, and sizes from 0"
                raise HqError(f"{schema.key}: the quote of {iso_text(instant)} has {told}; it must have {rule}", DATA)
            self.late += instant <= self._run
        self.waiting += zip(ts, symbols, *columns)
        self.waiting.sort(key=lambda one: one[0])

    def until(self, limit: int) -> list[tuple[int, str, float, float, float, float]]:
        """Those up to a ts, which wait no longer."""
        self._run = limit
        n = bisect_right(self.waiting, limit, key=lambda one: one[0])
        found, self.waiting[:n] = self.waiting[:n], []
        return found

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> list[Any]:
        return [list(one) for one in self.waiting]

    def load(self, saved: Any) -> None:
        self.waiting = [(ts, symbol, *row) for ts, symbol, *row in shaped(saved, SHAPE)]
