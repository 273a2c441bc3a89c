"""Seeded random cases of liquidation, and the account of hq over one of them."""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Iterator
from dataclasses import replace

from fast_account import order_row
from slow_liquidation import BINARY, DECIMAL, INVERSE, Case, Found, Grid, Liquidations, Opened, Paid, Prices, Row, Tier

from hq_core.futures.brackets import Brackets
from hq_core.futures.engine import Account
from hq_core.futures.terms import Terms

STEP = 1000
START = 1_000_000
EACH = 32  # cases of one set of terms and tables
COLUMNS = 10  # of equity, of an account
ROOM = 16  # rows of equity
NAMES = ("A", "B", "C", "D")


class Tables:
    """Terms and tiers that some cases have in common."""

    def __init__(self, chance: random.Random) -> None:
        self.grid: Grid = chance.choices((DECIMAL, BINARY, INVERSE), (5, 5, 1))[0]
        self.cross, self.hedge = chance.random() < 0.6, chance.random() < 0.5
        many = chance.choice((1, 1, 2, 2, 3, 4))
        self.leverages = [chance.choice(self.grid.leverages) for _ in range(many)]
        self.fee = chance.choice((0, 0, self.grid.share // 1024))  # 2**-10, or 0.000976
        self.tiers = [self.table(chance, leverage) for leverage in self.leverages]

    def table(self, chance: random.Random, leverage: int) -> list[Tier]:
        """Floors, rates and what makes them meet; the first rate leaves some room to the leverage."""
        grid = self.grid
        most = grid.share // leverage
        rates = sorted({max(1, int(most * chance.random() ** 2 * 0.9)) for _ in range(chance.randint(1, 5))})
        floors = sorted(chance.sample(range(1, 400), len(rates) - 1))
        found = [Tier(0, rates[0], 0)]
        for floor, rate in zip(floors, rates[1:]):
            start = floor * 50 * grid.price * grid.lot
            found.append(Tier(start, rate, found[-1].cum + start * (rate - found[-1].rate)))
        return found

    def case(self, chance: random.Random) -> Case:
        grid, many, worth = self.grid, len(self.tiers), self.grid.worth()
        prices = [int(grid.price * 10 ** (1 + 2 * chance.random())) for _ in range(many)]
        width = min(0.2, chance.choice((0.4, 1.0, 2.5)) / max(self.leverages))  # of a bar, as a share of the price
        opened, needed, total = [], 0, 0
        second = [price + chance.randint(-1, 1) * int(price * 0.002) for price in prices]
        for k in range(many):
            sides = [1, -1] if self.hedge and chance.random() < 0.6 else [chance.choice((1, -1))]
            for row, side in enumerate(sides):
                notional = 10 ** (1.5 + 3 * chance.random()) * grid.price * grid.lot
                one = Opened(row, k, side, max(1, int(notional / float(worth(1, prices[k])))))
                opened.append(one)
                then, now = sorted(worth(one.quantity, price) for price in (prices[k], second[k]))
                needed += int(now * (grid.share // self.leverages[k] + self.fee) + (now - then) * grid.share) + 1
                total += int(now)
        needed += 0 if grid.exact else total  # a millionth or so, for the rounding of floats
        extra = needed * chance.choice((0, 0, 0.1, 1)) * chance.random()
        wallet = needed + (int(extra) if self.cross else needed)
        rows, funding = self.market(chance, prices, second, width)
        return Case(
            grid, self.cross, self.hedge, self.tiers, self.leverages, self.fee, wallet, needed, opened, rows, funding
        )

    def market(
        self, chance: random.Random, prices: list[int], second: list[int], width: float
    ) -> tuple[list[Row], list[Paid]]:
        """Two rows that stand still, to open at, and some that walk; funding at their ends, inside and between."""
        many = len(prices)
        marks, pays = chance.random() < 0.4, chance.choice((0.0, 0.1, 0.4))
        most = int(self.grid.share * chance.choice((0.0005, 0.02)))
        rows = [
            Row(START + i * STEP, START + (i - 1) * STEP, {k: (price,) * 7 for k, price in enumerate(of)})
            for i, of in enumerate((prices, second))
        ]
        now = list(second)
        units = [max(1, int(price * width)) for price in prices]
        funding = []
        for i in range(2, 2 + chance.randint(2, 8)):
            ts = START + i * STEP
            begins = ts - STEP if chance.random() < 0.8 else ts - STEP // 2
            bars = {}
            for k in range(many):
                if chance.random() < pays:
                    when = ts - chance.choice((0, 0, STEP // 4, STEP // 2, STEP * 3 // 4, STEP - 1))
                    own = now[k] if chance.random() < 0.2 else None
                    funding.append(Paid(when, k, chance.randint(-most, most), own))
                if chance.random() < 0.95:
                    bars[k] = walk(chance, now[k], units[k], marks)
                    now[k] = bars[k][3]
            if bars:
                rows.append(Row(ts, begins, bars))
        return rows, sorted(funding, key=lambda one: (one.ts, one.symbol))


def walk(chance: random.Random, price: int, unit: int, marks: bool) -> Prices:
    """A bar after a close; with marks of their own that lag behind or run ahead."""
    some = chance.random
    first = price if some() < 0.5 else max(2, price + int((some() - 0.5) * 2 * unit))
    close = max(2, first + int((some() - 0.5) * 2 * unit))
    low = max(1, min(first, close) - int(some() * unit))
    high = max(first, close) + int(some() * unit)
    if not marks:
        return first, high, low, close, high, low, close
    mark_low = max(1, low + int((some() - 0.5) * unit))
    mark_high = max(mark_low, high + int((some() - 0.5) * unit))
    return first, high, low, close, mark_high, mark_low, min(max(close, mark_low), mark_high)


def cases(seed: int) -> Iterator[tuple[Tables, Case]]:
    """EACH cases of one seed; the same seed gives the same."""
    chance = random.Random(seed)
    tables = Tables(chance)
    for _ in range(EACH):
        case = tables.case(chance)
        yield tables, sharp(chance, case) if tables.cross and tables.grid is BINARY else case


def sharp(chance: random.Random, case: Case) -> Case:
    """The case with a wallet by which at its worst moment nothing is left, or a unit more or less."""
    least = Liquidations(case).run().least or 0
    wallet = case.wallet - least + chance.choice((-1, 0, 1))
    return replace(case, wallet=wallet) if wallet >= case.needed else case


class Kept:
    """hq's account under tables, put back to its beginning for each case."""

    def __init__(self, tables: Tables) -> None:
        grid = self.grid = tables.grid
        terms = Terms(
            contract="inverse" if grid.face else "linear",
            contract_size=float(grid.face or 1),
            lot="0.125" if grid is BINARY else "0.001",
            margin="cross" if tables.cross else "isolated",
            position_mode="hedge" if tables.hedge else "one-way",
            fill="close",
            taker_fee=tables.fee / grid.share,
            maintenance=0.0,
        )
        self.account = Account(terms)
        for name, tiers, leverage in zip(NAMES, tables.tiers, tables.leverages):
            rates = [tier.rate / grid.share for tier in tiers]
            cums = [tier.cum / grid.money for tier in tiers]
            caps = [*(tier.floor / (grid.price * grid.lot) for tier in tiers[1:]), 1e15]
            self.account.add(name, Brackets(name, rates, cums, caps, [150] * len(tiers)), leverage=leverage)
        self.kept = self.account.kept()
        self.equity = array("q", bytes(8 * ROOM)), array("d", bytes(8 * ROOM * COLUMNS))

    def run(self, case: Case) -> list[tuple[int, int, int, float, float]]:
        """ts, symbol, side, price and the mark that liquidates, of each side that was liquidated."""
        account, grid = self.account, self.grid
        account.put_back(self.kept)
        account.state.start = account.state.wallet = account.state.equity = float(case.wallet / grid.money)
        flat = [(row.ts, row.begins, k, bar) for row in case.rows for k, bar in row.bars.items()]
        n = len(flat)
        unit = grid.price
        columns = {name: array("q", [one[place] for one in flat]) for place, name in enumerate(("ts", "open_time"))}
        if len(case.tiers) > 1:
            columns["symbol"] = array("i", [one[2] for one in flat])
        for place, name in enumerate(("open", "high", "low", "close", "mark_high", "mark_low", "mark_close")):
            columns[name] = array("d", [one[3][place] / unit for one in flat])
        account.bind({name: column.buffer_info()[0] for name, column in columns.items()}, n)
        opened = sorted(case.opened, key=lambda one: one.row)
        said = array("d")
        for number, one in enumerate(opened, start=1):
            order = {"order": number, "side": one.side, "action": "open", "quantity": one.quantity / grid.lot}
            said.extend(order_row(order | {"unit": "contracts"}, one.symbol))
        account.orders(array("q", [case.rows[one.row].ts for one in opened]), said)
        paid = (
            array("q", [one.ts for one in case.funding]),
            array("i", [one.symbol for one in case.funding]),
            array("d", [one.rate / grid.share for one in case.funding]),
            array("d", [math.nan if one.mark is None else one.mark / unit for one in case.funding]),
        )
        account.funding(*paid)
        times, figures = (column.buffer_info()[0] for column in self.equity)
        assert account.run(0, times, figures, ROOM, COLUMNS, ROOM) == n
        assert not account.state.error
        found = []
        for kind, rows in account.written():
            if kind == "fill":
                got = rows.columns()
                for order, quantity in zip(got["order"], got["quantity"]):
                    assert not order or quantity == opened[order - 1].quantity / grid.lot  # whole: there was room
            if kind == "liquidation":
                got = rows.columns()
                names = ("ts", "symbol", "side", "price", "liquidation_price")
                found += zip(*(got[name][: rows.n] for name in names))
        return sorted(found)


def told(found: list[Found]) -> list[tuple[int, int, int, float, float | None, float]]:
    """What the slow account found, as Kept.run gives it, and how loose its level is."""
    return sorted(
        (one.ts, one.symbol, one.side, float(one.price), None if one.level is None else float(one.level), one.loose)
        for one in found
    )
