"""Order books in plain Python: a dict a side, searched anew at every event.

Written from the words of hq-book's manual page and the rules of hftbacktest's market depth, not from the kernels.
"""

from __future__ import annotations

from fractions import Fraction

NO_BID_TICK, NO_ASK_TICK = -(2**63), 2**63 - 1
BUY, SELL, EXCH, LOCAL = 1 << 29, 1 << 28, 1 << 31, 1 << 30
KIND_OF = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 10: 1, 11: 1, 12: 1}


class SlowBook:
    """bids and asks: quantity by tick.  `event` gives what hq's book pass gives of it, or None for a row left out."""

    def __init__(self, tick: Fraction, lot: Fraction | None = None, view: int = LOCAL, by_order: bool = False) -> None:
        self.tick, self.lot, self.view, self.by_order = tick, lot, view, by_order
        self.sides: dict[int, dict[int, float]] = {1: {}, -1: {}}
        self.best: dict[int, int | None] = {1: None, -1: None}
        self.orders: dict[int, tuple[int, int, int]] = {}  # side, tick, lots
        self.unknown = False

    def better(self, side: int, a: int, b: int) -> bool:
        return a > b if side == 1 else a < b

    def find(self, side: int, than: int | None) -> int | None:
        """The best level that is worse than a tick."""
        worse = [t for t in self.sides[side] if than is None or self.better(side, than, t)]
        return (max(worse) if side == 1 else min(worse)) if worse else None

    def set(self, side: int, tick: int, qty: float) -> None:
        level, best = self.sides[side], self.best[side]
        level[tick] = qty
        if best is None or self.better(side, tick, best):
            self.best[side] = tick
            other = self.best[-side]
            if other is not None and not self.better(side, other, tick):
                self.best[-side] = self.find(-side, tick)

    def drop(self, side: int, tick: int) -> None:
        self.sides[side].pop(tick, None)
        if self.best[side] == tick:
            self.best[side] = self.find(side, tick)

    def clear(self, side: int, upto: int | None) -> None:
        for tick in [t for t in self.sides[side] if upto is None or not self.better(side, upto, t)]:
            self.drop(side, tick)
        for id, (whose, tick, _) in list(self.orders.items()):
            if whose == side and tick not in self.sides[side]:
                del self.orders[id]

    def order(self, event: int, id: int, side: int, tick: int, lots: int) -> tuple[int, int] | None:
        """The level that changed last."""
        assert self.lot is not None
        old = self.orders.get(id)
        stays = event != 11 and lots > 0
        changed = None
        if old is not None:
            whose, at, had = old
            changed = whose, at
            if stays and changed == (side, tick):
                self.orders[id] = side, tick, lots
                self.set(side, tick, self.sum(side, tick))
                return changed
            del self.orders[id]
            if any(o[:2] == (whose, at) for o in self.orders.values()):
                self.sides[whose][at] = self.sum(whose, at)
            else:
                self.drop(whose, at)
        if stays:
            self.orders[id] = side, tick, lots
            self.set(side, tick, self.sum(side, tick))
            changed = side, tick
        return changed

    def sum(self, side: int, tick: int) -> float:
        lots = sum(o[2] for o in self.orders.values() if o[:2] == (side, tick))
        assert self.lot is not None
        return float(lots * self.lot)

    def at(self, side: int, tick: int | None) -> float:
        return 0.0 if tick is None else self.sides[side].get(tick, 0.0)

    def quality(self) -> int:
        if self.unknown:
            return 5
        bid, ask = self.best[1], self.best[-1]
        if bid is None or ask is None:
            return (1 if bid is None else 0) + (2 if ask is None else 0)
        return 4 if max(self.sides[1]) != bid or min(self.sides[-1]) != ask else 0

    def ticks(self) -> tuple[int, int]:
        bid, ask = self.best[1], self.best[-1]
        return NO_BID_TICK if bid is None else bid, NO_ASK_TICK if ask is None else ask

    def event(self, ev: int, px: float, qty: float, order_id: int = 0, ival: int = 0) -> tuple[float, ...] | None:
        """kind, side, tick, prev_qty, qty, prev_bid, prev_ask, bid, ask, bid_qty, ask_qty, quality"""
        if not ev & self.view:
            return None
        event, side = ev & 0xFF, bool(ev & BUY) - bool(ev & SELL)
        tick = round(px * self.tick.denominator / self.tick.numerator)  # of two the even one
        if event in (1, 4, 5, 10, 12):
            if not side:
                return None
            if abs(px - float(tick * self.tick)) > 1e-9 * abs(px):
                return None
        before, prev, kind = self.ticks(), 0.0, KIND_OF.get(event, 0)
        if event in (1, 4, 5):
            self.unknown = self.unknown and event != 4
            gone = qty <= 0 if self.lot is None else qty < float(self.lot) / 2
            if event == 5:
                if gone and tick == 0:
                    self.clear(side, None)
                for better in [t for t in self.sides[side] if self.better(side, t, tick)]:
                    self.drop(side, better)
            prev, qty = self.at(side, tick), 0.0 if gone else qty
            if gone:
                self.drop(side, tick)
            else:
                self.set(side, tick, qty)
        elif event == 3:
            for one in (1, -1):
                if side in (0, one):
                    self.clear(one, None if not side or tick == 0 else tick)
            qty = 0.0
            if ival == 1:
                self.unknown = True
            elif self.by_order and not side:
                self.unknown = False
        elif event in (10, 11, 12):
            assert self.lot is not None
            old = self.orders.get(order_id)
            lots = round(Fraction(repr(qty)) / self.lot)
            level = (side, tick) if event != 11 and lots else old[:2] if old else None
            prev = self.at(*level) if level else 0.0
            changed = self.order(event, order_id, side, tick, lots)
            assert changed == level
            if changed is None:
                kind, qty = 0, 0.0
            else:
                side, tick = changed
                qty = self.at(side, tick)
        return (kind, side, tick, prev, qty, *before, *self.ticks(), *(self.at(s, self.best[s]) for s in (1, -1)),
                self.quality())  # fmt: skip
