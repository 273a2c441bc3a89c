"""Funding that waits to be paid, from the stream and from a file, and the times at which it was due and none came."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple

from hq_core.batch import EVER, NEVER
from hq_core.errors import DATA, HqError
from hq_core.kinds import no_price, no_rate
from hq_core.options.account import FundingOptions
from hq_core.saved import Damaged, shaped
from hq_core.say import iso_text, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from hq_core.batch import Batch

MINUTE, HOUR = 60_000_000_000, 3_600_000_000_000
LATE = MINUTE // 2  # so long after the time at which it was due it is missed
MANY = 1000  # missed in a stretch of bars: from here on it is worth while to look where its bars lie
USUAL = 8 * HOUR  # between two payments of a symbol of which no two rows have come
SHAPE = ([(int, str, float, float)], int, int, {str: (int, int, int)})


class Due(NamedTuple):
    """A row of funding: rate, nan where one was due and is not known, and mark price, nan where it says none.

    The mark of one that is not known is how many were due from its ts on before anything else happens; nan: one.
    """

    ts: int
    symbol: str
    rate: float
    mark: float


def dues_of(batch: Batch) -> Iterator[Due]:
    """The rows of a batch of kind funding; HqError DATA for one whose rate or mark price cannot be."""
    schema = batch.schema
    marks = batch.view("mark_price") if schema.has("mark_price") else [math.nan] * batch.n
    for one in map(Due, batch.view("ts"), batch.symbols(), batch.view("rate"), marks):
        if no_rate(one.rate) or no_price(one.mark):
            told = f"rate {one.rate!r}, mark price {one.mark!r}"
            rule = "the rate is a share from -1 to 1, the mark price above 0, and nan is what is not known"
            raise HqError(f"{_row(one)} has {told}; {rule}", DATA)
        yield one


def nominal(ts: int) -> int:
    """The minute that a payment was meant for: exchanges' rows are some milliseconds late."""
    return (ts + MINUTE // 2) // MINUTE * MINUTE


class Dues:
    """Rows of funding in order of ts.

    file     path of the file that some are from; '' of none
    late     rows that came when bars that end no earlier had been run already, and were paid at the next ones
    watched  what was due and did not come is told from the first bar on; else from the first row of funding on
    """

    def __init__(self, file: str = "", rows: Iterable[Due] = (), watched: bool = False) -> None:
        self.file = file
        self.watched = watched or bool(file)
        self._option = FundingOptions.funding, f" {file}"
        self._rows = sorted(rows, key=lambda one: one.ts)
        self._of_file: set[tuple[str, int]] = set()
        for one in self._rows:
            if (one.symbol, nominal(one.ts)) in self._of_file:
                raise HqError(f"{_row(one)} is there twice", DATA, subject=self._option)
            self._of_file.add((one.symbol, nominal(one.ts)))
        self._minutes = {at for _, at in self._of_file}
        self._since = self._given = NEVER  # from when on what is missed is told; up to where rows were given
        self.late = 0
        self._behind: list[Due] = []  # late ones, behind which no bar has come
        self._named = {one.symbol for one in self._rows}
        self._soonest = NEVER  # of what is due
        self._next: dict[str, tuple[int, int, int]] = {}  # by symbol: when it is due, the interval, its last row

    @property
    def waiting(self) -> bool:
        return bool(self._rows or self._behind)

    def told(self, numbers: Mapping[str, int]) -> dict[str, int]:
        """What became of the rows that were late, and of how many."""
        unpaid, way = self._unpaid(numbers), "; hq-merge lays them before their bars"
        found = {
            f"rows of funding came behind bars that end no earlier, and were paid at the next one{way}": self.late,
            f"rows of funding came behind the last bar that ends no earlier, and were not paid{way}": unpaid,
        }
        if unpaid and not self.late and all(last == NEVER for _, _, last in self._next.values()):
            what = "all rows of funding of what is traded came behind the bars, and none was paid"
            found = {f"{what}{way}, cat does not": unpaid}
        return {what: n for what, n in found.items() if n}

    def _unpaid(self, numbers: Mapping[str, int]) -> int:
        return sum(not one.symbol or one.symbol in numbers for one in self._behind)

    def check(self, numbers: Mapping[str, int]) -> None:
        """HqError DATA where the file has none of the symbols that are traded."""
        if self.file and numbers and self._named and not self._named & {"", *numbers}:
            what = f"there is no funding of {listed(list(numbers))} in it, it has that of {listed(sorted(self._named))}"
            raise HqError(what, DATA, subject=self._option)

    def bars_come(self, numbers: Mapping[str, int]) -> None:
        """Further bars have come: what was late is paid at them."""
        if self._behind:
            self.late += self._unpaid(numbers)
            self._rows = sorted((*self._behind, *self._rows), key=lambda one: one.ts)
            self._behind = []

    @property
    def given(self) -> bool:
        """Whether anybody has said something of funding, so that what is missed is told."""
        return self.watched or self._since != NEVER

    def add(self, rows: Iterable[Due]) -> None:
        """Rows of the stream, each before the bars that end no earlier."""
        for one in rows:
            at = nominal(one.ts)
            if {(one.symbol, at), ("", at)} & self._of_file or (not one.symbol and at in self._minutes):
                what = f"{_row(one)} is in the stream too; give it once"
                raise HqError(what, DATA, subject=self._option)
            if self._since == NEVER and not self.watched:
                self._since = nominal(one.ts)
            if one.ts <= self._given:
                self._behind.append(one)
            else:
                self._rows.append(one)
        self._rows.sort(key=lambda one: one.ts)

    def until(
        self,
        first: int,
        limit: int,
        numbers: Mapping[str, int],
        only: str | None,
        edges: Callable[[], Sequence[int]] | None = None,
    ) -> list[Due]:
        """The rows up to a ts of symbols that are traded, and those that were missed; first: ts of the first bar now.

        only   the symbol that the account trades, None of several: whose rows are that do not say it
        edges  when in between bars begin and end, in order: many that are missed between two of them are one row
        """
        if self._since == NEVER and self.watched:
            self._since = first
        nothing = self._since == NEVER or (len(numbers) == len(self._next) and limit < self._soonest + LATE)
        if nothing and not (self._rows and self._rows[0].ts <= limit):
            self._given = max(self._given, limit)
            return []
        n = bisect_right(self._rows, limit, key=lambda one: one.ts)
        due, self._rows[:n] = self._rows[:n], []
        self._given = max(self._given, limit)
        if only is None and len(numbers) == 1:
            only = next(iter(numbers))  # a panel of one symbol is that symbol's
        unnamed = next((one for one in due if not one.symbol), None)
        if unnamed is not None and only is None and "" not in numbers:
            raise self._of_nobody(unnamed)
        due = [one if one.symbol else one._replace(symbol=only or "") for one in due]
        due = [one for one in due if one.symbol in numbers]
        due = [one._replace(mark=math.nan) if math.isnan(one.rate) else one for one in due]
        if self._since == NEVER or (not due and nothing):
            return due
        came: dict[str, list[int]] = {}
        for one in due:
            came.setdefault(one.symbol, []).append(nominal(one.ts))
        found = due + [one for symbol in numbers for one in self._missed(symbol, came.get(symbol, []), limit, edges)]
        self._soonest = min((at for at, _, _ in self._next.values()), default=EVER)
        return sorted(found, key=lambda one: one.ts)

    def _of_nobody(self, one: Due) -> HqError:
        """The error for a row that may be of any of several symbols."""
        if ("", nominal(one.ts)) in self._of_file:
            hint = f"hq-import --kind funding --symbol NAME {self.file} says it"
            return HqError("its rows name no symbol, and several are traded", DATA, subject=self._option, hint=hint)
        return HqError(f"{_row(one)}: several are traded", DATA, hint="hq-import --kind funding --symbol NAME says it")

    def _missed(
        self, symbol: str, came: list[int], limit: int, edges: Callable[[], Sequence[int]] | None
    ) -> Iterator[Due]:
        """Times up to `limit` at which funding was due and no row came."""
        due, interval, last = self._next.get(symbol) or (-(-self._since // USUAL) * USUAL, USUAL, NEVER)
        for ts in came:
            n = max(0, -(-(ts - due) // interval))
            yield from _run(symbol, due + LATE, interval, n, edges)
            due += n * interval
            if last != NEVER and ts > last:
                interval = ts - last
            last, due = ts, ts + interval
        n = max(0, (limit - due - LATE) // interval + 1)
        yield from _run(symbol, due + LATE, interval, n, edges)
        self._next[symbol] = due + n * interval, interval, last

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> list[Any]:
        """Without the rows of the file, which are read from it again."""
        stream = [
            list(one) for one in (*self._behind, *self._rows) if (one.symbol, nominal(one.ts)) not in self._of_file
        ]
        return [stream, self._since, self._given, {symbol: list(one) for symbol, one in self._next.items()}]

    def load(self, saved: Any) -> None:
        stream, self._since, self._given, following = shaped(saved, SHAPE)
        if any(interval < MINUTE for _, interval, _ in following.values()):
            raise Damaged("funding: less than a minute lies between two payments")
        self._next = {symbol: (due, interval, last) for symbol, (due, interval, last) in following.items()}
        rows = [one for one in self._rows if one.ts > self._given]
        mine = [Due(*one) for one in stream]
        self._behind = [one for one in mine if one.ts <= self._given]
        self._rows = sorted((*rows, *(one for one in mine if one.ts > self._given)), key=lambda one: one.ts)


def _run(symbol: str, ts: int, interval: int, n: int, edges: Callable[[], Sequence[int]] | None) -> Iterator[Due]:
    """n times from `ts` on at which funding was missed; many of them by what lies between two edges."""
    if n < MANY or edges is None:
        yield from (Due(ts + k * interval, symbol, math.nan, math.nan) for k in range(n))
        return
    known = edges()
    while n:
        at = bisect_left(known, ts)
        apart = n if at == len(known) else min(n, max(1, -(-(known[at] - ts) // interval)))
        yield Due(ts, symbol, math.nan, float(apart))
        ts, n = ts + apart * interval, n - apart


def _row(one: Due) -> str:
    return f"funding of {one.symbol or 'no symbol'} at {iso_text(one.ts)}"
