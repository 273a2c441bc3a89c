"""What the slow account holds, its orders and their states, and the sizes and prices of their fills."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from slow_account_ledger import DUST, Key, Ledger, exact, lots, terms_of
from slow_account_orders import Bar, Order, Quote

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
    "spread": "bps",  # quotes
    "impact": "none",  # linear, sqrt
    "impact_coefficient": 0.0,
    "min_notional": 0.0,
    "liquidation": "whole",  # tiers
}


class Refused(Exception):
    """An order that cannot be filled, with the reason."""


class Sizes:
    """What the account holds and has done, and what an order is in contracts and in price."""

    def __init__(self, options: dict[str, Any], symbols: dict[str, dict[str, Any]]) -> None:
        unknown = set(options) - set(DEFAULTS)
        assert not unknown, unknown
        self.options = DEFAULTS | options
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
        self.quotes: dict[str, list[Quote]] = {}
        self.bars: dict[str, Bar] = {}  # of this ts
        self.closes: dict[str, Fraction] = {}  # the last of every symbol
        self.steps: dict[Key, int] = {}  # the tier in which a side's next step in this bar begins at most
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
        if order.action != "cancel":
            self.state(order, "cancelled" if state == "rejected" and order.filled else state, reason)

    # sizes and prices

    def quote(self, symbol: str) -> Quote | None:
        """The symbol's last quote at or before the instant of a fill; None: the spread is not that of quotes."""
        if self.options["spread"] != "quotes":
            return None
        return [quote for quote in self.quotes[symbol] if quote.ts <= self.time][-1]

    def available(self, bar: Bar, buys: bool, taker: bool) -> Fraction | None:
        """Contracts that orders may still fill in this bar and, of a taker, at this quote; None: no limit."""
        terms = self.ledger.terms[bar.symbol]
        found: list[Fraction] = []
        share = self.options["volume_share"]
        if share is not None and bar.volume is not None:
            budget = Fraction(share) * bar.volume / terms.size
            found.append(self.ledger.whole_lots(budget, terms.lot, math.inf) - bar.filled)
        quote = self.quote(bar.symbol)
        if quote is not None and taker:
            budget = quote.sizes[buys] / terms.size
            found.append(self.ledger.whole_lots(budget, terms.lot, math.inf) - quote.taken[buys])
        return max(Fraction(0), min(found)) if found else None

    def take(self, bar: Bar, buys: bool, taker: bool, quantity: Fraction) -> None:
        """Uses up what there is of the bar's volume and at the quote."""
        bar.filled += quantity
        quote = self.quote(bar.symbol)
        if quote is not None and taker:
            quote.taken[buys] += quantity

    def size(self, order: Order, at: Fraction) -> Any:
        """The order's quantity in contracts, from the price before slippage; inf: all that the room will allow."""
        terms = self.ledger.terms[order.symbol]
        quantity, unit = abs(order.quantity), order.unit or "contracts"
        if math.isinf(quantity):
            if order.closes:
                return self.ledger.quantity(order.symbol, order.side)
            text = str(self.options["size"])
            if text == "all":
                return math.inf
            quantity, unit = exact(float(text.rstrip("%"))), self.options["size_unit"]
            if text.endswith("%"):
                quantity, unit = quantity / 100, "equity_frac"
        apart = at
        if unit == "risk_frac":
            apart = abs(at - order.stop) if order.stop is not None else Fraction(0)
            if not apart:
                raise Refused("size")
        if unit in ("equity_frac", "risk_frac"):
            quantity *= self.ledger.equity()
            if quantity < 0:
                raise Refused("size")
        one = {"contracts": Fraction(1), "base": terms.size}.get(unit, apart * terms.size)
        return lots(quantity / one, terms.lot, DUST)

    def big_enough(self, symbol: str, quantity: Any, at: Fraction) -> None:
        """What opens is not below the smallest notional."""
        notional, least = quantity * self.ledger.terms[symbol].size * at, Fraction(self.options["min_notional"])
        if least and not math.isinf(notional):
            self.ledger.decide(notional, least)
        if notional < least:
            raise Refused("notional")

    def held_to_room(
        self, order: Order, bar: Bar, side: int, wanted: Any, at: Fraction, taker: bool
    ) -> tuple[Any, str]:
        """What margin and bracket allow of it, and the word for what they have cut."""
        price = self.price(bar, order, side > 0, Fraction(0), at, taker)
        room, word = self.ledger.room(bar.symbol, side, price, wanted)
        cut = "" if math.isinf(wanted) else "cut by " + word
        if wanted <= room:
            return wanted, ""
        if room <= 0 or (cut and self.options["cash_policy"] == "reject"):
            raise Refused(word)
        if order.tif == "fok" and cut:
            raise Refused("tif")
        if not order.opened:
            self.big_enough(bar.symbol, room, at)
        return room, cut

    def whole_fits(self, order: Order, bar: Bar, wanted: Any, taker: bool) -> None:
        """A fok order goes if the volume, or the quote, does not hold all of it."""
        available = self.available(bar, self.goes_up(order), taker)
        if order.tif == "fok" and available is not None and wanted > available:
            raise Refused("tif")

    def goes_up(self, order: Order) -> bool:
        """Whether it buys; a target does where the position is below it."""
        if order.action != "target":
            return order.buys
        now = self.ledger.quantity(order.symbol, 1) - self.ledger.quantity(order.symbol, -1)
        return order.remaining is not None and order.remaining > now

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
        quote = self.quote(bar.symbol)
        if quote is not None:
            price *= 1 + quote.half if buys else 1 - quote.half
        if order.type == "limit" and order.limit is not None:  # a limit order never pays more
            price = min(price, order.limit) if buys else max(price, order.limit)
        return price
