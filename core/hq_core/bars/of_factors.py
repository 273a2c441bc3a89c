"""Bars of the values of factors: first, highest, lowest, last and mean value of each in every period of a chain."""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING, Any

from hq_core.bars.cut import cut
from hq_core.bars.period import far, within
from hq_core.bars.sums import pair_add
from hq_core.batch import EVER, Schema
from hq_core.errors import DATA, HqError, did_you_mean
from hq_core.factoring.rows import FEW
from hq_core.jit import B1, F8, I1, I8, Cell, State, kernel
from hq_core.kinds import FACTOR, OHLC, extra_of
from hq_core.memory import after, move
from hq_core.options.aggregate import AggregateOptions
from hq_core.saved import Damaged
from hq_core.say import listed
from hq_core.stream.rows import Room

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hq_core.bars.period import Period
    from hq_core.batch import Batch
    from hq_core.roles import Out

GIVES = (*OHLC, "mean")
CUTS = "stop", "closed", "begins", "ends"  # columns that cut.py's kernel writes
JUDGED = "valid", "reason"
OF_EACH = [name for name, _ in FACTOR.required]  # columns of every bar


@kernel(state="open high low close hi lo n:i8")
def folded(
    x: F8,
    stop: I8,
    s: State,
    out_open: F8,
    out_high: F8,
    out_low: F8,
    out_close: F8,
    out_mean: F8,
    valid: B1,
    reason: I1,
) -> None:
    """The bars of one factor; rows that have no value count in none, and a bar of no values is nan and not valid.

    stop  bar j ends before row stop[j]
    s     of the open bar: the values, their sum as a pair (bars/sums.py), and how many they are
    """
    first, high, low, last, hi, lo, n = s.open, s.high, s.low, s.close, s.hi, s.lo, s.n
    at = 0
    for j in range(len(stop) + 1):
        for i in range(at, stop[j] if j < len(stop) else len(x)):
            value = x[i]
            if value == value:
                first = value if n == 0 else first
                high = value if n == 0 else max(high, value)
                low = value if n == 0 else min(low, value)
                last = value
                hi, lo = pair_add(hi, lo, value, 0.0) if n > 0 else (value, 0.0)
                n += 1
        if j < len(stop):
            at = stop[j]
            out_open[j] = first if n > 0 else math.nan
            out_high[j] = high if n > 0 else math.nan
            out_low[j] = low if n > 0 else math.nan
            out_close[j] = last if n > 0 else math.nan
            out_mean[j] = (hi + lo) / n if n > 0 else math.nan
            if n == 0 and valid[j] != 0:
                valid[j] = 0
                reason[j] = FEW
            n = 0
    s.open, s.high, s.low, s.close, s.hi, s.lo, s.n = first, high, low, last, hi, lo, n


@kernel(state="exch_ts:i8")
def closing(exch: I8, stop: I8, ends: I8, s: State, ts: I8, exch_ts: I8, valid: B1, reason: I1) -> None:
    """What every bar has: its end, the exch_ts of its last row (s: of the last one so far), and no reason yet."""
    for j in range(len(stop)):
        ts[j] = ends[j]
        exch_ts[j] = exch[stop[j] - 1] if stop[j] > 0 else s.exch_ts
        valid[j] = 1
        reason[j] = 0
    if len(exch) > 0:
        s.exch_ts = exch[len(exch) - 1]


KERNELS = cut, closing, folded


