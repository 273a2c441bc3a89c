"""The trades among the events of a market, as rows of kind trade."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.batch import Batch, Schema
from hq_core.book import flags
from hq_core.jit import F8, I1, I8, Cell, State, kernel
from hq_core.kinds import BOOK, TRADE
from hq_core.stream.rows import Room

if TYPE_CHECKING:
    from collections.abc import Sequence

READ = ("ev", "ts", "px", "qty")
MADE = ("ts", "price", "qty", "side")
KIND, LOCAL, BUY, SELL, TRADED = flags.KIND, flags.LOCAL, flags.BUY, flags.SELL, flags.TRADE


@kernel(state="n:i8")
def trades_of(ev: I8, ts: I8, px: F8, qty: F8, traded: I8, price: F8, quantity: F8, side: I1, s: State) -> None:
    """Of n events the s.n trades that are known here, one behind the other.

    side  who took: 1 the buyer, -1 the seller, 0 unknown
    """
    n = 0
    for i in range(len(ev)):
        if ev[i] & KIND == TRADED and ev[i] & LOCAL != 0:
            traded[n] = ts[i]
            price[n] = px[i]
            quantity[n] = qty[i]
            bought, sold = ev[i] & BUY != 0, ev[i] & SELL != 0
            side[n] = (1 if bought else -1) if bought != sold else 0
            n += 1
    s.n = n


class Trades:
    """Those of one series of events.

    series  the trades'
    """

    def __init__(self, schema: Schema) -> None:
        fixed = dict(TRADE.cols)
        self.series = Schema("trade", schema.symbol, schema.period, [(name, fixed[name]) for name in MADE])
        wanted = dict(BOOK.cols)
        self._read = [schema.typed(name, wanted[name]) for name in READ]
        self._cell, self._room = Cell(trades_of), Room()

    def of(self, batch: Batch) -> Batch:
        """The trades of a batch, valid until the next one."""
        n, cell = batch.n, self._cell
        to: Sequence[int] = self._room.columns(self.series.widths, n)
        for name, at in zip(READ, self._read):
            cell.column(name, batch.addresses[at], n)
        for name, address in zip(("traded", "price", "quantity", "side"), to):
            cell.column(name, address, n)
        cell.run()
        return Batch(self.series, int(cell.state.n), list(to), self._room.memory)
