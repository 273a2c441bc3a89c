"""One symbol's chain of periods: base rows are checked and put in order once, and every level takes them from there."""

from __future__ import annotations

from bisect import bisect_left
from ctypes import c_int64, memmove
from typing import TYPE_CHECKING, Any

from hq_core import holes
from hq_core.bars.intake import Arrivals, Bars, Trades
from hq_core.bars.late import LateRows
from hq_core.bars.level import LEVEL, BarScratch, Level
from hq_core.bars.period import far, within
from hq_core.bars.plan import BarPlan
from hq_core.batch import EVER, Schema
from hq_core.errors import DATA, HqError
from hq_core.options.aggregate import AggregateOptions
from hq_core.say import iso_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.bars.level import RowOut
    from hq_core.bars.period import Period
    from hq_core.bars.plan import BarOptions
    from hq_core.batch import Batch

_AT = c_int64.from_address
CHAIN = {
    "sums": [str],
    "started": bool,
    "cover": int,
    "last": int,
    "marked": int,
    "check": bytes,
    "held": object,
    "levels": {str: LEVEL},
}


class Chain:
    """From trades or bars of one symbol to bars of all `periods` (finest first).

    dropped, notices, found   the owner's counts: rows not used, by reason; other things worth telling; holes
    own     the series whose rows leave as they came, since a period asked for is the input's own; or None
    """

    def __init__(
        self,
        schema: Schema,
        periods: Sequence[Period],
        options: BarOptions,
        scratch: list[BarScratch],
        out: RowOut,
        dropped: dict[str, int],
        notices: dict[str, int],
        found: holes.Holes,
    ) -> None:
        self.key = schema.key
        self.out = out
        self.options = options
        self.plan = BarPlan(schema, options)
        self.bars = Bars(schema, periods, self.plan, options) if schema.of == "bar" else None
        self.arrivals: Arrivals = self.bars or Trades(self.plan, options)
        self.dropped = dropped
        self.notices = notices
        self.found = found
        self.started = False  # a row has come since the beginning, or since `flush`
        self.cover = self.last = -EVER
        self.marked = self.stopped = EVER  # the first mark that came before any row; where an error stopped us
        self.levels: list[Level] = []
        self._due = -EVER  # before that nothing closes of itself
        passed = [p for p in periods if self.bars and p.name == self.bars.period and options.passes]
        periods = [p for p in periods if p not in passed]
        while len(scratch) < len(periods):
            scratch.append(BarScratch())
        for i, period in enumerate(periods):
            self.levels.append(Level(period, self.plan, self._finer(period), scratch[i], self.bars is None))
        for level in reversed(self.levels):
            made = self.plan.schema(schema.symbol, level.period)
            level.name, level.series = made.key, out.series(made)
        self.own = out.series(schema) if passed else None
        self.held = LateRows(self._base_schema(schema), options.lateness) if options.lateness else None

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
                self._whole_runs(batch, bytes(map(bool, whole)))
                return
        self._arrive(batch)

    def _whole_runs(self, batch: Batch, whole: bytes) -> None:
        """A forming bar of the input changes nothing: its closed form follows."""
        if self.own is None:
            self._count("forming", whole.count(0))
        start = 0
        while start < len(whole):
            stop = whole.find(1 - whole[start], start)
            stop = len(whole) if stop < 0 else stop
            if whole[start]:
                self._arrive(batch.slice(start, stop))
            elif self.own is not None:
                self._copy(batch.slice(start, stop))
            start = stop

    def _arrive(self, batch: Batch) -> None:
        if self.held is None:
            self._in_order(batch, -EVER)
            return
        given = self.held.push(batch)
        self._count("late", self.held.late())
        self._in_order(given, self.held.horizon - self.arrivals.early)
        taken = self.held.taken
        if taken < batch.n:
            problem = far(_AT(batch.address("ts") + 8 * taken).value)
            raise HqError(f"{self.key} row {self.held.seen + 1}: {problem}", DATA)

    def _in_order(self, batch: Batch, horizon: int) -> None:
        good, problem = self.arrivals.checked(batch) if batch.n else (0, None)
        if self.arrivals.unaligned:
            self.notices["unaligned"] = self.notices.get("unaligned", 0) + self.arrivals.unaligned
            self.arrivals.unaligned = 0
        if good:
            ts = batch.address("ts")
            self.last = _AT(ts + 8 * (good - 1)).value
            at = self.arrivals.at(batch)
            if not self.started:
                self.started = True
                self.cover = min(_AT(at).value, self.marked)
        silent = self.arrivals.silent(horizon) if self.options.fill and self.started else None
        if good:
            self._pass(
                batch if good == batch.n else batch.slice(0, good), at, self.last if silent else max(self.last, horizon)
            )
        elif horizon > -EVER and self.started and not silent:
            self._feed(None, 0, 0, horizon)
        if silent:
            raise silent.within(self.key)
        if problem:
            raise problem.within(f"{self.key} row {self.arrivals.rows + 1}")

    def _pass(self, batch: Batch, at: int, horizon: int) -> None:
        """Make bars of the rows, and hand the rows themselves over behind the coarser bars if they pass."""
        if self.own is None:
            self._feed(batch, batch.n, at, horizon)
            return
        self.stopped = EVER
        try:
            self._feed(batch, batch.n, at, horizon)
        finally:
            self._copy(batch.slice(0, bisect_left(batch.view("ts"), self.stopped)))

    def _copy(self, batch: Batch) -> None:
        if batch.n:
            for to, at, w in zip(self.out.rows(self.own, batch.n), batch.addresses, batch.schema.widths):
                memmove(to, at, w * batch.n)
            self.out.commit(self.own, batch.n)

    def _feed(self, batch: Batch | None, n: int, at: int, horizon: int) -> None:
        rows = ends = 0
        if self.bars and batch is not None:
            rows, ends = self.bars.packed(n), batch.address("ts")
        for level in self.levels:
            if level.finer is not None:
                level.step(horizon)
            elif self.bars:
                level.bars(rows, at, ends, n, horizon)
            else:
                level.trades(batch, n, horizon)
        self._write(horizon)
        self._due = min((level.due for level in self.levels), default=EVER)

    def _write(self, horizon: int) -> None:
        problem = self._stop_at_hole() if self.options.holes == "error" else None
        for level in reversed(self.levels):
            partial = level.write(self.out, self.cover, horizon)
            if partial:
                if self.options.partial == "error":
                    name, begin = level.period.name, iso_text(level.partial_open())
                    what = f"the {name} bar of {begin} is partial (", AggregateOptions.partial, " drop or keep)"
                    raise HqError(what, subject=self.key)
                self._count("partial", partial)
            self._found(level.holes())
        if problem:
            raise problem

    def _found(self, found: holes.Holes) -> None:
        if self.options.holes == "drop":
            self._count("holes", sum(one["bars"] for one in found.values()))
        else:
            holes.add(self.found, found)

    def _stop_at_hole(self) -> HqError | None:
        """What is wrong with the first new bar with a hole; it and what is known after it will not be written."""
        first = min(
            ((hole[0], -i, hole) for i, level in enumerate(self.levels) if (hole := level.first_hole(self.cover))),
            default=None,
        )
        if first is None:
            return None
        self.stopped, at, (end, begin, lack) = first[0], -first[1], first[2]
        for i, level in enumerate(self.levels):
            level.stop_at(end, i > at)
        bar = f"the {self.levels[at].period.name} bar of {iso_text(begin)}"
        what = f"{bar} lacks {lack} row{'s' * (lack != 1)} (", AggregateOptions.holes, " keep or drop)"
        return HqError(what, subject=self.key)

    # -- time without rows, and the end ------------------------------------------------------------------
    def mark(self, ts: int) -> None:
        """No later row has an earlier ts; bars of the input may still close at it."""
        ts = within(ts)
        if not self.started:
            self.marked = min(self.marked, ts)
        horizon = ts - self.arrivals.early
        if self.held is not None:
            self._in_order(self.held.until(ts), horizon)
        elif self.started:
            silent = self.arrivals.silent(ts) if self.options.fill else None
            if silent:
                raise silent.within(self.key)
            if horizon >= self._due or self.options.fill:
                self._feed(None, 0, 0, horizon)
        self.arrivals.mark(ts)

    def advance(self, ts: int) -> None:
        """Other symbols have come to ts: bars that ended close, for as long as their time is filled."""
        ts = within(ts) - self.options.lateness
        if self.started and not (self.options.fill and self.arrivals.silent(ts)):
            self.mark(ts)

    def flush(self) -> None:
        """The input has ended: what waits is taken in, and open bars end here as partial ones."""
        if self.held is not None:
            self._in_order(self.held.until(EVER), -EVER)
        if not self.started:
            return
        for level in self.levels:
            level.cut_short(self.last, 0 if self.bars else self.options.slack)
        self._write(self.last)
        self.started = False
        self.marked = EVER

    def _count(self, reason: str, n: int) -> None:
        if n:
            self.dropped[reason] = self.dropped.get(reason, 0) + n

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        return {
            "sums": [name for name, _, _ in self.plan.sums],
            "started": self.started,
            "cover": self.cover,
            "last": self.last,
            "marked": self.marked,
            "check": self.arrivals.check.save(),
            "held": self.held.save() if self.held else {},
            "levels": {level.period.name: level.save() for level in self.levels},
        }

    def load(self, saved: dict[str, Any]) -> None:
        """Carry on where `save` was called; the series must have the same columns to add up."""
        now, then = [name for name, _, _ in self.plan.sums], saved["sums"]
        if now != then:
            if not saved["started"] and not saved["held"]:  # of no rows there is nothing to add to
                self.marked = saved["marked"]
                return
            before, after = (", ".join(names) or "none" for names in (then, now))
            raise HqError(f"{self.key}: of what adds up its columns were {before} and are now {after}", DATA)
        self.started, self.cover, self.last = saved["started"], saved["cover"], saved["last"]
        self.marked = saved["marked"]
        self.arrivals.check.load(saved["check"])
        if self.held is not None:
            self.held.load(saved["held"])
        for level in self.levels:
            level.load(saved["levels"][level.period.name])
            level.check(self.last if self.started else None)
