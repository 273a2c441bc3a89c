"""What a user may say about data that does not say it itself."""
from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Options:
    """Answers to what a file leaves open; empty means: the file must say it.

    kind       trade or bar
    symbol     the symbol of all rows
    period     the bars' period, such as 1m
    columns    hq's column name -> the file's column name, or its number from 1
    time_unit  s, ms, us or ns: what a number in a time column counts
    tz         IANA zone of dates and date-times that bear none
    stamp      open or close: which end of the bar its one time column names
    delimiter  the character between fields;  decimal: the character before decimals
    """

    __slots__ = ("columns", "decimal", "delimiter", "kind", "period", "stamp", "symbol", "time_unit", "tz")

    def __init__(
        self, kind: str = "", symbol: str = "", period: str = "", columns: Mapping[str, str] | None = None,
        time_unit: str = "", tz: str = "", stamp: str = "", delimiter: str = "", decimal: str = ".",
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

    def stated(self) -> bool:
        """Whether the user said anything."""
        return any(getattr(self, name) not in ("", ".", {}) for name in self.__slots__)
