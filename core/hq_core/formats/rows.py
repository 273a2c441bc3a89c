"""Rows on their way in: the block that a source fills, columns worked out from others, the series they belong to."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from hq_core.batch import CODES, NEVER, NO_TEXTS, WIDTHS, Batch, Schema
from hq_core.errors import HqError
from hq_core.formats.plan import BOTH, FROM_OPEN, WIDE
from hq_core.formats.prices import LASTS, OVERLAPS, WAYS_OUT, YEARS, Judge, amounts, shapes, years
from hq_core.formats.text_kernel import DAY, HOUR, SECOND
from hq_core.jit import I1, I4, I8, Cell, State, kernel
from hq_core.memory import Memory
from hq_core.options.imports import DROP, ERROR, KEEP, SORT, SaidOptions, ask
from hq_core.saved import Count, Damaged, shaped
from hq_core.say import iso_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hq_core.errors import Phrase
    from hq_core.formats.options import SourceOptions
    from hq_core.formats.plan import FieldPlan
    from hq_core.formats.times import Zone
    from hq_core.jit import Kernel
    from hq_core.roles import Item

ROOM = 16384  # rows of a block: what one read of text gives, mostly
FOUND, GIVEN, ANYHOW = range(3)  # whether a period was found or given, or does not matter
SPOT = (NEVER, 0, NEVER)  # of a symbol's last row: its time, whether there was one, the end of its bar
BLOCK = 1 << 19  # values of a block, so that thousands of columns take no more memory than some dozen


def loose(period: int) -> int:
    """ns by which bars of a period differ: an hour where clocks are changed, a ninth where months and years are."""
    if period < 28 * DAY:
        return HOUR if period % DAY == 0 else 0
    return period // 9


@kernel(state="bad:i8")
def spans(first: I8, last: I8, n: int, count: I4, s: State) -> None:
    """count = last - first + 1: how many trades the ids first..last stand for.

    s   bad: the first row where that is none, or more than 32 bits hold; -1 if there is none
    """
    s.bad = -1
    for i in range(n):
        # half of each first: a difference of such ids can be more than int64 holds, and may then be any number
        if last[i] < first[i] or (last[i] >> 1) - (first[i] >> 1) > 1 << 30 or last[i] - first[i] > 2147483646:
            s.bad = i
            break
        count[i] = last[i] - first[i] + 1


@kernel(state="bad:i8")
def narrow(wide: I8, n: int, count: I4, s: State) -> None:
    """count = wide.

    s   bad: the first row that 32 bits do not hold; -1 if there is none
    """
    s.bad = -1
    for i in range(n):
        if wide[i] > 2147483647 or wide[i] < -2147483648:
            s.bad = i
            break
        count[i] = wide[i]


@kernel(state="last:i8 bad:i8 flawed:i8")
def bar_times(
    open_time: I8,
    ts: I8,
    complete: I1,
    symbol: I4,
    n: int,
    stamps: int,
    period: int,
    loose: int,
    mode: int,
    memory: I8,
    flaws: I1,
    s: State,
) -> None:
    """A bar's other time, and the first row that does not fit the period.

    open_time ts  (n,)  ns; stamps 1: ts = open_time + period; 2: open_time = ts - period; 0: both are there
    complete      (n,)  or empty; bars that are still forming only get their time
    symbol        (n,)  codes in a panel; or empty: all rows are of one
    memory        (symbols, 3) of each symbol's row before: open_time, whether there was one, ts
    loose         ns by which a bar of this period may be longer or come earlier: clocks are changed, months differ
    mode          FOUND: the period was found, a row that comes earlier says another one; GIVEN; ANYHOW: nothing is
                  looked at
    flaws         (n,)  OVERLAPS or LASTS is put where it is 0; what is flawed counts no further
    s             bad: the row that says another period or leaves int64, -1 if none; last: open_time of the row before
                  that; flawed: flaws put
    """
    s.bad = -1
    s.flawed = 0
    marked, many = len(complete) > 0, len(symbol) > 0
    at = 0
    for i in range(n):
        if stamps == 1:
            ts[i] = open_time[i] + period
        elif stamps == 2:
            open_time[i] = ts[i] - period
        if stamps != 0 and ts[i] < open_time[i]:
            s.bad = i
            break
        if mode == 2 or flaws[i] != 0 or (marked and complete[i] == 0):
            continue
        if many:
            at = 3 * symbol[i]
        apart = open_time[i] - memory[at]
        later = memory[at + 1] != 0 and apart > 0
        if stamps == 0:
            lasts = ts[i] - open_time[i]
            if lasts <= 0 or lasts > period + loose:
                flaws[i] = 5
                s.flawed += 1
                continue
            if later and (open_time[i] < memory[at + 2] - loose or (mode == 1 and apart < period - loose)):
                flaws[i] = 4
                s.flawed += 1
                continue
        elif later and mode == 0 and apart < period:
            s.bad, s.last = i, memory[at]
            break
        elif later and apart < period - loose:
            flaws[i] = 4
            s.flawed += 1
            continue
        memory[at] = open_time[i]
        memory[at + 1] = 1
        memory[at + 2] = ts[i]


def room_of(plan: FieldPlan) -> int:
    """Rows of a block of the plan's columns: ROOM, fewer where there are many columns."""
    return min(ROOM, BLOCK // (len(plan.cols) + len(plan.scratch)))


ROWS = {"total": Count, "symbol": str, "series": [str], "codes": [str], "spots": {str: bytes}}


def of_any() -> tuple[Kernel, ...]:
    """What rows of which nothing is known yet may run, in the order of need."""
    return years, amounts, shapes, bar_times, spans, narrow


class RowBlock:
    """A block of up to ROOM rows that a source fills by its plan, and what has to be remembered between blocks.

    columns  name -> memoryview of the block's column, of the column's type
    total    rows handed out
    """

    def __init__(self, plan: FieldPlan, options: SourceOptions, room: int = ROOM) -> None:
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
        self.symbols = options.symbols
        self.codes = self.columns["symbol"] if plan.panel else None
        self._spots: dict[str, array[int]] = {}  # by series; of a panel those of its symbols, by their codes
        self._cols = [col for col in plan.cols if plan.of == plan.kind or col[0] != "open_time"]
        self._addresses = [self.memory.address + self._starts[name] for name, _ in self._cols]
        self._options = options
        self._judge = Judge(plan.kind, [name for name, _ in plan.cols], room, self._bind)
        self._loose = loose(plan.period) if plan.zone is None or plan.zone.fixed else 0
        self._mode = GIVEN if plan.given else FOUND
        if plan.kind == "bar" and not plan.given and not plan.lasting:
            options.found.add(plan.period_text)
        if options.order == SORT or (options.invalid == KEEP and (plan.given or plan.stamps == BOTH)):
            self._mode = ANYHOW
        self._cell = self._bound()
        self._unsold = bool(plan.ticks) and "volume" in self.columns  # nothing but 0 has come as volume

    def place(self, name: str) -> int:
        """Where the column's row 0 lies in the block, counted in the column's own width."""
        return self._starts[name] // WIDTHS[self._types[name]]

    def _bind(self, cell: Cell, argument: str, column: str) -> None:
        cell.column(argument, self.memory.address + self._starts[column], self.room)

    def _bound(self) -> Cell | None:
        plan = self.plan
        if plan.kind == "bar":
            cell = Cell(bar_times)
            for name in ("open_time", "ts", *(("complete",) if "complete" in self.columns else ())):
                self._bind(cell, name, name)
            if plan.panel:
                self._bind(cell, "symbol", "symbol")
            cell.column("flaws", *self._judge.place)
            cell.set(stamps=plan.stamps, period=plan.period, loose=self._loose, mode=self._mode)
            return cell
        if plan.scratch:
            kernel_, names = (narrow, ["wide"]) if plan.scratch == [WIDE] else (spans, plan.scratch)
            cell = Cell(kernel_)
            for name, column in zip((*names, "count"), (*plan.scratch, "trades")):
                self._bind(cell, name, column)
            return cell
        return None

    # -- series ------------------------------------------------------------------------------------------
    def series(self) -> Schema:
        """The panel, or the series of the current symbol."""
        found = self._schemas.get(self.symbol)
        if found is None:
            plan = self.plan
            found = Schema(plan.of, self.symbol, plan.period_text if plan.kind == "bar" else "", self._cols)
            self._schemas[self.symbol] = found
        return found

    def announced(self) -> Iterator[Item]:
        """The series, if it is new, and the texts of symbols that its rows may use from here on."""
        if self.symbol not in self._schemas:
            yield self.series()
        if self.codes is not None:
            yield from self.symbols.untold(self.series().key)

    def _spot(self) -> array[int]:
        """What is remembered of the rows before."""
        found = self._spots.get(self.symbol)
        if found is None:
            found = self._spots[self.symbol] = array("q")
        missing = (len(self.symbols.texts) if self.codes is not None else 1) - len(found) // 3
        if missing > 0:
            found.extend(SPOT * missing)
        return found

    # -- rows --------------------------------------------------------------------------------------------
    def batch(self, n: int) -> tuple[Batch, Phrase]:
        """The first n rows of the block without those that are dropped, or fewer and what is wrong with the next one.

        `total` goes on by the rows of the block that were looked at and found good or dropped.
        """
        plan, options, judge = self.plan, self._options, self._judge
        if options.together.looking:
            self._look(n)
        if self._unsold and n:
            self._no_volume(n)
        wrong: Phrase = ""
        flawed = 0
        if options.invalid != KEEP:
            flawed = judge.rows(n)
            if flawed and options.invalid == ERROR:
                n, wrong = self._first_flaw(n)
        before = judge.flaws
        if plan.zone is not None and not plan.zone.fixed:
            n, more, found = self._local(n, plan.zone)
        elif plan.kind == "bar":
            n, more, found = self._bar_times(n)
        else:
            more, found = "", 0
        if found and options.invalid == ERROR:
            n, more = self._first_flaw(n)
        wrong = more or wrong
        n, more = self._years(n)
        wrong = more or wrong
        if plan.scratch and self._cell is not None:
            n, wrong = self._counts(self._cell, n, wrong)
        if wrong and self.codes is not None:
            wrong = f"{self.symbols.texts[self.codes[n]]}: ", wrong
        self.total += n
        if options.invalid == DROP and flawed + found:
            n = self._drop(n, bytes(before[:n]))
        texts = NO_TEXTS if self.codes is None else self.symbols.tables
        return Batch(self.series(), n, self._addresses, self.memory, texts), wrong

    def _look(self, n: int) -> None:
        """Let the first rows of the first symbol tell whether the files of the input are one series."""
        plan, together = self.plan, self._options.together
        symbol, rows = self.symbol, range(n)
        at: Iterable[int] = rows
        if self.codes is not None and n:
            symbol = together.symbol or self.symbols.texts[self.codes[0]]
            code = self.symbols.code(symbol)
            at = (i for i in rows if self.codes[i] == code)
        together.look(plan, symbol, self.columns, at, loose(plan.period))

    def _no_volume(self, n: int) -> None:
        """Tell that volume is 0 in all rows, as long as that is so: brokers write ticks in a column of their own."""
        line = f"volume is 0 in all rows; --columns 'volume={self.plan.ticks}' takes the ticks for it"
        self._unsold = not any(self.columns["volume"][:n])
        if self._unsold:
            self._options.remark(line)
        else:
            self._options.remarks.pop(line, None)

    def _first_flaw(self, n: int) -> tuple[int, Phrase]:
        judge = self._judge
        at, code = next((i, code) for i, code in enumerate(judge.flaws[:n]) if code)
        row = {name: self.columns[name][at] for name, _ in self.plan.cols}
        if code == LASTS:
            return at, self._other_period(row["open_time"], row["ts"] - row["open_time"])
        if code == OVERLAPS:
            period = self.plan.period_text
            what = f"the bar of {iso_text(row['open_time'])} overlaps the one before it: the period is {period}"
            return at, (what, "; ", WAYS_OUT)
        return at, (judge.message(code, row), "; ", WAYS_OUT)

    def _drop(self, n: int, flaws: bytes) -> int:
        """Close up the rows that have no flaw; how many they are."""
        good = 0
        start = 0
        while start < n:
            stop = start
            while stop < n and not flaws[stop]:
                stop += 1
            if start < stop and good != start:
                for column in self.columns.values():
                    column[good : good + stop - start] = column[start:stop]
            good += stop - start
            if stop < n:
                reason = self._judge.reason(flaws[stop])
                self._options.dropped[reason] = self._options.dropped.get(reason, 0) + 1
            start = stop + 1
        return good

    def _years(self, n: int) -> tuple[int, Phrase]:
        """No time lies where only a wrong unit puts it; 1970 is told."""
        wrong: Phrase = ""
        early = 0
        for name in ("ts", "open_time"):
            if name in self.columns:
                bad, found = self._judge.year(self._bind, name, n, self._options.any_year)
                early = found if name == "ts" else early
                if bad >= 0:
                    n = bad
                    told = f"{name} is {self.columns[name][bad]} ns, {iso_text(self.columns[name][bad])}"
                    way = ask(SaidOptions.any_year)
                    wrong = f"{told}: years of {YEARS} are read; is the time unit right? (", way, " for all)"
        if early:
            self._options.remark("rows in 1970 (is the time unit right? hq-import --any-year says that it is)", early)
        return n, wrong

    def _counts(self, cell: Cell, n: int, wrong: Phrase) -> tuple[int, Phrase]:
        """The number of trades of each row, as far as it fits its 32 bits."""
        cell.set(n=n)
        cell.run()
        bad = cell.state.bad
        if bad < 0:
            return n, wrong
        told = [self.columns[name][bad] for name in self.plan.scratch]
        if len(told) == 1:
            return bad, f"trades is {told[0]}, which does not fit 32 bits"
        return bad, f"trade ids {told[0]} to {told[1]} are {told[1] - told[0] + 1} trades: 1 to {2**31 - 1} can be"

    def _bar_times(self, n: int) -> tuple[int, Phrase, int]:
        cell = self._cell
        assert cell is not None
        state = cell.state
        cell.buffer("memory", self._spot())
        cell.set(n=n)
        cell.run()
        if state.bad < 0:
            return n, "", state.flawed
        bad = state.bad
        open_time, ts = self.columns["open_time"][bad], self.columns["ts"][bad]
        if ts < open_time:
            time = open_time if self.plan.stamps == FROM_OPEN else ts
            return bad, f"the bar of {iso_text(time)} leaves the years that int64 holds", state.flawed
        return bad, self._too_near(open_time, open_time - state.last), state.flawed

    def _other_period(self, open_time: int, lasts: int) -> Phrase:
        lasting = f"the bar of {iso_text(open_time)} lasts {lasts / SECOND:g} s, the period is {self.plan.period_text}"
        return lasting, "; ", WAYS_OUT

    def _too_near(self, time: int, apart: int) -> Phrase:
        near = (
            f"the bar of {iso_text(time)} comes {apart / SECOND:g} s after the one before it, but the first two rows "
        )
        return near, f"are {self.plan.period_text} apart: ", ask(SaidOptions.period)

    def _local(self, n: int, zone: Zone) -> tuple[int, Phrase, int]:
        """Times of a local clock to UTC, both times of a bar; days of 23 and 25 hours keep their midnights."""
        plan = self.plan
        bar, stamps, period = plan.kind == "bar", plan.stamps, plan.period
        spots, at = self._spot(), 0
        ts = self.columns["ts"]
        open_time = self.columns["open_time"] if bar else ts
        complete = self.columns.get("complete")
        flaws, flawed = self._judge.flaws, 0
        whole_days = period % DAY == 0
        for i in range(n):
            if self.codes is not None:
                at = 3 * self.codes[i]
            last, seen, end = spots[at], spots[at + 1], spots[at + 2]
            try:
                if not bar:
                    spots[at] = ts[i] = self._utc(zone, ts[i], last)
                    continue
                there = open_time if stamps in (BOTH, FROM_OPEN) else ts
                local = there[i]
                lasts = ts[i] - local if stamps == BOTH else period
                watched = self._mode != ANYHOW and not flaws[i] and not (complete is not None and complete[i] == 0)
                near = seen != 0 and 0 < local - seen < period
                if watched and near and stamps != BOTH and self._mode == FOUND:
                    return i, self._too_near(local, local - seen), flawed
                if stamps == BOTH:
                    open_time[i] = self._utc(zone, local, NEVER)
                    ts[i] = zone.utc(ts[i], open_time[i])
                else:
                    other, shift = (ts, period) if stamps == FROM_OPEN else (open_time, -period)
                    there[i] = self._utc(zone, local, last)
                    other[i] = zone.utc(local + shift, NEVER) if whole_days else there[i] + shift
                    last = there[i]
                if watched and not 0 < lasts <= period + loose(period) * (period >= 28 * DAY):
                    flaws[i], flawed = LASTS, flawed + 1
                elif (
                    watched
                    and seen
                    and local > seen
                    and ((open_time[i] < end) if stamps == BOTH and self._mode == FOUND else near)
                ):
                    flaws[i], flawed = OVERLAPS, flawed + 1
                elif watched:
                    seen, end = local, ts[i]
            except HqError as error:
                return i, str(error), flawed
            spots[at], spots[at + 1], spots[at + 2] = last, seen, end
        return n, "", flawed

    def _utc(self, zone: Zone, local: int, after: int) -> int:
        """UTC of a local clock; which of the two times that it shows twice a year is told by the row before."""
        if self._options.order != SORT:
            return zone.utc(local, after)
        found = zone.utc(local, NEVER)
        if zone.utc(local, found) != found:
            raise HqError(f"{iso_text(local)[:-1]} is twice in {zone.name}, and rows in no order do not say which")
        return found

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        return {
            "total": self.total,
            "symbol": self.symbol,
            "series": list(self._schemas),
            "codes": [] if self.codes is None else self.symbols.texts,
            "spots": {symbol: spots.tobytes() for symbol, spots in self._spots.items()},
        }

    def load(self, saved: dict[str, Any]) -> Iterator[Item]:
        """Take up what `save` gave; what was announced, once more."""
        shaped(saved, ROWS)
        self.total = saved["total"]
        self.symbols.learn(saved["codes"])
        for symbol, spots in saved["spots"].items():
            if not spots or len(spots) % 24 or len(spots) > 24 * max(1, len(saved["codes"])):
                raise Damaged(f"rows.spots.{symbol}: {len(spots)} bytes are not three numbers a symbol")
            self._spots[symbol] = array("q", spots)
        for self.symbol in saved["series"]:
            yield from self.announced()
        self.symbol = saved["symbol"]
