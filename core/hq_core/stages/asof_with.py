"""hq-asof --with FILE: a stream, and beside it a file of what is joined, read as far as the stream needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core import statefile
from hq_core.batch import EVER, NEVER, Batch, Schema, told_apart
from hq_core.errors import DATA, USAGE, HqError
from hq_core.files import STDIN
from hq_core.options.asof import AsofOptions, WithOptions
from hq_core.order import RowOrder, ordered
from hq_core.places import SHAPE as OPENED
from hq_core.places import Opened, opened, read_on
from hq_core.roles import End, Head, Idle, Map, Sink, Source
from hq_core.saved import Damaged, shaped, taking
from hq_core.statefile import ORDER
from hq_core.stream.gather import GATHERED, at_once, gathered, readable
from hq_core.stream.handover import give
from hq_core.stream.splitter import Splitter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    from hq_core.asof.other import Other
    from hq_core.flow import State
    from hq_core.jit import Kernel
    from hq_core.roles import Item

    class Joins(Protocol):
        """The stage: what is joined goes to it by these ways."""

        others: Other
        onto: str

        @property
        def waits(self) -> bool: ...
        def announce(self, series: Schema) -> None: ...
        def joined(self, batch: Batch) -> None: ...


AT_ONCE = 64  # items of the file, before the rows that wait are looked at
FINDING = "finding"  # what a command found is never what is joined


class Side(Sink):
    """The file: gives the stage what is joined.

    kind     of its rows that are joined; '': it has but one
    made_by  which commands it went through
    reached  all later rows of the section that is open have a ts from here on
    idle     all that was read of it has been taken
    """

    SHAPE = {**OPENED, "order": ORDER, "panels": Splitter.SHAPE, "progress": {str: int}, "kind": str, "made_by": list}

    def __init__(self, one: Opened, to: Joins, kind: str) -> None:
        self.opened = one
        self.to = to
        self.kind = kind
        self._said = bool(kind)
        self.ended = self.idle = False
        self._order = RowOrder()
        self._items: Iterator[Item] = ordered(one.source, self._order)
        self._splitter = Splitter(self)
        self._progress: dict[str, int] = {}  # of what the open section has
        self.made_by: list[Any] = []

    @property
    def reached(self) -> int:
        return EVER if self.ended else min(self._progress.values(), default=NEVER)

    def take(self) -> None:
        """Give the stage what comes until it pauses, AT_ONCE items at most, small frames of a panel together.

        When it is through, nothing that was read waits on the way: a state says where the reading ends.
        """
        try:
            for item in gathered(self._read(), at_once(self.opened.source), GATHERED):
                self._take(item)
        except HqError as error:
            before = f" (read from byte {self.opened.before} on)" if self.opened.before else ""
            raise error.within(f"{self.opened.name}{before}") from None
        self.to.others.ended = self.ended
        self.to.others.told = max(self.to.others.told, self.reached)

    def _read(self) -> Iterator[Item]:
        self.idle = False
        for _ in range(AT_ONCE):
            item = next(self._items, None)
            if item is None:
                self.ended = True
                return
            self.idle = isinstance(item, Idle)
            yield item
            if self.idle:
                return

    def _take(self, item: Item) -> None:
        if isinstance(item, Schema):
            if self._wanted(item):
                self._progress.setdefault(told_apart(item), NEVER)
                self._splitter.schema(item)
        elif isinstance(item, Batch):
            if item.schema.of == self.kind:
                self._splitter.rows(item)
                at = item.last_whole()
                if at >= 0:
                    self._progress[told_apart(item.schema)] = item.times()[at]
        elif isinstance(item, Head):
            self.made_by += [one for one in item.get("made_by") or [] if one not in self.made_by]
            self._splitter.section()
            self._progress = {}
            self.to.others.section()
        elif isinstance(item, End):
            self._splitter.section()
        elif not isinstance(item, Map) or item["kind"] != "strings" or item["of"].partition("/")[0] == self.kind:
            give(item, self._splitter)

    def _wanted(self, schema: Schema) -> bool:
        if schema.of == FINDING != self.kind:
            return False
        self.kind = self.kind or schema.of
        if schema.of != self.kind and not self._said:
            raise HqError(f"has {self.kind} and {schema.of}", DATA, hint=("name one: ", AsofOptions.with_kind, " KIND"))
        return schema.of == self.kind

    def schema(self, schema: Schema) -> None:
        self.to.announce(schema)

    def rows(self, batch: Batch) -> None:
        self.to.joined(batch)

    def mark(self, ts: int) -> None:
        self.to.others.marked = max(self.to.others.marked, ts)

    def remarks(self) -> list[str]:
        return self.opened.source.remarks()

    def save(self) -> dict[str, Any]:
        mine = {"order": self._order.save(), "panels": self._splitter.save(), "kind": self.kind}
        return {**self.opened.save(), **mine, "progress": self._progress, "made_by": self.made_by}

    def load(self, saved: dict[str, Any]) -> None:
        self.kind, self.made_by, self._progress = saved["kind"], saved["made_by"], dict(saved["progress"])
        self._order.load(saved["order"])
        self._splitter.load(saved["panels"])
        source, before = self.opened.source, self.opened.saved
        if before is not None:
            for item in source.load(before and shaped(before, source.SHAPE)):
                self._take(item)


class Beside(Source):
    """A stream as it is, and beside it the file: what the stage waits for is read before the stream goes on.

    more  a later run goes on with both
    """

    goes_on = True
    SHAPE = {"stream": OPENED, "with": Side.SHAPE}

    def __init__(self, stream: Opened, side: Side, further: Map, more: bool = False) -> None:
        self.stream = stream
        self.side = side
        self._further = further
        self._more = more
        self.waits_on = stream.fd
        self.loose = stream.source.loose

    # what is asked of a source is asked of the stream's
    @property
    def position(self) -> int:  # type: ignore[override]
        return self.stream.source.position

    @property
    def file(self) -> int:  # type: ignore[override]
        return self.stream.source.file

    @property
    def texts(self) -> dict[str, list[str]]:  # type: ignore[override]
        return self.stream.source.texts

    @property
    def passed(self) -> dict[str, int]:  # type: ignore[override]
        here, there = self.stream.source.passed, self.side.opened.source.passed
        return {what: here.get(what, 0) + there.get(what, 0) for what in {**here, **there}}

    def remarks(self) -> list[str]:
        return [*self.stream.source.remarks(), *(f"{self.side.opened.name}: {line}" for line in self.side.remarks())]

    def take_up(self, key: str, symbols: list[str]) -> Any:
        return self.stream.source.take_up(key, symbols)

    def kernels(self) -> Iterator[Kernel]:
        for one in (self.stream, self.side.opened):
            yield from one.source.kernels()

    # ----------------------------------------------------------------------------------------------------
    def __iter__(self) -> Iterator[Item]:
        side, headed = self.side, False
        while not side.ended and side.reached == NEVER:  # what it is made by stands in the head
            if side.idle:
                yield from self._wait()
            side.take()
        for item in self.stream.source:
            if not headed:
                headed = True
                if isinstance(item, Head):
                    yield Head({**item, "made_by": [*(item.get("made_by") or []), *side.made_by]})
                    continue
                yield Head(kind="head", made_by=side.made_by)
            if isinstance(item, Batch) and item.schema.of == side.to.onto:
                self._ahead(item)
            self.waits_on, self.waits_for = self.stream.fd, ""
            yield item
            yield from self._needed()
        yield self._further  # what was gathered is given
        to_the_end = self.loose or (
            self._more and side.opened.stream
        )  # some rows come later still; nobody gives it again
        yield from self._needed(to_the_end)

    def _ahead(self, batch: Batch) -> None:
        """Read the file up to behind the rows, as far as that needs no waiting: they are then given at once."""
        at, side = batch.last_whole(), self.side
        upto = batch.times()[at] if at >= 0 else NEVER
        while not side.ended and side.reached <= upto and (not side.idle or readable(side.opened.fd)):
            side.take()

    def _needed(self, all_of_it: bool = False) -> Iterator[Item]:
        """Read on while rows wait for it."""
        side = self.side
        while not side.ended and (all_of_it or side.to.waits):
            if side.idle:
                yield from self._wait()
            side.take()
            yield self._further

    def _wait(self) -> Iterator[Item]:
        self.waits_on, self.waits_for = self.side.opened.fd, self.side.opened.name
        yield Idle()

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        return {"stream": self.stream.save(), "with": self.side.save()}

    def load(self, saved: dict[str, Any]) -> list[Item]:
        self.side.load(saved["with"])
        source, before = self.stream.source, self.stream.saved
        return [] if before is None else list(source.load(before and shaped(before, source.SHAPE)))


def beside(path: str, stdin: int, to: Joins, kind: str, further: Map, state: State | None) -> Beside:
    """stdin and a file, from where a state left them.  Raises HqError USAGE where the file is stdin too; as `opened`,
    and CONFIG for a state of another command line."""
    if path in STDIN:
        raise HqError("is what is joined onto", USAGE, subject=(WithOptions.with_, f" {path}"))
    if state is None or state.loaded is None:
        one = opened(path, stdin)
        if state is not None:
            read_on(one)
        return Beside(opened("", stdin), Side(one, to, kind), further, state is not None)
    statefile.check(state.path, state.loaded, "hq-asof", state.options, {})
    try:
        with taking():
            held = shaped(state.loaded["input"]["source"], Beside.SHAPE)
    except Damaged as error:
        raise statefile.damaged(state.path, error) from error
    stream, one = (opened(name, stdin, held[key], state.midway) for name, key in (("", "stream"), (path, "with")))
    return Beside(stream, Side(one, to, kind), further, True)
