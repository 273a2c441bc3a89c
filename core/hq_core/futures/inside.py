"""Accounts that strategies run inside: a bar in the account, then at the strategies, then the next one."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING

from hq_core.futures.account import account
from hq_core.futures.along import NOWHERE
from hq_core.futures.blocks import BARS, BASE, CONTRACTS, ENTRY, HIGHEST, LOTS, LOWEST, MARK, SHORT, SYMBOL_WIDTH
from hq_core.futures.written import Part
from hq_core.jit import BREAKS, F8, I8, STOPS, Cell, State, hq_call, kernel, rounds
from hq_core.kinds import of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Protocol

    from hq_core.futures.runs import Runs
    from hq_core.futures.trader import Trader

    Happened = Sequence[tuple[str, int, Mapping[str, Any]]]  # kind, the symbol's number, and row, in order

    class Mind(Protocol):
        """What decides at the bars: strategies over a series, or over several.

        row, stops   as the steps of jit/engine.py's `rounds` have them: the instant that is done
        starts       the row at which each instant begins, and the end of the last; empty where each row is one
        each         it is to be asked at every instant; else where a step has stopped
        """

        row: array[int]
        stops: array[int]
        starts: array[int]
        each: bool

        def see(self, columns: Mapping[str, int], n: int) -> None:
            """The n rows that are run next, at these addresses."""

        def steps(self, accounts: Sequence[Inside]) -> Sequence[tuple[int, int]]:
            """The steps that follow on the accounts' at an instant."""

        def hear(self, row: int, account: Inside, happened: Happened) -> None:
            """What became of a strategy's orders after its account has done an instant."""

        def decide(self, row: int) -> None:
            """Give what is ordered at an instant."""


@kernel(state="rows:i8")
def account_at(
    function: int,
    block: int,
    slots: I8,
    first: int,
    until: int,
    e_ts: int,
    e: int,
    done: I8,
    whole: I8,
    logged: int,
    taken: int,
    paid: int,
    row: I8,
    starts: I8,
    stops: I8,
    s: State,
) -> None:
    """`account` at one instant, in one-way mode: a step of `rounds`; s.rows counts its rows of equity.

    slots        the arguments of `account`; first, until, e_ts, e: where it has its rows, and where equity goes
    done         its last argument
    whole        its state; logged, taken, paid: places in it
    row, starts  the instant, and the row at which each begins, as Mind has them
    """
    i = row[0]
    end = i + 1
    if len(starts) > 0:
        end = starts[i + 1]
        i = starts[i]
    slots[first] = i
    slots[until] = end
    hq_call(function, block)
    s.rows += done[1]
    slots[e_ts] += 8 * done[1]
    slots[e] += 8 * done[1]
    if done[0] <= i:
        stops[0] = BREAKS
        return
    if whole[logged] + whole[taken] + whole[paid] > 0:
        stops[0] = STOPS


@kernel()
def known_at(
    whole: I8,
    record: F8,
    inverse: int,
    equity: int,
    p: F8,
    row: I8,
    position: F8,
    entry_price: F8,
    bars_held: F8,
    open_profit: F8,
    equities: F8,
    highest: F8,
    lowest: F8,
) -> None:
    """kinds.ACCOUNT of a symbol of an account in one-way mode as it is now, at one row: a step of `rounds`.

    whole, record  the account's state, in both forms; inverse, equity: places in it
    p              the symbol's row of blocks.py
    position...    out, at `row`
    """
    i = row[0]
    sign = 1.0 if p[LOTS] > 0.0 else -1.0
    h = 0 if sign > 0.0 else SHORT
    if p[h + LOTS] > 0.0:
        other = whole[inverse] != 0
        up = p[h + BASE] * ((1.0 / p[MARK] if other else p[MARK]) - p[h + ENTRY])
        position[i] = sign * p[h + CONTRACTS]
        entry_price[i] = 1.0 / p[h + ENTRY] if other else p[h + ENTRY]
        bars_held[i] = p[h + BARS]
        open_profit[i] = up if (sign > 0.0) != other else -up
        highest[i] = p[h + HIGHEST]
        lowest[i] = p[h + LOWEST]
    else:
        position[i] = 0.0
        entry_price[i] = math.nan
        bars_held[i] = 0.0
        open_profit[i] = 0.0
        highest[i] = math.nan
        lowest[i] = math.nan
    equities[i] = record[equity]


