"""Values of one clock carried to others: computed once on their own rows, read by each as of its own ts."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from hq_core.batch import NEVER
from hq_core.errors import DATA, HqError
from hq_core.jit import Cell
from hq_core.kernels import ops
from hq_core.memory import room
from hq_core.saved import Damaged
from hq_core.series.inputs import Inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.batch import Batch
    from hq_core.graph import Graph, GraphColumn

WAITING = 1_000_000  # values that may wait for a reader's rows: 8 MB a column
TRIM = 1024
FEED = {"graph": bytes, "upto": int, "known": bytes, "values": [bytes], "trimmed": bool}


def unmerged(what: str) -> HqError:
    """Series that lie one behind the other and not in the order of their ts, and what puts them so."""
    return HqError(what, DATA, hint="hq-merge FILE FILE puts the rows of several files in the order of their ts")


class Feed:
    """What one series gives to the base series that read it.

    whole    it has had the series' rows from the first on, so that whoever comes later may read it too
    known    ts of the rows so far that may still be asked for; values: their columns, one array each
    upto     all rows of this series with a ts up to here have been seen
    cursors  those who read it
    """

    def __init__(self, key: str, graph: Graph, asked: Sequence[GraphColumn], whole: bool = True) -> None:
        self.key = key
        self.graph = graph
        self.whole = whole
        self.upto = NEVER
        self.known = array("q")
        self.values = [array("d") for _ in asked]
        self.trimmed = False  # values were forgotten: whoever comes now must not ask for them
        self.inputs = Inputs(graph)
        self.cursors: list[Cursor] = []
        graph.compile(list(asked))

    def rows(self, batch: Batch) -> None:
        """Closed rows of the series."""
        ts = batch.view("ts")
        n = batch.n
        if not self.cursors or len(self.known) + n > WAITING:
            self.trim()
        if len(self.known) + n > WAITING:
            raise unmerged(f"{self.key}: {WAITING} rows wait for rows to be read by")
        start = len(self.known)
        self.known.frombytes(ts.cast("B"))
        for column in self.values:
            column.frombytes(bytes(8 * n))
        at = [column.buffer_info()[0] + 8 * start for column in self.values]
        self.graph.run(self.inputs.sources(batch), n, at)
        self.upto = max(self.upto, ts[n - 1])

    def trim(self) -> None:
        """Forget what no later row can ask for: all before the last value that each has read."""
        spare = min((cursor.at for cursor in self.cursors), default=len(self.known) - TRIM) - 1
        if spare > 0:
            self.trimmed = True
            del self.known[:spare]
            for column in self.values:
                del column[:spare]
            for cursor in self.cursors:
                cursor.at -= spare

    def save(self) -> dict[str, Any]:
        self.trim()
        return {
            "graph": self.graph.save(),
            "upto": self.upto,
            "known": self.known.tobytes(),
            "values": [column.tobytes() for column in self.values],
            "trimmed": self.trimmed,
        }

    def load(self, saved: dict[str, Any], own: bool = False) -> None:
        lengths = {len(saved["known"]), *map(len, saved["values"])}
        if len(lengths) != 1 or len(saved["values"]) != len(self.values):
            raise Damaged(f"{self.key}: the values that are kept and their times do not go together")
        self.graph.load(saved["graph"], own)
        self.upto, self.trimmed = saved["upto"], saved["trimmed"]
        self.known = array("q", saved["known"])
        self.values = [array("d", column) for column in saved["values"]]


class Cursor:
    """One reader of a feed.

    waits  its rows wait until the feed's series is known up to their ts; otherwise the series' rows come first
    """

    def __init__(self, feed: Feed, waits: bool) -> None:
        self.feed = feed
        self.waits = waits
        self.upto = NEVER  # what a mark or the input's end said, beside the feed's own
        self._asof = Cell(ops.asof)
        self._take = Cell(ops.take)
        self._rows = array("q")
        feed.cursors.append(self)

    @property
    def at(self) -> int:
        """How many of the feed's values were known at the last row read."""
        return int(self._asof.state.at)

    @at.setter
    def at(self, value: int) -> None:
        self._asof.state.at = value

    def skip(self, ts: int) -> None:
        """No row before ts asks any more: a symbol that trades no longer must not keep what others have read."""
        self.at = max(self.at, bisect_left(self.feed.known, ts))

    @property
    def reached(self) -> int:
        """Up to which ts the series is known."""
        return max(self.upto, self.feed.upto)

    def read(self, ts: int, n: int, out: Sequence[int], keep: bool) -> None:
        """The values as of n rows.

        ts    address of the rows' ts; out: address of a column for each value
        keep  False: for a forming row, which leaves no trace
        """
        feed = self.feed
        rows = room(self._rows, n)
        known = len(feed.known)
        asof, take = self._asof, self._take
        before = asof.state.at
        asof.column("ts", ts, n)
        asof.column("known", feed.known.buffer_info()[0], known)
        asof.column("row", rows, n)
        asof.run()
        if feed.trimmed and not self._rows[0]:
            raise unmerged(f"{feed.key}: its values of that time were forgotten, as nobody read them then")
        take.column("row", rows, n)
        for column, address in zip(feed.values, out):
            take.column("values", column.buffer_info()[0], known)
            take.column("out", address, n)
            take.run()
        if not keep:
            asof.state.at = before
        elif before > TRIM:
            feed.trim()
