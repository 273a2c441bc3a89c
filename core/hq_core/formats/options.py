"""What a user may say about data that does not say it itself, and what reading by it came upon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.formats.symbols import Symbols
from hq_core.formats.together import Together
from hq_core.options import options_of
from hq_core.options.imports import SaidOptions
from hq_core.say import listed

if TYPE_CHECKING:
    from hq_core.batch import Schema


class SourceOptions(SaidOptions):
    """SaidOptions, and what came of them.

    dropped      reason -> rows left out;  remarks: line -> rows it is about, 0 where it is about the file;
    unread       columns of the file that nothing is made of;  together: whether the files of the input are one series;
                 symbols: the codes of its panels;  found: periods that two rows of a file have told, and nothing else;
                 a copy of the options shares all six
    clock_shift  ns by which receive times are moved, where that was said
    capture      what reads a venue's messages, which goes on from file to file
    rowless      the series of the file that was read last, if it has no rows
    """

    def __init__(self, **said: Any) -> None:
        super().__init__(**said)
        self.clock_shift = 0
        self.capture: Any = None
        self.dropped: dict[str, int] = {}
        self.remarks: dict[str, int] = {}
        self.unread: dict[str, None] = {}
        self.together = Together(self.remark)
        self.symbols = Symbols()
        self.found: set[str] = set()
        self.rowless: Schema | None = None

    def stated(self) -> bool:
        """Whether the user said anything about what the data is.  The order of rows is no part of that."""
        return any(
            getattr(self, name) != option.default
            for name, option in options_of(SaidOptions).items()
            if name not in ("order", "dedupe")
        )

    def remark(self, line: str, rows: int = 0) -> None:
        self.remarks[line] = self.remarks.get(line, 0) + rows

    def messages(self) -> list[str]:
        """A line for each thing that is no error and that the user should know."""
        found = [f"{line}: {n} row{'s' * (n != 1)}" if n else line for line, n in self.remarks.items()]
        if self.unread:
            names = list(self.unread)
            found.append(f"column{'s' * (len(names) > 1)} not read: {listed(names)}")
        return found
