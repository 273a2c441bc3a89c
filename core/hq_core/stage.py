"""What every filter's work looks like to the flow; by itself it passes everything on."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hq_core.batch import Batch, Schema
    from hq_core.holes import Holes
    from hq_core.wire import Writer


class Stage:
    """One filter's work between a source and a writer, holding all that survives a record.

    dropped   rows dropped, by reason: told on stderr and in the end frame
    notices   other things worth a line on stderr, with how often they came
    holes     bars made of fewer rows than they have room for: for the end frame, as `dropped` is
    inputs    digests of the files that decide the output, by option name: part of the head and of the state
    any_order rows may come in any order, as the stage sorts them itself; else the flow checks it (order.py)
    SHAPE     of what `save` gives (hq_core/saved.py), or {}; a state file with anything else is not given to `load`
    """

    SHAPE: Any = {}

    out: Writer
    any_order = False

    def __init__(self) -> None:
        self.dropped: dict[str, int] = {}
        self.notices: dict[str, int] = {}
        self.holes: Holes = {}
        self.inputs: dict[str, str] = {}

    def begin(self, out: Writer) -> None:
        self.out = out

    def schema(self, schema: Schema) -> None:
        """A series is announced, before its first rows; again when its columns change."""
        self.out.series(schema)

    def rows(self, batch: Batch) -> None:
        """Rows of one series, in order; the columns are valid during the call."""
        self.out.copy(batch)

    def mark(self, ts: int) -> None:
        """No later row has an earlier ts."""
        self.out.mark(ts)

    def other(self, frame: dict[str, Any]) -> None:
        """A frame of a kind that the flow does not know."""
        self.out.map(frame)

    def finish(self, more: bool) -> None:
        """The input ended; with `more` a state file carries on from here, so open work is kept."""

    def remarks(self) -> list[str]:
        """Further lines for stderr when the run is over."""
        return []

    def save(self) -> dict[str, Any]:
        """All state as plain values that msgpack can hold."""
        return {}

    def load(self, saved: dict[str, Any]) -> None:
        """Take up the state that `save` gave."""
