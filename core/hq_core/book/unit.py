"""One series of events: its book, and what is written of it."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple

from hq_core.batch import NEVER
from hq_core.book.book import Book
from hq_core.book.emit import Depths, Quotes, Shown, Snapshots, Updates
from hq_core.book.fractions import NO_STEP
from hq_core.book.intake import ORDERS, Intake
from hq_core.book.ladder import MISSING, TWICE
from hq_core.book.ready import READY, Ready
from hq_core.book.run import Run
from hq_core.graph import PIECE
from hq_core.saved import Damaged

if TYPE_CHECKING:
    from collections.abc import Callable

    from hq_core.batch import Batch, Schema
    from hq_core.roles import Out
    from hq_core.stream.findings import Findings

    Count = Callable[[str, int], None]

UNIT = {  # what `save` gives
    "ready": READY,
    "by": int,
    "book": bytes,
    "shown": bytes,
    "due": int,
    "last": (int, int),
}
OFF = "price off the tick"
ODD = {TWICE: "orders came in that were there", MISSING: "orders were changed or left that were not there"}


class Asked(NamedTuple):
    """What is to be written: quote, depth, updates or snapshot, with its levels or the ns between two."""

    what: str
    number: int = 0

    @property
    def writes(self) -> str:
        """The kind of the rows."""
        return {"updates": "book_update", "snapshot": "book"}.get(self.what, self.what)


class Unit:
    """The book of one series.

    tick, lot   steps as fractions; NO_STEP: not known, so the tick is that of the first snapshot
    findings    where prices off the tick are told
    lateness    of the exchange's view, ns; below 0: the book is that of the local view
    drop, note  count rows that are left out, and other things worth a line
    due         when a snapshot is to be written, of one that something came for
    last        ts and exch_ts of the last event
    """

    def __init__(
        self,
        schema: Schema,
        asked: Asked,
        tick: tuple[int, int],
        lot: tuple[int, int],
        drop: Count,
        note: Count,
        findings: Findings,
        lateness: int = -1,
    ) -> None:
        self.schema = schema
        self.asked, self.lot = asked, lot
        self.view = "local" if lateness < 0 else "exch"
        self.ready = Ready(schema, tick, lateness, drop)
        self.drop, self.note, self.findings = drop, note, findings
        self.book = Book(lot)
        self.due = NEVER
        self.last = NEVER, NEVER
        self.shown: Shown | None = None
        self.snapshots: Snapshots | None = None
        self.run: Run | None = None
        if tick != NO_STEP:
            self._begin()

    def _begin(self) -> None:
        """The tick is known."""
        tick = self.ready.tick
        self.intake = Intake(self.view, tick, self.ready.told, self.lot != NO_STEP)
        self.run = Run(self.book)
        what, number = self.asked
        about = self.schema.symbol, tick
        if what == "snapshot":
            self.snapshots = Snapshots(*about, number)
            return
        self.shown = Depths(*about, number) if what == "depth" else (Quotes if what == "quote" else Updates)(*about)
        self.shown.bind(self.book, self.run)

    # -- rows --------------------------------------------------------------------------------------------
    def rows(self, batch: Batch, out: Out) -> None:
        for one in self.ready.rows(batch):
            self._take(one, out)

    def _take(self, batch: Batch, out: Out) -> None:
        if self.run is None:
            self._begin()
        assert self.run is not None
        intake, at = self.intake, self.book["at"]
        taken = intake.take(batch)
        if intake.sideless:
            self.drop("a level without a side, or with both", intake.sideless)
        if intake.off:
            self.drop(OFF, len(intake.off))
            times, px = batch.times(), batch.view("px")
            over, under = self.ready.tick
            ts, prices = [times[i] for i in intake.off], [px[i] for i in intake.off]
            self.findings.found(batch.schema, OFF, "warning", ts, prices, over / under, out)
        self.note("events of an unknown number changed nothing", intake.odd)
        if intake.by == ORDERS:
            self.book.keep_orders()
        before = {place: at[place] for place in ODD}
        clock = "ts" if self.view == "local" else "exch_ts"
        times, exch, rows = batch.view(clock), batch.view("exch_ts"), intake.rows
        start = 0
        while start < taken.n:
            n = min(PIECE, taken.n - start)
            if self.snapshots is not None and self.snapshots.every:
                self.upto(times[rows[start]], out)
                if self.due == NEVER:
                    self.due = self.snapshots.boundary(times[rows[start]])
                n = bisect_right(range(start, start + n), self.due, key=lambda k: times[rows[k]])
            if self.shown is not None:
                row, columns = taken.row + 8 * start, {**self.run.columns, "code": taken.code + start}
                self.shown.begin(batch.address(clock), batch.address("exch_ts"), batch.n, row, n, columns)
            self.run.run(taken, start, n)
            if self.shown is not None:
                self.shown.write(out)
            start += n
            last = rows[start - 1]
            self.last = times[last], exch[last]
        for place, what in ODD.items():
            self.note(what, at[place] - before[place])
        intake.refuse(batch)

    def upto(self, ts: int, out: Out) -> None:
        """No event before ts comes any more."""
        if self.due != NEVER and ts > self.due:
            assert self.snapshots is not None
            self.snapshots.write(out, self.book, self.due, self.last[1])
            self.due = NEVER

    def finish(self, out: Out) -> None:
        """The input has ended."""
        for one in self.ready.rest():
            self._take(one, out)
        if self.snapshots is not None and not self.snapshots.every and self.last[0] != NEVER:
            self.snapshots.write(out, self.book, *self.last)

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        return {
            "ready": self.ready.save(),
            "by": 0 if self.run is None else self.intake.by,
            "book": self.book.save(),
            "shown": b"" if self.shown is None else self.shown.save(),
            "due": self.due,
            "last": list(self.last),
        }

    def load(self, saved: dict[str, Any]) -> None:
        self.ready.load(saved["ready"])
        if self.ready.tick != NO_STEP and self.run is None:
            self._begin()
        self.book.load(None, saved["book"])
        if self.run is not None:
            if saved["by"] not in (0, 1, ORDERS) or (saved["by"] == ORDERS) != self.book.by_order:
                raise Damaged(f"{self.schema.key}: a book told by {saved['by']}")
            self.intake.by = saved["by"]
        if self.shown is not None:
            self.shown.load(saved["shown"])
        self.due, self.last = saved["due"], tuple(saved["last"])
        every = self.asked.number if self.asked.what == "snapshot" else 0
        if self.due != NEVER and not (every and self.due % every == 0 and self.due >= self.last[0]):
            raise Damaged(f"{self.schema.key}: a snapshot that is due at {self.due}")
