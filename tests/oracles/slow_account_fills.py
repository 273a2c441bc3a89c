"""The slow account's fills: sizes, prices, fees, what an order may do to a position, and forced closes."""

from __future__ import annotations

import copy
import math
from fractions import Fraction
from typing import Any

from slow_account_ledger import Key, Ledger, exact, lots, terms_of
from slow_account_orders import TRIGGERED, Bar, Order

DEFAULTS: dict[str, Any] = {
    "initial_margin": 10_000.0,
    "leverage": 1.0,
    "taker_fee": 0.0,
    "maker_fee": 0.0,
    "liquidation_fee": 0.0,
    "contract_size": 1.0,
    "lot": "0.001",
    "position_mode": "one-way",  # hedge
    "margin": "isolated",  # cross
    "fill": "next-open",  # close
    "conflict": "none",  # error
    "pyramid": 0,  # orders that may add
    "size": "100%",  # N% of the equity, "all" or a number
    "size_unit": "contracts",  # base, quote
    "cash_policy": "cut",  # reject
    "path": "pessimistic",  # optimistic, ohlc
    "latency": 0,  # nanoseconds
    "latency_bars": 0,
    "volume_share": None,
    "slippage_bps": 0.0,
    "spread_bps": 0.0,
    "impact": "none",  # linear, sqrt
    "impact_coefficient": 0.0,
    "min_notional": 0.0,
    "liquidation": "whole",
}


class Refused(Exception):
    """An order that cannot be filled, with the reason."""


