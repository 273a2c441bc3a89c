"""What prices and volumes cannot be, found row by row: one rule for every format that others write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.jit import F8, I1, I8, Cell, State, address_of, kernel
from hq_core.kinds import BAR, OHLC, TRADE
from hq_core.options.imports import SaidOptions, ask

if TYPE_CHECKING:
    from collections.abc import Callable

YEARS = "1900 to 2199"
FIRST, END = -2_208_988_800_000_000_000, 7_258_118_400_000_000_000  # 1900-01-01 and 2200-01-01
YEAR = 365 * 86_400_000_000_000
LARGEST = 1.7976931348623157e308
HIGH_LOW, OPEN_OUTSIDE, CLOSE_OUTSIDE, OVERLAPS, LASTS = range(1, 6)  # what is wrong with a bar; columns follow
COLUMNS = 6
PRICES = {name for kind in (BAR, TRADE) for name, _ in kind.required if name in kind.of_unit("price")}
VOLUMES = {*BAR.of_unit("base", "quote"), *TRADE.of_unit("base")}
REASONS = {
    HIGH_LOW: "high below low",
    OPEN_OUTSIDE: "open outside low and high",
    CLOSE_OUTSIDE: "close outside low and high",
    OVERLAPS: "overlaps the bar before",
    LASTS: "lasts longer than its period",
}
WAYS_OUT = ask(SaidOptions.invalid, " drop or keep")


@kernel(state="flawed:i8")
def shapes(open: F8, high: F8, low: F8, close: F8, complete: I1, n: int, flaws: I1, s: State) -> None:
    """flaws[i] says what a bar's prices are to each other that they cannot be; 0, as it comes, where nothing is wrong.

    s.flawed: how many rows were found so

    open high low close  (n,)  or empty where the bars have no such column; NaN is beyond any rule
    complete             (n,)  or empty; a bar that is still forming is passed over
    """
    has_open, has_high, has_low, has_close = len(open) > 0, len(high) > 0, len(low) > 0, len(close) > 0
    marked = len(complete) > 0
    s.flawed = 0
    for i in range(n):
        if marked and complete[i] == 0:
            continue
        if has_high and has_low and high[i] < low[i]:
            flaws[i] = HIGH_LOW
        elif has_open and ((has_high and open[i] > high[i]) or (has_low and open[i] < low[i])):
            flaws[i] = OPEN_OUTSIDE
        elif has_close and ((has_high and close[i] > high[i]) or (has_low and close[i] < low[i])):
            flaws[i] = CLOSE_OUTSIDE
        s.flawed += int(flaws[i] != 0)


@kernel(state="flawed:i8")
def amounts(values: F8, complete: I1, n: int, code: int, zero: int, nan: int, flaws: I1, s: State) -> None:
    """flaws[i] = code where a value is below 0 or infinite, or 0 (`zero`), or NaN (`nan`), and nothing else is wrong.

    s.flawed: how many rows were found so
    """
    s.flawed = 0
    any_zero, any_nan = int(zero == 0), int(nan == 0)
    good = 0  # nearly always all of them are, which is seen without a branch
    for i in range(n):
        v = values[i]
        good += ((v > 0.0) & (v <= LARGEST)) | ((v == 0.0) & any_zero) | ((v != v) & any_nan)
    if good == n:
        return
    marked = len(complete) > 0
    for i in range(n):
        if flaws[i] == 0 and not (marked and complete[i] == 0):
            v = values[i]
            if v < 0.0 or v > LARGEST or (zero != 0 and v == 0.0) or (nan != 0 and v != v):
                flaws[i] = code
                s.flawed += 1


@kernel(state="bad:i8 first_year:i8")
def years(times: I8, n: int, any_year: int, s: State) -> None:
    """s.bad: the first time outside 1900 to 2199, -1 if none or `any_year`; s.first_year: times in 1970 before it."""
    s.bad, s.first_year = -1, 0
    if any_year != 0:
        return
    for i in range(n):
        if times[i] < FIRST or times[i] >= END:
            s.bad = i
            return
        if 0 <= times[i] < YEAR:
            s.first_year += 1


class Judge:
    """The rules for the columns of one block of rows.

    bind   how a column of the block is given to a cell: bind(cell, argument, column)
    flaws  (room,)  what is wrong with each row that `rows` was last asked about, 0 for nothing
    """

    def __init__(self, kind: str, names: list[str], room: int, bind: Callable[[Cell, str, str], None]) -> None:
        self._clean = bytes(room)
        self._flaws = bytearray(room)
        self.flaws = memoryview(self._flaws).cast("b")
        self.names = names
        complete = "complete" if kind == "bar" and "complete" in names else ""
        self._years = Cell(years)
        self._cells: list[Cell] = []
        if kind == "bar":
            cell = Cell(shapes)
            for column in OHLC:
                if column in names:
                    bind(cell, column, column)
            self._add(cell, complete, bind)
        for code, name in enumerate(names, COLUMNS):
            if name in PRICES or name in VOLUMES:
                cell = Cell(amounts)
                bind(cell, "values", name)
                cell.set(code=code, zero=name in PRICES, nan=kind == "trade")
                self._add(cell, complete, bind)

    def _add(self, cell: Cell, complete: str, bind: Callable[[Cell, str, str], None]) -> None:
        if complete:
            bind(cell, "complete", complete)
        cell.buffer("flaws", self._flaws)
        self._cells.append(cell)

    @property
    def place(self) -> tuple[int, int]:
        """Where `flaws` lies, and its length."""
        return address_of(self._flaws), len(self._flaws)

    def rows(self, n: int) -> int:
        """Judge the first n rows; how many are flawed."""
        self.clear()
        for cell in self._cells:
            cell.set(n=n)
            cell.run()
        return sum(cell.state.flawed for cell in self._cells)

    def clear(self) -> None:
        """Nothing is wrong with any row."""
        self._flaws[:] = self._clean

    def year(self, bind: Callable[[Cell, str, str], None], name: str, n: int, any_year: bool) -> tuple[int, int]:
        """The first time of a column that lies in no year of an import, -1 if none, and how many are of 1970."""
        bind(self._years, "times", name)
        self._years.set(n=n, any_year=any_year)
        self._years.run()
        return self._years.state.bad, self._years.state.first_year

    def reason(self, code: int) -> str:
        """Why rows are left out, in the words that they are counted under."""
        if code in REASONS:
            return REASONS[code]
        name = self.names[code - COLUMNS]
        return f"{name} not above 0" if name in PRICES else f"{name} below 0"

    def message(self, code: int, row: dict[str, Any]) -> str:
        """What is wrong with a row of these values."""
        if code == HIGH_LOW:
            return f"high {row['high']!r} is below low {row['low']!r}"
        if code in (OPEN_OUTSIDE, CLOSE_OUTSIDE):
            name = "open" if code == OPEN_OUTSIDE else "close"
            bounds = " and ".join(f"{bound} {row[bound]!r}" for bound in ("low", "high") if bound in row)
            return f"{name} {row[name]!r} lies outside {bounds}"
        name = self.names[code - COLUMNS]
        least = "a finite number above 0" if name in PRICES else "a finite number from 0 on"
        return f"{name} is {row[name]!r}, must be {least}"
