"""Frames out to other formats: which series, which columns, and the writer of the format."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from typing import TYPE_CHECKING, Any

from hq_core.errors import DATA, USAGE, HqError, did_you_mean
from hq_core.options.export import ChoiceOptions, FormOptions
from hq_core.order import ordered
from hq_core.roles import Sink
from hq_core.say import listed
from hq_core.stream.gather import at_once
from hq_core.stream.handover import give, split
from hq_core.wire.frame import write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Protocol

    from hq_core.batch import Batch, Schema
    from hq_core.roles import Item

    Told = Callable[[dict[str, Any]], str]

    class Format(Protocol):
        """A writer of one format."""

        def begin(self, schema: Schema, columns: Sequence[int]) -> None: ...
        def rows(self, batch: Batch, columns: Sequence[int]) -> None: ...
        def end(self) -> None: ...


FORMATS = ("csv", "tsv", "jsonl", "json", "npz", "parquet", "arrow", "table", "report")
BINARY = ("npz", "parquet", "arrow")
MIXED = ("jsonl", "json", "table", "report")  # formats whose rows say themselves what they are
HOLD = 1 << 16  # bytes that text output gathers before it writes


class Descriptor:
    """Text and bytes to a file descriptor, gathered; `flush` when the input pauses.  Also a binary file for others."""

    closed = False

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._parts: list[bytes] = []
        self._size = 0
        self._written = 0
        self._failed = False

    def text(self, text: str) -> None:
        self._gather(text.encode())

    def block(self, data: memoryview, before: str) -> None:
        """Bytes whose memory is used again, behind a text."""
        if before:
            self.text(before)
        if len(data) < HOLD:
            self._gather(bytes(data))
        else:
            self.flush()
            self.write(data)

    def _gather(self, data: bytes) -> None:
        self._parts.append(data)
        self._size += len(data)
        if self._size >= HOLD:
            self.flush()

    def flush(self) -> None:
        if self._parts:
            data = b"".join(self._parts)
            self._parts.clear()
            self._size = 0
            self.write(data)

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        if not self._failed:
            write_all(self.fd, view)
        self._written += len(view)
        return len(view)

    def fail(self) -> None:
        """Nothing is written any more: a writer that is left in the middle still closes its file when it goes away."""
        self._failed = True

    def tell(self) -> int:
        return self._written

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        """The descriptor is its owner's to close."""


def writer(format_: str, out: Descriptor, time: str, limit: int = 0, told: Told | None = None) -> Format:
    """The writer of a format on an output."""
    if format_ in ("csv", "tsv", "jsonl", "json", "table"):
        from hq_core.formats import text

        if format_ == "table":
            return text.Aligned(out.text, limit)
        if format_ in ("jsonl", "json"):
            return text.Json(out, format_ == "jsonl", time)
        return text.Delimited(out, "," if format_ == "csv" else "\t", time)
    if format_ == "report":
        if told is None:
            raise HqError("report: how a report reads is not given", USAGE)
        return Reports(out.text, told)
    if format_ == "npz":
        from hq_core.formats.npz_writer import NpzWriter

        return NpzWriter(out)
    from hq_core.formats.arrow_writer import ArrowWriter

    return ArrowWriter(out, format_)


class Reports:
    """The reports of a stream as text; its rows are not shown."""

    def __init__(self, write: Callable[[str], None], told: Told) -> None:
        self._write = write
        self._told = told
        self._any = False

    def begin(self, schema: Schema, columns: Sequence[int]) -> None:
        """A report says itself what it is about."""

    def rows(self, batch: Batch, columns: Sequence[int]) -> None:
        """Rows are no report."""

    def other(self, frame: dict[str, Any]) -> None:
        if frame.get("kind") != "report":
            return
        try:
            text = self._told(frame)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise HqError(f"a report that hq-backtest did not write: {type(error).__name__} {error}", DATA) from None
        self._write(("\n" if self._any else "") + text)
        self._any = True

    def end(self) -> None:
        if not self._any:
            raise HqError("the input has no report; hq-backtest writes one at the end of its stream", DATA)


