"""Values of one clock carried to another: computed on their own rows, read as of the reader's ts."""
from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from hq_core.errors import DATA, HqError
from hq_core.jit import Cell
from hq_core.kernels import ops
from hq_core.memory import room
from hq_core.saved import Count, Damaged
from hq_core.series.inputs import Inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.batch import Batch
    from hq_core.graph import Graph, Out

WAITING = 1_000_000  # values that may wait for the reader's rows: 8 MB a column
TRIM = 1024
NEVER = -(1 << 63)
FEED = {"graph": bytes, "upto": int, "known": bytes, "values": [bytes], "at": Count}


class Feed:
    """What one other series gives to a base series.

    waits    the base's rows wait until this series is known up to their ts; otherwise its rows come first
    known    ts of the rows so far that may still be asked for; values: their columns, one array each
    upto     all rows of this series with a ts up to here have been seen
    """

    def __init__(self, key: str, graph: Graph, asked: Sequence[Out], waits: bool) -> None:
        self.key = key
        self.graph = graph
        self.waits = waits
        self.upto = NEVER
        self.known = array("q")
        self.values = [array("d") for _ in asked]
        self.inputs = Inputs(graph)
        self._asof = Cell(ops.asof)
        self._take = Cell(ops.take)
        self._rows = array("q")
        graph.compile(list(asked))

    def rows(self, batch: Batch, passed: int) -> None:
        """Closed rows of the series. passed: ts of the base's last row that has been computed."""
        ts = batch.view("ts")
        n = batch.n
        if ts[0] <= passed:
            raise HqError(
                f"{self.key}: the row of ts {ts[0]} comes after the row of ts {passed} that had to know it; "
                "write coarse periods first",
                DATA,
            )
        if len(self.known) + n > WAITING:
            raise HqError(
                f"{self.key}: {WAITING} rows wait for rows to be read by; merge the streams by ts", DATA
            )
        start = len(self.known)
        self.known.frombytes(ts.cast("B"))
        for column in self.values:
            column.frombytes(bytes(8 * n))
        at = [column.buffer_info()[0] + 8 * start for column in self.values]
        self.graph.run(self.inputs.sources(batch), n, at)
        self.upto = max(self.upto, ts[n - 1])

    def read(self, ts: int, n: int, out: Sequence[int], keep: bool) -> None:
        """The values as of n rows.

        ts    address of the rows' ts; out: address of a column for each value
        keep  False: for a forming row, which leaves no trace
        """
        rows = room(self._rows, n)
        known = len(self.known)
        asof, take = self._asof, self._take
        before = asof.state.at
        asof.column("ts", ts, n)
        asof.column("known", self.known.buffer_info()[0], known)
        asof.column("row", rows, n)
        asof.run()
        take.column("row", rows, n)
        for column, address in zip(self.values, out):
            take.column("values", column.buffer_info()[0], known)
            take.column("out", address, n)
            take.run()
        if not keep:
            asof.state.at = before
        elif before > TRIM:
            self._trim()

    def _trim(self) -> None:
        """Forget what no later row can ask for: all before the last value that was read."""
        spare = self._asof.state.at - 1
        if spare > 0:
            del self.known[:spare]
            for column in self.values:
                del column[:spare]
            self._asof.state.at = 1

    def save(self) -> dict[str, Any]:
        self._trim()
        return {
            "graph": self.graph.save(),
            "upto": self.upto,
            "known": self.known.tobytes(),
            "values": [column.tobytes() for column in self.values],
            "at": self._asof.state.at,
        }

    def load(self, saved: dict[str, Any], own: bool = False) -> None:
        lengths = {len(saved["known"]), *map(len, saved["values"])}
        if len(lengths) != 1 or len(saved["values"]) != len(self.values) or 8 * saved["at"] > len(saved["known"]):
            raise Damaged(f"{self.key}: the values that are kept and their times do not go together")
        self.graph.load(saved["graph"], own)
        self.upto = saved["upto"]
        self.known = array("q", saved["known"])
        self.values = [array("d", column) for column in saved["values"]]
        self._asof.state.at = saved["at"]
