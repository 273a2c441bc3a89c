"""Several series inside the accounts that trade them all: an instant there, then at each symbol that has a row."""

from __future__ import annotations

from array import array
from collections import Counter
from ctypes import c_int32, c_int64
from typing import TYPE_CHECKING

from hq_core.batch import EVER
from hq_core.jit import I4, I8, Cell, State, hq_call, kernel
from hq_core.memory import room

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from hq_core.roles import Joins, Out
    from hq_core.series.inside import Desk, Happened, InsideUnit, OwnAccount


@kernel(state="n:i8")
def instants_of(ts: I8, s: State, starts: I8) -> None:
    """starts[] = the first row of each ts, and behind them the end; s.n: how many ts there are.

    ts      (n,) in order;  starts: (n + 1,)
    """
    k = 0
    for i in range(len(ts)):
        if i == 0 or ts[i] != ts[i - 1]:
            starts[k] = i
            k += 1
    starts[k] = len(ts)
    s.n = k


@kernel()
def each_symbol(row: I8, starts: I8, symbol: I4, first: I8, plan: I8, stops: I8, stop: I8) -> None:
    """A step of `rounds`: the steps of each symbol that has a row at an instant, in the order of its rows.

    row, starts  the instant, and the row at which each begins
    symbol       the number of each row's symbol; absent: 0
    plan         steps, those of a symbol from first[number] up to first[number + 1]
    stops        (symbols,) where the steps of each say that they stop
    """
    for j in range(starts[row[0]], starts[row[0] + 1]):
        whose = symbol[j] if len(symbol) > 0 else 0
        stops[whose] = 0
        for k in range(first[whose], first[whose + 1], 2):
            hq_call(plan[k], plan[k + 1])
        if stops[whose] != 0:
            stop[0] = stops[whose]


class InsideGroup:
    """The series of a stage that the accounts trade; where there are several, their rows wait till their ts is whole.

    joiner   what puts panels together behind the stage, where they are taken apart before it
    several  whether rows wait: of panels, as of several series
    each     strategies are asked at every instant
    """

    def __init__(self, desk: Desk, given: Out) -> None:
        self.desk, self.given = desk, given
        self.joiner: Joins | None = None
        self.each = False
        self.row, self.stops, self.starts = array("q", [0]), array("q", [0]), array("q")
        self._stops = array("q")  # of each symbol, by its number
        self._units: list[InsideUnit] = []
        self._by_number: dict[int, InsideUnit] = {}
        self._here: list[InsideUnit] = []  # whose rows are being run
        self._step: Cell | None = None
        self._instants: Cell | None = None
        self._room = array("q")
        self._whose: Any = ()  # the number of each row's symbol
        self._shared = 0, 0  # where that lies, and of how many rows

    def add(self, unit: InsideUnit) -> None:
        self._units.append(unit)
        self.each |= unit.each

    @property
    def several(self) -> bool:
        return self.joiner is not None or len(self._units) > 1 or self.desk.reached != EVER

    @property
    def waiting(self) -> int:
        return sum(unit.waits.n for unit in self._units)

    def reached(self, out: Out) -> int:
        """Up to which ts the rows of all series have come, where each comes by itself, and what is beside them."""
        out.flush()
        return min((self.desk.reached, *(unit.waits.last for unit in self._units)))

    # -- rows --------------------------------------------------------------------------------------------
    def run(self, limit: int, symbols: Sequence[str], out: Out, ends: bool = False) -> None:
        """Run what waits before a ts, of which no more comes.

        symbols  all that are known, in the order in which the accounts number them
        ends     the last closed row is the accounts' end
        """
        if not self.waiting:
            return
        if self.joiner is not None:
            self.joiner.release(lambda of, period: (limit, ""))  # what the accounts read beside the bars
        out.flush()
        numbers = dict(zip(symbols, self.desk.numbers_of(symbols)))
        for unit in self._units:
            unit.number = numbers[unit.schema.symbol]
            self._by_number[unit.number] = unit
        while True:
            until = min(limit, *(unit.waits.due for unit in self._units))
            self._run_closed(until, out, ends and until > max(unit.waits.last for unit in self._units))
            if until >= limit:
                return
            for unit in self._units:
                if unit.waits.forming(until):
                    unit.pass_forming(out)

    def _run_closed(self, limit: int, out: Out, ends: bool) -> None:
        there = [(unit, n) for unit in self._units if (n := unit.waits.closed(limit))]
        if not there:
            return
        self._here = [unit for unit, _ in there]
        self._whose = ()
        self.row[0] = 0
        self._stops = array("q", bytes(8 * (1 + max(self._by_number))))
        stops = memoryview(self._stops)
        parts = [unit.take_part(n, stops[unit.number : unit.number + 1]) for unit, n in there]
        done = Counter[int]()
        try:
            self.desk.run_together(parts, self, limit, ends)
            done.update({unit.number: n for unit, n in there})
        except BaseException:
            done.update(self._whose[: self.starts[self.row[0]]] if len(self._whose) else ())
            raise
        finally:
            for unit in self._here:
                unit.pass_on(done[unit.number], out)

    # -- what the accounts ask of it ---------------------------------------------------------------------
    def see(self, columns: Mapping[str, int], n: int) -> None:
        cell = self._instants = self._instants or Cell(instants_of)
        cell.column("ts", columns["ts"], n)
        at = room(self._room, n + 1)
        cell.column("starts", at, n + 1)
        cell.run()
        self.starts = self._room[: cell.state.n + 1]
        self.row[0] = 0
        whose = columns.get("symbol", 0)
        self._shared = (whose, n) if whose else (0, 0)
        self._whose = (c_int32 * n).from_address(whose) if whose else (c_int64 * n)()
        for unit in self._here:
            unit.row[0] = -1

    def steps(self, accounts: Sequence[OwnAccount]) -> list[tuple[int, int]]:
        first, plan = array("q", [0]), array("q")
        of = {unit.number: unit for unit in self._here}
        for number in range(1 + max(of)):
            if number in of:
                plan.extend(at for step in of[number].steps(accounts) for at in step)
            first.append(len(plan))
        cell = self._step = self._step or Cell(each_symbol)
        for name, memory in (("row", self.row), ("starts", self.starts), ("first", first), ("plan", plan)):
            cell.buffer(name, memory)
        cell.buffer("stops", self._stops)
        cell.buffer("stop", self.stops)
        cell.column("symbol", *self._shared)
        return [cell.step]

    def decide(self, row: int) -> None:
        try:
            for number in self._at(row):
                unit = self._by_number[number]
                if self.each or self._stops[number]:
                    unit.order(unit.row[0])
        finally:
            self.given.flush()

    def hear(self, row: int, account: OwnAccount, happened: Happened) -> None:
        here = set(self._at(row))
        for number in sorted(here.union(whose for _, whose, _ in happened)):
            mine, unit = [one for one in happened if one[1] == number], self._by_number[number]
            if number in here:
                unit.hear(unit.row[0], account, mine)
            else:
                unit.tell(account.trader.name, account.numbers(number), mine)

    def _at(self, row: int) -> Sequence[int]:
        """The numbers of the symbols that have a row at an instant."""
        found: Sequence[int] = self._whose[self.starts[row] : self.starts[row + 1]]
        return found
