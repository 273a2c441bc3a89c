"""One period of one symbol: its cells, its open bar, and the rows that leave."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from ctypes import c_int64
from typing import TYPE_CHECKING, Any

from hq_core.bars.cut import cut
from hq_core.bars.fill import CLOSED, CUT_SHORT, find_hole, lay
from hq_core.bars.merge import fold_bars, mean_price, take
from hq_core.bars.period import Edges
from hq_core.bars.tiers import fold_tiers
from hq_core.bars.trades import fold_trades
from hq_core.batch import EVER
from hq_core.errors import DATA, HqError
from hq_core.jit import Cell, address_of
from hq_core.kinds import PLAIN, TRADE
from hq_core.saved import Damaged

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    from hq_core.bars.period import Period
    from hq_core.bars.plan import BarPlan
    from hq_core.batch import Batch, Schema
    from hq_core.holes import Holes
    from hq_core.jit import Kernel

    class RowOut(Protocol):
        def series(self, schema: Schema) -> Any: ...
        def rows(self, series: Any, n: int) -> list[int]: ...
        def commit(self, series: Any, n: int) -> None: ...


CHUNK = 4096  # rows asked of the writer at a time where flat bars make their number unknown
_FOLDED = tuple(name for name, _ in fold_trades.args if name in TRADE.names)
TAKEN = "body", "places", "starts", "source", "floats", "integers"
LEVEL = (bytes, bytes, bytes, bytes, bytes, bytes)


def kernels(tiers: bool) -> tuple[Kernel, ...]:
    """What bars of trades are made by."""
    return (fold_trades, *([fold_tiers] if tiers else []), cut, lay, take, mean_price, fold_bars)


class BarScratch:
    """Memory for the bars that one read closes, shared by all symbols; one for each place in the chain."""

    def __init__(self) -> None:
        self.room = self.width = 0
        self.stop = self.kinds = self.begins = self.ends = array("q")
        self.body = bytearray()
        self.source = array("i", bytes(4 * CHUNK))
        self.source_at = address_of(self.source)
        self.body_at = self.begins_at = self.ends_at = 0
        self.take, self.mean = Cell(take), Cell(mean_price)  # they remember nothing, so one does for all symbols

    def fit(self, rows: int, width: int) -> None:
        if rows > self.room or width > self.width:
            self.room = max(rows, self.room, 64)
            self.width = max(width, self.width)
            self.stop, self.kinds, self.begins, self.ends = (array("q", bytes(8 * self.room)) for _ in range(4))
            self.body = bytearray(8 * self.room * self.width)
            self.body_at, self.begins_at, self.ends_at = map(address_of, (self.body, self.begins, self.ends))

    def fit_rows(self, rows: int) -> None:
        if rows > len(self.source):
            self.source = array("i", bytes(4 * rows))
            self.source_at = address_of(self.source)


class Level:
    """Bars of one period, made from the base rows or from the closed bars of a finer level.

    finer   the level whose bars are merged; None: the base rows
    cuts    bars (and, with every_row, forming bars) that the last `run` found, in `scratch`
    """

    name = ""  # of the series that is written

    def __init__(
        self, period: Period, plan: BarPlan, finer: Level | None, scratch: BarScratch, from_trades: bool
    ) -> None:
        self.period = period
        self.plan = plan
        self.finer = finer
        self.scratch = scratch
        self.cuts = 0
        self.series: Any = None
        self.edges = Edges(plan.zone, period.name == "1w") if plan.zone and period.name in ("1d", "1w") else None
        self._cut = Cell(cut)
        self._lay = Cell(lay)
        self._trades = Cell(fold_trades) if from_trades and finer is None else None
        self._bars = None if self._trades else Cell(fold_bars)
        self._tiers = Cell(fold_tiers) if self._trades and plan.bounds else None
        self._acc = bytearray(8 * plan.width)
        self._tier_acc = bytearray(8 * 48)
        for cell in (self._cut, self._lay):
            cell.set(period=period.ns, anchor=period.anchor)
        self._cut.set(every_row=plan.every_row)
        self._lay.set(width=plan.width, keep=plan.partial == "keep", fill=plan.fill)
        self._lay.set(base=plan.base, keep_holes=plan.options.holes != "drop")
        self._lead = min(plan.options.slack_start, period.ns // 100) if from_trades else 0
        taken = sorted(plan.sums, key=lambda one: one[1] == "i8")  # counts last
        self._taken = [plan.place[name] for name, _, _ in taken]
        self._starts = array("q", bytes(8 * len(taken)))
        self._places = array("q", [place for _, _, place in taken])
        self._starts_at, self._places_at = address_of(self._starts), address_of(self._places)
        self._plain = [plan.place[name] for name in PLAIN]
        self._counts = sum(kind == "i8" for _, kind, _ in taken)
        if self._trades:
            self._trades.set(width=plan.width)
        if self._bars:
            self._bars.set(width=plan.width)
            self._bars.buffer("acc", self._acc)
        if self._tiers:
            self._tiers.set(width=plan.width, at=plan.width - 48)
            self._tiers.buffer("bounds", array("d", plan.bounds))
            self._tiers.buffer("acc", self._tier_acc)
        self._bound: array[int] | None = None

    # -- making bars -------------------------------------------------------------------------------------
    def trades(self, batch: Batch | None, n: int, horizon: int) -> None:
        """Take n rows of trades in; close what the horizon closes."""
        if n == 0 and self._nothing_due(horizon):
            return
        ts = batch.address("ts") if batch else 0
        self._find_cuts(ts, ts, n, horizon)
        self._fold_trades(batch, n)

    def _fold_trades(self, batch: Batch | None, n: int) -> None:
        for cell in (self._trades, self._tiers):
            if cell is not None:
                for name in _FOLDED:
                    there = batch is not None and name in self.plan.inputs
                    cell.column(name, batch.address(name) if there and batch else 0, n if there else 0)
                cell.set(cuts=self.cuts)
                cell.run()

    def _nothing_due(self, horizon: int) -> bool:
        state = self._cut.state
        if state.rows == 0 or state.end > horizon:
            self.cuts = 0
            return True
        return False

    @property
    def due(self) -> int:
        """When the open bar ends."""
        state = self._cut.state
        return state.end if state.rows else EVER

    def bars(self, rows: int, begins: int, ends: int, n: int, horizon: int) -> None:
        """Take n finer bars in: the addresses of their bodies, open times and closes."""
        if n == 0 and self._nothing_due(horizon):
            return
        self._find_cuts(begins, ends, n, horizon)
        self._fold_bars(rows, n)

    def _fold_bars(self, rows: int, n: int) -> None:
        cell = self._bars
        assert cell is not None
        cell.column("rows", rows, n * self.plan.width)
        cell.set(n=n, cuts=self.cuts)
        cell.run()

    def step(self, horizon: int) -> None:
        """Take the bars in that the finer level has just closed."""
        fine = self.finer
        assert fine is not None
        made = fine.scratch
        self.bars(made.body_at, made.begins_at, made.ends_at, fine.cuts, horizon)

    def _bind(self, need: int) -> None:
        scratch = self.scratch
        scratch.fit(need, self.plan.width)
        if self._bound is scratch.stop:
            return
        self._bound = scratch.stop
        columns = (("stop", scratch.stop), ("begins", scratch.begins), ("ends", scratch.ends))
        for name, column in columns:
            self._cut.buffer(name, column)
        self._cut.buffer("closed", scratch.kinds)
        self._lay.buffer("kinds", scratch.kinds)
        self._lay.buffer("begins", scratch.begins)
        self._lay.buffer("ends", scratch.ends)
        self._lay.buffer("body", scratch.body)
        for fold in (self._trades, self._bars, self._tiers):
            if fold is not None:
                fold.buffer("stop", scratch.stop)
                fold.buffer("closed", scratch.kinds)
                fold.buffer("body", scratch.body)

    def _find_cuts(self, at: int, known: int, n: int, horizon: int) -> None:
        self._bind(2 * n + 1)
        cell = self._cut
        cell.column("at", at, n)
        cell.column("known", known, n)
        cell.set(horizon=horizon)
        if self.edges is not None:
            self._cover_edges(at, n, horizon)
        cell.run()
        if cell.state.across:
            raise HqError(
                f"row {cell.state.across} of this read: bars of {self.plan.source} reach over the end of a day in "
                f"{self.plan.zone}; give finer bars",
                DATA,
            )
        self.cuts = cell.state.cuts

    def _cover_edges(self, at: int, n: int, horizon: int) -> None:
        assert self.edges is not None
        state = self._cut.state
        used = [state.open] * (state.rows > 0) + [state.done] * state.ended
        used += [self._lay.state.last_end] * self._lay.state.has_close
        if n:
            used += [c_int64.from_address(at).value, c_int64.from_address(at + 8 * (n - 1)).value]
        if horizon > -EVER and used:
            used.append(horizon)
        if used and self.edges.cover(min(used), max(used)):
            self._cut.buffer("edges", self.edges.table)
            self._lay.buffer("edges", self.edges.table)

    # -- the end -----------------------------------------------------------------------------------------
    def cut_short(self, last: int, slack: int) -> None:
        """The input has ended with a row at `last`: the open bar is a partial one, unless little of it was to come."""
        if self.finer is not None:
            self.step(-EVER)
        plan, state = self.plan, self._cut.state
        self._bind(self.cuts + 1)
        if state.rows == 0:
            self.cuts = 0
            return
        scratch = self.scratch
        near = state.end - last <= min(slack, self.period.ns // 100)
        kind, end = (CLOSED, state.end) if near else (CUT_SHORT, last)
        scratch.stop[0], scratch.kinds[0], scratch.begins[0], scratch.ends[0] = 0, kind, state.open, end
        self.cuts = 1
        state.rows = 0
        if self._bars is not None:
            self._fold_bars(0, 0)
        if self._trades is not None:
            self._fold_trades(None, 0)
        if kind == CUT_SHORT and plan.every_row and plan.partial == "keep":
            self.cuts = 0  # its forming row has been written and says the same

    # -- writing -----------------------------------------------------------------------------------------
    def write(self, out: RowOut, cover: int, horizon: int) -> int:
        """Hand the new rows over; the number of partial bars that were not."""
        cuts, lay_cell, plan = self.cuts, self._lay, self.plan
        state = lay_cell.state
        if cuts == 0 and not (plan.fill and state.has_close):
            return 0
        upto = self._cut.state.open if self._cut.state.rows else horizon
        if cuts == 0 and upto < state.last_end + self.period.ns // 2:
            return 0
        if cuts == 0 and self.edges is not None:
            self._cover_edges(0, 0, upto)
        state.next = 0
        lay_cell.set(cuts=cuts, cover=cover - self._lead, upto=upto)
        while True:
            want = cuts - state.next
            if plan.fill:
                since = state.last_end if state.has_close else self.scratch.ends[0]
                want += min(max(upto - since, 0) // self.period.ns, CHUNK)
            want = max(want, 1)
            self.scratch.fit_rows(want)
            at = out.rows(self.series, want)
            n = self._lay_out(at, want)
            out.commit(self.series, n)
            if state.finished or (state.next >= cuts and not plan.fill):
                break
        partial = int(state.partial)
        state.partial = 0
        return partial

    def _lay_out(self, at: Sequence[int], room: int) -> int:
        cell, plan, scratch = self._lay, self.plan, self.scratch
        cell.columns(PLAIN, [at[i] for i in self._plain], room)
        if "time_label" in plan.place:
            cell.column("slot", at[plan.place["time_label"]], room)
        cell.column("source", scratch.source_at, room)
        cell.run()
        n = int(cell.state.rows)
        if n == 0:
            return 0
        first, last = min(at), max(at) + 8 * room  # as one stretch of memory: a call a column costs far more
        self._starts[:] = array("q", [(at[place] - first) >> 3 for place in self._taken])
        stretch, sums = (last - first) >> 3, len(self._starts)
        taker = scratch.take
        taker.set(width=plan.width, counts=self._counts)
        addresses = scratch.body_at, self._places_at, self._starts_at, scratch.source_at, first, first
        for name, there, length in zip(TAKEN, addresses, (self.cuts * plan.width, sums, sums, n, stretch, stretch)):
            taker.column(name, there, length)
        taker.run()
        if "vwap" in plan.place:
            mean = self.scratch.mean
            mean.column("value", at[plan.place["quote_volume"]], n)
            mean.column("volume", at[plan.place["volume"]], n)
            mean.column("out", at[plan.place["vwap"]], n)
            mean.run()
        return n

    # -- holes -------------------------------------------------------------------------------------------
    def first_hole(self, cover: int) -> tuple[int, int, int] | None:
        """End, beginning and missing rows of the first new bar with a hole."""
        if self.cuts == 0:
            return None
        scratch, cell = self.scratch, Cell(find_hole)
        for name in ("begins", "ends", "kinds", "body"):
            cell.buffer(name, getattr(scratch, name))
        cell.set(cuts=self.cuts, width=self.plan.width, cover=cover - self._lead, base=self.plan.base)
        cell.run()
        at = cell.state.at
        return (scratch.ends[at], scratch.begins[at], cell.state.lack) if at < self.cuts else None

    def stop_at(self, ts: int, with_it: bool) -> None:
        """Leave out of the new bars those that are known after `ts`, or at it."""
        self.cuts = (bisect_right if with_it else bisect_left)(self.scratch.ends, ts, 0, self.cuts)

    def holes(self) -> Holes:
        """Bars with holes among those written, or dropped, since the last call."""
        state = self._lay.state
        if state.holes == 0:
            return {}
        found = {self.name: {"bars": state.holes, "rows": state.lack, "first": state.hole_open}}
        state.holes = state.lack = 0
        return found

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> list[bytes]:
        fold = self._trades or self._bars
        assert fold is not None
        tiers = self._tiers.save() if self._tiers else b""
        return [self._cut.save(), fold.save(), self._lay.save(), tiers, bytes(self._acc), bytes(self._tier_acc)]

    def load(self, saved: list[bytes]) -> None:
        fold = self._trades or self._bars
        assert fold is not None
        for what, mine in ((saved[4], self._acc), (saved[5], self._tier_acc)):
            if len(what) != len(mine):
                raise Damaged(f"{self.period.name}: {len(what)} bytes of sums, {len(mine)} wanted")
        self._cut.load(saved[0])
        fold.load(saved[1])
        self._lay.load(saved[2])
        if self._tiers:
            self._tiers.load(saved[3])
        self._acc[:] = saved[4]
        self._tier_acc[:] = saved[5]

    def check(self, last: int | None) -> None:
        """Refuse loaded times that cannot go with a last row at `last`, or with none: what fills in would never end."""
        cut_, lay_ = self._cut.state, self._lay.state
        far = 4 * self.period.ns
        given = {
            "open": cut_.open if cut_.rows else None,
            "end": cut_.end if cut_.rows else None,
            "done": cut_.done if cut_.ended else None,
            "last_end": lay_.last_end if lay_.has_close else None,
        }
        for name, ts in given.items():
            if ts is None:
                continue
            silent = 0 if name in ("open", "end") else (self.plan.options.max_gap if self.plan.fill else 1 << 63)
            if last is None or not -far - silent <= ts - last <= far:
                raise Damaged(f"{self.period.name}: {name} is {ts}, the last row {last}")

    def partial_open(self) -> int:
        return int(self._lay.state.partial_open)
