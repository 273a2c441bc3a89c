"""Accounts that strategies run inside: a bar in the account, then at the strategies, then the next one."""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING

from hq_core.futures.account import account
from hq_core.futures.along import NOWHERE
from hq_core.futures.blocks import BARS, BASE, CONTRACTS, ENTRY, HIGHEST, LOTS, LOWEST, MARK, SHORT
from hq_core.futures.trader import Part
from hq_core.jit import BREAKS, F8, I8, STOPS, Cell, State, hq_call, kernel, rounds
from hq_core.kinds import of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Protocol

    from hq_core.futures.runs import Runs
    from hq_core.futures.trader import Trader

    class Mind(Protocol):
        """What decides at the bars: strategies over a series.

        row, stops   as the steps of jit/engine.py's `rounds` have them
        steps        those that follow on the accounts'
        each         it is to be asked at every row; else where a step has stopped
        """

        row: array[int]
        stops: array[int]
        steps: list[tuple[int, int]]
        each: bool

        def account_columns(self, strategy: str) -> Sequence[int]:
            """Where each of kinds.ACCOUNT goes, row by row; nothing where the strategy reads none."""

        def hear(self, row: int, strategy: str, happened: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
            """What became of a strategy's orders, kind and row, after its account has done a row."""

        def decide(self, row: int) -> None:
            """Give what is ordered at a row."""


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
    record: F8,
    inverse: int,
    equity: int,
    logged: int,
    taken: int,
    paid: int,
    p: F8,
    row: I8,
    stops: I8,
    s: State,
    position: F8,
    entry_price: F8,
    bars_held: F8,
    open_profit: F8,
    equities: F8,
    highest: F8,
    lowest: F8,
) -> None:
    """`account` at one row, of one symbol in one-way mode: a step of `rounds`; s.rows counts its rows of equity.

    slots          the arguments of `account`; first, until, e_ts, e: where it has its rows, and where equity goes
    done           its last argument
    whole, record  its state, in both forms; inverse, equity, logged, taken, paid: places in it
    position...    out: kinds.ACCOUNT, after the row; empty where nobody reads them
    """
    i = row[0]
    slots[first] = i
    slots[until] = i + 1
    hq_call(function, block)
    s.rows += done[1]
    slots[e_ts] += 8 * done[1]
    slots[e] += 8 * done[1]
    if done[0] <= i:
        stops[0] = BREAKS
        return
    if whole[logged] + whole[taken] + whole[paid] > 0:
        stops[0] = STOPS
    if len(position) > 0:
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


NUMBERS = [name for name, _ in account_at.args[-7:]]  # as kinds.ACCOUNT


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
        cell.set(**{name: account.places[name][0] for name in ("inverse", "equity", "logged", "taken", "paid")})
        cell.buffer("slots", of.slots)
        for name in ("whole", "record"):
            cell.column(name, of.state.address, len(account.fields))

    def begin(self, mind: Mind, start: int, stop: int, names: Sequence[str]) -> tuple[int, int]:
        """The step for rows from `start` up to `stop`; names: the columns of equity."""
        cell, account_ = self._cell, self.trader.account
        places = mind.account_columns(self.trader.name)
        for i, name in enumerate(NUMBERS):
            cell.column(name, places[i] if places else 0, stop if places else 0)
        cell.buffer("row", mind.row)
        cell.buffer("stops", mind.stops)
        cell.buffer("done", account_.done)
        cell.buffer("p", account_.places)
        self._room = room = stop - start
        self._equity = array("d", bytes(8 * room * len(names)))
        first = self._equity.buffer_info()[0]
        self._lie = {name: first + 8 * room * i for i, name in enumerate(names)}
        cell.state.rows = 0
        return cell.step

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

    def happened(self, columns: Mapping[str, Mapping[str, array[Any]]]) -> list[tuple[str, dict[str, Any]]]:
        """What became of orders in the last run, in order, of the columns of its kinds; codes as their words."""
        found = []
        places = dict.fromkeys(columns, 0)
        for kind in self.trader.account.happened():
            if kind in columns:
                i = places[kind]
                places[kind] += 1
                said = of(kind).codes
                row = {name: column[i] for name, column in columns[kind].items() if name != "symbol"}
                found.append((kind, row | {name: said[name][str(row[name])] for name in said if name in row}))
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
        if [one.trader for one in self._every] != traders:
            self._every = [Inside(trader, code) for code, trader in enumerate(traders)]
        every = self._every
        found, before = runs.nothing(), runs.counts(traders)
        names = runs.written.schemas["equity"].names
        plan = array("q", [at for one in every for at in one.begin(mind, start, stop, names)])
        plan.extend(at for step in mind.steps for at in step)
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
                for one in every:
                    one.leave()
                    _hear(runs, mind, one, end, found)
                    runs.complain(one.trader, end)
                if mind.each or mind.stops[0]:
                    mind.decide(end - 1)
                    for one in every:
                        if one.trader.given.ts:
                            one.trader.run(end, end, NOWHERE)
                            _hear(runs, mind, one, end, found)
                            runs.complain(one.trader, end - 1)
        finally:
            found["equity"] = [one.equity() for one in every]
            runs.write(found, traders, before)


def _hear(runs: Runs, mind: Mind, one: Inside, end: int, found: Mapping[str, list[Part]]) -> None:
    """Keep what happened in an account at the row before `end`, and tell it to who wants to hear of each."""
    columns = runs.take_log(one.trader, one.code, found)
    if mind.each and not one.trader.account.state.error:
        mind.hear(end - 1, one.trader.name, one.happened(columns))
