"""Finer rows of the traded symbol, bars or trades, that the account runs on in place of a path inside each bar."""

from __future__ import annotations

import ctypes
import math
from array import array
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple

from hq_core.batch import EVER, NEVER, SCHEMA, Schema, described, period_ns, undescribed
from hq_core.errors import DATA, HqError
from hq_core.futures.bars import READ
from hq_core.futures.terms import TRADES
from hq_core.futures.timeline import traded_rows
from hq_core.jit import Cell, address_of
from hq_core.kinds import BAR, MARKS, OHLC, TRADE
from hq_core.memory import move
from hq_core.saved import Count, shaped
from hq_core.stream.held import rows_of
from hq_core.stream.rows import Kept, Permutation, Room

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hq_core.batch import Batch

SHAPE = ([(str, SCHEMA, int, Count, [bytes])], bytes, bytes, bytes, Count, Count)
WAITING = 1 << 24  # finer rows that may wait for the end of their bar
MARK_CLOSE = MARKS[-1].name
NONE = array("q")


class Piece(NamedTuple):
    """Rows that the account runs next: `first` up to `stop` of those whose columns lie at these addresses.

    ts      of the bar that they are in
    counts  it is the one row at which that bar ends, a period of the statistics
    """

    columns: Mapping[str, int]
    first: int
    stop: int
    ts: int
    counts: bool


