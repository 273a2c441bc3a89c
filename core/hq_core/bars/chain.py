"""One symbol's chain of periods: base rows are checked and put in order once, and every level takes them from there."""
from __future__ import annotations

from array import array
from ctypes import c_double, c_int64
from typing import TYPE_CHECKING, Any

from hq_core.bars import merge, order
from hq_core.bars.late import Held
from hq_core.bars.level import NEVER, Level, Scratch
from hq_core.bars.period import parse_period, say_length, say_time
from hq_core.bars.plan import Plan
from hq_core.bars.trades import check_trades
from hq_core.batch import Schema
from hq_core.errors import DATA, HqError
from hq_core.jit import Cell, address_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.bars.level import Out
    from hq_core.bars.period import Period
    from hq_core.bars.plan import Options
    from hq_core.batch import Batch

_AT = c_int64.from_address
_VALUE = c_double.from_address


class Chain:
    """From trades or bars of one symbol to bars of all `periods` (finest first).

    dropped, notices   the owner's counts of rows not used, by reason, and of other things worth telling
    """

    def __init__(
        self, schema: Schema, periods: Sequence[Period], options: Options, scratch: list[Scratch], out: Out,
        dropped: dict[str, int], notices: dict[str, int],
    ) -> None:
        self.key = schema.key
        self.out = out
        self.options = options
        self.plan = Plan(schema, options)
        self.bars = schema.of == "bar"
        self.dropped = dropped
        self.notices = notices
        self.started = False            # a row has come since the beginning, or since `flush`
        self.cover = self.last = NEVER
        self.marked = -NEVER            # the first mark that came before any row
        self.levels: list[Level] = []
        while len(scratch) < len(periods):
            scratch.append(Scratch())
        if self.bars:
            self._fits(schema, periods)
        for i, period in enumerate(periods):
            self.levels.append(Level(period, self.plan, self._finer(period), scratch[i], not self.bars))
        for level in reversed(self.levels):
            level.series = out.series(self.plan.schema(schema.symbol, level.period))
        self.held = Held(self._base_schema(schema), options.lateness) if options.lateness else None
        if self.bars:
            self._check = Cell(merge.check_bars)
            self._check.set(period=self.base.ns, anchor=self.base.anchor, max_gap=options.max_gap * options.fill)
            self._opens = Cell(merge.opens)
            self._opens.set(period=self.base.ns)
            self._pack = {"f8": Cell(merge.pack), "i8": Cell(merge.pack_count)}
            self._check_sum = Cell(merge.check_sum)
            self._rows = bytearray()
            self._open_times = array("q")
        else:
            self._check = Cell(order.check_order)
            self._check.set(max_gap=options.max_gap * options.fill)
            self._values = Cell(check_trades)

    def _fits(self, schema: Schema, periods: Sequence[Period]) -> None:
        if not schema.period:
            raise HqError(f"{self.key}: these bars do not say their period; hq-import --period names it", DATA)
        self.base = parse_period(schema.period)
        for period in periods:
            if not period.holds(self.base):
                how = "not longer than" if period.ns <= self.base.ns else "no multiple of"
                raise HqError(f"{self.key}: period {period.name} is {how} the input's {self.base.name}", DATA)

    def _finer(self, period: Period) -> Level | None:
        """The coarsest level that `period` can be merged from.

        The days of a zone begin at no fixed place of a finer grid, and a forming bar holds what no finer bar has yet:
        both are made from the base rows, with the same values, since sums do not depend on the way (sums.py).
        """
        if self.options.every_row:
            return None
        for level in reversed(self.levels):
            if (level.edges is not None) != (bool(self.options.zone) and period.name in ("1d", "1w")):
                continue
            if period.holds(level.period):
                return level
        return None

    def _base_schema(self, schema: Schema) -> Schema:
        return Schema(schema.of, schema.symbol, schema.period, tuple(self.plan.inputs.items()))

    # -- input -------------------------------------------------------------------------------------------
    def rows(self, batch: Batch) -> None:
        """Take rows in; those before a bad one have been worked on and handed over when HqError names it."""
        if self.bars and "complete" in self.plan.inputs:
            whole = bytes(batch.view("complete"))
            if 0 in whole:
                self._whole_runs(batch, whole)
                return
        self._arrive(batch)

    def _whole_runs(self, batch: Batch, whole: bytes) -> None:
        """A forming bar of the input changes nothing: its closed form follows."""
        self._count("forming", whole.count(0))
        start = 0
        while start < len(whole):
            if whole[start] == 0:
                start += 1
                continue
            stop = whole.find(0, start)
            stop = len(whole) if stop < 0 else stop
            self._arrive(batch.slice(start, stop))
            start = stop

    def _arrive(self, batch: Batch) -> None:
        if self.held is None:
            self._in_order(batch, NEVER)
            return
        given = self.held.push(batch)
        self._count("late", self.held.late())
        self._in_order(given, self.held.horizon - self.bars)

    def _in_order(self, batch: Batch, horizon: int) -> None:
        good, problem = self._checked(batch) if batch.n else (0, None)
        if good:
            ts = batch.address("ts")
            self.last = _AT(ts + 8 * (good - 1)).value
            at = self._open_column(batch, good) if self.bars else ts
            if not self.started:
                self.started = True
                self.cover = min(_AT(at).value, self.marked)
            self._feed(batch, good, at, max(self.last, horizon))
        elif horizon > NEVER and self.started:
            self._feed(None, 0, 0, horizon)
        if problem:
            raise HqError(f"{self.key} row {self._check.state.rows + 1}: {problem}", DATA)

    def _open_column(self, batch: Batch, n: int) -> int:
        if "open_time" in self.plan.inputs:
            return batch.address("open_time")
        return address_of(self._open_times)

    def _feed(self, batch: Batch | None, n: int, at: int, horizon: int) -> None:
        rows = ends = 0
        if self.bars and batch is not None:
            rows, ends = self._packed(batch, n), batch.address("ts")
        for level in self.levels:
            if level.finer is not None:
                level.step(horizon)
            elif self.bars:
                level.bars(rows, at, ends, n, horizon)
            else:
                level.trades(batch, n, horizon)
        self._write(horizon)

    def _write(self, horizon: int) -> None:
        for level in reversed(self.levels):
            partial = level.write(self.out, self.cover, horizon)
            if partial:
                if self.options.partial == "error":
                    name, begin = level.period.name, say_time(level.partial_open())
                    raise HqError(f"{self.key}: the {name} bar of {begin} is partial (--partial drop or keep)", DATA)
                self._count("partial", partial)

    def _packed(self, batch: Batch, n: int) -> int:
        """The bodies of finer bars: the columns side by side, the low halves of the pairs 0 as they were made."""
        need = 8 * n * self.plan.width
        if len(self._rows) < need:
            self._rows = bytearray(need)
        places = [(name, "f8", i) for i, name in enumerate(("open", "high", "low", "close"))]
        for name, kind, place in places + self.plan.sums:
            pack = self._pack[kind]
            pack.column("column", batch.address(name), n)
            pack.buffer("rows", self._rows)
            pack.set(width=self.plan.width, at=place)
            pack.run()
        return address_of(self._rows)

    # -- checks ------------------------------------------------------------------------------------------
    def _checked(self, batch: Batch) -> tuple[int, str | None]:
        """How many rows from the first on are fit for use, and what is wrong with the next one."""
        return self._checked_bars(batch) if self.bars else self._checked_trades(batch)

    def _checked_trades(self, batch: Batch) -> tuple[int, str | None]:
        n = batch.n
        values = self._values
        price, qty = batch.address("price"), batch.address("qty")
        values.column("price", price, n)
        values.column("qty", qty, n)
        values.run()
        usable = values.state.good
        check = self._check
        ts = batch.address("ts")
        check.column("ts", ts, usable)
        ids = "id" in self.plan.inputs
        check.column("id", batch.address("id") if ids else 0, usable if ids else 0)
        check.run()
        good, state = check.state.good, check.state
        if state.why:
            return good, self._order_problem(_AT(ts + 8 * good).value)
        if good < n:
            p, q = _VALUE(price + 8 * good).value, _VALUE(qty + 8 * good).value
            return good, f"price {p!r} and qty {q!r}: a trade needs a finite price > 0 and a finite qty >= 0"
        return good, None

    def _order_problem(self, ts: int) -> str:
        state = self._check.state
        if state.why == order.ID_BACK:
            return f"id goes back while ts stays {say_time(ts)}; sort the input by ts and id, or pass --lateness"
        if state.why == order.GAP:
            return self._gap(say_time(ts))
        return self._back(state.why == order.MARKED, state.by)

    def _checked_bars(self, batch: Batch) -> tuple[int, str | None]:
        n = batch.n
        usable, bad = n, ""
        for name, kind, _ in self.plan.sums:
            if kind == "f8":
                self._check_sum.column("column", batch.address(name), usable)
                self._check_sum.run()
                if self._check_sum.state.good < usable:
                    usable, bad = self._check_sum.state.good, name
        if "open_time" not in self.plan.inputs:
            if len(self._open_times) < n:
                self._open_times = array("q", bytes(8 * n))
            self._opens.column("ts", batch.address("ts"), n)
            self._opens.buffer("out", self._open_times)
            self._opens.run()
        check, state = self._check, self._check.state
        check.column("ts", batch.address("ts"), usable)
        check.column("open_time", self._open_column(batch, n), usable)
        for name in ("open", "high", "low", "close"):
            check.column(name, batch.address(name), usable)
        check.run()
        good = state.good
        if state.unaligned:
            self.notices["unaligned"] = self.notices.get("unaligned", 0) + state.unaligned
            state.unaligned = 0
        if state.why:
            return good, self._bar_problem(batch, good)
        if good < n:
            value = _VALUE(batch.address(bad) + 8 * good).value
            return good, f"{bad} is {value!r}, must be finite and >= 0, or NaN where it is absent"
        return good, None

    def _bar_problem(self, batch: Batch, i: int) -> str:
        state = self._check.state
        if state.why in (merge.BACK, merge.MARKED):
            return self._back(state.why == merge.MARKED, state.by)
        begin = say_time(_AT(self._open_column(batch, i) + 8 * i).value)
        if state.why == merge.OVERLAP:
            return f"the bar opens at {begin}, before the one before it closes at {say_time(state.last)}"
        if state.why == merge.EMPTY:
            return f"the bar opens at {begin} and closes no later"
        if state.why == merge.GAP:
            return self._gap(begin)
        names = ("high", "low") if state.why == merge.HIGH_LOW else ("open", "high", "low", "close")
        values = ", ".join(f"{name} {_VALUE(batch.address(name) + 8 * i).value!r}" for name in names)
        rule = "high is below low" if state.why == merge.HIGH_LOW else "prices must be finite"
        return f"{values} at {begin}: {rule}"

    def _back(self, marked: bool, by: int) -> str:
        if marked:
            return f"ts lies {by} ns before a mark, which said that no earlier row would come"
        return f"ts goes back by {by} ns; sort the input or pass --lateness"

    def _gap(self, until: str) -> str:
        state = self._check.state
        length, limit = say_length(state.by), say_length(self.options.max_gap)
        return f"nothing from {say_time(state.last)} to {until} ({length}), longer than --max-gap {limit}"

    # -- time without rows, and the end ------------------------------------------------------------------
    def mark(self, ts: int) -> None:
        """No later row has an earlier ts; bars of the input may still close at it."""
        if not self.started:
            self.marked = min(self.marked, ts)
        state = self._check.state
        if self.held is not None:
            self._in_order(self.held.until(ts), ts - self.bars)
        elif self.started:
            if self.options.fill and ts - self.last > self.options.max_gap:
                state.by = ts - self.last
                raise HqError(f"{self.key}: {self._gap(say_time(ts))}", DATA)
            self._feed(None, 0, 0, ts - self.bars)
        state.mark = max(state.mark, ts) if state.marked else ts
        state.marked = 1

    def flush(self) -> None:
        """The input has ended: what waits is taken in, and open bars end here as partial ones."""
        if self.held is not None:
            self._in_order(self.held.until(-NEVER - self.options.lateness), NEVER)
        if not self.started:
            return
        for level in self.levels:
            level.cut_short(self.last, 0 if self.bars else self.options.slack)
        self._write(self.last)
        self.started = False
        self.marked = -NEVER

    def _count(self, reason: str, n: int) -> None:
        if n:
            self.dropped[reason] = self.dropped.get(reason, 0) + n

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        return {
            "sums": [name for name, _, _ in self.plan.sums],
            "started": self.started, "cover": self.cover, "last": self.last, "marked": self.marked,
            "check": self._check.save(),
            "held": self.held.save() if self.held else {},
            "levels": {level.period.name: level.save() for level in self.levels},
        }

    def load(self, saved: dict[str, Any]) -> None:
        """Carry on where `save` was called; the series must have the same columns to add up."""
        now, then = [name for name, _, _ in self.plan.sums], saved["sums"]
        if now != then:
            raise HqError(f"{self.key}: its columns were {', '.join(then)} and are now {', '.join(now)}", DATA)
        self.started, self.cover, self.last = saved["started"], saved["cover"], saved["last"]
        self.marked = saved["marked"]
        self._check.load(saved["check"])
        if self.held is not None:
            self.held.load(saved["held"])
        for level in self.levels:
            level.load(saved["levels"][level.period.name])
