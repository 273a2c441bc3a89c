"""What arrives: trades or finer bars, checked for sense and order before any of it is used.

Both kinds say how many rows from the first on are fit for use and what is wrong with the next one, where the column
lies that puts a row into a bar, and carry the order's state from batch to batch.
"""

from __future__ import annotations

from array import array
from ctypes import c_double, c_int64
from typing import TYPE_CHECKING

from hq_core.bars import merge, order
from hq_core.bars.period import far
from hq_core.bars.plan import source_period
from hq_core.bars.trades import check_trades
from hq_core.errors import DATA, HqError
from hq_core.jit import Cell, address_of
from hq_core.kinds import OHLC
from hq_core.memory import Memory, move, room
from hq_core.options.aggregate import AggregateOptions
from hq_core.say import iso_text, say_length

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.bars.period import Period
    from hq_core.bars.plan import BarOptions, BarPlan
    from hq_core.batch import Batch, Schema
    from hq_core.jit import Kernel

ALL = 1 << 60  # the length of memory as one column, from address 0 on
CHECKED = ("ts", "open_time", *OHLC)
_AT = c_int64.from_address
_VALUE = c_double.from_address


def _far(ts: int) -> HqError | None:
    wrong = far(ts)
    return HqError(wrong) if wrong else None


class Arrivals:
    """What both kinds share: the order's state, and the words for what is wrong with it.

    early       a mark at ts lets rows be put into bars from ts - early on: bars that close at the mark may still come
    unaligned   rows off the grid of their period, since the owner last looked
    """

    early = 0
    unaligned = 0

    def __init__(self, plan: BarPlan, options: BarOptions, kernel: Kernel) -> None:
        self.plan = plan
        self.check = Cell(kernel)
        self._max_gap = options.max_gap
        self.check.set(max_gap=options.max_gap * options.fill)

    @property
    def rows(self) -> int:
        """Good rows so far."""
        return int(self.check.state.rows)

    def checked(self, batch: Batch) -> tuple[int, HqError | None]:
        """How many rows from the first on are fit for use, and what is wrong with the next one."""
        raise NotImplementedError

    def at(self, batch: Batch) -> int:
        """The address of the column that puts each row into a bar."""
        raise NotImplementedError

    def mark(self, ts: int) -> None:
        """No later row has an earlier ts: one that has is an error."""
        state = self.check.state
        state.mark = max(state.mark, ts) if state.marked else ts
        state.marked = 1

    def silent(self, until: int) -> HqError | None:
        """What is wrong with a time without rows that is too long to be filled, if it is."""
        return self._gap(until) if until - self.check.state.last > self._max_gap else None

    def _back(self, marked: bool, ts: int) -> HqError:
        state = self.check.state
        if marked:
            back = say_length(state.mark - ts)
            return HqError(f"ts lies {back} before a mark, which said that no earlier row would come")
        if ts == state.last:
            return HqError(f"a second bar closes at {iso_text(ts)}", hint="hq-import --dedupe drops repeats")
        hint = "sort the input or pass ", AggregateOptions.lateness
        return HqError(f"ts goes back by {say_length(state.last - ts)}", hint=hint)

    def _gap(self, until: int) -> HqError:
        since = self.check.state.last
        length, limit = say_length(until - since), say_length(self._max_gap)
        rule = "longer than ", AggregateOptions.max_gap, f" {limit}"
        return HqError(f"nothing from {iso_text(since)} to {iso_text(until)} ({length})", rule=rule)


class Trades(Arrivals):
    """Trades: finite prices > 0 and quantities >= 0, in the order of ts."""

    def __init__(self, plan: BarPlan, options: BarOptions) -> None:
        super().__init__(plan, options, order.check_order)
        self._values = Cell(check_trades)

    def at(self, batch: Batch) -> int:
        return batch.address("ts")

    def checked(self, batch: Batch) -> tuple[int, HqError | None]:
        n = batch.n
        values = self._values
        price, qty = batch.address("price"), batch.address("qty")
        values.column("price", price, n)
        values.column("qty", qty, n)
        values.run()
        usable = values.state.good
        check = self.check
        ts = batch.address("ts")
        check.column("ts", ts, usable)
        check.run()
        good, state = check.state.good, check.state
        if state.why:
            return good, self._order_problem(_AT(ts + 8 * good).value)
        if good < n:
            p, q = _VALUE(price + 8 * good).value, _VALUE(qty + 8 * good).value
            return good, HqError(f"price {p!r} and qty {q!r}: a trade needs a finite price > 0 and a finite qty >= 0")
        return good, None

    def _order_problem(self, ts: int) -> HqError:
        state = self.check.state
        if state.why == order.GAP:
            return self._gap(ts)
        return _far(ts) or self._back(state.why == order.MARKED, ts)


