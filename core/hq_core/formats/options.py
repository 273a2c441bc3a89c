"""What a user may say about data that does not say it itself, and what reading by it came upon."""
from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.formats.together import Together
from hq_core.say import listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ERROR, DROP, KEEP = "error", "drop", "keep"         # what becomes of rows whose values cannot be
SORT = "sort"                                       # rows come in any order and leave in that of time


class Options:
    """Answers to what a file leaves open; empty means: the file must say it.

    kind         trade or bar
    symbol       the symbol of all rows
    period       the bars' period, such as 1m
    columns      hq's column name -> the file's column name, or its number from 1
    time_unit    s, ms, us or ns: what a number in a time column counts
    tz           IANA zone of dates and date-times that bear none
    stamp        open or close: which end of the bar its one time column names
    delimiter    the character between fields;  decimal: the character before decimals
    time_format  how times are written, in the letters of strptime
    skip_lines   lines before the header
    drop         columns, by name or number from 1, that are not read
    invalid      ERROR, DROP or KEEP rows with prices that cannot be, or bars that overlap
    any_year     times outside 1900 to 2199 are meant
    order        ERROR: rows lie in order of time;  SORT: they do not, and whoever reads them sorts

    dropped      reason -> rows left out;  remarks: line -> rows it is about, 0 where it is about the file;
    unread       columns of the file that nothing is made of;  together: whether the files of the input are one series;
                 a copy of the options shares all four
    """

    __slots__ = (
        "any_year", "columns", "decimal", "delimiter", "drop", "dropped", "invalid", "kind", "order", "period",
        "remarks", "skip_lines", "stamp", "symbol", "time_format", "time_unit", "together", "tz", "unread",
    )

    def __init__(
        self, kind: str = "", symbol: str = "", period: str = "", columns: Mapping[str, str] | None = None,
        time_unit: str = "", tz: str = "", stamp: str = "", delimiter: str = "", decimal: str = ".", *,
        time_format: str = "", skip_lines: int = 0, drop: Sequence[str] = (), invalid: str = ERROR,
        any_year: bool = False, order: str = ERROR,
    ) -> None:
        self.kind = kind
        self.symbol = symbol
        self.period = period
        self.columns = dict(columns or {})
        self.time_unit = time_unit
        self.tz = tz
        self.stamp = stamp
        self.delimiter = delimiter
        self.decimal = decimal
        self.time_format = time_format
        self.skip_lines = skip_lines
        self.drop = tuple(drop)
        self.invalid = invalid
        self.any_year = any_year
        self.order = order
        self.dropped: dict[str, int] = {}
        self.remarks: dict[str, int] = {}
        self.unread: dict[str, None] = {}
        self.together = Together(self.remark)

    def stated(self) -> bool:
        """Whether the user said anything about what the data is.  The order of rows is no part of that."""
        plain = Options()
        return any(
            getattr(self, name) != getattr(plain, name)
            for name in self.__slots__ if name not in ("order", "dropped", "remarks", "together", "unread")
        )

    def remark(self, line: str, rows: int = 0) -> None:
        self.remarks[line] = self.remarks.get(line, 0) + rows

    def told(self) -> list[str]:
        """A line for each thing that is no error and that the user should know."""
        found = [f"{line}: {n} row{'s' * (n != 1)}" if n else line for line, n in self.remarks.items()]
        if self.unread:
            names = list(self.unread)
            found.append(f"column{'s' * (len(names) > 1)} not read: {listed(names)}")
        return found