class Finer:
    """The finer rows and the bars that wait for each other.

    A bar is run when all of its rows have come: those of bars with a ts up to its own, those of trades with an earlier
    one, as a trade at the end of a bar is in the next.  Where no finer bar ends with it, a row without a range stands
    at its end, at its close.

    source    a period, or trades; of: bar or trade, and period: '' of trades
    symbol    of the bars that are whole
    done      finer rows that have been run
    without   bars so far in which there was none
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.of, self.period = ("trade", "") if source == TRADES else ("bar", source)
        self._ns = period_ns(self.period)
        self.done = self.without = 0
        self._lines: dict[str, Kept] = {}  # by symbol
        self._last: dict[str, int] = {}  # ts of the last row of each
        self._ts, self._close, self._mark = array("q"), array("d"), array("d")  # of the bars that wait
        self.symbol, self._at = "", 0  # what is traded, and how many of its rows have been given
        self._traded, self._moved, self._order = Cell(traded_rows), Permutation(), Room()

    def reads(self, schema: Schema) -> bool:
        return schema.of == self.of and (self.of == "trade" or period_ns(schema.period) == self._ns)

    def finer_than(self, period: str) -> bool:
        return self._ns < period_ns(period)

    # -- what comes in -----------------------------------------------------------------------------------
    def take(self, batch: Batch, only: str) -> None:
        """Finer rows that come next; only: the symbol that is traded, '' while that is not known."""
        if not batch.schema.panel:
            if only in ("", batch.schema.symbol):
                self._add(batch, batch.schema.symbol, 0, NONE)
            return
        texts = batch.texts.get("symbol", [])
        for code, symbol in enumerate(texts):
            if only in ("", symbol):
                self._add(batch, symbol, -1, array("q", [-1] * code + [0] + [-1] * (len(texts) - code - 1)))

    def _add(self, batch: Batch, symbol: str, number: int, numbers: array[int]) -> None:
        schema, n = batch.schema, batch.n
        kept = self._lines.get(symbol)
        if kept is None:
            kept = self._lines[symbol] = Kept(Schema("", symbol, "", _columns(schema)))
        to = kept.reserve(n)
        flag, coded = schema.flag, schema.panel
        order = self._order.columns([8, 4], n)
        cell = self._traded
        cell.column("complete", batch.addresses[flag] if flag >= 0 else 0, n if flag >= 0 else 0)
        cell.column("symbol", batch.address("symbol") if coded else 0, n if coded else 0)
        cell.buffer("numbers", numbers)
        cell.set(number=number, rows=n)
        cell.column("order", order[0], n)
        cell.column("out", order[1], n)
        cell.run()
        rows: int = cell.state.rows
        if not rows:
            return
        here = [batch.address(name) for name in kept.schema.names]
        if rows == n:
            move(to, here, kept.schema.widths, n)
        else:
            self._moved.take(order[0], rows, kept.schema.widths, here, to)
        kept.commit(rows)
        self._last[symbol] = kept.times()[-1]
        if kept.n > WAITING:
            raise HqError(f"{kept.n} rows of {schema.key} wait for the end of the bar that they are in", DATA)

    def take_bars(self, batch: Mapping[str, Any]) -> None:
        """Bars that come next, as columns; what is still forming is none."""
        closed = batch.get("complete")
        marks = batch.get(MARK_CLOSE)
        for i, ts in enumerate(batch["ts"]):
            if closed is None or closed[i]:
                self._ts.append(ts)
                self._close.append(batch["close"][i])
                self._mark.append(marks[i] if marks is not None else math.nan)

    # -- what is run -------------------------------------------------------------------------------------
    @property
    def marks(self) -> list[str]:
        """The columns of mark prices that the finer rows of the symbol have."""
        kept = self._lines.get(self.symbol)
        return [one.name for one in MARKS if kept is not None and kept.schema.has(one.name)]

    @property
    def waiting(self) -> int:
        """How many bars wait."""
        return len(self._ts)

    @property
    def reached(self) -> int:
        """Bars before this ts have all of their rows."""
        return 1 + max(self._last.values(), default=NEVER)

    def whole(self, symbol: str, limit: int) -> array[int]:
        """ts of the bars of which all rows have come: a later one has, or none comes any more before `limit`."""
        for other in [one for one in self._lines if one != symbol]:
            del self._lines[other]
        self.symbol = symbol
        last = self._last.get(symbol, NEVER)
        return self._ts[: max(bisect_right(self._ts, last), bisect_left(self._ts, limit))]

    def pieces(self, until: int) -> Iterator[Piece]:
        """The rows of the whole bars up to a ts: of each those before its end, then the one at it."""
        kept = self._lines.get(self.symbol)
        times: Sequence[int] = NONE
        columns: dict[str, int] = {}
        if kept is not None and kept.n:
            times, columns = kept.times(), _read(self.of, kept)
        while self._ts and self._ts[0] <= until:
            ts, close, mark = self._ts.pop(0), self._close.pop(0), self._mark.pop(0)
            at = self._at
            behind = (bisect_right if self.of == "bar" else bisect_left)(times, ts, at)
            ends = behind > at and self.of == "bar" and times[behind - 1] == ts
            self.without += behind == at
            if behind - ends > at:
                yield Piece(columns, at, behind - ends, ts, False)
            yield Piece(columns, behind - 1, behind, ts, True) if ends else _end(ts, close, mark)
            self._at = behind

    def edges(self, until: int) -> list[int]:
        """When the rows that `pieces` gives up to a ts begin and end, in order."""
        kept = self._lines.get(self.symbol)
        found = set(self._ts[: bisect_right(self._ts, until)])
        if kept is not None and kept.n:
            columns = _read(self.of, kept)
            for name in ("ts", "open_time"):
                if name in columns:
                    found.update((ctypes.c_int64 * kept.n).from_address(columns[name]))
        return sorted(found)

    def drop(self) -> None:
        """Forget the rows that `pieces` gave."""
        if self._at:
            self._lines[self.symbol].drop(self._at)
            self.done += self._at
            self._at = 0

    @property
    def none(self) -> bool:
        """Whether no finer row has come so far."""
        return not self._last

    @property
    def earliest(self) -> int:
        """The ts of the earliest row that waits."""
        return min([EVER, *self._ts[:1], *(kept.times()[0] for kept in self._lines.values() if kept.n)])

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> list[Any]:
        lines = [[symbol, described(one.schema), self._last[symbol], one.n, one.columns()] for symbol, one in
                 self._lines.items() if symbol in self._last]  # fmt: skip
        bars = [column.tobytes() for column in (self._ts, self._close, self._mark)]
        return [lines, *bars, self.done, self.without]

    def load(self, saved: Any) -> None:
        lines, ts, close, mark, self.done, self.without = shaped(saved, SHAPE)
        for symbol, about, last, n, columns in lines:
            kept = self._lines[symbol] = Kept(undescribed(about))
            self._last[symbol] = last
            if n:
                batch = rows_of(kept.schema, n, columns)
                move(kept.reserve(n), batch.addresses, kept.schema.widths, n)
                kept.commit(n)
        self._ts, self._close, self._mark = array("q", ts), array("d", close), array("d", mark)


def _columns(schema: Schema) -> tuple[tuple[str, str], ...]:
    """What is kept of finer rows."""
    if schema.of == "trade":
        wanted: Sequence[tuple[str, str]] = [col for col in TRADE.required if col[0] in ("ts", "price", "qty")]
        must = TRADE.required
    else:
        wanted, must = [col for col in READ if col[0] != "complete"], BAR.required
    there = dict(schema.reads(wanted, must))
    return tuple(col for col in wanted if col[0] in there)


def _read(of: str, kept: Kept) -> dict[str, int]:
    """Where each column lies that the account reads."""
    found = dict(zip(kept.schema.names, kept.starts))
    if of == "bar":
        return found
    price = dict.fromkeys(OHLC, found["price"])
    return {"ts": found["ts"], "open_time": found["ts"], **price, "volume": found["qty"]}


class _Row(dict[str, int]):
    """Addresses of columns of one row, with their memory."""

    keep: object = None


def _end(ts: int, close: float, mark: float) -> Piece:
    """The row at the end of a bar with which no finer one ends: its close, at which nothing is traded."""
    times, values = array("q", [ts]), array("d", [close, 0.0, mark])
    at = address_of(values)
    row = _Row(dict.fromkeys(("ts", "open_time"), address_of(times)) | dict.fromkeys(OHLC, at))
    row |= {"volume": at + 8} | {one.name: at + 16 for one in MARKS}
    row.keep = times, values
    return Piece(row, 0, 1, ts, True)
