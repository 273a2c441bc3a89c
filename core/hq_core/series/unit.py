"""A plan over one base series and those that it reads: rows in, rows with more columns out."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import deque
from typing import TYPE_CHECKING, Any

from hq_core.batch import (
    EVER,
    NEVER,
    SCHEMA,
    WIDTHS,
    Batch,
    Schema,
    described,
    period_ns,
    period_text,
    stretches,
    undescribed,
)
from hq_core.memory import after, move, room
from hq_core.saved import Count, Damaged
from hq_core.say import iso_text
from hq_core.series.feed import Cursor, Feed, unmerged
from hq_core.series.inputs import Inputs
from hq_core.series.plan import source_name
from hq_core.series.waiting import WAITING
from hq_core.stream.held import columns_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Protocol

    from hq_core.graph import Graph, GraphColumn
    from hq_core.roles import Out
    from hq_core.series.growing import Growing
    from hq_core.series.orders import Happened
    from hq_core.series.plan import Plan

    class Ordering(Protocol):
        """What is ordered at the rows of a series: series.orders.Orders, or one that has strategies in Python too."""

        each: bool

        def announce(self, out: Out, anew: bool = False) -> None: ...
        def told(self) -> Iterator[dict[str, Any]]: ...
        def room(self, n: int) -> list[int]: ...
        def write(self, batch: Batch, out: Out) -> None: ...
        def by_rows(
            self, batch: Batch, row: array[int], stops: array[int] | memoryview[int]
        ) -> list[tuple[int, int]]: ...
        def hear(self, strategy: str, numbers: Sequence[float], happened: Happened) -> None: ...
        def decide(self, batch: Batch, row: int, out: Out) -> None: ...
        def save(self) -> list[int]: ...
        def load(self, saved: list[int]) -> None: ...

    Feeds = Callable[[tuple[str, int], str, Graph, list[GraphColumn]], Feed]

PENDING = 65_536  # rows of one series that may wait for another
UNIT = {
    "graph": bytes,
    "passed": int,
    "feeds": [(Count, int)],
    "pending": [(SCHEMA, Count, [bytes], {str: [str]})],
    "orders": [Count],
    "together": [WAITING],
}


class Broke(Exception):
    """Nothing can be ordered from a row on: its number in the batch, and why.  The rows before it are good."""

    def __init__(self, row: int, error: BaseException) -> None:
        super().__init__(row)
        self.row = row
        self.error = error


class Unit:
    """One base series.

    schema    its rows as they come in
    plan      what is computed: its columns are added to the rows, its watched ones are what orders look at
    feeds     gives what a series is read through, by its symbol and period, its name, graph and columns
    orders    what is ordered at the rows: written before them
    silent    the rows themselves are not written
    stores    those of the stream, which rows wait for beside other series
    """

    def __init__(
        self,
        schema: Schema,
        plan: Plan,
        note: Callable[[str, int], None],
        feeds: Feeds | None = None,
        orders: Ordering | None = None,
        silent: bool = False,
        stores: Sequence[Growing] = (),
    ) -> None:
        self.schema = schema
        self.orders = orders
        self.silent = silent
        self.note = note
        self.passed = NEVER  # ts of the last closed row computed
        self.computed = 0  # rows of this run
        self.added = [(name, out.kind) for name, out in plan.columns.items()]
        self._widths = [*(WIDTHS[kind] for _, kind in self.added), *(8 for _ in plan.watched)]
        self.written = schema.with_columns(self.added)
        self.feeds: dict[tuple[str, int], Cursor] = {}
        own = schema.symbol, period_ns(schema.period)
        self._names: dict[str, list[str]] = {}
        for clock, (graph, asked) in plan.others.items():
            where = clock[0] or own[0], clock[1] or own[1]
            waits = where[0] != own[0] or where[1] < own[1]
            label = f"{schema.of}/{where[0]}/{period_text(where[1])}"
            feed = feeds(where, label, graph, asked) if feeds is not None else Feed(label, graph, asked)
            self.feeds[where] = Cursor(feed, waits)
            self._names[label] = [source_name(clock, i) for i in range(len(asked))]
        self.inputs = Inputs(plan.base)
        self.inputs.check(schema)
        self.graph = plan.base
        self.graph.compile([*plan.columns.values(), *plan.watched])
        self._added: list[array[float]] = [array("d") for _ in self.added]
        self._read: dict[str, list[array[float]]] = {
            label: [array("d") for _ in names] for label, names in self._names.items()
        }
        # begun where rows wait: few series do, and an empty one takes 760 bytes
        self._pending: deque[tuple[Schema, int, list[bytes], dict[str, list[str]]]] | None = None
        self._waiting = 0  # rows in _pending
        self._waits: list[Cursor | Growing] = [*stores, *(cursor for cursor in self.feeds.values() if cursor.waits)]
        self.reads = bool(self.feeds or stores)

    def announce(self, schema: Schema, out: Out) -> None:
        """The series is announced, perhaps with other columns than before."""
        if not schema.same_as(self.schema):
            self.inputs.check(schema)
            self.written = schema.with_columns(self.added)
        self.schema = schema
        if self.orders is not None:
            self.orders.announce(self.takes_orders(out))
        if not self.silent:
            out.series(self.written)

    def takes_orders(self, out: Out) -> Out:
        """Where orders go, of what takes the rows."""
        return out

    def check(self, key: str, ts: int) -> None:
        """Refuse rows of another series, from ts on, that a row which was computed already had to know."""
        if ts <= self.passed:
            late = f"the row of {iso_text(ts)} comes after the row of {self.schema.key} of {iso_text(self.passed)}"
            raise unmerged(f"{key}: {late} that had to know it")

    def rows(self, batch: Batch, out: Out) -> None:
        """Rows of the base series."""
        if self._waits:
            ready = 0 if self._pending else self._ready(batch.view("ts"))
            if ready:
                self._write(batch if ready == batch.n else batch.slice(0, ready), out)
            if ready < batch.n:
                self._wait(batch.slice(ready, batch.n))
        else:
            self._write(batch, out)

    def mark(self, ts: int, out: Out) -> None:
        """No row of any series comes with an earlier ts."""
        for cursor in self._waits:
            cursor.upto = max(cursor.upto, ts - 1)
        self.drain(out)
        if not self.waiting:
            for cursor in self.feeds.values():
                cursor.skip(ts)

    def finish(
        self, last: int, out: Out, drop: Callable[[str, int], None], absent: Sequence[tuple[str, int]] = ()
    ) -> None:
        """Nothing more comes: what waits is computed where it lies before `last`, the last ts of the input.

        absent  series that never came: nobody waits for them any longer
        """
        for where in absent:
            self.feeds[where].upto = EVER
        self.mark(last, out)
        if self._waiting:
            silent = min(self._waits, key=lambda cursor: cursor.reached).feed
            drop(f"{self.schema.key}: still waiting for {silent.key} when the input ended", self._waiting)

    @property
    def seen(self) -> int:
        """Rows of this run, computed or waiting."""
        return self.computed + self._waiting

    @property
    def waiting(self) -> int:
        """Rows that wait for another series."""
        return self._waiting

    # Rows that wait for another series
    def _ready(self, ts: Sequence[int]) -> int:
        """How many rows may be computed as their other series are known."""
        return bisect_right(ts, min(cursor.reached for cursor in self._waits))

    def _wait(self, batch: Batch) -> None:
        self._waiting += batch.n
        if self._waiting > PENDING:
            silent = min(self._waits, key=lambda cursor: cursor.reached).feed
            raise unmerged(
                f"{self.schema.key}: {PENDING} rows wait for {silent.key}, which has no row or mark up to their ts"
            )
        texts = {name: batch.texts[name] for name in self.inputs.texts if name in batch.texts}
        self._pending = self._pending or deque()
        self._pending.append((batch.schema, batch.n, columns_of(batch.schema, batch.addresses, batch.n), texts))

    def drain(self, out: Out) -> None:
        """Compute the waiting rows whose other series are known by now."""
        while self._pending:
            schema, n, copies, texts = self._pending[0]
            batch = rows_of(schema, n, copies, texts)
            ready = self._ready(batch.view("ts"))
            if not ready:
                return
            self._write(batch.slice(0, ready), out)
            self._waiting -= ready
            if ready < n:
                rest = batch.slice(ready, n)
                self._pending[0] = schema, rest.n, columns_of(schema, rest.addresses, rest.n), texts
                return
            self._pending.popleft()

    # Computing
    def _write(self, batch: Batch, out: Out) -> None:
        n = batch.n
        self.computed += n
        if self.orders is None:
            series = self._series(batch, out)
            to = out.rows(series, n)
            move(to, batch.addresses, batch.schema.widths, n)
            self._compute(stretches(batch), to[len(batch.addresses) :])
            out.commit(series, n)
            return
        parts = stretches(batch)
        added = [room(memory, n) for memory in self._added]
        self._compute(parts, [*added, *self.orders.room(n)])
        broke: Broke | None = None
        try:
            self.orders.write(batch, out)
        except Broke as found:
            broke, n = found, found.row
        self._pass(batch, out, n, added)
        if broke is not None:
            raise broke.error

    def _pass(self, batch: Batch, out: Out, n: int, added: Sequence[int]) -> None:
        """Write the first n rows with the columns that lie at `added`."""
        if not n or self.silent:
            return
        series = self._series(batch, out)
        to = out.rows(series, n)
        move(to, batch.addresses, batch.schema.widths, n)
        move(to[len(batch.addresses) :], added, self._widths, n)
        out.commit(series, n)

    def _series(self, batch: Batch, out: Out) -> Any:
        ours = batch.schema is self.schema  # rows that waited may be older than the last announcement
        return out.series(self.written if ours else batch.schema.with_columns(self.added))

    def _compute(self, parts: list[tuple[Batch, bool]], wanted: list[int]) -> None:
        if len(parts) == 1:
            self.compute(parts[0][0], wanted, parts[0][1])
            return
        done = 0
        for part, keep in parts:
            self.compute(part, after(wanted, self._widths, done), keep)
            done += part.n

    def compute(self, batch: Batch, wanted: list[int], keep: bool = True) -> None:
        """Compute the plan's columns, the watched ones behind them, over rows for which nobody waits.

        wanted  an address for each column
        keep    False: the rows are forming ones, which leave no trace
        """
        self.graph.run(self._sources(batch, keep), batch.n, wanted, keep)
        if keep:
            self.passed = max(self.passed, batch.ts(batch.n - 1))

    def _sources(self, batch: Batch, keep: bool) -> Mapping[str, int]:
        """Name to address of what the base's graph reads: of the rows, and of other series up to them."""
        if not self.feeds:
            return self.inputs.sources(batch)
        sources = {**self.inputs.sources(batch)}
        for cursor in self.feeds.values():
            at = [room(memory, batch.n) for memory in self._read[cursor.feed.key]]
            cursor.read(batch.address("ts"), batch.n, at, keep)
            sources.update(zip(self._names[cursor.feed.key], at))
        return sources

    # State
    def save(self) -> dict[str, Any]:
        return {
            "graph": self.graph.save(),
            "passed": self.passed,
            "feeds": [[cursor.at, cursor.upto] for cursor in self.feeds.values()],
            "pending": [[described(schema), n, copies, texts] for schema, n, copies, texts in self._pending or ()],
            "orders": self.orders.save() if self.orders is not None else [],
            "together": [],  # of an InsideUnit what waits
        }

    def load(self, saved: dict[str, Any], own: bool = False) -> None:
        self.graph.load(saved["graph"], own)
        self.passed = saved["passed"]
        if self.orders is not None:
            self.orders.load(saved["orders"])
        for cursor, (at, upto) in zip(self.feeds.values(), saved["feeds"], strict=True):
            if at > len(cursor.feed.known):
                raise Damaged(f"{cursor.feed.key}: {at} values were read, {len(cursor.feed.known)} are kept")
            cursor.at, cursor.upto = at, upto
        pending: deque[Any] = deque()
        for schema, n, copies, texts in saved["pending"]:
            before = undescribed(schema)
            if not n:
                raise Damaged(f"0 rows of {before.key} wait")
            rows_of(before, n, copies)
            ours = self.schema if before.same_as(self.schema) else before
            pending.append((ours, n, list(copies), texts))
        self._pending, self._waiting = pending or None, sum(n for _, n, _, _ in pending)
