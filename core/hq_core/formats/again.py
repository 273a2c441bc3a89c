"""Sources that go on by reading their file again from its beginning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.batch import Batch
from hq_core.formats.foreign import Foreign
from hq_core.saved import Count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.formats.options import SourceOptions
    from hq_core.roles import Item

OURS = "a file that hq wrote, which says what it is"


class ReadAgain(Foreign):
    """A file of which nothing can be read without its beginning.

    position  always 0: the file is read again from its beginning, and the rows handed out before are passed over
    """

    SHAPE = {"rows": Count}

    def __init__(self, options: SourceOptions | None = None) -> None:
        super().__init__(options)
        self._done = 0  # rows of the file that have been handed out, in this run or before
        self._pass = 0  # rows to pass over

    def items(self) -> Iterator[Item]:
        """All of the file."""
        raise NotImplementedError

    def save(self) -> dict[str, Any]:
        return {"rows": self._done}

    def load(self, saved: dict[str, Any]) -> Iterator[Item]:
        self._pass = saved["rows"]
        return iter(())

    def __iter__(self) -> Iterator[Item]:
        for item in self.items():
            if isinstance(item, Batch):
                self._done += item.n
                skip = min(self._pass, item.n)
                self._pass -= skip
                if skip:
                    item = item.slice(skip, item.n)
                if not item.n:
                    continue
            yield item
