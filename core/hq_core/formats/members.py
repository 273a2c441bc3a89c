"""The files of one archive: they make one series, or they are refused."""
from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hq_core.errors import DATA, HqError

if TYPE_CHECKING:
    from collections import deque

    from hq_core.formats.inflate import ByteStream
    from hq_core.formats.options import Options

# BTCUSDT-1m-2024-01.csv, BTCUSDT-aggTrades-2024-01-31.csv: the names of the exchange's own files
_NAME = re.compile(r"(?:.*/)?([A-Z0-9_]+)-([A-Za-z0-9]+)-\d{4}-\d{2}(?:-\d{2})?\.[a-z.]+")


class Members:
    """Where the files of an archive begin in what it unpacks to; nothing of this for other streams.

    name    the file that is being read, '' if the input is no archive
    begins  where the next file begins, -1 if none is known yet
    """

    def __init__(self, stream: ByteStream) -> None:
        self._files: deque[tuple[int, str]] | None = getattr(stream, "files", None)
        self.first = self.name = ""
        if self._files:
            self.first = self.name = self._files.popleft()[1]

    @property
    def begins(self) -> int:
        return self._files[0][0] if self._files else -1

    def enter(self, position: int, options: Options, symbol: bool) -> None:
        """Go on to the file that begins at `position`; `symbol`: the data itself says its symbols.

        Raises HqError where the files' names tell of two symbols or two periods and nothing else says which.
        """
        while self._files and self._files[0][0] <= position:
            self.name = self._files.popleft()[1]
        one, other = _NAME.fullmatch(self.first), _NAME.fullmatch(self.name)
        if one is None or other is None:
            return
        if one[1] != other[1] and not symbol and not options.symbol:
            raise self.apart(f"are of {one[1]} and {other[1]}", "--symbol")
        if one[2] != other[2] and not options.period:
            raise self.apart(f"hold {one[2]} and {other[2]}", "--period")

    def apart(self, how: str, option: str = "") -> HqError:
        """The error for two files that are not one series."""
        said = f", unless {option} says what all of them are" if option else ""
        return HqError(f"zip: {self.first} and {self.name} {how}: import them one by one{said}", DATA)
