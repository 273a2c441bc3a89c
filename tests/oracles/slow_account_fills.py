"""The slow account's fills: what an order may do to a position, what follows from a fill, and forced closes."""

from __future__ import annotations

import copy
import math
from fractions import Fraction

from slow_account_ledger import Key
from slow_account_orders import TRIGGERED, Bar, Order
from slow_account_sizes import Refused, Sizes


class Fills(Sizes):
    """How one order fills at one price."""

    # an order at a price

    def turn(self, order: Order, bar: Bar, at: Fraction, word: str = "") -> None:
        """An order begins to work at a price: it ends there, or it is accepted. What is ioc or fok and waits for no
        trigger ends there in any case."""
        before = len(self.out["states"])
        self.try_now(order, bar, at)
        if order.type in ("market", "limit"):
            self.now_or_never(order)
        if order.alive:
            self.state(order, "accepted", word)
            row = self.out["states"].pop()
            self.out["states"].insert(before, row | {"filled": Fraction(0), "remaining": None})
        order.fresh = False

    def now_or_never(self, order: Order) -> None:
        if order.alive and order.tif in ("ioc", "fok"):
            self.finish(order, "cancelled", "tif")

    def try_now(self, order: Order, bar: Bar, at: Fraction) -> None:
        """An order at the market fills at the price, another if the price has reached it."""
        if not order.alive:
            return
        if order.type == "market":
            self.fill(order, bar, at, True)
        elif order.reached(at, at) is not None:
            self.touch(order, bar, at)

    def touch(self, order: Order, bar: Bar, at: Fraction) -> None:
        """The price has reached an order that waited for it."""
        taker = order.fresh
        if order.type == "stop_limit":
            order.type, taker = "limit", True
            if order.reached(at, at) is None:
                self.now_or_never(order)
                return
        elif order.type in TRIGGERED:
            order.type, taker = "market", True
        if order.type == "limit" and taker and order.post_only:
            self.finish(order, "rejected", "post_only")
            return
        self.fill(order, bar, at, taker)
        if taker and order.alive:
            order.stopped = self.ts
        self.now_or_never(order)

    def finds_nothing(self, order: Order) -> bool:
        return order.closes and not self.ledger.quantity(order.symbol, order.side)

    def fill(self, order: Order, bar: Bar, at: Fraction, taker: bool) -> None:
        """Fills what can be filled of it at the price `at`."""
        if self.finds_nothing(order):
            self.finish(order, "rejected" if order.word == "signal" else "cancelled", "flat")
            return
        if self.available(bar, order.buys, taker and order.action != "target") == 0:
            return
        try:
            if order.action == "target":
                self.fill_target(order, bar, at)
            elif order.closes:
                self.fill_close(order, bar, at, taker)
            else:
                self.fill_open(order, bar, at, taker)
        except Refused as refused:
            reason = str(refused)
            self.finish(order, "cancelled" if reason == "tif" else "rejected", reason)

    def fill_close(self, order: Order, bar: Bar, at: Fraction, taker: bool) -> None:
        held, word = self.ledger.quantity(order.symbol, order.side), order.word
        if order.remaining is None:
            order.remaining = self.size(order, at)
            if not order.remaining:
                raise Refused("size")
        if order.remaining > held:
            order.remaining = held
            if not order.child and not math.isinf(order.quantity):
                word = "cut to position"
        self.whole_fits(order, bar, order.remaining, taker)
        done = self.fits(order, bar, order.remaining, taker)
        price, key = self.close(order, bar, order.side, done, at, taker, word)
        self.filled(order, done, price)
        self.after_close(key)

    def fill_open(self, order: Order, bar: Bar, at: Fraction, taker: bool) -> None:
        """One-way the other side is closed whole first; then its own quantity, held to what room there is then."""
        name, side = order.symbol, order.side
        held = self.ledger.held.get((name, side))
        adds = held is not None and not order.opened
        if adds and held is not None and held.adds >= self.options["pyramid"]:
            raise Refused("pyramid")
        if order.remaining is None:
            order.remaining = self.size(order, at)
            if not order.remaining:
                raise Refused("size")
            self.big_enough(name, order.remaining, at)
        against = Fraction(0) if self.hedge else self.ledger.quantity(name, -side)
        self.whole_fits(order, bar, against + (0 if math.isinf(order.remaining) else order.remaining), taker)
        if against:
            _, key = self.close(order, bar, -side, self.fits(order, bar, against, taker), at, taker, "flip")
            self.group_ends(order)
            self.after_close(key)
        if self.available(bar, side > 0, taker) == 0:
            return
        order.remaining, cut = self.held_to_room(order, bar, side, order.remaining, at, taker)
        self.whole_fits(order, bar, order.remaining, taker)
        done = self.fits(order, bar, order.remaining, taker)
        self.open(order, bar, side, done, at, taker, cut or order.word, adds)

    def fill_target(self, order: Order, bar: Bar, at: Fraction) -> None:
        """`remaining` holds the signed position that is to be, until it is."""
        name, wanted = order.symbol, order.remaining
        if wanted is None:
            wanted = self.size(order, at) * (1 if order.quantity > 0 else -1)
        now = self.ledger.quantity(name, 1) - self.ledger.quantity(name, -1)
        if wanted != now and self.available(bar, wanted > now, True) == 0:
            return  # the size is that of the first fill
        order.remaining = wanted
        kept = min(abs(now), abs(wanted)) if wanted * now > 0 else Fraction(0)
        excess, lacks = abs(now) - kept, abs(wanted) - kept
        self.whole_fits(order, bar, excess + (0 if math.isinf(lacks) else lacks), True)
        if excess:
            side = 1 if now > 0 else -1
            done = self.fits(order, bar, excess, True)
            price, key = self.close(order, bar, side, done, at, True, "target")
            order.filled += done
            self.group_ends(order)
            self.after_close(key)
            if done < excess:
                self.state(order, "partly", "", price)
                return
        if lacks and self.available(bar, wanted > 0, True) == 0:
            return
        if not lacks:
            order.remaining = Fraction(0)
            self.finish(order, "filled", "")
            return
        side = 1 if wanted > 0 else -1
        if not order.opened:
            self.big_enough(name, lacks, at)
        allowed, cut = self.held_to_room(order, bar, side, lacks, at, True)
        self.whole_fits(order, bar, allowed, True)
        order.remaining = side * (kept + allowed)
        self.open(order, bar, side, self.fits(order, bar, allowed, True), at, True, cut or "target", False)

    def fits(self, order: Order, bar: Bar, wanted: Fraction, taker: bool) -> Fraction:
        available = self.available(bar, self.goes_up(order), taker)
        return wanted if available is None else min(wanted, available)

    # what a fill does

    def open(
        self, order: Order, bar: Bar, side: int, done: Fraction, at: Fraction, taker: bool, word: str, adds: bool
    ) -> None:
        price = self.price(bar, order, side > 0, done, at, taker)
        fee = done * self.ledger.terms[bar.symbol].size * price * self.fee["taker" if taker else "maker"]
        position = self.ledger.open(bar.symbol, side, done, price, fee)
        position.adds += adds
        self.take(bar, side > 0, taker, done)
        order.opened, self.opened = True, side
        self.row_of_fill(order, (bar.symbol, side), True, price, done, fee, Fraction(0), taker, word)
        if order.action == "target":
            order.filled += done
            self.group_ends(order)
            if position.quantity == abs(order.remaining or 0):
                order.remaining = Fraction(0)
                self.finish(order, "filled", "")
            else:
                self.state(order, "partly", "", price)
        else:
            self.filled(order, done, price)
        self.bring_along(order, bar, side, done, at)

    def bring_along(self, order: Order, bar: Bar, side: int, done: Fraction, at: Fraction) -> None:
        """The stop, take and trail of an order that opens: for each fill a group of their own, at work at once."""
        kinds = {"stop": order.stop, "take": order.take, "trail": order.trail or order.trail_frac}
        children = []
        for kind in [kind for kind, given in kinds.items() if given is not None]:
            child = copy.copy(order)
            child.type = child.word = kind
            child.action, child.side, child.child = "close", side, True
            child.quantity, child.unit, child.remaining, child.filled = done, "contracts", done, Fraction(0)
            child.trigger = kinds[kind] if kind != "trail" else None
            child.limit = child.stop = child.take = child.ref = None
            child.tif, child.post_only, child.alive, child.fresh = "gtc", False, True, False
            child.best = at
            child.number = self.next_number()
            children.append(child)
            self.working.append(child)
        for child in children:
            child.group = ("of one fill", children[0].number)
        for child in children:
            self.turn(child, bar, at, child.word)

    def close(
        self, order: Order, bar: Bar, side: int, done: Fraction, at: Fraction, taker: bool, word: str
    ) -> tuple[Fraction, Key]:
        price = self.price(bar, order, side < 0, done, at, taker)
        fee = done * self.ledger.terms[bar.symbol].size * price * self.fee["taker" if taker else "maker"]
        realised = self.ledger.close(bar.symbol, side, done, price, fee)
        self.take(bar, side < 0, taker, done)
        self.row_of_fill(order, (bar.symbol, side), False, price, done, fee, realised, taker, word)
        return price, (bar.symbol, side)

    def filled(self, order: Order, done: Fraction, price: Fraction) -> None:
        order.filled += done
        order.remaining = (order.remaining or Fraction(0)) - done
        if order.remaining:
            self.state(order, "partly", "", price)
        else:
            order.alive = False
            self.working = [other for other in self.working if other is not order]
            self.state(order, "filled", "", price)
        self.group_ends(order)

    def group_ends(self, order: Order) -> None:
        """A fill cancels the others of its group."""
        if order.group is not None:
            for other in [*self.working, *self.waiting, *self.starting]:
                if other is not order and other.group == order.group:
                    self.finish(other, "cancelled", "group")

    def after_close(self, key: Key) -> None:
        """A side that has become flat needs no orders that close it."""
        if key not in self.ledger.held:
            for order in list(self.working):
                if order.closes and (order.symbol, order.side) == key:
                    self.finish(order, "cancelled", "flat")

    def row_of_fill(
        self, order: Order | None, key: Key, opens: bool, price: Fraction, quantity: Fraction, fee: Fraction,
        realised: Fraction, taker: bool, reason: str,
    ) -> None:  # fmt: skip
        side = "long" if key[1] > 0 else "short"
        self.out["fills"].append(
            {
                "ts": self.ts,
                "fill_time": self.time,
                "symbol": key[0],
                "order": None if order is None else order.order,
                "side": key[1],
                "action": ("open_" if opens else "close_") + side,
                "price": price,
                "quantity": quantity,
                "fee": fee,
                "realised": realised,
                "position": key[1] * self.ledger.quantity(*key),
                "liquidity": "taker" if taker else "maker",
                "reason": reason,
            }
        )

    # forced closes

    def close_whole(self, key: Key, price: Fraction, word: str) -> None:
        quantity = self.ledger.quantity(*key)
        fee = quantity * self.ledger.terms[key[0]].size * price * self.fee["taker"]
        realised = self.ledger.close(*key, quantity, price, fee)
        self.row_of_fill(None, key, False, price, quantity, fee, realised, True, word)

    def stands_at(self, symbol: str, step: str) -> Fraction:
        """The mark at which another symbol of a cross account stands while one is looked at; it stays the same while
        that one goes its path, until something of its own is liquidated on it."""
        if symbol in self.ledger.stand:
            return self.ledger.stand[symbol]
        bar = self.bars.get(symbol)
        if bar is None:
            return self.ledger.marks[symbol]
        if step == "path":
            keys = [key for key in self.ledger.held if key[0] == symbol]
            worst = {
                price: sum(self.ledger.surplus(key, price) for key in keys) for price in (bar.mark_low, bar.mark_high)
            }
            return bar.mark_high if worst[bar.mark_high] < worst[bar.mark_low] else bar.mark_low
        return bar.mark(bar.open) if step == "open" else bar.mark_close

    def targets_of(self, symbol: str, step: str) -> list[tuple[list[Key], Fraction | None, Fraction | None]]:
        """What this symbol's mark can liquidate: the sides, and the prices of the mark below and above."""
        own = [key for key in self.ledger.sides() if key[0] == symbol]
        if not own:
            return []
        if not self.ledger.cross:
            return [([key], *self.ledger.bounds([key], self.ledger.held[key].margin)) for key in own]
        others = [key for key in self.ledger.sides() if key[0] != symbol]
        stand = (self.ledger.surplus(key, self.stands_at(key[0], step)) for key in others)
        balance = self.ledger.wallet + sum(stand, Fraction(0))
        return [(self.ledger.sides(), *self.ledger.bounds(own, balance))]

    def liquidate(self, keys: list[Key], bar: Bar, step: str, price: Fraction, mark: Fraction) -> None:
        """Closes the sides by force, whole or by tiers: this bar's symbol at `price` with its mark at `mark`, the
        others where they stand."""
        for order in list(self.working):
            if self.ledger.cross or (order.symbol == bar.symbol and (not self.hedge or order.side == keys[0][1])):
                self.finish(order, "cancelled", "liquidation")
        marks = {name: self.stands_at(name, step) for name in {key[0] for key in keys} - {bar.symbol}}
        prices = {name: self.bars[name].within(at) if name in self.bars else at for name, at in marks.items()}
        marks[bar.symbol], prices[bar.symbol] = mark, price
        if self.options["liquidation"] == "whole":
            for key in keys:
                self.force(key, prices[key[0]], self.ledger.quantity(*key))
            return
        key: Key | None = self.largest(marks) if self.ledger.cross else keys[0]
        while key is not None:
            at = prices[key[0]]
            self.force(key, at, self.one_step(key, mark if key[0] == bar.symbol else at))
            if key[0] in self.ledger.stand:  # what it holds now may have another worst mark
                del self.ledger.stand[key[0]]
                marks[key[0]] = self.ledger.stand[key[0]] = self.stands_at(key[0], step)
                prices[key[0]] = self.bars[key[0]].within(marks[key[0]])
            key = self.still_past(key, marks)

    def largest(self, marks: dict[str, Fraction]) -> Key:
        """The position with the largest maintenance margin."""
        needs = {key: self.ledger.maintenance(key, marks[key[0]]) for key in self.ledger.sides()}
        found = max(needs, key=lambda key: needs[key])
        for need in needs.values():
            if need != needs[found]:
                self.ledger.decide(need, needs[found])
        return found

    def one_step(self, key: Key, mark: Fraction) -> Fraction:
        """What a step closes: all but the lots that the next lower tier takes."""
        terms, held = self.ledger.terms[key[0]], self.ledger.quantity(*key)
        tier = min(self.ledger.tier(key, mark), self.steps.get(key, len(terms.tops)))
        self.steps[key] = max(tier - 1, 0)
        if tier == 0:
            return held
        return held - self.ledger.whole_lots(terms.tops[tier - 1] / (mark * terms.size), terms.lot, held)

    def still_past(self, key: Key, marks: dict[str, Fraction]) -> Key | None:
        """Whose step is next, at the marks of the first one; None: the liquidation is over."""
        ledger = self.ledger
        keys = ledger.sides() if ledger.cross else [key] if key in ledger.held else []
        if not keys:
            return None
        balance = ledger.wallet if ledger.cross else ledger.held[key].margin
        gain = sum((ledger.gain(each, marks[each[0]]) for each in keys), Fraction(0))
        need = sum((ledger.maintenance(each, marks[each[0]]) for each in keys), Fraction(0))
        ledger.decide(balance + gain, need)
        if balance + gain > need:
            return None
        return self.largest(marks) if ledger.cross else key

    def force(self, key: Key, at: Fraction, quantity: Fraction) -> None:
        done = self.ledger.liquidate(key, at, quantity)
        self.out["liquidations"].append({"ts": self.ts, "symbol": key[0], "side": key[1], "price": at} | done)
        self.row_of_fill(None, key, False, at, quantity, done["fee"], done["realised"], True, "liquidation")
