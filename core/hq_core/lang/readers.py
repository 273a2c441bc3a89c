"""Who reads which series beside its own."""
from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.errors import DATA, HqError

if TYPE_CHECKING:
    from hq_core.batch import Batch
    from hq_core.lang.unit import Unit
    from hq_core.wire import Writer

    Where = tuple[str, int]         # symbol and period in ns


class Readers:
    """The units of a stage by the series that they read.

    heard   series that have had rows: whoever reads them from the start must have been there
    """

    def __init__(self) -> None:
        self._readers: dict[Where, list[Unit]] = {}
        self.heard: set[Where] = set()

    def add(self, unit: Unit, resumed: bool = False) -> None:
        """Tell a new unit of the rows that it reads; one that is resumed has had the earlier ones."""
        for where, feed in unit.feeds.items():
            if where in self.heard and not resumed:
                raise HqError(
                    f"{unit.schema.key}: comes after rows of {feed.key}, which it reads; "
                    "announce both before the first rows",
                    DATA,
                )
            self._readers.setdefault(where, []).append(unit)

    def rows(self, where: Where, batch: Batch, out: Writer) -> None:
        """Rows of a series, for whoever reads it."""
        for reader in self._readers.get(where, ()):
            reader.feed(reader.feeds[where], batch, out)
