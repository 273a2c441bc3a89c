"""A slow futures account in exact fractions, written to be read beside the rules rather than to be fast.

It shares nothing with hq_core.  It keeps cost bases instead of mean prices, looks the maintenance bracket up by
the notional, decides a liquidation by comparing margin balance and maintenance margin at the extreme price, and
finds liquidation prices by walking the brackets.
"""

from __future__ import annotations

from fractions import Fraction as F
from math import floor, inf, isinf, isnan, nan


class Side:
    def __init__(self, sign):
        self.sign = sign
        self.qty = F(0)  # base asset
        self.cost = F(0)  # sum of price * base
        self.margin = F(0)
        self.adds = 0

    def gain(self, price):
        return self.sign * (price * self.qty - self.cost)


class SlowAccount:
    """The rules in slow motion.

    options: start, leverage, fee, liquidation_fee, contract_size, lot (Fraction), size (None or number),
    unit, hedge, cross, at_close, pyramid; brackets: (floor, cap, rate, cum) with cap inf at the end.
    limit: the largest notional of a side.
    """

    def __init__(self, options, brackets, limit=inf):
        self.o = {**options, "contract_size": F(repr(options["contract_size"]))}
        self.brackets = [(F(a), b if isinf(b) else F(b), F(r), F(c)) for a, b, r, c in brackets]
        self.limit = limit
        self.start = F(options["start"])
        self.realised = self.fees = self.insured = F(0)
        self.long, self.short = Side(1), Side(-1)
        self.waiting = None
        self.equity, self.fills, self.nodes = [], [], []
        self.ends = {}
        self.orders = 0
        self.broke = False
        self.after = 0

    # -- money -------------------------------------------------------------------------------------------
    @property
    def wallet(self):
        return self.start + self.realised - self.fees + self.insured

    def bracket_of(self, notional):
        for low, high, rate, cum in self.brackets:
            if low <= notional < high:
                return rate, cum
        return self.brackets[-1][2:]

    def maintenance(self, side, price):
        notional = side.qty * price
        rate, cum = self.bracket_of(notional)
        return max(F(0), notional * rate - cum) if notional else F(0)

    def doomed(self, side, price):
        """Would the position, or the cross account, be liquidated at this mark price?"""
        if self.o["cross"]:
            both = (self.long, self.short)
            balance = self.wallet + sum(each.gain(price) for each in both)
            return balance <= sum(self.maintenance(each, price) for each in both)
        return side.qty > 0 and side.margin + side.gain(price) <= self.maintenance(side, price)

    def slack(self, sides, own, price):
        return own + sum(each.gain(price) - self.maintenance(each, price) for each in sides)

    def roots(self, sides, own):
        """The prices at which the slack is zero: it is a straight line between prices where a bracket ends."""
        knots = {F(0)}
        for each in sides:
            knots |= {F(high) / each.qty for _, high, _, _ in self.brackets if high != inf}
        knots = sorted(knots)
        knots.append(knots[-1] + 1)  # any two points of the last line
        found = []
        for i in range(len(knots) - 1):
            a, b = knots[i], knots[i + 1]
            # stay inside the bracket: take the line from two inner points
            p, q = a + (b - a) / 3, a + 2 * (b - a) / 3
            fp, fq = self.slack(sides, own, p), self.slack(sides, own, q)
            if fp == fq:
                continue
            root = p - fp * (q - p) / (fq - fp)
            last = i == len(knots) - 2
            if root > 0 and a <= root and (last or root < b):
                found.append((root, fq > fp))
        return found

    def liquidation_prices(self):
        lower, upper = nan, nan
        groups = []
        held = [each for each in (self.long, self.short) if each.qty]
        if self.o["cross"]:
            if held:
                groups = [(held, self.wallet)]
        else:
            groups = [([each], each.margin) for each in held]
        for sides, own in groups:
            for root, rising in self.roots(sides, own):
                if rising:
                    lower = float(root)
                else:
                    upper = float(root)
        return lower, upper

    # -- fills -------------------------------------------------------------------------------------------
    def fill(self, bar, when, side, base, price, opens, forced):
        notional = base * price
        fee = notional * (self.fee + (F(self.o["liquidation_fee"]) if forced else 0))
        realised = insured = F(0)
        other = self.short if side is self.long else self.long
        before = self.wallet
        self.fees += fee
        if opens:
            side.adds += 1 if side.qty else 0
            side.qty += base
            side.cost += notional
            if not self.o["cross"]:
                side.margin += notional / self.o["leverage"]
        else:
            part = base / side.qty
            realised = side.sign * (notional - side.cost * part)
            self.realised += realised
            risked = side.margin
            side.cost -= side.cost * part
            side.margin -= side.margin * part
            side.qty -= base
            if forced and not self.o["cross"]:
                insured = max(F(0), before - risked - self.wallet)
            elif not self.o["cross"]:
                missing = side.margin + other.margin - self.wallet
                if missing > 0:
                    from_margin = min(missing, side.margin)
                    side.margin -= from_margin
                    insured = missing - from_margin
            elif not side.qty and not other.qty:
                insured = max(F(0), -self.wallet)
            self.insured += insured
            if not side.qty:
                side.adds = 0
        self.fills.append(
            {
                "ts": bar["ts"],
                "fill_time": when,
                "side": side.sign,
                "price": float(price),
                "quantity": float(base / self.o["contract_size"]),
                "fee": float(fee),
                "realised": float(realised),
                "position": float(side.qty / self.o["contract_size"]),
                "forced": forced,
            }
        )
        return insured, fee - realised - insured

    @property
    def fee(self):
        return F(self.o["fee"])

    def used(self, mark):
        if self.o["cross"]:
            return (self.long.qty + self.short.qty) * mark / self.o["leverage"]
        return self.long.margin + self.short.margin

    def room(self, side, price, mark):
        """Largest order in lots, by margin and by bracket."""
        open_gain = self.long.gain(mark) + self.short.gain(mark) if self.o["cross"] else 0
        free = self.wallet + open_gain - self.used(mark)
        lot = self.o["lot"] * self.o["contract_size"]
        lev = self.o["leverage"]
        by_margin = max(0, floor(free * lev / (price * (1 + self.fee * lev)) / lot))
        if isinf(self.limit):
            return by_margin, 10**30
        return by_margin, max(0, floor((F(self.limit) / price - side.qty) / lot))

    def lots(self, size, price):
        if not size > 0:
            return 0
        if isinf(size):
            return 10**30
        amount = F(repr(size)) if not isinstance(size, F) else size
        size_of = self.o["contract_size"]
        contracts = {"contracts": amount, "base": amount / size_of, "quote": amount / (price * size_of)}[self.o["unit"]]
        return floor(contracts / self.o["lot"])

    def end(self, how):
        self.ends[how] = self.ends.get(how, 0) + 1

    def order(self, bar, when, verb, size, price, mark):
        opens, side = verb.startswith("open"), self.long if verb.endswith("long") else self.short
        other = self.short if side is self.long else self.long
        unit = self.o["lot"] * self.o["contract_size"]
        if opens and isinf(size) and size > 0 and self.o["size"]:
            size = self.o["size"]
        lots = self.lots(size, price)
        if not opens:
            if not side.qty:
                return self.end("ignored_flat")
            if lots == 0:
                return self.end("rejected_size")
            there = int(side.qty / unit)
            self.end("filled" if lots <= there or isinf(size) else "cut_position")
            self.fill(bar, when, side, min(lots, there) * unit, price, False, False)
            return None
        if not self.o["hedge"] and other.qty and lots:
            self.fill(bar, when, other, other.qty, price, False, False)
        if side.qty and side.adds >= self.o["pyramid"]:
            return self.end("ignored_pyramid")
        if lots == 0:
            return self.end("rejected_size")
        by_margin, by_bracket = self.room(side, price, mark)
        got = min(lots, by_margin, by_bracket)
        if got == 0:
            return self.end("rejected_margin" if by_margin == 0 else "rejected_bracket")
        if got == lots or isinf(size):
            self.end("filled")
        else:
            self.end("cut_margin" if by_margin <= by_bracket else "cut_bracket")
        self.fill(bar, when, side, got * unit, price, True, False)
        return None

    def carry_out(self, bar, when, wanted, price, mark):
        sequence = (
            ("open_long", "close_short", "open_short", "close_long")
            if self.o["hedge"]
            else ("close_long", "close_short", "open_long", "open_short")
        )
        for verb in sequence:
            if verb in wanted:
                self.order(bar, when, verb, wanted[verb], price, mark)

    # -- one bar -----------------------------------------------------------------------------------------
    def liquidate(self, bar, when, falling, rising, row, price="open"):
        """Check the positions at the lowest and highest mark price seen, and close what does not survive."""
        op, low, high = F(bar[price]), F(bar["low"]), F(bar["high"])
        lower, upper = self.liquidation_prices()

        def price_for(fell):
            at = min(op, F(lower)) if fell and not isnan(lower) else max(op, F(upper)) if not isnan(upper) else op
            return min(max(at, low), high)

        if self.o["cross"]:
            if not (self.long.qty or self.short.qty):
                return
            fell = self.doomed(None, falling) and not isnan(lower)
            rose = self.doomed(None, rising) and not isnan(upper)
            if not (fell or rose):
                return
            doomed = [(each, fell) for each in (self.long, self.short) if each.qty]
        else:
            doomed = [(self.long, True)] if self.doomed(self.long, falling) else []
            doomed += [(self.short, False)] if self.doomed(self.short, rising) else []
        for side, fell in doomed:
            quantity = side.qty
            insured, lost = self.fill(bar, when, side, side.qty, price_for(fell), False, True)
            self.nodes.append(
                {
                    "row": row,
                    "side": side.sign,
                    "mark": float(falling if fell else rising),
                    "liquidation_price": lower if fell else upper,
                    "insurance": float(insured),
                    "loss": float(lost),
                    "quantity": float(quantity / self.o["contract_size"]),
                }
            )

    def bar(self, bar):
        wanted = {
            v: bar[v]
            for v in ("open_long", "close_long", "open_short", "close_short")
            if bar[v] != 0 and not isnan(bar[v])
        }
        self.orders += len(wanted)
        if self.broke:
            self.after += 1
            for _ in wanted:
                self.end("ignored_bankrupt")
            return
        fight = {"open_long", "close_long"} <= set(wanted) or {"open_short", "close_short"} <= set(wanted)
        fight = fight or (not self.o["hedge"] and {"open_long", "open_short"} <= set(wanted))
        if fight:
            for _ in wanted:
                self.end("ignored_conflict")
            wanted = {}
        mark = F(bar["mark_close"])
        least, most = min(F(bar["mark_low"]), mark), max(F(bar["mark_high"]), mark)
        mark_open = min(max(F(bar["open"]), least), most)
        row = len(self.equity)
        self.liquidate(bar, bar["open_time"], mark_open, mark_open, row)
        if self.waiting:
            self.carry_out(bar, bar["open_time"], self.waiting, F(bar["open"]), mark_open)
        self.waiting = None
        self.liquidate(bar, bar["ts"], least, most, row)
        close = F(bar["close"])
        if self.o["at_close"]:
            self.carry_out(bar, bar["ts"], wanted, close, mark)
            wanted = {}
            self.liquidate(bar, bar["ts"], mark, mark, row, "close")
        lots = min(min(self.room(self.long, close, mark)), min(self.room(self.short, close, mark)))
        flat = not self.long.qty and not self.short.qty
        self.broke = flat and (self.wallet <= 0 or (self.wallet < self.start and lots == 0))
        if self.broke:
            for _ in wanted:
                self.end("ignored_bankrupt")
        else:
            self.waiting = wanted
        lower, upper = self.liquidation_prices()
        gain = self.long.gain(mark) + self.short.gain(mark)
        size_of = self.o["contract_size"]
        self.equity.append(
            {
                "ts": bar["ts"],
                "equity": float(self.wallet + gain),
                "wallet": float(self.wallet),
                "realised": float(self.realised),
                "fees": float(self.fees),
                "insurance": float(self.insured),
                "unrealised": float(gain),
                "margin_used": float(self.used(mark)),
                "long": float(self.long.qty / size_of),
                "short": float(self.short.qty / size_of),
                "long_entry": float(self.long.cost / self.long.qty) if self.long.qty else nan,
                "short_entry": float(self.short.cost / self.short.qty) if self.short.qty else nan,
                "long_liquidation": lower,
                "short_liquidation": upper,
                "max_open": float(lots * self.o["lot"]),
            }
        )