class Bars(Arrivals):
    """Bars of a finer period: one after the other, prices finite, high not below low, sums not negative."""

    early = 1

    def __init__(self, schema: Schema, periods: Sequence[Period], plan: BarPlan, options: BarOptions) -> None:
        super().__init__(plan, options, merge.check_bars)
        base = self._fitting(schema, periods, options)
        self.period = base.name
        zoned = "tz" in schema.extra and base.name in ("1d", "1w")  # days of a zone lie on no grid
        self.check.set(period=1 if zoned else base.ns, anchor=base.anchor)
        self._opens = Cell(merge.opens)
        self._opens.set(period=base.ns)
        sums = sorted(plan.sums, key=lambda one: one[1] == "i8")  # counts last
        self._values = [*OHLC, *(name for name, _, _ in sums)]
        self._places = array("q", [*range(len(OHLC)), *(place for _, _, place in sums)])
        self._starts = array("q", bytes(8 * len(self._values)))  # of the rows that were checked last
        self._aligned: Memory | None = None
        counts = sum(kind == "i8" for _, kind, _ in sums)
        self._pack, self._sums = Cell(merge.pack), Cell(merge.check_sums)
        for cell in (self._pack, self._sums):
            cell.column("floats", 0, ALL)
            cell.buffer("starts", self._starts)
        self._pack.column("integers", 0, ALL)
        self._pack.buffer("places", self._places)
        self._pack.set(width=plan.width, counts=counts)
        self._sums.set(first=len(OHLC), last=len(self._values) - counts)
        self._rows = bytearray()
        self._packed = 0  # where they lie
        self._open_times = array("q")

    def _fitting(self, schema: Schema, periods: Sequence[Period], options: BarOptions) -> Period:
        """The input's period, which every period asked for must be, or be a multiple of."""
        base = source_period(schema)
        for period in periods:
            if period.name == base.name:
                self._same_days(schema, base, options)
            elif not period.holds(base):
                how = "shorter than" if period.ns < base.ns else "no multiple of"
                raise HqError(f"{schema.key}: period {period.name} is {how} the input's {base.name}", DATA)
        return base

    def _same_days(self, schema: Schema, base: Period, options: BarOptions) -> None:
        given, asked = str(schema.extra.get("tz") or "UTC"), options.tz or "UTC"
        if base.name in ("1d", "1w") and given != asked:
            what = f"its bars of {base.name} follow the days of {given}, not of {asked}"
            raise HqError(what, subject=schema.key, hint=("give finer bars, or ", AggregateOptions.tz, f" {given}"))

    def at(self, batch: Batch) -> int:
        return batch.address("open_time") if "open_time" in self.plan.inputs else address_of(self._open_times)

    def checked(self, batch: Batch) -> tuple[int, HqError | None]:
        n = batch.n
        addresses = self._found(batch)
        sums = self._sums
        sums.set(n=n)
        sums.run()
        usable, bad = sums.state.good, sums.state.bad
        if "open_time" not in self.plan.inputs:
            room(self._open_times, n)
            self._opens.column("ts", batch.address("ts"), n)
            self._opens.buffer("out", self._open_times)
            self._opens.run()
        check, state = self.check, self.check.state
        check.columns(CHECKED, (batch.address("ts"), self.at(batch), *addresses), usable)
        check.run()
        good = state.good
        if state.unaligned:
            self.unaligned += state.unaligned
            state.unaligned = 0
        if state.why:
            return good, self._bar_problem(batch, good)
        if good < n:
            name = self._values[bad]
            value = _VALUE(batch.address(name) + 8 * good).value
            return good, HqError(f"{name} is {value!r}, must be finite and >= 0, or NaN where it is absent")
        return good, None

    def _bar_problem(self, batch: Batch, i: int) -> HqError:
        state = self.check.state
        ts, opens = (_AT(at + 8 * i).value for at in (batch.address("ts"), self.at(batch)))
        if state.why == merge.FAR:
            return HqError(far(ts) or far(opens))
        if state.why in (merge.BACK, merge.MARKED):
            return self._back(state.why == merge.MARKED, ts)
        begin = iso_text(opens)
        if state.why == merge.OVERLAP:
            return HqError(f"the bar opens at {begin}, before the one before it closes at {iso_text(state.last)}")
        if state.why == merge.EMPTY:
            return HqError(f"the bar opens at {begin} and closes no later")
        if state.why == merge.GAP:
            return self._gap(opens)
        names = ("high", "low") if state.why == merge.HIGH_LOW else OHLC
        values = ", ".join(f"{name} {_VALUE(batch.address(name) + 8 * i).value!r}" for name in names)
        rule = "high is below low" if state.why == merge.HIGH_LOW else "prices must be finite"
        return HqError(f"{values} at {begin}: {rule}")

    def _found(self, batch: Batch) -> list[int]:
        """Where the columns of values lie, noted for the kernels that read them all."""
        where, index = batch.addresses, batch.schema.index
        addresses = [where[index(name)] for name in self._values]
        if any(at & 7 for at in addresses):
            self._aligned = Memory(8 * batch.n * len(addresses))
            to = [self._aligned.address + 8 * batch.n * i for i in range(len(addresses))]
            move(to, addresses, [8] * len(to), batch.n)
            addresses = to
        self._starts[:] = array("q", [at >> 3 for at in addresses])
        return addresses

    def packed(self, n: int) -> int:
        """The bodies of the first n bars that were checked last: the columns side by side, the low halves of the pairs
        0 as they were made."""
        width = self.plan.width
        if len(self._rows) < 8 * n * width:
            self._rows = bytearray(8 * n * width)
            self._packed = address_of(self._rows)
            count = Cell(merge.count_one)
            count.buffer("rows", self._rows)
            count.set(n=n, width=width)
            count.run()
            self._pack.buffer("rows", self._rows)
        self._pack.set(n=n)
        self._pack.run()
        return self._packed
