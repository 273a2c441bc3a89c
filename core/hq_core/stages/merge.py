"""hq-merge: the rows of several inputs in one stream, by time; as panels, or each symbol as a series of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.batch import EVER, NEVER, SCHEMA, Batch, Schema, described, rank, told_apart, undescribed
from hq_core.errors import DATA, HqError
from hq_core.memory import MOST_WAITING
from hq_core.order import RowOrder, ordered
from hq_core.places import SHAPE as OPENED
from hq_core.places import Opened, read_on
from hq_core.roles import End, Head, Idle, Map, Mark, Sink, Source, Stage
from hq_core.saved import Count, Damaged, shaped
from hq_core.say import iso_text
from hq_core.statefile import ORDER
from hq_core.stream.beside import OrderPeriods
from hq_core.stream.gather import GATHERED, at_once, gathered
from hq_core.stream.handover import Handover, Taken, give
from hq_core.stream.held import rows_of
from hq_core.stream.joiner import Joiner
from hq_core.stream.rows import MOVED, by_time
from hq_core.stream.splitter import Splitter
from hq_core.stream.tables import OneTable, recoded
from hq_core.stream.waiting import Least, WaitingMaps, WaitingRows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hq_core.jit import Kernel
    from hq_core.roles import Item

AT_ONCE = 64  # items of one input, before it is looked which input is behind the others
MANY = 64  # inputs, from which on those that are not read give back the memory that they read into


class Input(Sink):
    """One input: how far each of its series has come."""

    SHAPE = {
        "progress": {str: int},
        "orders": {str: int},
        "marked": int,
        "order": ORDER,
        "maps": Count,
        "panels": Splitter.SHAPE,
        "periods": {str: str},
    }

    def __init__(self, opened: Opened, merged: Merged) -> None:
        self.opened = opened
        self.name = opened.name
        self.merged = merged
        self.order = RowOrder()
        self.items: Iterator[Item] = ordered(opened.source, self.order)
        self.splitter = Splitter(self)
        self.progress: dict[str, int] = {}  # ts of the last complete row, by the series as they are announced
        self.orders: dict[str, int] = {}  # the same of orders: each comes before its bar, so bars say how far they are
        self._here: set[str] = set()  # those that the open section has announced
        self._ended: dict[str, int] = {}  # progress of panels in whose place others of their name have come
        self.marked = NEVER
        self.maps = 0  # how many have come
        self.begun = False  # something came that has a ts
        self.ended = False
        self.idle = False  # all that was read of it has been taken
        self.waits: Schema | None = None  # orders whose period the bars of another input may tell
        self._periods = OrderPeriods(merged.bars, {})
        self._failed: HqError | None = None

    @property
    def reached(self) -> int:
        """All later rows have a ts from here on; EVER: there are none."""
        if self.ended and not self.merged.more:
            return EVER
        return min(max(self.marked, min((self.progress or self.orders).values(), default=NEVER)), EVER - 1)

    @property
    def said(self) -> int:
        """The last mark."""
        return EVER if self.ended and not self.merged.more else self.marked

    def take(self, first: bool = False) -> Item | None:
        """The next item, taken in; None at the end.

        first  orders of no period are not taken in but wait, until all inputs have announced their bars
        """
        if self._failed is not None:
            raise self._failed
        try:
            item, self.waits = next(self.items, None) if self.waits is None else self.waits, None
            if first and isinstance(item, Schema) and self._periods.open(item):
                self.waits = item
            elif item is not None:
                self._take(item)
        except HqError as error:
            raise self._named(error) from None
        self.ended, self.idle = item is None, isinstance(item, Idle)
        return item

    def some(self) -> Iterator[Item]:
        """Take in what comes until it pauses, AT_ONCE items at most, small frames of a panel together; gives them.

        When it is through, nothing that was read waits on the way: a state says where the reading ends.
        """
        if self._failed is not None:
            raise self._failed
        self.idle = False
        most = min(
            GATHERED, MOST_WAITING // 16 // len(self.merged.inputs)
        )  # of all inputs together much less than may wait
        try:
            for item in gathered(self._read(), at_once(self.opened.source), most):
                self._take(item)
                self.idle = isinstance(item, Idle)
                yield item
                if self.idle:
                    return
        except HqError as error:
            raise self._named(error) from None

    def _read(self) -> Iterator[Item]:
        for _ in range(AT_ONCE):
            item = next(self.items, None)
            if item is None:
                self.ended = True
                return
            yield item

    def _named(self, error: HqError) -> HqError:
        before = f" (read from byte {self.opened.before} on)" if self.opened.before else ""
        return error.within(f"{self.name}{before}") if self.name else error

    def ahead(self) -> Iterator[End]:
        """Take what has been read already, so that the memory it lies in may go; its ends.

        An error is raised when it is this input's turn.
        """
        for _ in range(AT_ONCE):
            try:
                item = self.take()
            except HqError as error:
                self._failed = error
                return
            if isinstance(item, End):
                yield item
            if self.ended or self.idle:
                break
        self.rest()

    def rest(self) -> None:
        """Others are read now: what it was read into may go."""
        if self.idle or self.ended:
            self.opened.source.spare()

    def _take(self, item: Item) -> None:
        if isinstance(item, Schema):
            item = self._periods.schema(item)
            if item.of == "bar":
                self.merged.bars[item.key] = None
            self._series(item)
            self.splitter.schema(item)
        elif isinstance(item, Batch):
            item = self._periods.rows(item)
            name, progress = told_apart(item.schema), self._progress(item.schema)
            progress[name] = self._last(item, progress.get(name, NEVER))
            self.begun = True
            self.splitter.rows(item)
        elif isinstance(item, (Head, End)):
            self.splitter.section()
            self._here.clear()
        else:
            give(item, self.splitter)

    def _progress(self, schema: Schema) -> dict[str, int]:
        return self.orders if schema.of == "order" else self.progress

    def _series(self, schema: Schema) -> None:
        """A series is announced: in another section a panel comes in place of those of its name and other columns."""
        name, progress = told_apart(schema), self._progress(schema)
        if name not in self._here:
            self._here.add(name)
            for panel, _ in self.splitter.symbols() if schema.panel else ():
                other = told_apart(panel)
                if panel.key == schema.key and other not in self._here and other in progress:
                    self._ended[other] = progress.pop(other)
        progress.setdefault(name, self._ended.pop(name, NEVER))

    def _last(self, batch: Batch, before: int) -> int:
        """The ts of its last complete row; `before` if it has none, as a forming one may have any.

        Raises HqError DATA where rows of others that come behind its first complete one have been given.
        """
        if not batch.schema.has("ts") or batch.schema.kind("ts") != "i8":
            raise HqError(f"{batch.schema.key} has no ts, so its rows have no place among others", DATA)
        at = batch.last_whole()
        if at < 0:
            return before
        times = batch.times()
        if (first := times[_first_whole(batch)]) < self.merged.frontier:
            raise HqError(
                f"rows of {batch.schema.key} from {iso_text(first)} come behind later ones of other series; give each "
                "as an input of its own: hq-merge A B",
                DATA,
            )
        last: int = times[at]
        return last

    def schema(self, schema: Schema) -> None:
        self.merged.announced(schema, self)

    def rows(self, batch: Batch) -> None:
        self.merged.hold(batch, self.marked)

    def mark(self, ts: int) -> None:
        self.marked = max(self.marked, ts)
        self.begun = True

    def other(self, frame: dict[str, Any]) -> None:
        if frame["kind"] not in ("section", "strings"):  # the texts come with the rows
            self.merged.maps.add(frame, self.maps)
            self.maps += 1
            self.begun |= "ts" in frame

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        saved = self.opened.save()
        if self.ended and "passed" in saved["source"]:  # told in the end that was written
            saved["source"]["passed"] = {}
        progress = {"progress": self.progress, "orders": self.orders, "marked": self.marked, "maps": self.maps}
        return {
            **saved,
            **progress,
            "order": self.order.save(),
            "panels": self.splitter.save(),
            "periods": self._periods.periods,
        }

    def load(self, saved: dict[str, Any]) -> None:
        """Take up how far it had come, and where its source is to go on."""
        self.marked, self.maps = saved["marked"], saved["maps"]
        self.progress, self.orders = dict(saved["progress"]), dict(saved["orders"])
        self.order.load(saved["order"])
        self._periods.periods.update(saved["periods"])
        self.splitter.load(saved["panels"])
        source, before = self.opened.source, self.opened.saved
        if before is not None:
            for item in source.load(before and shaped(before, source.SHAPE)):
                self._take(item)


class Merged(Source):
    """The rows of several inputs, by ts: a row is given when no input can bring an earlier one any more.

    series    ordered series, also of what comes as a panel; else all series of symbols stand in panels
    patience  seconds for which an input may be silent while others wait for it; 0: for ever
    more      a later run brings more of each input, so what waits for it at the end is not given, but saved
    kept_in   where it is saved, in words
    """

    goes_on = True
    SHAPE = {
        "inputs": [{**OPENED, **Input.SHAPE}],
        "frontier": int,
        "marked": int,
        "kept": [(SCHEMA, Count, Count, [bytes], int, bytes)],
        "maps": WaitingMaps.SHAPE,
        "texts": OneTable.SHAPE,
    }

    def __init__(
        self,
        inputs: Sequence[Opened],
        series: bool = False,
        patience: float = 0.0,
        more: bool = False,
        kept_in: str = "the state",
    ) -> None:
        self.more = more
        self._kept_in = kept_in
        self._over = False
        self.bars: dict[str, None] = {}  # keys of the bars that were announced
        self.inputs = [Input(one, self) for one in inputs]
        self._number = {one: at for at, one in enumerate(self.inputs)}
        if more:
            for one in inputs:
                read_on(one)
        self.patience = patience
        self.waits_on = inputs[0].fd
        self.frontier = NEVER  # rows before it have been given
        self.maps = WaitingMaps()
        self._rows = WaitingRows()
        self._owner: dict[str, Input] = {}
        self._new: list[Schema] = []  # announced, and not given on yet
        self._announced_as: dict[str, Schema] = {}  # given on last, by name
        self._reached, self._said = Least(), Least()
        self._marked = NEVER
        self._taken = Taken()
        self._handover = Handover(self._taken)
        self._joiner = None if series else Joiner(self._handover, lambda schema: True, texts=True)
        self._texts = OneTable(not series)

    def kernels(self) -> Iterator[Kernel]:
        return (kernel for one in self.inputs for kernel in one.opened.source.kernels())

    def __iter__(self) -> Iterator[Item]:
        made_by: list[Any] = []
        # all that is announced before the first rows stands before them here too
        for at, one in enumerate((*self.inputs, *self.inputs)):
            again = at >= len(self.inputs)
            while not one.ended and not one.begun and (again or one.waits is None):
                item = one.take(first=not again)
                if isinstance(item, Head):
                    made_by += item.get("made_by") or []
                elif isinstance(item, Idle):
                    yield from self._wait(one)
                elif isinstance(item, End):
                    yield item
                self._bound()
            if len(self.inputs) > MANY and one.waits is None:
                yield from one.ahead()
        yield Head(kind="head", made_by=made_by)
        for one in self.inputs:
            self._moved(one)
        while True:
            yield from self._given()
            behind = self._behind()
            if behind is None:
                self._over = True
                break
            if behind.idle:
                yield from self._wait(behind)
            yield from self._read(behind)

    def _read(self, one: Input) -> Iterator[Item]:
        """Some items of one input."""
        try:
            for item in one.some():
                if isinstance(item, End):
                    yield item
                self._bound()
        except HqError:
            yield from self._given()  # what was good before the error is written
            raise
        self._moved(one)
        if len(self.inputs) > MANY:
            one.rest()

    def _moved(self, one: Input) -> None:
        """An input may have come further."""
        at = self._number[one]
        self._reached.set(at, one.reached, one.ended)
        self._said.set(at, one.said)

    def _behind(self) -> Input | None:
        """The input that all others wait for; None where it has ended.

        With a state the others are then read on by a later run; not so a stream, of which nobody gives the rest again.
        """
        one = self.inputs[self._reached.least[1]]
        if not one.ended:
            return one
        return next((other for other in self.inputs if other.opened.stream and not other.ended), None)

    def _wait(self, one: Input) -> Iterator[Item]:
        self.waits_on, self.waits_for = one.opened.fd, one.name
        yield Idle()

    @property
    def position(self) -> int:  # type: ignore[override]
        """Bytes of the stream among the inputs: files have their own offsets."""
        return sum(one.opened.source.position for one in self.inputs if one.opened.stream)

    def remarks(self) -> list[str]:
        found = [(self._rows.n, "row"), (self.maps.n, "map")]
        what = " and ".join(f"{n} {name}{'s' * (n != 1)}" for n, name in found if n)
        if not what or not self._over:
            return []
        verb = "waits" if self._rows.n + self.maps.n == 1 else "wait"
        return [f"{what} {verb} in {self._kept_in} for a later run; --final writes them"]

    # -- what comes --------------------------------------------------------------------------------------
    def announced(self, schema: Schema, by: Input) -> None:
        owner = self._owner.setdefault(schema.key, by)
        if owner is not by:
            where = owner.name or "stdin"
            hint = "cat puts parts of a series one behind the other"
            if not schema.symbol:
                hint = "neither has a symbol: hq-import --symbol NAME FILE gives it one"
            raise HqError(f"{schema.key} is in {where} too", DATA, hint=hint)
        self._place(schema)

    def _place(self, schema: Schema) -> None:
        if self._rows.series(schema):
            self._new.append(schema)

    def hold(self, batch: Batch, floor: int) -> None:
        """Rows of a series; its forming ones do not stand before `floor`."""
        if self._rows.lines[batch.schema.key].schema is not batch.schema:  # one that was announced before another
            self._place(batch.schema)
        self._rows.add(batch, self._texts.coded(batch), floor)

    def _bound(self) -> None:
        """Refuse to hold more than MOST_WAITING."""
        if self._rows.bytes + self.maps.bytes > MOST_WAITING:
            slow = min(self.inputs, key=lambda one: one.reached)
            last = min(slow.progress, key=lambda key: slow.progress[key], default="")
            raise HqError(
                f"{slow.name or 'stdin'}: {MOST_WAITING >> 20} MiB of rows and maps wait for "
                f"{last or 'its first series'}, which has no row or mark up to their ts",
                DATA,
            )

    # -- what is given -----------------------------------------------------------------------------------
    def _given(self) -> Iterator[Item]:
        """All that has a ts before every input's."""
        upto, _ = self._reached.least
        yield from self._announced()
        if upto > self.frontier:
            self.frontier = upto
            yield from self._released(upto)
        mark, _ = self._said.least
        if self._marked < mark < EVER:
            self._marked = mark
            yield Mark(mark)

    def _announced(self) -> Iterator[Item]:
        new, self._new = self._new, []
        for schema in sorted(new, key=rank):
            if self._joiner is None:
                if len(self._rows.lines[schema.key].parts) == 1:  # else rows of the columns before come first
                    yield self._given_as(schema)
            else:
                self._joiner.series(schema)
        if new and self._joiner is not None:
            self._joiner.tell()
            self._handover.flush()
            yield from self._taken.pop()

    def _released(self, upto: int) -> Iterator[Item]:
        before = NEVER
        while before < upto:
            before, rows, alone = self._rows.ready(upto)
            for part, n in rows:
                schema = part.kept.schema
                batch = Batch(schema, n, part.kept.starts, part.kept, self._texts.of(schema))
                new = self._texts.untold(schema)
                if self._joiner is None:
                    if self._announced_as.get(schema.key) is not schema:
                        yield self._given_as(schema)
                    yield from new
                    yield batch
                    continue
                for told in new:
                    self._joiner.map(told)
                for some in _rising(batch) if alone else (batch,):
                    self._joiner.copy(some)
                    if alone:
                        yield from self._joined(self._joiner)
            self._rows.drop(rows)
            for frame in self.maps.ready(before):
                if self._joiner is None:
                    yield Map(frame)
                else:
                    self._joiner.map(frame)
            if self._joiner is not None:
                yield from self._joined(self._joiner)

    def _joined(self, joiner: Joiner) -> Iterator[Item]:
        """The panels of the rows that were given."""
        joiner.release(lambda of, period: None)
        self._handover.flush()
        yield from self._taken.pop()

    def _given_as(self, schema: Schema) -> Schema:
        self._announced_as[schema.key] = schema
        return schema

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        inputs = [one.save() for one in self.inputs]
        kept = []
        for key, line in self._rows.lines.items():
            owner = self._number[self._owner[key]]
            for part in line.parts:
                rows = part.kept
                columns = rows.columns() if rows.n else []
                kept.append([described(rows.schema), owner, rows.n, columns, line.last, part.instants()])
        return {
            "inputs": inputs,
            "frontier": self.frontier,
            "marked": self._marked,
            "kept": kept,
            "maps": self.maps.save(),
            "texts": self._texts.save(),
        }

    def load(self, saved: dict[str, Any]) -> Iterator[Item]:
        """Take up what another merge of the same inputs saved; all series are announced again."""
        self.frontier, self._marked = saved["frontier"], saved["marked"]
        for number, frame in saved["maps"]:
            self.maps.add(frame, number)
        self._texts.load(saved["texts"])
        for about, owner, n, columns, last, instants in saved["kept"]:
            schema = undescribed(about)
            line = self._rows.lines.get(schema.key)
            if line is not None and line.schema.same_as(schema):
                raise Damaged(f"rows of {schema.key} wait twice")
            self.announced(schema, self.inputs[owner])
            if n:
                batch = rows_of(schema, n, columns)
                batch.texts = self._texts.of(schema)
                if schema.kind("ts") != "i8" or not _in_order(batch):
                    raise Damaged(f"rows of {schema.key} wait that are not in the order of their ts")
                for name in batch.texts:
                    batch.words(name)
                self.hold(batch, NEVER)
            self._rows.take_up(schema.key, last, instants)
        for one, of_it in zip(self.inputs, saved["inputs"], strict=True):
            one.load(of_it)
        return iter(())


class Merging(Stage):
    """Passes on what a merge gives.

    series  as of Merged
    """

    def __init__(self, series: bool = False) -> None:
        super().__init__()
        self._series = series

    def kernels(self) -> tuple[Kernel, ...]:
        """What the merge runs, which is known before its inputs are opened."""
        if self._series:
            return (recoded,)
        from hq_core.panel_order import in_panel

        return recoded, by_time, *MOVED, in_panel


def _first_whole(batch: Batch) -> int:
    """The first row that is no forming bar; there is one."""
    return 0 if batch.schema.flag < 0 else next(at for at, one in enumerate(batch.view("complete")) if one)


def _in_order(batch: Batch) -> bool:
    """Whether ts never goes back among the complete rows."""
    times = batch.times().tolist()
    if batch.schema.flag >= 0:
        times = [ts for ts, whole in zip(times, batch.view("complete")) if whole]
    return bool(times == sorted(times))


def _rising(batch: Batch) -> Iterator[Batch]:
    """Its rows in the same order, cut where ts goes back."""
    times = batch.times().tolist()
    cuts = [row for row in range(1, batch.n) if times[row] < times[row - 1]]
    return (batch.slice(start, stop) for start, stop in zip([0, *cuts], [*cuts, batch.n]))
