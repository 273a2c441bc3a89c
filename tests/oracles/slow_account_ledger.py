"""The slow account's money: one wallet, positions by (symbol, side), margin and liquidation, in fractions."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

DUST = Fraction(1, 10**12)
NO_TIERS = [(0.0, math.inf, 0.0, 0.0)]
Key = tuple[str, int]


def exact(value: Any) -> Any:
    """The float as the fraction that it is; None for what is absent; an infinite one stays."""
    if value is None or value != value:
        return None
    return value if math.isinf(value) else Fraction(value)


def lots(quantity: Fraction, lot: Fraction, dust: Fraction = Fraction(0)) -> Fraction:
    """Rounded down to whole lots; not farther from the next lot than `dust` of itself is that lot."""
    count = quantity / lot
    if count <= 0:
        return Fraction(0)
    whole = math.floor(count)
    return (whole + 1 if whole + 1 - count <= dust * count else whole) * lot


@dataclass
class Position:
    """What is held of a symbol on one side."""

    quantity: Fraction  # contracts
    entry: Fraction  # mean price
    margin: Fraction  # of isolated mode; 0 in cross
    adds: int = 0  # orders that have added since it was opened


@dataclass
class Terms:
    """What holds for one symbol."""

    lot: Fraction
    size: Fraction  # of one contract, base units
    leverage: Fraction
    cap: Fraction | None  # largest notional of a side
    tiers: list[tuple[Fraction, Fraction]]  # rate, cum
    tops: list[Any] = field(default_factory=list)  # the largest notional of each tier, for liquidations by tier


def terms_of(symbol: dict[str, Any], options: dict[str, Any]) -> Terms:
    both = {**options, **{key: value for key, value in symbol.items() if value is not None}}
    table = both.get("brackets") or NO_TIERS
    return Terms(
        Fraction(both["lot"]),
        Fraction(both["contract_size"]),
        Fraction(both["leverage"]),
        exact(both.get("cap")),
        [(Fraction(rate), Fraction(cum)) for _, _, rate, cum in table],
        [exact(top) for _, top, _, _ in table],
    )


@dataclass
class Ledger:
    """start + realised - fees + funding + insurance = wallet; wallet + unrealised = equity."""

    start: Fraction
    cross: bool
    taker_fee: Fraction
    liquidation_fee: Fraction
    terms: dict[str, Terms]
    wallet: Fraction = Fraction(0)
    realised: Fraction = Fraction(0)
    fees: Fraction = Fraction(0)
    funding: Fraction = Fraction(0)
    insurance: Fraction = Fraction(0)
    held: dict[Key, Position] = field(default_factory=dict)
    marks: dict[str, Fraction] = field(default_factory=dict)
    stand: dict[str, Fraction] = field(default_factory=dict)  # where others stand while one goes its path
    closest: Fraction = Fraction(1)  # the nearest that a decision came to an edge, as a share

    def __post_init__(self) -> None:
        self.wallet = self.start

    def decide(self, value: Fraction, edge: Fraction) -> None:
        """A decision depends on which of the two is larger: how near they are, where floats might see it otherwise."""
        largest = max(abs(value), abs(edge))
        if largest:
            self.closest = min(self.closest, abs(value - edge) / largest)

    def whole_lots(self, budget: Fraction, lot: Fraction, wanted: Any) -> Fraction:
        """The most whole lots within a budget, of which `wanted` are wished for."""
        found = lots(budget, lot)
        if wanted > found - lot and budget > 0:
            self.decide(budget / lot, Fraction(round(budget / lot)))
        return found

    def quantity(self, symbol: str, side: int) -> Fraction:
        found = self.held.get((symbol, side))
        return found.quantity if found else Fraction(0)

    def sides(self) -> list[Key]:
        """By the symbol's text, long before short."""
        return sorted(self.held, key=lambda key: (key[0], -key[1]))

    def gain(self, key: Key, price: Fraction) -> Fraction:
        found = self.held[key]
        return key[1] * found.quantity * self.terms[key[0]].size * (price - found.entry)

    def unrealised(self, prices: dict[str, Fraction] | None = None) -> Fraction:
        prices = prices or self.marks
        return sum((self.gain(key, prices[key[0]]) for key in self.held), Fraction(0))

    def equity(self) -> Fraction:
        return self.wallet + self.unrealised()

    def margin_used(self, prices: dict[str, Fraction] | None = None) -> Fraction:
        prices = prices or self.marks
        if not self.cross:
            return sum((found.margin for found in self.held.values()), Fraction(0))
        notional = ((key[0], found.quantity * self.terms[key[0]].size) for key, found in self.held.items())
        return sum((base * prices[name] / self.terms[name].leverage for name, base in notional), Fraction(0))

    def free(self) -> Fraction:
        """What a new order may use, the other symbols of a cross account where they stand."""
        prices = {**self.marks, **self.stand}
        return self.wallet + (self.unrealised(prices) if self.cross else 0) - self.margin_used(prices)

    def room(self, symbol: str, side: int, price: Fraction, wanted: Any) -> tuple[Fraction, str]:
        """The most contracts that can be opened at `price`, where `wanted` are, and what it is that allows no more."""
        terms = self.terms[symbol]
        notional = terms.size * price
        cost = notional / terms.leverage + notional * self.taker_fee
        most, word = self.whole_lots(self.free() / cost, terms.lot, wanted), "margin"
        if terms.cap is not None:
            within = self.whole_lots(terms.cap / notional - self.quantity(symbol, side), terms.lot, wanted)
            if within < most:
                most, word = within, "bracket"
        return most, word

    # what changes it

    def open(self, symbol: str, side: int, quantity: Fraction, price: Fraction, fee: Fraction) -> Position:
        terms = self.terms[symbol]
        found = self.held.setdefault((symbol, side), Position(Fraction(0), Fraction(0), Fraction(0)))
        total = found.quantity + quantity
        found.entry = (found.entry * found.quantity + price * quantity) / total
        found.quantity = total
        if not self.cross:
            found.margin += quantity * terms.size * price / terms.leverage
        self.wallet -= fee
        self.fees += fee
        return found

    def close(self, symbol: str, side: int, quantity: Fraction, price: Fraction, fee: Fraction) -> Fraction:
        """Closes a part or all; what it realised, before the fee. Isolated: a loss beyond what is released and
        what the wallet has free eats the margin that is kept, and what is still missing the insurance pays."""
        found = self.held[symbol, side]
        realised = side * quantity * self.terms[symbol].size * (price - found.entry)
        self.wallet += realised - fee
        self.realised += realised
        self.fees += fee
        found.margin -= found.margin * quantity / found.quantity
        found.quantity -= quantity
        if not self.cross:
            missing = max(Fraction(0), self.margin_used() - self.wallet)
            eaten = min(missing, found.margin)
            found.margin -= eaten
            self.insure(missing - eaten)
        if not found.quantity:
            del self.held[symbol, side]
        if self.cross and not self.held:
            self.insure(max(Fraction(0), -self.wallet))
        return realised

    def insure(self, amount: Fraction) -> None:
        self.wallet += amount
        self.insurance += amount

    def liquidate(self, key: Key, price: Fraction, quantity: Fraction) -> dict[str, Fraction]:
        """Closes a side or a part of it by force: isolated it costs at most the side's margin, and a part leaves what
        is not lost of it, as far as the wallet has that; cross at most what the wallet is, once nothing is held.
        The other margins stay whole."""
        found = self.held[key]
        base = quantity * self.terms[key[0]].size
        realised = key[1] * base * (price - found.entry)
        fee = base * price * (self.taker_fee + self.liquidation_fee)
        self.wallet += realised - fee
        self.realised += realised
        self.fees += fee
        beyond = fee - realised - found.margin
        found.quantity -= quantity
        found.margin = max(Fraction(0), -beyond)
        if not found.quantity:
            del self.held[key]
        missing = Fraction(0)
        if not self.cross:
            short = max(Fraction(0), self.margin_used() - self.wallet)
            eaten = min(short, found.margin) if found.quantity else Fraction(0)
            found.margin -= eaten
            missing = max(beyond, short - eaten, Fraction(0))
        elif not self.held:
            missing = max(Fraction(0), -self.wallet)
        self.insure(missing)
        return {"quantity": quantity, "realised": realised, "fee": fee, "insurance": missing}

    def fund(self, key: Key, mark: Fraction, rate: Fraction) -> Fraction:
        found = self.held[key]
        amount = -key[1] * found.quantity * self.terms[key[0]].size * mark * rate
        self.wallet += amount
        self.funding += amount
        if not self.cross:
            found.margin = max(Fraction(0), found.margin + amount)
        return amount

    # liquidation prices

    def tier(self, key: Key, mark: Fraction) -> int:
        """The first tier whose largest notional is not below the position's at a mark, or the last."""
        terms = self.terms[key[0]]
        notional = self.held[key].quantity * terms.size * mark
        for place, top in enumerate(terms.tops[:-1]):
            self.decide(notional, top)
            if notional <= top:
                return place
        return len(terms.tops) - 1

    def maintenance(self, key: Key, price: Fraction) -> Fraction:
        terms = self.terms[key[0]]
        notional = self.held[key].quantity * terms.size * price
        return max(notional * rate - cum for rate, cum in terms.tiers)

    def surplus(self, key: Key, price: Fraction) -> Fraction:
        """What a position adds at a price to the account's margin balance less its maintenance."""
        return self.gain(key, price) - self.maintenance(key, price)

    def bounds(self, keys: list[Key], balance: Fraction) -> tuple[Fraction | None, Fraction | None]:
        """The prices of one symbol at or below and at or above which its positions `keys` are liquidated.

        balance + unrealised - maintenance is the least of straight lines, one for each choice of tiers: where a
        line that rises with the price is at or below 0 the price is too low, where one that falls is, too high.
        """
        low: Fraction | None = None
        high: Fraction | None = None
        tiers = self.terms[keys[0][0]].tiers
        size = self.terms[keys[0][0]].size
        for chosen in itertools.product(tiers, repeat=len(keys)):
            slope, constant = Fraction(0), balance
            for key, (rate, cum) in zip(keys, chosen):
                base = self.held[key].quantity * size
                slope += base * (key[1] - rate)
                constant += cum - key[1] * base * self.held[key].entry
            if slope > 0:
                low = max_of(low, -constant / slope)
            elif slope < 0:
                high = min_of(high, -constant / slope)
            elif constant <= 0:
                return Fraction(10**30), Fraction(0)  # at every price
        return low, high


def max_of(first: Fraction | None, second: Fraction) -> Fraction:
    return second if first is None else max(first, second)


def min_of(first: Fraction | None, second: Fraction) -> Fraction:
    return second if first is None else min(first, second)