class Tail:
    """The last rows and maps of a stream, `most` of them at the most, in memory of their own."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.items: deque[Batch | dict[str, Any]] = deque()
        self._n = 0

    def add(self, item: Batch | dict[str, Any]) -> None:
        if not isinstance(item, dict):
            item = item.slice(max(0, item.n - self.most), item.n).copied()
        self.items.append(item)
        self._n += _size(item)
        while self._n - _size(self.items[0]) >= self.most:
            self._n -= _size(self.items.popleft())
        over = self._n - self.most
        first = self.items[0]
        if over > 0 and not isinstance(first, dict):
            self.items[0] = first.slice(over, first.n)
            self._n = self.most


def _chosen(batch: Batch, symbols: Sequence[str]) -> Iterator[Batch]:
    """The stretches of a panel's rows that are of one of these symbols."""
    start = -1
    for i, word in enumerate(batch.words("symbol")):
        if word in symbols and start < 0:
            start = i
        elif word not in symbols and start >= 0:
            yield batch.slice(start, i)
            start = -1
    if start >= 0:
        yield batch.slice(start, batch.n)


def _size(item: Batch | dict[str, Any]) -> int:
    return 1 if isinstance(item, dict) else item.n


def _told(key: str) -> tuple[str, str, str]:
    """Kind, symbol and period of a series' key."""
    kind, _, rest = key.partition("/")
    symbol, _, period = rest.rpartition("/")
    return kind, symbol, period


def _several(given: str | Sequence[str]) -> tuple[str, ...]:
    return tuple(filter(None, given.split(",") if isinstance(given, str) else given))