NUMBERS = [name for name, _ in known_at.args[-7:]]  # as kinds.ACCOUNT


class Inside:
    """An account whose rows are done one by one, in rounds with the strategies that read it.

    trader   the account, with its orders
    """

    def __init__(self, trader: Trader, code: int) -> None:
        self.trader = trader
        self.code = code
        self._cell = cell = Cell(account_at)
        of = trader.account.cell
        function, block = of.step
        cell.set(function=function, block=block, first=of.place("first"), until=of.place("close") + 1)
        cell.set(e_ts=of.place("e_ts"), e=of.place("e"))
        cell.set(**{name: account.places[name][0] for name in ("logged", "taken", "paid")})
        cell.buffer("slots", of.slots)
        cell.column("whole", of.state.address, len(account.fields))
        self._known: dict[int, Cell] = {}  # by the symbol's number
        self._asked = self._made()
        self._numbers = array("d", bytes(8 * len(NUMBERS)))

    def begin(self, mind: Mind, start: int, stop: int, names: Sequence[str]) -> tuple[int, int]:
        """The step for rows from `start` up to `stop`; names: the columns of equity."""
        cell, account_ = self._cell, self.trader.account
        cell.buffer("row", mind.row)
        cell.buffer("stops", mind.stops)
        cell.buffer("starts", mind.starts)
        cell.buffer("done", account_.done)
        self._room = room = stop - start
        self._equity = array("d", bytes(8 * room * len(names)))
        first = self._equity.buffer_info()[0]
        self._lie = {name: first + 8 * room * i for i, name in enumerate(names)}
        cell.state.rows = 0
        return cell.step

    def known(self, number: int, row: array[int], places: Sequence[int], n: int) -> tuple[int, int]:
        """The step that writes what is known of a symbol.

        row     (1,) where to;  places: of the columns of kinds.ACCOUNT, of n rows
        """
        cell = self._known.get(number) or self._known.setdefault(number, self._made())
        self._aim(cell, number, row, places, n)
        return cell.step

    def numbers(self, number: int) -> list[float]:
        """kinds.ACCOUNT of a symbol as it is now."""
        first, size = self._numbers.buffer_info()
        self._aim(self._asked, number, array("q", [0]), range(first, first + 8 * size, 8), 1)
        self._asked.run()
        return self._numbers.tolist()

    def _made(self) -> Cell:
        cell, of = Cell(known_at), self.trader.account.cell
        cell.set(**{name: account.places[name][0] for name in ("inverse", "equity")})
        for name in ("whole", "record"):
            cell.column(name, of.state.address, len(account.fields))
        return cell

    def _aim(self, cell: Cell, number: int, row: array[int], places: Sequence[int], n: int) -> None:
        cell.buffer("row", row)
        at, _ = self.trader.account.places.buffer_info()
        cell.column("p", at + 8 * SYMBOL_WIDTH * number, SYMBOL_WIDTH)
        for name, place in zip(NUMBERS, places):
            cell.column(name, place, n)

    def enter(self, last: int) -> None:
        """Before rows are done: `last` is the one that ends the account, or -1."""
        trader, done = self.trader, self._cell.state.rows
        ts, _, first, *_ = self._lie.values()
        trader.give()
        trader.account.aim(ts + 8 * done, first + 8 * done, self._room, trader.columns, 1, last)
        trader.account.make_room()

    def leave(self) -> None:
        """After some: what was given is taken, and what happened can be read."""
        self.trader.account.note_done()
        self.trader.drop_taken()

    def happened(self, columns: Mapping[str, Mapping[str, array[Any]]]) -> list[tuple[str, int, dict[str, Any]]]:
        """What became of orders in the last run, in order, of the columns of its kinds; codes as their words."""
        found = []
        places = dict.fromkeys(columns, 0)
        for kind in self.trader.account.happened():
            if kind in columns:
                i = places[kind]
                places[kind] += 1
                said = of(kind).codes
                row = {name: column[i] for name, column in columns[kind].items() if name != "symbol"}
                row |= {name: said[name][str(row[name])] for name in said if name in row}
                found.append((kind, columns[kind]["symbol"][i], row))
        return found

    def equity(self) -> Part:
        return Part(self.code, self._cell.state.rows, self._lie, self._equity)


