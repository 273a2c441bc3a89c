"""Rows on their way in: the block that a source fills, columns worked out from others, the series they belong to."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.batch import CODES, WIDTHS, Batch, Schema
from hq_core.errors import HqError
from hq_core.formats.csv_kernel import DAY, SECOND
from hq_core.formats.layouts import BOTH, FROM_OPEN, WIDE
from hq_core.formats.times import iso_text
from hq_core.jit import I4, I8, Cell, State, kernel
from hq_core.saved import Count
from hq_core.wire.frame import Memory

if TYPE_CHECKING:
    from hq_core.formats.layouts import Plan
    from hq_core.formats.options import Options
    from hq_core.formats.times import Zone

ROOM = 8192     # rows of a block
NEVER = -(2**63)


@kernel()
def spans(first: I8, last: I8, n: int, count: I4) -> None:
    """count = last - first + 1: how many trades the ids first..last stand for."""
    for i in range(n):
        count[i] = last[i] - first[i] + 1


@kernel()
def narrow(wide: I8, n: int, count: I4) -> None:
    """count = wide, which was checked to fit."""
    for i in range(n):
        count[i] = wide[i]


@kernel(state="last:i8 seen:i8 bad:i8")
def bar_times(open_time: I8, ts: I8, n: int, stamps: int, period: int, given: int, s: State) -> None:
    """A bar's other time, and the first row that does not fit the period.

    open_time ts  (n,)  ns; stamps 1: ts = open_time + period; 2: open_time = ts - period; 0: both are there
    given         1: the period was given, so that rows may overlap
    s             last: open_time of the row before; bad: the row that lasts too long or comes too early, -1 if none
    """
    s.bad = -1
    for i in range(n):
        if stamps == 1:
            ts[i] = open_time[i] + period
        elif stamps == 2:
            open_time[i] = ts[i] - period
        elif ts[i] - open_time[i] > period:
            s.bad = i
            break
        apart = open_time[i] - s.last
        if stamps != 0 and given == 0 and s.seen != 0 and 0 < apart < period:
            s.bad = i
            break
        s.last = open_time[i]
        s.seen = 1


ROWS = {"total": Count, "symbol": str, "symbols": [str], "times": {str: (int, int)}}


class Rows:
    """A block of up to ROOM rows that a source fills by its plan, and what has to be remembered between blocks.

    columns  name -> memoryview of the block's column, of the column's type
    total    rows handed out
    """

    def __init__(self, plan: Plan, options: Options, room: int = ROOM) -> None:
        self.plan = plan
        self.room = room
        self.total = 0
        self.symbol = options.symbol
        self._types = {**dict(plan.cols), **dict.fromkeys(plan.scratch, "i8")}
        wide = 8 * room
        self.memory = Memory(wide * len(self._types))
        self._starts = {name: i * wide for i, name in enumerate(self._types)}
        self.columns: dict[str, Any] = {}
        for name, kind in self._types.items():
            code: Any = CODES[kind]
            at = self._starts[name]
            self.columns[name] = self.memory.view[at : at + room * WIDTHS[kind]].cast(code)
        self._schemas: dict[str, Schema] = {}
        self._times: dict[str, tuple[int, int]] = {}        # symbol -> the last row's time, and whether there was one
        self._addresses = [self.memory.address + self._starts[name] for name, _ in plan.cols]
        self._cell = self._bound()

    def place(self, name: str) -> int:
        """Where the column's row 0 lies in the block, counted in the column's own width."""
        return self._starts[name] // WIDTHS[self._types[name]]

    def named(self, place: int, kind: str) -> tuple[str, int]:
        """The column and row at a place of that width."""
        start = place * WIDTHS[kind]
        name = list(self._types)[start // (8 * self.room)]
        return name, (start - self._starts[name]) // WIDTHS[kind]

    def _bound(self) -> Cell | None:
        plan, address = self.plan, self.memory.address
        if plan.kind == "bar":
            cell = Cell(bar_times)
            for name in ("open_time", "ts"):
                cell.column(name, address + self._starts[name], self.room)
            cell.set(stamps=plan.stamps, period=plan.period, given=plan.given)
            return cell
        if plan.scratch:
            kernel_, names = (narrow, ["wide"]) if plan.scratch == [WIDE] else (spans, plan.scratch)
            cell = Cell(kernel_)
            for name, column in zip((*names, "count"), (*plan.scratch, "trades")):
                cell.column(name, address + self._starts[column], self.room)
            return cell
        return None

    # -- series ------------------------------------------------------------------------------------------
    def series(self) -> tuple[Schema, bool]:
        """The series of the current symbol, and whether it is new."""
        found = self._schemas.get(self.symbol)
        if found is not None:
            return found, False
        plan = self.plan
        made = Schema(plan.kind, self.symbol, plan.period_text if plan.kind == "bar" else "", plan.cols)
        self._schemas[self.symbol] = made
        return made, True

    def schemas(self) -> list[Schema]:
        return list(self._schemas.values())

    # -- rows --------------------------------------------------------------------------------------------
    def batch(self, n: int) -> tuple[Batch, str]:
        """The first n rows of the block, or fewer and what is wrong with the next one."""
        plan = self.plan
        wrong = ""
        if plan.zone is not None and not plan.zone.fixed:
            n, wrong = self._local(n, plan.zone)
        elif plan.kind == "bar":
            n, wrong = self._bar_times(n)
        if plan.scratch and self._cell is not None:
            self._cell.set(n=n)
            self._cell.run()
        self.total += n
        return Batch(self.series()[0], n, self._addresses, self.memory), wrong

    def _bar_times(self, n: int) -> tuple[int, str]:
        cell = self._cell
        assert cell is not None
        state = cell.state
        state.last, state.seen = self._times.get(self.symbol, (0, 0))
        cell.set(n=n)
        cell.run()
        self._times[self.symbol] = state.last, state.seen
        if state.bad < 0:
            return n, ""
        bad = state.bad
        open_time = self.columns["open_time"][bad]
        if self.plan.stamps == BOTH:
            lasts = self.columns["ts"][bad] - open_time
            return bad, self._other_period(open_time, lasts)
        return bad, self._too_near(open_time, open_time - state.last)

    def _other_period(self, open_time: int, lasts: int) -> str:
        return f"the bar of {iso_text(open_time)} lasts {lasts / SECOND:g} s, the period is {self.plan.period_text}"

    def _too_near(self, time: int, apart: int) -> str:
        return (
            f"the bar of {iso_text(time)} comes {apart / SECOND:g} s after the one before it, but the first two rows "
            f"are {self.plan.period_text} apart: pass --period to hq-import"
        )

    def _local(self, n: int, zone: Zone) -> tuple[int, str]:
        """Times of a local clock to UTC, both times of a bar; days of 23 and 25 hours keep their midnights."""
        plan = self.plan
        bar, stamps, period = plan.kind == "bar", plan.stamps, plan.period
        last, seen = self._times.get(self.symbol, (NEVER, 0))
        ts = self.columns["ts"]
        open_time = self.columns["open_time"] if bar else ts
        whole_days = period % DAY == 0
        for i in range(n):
            try:
                if not bar:
                    last = ts[i] = zone.utc(ts[i], last)
                elif stamps == BOTH:
                    open_time[i] = zone.utc(open_time[i], NEVER)
                    last = ts[i] = zone.utc(ts[i], open_time[i])
                else:
                    there, other = (open_time, ts) if stamps == FROM_OPEN else (ts, open_time)
                    shift = period if stamps == FROM_OPEN else -period
                    local = there[i]
                    if seen and not plan.given and 0 < local - seen < period:
                        return i, self._too_near(local, local - seen)
                    last = there[i] = zone.utc(local, last)
                    other[i] = zone.utc(local + shift, NEVER) if whole_days else last + shift
                    seen = local
            except HqError as error:
                return i, str(error)
            self._times[self.symbol] = last, seen
        return n, ""

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        return {
            "total": self.total, "symbol": self.symbol, "symbols": list(self._schemas),
            "times": {symbol: list(time) for symbol, time in self._times.items()},
        }

    def load(self, saved: dict[str, Any]) -> list[Schema]:
        """Take up what `save` gave; the series that were announced."""
        self.total = saved["total"]
        self._times = {symbol: (time[0], time[1]) for symbol, time in saved["times"].items()}
        for self.symbol in saved["symbols"]:
            self.series()
        self.symbol = saved["symbol"]
        return self.schemas()


