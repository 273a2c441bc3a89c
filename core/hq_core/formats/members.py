"""The files of one archive: they make one series, or they are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections import deque

    from hq_core.errors import HqError
    from hq_core.formats.byte_stream import ByteStream
    from hq_core.formats.options import SourceOptions

ARCHIVE = "zip: "


class Members:
    """Where the files of an archive begin in what it unpacks to; nothing of this for other streams.

    name    the file that is being read, '' if the input is no archive
    begins  where the next file begins, -1 if none is known yet
    """

    def __init__(self, stream: ByteStream, options: SourceOptions) -> None:
        self._files: deque[tuple[int, str]] | None = getattr(stream, "files", None)
        self._together = options.together
        self.first = self.name = ""
        if self._files:
            self.began(self._files.popleft()[1])

    def began(self, first: str) -> None:
        """The first file is `first`: as it stands in the archive, or as a state remembers it."""
        self.first = self.name = self._together.first = first
        if first:
            self._together.enter(first, ARCHIVE)

    @property
    def begins(self) -> int:
        return self._files[0][0] if self._files else -1

    def enter(self, position: int, options: SourceOptions, symbol: bool) -> None:
        """Go on to the file that begins at `position`; `symbol`: the data itself says its symbols.

        Raises HqError where the files' names tell of two symbols or two periods and nothing else says which, or where
        the rows of the file before do.
        """
        while self._files and self._files[0][0] <= position:
            self.name = self._files.popleft()[1]
        together = self._together
        together.enter(self.name, ARCHIVE)
        if not symbol and not options.symbol:
            together.same_symbol(self.first, self.name)
        if not options.period:
            together.same_period(self.first, self.name)

    def apart(self, how: str) -> HqError:
        """The error for two files that are not one series."""
        return self._together.apart(self.first, self.name, how)
