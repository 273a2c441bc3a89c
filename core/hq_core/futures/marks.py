"""Rows of mark_price beside bars: the mark prices of each bar, as its columns would say them."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from hq_core.batch import NEVER, period_ns
from hq_core.errors import DATA, HqError
from hq_core.jit import F8, I4, I8, U1, Cell, kernel
from hq_core.kinds import MARKS, OHLC
from hq_core.saved import Damaged, shaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hq_core.batch import Batch, Schema

SHAPE = {str: (float, int, bytes, bytes, bytes, bytes)}
VALUES = OHLC[1:]


@kernel()
def marked(
    ts: I8,
    open_time: I8,
    symbol: I4,
    complete: U1,
    n: int,
    m_ts: I8,
    m_high: F8,
    m_low: F8,
    m_close: F8,
    place: I8,
    end: I8,
    stands: F8,
    begun: I8,
    high: F8,
    low: F8,
    close: F8,
) -> None:
    """high[], low[], close[] = the marks within each of n bars, those that stand where there are none, nan before any.

    symbol      which of the symbols a bar is of; no rows: the first.  open_time, complete may have no rows
    m_*         marks, those of each symbol behind each other in order of ts: from `place`, which goes on, up to `end`
    stands      the last mark of each symbol;  begun: the ts of its last bar, NEVER before there is one
    """
    for i in range(n):
        high[i], low[i], close[i] = math.nan, math.nan, math.nan
        if len(complete) > 0 and complete[i] == 0:
            continue
        k = symbol[i] if len(symbol) > 0 else 0
        opened = begun[k] if begun[k] > NEVER else ts[i]
        if len(open_time) > 0:
            opened = open_time[i]
        at, last = place[k], stands[k]
        while at < end[k] and m_ts[at] <= opened:
            last = m_close[at]
            at += 1
        most, least = -math.inf, math.inf
        while at < end[k] and m_ts[at] <= ts[i]:
            most, least, last = max(most, m_high[at]), min(least, m_low[at]), m_close[at]
            at += 1
        high[i], low[i], close[i] = (most if most > 0.0 else last), (least if most > 0.0 else last), last
        place[k], stands[k], begun[k] = at, last, ts[i]


class Line:
    """The marks of a symbol that no bar has reached, the last one that a bar has, and the ts of that bar."""

    def __init__(self) -> None:
        self.stands, self.begun = math.nan, NEVER
        self.ts = array("q")
        self.values: list[array[float]] = [array("d") for _ in VALUES]

    def add(self, ts: Iterable[int], values: Iterable[Iterable[float]]) -> None:
        """Rows in order of ts, which are laid among those that wait; of one ts as they came."""
        n = len(self.ts)
        self.ts.extend(ts)
        for column, more in zip(self.values, values):
            column.extend(more)
        if 0 < n < len(self.ts) and self.ts[n] < self.ts[n - 1]:  # of another series, whose rows came in a batch before
            order = sorted(range(len(self.ts)), key=self.ts.__getitem__)
            self.ts = array("q", map(self.ts.__getitem__, order))
            self.values = [array("d", map(column.__getitem__, order)) for column in self.values]

    def drop(self, n: int) -> None:
        del self.ts[:n]
        for column in self.values:
            del column[:n]


class Marks:
    """Rows of mark_price as they come, and the columns that they make of bars.

    given   a series of marks has been announced
    run     ts of the last bar that was run, or is run now
    late    rows that came when bars that end no earlier had been run already
    """

    def __init__(self) -> None:
        self.given = False
        self.late = 0
        self._lines: dict[str, Line] = {}
        self.run = NEVER
        self._periods: dict[str, Schema] = {}
        self._cell: Cell | None = None  # few runs have marks
        self._room = array("d")

    def announced(self, schema: Schema) -> None:
        self.given = True
        if schema.period:
            self._periods[schema.key] = schema

    def take(self, batch: Batch) -> None:
        """Rows that come next, before the bars that end no earlier."""
        schema, ts = batch.schema, batch.view("ts")
        names = VALUES if schema.has("close") else ("price",) * len(VALUES)
        values = [batch.view(schema.names[schema.index(name)]) for name in names]
        symbols = batch.symbols()
        places: dict[str, list[int]] = {}
        for i, symbol in enumerate(symbols):
            high, low, close = (column[i] for column in values)
            if not 0.0 < low <= close <= high < math.inf:
                if all(map(math.isnan, (high, low, close))):
                    continue
                where = f"{schema.key}: {symbol}: " if schema.panel else f"{schema.key}: "
                shown = ", ".join(f"{name} {one!r}" for name, one in zip(names, (high, low, close)))
                raise HqError(f"{where}{shown}: must be above 0, with low lowest and high highest", DATA)
            places.setdefault(symbol, []).append(i)
        self.late += sum(one <= self.run for one in ts)
        for symbol, rows in places.items():
            line = self._lines.setdefault(symbol, Line())
            line.add((ts[i] for i in rows), ([column[i] for i in rows] for column in values))

    def begun(self, symbol: str) -> bool:
        """Whether bars of a symbol have been laid."""
        return symbol in self._lines and self._lines[symbol].begun != NEVER

    def laid(self, columns: Mapping[str, int], n: int, symbols: Sequence[str], period: str) -> dict[str, int]:
        """Where the columns of marks lie of n bars whose columns lie at these addresses, until the next call.

        symbols   those that are traded, by their numbers;  period: of the bars, '' of trades
        """
        longer = next((one for one in self._periods.values() if period_ns(one.period) > period_ns(period)), None)
        if longer is not None:
            than = f"the bars of {period}" if period else "trades, which have none"
            what = f"{longer.key} has a longer period than {than}, in which its highs and lows may not lie"
            raise HqError(what, DATA)
        both = next((one.name for one in MARKS if one.name in columns), "")
        if both:
            what = f"the bars have a column '{both}', and there are rows of mark_price too; give one of them"
            raise HqError(what, DATA)
        lines = [self._lines.setdefault(symbol, Line()) for symbol in symbols]
        place, end, at = array("q"), array("q"), 0
        whole, values = array("q"), [array("d") for _ in VALUES]
        for line in lines:
            place.append(at)
            at += len(line.ts)
            end.append(at)
            whole += line.ts
            for column, more in zip(values, line.values):
                column += more
        begins = place[:]
        stands, begun = array("d", [one.stands for one in lines]), array("q", [one.begun for one in lines])
        if len(self._room) < 3 * n:
            self._room = array("d", bytes(24 * n))
        room = self._room.buffer_info()[0]
        addresses = {f"mark_{name}": room + 8 * n * i for i, name in enumerate(VALUES)}
        cell = self._cell = self._cell or Cell(marked)
        for name in ("ts", "open_time", "symbol", "complete"):
            cell.column(name, columns.get(name, 0), n if name in columns else 0)
        for name, memory in (("m_ts", whole), ("place", place), ("end", end), ("stands", stands), ("begun", begun)):
            cell.buffer(name, memory)
        for name, column in zip(VALUES, values):
            cell.buffer(f"m_{name}", column)
            cell.column(name, addresses[f"mark_{name}"], n)
        cell.set(n=n)
        cell.run()
        for i, line in enumerate(lines):
            line.drop(place[i] - begins[i])
            line.stands, line.begun = stands[i], begun[i]
        self._forget(set(symbols))
        return addresses

    def _forget(self, traded: set[str]) -> None:
        """Of what nobody trades keep the last mark that bars have passed."""
        for symbol, line in self._lines.items():
            passed = bisect_right(line.ts, self.run) if symbol not in traded else 0
            if passed:
                line.stands = line.values[-1][passed - 1]
                line.drop(passed)

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> list[Any]:
        lines = {
            symbol: [one.stands, one.begun, one.ts.tobytes(), *(column.tobytes() for column in one.values)]
            for symbol, one in self._lines.items()
        }
        return [self.run, lines]

    def load(self, saved: Any) -> None:
        self.run, lines = shaped(saved, (int, SHAPE))
        self.given = bool(lines)
        for symbol, (stands, begun, ts, *values) in lines.items():
            if len(ts) % 8 or {len(column) for column in values} != {len(ts)}:
                raise Damaged("marks: their columns differ in length")
            line = self._lines[symbol] = Line()
            line.stands, line.begun, line.ts = stands, begun, array("q", ts)
            line.values = [array("d", column) for column in values]