class Rounds:
    """The accounts, each a step of the rounds in which bars are done with who decides at them."""

    def __init__(self) -> None:
        self._every: list[Inside] = []
        self._cell: Cell | None = None

    def run(self, runs: Runs, mind: Mind, traders: list[Trader], start: int, stop: int, last: int) -> None:
        """Run the bars that are bound from `start` up to `stop`; the accounts end with row `last`, -1: they go on."""
        every = self._inside(traders)
        found, before = runs.nothing(), runs.counts(traders)
        names, starts = runs.written.schemas["equity"].names, mind.starts
        plan = array("q", [at for one in every for at in one.begin(mind, start, stop, names)])
        plan.extend(at for step in mind.steps(every) for at in step)
        if starts:
            stop = bisect_left(starts, stop)
        cell = self._cell = self._cell or Cell(rounds)
        for name, memory in (("plan", plan), ("row", mind.row), ("stop", mind.stops)):
            cell.buffer(name, memory)
        try:
            while mind.row[0] < stop:
                for one in every:
                    one.enter(last)
                cell.set(until=mind.row[0] + 1 if mind.each else stop)
                cell.run()
                end = mind.row[0]
                at = starts[end] if starts else end
                for one in every:
                    one.leave()
                    _hear(runs, mind, one, end, found)
                    runs.complain(one.trader, at)
                if mind.each or mind.stops[0]:
                    mind.decide(end - 1)
                    for one in every:
                        if one.trader.given.ts:
                            one.trader.run(at, at, NOWHERE)
                            _hear(runs, mind, one, end, found)
                            runs.complain(one.trader, at - 1)
        finally:
            found["equity"] = [one.equity() for one in every]
            runs.write(found, traders, before)

    def along(self, runs: Runs, mind: Mind, traders: list[Trader]) -> AtEnds:
        """Who decides at bars that are run along finer rows, one after the other."""
        return AtEnds(runs, mind, self._inside(traders))

    def known(self, traders: list[Trader], number: int) -> dict[str, list[float]]:
        """kinds.ACCOUNT of a symbol as it is now, by the account's name."""
        return {one.trader.name: one.numbers(number) for one in self._inside(traders)}

    def _inside(self, traders: list[Trader]) -> list[Inside]:
        if [one.trader for one in self._every] != traders:
            self._every = [Inside(trader, code) for code, trader in enumerate(traders)]
        return self._every


class AtEnds:
    """Strategies that are asked once the accounts have come to the end of a bar: see along.py."""

    def __init__(self, runs: Runs, mind: Mind, every: list[Inside]) -> None:
        self._runs, self._mind, self._every = runs, mind, every
        self._happened: list[list[tuple[str, int, dict[str, Any]]]] = [[] for _ in every]
        self._cell = Cell(rounds)
        plan = array("q", [at for step in mind.steps(every) for at in step])
        for name, memory in (("plan", plan), ("row", mind.row), ("stop", mind.stops)):
            self._cell.buffer(name, memory)

    def happened(self, account: int, columns: dict[str, dict[str, array[Any]]]) -> None:
        if self._mind.each:
            self._happened[account] += self._every[account].happened(columns)

    def decide(self, at: int, found: dict[str, list[Part]]) -> None:
        mind = self._mind
        self._cell.set(until=mind.row[0] + 1)
        self._cell.run()
        end = mind.row[0]
        for one, happened in zip(self._every, self._happened):
            if mind.each:
                mind.hear(end - 1, one, happened)
            happened.clear()
        if mind.each or mind.stops[0]:
            mind.decide(end - 1)
            for one in self._every:
                if one.trader.given.ts:
                    one.trader.run(at, at, NOWHERE)
                    _hear(self._runs, mind, one, end, found)
                    self._runs.complain(one.trader, at - 1)


def _hear(runs: Runs, mind: Mind, one: Inside, end: int, found: Mapping[str, list[Part]]) -> None:
    """Keep what happened in an account at the row before `end`, and tell it to who wants to hear of each."""
    told: dict[str, Any] | None = {} if mind.each else None
    runs.take_log(one.trader, one.code, found, told)
    if told is not None and not one.trader.account.state.error:
        mind.hear(end - 1, one, one.happened(told))
