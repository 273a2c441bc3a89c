"""Frames out to other formats: which series, which columns, and the writer of the format."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from hq_core.errors import DATA, USAGE, HqError, did_you_mean
from hq_core.formats.deflate import PACKERS
from hq_core.formats.descriptor import Descriptor, Packed
from hq_core.formats.writers import BINARY, LINES, MIXED, writer
from hq_core.options.export import ChoiceOptions, FormOptions
from hq_core.order import in_order, ordered
from hq_core.roles import Sink
from hq_core.say import listed
from hq_core.stream.gather import at_once
from hq_core.stream.handover import give, split
from hq_core.stream.tail import Tail

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hq_core.batch import Batch, Schema
    from hq_core.formats.writers import Told
    from hq_core.jit import Kernel
    from hq_core.roles import Item


BESIDES = "finding"  # a kind that tells of other rows, and is written where it is asked for, or alone
MOST_EARLY = 64  # batches of them that wait to be beside something


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
    packed              ending of a file that is packed, of formats that are text
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
        packed: str = "",
    ) -> None:
        if format_ in BINARY and time not in ("iso", "ns"):
            raise HqError(f"{format_} keeps times in ns", USAGE, subject=(FormOptions.time, f" {time}"))
        if packed and format_ in BINARY:
            raise HqError(f"{format_} is not packed as a whole; leave {packed} away", USAGE)
        self.format = format_
        self.skipped: dict[str, int] = {}
        self.left: dict[str, int] = {}
        self._wanted = _several(kind), _several(symbol), _several(period)
        self._since, self._until = since, until
        self._left = head if format_ != "table" else 0  # a table goes on, to say how much it leaves out
        self.full = False
        self._tail = Tail(tail) if tail else None
        self._names = tuple(columns)
        self._out = Packed(fd, PACKERS[packed]()) if packed else Descriptor(fd)
        self._writer = writer(format_, self._out, time, head, told)
        self._mixed = format_ in MIXED
        self._any_kind = not kind and not self._mixed
        self._fitting: dict[tuple[str, str, str], None] = {}  # announced series that fit
        self._decided = self._mixed  # which kind and period are written
        self._kind = ""  # the one of several that is written where none was asked for
        self._early: list[Batch] = []  # findings that came before anything else was announced
        self._besides = False  # rows of findings lie beside what is written, of which nobody asked for a kind
        self._begun: Schema | None = None
        self._announced: Schema | None = None  # the first series that fits: its header stands even without rows
        self._checked: set[Schema] = set()
        self._columns: dict[Schema, list[int]] = {}
        self._seen: dict[str, None] = {}
        self._maps: set[tuple[str, str, str]] = set()  # kind, symbol and period of maps that were chosen

    def kernels(self) -> list[Kernel]:
        """What it will run, in the order of need."""
        if self.format not in LINES:
            return [in_order]
        from hq_core.formats.row_kernel import written

        return [in_order, written]

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

    @property
    def kind(self) -> str:
        """The kind whose rows are written."""
        return self._begun.of if self._begun is not None else self._kind

    # -- what comes --------------------------------------------------------------------------------------
    def schema(self, schema: Schema) -> None:
        self._seen[schema.key] = None
        if self._fits(schema):
            self._fitting[_told(schema.key)] = None
            first = self._announced
            if first is None or (self._any_kind and (schema.of == "bar" != first.of or first.of == BESIDES)):
                self._announced = schema

    def rows(self, batch: Batch) -> None:
        if not self._decided:
            if self._any_kind and {kind for kind, _, _ in self._fitting} == {BESIDES} and len(self._early) < MOST_EARLY:
                self._early.append(batch.copied())  # of what they tell rows may be to come
                return
            self._decide()
        if (self._kind and batch.schema.of != self._kind) or (self._besides and batch.schema.of == BESIDES):
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

    def _decide(self) -> None:
        """Before the first byte: what is written of what was announced.  Raises HqError for several kinds, periods."""
        self._decided = True
        kinds = {kind for kind, _, _ in self._fitting}
        self._kind = "bar" if self._any_kind and "bar" in kinds and len(kinds) > 1 else ""
        self._besides = self._any_kind and bool(kinds - {BESIDES})
        told = [one for one in self._fitting if self._kind in ("", one[0])]
        if self._besides:
            told = [one for one in told if one[0] != BESIDES]
        for at in (0, 2):
            if len({one[at] for one in told}) > 1:
                raise self._too_many(told)
        early, self._early = self._early, []
        for batch in early:
            self.rows(batch)

    def _too_many(self, told: Sequence[tuple[str, str, str]]) -> HqError:
        """The error for series of several kinds, or periods: which there are to choose from."""
        kinds, _, periods = (list(dict.fromkeys(filter(None, names))) for names in zip(*told))
        option, names = (ChoiceOptions.kind, kinds) if len(kinds) > 1 else (ChoiceOptions.period, periods)
        what = f"{self.format} holds one kind and period, these were chosen: {', '.join(map('/'.join, told))}"
        return HqError(what, USAGE, hint=("pass ", option, f" {' or '.join(names)}"))

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
        if not self._decided:
            self._decide()
        if self._begun is None and self._announced is not None:
            self._begin(self._announced)
        if self._begun is None and self.format in BINARY:
            raise HqError("the input announces no series, so there are no columns to write", DATA, subject=self.format)
        self._writer.end()
        self._out.end()

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
            raise self._too_many(list(self._fitting))
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
