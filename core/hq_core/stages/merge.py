"""hq-merge: the rows of several inputs in one stream, by time; as panels, or each symbol as a series of its own."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from hq_core import kinds
from hq_core.batch import EVER, NEVER, SCHEMA, Batch, Schema, described, period_ns, undescribed
from hq_core.errors import DATA, HqError
from hq_core.memory import move
from hq_core.order import RowOrder, ordered
from hq_core.places import SHAPE as OPENED
from hq_core.places import Opened, read_on
from hq_core.roles import End, Head, Idle, Map, Mark, Sink, Source
from hq_core.saved import Count, Damaged, shaped
from hq_core.say import iso_text
from hq_core.statefile import ORDER
from hq_core.stream.handover import Handover, Taken, give
from hq_core.stream.held import rows_of
from hq_core.stream.joiner import Joiner
from hq_core.stream.rows import Kept
from hq_core.stream.splitter import Splitter
from hq_core.stream.tables import OneTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hq_core.roles import Item

AT_ONCE = 64  # items of one input, before it is looked which input is behind the others
HELD = 1 << 28  # bytes that may wait for a slower input


def rank(schema: Schema) -> tuple[int, int, str, str]:
    """Where a series stands among those of one ts: coarser periods first, then by kind, then by symbol."""
    return -period_ns(schema.period), kinds.of(schema.of).rank, schema.of, schema.symbol


class Input(Sink):
    """One input: how far each of its series has come, and its rows that wait."""

    SHAPE = {"progress": {str: int}, "marked": int, "order": ORDER}

    def __init__(self, opened: Opened, merged: Merged) -> None:
        self.opened = opened
        self.name = opened.name
        self.merged = merged
        self.order = RowOrder()
        self.items: Iterator[Item] = ordered(opened.source, self.order)
        self.splitter = Splitter(self)
        self.progress: dict[str, int] = {}  # ts of the last row, by the series as they are announced
        self.marked = NEVER
        self.ended = False

    @property
    def reached(self) -> int:
        """All later rows have a ts from here on."""
        if self.ended and not self.merged.more:
            return EVER
        return max(self.marked, min(self.progress.values(), default=NEVER))

    @property
    def said(self) -> int:
        """The last mark."""
        return EVER if self.ended and not self.merged.more else self.marked

    def take(self) -> Item | None:
        """The next item, taken in; None at the end."""
        try:
            item = next(self.items, None)
            if item is not None:
                self._take(item)
        except HqError as error:
            before = f" (read from byte {self.opened.before} on)" if self.opened.before else ""
            raise error.within(f"{self.name}{before}") if self.name else error from None
        self.ended = item is None
        return item

    def _take(self, item: Item) -> None:
        if isinstance(item, Schema):
            self.progress.setdefault(_named(item), NEVER)
            self.splitter.schema(item)
        elif isinstance(item, Batch):
            self._check(item)
            self.progress[_named(item.schema)] = item.view("ts")[item.n - 1]
            self.splitter.rows(item)
        else:
            give(item, self.splitter)

    def _check(self, batch: Batch) -> None:
        if not batch.schema.has("ts") or batch.schema.kind("ts") != "i8":
            raise HqError(f"{batch.schema.key} has no ts, so its rows have no place among others", DATA)
        first, since = batch.view("ts")[0], self.merged.frontier
        if first < since:
            raise HqError(
                f"rows of {batch.schema.key} from {iso_text(first)} come behind later ones of other series; give each "
                "as an input of its own: hq-merge A B",
                DATA,
            )

    def schema(self, schema: Schema) -> None:
        self.merged.announced(schema, self)

    def rows(self, batch: Batch) -> None:
        self.merged.hold(batch)

    def mark(self, ts: int) -> None:
        self.marked = max(self.marked, ts)

    def other(self, frame: dict[str, Any]) -> None:
        if frame["kind"] not in ("section", "strings"):  # the texts come with the rows
            self.merged.maps.append((frame["ts"] if type(frame.get("ts")) is int else NEVER, frame))

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        saved = self.opened.save()
        if self.ended and "passed" in saved["source"]:  # told in the end that was written
            saved["source"]["passed"] = {}
        return {**saved, "progress": self.progress, "marked": self.marked, "order": self.order.save()}

    def load(self, saved: dict[str, Any]) -> None:
        """Take up how far it had come, and where its source is to go on."""
        self.marked = saved["marked"]
        self.progress = dict(saved["progress"])
        self.order.load(saved["order"])
        source, before = self.opened.source, self.opened.saved
        if before is not None:
            for item in source.load(before and shaped(before, source.SHAPE)):
                self._take(item)


class Merged(Source):
    """The rows of several inputs, by ts: a row is given when no input can bring an earlier one any more.

    series    ordered series, also of what comes as a panel; else all series of symbols stand in panels
    patience  seconds for which an input may be silent while others wait for it; 0: for ever
    more      a later run brings more of each input, so what waits for it at the end is not given, but saved
    """

    goes_on = True
    SHAPE = {
        "inputs": [{**OPENED, **Input.SHAPE}],
        "frontier": int,
        "marked": int,
        "kept": [(SCHEMA, Count, Count, [bytes])],
        "maps": [(int, {str: object})],
        "texts": OneTable.SHAPE,
    }

    def __init__(
        self, inputs: Sequence[Opened], series: bool = False, patience: float = 0.0, more: bool = False
    ) -> None:
        self.more = more
        self.inputs = [Input(one, self) for one in inputs]
        if more:
            for one in inputs:
                read_on(one)
        self.patience = patience
        self.waits_on = inputs[0].fd
        self.frontier = NEVER  # rows before it have been given
        self.maps: list[tuple[int, dict[str, Any]]] = []
        self._kept: dict[str, Kept] = {}
        self._owner: dict[str, Input] = {}
        self._new: list[Schema] = []  # announced, and not given on yet
        self._bytes = 0
        self._marked = NEVER
        self._taken = Taken()
        self._handover = Handover(self._taken)
        self._joiner = None if series else Joiner(self._handover, lambda schema: True, texts=True)
        self._texts = OneTable(not series)

    def __iter__(self) -> Iterator[Item]:
        made_by: list[Any] = []
        for one in self.inputs:  # all that is announced before the first rows stands before them here too
            while not one.ended and not any(at > NEVER for at in one.progress.values()):
                item = one.take()
                if isinstance(item, Head):
                    made_by += item.get("made_by") or []
                elif isinstance(item, Idle):
                    yield from self._wait(one)
                elif isinstance(item, End):
                    yield item
        yield Head(kind="head", made_by=made_by)
        while True:
            yield from self._given()
            behind = self._behind()
            if behind is None:
                break
            for _ in range(AT_ONCE):
                try:
                    item = behind.take()
                except HqError:
                    yield from self._given()  # what was good before the error is written
                    raise
                if isinstance(item, End):
                    yield item
                elif isinstance(item, Idle):
                    yield from self._wait(behind)
                if item is None or isinstance(item, Idle):
                    break

    def _behind(self) -> Input | None:
        """The input that all others wait for; None where it has ended.

        With a state the others are then read on by a later run; not so a stream, of which nobody gives the rest again.
        """
        one = min(self.inputs, key=lambda given: (given.reached, given.ended))
        if not one.ended:
            return one
        return next((other for other in self.inputs if other.opened.stream and not other.ended), None)

    def _wait(self, one: Input) -> Iterator[Item]:
        self.waits_on = one.opened.fd
        yield Idle()

    @property
    def position(self) -> int:  # type: ignore[override]
        """Bytes of the stream among the inputs: files have their own offsets."""
        return sum(one.opened.source.position for one in self.inputs if one.opened.stream)

    # -- what comes --------------------------------------------------------------------------------------
    def announced(self, schema: Schema, by: Input) -> None:
        owner = self._owner.setdefault(schema.key, by)
        if owner is not by:
            where = owner.name or "stdin"
            raise HqError(f"{schema.key} is in {where} too; cat puts parts of a series one behind the other", DATA)
        before = self._kept.get(schema.key)
        if before is None or not before.schema.same_as(schema):
            if before is not None and before.n:
                raise HqError(f"{schema.key} comes with other columns while rows of it wait", DATA)
            self._kept[schema.key] = Kept(schema)
            self._new.append(schema)

    def hold(self, batch: Batch) -> None:
        kept = self._kept[batch.schema.key]
        move(kept.reserve(batch.n), self._texts.coded(batch), batch.schema.widths, batch.n)
        kept.commit(batch.n)
        self._bytes += batch.n * sum(batch.schema.widths)
        if self._bytes > HELD:
            slow = min(self.inputs, key=lambda one: one.reached)
            last = min(slow.progress, key=lambda key: slow.progress[key], default="")
            raise HqError(
                f"{slow.name or 'stdin'}: {HELD >> 20} MiB of rows wait for {last or 'its first series'}, which has no "
                "row or mark up to their ts",
                DATA,
            )

    # -- what is given -----------------------------------------------------------------------------------
    def _given(self) -> Iterator[Item]:
        """All that has a ts before every input's."""
        upto = min(one.reached for one in self.inputs)
        yield from self._announced()
        if upto > self.frontier:
            self.frontier = upto
            yield from self._rows(upto)
        mark = min(one.said for one in self.inputs)
        if self._marked < mark < EVER:
            self._marked = mark
            yield Mark(mark)

    def _announced(self) -> Iterator[Item]:
        new, self._new = self._new, []
        for schema in sorted(new, key=rank):
            if self._joiner is None:
                yield schema
            else:
                self._joiner.series(schema)
        if new and self._joiner is not None:
            self._joiner.tell()
            self._handover.flush()
            yield from self._taken.pop()

    def _rows(self, upto: int) -> Iterator[Item]:
        waiting = [kept for kept in self._kept.values() if kept.n]
        for kept in sorted(waiting, key=lambda one: rank(one.schema)):
            ready = bisect_left(Batch(kept.schema, kept.n, kept.starts).view("ts"), upto)
            if not ready:
                continue
            batch = Batch(kept.schema, ready, list(kept.starts), kept, self._texts.of(kept.schema))
            self._bytes -= ready * sum(kept.schema.widths)
            new = self._texts.untold(kept.schema)
            if self._joiner is None:
                yield from (Map(frame) for frame in new)
                yield batch
            else:
                for frame in new:
                    self._joiner.map(frame)
                self._joiner.copy(batch)
            kept.drop(ready)
        told = sorted((one for one in self.maps if one[0] < upto), key=lambda one: one[0])
        self.maps = [one for one in self.maps if one[0] >= upto]
        if self._joiner is None:
            yield from (Map(frame) for _, frame in told)
            return
        for _, frame in told:
            self._joiner.map(frame)
        self._joiner.release(lambda of, period: None)
        self._handover.flush()
        yield from self._taken.pop()

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        inputs = [one.save() for one in self.inputs]
        owners = [self.inputs.index(self._owner[key]) for key in self._kept]
        kept = [
            [described(one.schema), owner, one.n, one.columns() if one.n else []]
            for owner, one in zip(owners, self._kept.values())
        ]
        return {
            "inputs": inputs,
            "frontier": self.frontier,
            "marked": self._marked,
            "kept": kept,
            "maps": [list(one) for one in self.maps],
            "texts": self._texts.save(),
        }

    def load(self, saved: dict[str, Any]) -> Iterator[Item]:
        """Take up what another merge of the same inputs saved; all series are announced again."""
        self.frontier, self._marked = saved["frontier"], saved["marked"]
        self.maps = [(ts, frame) for ts, frame in saved["maps"]]
        self._texts.load(saved["texts"])
        for about, owner, n, columns in saved["kept"]:
            schema = undescribed(about)
            if schema.key in self._kept:
                raise Damaged(f"rows of {schema.key} wait twice")
            self.announced(schema, self.inputs[owner])
            if n:
                batch = rows_of(schema, n, columns)
                batch.texts = self._texts.of(schema)
                if schema.kind("ts") != "i8" or list(batch.view("ts")) != sorted(batch.view("ts")):
                    raise Damaged(f"rows of {schema.key} wait that are not in the order of their ts")
                for name in batch.texts:
                    batch.words(name)
                self.hold(batch)
        for one, of_it in zip(self.inputs, saved["inputs"], strict=True):
            one.load(of_it)
        return iter(())


def _named(schema: Schema) -> str:
    """What one input calls its series: panels of other columns may have one name."""
    return f"{schema.key} {' '.join(schema.names)}" if schema.panel else schema.key