class Fills:
    """What the account holds and has done, and how one order fills at one price."""

    def __init__(self, options: dict[str, Any], symbols: dict[str, dict[str, Any]]) -> None:
        unknown = set(options) - set(DEFAULTS)
        assert not unknown, unknown
        self.options = DEFAULTS | options
        assert self.options["liquidation"] == "whole"
        self.hedge = self.options["position_mode"] == "hedge"
        self.fee = {name: Fraction(self.options[name + "_fee"]) for name in ("taker", "maker")}
        self.ledger = Ledger(
            Fraction(self.options["initial_margin"]),
            self.options["margin"] == "cross",
            self.fee["taker"],
            Fraction(self.options["liquidation_fee"]),
            {name: terms_of(symbol, self.options) for name, symbol in symbols.items()},
        )
        self.queue: list[Order] = []  # not yet sent
        self.waiting: list[Order] = []  # sent, not yet at work
        self.starting: list[Order] = []  # at the open at which they begin, before they are accepted
        self.working: list[Order] = []
        self.unpaid: list[dict[str, Any]] = []
        self.bars: dict[str, Bar] = {}  # of this ts
        self.closes: dict[str, Fraction] = {}  # the last of every symbol
        self.ts = 0
        self.time = 0  # of a fill
        self.number = 0
        self.opened: int | None = None  # the side that a fill opened or added to
        self.bankrupt: int | None = None
        self.out: dict[str, list[dict[str, Any]]] = {
            name: [] for name in ("fills", "states", "liquidations", "payments", "equity")
        }

    # orders and their states

    def next_number(self) -> int:
        self.number += 1
        return self.number

    def orders_of(self, symbol: str) -> list[Order]:
        every = [*self.working, *self.waiting, *self.starting]
        return [order for order in every if order.symbol == symbol and order.action not in ("cancel", "replace")]

    def state(self, order: Order, state: str, reason: str, price: Fraction | None = None) -> None:
        row = {"ts": self.ts, "order": order.order, "state": state, "filled": order.filled}
        self.out["states"].append(row | {"remaining": order.remaining, "price": price, "reason": reason})

    def finish(self, order: Order, state: str, reason: str) -> None:
        """Takes an order out; what has been filled in part cannot be rejected any more."""
        order.alive = False
        for orders in (self.working, self.waiting, self.starting):
            orders[:] = [other for other in orders if other is not order]
        if order.action not in ("cancel", "replace"):
            self.state(order, "cancelled" if state == "rejected" and order.filled else state, reason)

    # sizes and prices

    def available(self, bar: Bar) -> Fraction | None:
        """Contracts that orders may still fill in this bar; None: no limit."""
        share = self.options["volume_share"]
        if share is None or bar.volume is None:
            return None
        terms = self.ledger.terms[bar.symbol]
        return max(Fraction(0), lots(Fraction(share) * bar.volume / terms.size, terms.lot) - bar.filled)

    def size(self, ledger: Ledger, order: Order, at: Fraction) -> Fraction:
        """The order's quantity in contracts, from the price before slippage."""
        terms = ledger.terms[order.symbol]
        side = order.side if order.action != "target" else (1 if order.quantity > 0 else -1)
        quantity, unit = abs(order.quantity), order.unit or "contracts"
        if math.isinf(quantity):
            if order.closes:
                return ledger.quantity(order.symbol, order.side)
            text = str(self.options["size"])
            if text == "all":
                room, word = ledger.room(order.symbol, side, at)
                if not room:
                    raise Refused(word)
                return room
            quantity, unit = exact(float(text.rstrip("%"))), self.options["size_unit"]
            if text.endswith("%"):
                quantity, unit = quantity / 100, "equity_frac"
        apart = at
        if unit == "risk_frac":
            apart = abs(at - order.stop) if order.stop is not None else Fraction(0)
            if not apart:
                raise Refused("size")
        if unit in ("equity_frac", "risk_frac"):
            quantity *= ledger.equity()
        one = {"contracts": Fraction(1), "base": terms.size}.get(unit, apart * terms.size)
        return lots(quantity / one, terms.lot)

    def sized(self, ledger: Ledger, order: Order, at: Fraction) -> Fraction:
        """What is to be opened: the size, not below what an exchange takes."""
        found = self.size(ledger, order, at)
        if not found:
            raise Refused("size")
        if found * ledger.terms[order.symbol].size * at < Fraction(self.options["min_notional"]):
            raise Refused("notional")
        return found

    def held_to_room(
        self, ledger: Ledger, symbol: str, side: int, wanted: Fraction, at: Fraction
    ) -> tuple[Fraction, str]:
        """What margin and bracket allow of it, and the word for what they have cut."""
        room, word = ledger.room(symbol, side, at)
        if wanted <= room:
            return wanted, ""
        if room <= 0 or self.options["cash_policy"] == "reject":
            raise Refused(word)
        return room, "cut by " + word

    def price(self, bar: Bar, order: Order, buys: bool, quantity: Fraction, at: Fraction, taker: bool) -> Fraction:
        """The price of a fill: a taker's is worse by slippage, half the spread and impact."""
        if not taker:
            return at
        worse = (Fraction(self.options["slippage_bps"]) + Fraction(self.options["spread_bps"]) / 2) / 10_000
        if self.options["impact"] != "none" and bar.volume:
            share = quantity * self.ledger.terms[bar.symbol].size / bar.volume
            if self.options["impact"] == "sqrt":
                share = Fraction(math.sqrt(share))
            worse += Fraction(self.options["impact_coefficient"]) * share
        price = bar.within(at * (1 + worse if buys else 1 - worse))
        if order.type == "limit" and order.limit is not None:  # a limit order never pays more
            price = min(price, order.limit) if buys else max(price, order.limit)
        return price

    # an order at a price

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
                order.word = "limit"
                return
        elif order.type in TRIGGERED:
            order.type, taker = "market", True
        if order.type == "limit" and taker and order.post_only:
            self.finish(order, "rejected", "post_only")
            return
        self.fill(order, bar, at, taker)
        if order.type == "limit":
            order.word = "limit"

    def finds_nothing(self, order: Order) -> bool:
        return order.closes and not self.ledger.quantity(order.symbol, order.side)

    def fill(self, order: Order, bar: Bar, at: Fraction, taker: bool) -> None:
        """Fills what can be filled of it at the price `at`."""
        if self.finds_nothing(order):
            self.finish(order, "rejected" if order.word == "signal" else "cancelled", "flat")
            return
        if self.available(bar) == 0:
            return
        try:
            if order.tif == "fok" and order.fresh and not self.whole(order, bar, at, taker):
                raise Refused("tif")
            if order.action == "target":
                self.fill_target(order, bar, at)
            elif order.closes:
                self.fill_close(order, bar, at, taker)
            else:
                self.fill_open(order, bar, at, taker)
        except Refused as refused:
            reason = str(refused)
            self.finish(order, "cancelled" if reason == "tif" else "rejected", reason)

    def whole(self, order: Order, bar: Bar, at: Fraction, taker: bool) -> bool:
        """Whether volume and room suffice for all of it: tried on a copy of the account's money."""
        trial = copy.deepcopy(self.ledger)
        name, side, before = order.symbol, order.side, Fraction(0)
        if order.action == "target":
            wanted, (closing, before), opening = self.to_target(trial, order, at)
            side = 1 if wanted > 0 else -1
        else:
            closing = -side
            before = trial.quantity(name, -side) if not self.hedge and not order.closes else before
        if before:
            price = self.price(bar, order, closing < 0, before, at, taker)
            fee = before * trial.terms[name].size * price * self.fee["taker" if taker else "maker"]
            trial.close(name, closing, before, price, fee)
        if order.closes:
            need = min(self.size(trial, order, at), trial.quantity(name, side))
        elif order.action == "target":
            need = opening
        else:
            need = self.sized(trial, order, at)
        if need and not order.closes and self.held_to_room(trial, name, side, need, at)[1]:
            return False
        available = self.available(bar)
        return available is None or before + need <= available

    def fill_close(self, order: Order, bar: Bar, at: Fraction, taker: bool) -> None:
        held, word = self.ledger.quantity(order.symbol, order.side), order.word
        if order.remaining is None:
            order.remaining = self.size(self.ledger, order, at)
            if not order.remaining:
                raise Refused("size")
        if order.remaining > held:
            order.remaining, word = held, "cut to position"
        done = self.fits(bar, order.remaining)
        price, key = self.close(order, bar, order.side, done, at, taker, word)
        self.filled(order, done, price)
        self.after_close(key)

    def fill_open(self, order: Order, bar: Bar, at: Fraction, taker: bool) -> None:
        """One-way the other side is closed whole first; then its own quantity."""
        name, side = order.symbol, order.side
        against = Fraction(0) if self.hedge else self.ledger.quantity(name, -side)
        if against:
            done = self.fits(bar, against)
            _, key = self.close(order, bar, -side, done, at, taker, "flip")
            self.group_ends(order)
            self.after_close(key)
            if done < against or not order.alive:
                return
        held = self.ledger.held.get((name, side))
        adds = held is not None and not order.filled
        if adds and held is not None and held.adds >= self.options["pyramid"]:
            raise Refused("pyramid")
        if self.available(bar) == 0:
            return
        if order.remaining is None:
            order.remaining = self.sized(self.ledger, order, at)
        order.remaining, cut = self.held_to_room(self.ledger, name, side, order.remaining, at)
        self.open(order, bar, side, self.fits(bar, order.remaining), at, taker, cut or order.word, adds)

    def to_target(self, ledger: Ledger, order: Order, at: Fraction) -> tuple[Fraction, Key, Fraction]:
        """The position that is to be, what is too much (side, contracts) and what lacks."""
        if order.remaining is None:
            order.remaining = self.size(ledger, order, at) * (1 if order.quantity > 0 else -1)
        wanted = order.remaining
        now = ledger.quantity(order.symbol, 1) - ledger.quantity(order.symbol, -1)
        same = wanted * now > 0
        excess = max(Fraction(0), abs(now) - (abs(wanted) if same else 0))
        lacks = max(Fraction(0), abs(wanted) - (abs(now) if same else 0))
        return wanted, (1 if now > 0 else -1, excess), lacks

    def fill_target(self, order: Order, bar: Bar, at: Fraction) -> None:
        """`remaining` holds the signed position that is to be, until it is."""
        wanted, (side, excess), lacks = self.to_target(self.ledger, order, at)
        if excess:
            done = self.fits(bar, excess)
            price, key = self.close(order, bar, side, done, at, True, "target")
            order.filled += done
            self.group_ends(order)
            self.after_close(key)
            if done < excess:
                self.state(order, "partly", "", price)
                return
        if lacks and self.available(bar) == 0:
            return
        if not lacks:
            order.remaining = Fraction(0)
            self.finish(order, "filled", "")
            return
        side, size = (1 if wanted > 0 else -1), self.ledger.terms[order.symbol].size
        if lacks * size * at < Fraction(self.options["min_notional"]):
            raise Refused("notional")
        allowed, cut = self.held_to_room(self.ledger, order.symbol, side, lacks, at)
        if cut:
            order.remaining = wanted - side * (lacks - allowed)
        self.open(order, bar, side, self.fits(bar, allowed), at, True, cut or "target", False)

    def fits(self, bar: Bar, wanted: Fraction) -> Fraction:
        available = self.available(bar)
        return wanted if available is None else min(wanted, available)

    # what a fill does

    def open(
        self, order: Order, bar: Bar, side: int, done: Fraction, at: Fraction, taker: bool, word: str, adds: bool
    ) -> None:
        price = self.price(bar, order, side > 0, done, at, taker)
        fee = done * self.ledger.terms[bar.symbol].size * price * self.fee["taker" if taker else "maker"]
        position = self.ledger.open(bar.symbol, side, done, price, fee)
        position.adds += adds
        bar.filled += done
        self.opened = side
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
        for child in children:
            child.group = ("of one fill", children[0].number)
            self.working.append(child)
            self.state(child, "accepted", child.word)
        for child in children:
            self.try_now(child, bar, at)

    def close(
        self, order: Order, bar: Bar, side: int, done: Fraction, at: Fraction, taker: bool, word: str
    ) -> tuple[Fraction, Key]:
        price = self.price(bar, order, side < 0, done, at, taker)
        fee = done * self.ledger.terms[bar.symbol].size * price * self.fee["taker" if taker else "maker"]
        realised = self.ledger.close(bar.symbol, side, done, price, fee)
        bar.filled += done
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
        """The mark at which another symbol of a cross account stands while one is looked at."""
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

    def targets(self, bar: Bar, step: str) -> list[tuple[list[Key], Fraction | None, Fraction | None]]:
        """What this symbol's mark can liquidate: the sides, and the prices of the mark below and above."""
        own = [key for key in self.ledger.keys() if key[0] == bar.symbol]
        if not own:
            return []
        if not self.ledger.cross:
            return [([key], *self.ledger.bounds([key], self.ledger.held[key].margin)) for key in own]
        others = [key for key in self.ledger.keys() if key[0] != bar.symbol]
        stand = (self.ledger.surplus(key, self.stands_at(key[0], step)) for key in others)
        balance = self.ledger.wallet + sum(stand, Fraction(0))
        return [([*own, *others], *self.ledger.bounds(own, balance))]

    def liquidate(self, keys: list[Key], bar: Bar, step: str, price: Fraction) -> None:
        """Closes the sides by force: this bar's symbol at `price`, the others where they stand."""
        for order in list(self.working):
            if self.ledger.cross or (order.symbol == bar.symbol and (not self.hedge or order.side == keys[0][1])):
                self.finish(order, "cancelled", "liquidation")
        prices = {}
        for name in {key[0] for key in keys} - {bar.symbol}:
            stand = self.stands_at(name, step)
            prices[name] = self.bars[name].within(stand) if name in self.bars else stand
        for key in keys:
            at = prices.get(key[0], price)
            done = self.ledger.liquidate(key, at)
            self.out["liquidations"].append({"ts": self.ts, "symbol": key[0], "side": key[1], "price": at} | done)
            quantity, fee, realised = done["quantity"], done["fee"], done["realised"]
            self.row_of_fill(None, key, False, at, quantity, fee, realised, True, "liquidation")
