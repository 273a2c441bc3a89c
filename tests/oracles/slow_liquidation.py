"""Liquidations in whole numbers: an account that has positions, bars and funding, and nothing else.

Written from hq-account(7), apart from the kernel and from slow_account.py: the tier of a notional is looked up, and
whether a mark liquidates is asked of the balance at that mark, not of a price worked out before.  Only where it does is
the price solved for, and must lie in the tiers that it was solved with.

All figures are counts of a grid's units, or fractions of them of inverse contracts, so every sum is exact; where the
units are powers of two, the account's floats of linear contracts are exact as well, and a tie is decided.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from operator import mul
from typing import Any, NamedTuple

Prices = tuple[int, int, int, int, int, int, int]  # open, high, low, close, mark_high, mark_low, mark_close
NEAR = 10**9  # floats may rightly decide otherwise where the balance is less than a share of 1 / NEAR of all


class Grid(NamedTuple):
    """Units: a price is a count of 1/price, a quantity of 1/lot, a share of 1/share, money of 1/(price lot share)."""

    price: int
    lot: int
    share: int
    leverages: tuple[int, ...]
    exact: bool  # for floats too, of linear contracts
    face: int = 0  # of an inverse contract, quote; 0: contracts are linear, of 1

    def worth(self) -> Callable[[int, int], Any]:
        """Of a quantity and a price the notional, in units of price * lot."""
        value = self.face * self.price**2
        return (lambda quantity, price: Fraction(quantity * value, price)) if value else mul

    @property
    def money(self) -> int:
        return self.price * self.lot * self.share


DECIMAL = Grid(100, 1000, 10**6, (1, 2, 4, 5, 8, 10, 20, 25, 40, 50, 80, 100, 125), False)
INVERSE = DECIMAL._replace(face=100)
BINARY = Grid(8, 8, 4096, (1, 2, 4, 8, 16, 32, 64, 128), True)


class Tier(NamedTuple):
    floor: int  # notional, in units of price * lot
    rate: int
    cum: int


class Opened(NamedTuple):
    """A position that is opened at the close of a row."""

    row: int
    symbol: int
    side: int
    quantity: int


class Row(NamedTuple):
    ts: int
    begins: int
    bars: dict[int, Prices]  # by symbol; in one row a symbol may have none


class Paid(NamedTuple):
    ts: int
    symbol: int
    rate: int
    mark: int | None


@dataclass
class Case:
    grid: Grid
    cross: bool
    hedge: bool
    tiers: list[list[Tier]]  # of each symbol, from the lowest floor on
    leverages: list[int]
    fee: int
    wallet: int
    needed: int  # of the wallet, for all that is opened
    opened: list[Opened]
    rows: list[Row]
    funding: list[Paid]  # by ts


class Found(NamedTuple):
    """A side that is liquidated."""

    ts: int
    symbol: int
    side: int
    price: Fraction  # of the fill
    level: Fraction | None  # the mark that liquidates, of the symbol that came to it; None: none is told
    loose: float  # by how much a rounding of all money is larger as one of the level, both as a share
    step: str
    tier: int


class Level(NamedTuple):
    mark: Fraction
    tier: int  # of the first side
    loose: float


class Gone(Exception):
    """A cross account is liquidated."""


@dataclass
class Held:
    side: int
    quantity: int
    cost: Any  # its notional at its entry
    margin: Any  # of isolated mode


@dataclass
class Liquidations:
    """What of a case is liquidated: `found`, and `near` where a decision hangs on less than floats resolve."""

    case: Case
    found: list[Found] = field(default_factory=list)
    near: bool = False
    spoilt: bool = False  # something was liquidated before all was opened
    least: Any = None  # of what was left wherever it was looked at
    ties: int = 0  # how often nothing was left, nor missing

    def __post_init__(self) -> None:
        many = len(self.case.tiers)
        self.held: list[list[Held]] = [[] for _ in range(many)]
        self.wallet = self.case.wallet
        self.marks = [0] * many
        self.stands = [0] * many
        self.share = self.case.grid.share
        self.worth = self.case.grid.worth()
        self.way = -1 if self.case.grid.face else 1  # a long wins as its notional grows; inverse, as it shrinks
        self.all = 1  # notional of all that was opened, money

    def run(self) -> Liquidations:
        due, case = 0, self.case
        last = max(one.row for one in case.opened)
        try:
            for place, row in enumerate(case.rows):
                due = self.pay(due, row.begins)
                for symbol, bar in row.bars.items():
                    self.marks[symbol] = min(max(bar[0], bar[5]), bar[4])
                self.standing(row, "open", 0)
                due = self.pay(due, row.ts - 1)
                self.paths(row)
                for symbol, bar in row.bars.items():
                    self.marks[symbol] = bar[6]
                self.spoilt |= place <= last and bool(self.found)
                for one in case.opened:
                    if one.row == place:
                        self.open(one, row.bars[one.symbol][3])
                if place <= last:  # later the path has been at the mark of the close
                    self.standing(row, "close", 3)
                due = self.pay(due, row.ts)
        except Gone:
            self.spoilt |= place < last
        return self

    # what it holds

    def open(self, one: Opened, price: int) -> None:
        cost = self.worth(one.quantity, price)
        margin = cost * (self.share // self.case.leverages[one.symbol])
        self.wallet -= cost * self.case.fee
        self.all += int(cost) * self.share
        self.held[one.symbol].append(Held(one.side, one.quantity, cost, margin))
        self.held[one.symbol].sort(key=lambda held: -held.side)

    def pay(self, due: int, until: int) -> int:
        """Funding from `due` on up to a time; what is due then."""
        funding = self.case.funding
        while due < len(funding) and funding[due].ts <= until:
            one = funding[due]
            price = self.marks[one.symbol] if one.mark is None else one.mark
            for held in self.held[one.symbol]:
                amount = -held.side * self.worth(held.quantity, price) * one.rate
                self.wallet += amount
                held.margin = max(0, held.margin + amount)
            due += 1
        return due

    # what decides

    def spare(self, symbol: int, sides: list[Held], mark: int) -> Any:
        """Result of sides at a mark, less their maintenance margin."""
        left: Any = 0
        for held in sides:
            notional = self.worth(held.quantity, mark)
            _, rate, cum = self.case.tiers[symbol][self.tier(symbol, notional)]
            left += self.way * held.side * (notional - held.cost) * self.share - notional * rate + cum
        return left

    def tier(self, symbol: int, notional: Any) -> int:
        tiers = self.case.tiers[symbol]
        place = len(tiers) - 1
        while notional < tiers[place].floor:
            place -= 1
        return place

    def over(self, left: Any) -> bool:
        """Whether nothing is left."""
        self.near |= not self.case.grid.exact and abs(left) * NEAR < self.all
        self.least = left if self.least is None else min(left, self.least)
        self.ties += left == 0
        return left <= 0

    def level(self, symbol: int, sides: list[Held], balance: Any, falls: bool) -> Level | None:
        """The mark, coming down (falls) or up, at which nothing is left."""
        tiers = self.case.tiers[symbol]
        tops = [*(tier.floor for tier in tiers[1:]), None]
        for chosen in product(range(len(tiers)), repeat=len(sides)):
            slope, rest = 0, balance  # by the notional of one unit of quantity
            for held, place in zip(sides, chosen):
                slope += held.quantity * (self.way * held.side * self.share - tiers[place].rate)
                rest += tiers[place].cum - self.way * held.side * held.cost * self.share
            if slope == 0 or (slope * self.way > 0) != falls:
                continue
            one = Fraction(-rest) / slope
            if one > 0 and all(
                tiers[place].floor <= held.quantity * one
                and (tops[place] is None or held.quantity * one <= tops[place])
                for held, place in zip(sides, chosen)
            ):
                mark = self.worth(1, 1) / one if self.way < 0 else one
                return Level(mark, chosen[0], float((self.all + abs(self.wallet)) / abs(rest)))
        return None

    # where

    def sides(self, symbol: int) -> list[list[Held]]:
        """What a mark of a symbol liquidates together."""
        held = self.held[symbol]
        return ([held] if held else []) if self.case.cross else [[one] for one in held]

    def balance(self, symbol: int, sides: list[Held]) -> Any:
        """What the sides have before their own result: their margin, or the wallet with all else where it stands."""
        if not self.case.cross:
            return sides[0].margin
        others = (self.spare(k, held, self.stands[k]) for k, held in enumerate(self.held) if held and k != symbol)
        return self.wallet + sum(others)

    def standing(self, row: Row, step: str, at: int) -> None:
        """Marks as they are: what they have reached goes at this price of the bar."""
        self.stands = self.marks[:]
        for symbol, bar in row.bars.items():
            self.reached(row, symbol, bar, step, bar[at])

    def reached(self, row: Row, symbol: int, bar: Prices, step: str, price: int) -> None:
        for sides in self.sides(symbol):
            balance = self.balance(symbol, sides)
            if self.over(balance + self.spare(symbol, sides, self.marks[symbol])):
                told = self.level(symbol, sides, balance, sides[0].side > 0) if len(sides) == 1 else None
                self.close(row, symbol, sides, Fraction(price), told, step)

    def paths(self, row: Row) -> None:
        for symbol, bar in row.bars.items():
            if not self.held[symbol]:
                continue
            self.stands = [
                self.worst(k, row.bars[k]) if k in row.bars and self.held[k] else mark
                for k, mark in enumerate(self.marks)
            ]
            self.reached(row, symbol, bar, "path", bar[0])  # funding inside the bar, or the others' marks
            first, high, low = bar[:3]
            sides = {held.side for held in self.held[symbol]}
            down_first = first - low <= high - first if len(sides) == 2 else 1 in sides
            for falls in (down_first, not down_first):
                self.leg(row, symbol, bar, falls)

    def worst(self, symbol: int, bar: Prices) -> int:
        """The extreme of the mark that is worse for what is held."""
        held = self.held[symbol]
        if len(held) == 1:
            return bar[5] if held[0].side > 0 else bar[4]
        high, low = self.spare(symbol, held, bar[4]), self.spare(symbol, held, bar[5])
        self.near |= not self.case.grid.exact and bar[4] != bar[5] and abs(high - low) * NEAR < self.all
        return bar[4] if high < low else bar[5]

    def leg(self, row: Row, symbol: int, bar: Prices, falls: bool) -> None:
        _, high, low, _, mark_high, mark_low, _ = bar
        for sides in self.sides(symbol):
            if len(sides) == 1 and (sides[0].side > 0) != falls:
                continue  # what wins
            balance = self.balance(symbol, sides)
            if self.over(balance + self.spare(symbol, sides, mark_low if falls else mark_high)):
                told = self.level(symbol, sides, balance, falls)
                assert told is not None
                self.close(row, symbol, sides, min(max(told.mark, Fraction(low)), Fraction(high)), told, "path")

    def close(self, row: Row, symbol: int, sides: list[Held], price: Fraction, told: Level | None, step: str) -> None:
        unit = self.case.grid.price
        level, tier, loose = (told.mark / unit, told.tier, told.loose) if told else (None, -1, 1.0)
        if not self.case.cross:
            self.found.append(Found(row.ts, symbol, sides[0].side, price / unit, level, loose, step, tier))
            self.held[symbol] = [held for held in self.held[symbol] if held is not sides[0]]
            return
        for k, mine in enumerate(self.held):
            at = price
            if k != symbol:
                at = Fraction(self.stands[k])
                if k in row.bars:
                    at = min(max(at, Fraction(row.bars[k][2])), Fraction(row.bars[k][1]))
            here = k == symbol
            self.found += [
                Found(row.ts, k, held.side, at / unit, level if here else None, loose, step, tier if here else -1)
                for held in mine
            ]
        raise Gone
