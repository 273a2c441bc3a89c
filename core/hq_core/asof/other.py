"""The rows that are joined: of each symbol those that a row may still get, and how far they have come."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any

from hq_core import kinds
from hq_core.asof.latest import inexact
from hq_core.batch import EVER, NEVER, SCHEMA, Batch, Schema, described, stretches, undescribed
from hq_core.errors import DATA, HqError
from hq_core.jit import Cell
from hq_core.kernels.ops import AS_FLOAT
from hq_core.memory import move
from hq_core.saved import Count, Damaged
from hq_core.say import iso_text
from hq_core.stream.held import rows_of
from hq_core.stream.rows import Kept

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TS = ("ts", "i8")


class Known:
    """The rows of one series: ts, and the joined columns as float64.

    series   as it was announced
    reached  all later rows have a ts from here on
    section  the last one that had it
    floor    rows before it have been dropped, but for what a row of this ts gets; NEVER: none has
    """

    __slots__ = ("floor", "kept", "reached", "section", "series")

    def __init__(self, series: Schema, columns: Sequence[str]) -> None:
        self.series = series
        cols = (TS, *((f"{at} {name}", "f8") for at, name in enumerate(columns)))  # one may be called ts
        self.kept = Kept(Schema("", cols=cols))
        self.reached = self.floor = NEVER
        self.section = 0

    def drop(self, upto: int, strictly: bool) -> int:
        """Drop rows that a row of that ts or a later one does not get; gives their bytes."""
        kept = self.kept
        times = kept.times()
        n = (bisect_left if strictly else bisect_right)(times, upto) - 1
        if n <= 0:
            return 0
        self.floor = times[n]
        kept.drop(n)
        return n * kept.row


class Other:
    """The rows of all symbols.

    columns   which of their columns are joined
    strictly  what came at a row's own ts does not count for it
    given     up to which ts rows of a symbol have been given on, of all symbols for ''
    marked    all later rows of any symbol have a ts from here on
    told      so have those of the section that is open
    ended     no more come
    bytes     of the rows that are there
    """

    SHAPE = {"known": [(SCHEMA, Count, [bytes], int, int, bool)], "marked": int, "told": int}

    def __init__(self, columns: Sequence[str], strictly: bool, given: Callable[[str], int]) -> None:
        self.columns = columns
        self.strictly = strictly
        self.given = given
        self.marked = self.told = NEVER
        self.ended = False
        self.bytes = 0
        self._section = 0
        self.known: dict[str, Known] = {}  # by symbol; '' alone: the rows are for all symbols
        self._inexact: Cell | None = None
        self._floats: dict[str, Cell] = {}

    def of(self, symbol: str) -> Known | None:
        """What rows of a symbol get."""
        return self.known.get(symbol) or self.known.get("")

    def until(self, symbol: str) -> int:
        """All that rows of the symbol get is known for those before this ts."""
        if self.ended:
            return EVER
        known = self.of(symbol)
        reached = self.marked if known is None else max(self.marked, known.reached)
        if known is not None and known.section == self._section:
            reached = max(reached, self.told)
        return reached + 1 if self.strictly and NEVER < reached < EVER - 1 else reached

    def drop(self, known: Known, upto: int) -> None:
        """Forget what a row of that ts or a later one does not get."""
        if known.kept.n > 1:
            self.bytes -= known.drop(upto, self.strictly)

    def section(self) -> None:
        """A section of what is joined begins."""
        self._section += 1
        self.told = NEVER

    # -- what comes --------------------------------------------------------------------------------------
    def announce(self, series: Schema) -> None:
        """Raises HqError DATA for columns that are not there or no numbers, and for a second series of a symbol."""
        for name in self.columns:
            kind = series.kind(name)
            if kind != "f8" and kind not in AS_FLOAT:
                raise HqError(f"column '{name}' of {series.key} is {kind}; what is joined are numbers", DATA)
        series.typed(series.clock, "i8")
        known = self.known.get(series.symbol)
        if known is None:
            known = self.known[series.symbol] = Known(series, self.columns)
            if len(self.known) > 1 and "" in self.known:
                named = next(one.series.key for symbol, one in self.known.items() if symbol)
                both = f"{self.known[''].series.key} is for all symbols and {named} for one"
                raise HqError(f"{both}; only one of them can be joined", DATA)
        elif known.series.key != series.key:
            raise HqError(
                f"{known.series.key} and {series.key} are of one symbol; only one of them can be joined", DATA
            )
        known.series, known.section = series, self._section

    def rows(self, batch: Batch) -> None:
        """Raises HqError DATA for a value that float64 cannot hold, after the rows before it, and for a row that comes
        when rows that would have got it have been given."""
        known = self.known[batch.schema.symbol]
        known.section = self._section
        if not known.series.same_as(batch.schema):
            self.announce(batch.schema)
        for part, closed in stretches(batch):
            if closed:
                self._take(known, part)

    def _take(self, known: Known, batch: Batch) -> None:
        times = batch.times()
        first, given = times[0], self.given(batch.schema.symbol)
        if first < given or (first == given and not self.strictly):
            raise HqError(
                f"{batch.schema.key}: the row of {iso_text(first)} comes when rows up to {iso_text(given)} have been "
                "given on without it; hq-merge --series puts series in the order of their ts",
                DATA,
            )
        good, wrong = self._exact(batch)
        if good:
            some = batch.slice(0, good) if wrong else batch
            to = known.kept.reserve(good)
            move(to[:1], [some.address(some.schema.clock)], (8,), good)
            for name, there in zip(self.columns, to[1:]):
                self._as_float(some, name, there)
            known.kept.commit(good)
            self.bytes += good * known.kept.row
            last = times[good - 1]
            once = kinds.of(batch.schema.of).key == ("ts",)  # no second row of a ts
            known.reached = last + 1 if once and last < EVER - 1 else last
        if wrong:
            raise HqError(wrong, DATA)

    def _exact(self, batch: Batch) -> tuple[int, str]:
        """How many rows from the first on float64 can hold, and what is wrong with the next one."""
        good, wrong = batch.n, ""
        for name in self.columns:
            if batch.schema.kind(name) != "i8":
                continue
            cell = self._inexact = self._inexact or Cell(inexact)
            cell.column("x", batch.address(name), batch.n)
            cell.run()
            bad = cell.state.bad
            if 0 <= bad < good:
                at = iso_text(batch.times()[bad])
                good = bad
                wrong = f"column '{name}' of {batch.schema.key} is {batch.view(name)[bad]} at {at}, which is no float64"
        return good, wrong

    def _as_float(self, batch: Batch, name: str, to: int) -> None:
        kind, n = batch.schema.kind(name), batch.n
        if kind == "f8":
            move([to], [batch.address(name)], (8,), n)
            return
        cell = self._floats.get(kind)
        if cell is None:
            cell = self._floats[kind] = Cell(AS_FLOAT[kind])
        cell.column("x", batch.address(name), n)
        cell.column("out", to, n)
        cell.run()

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        known = []
        for one in self.known.values():
            columns = one.kept.columns() if one.kept.n else []
            here = one.section == self._section
            known.append([described(one.series), one.kept.n, columns, one.reached, one.floor, here])
        return {"known": known, "marked": self.marked, "told": self.told}

    def load(self, saved: dict[str, Any]) -> None:
        self.marked, self.told = saved["marked"], saved["told"]
        for about, n, columns, reached, floor, here in saved["known"]:
            series = undescribed(about)
            if series.panel or series.symbol in self.known:
                raise Damaged(f"{series.key} is joined twice")
            self.announce(series)
            known = self.known[series.symbol]
            known.reached, known.floor, known.section = reached, floor, self._section - (not here)
            if n:
                rows = rows_of(known.kept.schema, n, columns)
                times = rows.times().tolist()
                if times != sorted(times):
                    raise Damaged(f"rows of {series.key} are in no order")
                move(known.kept.reserve(n), rows.addresses, rows.schema.widths, n)
                known.kept.commit(n)
                self.bytes += n * known.kept.row
