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
    BEGINS_AT,
    BID,
    BID_LOTS,
    CONTRACT,
    HALF,
    KEPT,
    KEPT_TS,
    LOT_DEN,
    LOT_NUM,
    RESTS,
    SYMBOL_WIDTH,
    WAITS,
)
from hq_core.futures.margin import lots_within
from hq_core.jit import F8, I4, I8, State, apart, bits_of, float_of, inline
from hq_core.kinds import QUOTE
from hq_core.saved import shaped
from hq_core.say import iso_text

if TYPE_CHECKING:
    from hq_core.batch import Batch

SHAPE = [(int, str, float, float, float, float)]
QUOTES = "quotes:i8 seen:i8 "  # 1: they are read; rows of them that this call is done with


@inline
def see(p: F8, at: int, bid: float, bid_qty: float, ask: float, ask_qty: float) -> None:
    """Let a symbol have a quote."""
    p[at + BID], p[at + ASK] = bid, ask
    p[at + HALF] = (ask - bid) / (ask + bid)
    p[at + BID_LOTS] = lots_within(bid_qty, p[at + CONTRACT], p[at + LOT_NUM], p[at + LOT_DEN])
    p[at + ASK_LOTS] = lots_within(ask_qty, p[at + CONTRACT], p[at + LOT_NUM], p[at + LOT_DEN])


@inline
def see_kept(p: F8, at: int, until: int) -> None:
    """Let a symbol have what came up to an instant since its last bar."""
    k = at + KEPT
    if p[k] > 0.0 and bits_of(p[at + KEPT_TS]) <= until:
        see(p, at, p[k], p[k + 1], p[k + 2], p[k + 3])
        p[k] = 0.0


@inline
def come(p: F8, at: int, begins: int) -> None:
    """A bar of a symbol comes that begins then."""
    see_kept(p, at, begins)
    p[at + BEGINS_AT] = float_of(begins)
    p[at + AHEAD] = 1.0


@apart
def see_begun(s: State, p: F8, q_ts: I8, q_symbol: I4, q: F8, until: int) -> None:
    """Let each symbol whose bar comes have its last quote up to where that begins, which is at `until` at the latest.

    Rows stay for those that begin later; `see_quotes` passes over what has been seen, as that would give back what has
    been taken at it.  q: bid, bid_qty, ask, ask_qty of each row.
    """
    row: int = s.seen
    while row < len(q_ts) and q_ts[row] <= until:
        whose = q_symbol[row]
        if 0 <= whose < s.symbols:
            at = whose * SYMBOL_WIDTH
            if p[at + AHEAD] > 0.0 and q_ts[row] <= bits_of(p[at + BEGINS_AT]):
                see(p, at, q[4 * row], q[4 * row + 1], q[4 * row + 2], q[4 * row + 3])
                p[at + AHEAD] = row + 2
        row += 1


@apart
def see_quotes(s: State, p: F8, q_ts: I8, q_symbol: I4, q: F8, until: int) -> None:
    """Let each symbol whose bar is done have its last quote up to an instant, and keep the last one of the others."""
    for k in range(s.symbols):
        if p[k * SYMBOL_WIDTH + AHEAD] > 0.0:
            see_kept(p, k * SYMBOL_WIDTH, until)
    while s.seen < len(q_ts) and q_ts[s.seen] <= until:
        whose, row = q_symbol[s.seen], 4 * s.seen
        if 0 <= whose < s.symbols:
            at = whose * SYMBOL_WIDTH
            if p[at + AHEAD] > 0.0 or s.symbols == 1:
                if s.seen >= p[at + AHEAD] - 1.0:
                    see(p, at, q[row], q[row + 1], q[row + 2], q[row + 3])
            else:
                p[at + KEPT_TS] = float_of(q_ts[s.seen])
                for place in range(4):
                    p[at + KEPT + place] = q[row + place]
        s.seen += 1


@inline
def without_quote(p: F8, at: int) -> bool:
    """Whether orders of a symbol wait or rest of which no quote has come."""
    return p[at + RESTS] + p[at + WAITS] > 0.0 and math.isnan(p[at + HALF])


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
        ts, *columns = (batch.view(name) for name, _ in QUOTE.required)
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
        if not self.waiting:
            return []
        n = bisect_right(self.waiting, limit, key=lambda one: one[0])
        found, self.waiting[:n] = self.waiting[:n], []
        return found

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> list[Any]:
        return [list(one) for one in self.waiting]

    def load(self, saved: Any) -> None:
        self.waiting = [(ts, symbol, *row) for ts, symbol, *row in shaped(saved, SHAPE)]
