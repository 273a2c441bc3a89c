"""The futures account from the page of its rules alone: one order at a time, in fractions, to be read beside the page.

`SlowAccount.run` goes through rows as "Order of events in a bar" has them; the steps carry its numbers.
Orders and bars are in slow_account_orders.py, sizes and prices in slow_account_sizes.py, fills in
slow_account_fills.py, the money in slow_account_ledger.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import Any

from slow_account_fills import Fills
from slow_account_ledger import Key, exact
from slow_account_orders import Bar, Order, bar_of, order_of, quote_of, touches, verb


class SlowAccount(Fills):
    """One account over one or more symbols.

    options  see slow_account_sizes.DEFAULTS
    symbols  name: {lot, contract_size, leverage, brackets: [(floor, cap, rate, cum)], cap}, all of them optional
    """

    def run(
        self,
        bars: list[dict[str, Any]],
        orders: list[dict[str, Any]],
        funding: Iterable[dict[str, Any]] = (),
        close_at_end: bool = False,
        quotes: Iterable[dict[str, Any]] = (),
    ) -> dict[str, Any]:
        """All that happened: fills, states, liquidations, payments, equity (a row each ts), bankrupt (ts or None).

        closest  the least relative distance of two figures of which the larger decided something: where it is
                 below what floats resolve, an account in floats may rightly decide otherwise
        """
        self.queue = [order_of(row, place, self.hedge) for place, row in enumerate(orders)]
        self.unpaid = sorted(funding, key=lambda row: (row["ts"], row["symbol"]))
        for row in quotes:
            self.quotes.setdefault(row["symbol"], []).append(quote_of(row))
        before: dict[str, int] = {}
        rows: dict[int, dict[str, Bar]] = {}
        for row in bars:
            bar = bar_of(row, before.get(row["symbol"]))
            before[bar.symbol] = bar.ts
            rows.setdefault(bar.ts, {})[bar.symbol] = bar
        times = sorted(rows)
        self.queue = [order for order in self.queue if order.symbol in rows.get(order.ts, {})]  # others are lost
        for ts in times:
            self.row(ts, dict(sorted(rows[ts].items())), close_at_end and ts == times[-1])
            if self.bankrupt is not None:
                break
        return {**self.out, "bankrupt": self.bankrupt, "closest": self.ledger.closest}

    def row(self, ts: int, bars: dict[str, Bar], end: bool) -> None:
        self.ts, self.bars, self.steps = ts, bars, {}
        first = next(iter(bars.values())).open_time
        if first is not None:
            self.pay(first, self.ledger.marks)  # between bars
        for bar in bars.values():
            self.ledger.marks[bar.symbol] = bar.mark(bar.open)
        for bar in bars.values():
            self.time = bar.open_time if bar.open_time is not None else ts
            self.liquidate_standing(bar, "open", bar.open)  # 1
            self.expire(bar)  # 2
            begun = self.begin(bar)  # 3
            self.at_the_open(bar, begun)  # 4
        self.pay(ts - 1, self.ledger.marks)  # 5
        self.time = ts
        for bar in bars.values():
            self.path(bar)  # 6
        for bar in bars.values():
            self.ledger.marks[bar.symbol] = bar.mark_close
            self.closes[bar.symbol] = bar.close
        self.at_the_close()  # 7
        for bar in bars.values():
            self.liquidate_standing(bar, "close", bar.close)  # 8
        if end:
            self.end()  # 9
        self.pay(ts, self.ledger.marks)  # 10
        self.equity()  # 11
        if self.bankrupt is None:
            self.take_up(ts)  # 12

    # before the path

    def take_up(self, until: int) -> None:
        """Step 12, with --fill close step 7: the orders that have been sent until then; they wait."""
        taken = [order for order in self.queue if order.ts <= until]
        self.queue = self.queue[len(taken) :]
        self.waiting += self.admit(taken)

    def pay(self, until: int, marks: dict[str, Fraction]) -> None:
        """Funding of times until then that was not paid before, of all symbols."""
        due = [row for row in self.unpaid if row["ts"] <= until]
        self.unpaid = self.unpaid[len(due) :]
        for row in due:
            own = exact(row.get("mark_price"))
            for key in [key for key in self.ledger.sides() if key[0] == row["symbol"]]:
                price = marks[key[0]] if own is None else own
                quantity, rate = self.ledger.held[key].quantity, Fraction(row["rate"])
                amount = self.ledger.fund(key, price, rate)
                self.out["payments"].append(
                    {"ts": row["ts"], "symbol": key[0], "side": key[1], "quantity": quantity}
                    | {"mark_price": price, "rate": rate, "amount": amount}
                )

    def expire(self, bar: Bar) -> None:
        for order in self.orders_of(bar.symbol):
            if order.over is not None and bar.open_time is not None and order.over <= bar.open_time:
                self.finish(order, "expired", "expire")

    def begin(self, bar: Bar) -> list[Order]:
        """Step 3: cancels and replaces by arrival, then the orders that begin to work at this bar."""
        ready: list[Order] = []
        for order in [order for order in self.waiting if order.symbol == bar.symbol]:
            if bar.open_time is not None and bar.open_time >= order.ts:
                order.bars += 1
                if order.bars > self.options["latency_bars"] and bar.open_time >= order.ts + self.options["latency"]:
                    ready.append(order)
        self.waiting = [order for order in self.waiting if order not in ready]
        self.starting = [order for order in ready if order.action not in ("cancel", "replace")]
        for order in ready:
            if order.action == "cancel":
                self.cancel(order)
            elif order.action == "replace":
                self.replace(order)
        begun = sorted(self.starting, key=lambda order: order.place)
        self.starting = []
        self.start(begun)
        return begun

    def cancel(self, by: Order) -> None:
        for order in self.orders_of(by.symbol):
            arrived = order.ts < by.ts or (order.ts == by.ts and order.place < by.place)
            if (order.order == by.ref and arrived) if by.ref is not None else (order.ts < by.ts and not order.child):
                self.finish(order, "cancelled", "cancel")

    def replace(self, by: Order) -> None:
        """The order goes on as a new one, with what the replacing order names."""
        found = [order for order in self.orders_of(by.symbol) if order.order == by.ref and not order.child]
        found = [order for order in found if order.place < by.place and order.action != "target"]
        if not found:
            self.state(by, "rejected", "no such order")
            return
        old = found[0]
        names = ("unit", "limit", "trigger", "stop", "take", "trail", "trail_frac", "tif", "expire", "group")
        named = {name: by.given[name] for name in names if by.given[name] is not None}
        if by.given["quantity"] is not None:
            named |= {"quantity": by.quantity, "remaining": None}
        self.finish(old, "cancelled", "replaced")
        new = replace(
            old,
            **{"order": by.order, "ts": by.ts, "place": by.place, "alive": True, "fresh": True},
            **{"best": None, "filled": Fraction(0)} | named,
        )
        if "tif" in named:
            new.day = by.ts
        self.starting.append(new)

    def admit(self, orders: list[Order]) -> list[Order]:
        """Those that are taken up; the others are refused at once, with the reason."""
        found = []
        for order in orders:
            if order.action in ("cancel", "replace"):
                found.append(order)
            elif order.over is not None and order.over <= order.ts:
                self.finish(order, "expired", "expire")
            elif self.hedge and (order.reduce_only and order.action == "open" or order.action == "target"):
                self.finish(order, "rejected", "not in this mode")
            elif order.post_only and order.type not in ("limit", "stop_limit"):
                self.finish(order, "rejected", "post_only")
            else:
                found.append(order)
        against = self.contradicting(found)
        for order in list(found):
            if order.type == "market" and order.action in ("open", "close") and (order.symbol, order.ts) in against:
                found.remove(order)
                self.finish(order, "rejected", "conflict")
        return found

    def start(self, orders: list[Order]) -> None:
        """Orders begin to work, by arrival."""
        for order in orders:
            order.number = self.next_number()
            self.working.append(order)

    def contradicting(self, orders: list[Order]) -> set[tuple[str, int]]:
        """The (symbol, ts) whose market orders contradict each other."""
        verbs: dict[tuple[str, int], set[tuple[str, int]]] = {}
        for order in orders:
            if order.type == "market" and order.action in ("open", "close"):
                verbs.setdefault((order.symbol, order.ts), set()).add((order.action, order.side))
        bad = [{("open", side), ("close", side)} for side in (1, -1)]
        if not self.hedge:
            bad.append({("open", 1), ("open", -1)})
        found = {place for place, given in verbs.items() if any(pair <= given for pair in bad)}
        if found and self.options["conflict"] == "error":
            raise ValueError(f"orders of {sorted(found)[0]} contradict each other")
        return found

    def at_the_open(self, bar: Bar, begun: list[Order]) -> None:
        """Step 4."""
        rested = [order for order in self.working if order.symbol == bar.symbol and order not in begun]
        for order in sorted(rested, key=lambda order: order.number):
            self.try_now(order, bar, bar.open)
        for order in self.in_turn(begun):
            order.follow(bar.open)
            self.turn(order, bar, bar.open)
        self.see(bar, bar.open)

    def in_turn(self, begun: list[Order]) -> list[Order]:
        """Market orders in the order of verbs, then the others by arrival."""
        market = [order for order in begun if order.type == "market"]
        market.sort(key=lambda order: (verb(order, self.hedge), order.number))
        return market + [order for order in begun if order.type != "market"]

    # the path

    def path(self, bar: Bar) -> None:
        """Step 6."""
        kind, name = self.options["path"], bar.symbol
        self.ledger.stand = {other: self.stands_at(other, "path") for other in self.bars if other != name}
        price = bar.open
        way = touches(kind, bar, price, (name, 1) in self.ledger.held, (name, -1) in self.ledger.held)
        while way:
            to = {"low": bar.low, "high": bar.high, "close": bar.close}[way[0]]
            self.ledger.marks[name] = bar.mark(price)
            if way[0] != "close" and self.liquidate_standing(bar, "path", price):
                continue
            order, due = self.first_order(bar, price, to)
            if way[0] != "close":
                forced = self.first_liquidation(bar, way[0] == "low")
                if forced is not None:
                    keys, level = forced
                    if due is not None:
                        self.ledger.decide(due, level)
                    if order is None or due is None or (due <= level if way[0] == "low" else due >= level):
                        price = bar.within(min(level, price) if way[0] == "low" else max(level, price))
                        self.see(bar, price)
                        self.liquidate(keys, bar, "path", price, level)
                        continue
            if order is None or due is None:
                price = to
                way.pop(0)
                self.see(bar, price)
                continue
            price = due
            self.see(bar, price)
            self.opened = None
            self.touch(order, bar, price)
            if self.opened is not None and kind != "ohlc":
                way = touches(kind, bar, price, self.opened > 0, self.opened < 0)
        self.ledger.stand = {}

    def see(self, bar: Bar, price: Fraction) -> None:
        """The last price comes to `price`: the mark goes with it, trails follow."""
        self.ledger.marks[bar.symbol] = bar.mark(price)
        for order in self.working:
            if order.symbol == bar.symbol:
                order.follow(price)

    def first_order(self, bar: Bar, price: Fraction, to: Fraction) -> tuple[Order | None, Fraction | None]:
        """The order that the leg reaches first, and where; of those at one price the one that arrived first."""
        found = []
        for order in self.working:
            due = order.reached(price, to) if order.symbol == bar.symbol else None
            empty = order.stopped == bar.ts or self.available(bar, order.buys, False) == 0
            stuck = order.type == "limit" and empty and not self.finds_nothing(order)
            if due is not None and not stuck:
                found.append((abs(due - price), order.number, order, due))
        return min(found, key=lambda each: each[:2])[2:] if found else (None, None)

    def first_liquidation(self, bar: Bar, falling: bool) -> tuple[list[Key], Fraction] | None:
        """What the mark liquidates on the leg to an extreme, and at which price of the mark."""
        found = []
        for keys, low, high in self.targets_of(bar.symbol, "path"):
            edge = low if falling else high
            if edge is not None:
                self.ledger.decide(bar.mark_low if falling else bar.mark_high, edge)
            if falling and low is not None and bar.mark_low <= low:
                found.append((-low, keys, low))
            if not falling and high is not None and bar.mark_high >= high:
                found.append((high, keys, high))
        return min(found, key=lambda each: each[0])[1:] if found else None

    def liquidate_standing(self, bar: Bar, step: str, price: Fraction) -> bool:
        """Liquidates what the mark, as it stands, has reached; whether there was any."""
        mark = self.ledger.marks[bar.symbol]
        for keys, low, high in self.targets_of(bar.symbol, step):
            for edge in (low, high):
                if edge is not None:
                    self.ledger.decide(mark, edge)
            if (low is not None and mark <= low) or (high is not None and mark >= high):
                self.liquidate(keys, bar, step, price, mark)
                return bool(self.liquidate_standing(bar, step, price)) or True
        return False

    # after it

    def at_the_close(self) -> None:
        """Step 7: what was decided at this close is taken up, and market orders fill at it."""
        if self.options["fill"] != "close" or self.options["latency"] or self.options["latency_bars"]:
            return
        self.take_up(self.ts)
        now = [order for order in self.waiting if order.ts == self.ts and order.type == "market"]
        now = [order for order in now if order.action in ("open", "close", "target")]
        self.waiting = [order for order in self.waiting if order not in now]
        self.start(now)
        for bar in self.bars.values():
            for order in self.in_turn([order for order in now if order.symbol == bar.symbol]):
                self.turn(order, bar, bar.close)

    def end(self) -> None:
        """Step 9: what waits is cancelled, what is open is closed at the close."""
        for order in [*self.working, *self.waiting]:
            self.finish(order, "cancelled", "end of input")
        for key in self.ledger.sides():
            self.close_whole(key, self.closes[key[0]], "end of input")

    def equity(self) -> None:
        """Step 11."""
        ledger = self.ledger
        names = ("wallet", "realised", "fees", "funding", "insurance")
        row = {"ts": self.ts, "equity": ledger.equity()} | {name: getattr(ledger, name) for name in names}
        self.out["equity"].append(row | {"unrealised": ledger.unrealised(), "margin_used": ledger.margin_used()})
        if ledger.held:
            return
        opens = any(ledger.room(name, 1, price, Fraction(0))[0] > 0 for name, price in self.closes.items())
        if ledger.wallet <= 0 or (ledger.wallet < ledger.start and not opens):
            self.bankrupt = self.ts
            for order in [*self.working, *self.waiting]:
                self.finish(order, "cancelled", "bankrupt")