class Export(Sink):
    """Writes the rows of the chosen series of a stream in another format.

    kind symbol period  only series that have one of these; () or '' for any
    columns             only these, in this order; () for all
    since, until        ns UTC: only rows of since <= ts < until
    head, tail          only the first or the last so many rows; 0 for all
    told                the text of a report, for the format that shows it
    skipped             frames that the format has no place for, by kind
    left                rows of other kinds than the one that was taken as none was asked for, by kind
    """

    def __init__(
        self,
        format_: str,
        fd: int,
        kind: str | Sequence[str] = (),
        symbol: str | Sequence[str] = (),
        period: str | Sequence[str] = (),
        columns: Sequence[str] = (),
        time: str = FormOptions.time.default,
        since: int | None = None,
        until: int | None = None,
        head: int = 0,
        tail: int = 0,
        told: Told | None = None,
    ) -> None:
        if format_ in BINARY and time not in ("iso", "ns"):
            raise HqError(f"{format_} keeps times in ns", USAGE, subject=(FormOptions.time, f" {time}"))
        self.format = format_
        self.skipped: dict[str, int] = {}
        self.left: dict[str, int] = {}
        self._wanted = _several(kind), _several(symbol), _several(period)
        self._since, self._until = since, until
        self._left = head if format_ != "table" else 0  # a table goes on, to say how much it leaves out
        self.full = False
        self._tail = Tail(tail) if tail else None
        self._names = tuple(columns)
        self._out = Descriptor(fd)
        self._writer = writer(format_, self._out, time, head, told)
        self._mixed = format_ in MIXED
        self._kinds: set[str] | None = None if kind or self._mixed else set()  # so far, while none has been chosen
        self._kind = ""  # the one of several that is written where none was asked for
        self._begun: Schema | None = None
        self._announced: Schema | None = None  # the first series that fits: its header stands even without rows
        self._checked: set[Schema] = set()
        self._columns: dict[Schema, list[int]] = {}
        self._seen: dict[str, None] = {}
        self._maps: set[tuple[str, str, str]] = set()  # kind, symbol and period of maps that were chosen

    def run(self, source: Iterable[Item]) -> None:
        """All of the source; what was read is written whenever the source pauses."""
        try:
            items = ordered(source)
            alone = self.format in BINARY and len(self._wanted[1]) == 1  # a file of one symbol is its series
            for item in split(items, at_once(source)) if alone else items:
                give(item, self)
                if self.full:
                    break
            self.finish(False)
        except HqError:
            self._out.flush()  # what was good before an error has been written
            self._out.fail()
            raise
        except BaseException:
            self._out.fail()
            raise

    # -- what comes --------------------------------------------------------------------------------------
    def schema(self, schema: Schema) -> None:
        self._seen[schema.key] = None
        if self._fits(schema):
            if self._kinds is not None:
                self._kinds.add(schema.of)
            if self._announced is None or (self._kinds and schema.of == "bar" != self._announced.of):
                self._announced = schema

    def rows(self, batch: Batch) -> None:
        if self._kinds is not None:
            self._kind = "bar" if "bar" in self._kinds and len(self._kinds) > 1 else ""
            self._kinds = None
        if self._kind and batch.schema.of != self._kind:
            if self._fits(batch.schema):
                self.left[batch.schema.of] = self.left.get(batch.schema.of, 0) + batch.n
            return
        if batch.schema.panel:
            self._seen.update(
                (f"{batch.schema.of}/{one}/{batch.schema.period}", None) for one in batch.texts.get("symbol", ())
            )
            if self._wanted[1]:
                for part in _chosen(batch, self._wanted[1]):
                    self._chosen(part)
                return
        if self._fits(batch.schema):
            self._chosen(batch)

    def _chosen(self, batch: Batch) -> None:
        batch = self._within(batch)
        if self._tail is not None and batch.n:
            self._tail.add(batch)
        elif batch.n:
            self._put(batch)

    def other(self, frame: dict[str, Any]) -> None:
        kind = str(frame.get("kind"))
        if kind == "strings":
            return  # its rows give them
        told = (kind, str(frame.get("symbol", "")), str(frame.get("period", "")))
        if any(want and has not in want for want, has in zip(self._wanted, told)) or kind == "section":
            return
        self._maps.add(told)
        if not hasattr(self._writer, "other"):
            self.skipped[kind] = self.skipped.get(kind, 0) + 1
        elif self._within_map(frame.get("ts")):
            if self._tail is not None:
                self._tail.add(frame)
            else:
                self._put(frame)

    def flush(self) -> None:
        self._out.flush()

    def finish(self, more: bool) -> None:
        for item in self._tail.items if self._tail is not None else ():
            self._put(item)
        if self._seen and not self.full:
            self._all_came()
        if self._begun is None and self._announced is not None:
            self._begin(self._announced)
        self._writer.end()
        self._out.flush()

    def _all_came(self) -> None:
        """Refuse names that were chosen and never came.  Raises HqError."""
        came = [told for told in (*map(_told, self._seen), *self._maps) if self._fits_told(told)]
        absent = [
            [name for name in wanted if name not in there]
            for wanted, there in zip(self._wanted, zip(*came) if came else ((), (), ()))
        ]
        if not any(absent):
            return
        chosen = ChoiceOptions.kind, ChoiceOptions.symbol, ChoiceOptions.period
        what = tuple((" ", option, f" {','.join(names)}") for option, names in zip(chosen, absent) if names)
        near = ""
        for names, there in zip(absent, zip(*map(_told, self._seen))):
            known = list(dict.fromkeys(name for name in there if name))
            near = near or next(filter(None, (did_you_mean(name, known) for name in names)), "")
        raise HqError(("no series with", *what), DATA, hint=f"the input has {', '.join(self._seen)}{near}")

    # -- what is written ---------------------------------------------------------------------------------
    def _fits(self, schema: Schema) -> bool:
        told = (schema.of, schema.symbol, schema.period)
        return all(
            not want or has in want or (schema.panel and what == "symbol")
            for want, has, what in zip(self._wanted, told, ("kind", "symbol", "period"))
        )

    def _fits_told(self, told: tuple[str, str, str]) -> bool:
        return all(not want or one in want for want, one in zip(self._wanted, told))

    def _begin(self, schema: Schema, batch: Batch | None = None) -> None:
        """The header, or a check that this series, of which rows come, fits under the one that is there."""
        first = self._begun
        if first is None:
            self._begun = schema
            self._writer.begin(schema, self._of(schema))
        if first is None or self._mixed:
            return
        if schema.panel != first.panel and schema.of == first.of:
            what = f"{self.format} holds one of a kind: {schema.key} and {first.key} are a panel and a series"
            differ = self._difference(schema, first)
            what += f", of other columns: {differ}" if differ else ""
            also = (" and choose with ", ChoiceOptions.columns) if differ else ()
            raise HqError(what, USAGE, hint=("put them together with hq-merge", *also))
        alike = (schema.of, schema.period, bool(schema.symbol)) == (first.of, first.period, bool(first.symbol))
        if not alike:
            fitting = ", ".join(key for key in self._seen if self._fits_told(_told(key)))
            what = f"{self.format} holds one kind and period, these were chosen: {fitting}"
            raise HqError(what, USAGE, hint=("pass ", ChoiceOptions.period, " or ", ChoiceOptions.kind))
        if [schema.cols[at] for at in self._of(schema)] != [first.cols[at] for at in self._of(first)]:
            hint = "choose with ", ChoiceOptions.columns, " or ", ChoiceOptions.symbol
            of = f" of {listed(sorted(set(batch.words('symbol'))))}" if schema.panel and batch is not None else ""
            differ = self._difference(schema, first) or "the same in another order"
            raise HqError(f"{schema.key}{of} has other columns than {first.key}: {differ}", DATA, hint=hint)

    def _difference(self, schema: Schema, first: Schema) -> str:
        """Columns that are written of one series alone, or are of another type there; a symbol's aside."""
        here, there = ({one.cols[at]: None for at in self._of(one)} for one in (schema, first))
        names = [{name for name, _ in cols} for cols in (here, there)]
        more = [f"{name} of {kind}" if name in names[1] else name for name, kind in here if (name, kind) not in there]
        less = [name for name, _ in there if name not in names[0]]
        more, less = ([name for name in found if name != "symbol"] for found in (more, less))
        return "; ".join(filter(None, (listed(more), f"without {listed(less)}" if less else "")))

    def _of(self, schema: Schema) -> list[int]:
        """Which columns of a series are written."""
        found = self._columns.get(schema)
        if found is None:
            names = self._names or schema.names
            if schema.panel and "symbol" not in names:  # a series' rows have theirs too
                at = 1 + names.index("ts") if "ts" in names else 0
                names = (*names[:at], "symbol", *names[at:])
            found = [schema.index(name) for name in names]
            self._columns[schema] = found
        return found

    def _within(self, batch: Batch) -> Batch:
        """The rows between the two instants, in the order of which they lie."""
        if (self._since, self._until) == (None, None) or not batch.schema.has("ts"):
            return batch
        ts = batch.times()
        start = 0 if self._since is None else bisect_left(ts, self._since)
        stop = batch.n if self._until is None else bisect_left(ts, self._until)
        return batch.slice(start, max(start, stop))

    def _put(self, item: Batch | dict[str, Any]) -> None:
        """Write rows or a map, no more than are wanted."""
        if isinstance(item, dict):
            self._writer.other(item)  # type: ignore[attr-defined]
            self._count(1)
            return
        batch = item.slice(0, self._left) if 0 < self._left < item.n else item
        schema = batch.schema
        if schema is not self._begun and schema not in self._checked:
            self._begin(schema, batch)
            self._checked.add(schema)
        self._writer.rows(batch, self._of(schema))
        self._count(batch.n)

    def _count(self, n: int) -> None:
        if self._left:
            self._left -= n
            self.full = self._left == 0

    def _within_map(self, ts: object) -> bool:
        if not isinstance(ts, int):
            return (self._since, self._until) == (None, None)
        return (self._since is None or ts >= self._since) and (self._until is None or ts < self._until)