class Level:
    """The bars of one period.

    series  what they are written as
    skip    where the open bar begins, if not all its rows are there: it is left out
    """

    def __init__(self, schema: Schema, of: Sequence[str], period: Period, out: Out) -> None:
        self.out = out
        values = ((f"{name}_{one}", "f8") for name in of for one in GIVES)
        self.series = Schema("factor", schema.symbol, period.name, (*FACTOR.required, *values), extra_of("factor"))
        self._announced = out.series(self.series)
        self._cut, self._closing = Cell(cut), Cell(closing)
        self._cut.set(period=period.ns, anchor=period.anchor, every_row=0)
        self._folds = [(name, Cell(folded)) for name in of]
        self._period = period
        self._cuts = {name: array("q") for name in CUTS}
        self._room = Room()
        self._begun, self._skip = False, -EVER

    def take(self, batch: Batch | None, horizon: int) -> int:
        """Further rows, or none, behind which none comes from before `horizon`; how many bars are left out as the
        input began within them."""
        n = batch.n if batch else 0
        if len(self._cuts["stop"]) < 2 * n + 1:
            self._cuts = {name: array("q", bytes(8 * (2 * n + 1))) for name in CUTS}
        if batch and not self._begun:
            self._begun = True
            first, grid = batch.times()[0], self._period
            begins = (first - grid.anchor) // grid.ns * grid.ns + grid.anchor
            self._skip = begins if begins < first else -EVER
        cell = self._cut
        for name, memory in self._cuts.items():
            cell.buffer(name, memory)
        for name in ("at", "known"):
            cell.column(name, batch.address("ts") if batch else 0, n)
        cell.set(horizon=horizon)
        cell.run()
        bars = int(cell.state.cuts)
        laid = self._room.columns(self.series.widths, bars)
        self._lay(batch, bars, dict(zip(self.series.names, laid)))
        left_out = int(bars > 0 and self._cuts["begins"][0] == self._skip)
        if bars > left_out:
            to = self.out.rows(self._announced, bars - left_out)
            move(to, after(laid, self.series.widths, left_out), self.series.widths, bars - left_out)
            self.out.commit(self._announced, bars - left_out)
        return left_out

    def _lay(self, batch: Batch | None, bars: int, to: Mapping[str, int]) -> None:
        n = batch.n if batch else 0
        cell = self._closing
        cell.column("exch", batch.address("exch_ts") if batch else 0, n)
        cell.column("ends", self._cuts["ends"].buffer_info()[0], bars)
        stop = self._cuts["stop"].buffer_info()[0]
        cell.column("stop", stop, bars)
        cell.columns(OF_EACH, [to[name] for name in OF_EACH], bars)
        cell.run()
        for name, cell in self._folds:
            cell.column("x", batch.address(name) if batch else 0, n)
            cell.column("stop", stop, bars)
            cell.columns([f"out_{one}" for one in GIVES], [to[f"{name}_{one}"] for one in GIVES], bars)
            cell.columns(JUDGED, [to[one] for one in JUDGED], bars)
            cell.run()

    def save(self) -> dict[str, Any]:
        return {
            "cut": self._cut.save(),
            "closing": self._closing.save(),
            "folds": [cell.save() for _, cell in self._folds],
            "begun": self._begun,
            "skip": self._skip,
        }

    def load(self, saved: Mapping[str, Any]) -> None:
        self._cut.load(saved["cut"])
        self._closing.load(saved["closing"])
        for (_, cell), one in zip(self._folds, saved["folds"], strict=True):
            cell.load(one)
        self._begun, self._skip = saved["begun"], saved["skip"]


class FactorBars:
    """The bars of one series of rows of factors.

    of       columns of it
    periods  finest first;  drop: takes what is left out, and how often
    """

    def __init__(
        self, schema: Schema, of: Sequence[str], periods: Sequence[Period], out: Out, drop: Callable[[str, int], None]
    ) -> None:
        for name in of:
            if not schema.has(name):
                what = f"{schema.key} has no column '{name}'{did_you_mean(name, schema.names)}; it has "
                raise HqError(what + listed(schema.names), DATA, hint=("name others with ", AggregateOptions.of))
            schema.typed(name, "f8")
        schema.typed("exch_ts", "i8")
        self.key = schema.key
        self._drop = drop
        self._levels = [Level(schema, of, period, out) for period in reversed(periods)]

    def rows(self, batch: Batch) -> None:
        if batch.n:
            wrong = next(filter(None, (far(batch.times()[at]) for at in (0, batch.n - 1))), None)
            if wrong:
                raise HqError(f"{self.key}: {wrong}", DATA)
            self._take(batch, -EVER)

    def mark(self, ts: int) -> None:
        """No later row has an earlier ts."""
        self._take(None, within(ts))

    def _take(self, batch: Batch | None, horizon: int) -> None:
        for level in self._levels:
            if level.take(batch, horizon):
                self._drop("a first bar of which the input holds only a part", 1)

    def save(self) -> dict[str, Any]:
        return {level.series.period: level.save() for level in self._levels}

    def load(self, saved: Mapping[str, Any]) -> None:
        for level in self._levels:
            if level.series.period not in saved:
                raise Damaged(f"{self.key}: has no bars of {level.series.period}")
            level.load(saved[level.series.period])
