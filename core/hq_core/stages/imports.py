"""Any format to frames: the source does the work; the stage passes its rows on, or puts them in order first."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hq_core import files
from hq_core.batch import Schema, period_ns
from hq_core.errors import DATA, USAGE, HqError, did_you_mean
from hq_core.formats import open_source
from hq_core.formats.together import FilesDiffer
from hq_core.options.imports import CHANNELS, ERROR, KEEP, LAST, LEAST_LATENCY, SORT, SaidOptions
from hq_core.roles import Source, Stage
from hq_core.saved import Count, Damaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from hq_core.batch import Batch
    from hq_core.errors import Phrase
    from hq_core.formats.options import SourceOptions
    from hq_core.formats.records import Array, RecordLayout
    from hq_core.formats.repeats import Cleaner
    from hq_core.jit import Kernel
    from hq_core.roles import Item, Out


def options_said(given: Mapping[str, Any]) -> SourceOptions:
    """The options of an input, checked before a byte of it is read.  Raises HqError USAGE."""
    from hq_core.formats.options import SourceOptions

    options = SourceOptions(**given)
    if options.delimiter in ("tab", "\\t"):
        options.delimiter = "\t"
    if len(options.delimiter) > 1 or options.delimiter == options.decimal:
        rule = f" is '{options.delimiter}', must be one character other than ", SaidOptions.decimal, ", or tab"
        raise HqError((SaidOptions.delimiter, *rule), USAGE)
    try:
        period_ns(options.period)
    except HqError as error:
        raise error.within(SaidOptions.period, USAGE) from None
    if options.tz:
        from hq_core.formats.times import Zone

        Zone(options.tz)
    if options.venue:
        _check_venue(options)
    elif options.channels or options.clock_correction:
        which = SaidOptions.channels if options.channels else SaidOptions.clock_correction
        raise HqError((which, " says something of messages, with ", SaidOptions.venue), USAGE)
    if options.time_format:
        from hq_core.formats.clock import check_format

        check_format(options.time_format)
    return options


def _check_venue(options: SourceOptions) -> None:
    """Raises HqError USAGE for what cannot be said of messages."""
    wrong = next((name for name in options.channels if name not in CHANNELS), None)
    if wrong is not None:
        rule = f"'{wrong}' is none of {', '.join(CHANNELS)}{did_you_mean(wrong, CHANNELS)}"
        raise HqError(rule, USAGE, subject=SaidOptions.channels)
    if options.kind not in ("", "book") and options.channels:
        what = SaidOptions.channels, " choose what becomes of rows of kind book"
        raise HqError(what, USAGE)
    text = options.clock_correction
    if text and text != LEAST_LATENCY:
        from hq_core.durations import parse_duration

        options.clock_shift = parse_duration(text, SaidOptions.clock_correction)


class Import(Stage):
    """Passes on what a source gives.

    options  what the user says about the input; frames say everything themselves
    files    paths that are read one after the other, '-' for what lies on the source's descriptor; none: that alone
    """

    SHAPE = {"read": Count, "series": {str: (bytes, [int])}, "symbols": [str]}

    def __init__(self, options: SourceOptions, files: Sequence[str] = ()) -> None:
        super().__init__()
        self.options = options
        self.dropped = options.dropped
        self.any_order = options.order == SORT or options.dedupe != ERROR
        self._files = files
        self._arranged: Sorted | Deduped | None = None
        if options.order == SORT:
            self._arranged = Sorted(options)
        elif options.dedupe != ERROR:
            self._arranged = Deduped(options)

    def source(self, fd: int) -> Source:
        """The source of what lies on `fd`, or of the files.  Raises HqError for options that do not fit."""
        if self._files:
            return Files(self._files, fd, self._opened, self.options)
        return self._opened(fd)

    def _opened(self, fd: int) -> Source:
        options = self.options
        found = open_source(fd, b"", options)
        if options.stated() and found.ours:
            raise HqError(f"the input is {found.ours}, so no option can say it", USAGE)
        if options.skip_lines and not found.lines:
            raise HqError((SaidOptions.skip_lines, " is about lines of CSV, which the input is not"), USAGE)
        if self._arranged is not None:
            self._arranged.foreign = not found.ours
        return found

    def begin(self, out: Out) -> None:
        super().begin(out)
        if self._arranged is not None:
            self._arranged.out = out

    def schema(self, schema: Schema) -> None:
        if self._arranged is not None:
            self._arranged.schema(schema)
        super().schema(schema)

    def rows(self, batch: Batch) -> None:
        if self._arranged is not None:
            self._arranged.rows(batch)
        else:
            super().rows(batch)

    def mark(self, ts: int) -> None:
        if self._arranged is None or self._arranged.mark(ts):
            super().mark(ts)

    def section(self) -> None:
        if self._arranged is not None:
            self._arranged.section()

    def other(self, frame: dict[str, Any]) -> None:
        if self._arranged is None or self._arranged.passes(frame):
            super().other(frame)

    def finish(self, more: bool) -> None:
        if self._arranged is not None:
            self._arranged.finish(more)

    def save(self) -> dict[str, Any]:
        return self._arranged.save() if self._arranged is not None else {}

    def load(self, saved: dict[str, Any]) -> None:
        if self._arranged is not None:
            self._arranged.load(saved)


class _Arranged:
    """What puts rows in order, or leaves out repeated ones, before they are written.

    foreign  the rows are of a format of others, so bars that overlap are looked for where their order was not known
    """

    out: Out

    def __init__(self, options: SourceOptions) -> None:
        from hq_core.formats.codes import Codes

        self.options = options
        self.codes = Codes()
        self.dedupe = options.dedupe
        self.foreign = True
        self.read = 0
        self._cleaners: dict[str, Cleaner] = {}

    def schema(self, schema: Schema) -> None:
        if self.dedupe != ERROR and schema.of == "trade" and not schema.has("id"):
            what = "trades without ids may be alike, so ", SaidOptions.dedupe, " cannot tell which are repeated"
            raise HqError(what, subject=schema.key)

    def rows(self, batch: Batch) -> None:
        raise NotImplementedError

    def section(self) -> None:
        """A section of what is written begins."""
        self.codes.symbols.forget_told()

    def passes(self, frame: dict[str, Any]) -> bool:
        """Whether a frame is passed on: codes of symbols are our own."""
        if frame["kind"] == "section":
            self.section()
        return not (frame["kind"] == "strings" and frame["col"] == "symbol")

    def write(self, batch: Batch) -> None:
        """Rows in order."""
        if batch.schema.panel:
            for told in self.codes.symbols.untold(batch.schema.key):
                self.out.map(told)
        self.out.copy(batch)

    def mark(self, ts: int) -> bool:
        """Whether a mark holds for what is written."""
        raise NotImplementedError

    def finish(self, more: bool) -> None:
        raise NotImplementedError

    def save(self) -> dict[str, Any]:
        raise NotImplementedError

    def load(self, saved: dict[str, Any]) -> None:
        """Take up what `save` gave."""

    def cleaner(self, layout: RecordLayout, overlaps: bool) -> Cleaner:
        from hq_core.batch import period_ns
        from hq_core.formats.repeats import Cleaner
        from hq_core.formats.rows import loose

        schema = layout.schema
        found = self._cleaners.get(schema.key)
        if found is None:
            options = self.options
            looked = overlaps and schema.of == "bar" and bool(schema.period)
            if options.invalid == KEEP and schema.period not in options.found:  # else its ts may be wrong, too
                looked = False
            by = loose(period_ns(schema.period)) if looked else -1
            found = self._cleaners[schema.key] = Cleaner(
                layout, self.dedupe, options.invalid, by, bool(options.period), options.dropped
            )
        return found

    def _counted(self, wrong: Phrase) -> Phrase:
        left = sum(self.options.dropped.values())
        return (wrong, f" (rows are counted without the {left} dropped)") if left else wrong


class Sorted(_Arranged):
    """Takes all rows, and writes them by time when the input has ended."""

    def __init__(self, options: SourceOptions) -> None:
        from hq_core.formats.sort import Sorter

        super().__init__(options)
        self._sorter = Sorter(self.codes)

    def rows(self, batch: Batch) -> None:
        self._sorter.add(batch, self.read + 1)
        self.read += batch.n

    def mark(self, ts: int) -> bool:
        """Marks hold for the order in which rows came, so they are not passed on."""
        return False

    def finish(self, more: bool) -> None:
        for batch in self._sorter.sorted(self._clean):
            self.write(batch)

    def _clean(self, layout: RecordLayout, records: Array) -> tuple[Array, Phrase]:
        kept, wrong = self.cleaner(layout, self.foreign).clean(records)
        return kept, self._counted(wrong) if wrong else ""

    def save(self) -> dict[str, Any]:
        what = SaidOptions.order, " sort needs the whole input, so there is no state to go on from"
        raise HqError(what, USAGE)


class Deduped(_Arranged):
    """Leaves out repeated rows of the ts that is being read: it remembers, or with `last` holds back, that ts alone."""

    def __init__(self, options: SourceOptions) -> None:
        super().__init__(options)
        self._layouts: dict[str, RecordLayout] = {}
        self._tails: dict[str, Array] = {}
        self._saved: dict[str, list[Any]] = {}

    def schema(self, schema: Schema) -> None:
        from hq_core.formats.records import RecordLayout

        super().schema(schema)
        before = self._layouts.get(schema.key)
        if before is not None and before.schema.same_as(schema):
            return
        if before is not None:
            self._release(schema.key)
        import numpy as np

        layout = self._layouts[schema.key] = RecordLayout(schema, self.codes.symbols.texts)
        self._tails[schema.key] = np.empty(0, dtype=layout.dtype)
        known = self._cleaners.pop(schema.key, None)
        if known is not None and known.last:  # other columns, the same series: keys and times go on
            self.cleaner(layout, False).last = known.last
        if schema.key in self._saved:
            rows, last = self._saved.pop(schema.key)
            if len(rows) % layout.dtype.itemsize:
                raise HqError(f"the state's rows of {schema.key} have other columns than the input", DATA)
            tail = self._tails[schema.key] = np.frombuffer(rows, dtype=layout.dtype)
            if len(tail) and not 0 <= layout.codes(tail).min() <= layout.codes(tail).max() < max(1, len(layout.texts)):
                raise HqError(f"the state's rows of {schema.key} have symbols that it does not name", DATA)
            self.cleaner(layout, False).last = last

    def rows(self, batch: Batch) -> None:
        import numpy as np

        layout = self._layouts[batch.schema.key]
        tail = self._tails[batch.schema.key]
        first = self.read + 1
        self.read += batch.n
        records = np.concatenate([tail, self.codes.records(layout, batch, first)])
        cleaner = self.cleaner(layout, False)
        records, late = cleaner.rising(records)
        records, wrong = cleaner.repeats(records)
        wrong = wrong or late
        if layout.schema.panel:
            self._by_symbol(layout, records, wrong)
            return
        start = cleaner.newest(records)
        if self.dedupe == LAST:
            tail, new = (records[start:], records[:start]) if not wrong else (records[:0], records)
        else:
            tail, new = records[start:], records[records["#"] >= first]
            tail = tail[layout.closed(tail)]
        self._tails[batch.schema.key] = tail.copy()
        self._put(layout, new, wrong)

    def _by_symbol(self, layout: RecordLayout, records: Array, wrong: Phrase) -> None:
        """Rows of a panel, those that waited among them: those of the newest ts wait until their order is known."""
        import numpy as np

        instants, closed = layout.instants(records), layout.closed(records)
        newest = layout.ts(records)[closed].max() if closed.any() else np.iinfo(np.int64).max
        waits = (instants >= newest) & (not wrong)
        self._tails[layout.schema.key] = records[waits]
        self._put(layout, records[~waits], wrong)

    def _put(self, layout: RecordLayout, records: Array, wrong: Phrase = "") -> None:
        """Write rows, of a panel those of whole instants."""
        if layout.schema.panel:
            import numpy as np

            records = records[np.lexsort((layout.ranks(records), layout.instants(records)))]
        good, more = self.cleaner(layout, False).check(records)
        if len(good):
            self.write(layout.batch(good))
        if more or wrong:
            raise HqError(self._counted(more or wrong))

    def _release(self, key: str) -> None:
        """Write what was held back of a series."""
        tail, layout = self._tails[key], self._layouts[key]
        self._tails[key] = tail[:0]
        if len(tail) and (self.dedupe == LAST or layout.schema.panel):
            self._put(layout, tail)

    def mark(self, ts: int) -> bool:
        """A mark says that no row of an earlier ts comes, so what is held of one can go."""
        for key, tail in self._tails.items():
            if len(tail) and self._layouts[key].ts(tail)[-1] < ts:
                self._release(key)
        return True

    def finish(self, more: bool) -> None:
        if not more:
            for key in self._tails:
                self._release(key)

    def save(self) -> dict[str, Any]:
        series = {
            key: [tail.tobytes(), self.cleaner(self._layouts[key], False).last] for key, tail in self._tails.items()
        }
        return {"read": self.read, "series": {**self._saved, **series}, "symbols": self.codes.symbols.texts}

    def load(self, saved: dict[str, Any]) -> None:
        self.codes.symbols.learn(saved["symbols"])
        if any(len(last) % 4 or len(last) > 4 * max(1, len(saved["symbols"])) for _, last in saved["series"].values()):
            raise Damaged("series: the last row of one is not whether it is there, its ts, key and place")
        self.read, self._saved = saved["read"], dict(saved["series"])


class Files(Source):
    """Several files as one source, each a section of its own; errors name the file.

    fd  the descriptor that the flow waits on: each file in turn is put there
    """

    loose = True

    def __init__(self, paths: Sequence[str], fd: int, opened: Callable[[int], Source], options: SourceOptions) -> None:
        self.options = options
        self.passed: dict[str, int] = {}
        self._paths = paths
        self._fd = fd
        self._opened = opened
        self._stdin = os.dup(fd) if any(path in files.STDIN for path in paths) else -1
        self._first: Source | None = None  # the source of the first file, where it was opened ahead

    def kernels(self) -> Iterable[Kernel]:
        """Those of the first file, which is opened for it: the others mostly are of its form.  Raises HqError."""
        self._first = self._source(self._paths[0])
        return self._first.kernels()

    def __iter__(self) -> Iterator[Item]:
        together, any_ = self.options.together, False
        for number, path in enumerate(self._paths):
            self.file = number
            source, self._first = self._first or self._source(path), None
            with _named(path):
                for item in source:
                    if isinstance(item, Schema) and not item.symbol and not item.panel:
                        together.unnamed(path)
                    if item is self.options.rowless:  # it may lack what the rows of another file tell
                        continue
                    any_ = any_ or isinstance(item, Schema)
                    yield item
                together.end()
            for what, n in source.passed.items():
                self.passed[what] = self.passed.get(what, 0) + n
        if self.options.rowless is not None and not any_:
            yield self.options.rowless

    def _source(self, path: str) -> Source:
        """The source of a file, which is put on the descriptor."""
        fd = self._open(path)
        os.dup2(fd, self._fd)
        os.close(fd)
        with _named(path):
            self.options.together.enter(path)
            return self._opened(self._fd)

    def _open(self, path: str) -> int:
        return os.dup(self._stdin) if path in files.STDIN else files.to_read(path)

    def remarks(self) -> list[str]:
        return self.options.messages()

    def save(self) -> dict[str, Any]:
        raise HqError("a state goes with stdin, not with files", USAGE)

    def load(self, saved: dict[str, Any]) -> Iterator[Item]:
        raise HqError("a state goes with stdin, not with files", USAGE)


@contextmanager
def _named(path: str) -> Iterator[None]:
    """Errors name the file, if they do not yet."""
    try:
        yield
    except HqError as error:
        if isinstance(error, FilesDiffer) and path in str(error):
            raise
        raise error.within(path) from None
