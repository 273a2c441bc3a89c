"""Rows from whole columns: what NumPy, Parquet and Arrow inputs have in common.

numpy is imported where it is needed: for files of others, and for columns that do not lie as hq has them.
"""

from __future__ import annotations

import errno
from base64 import b64decode, b64encode
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import orjson

from hq_core import kinds
from hq_core.batch import Batch, Schema, width
from hq_core.errors import DATA, HqError
from hq_core.formats.again import OURS, ReadAgain
from hq_core.formats.plain import SYMBOL, PlainColumn
from hq_core.formats.unfit import Unfit
from hq_core.formats.words import byte_words
from hq_core.options.export import ChoiceOptions
from hq_core.texts import Texts
from hq_core.wire.frame import check_series

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from hq_core.formats.byte_stream import ByteStream
    from hq_core.formats.coded import CodedTexts
    from hq_core.formats.exact import Array, ColumnSlice
    from hq_core.formats.options import SourceOptions
    from hq_core.roles import Item

    Column = ColumnSlice | PlainColumn
    Maker = Callable[[ColumnSlice, str], Array | Texts]

CHUNK = 16 << 20  # bytes of columns that are read at once
ROOM = 8192  # rows of a file of others that are read at once
OWN_ROOM = 1 << 15  # rows of a file of hq's own: they lie as they are given, in no block
MOST = 128 << 20  # bytes that a file may unpack to in one piece ...
SWELL = 4  # ... or so many times its own size, where that is more
DESCRIBED = 4 << 20  # bytes of hq's own description
LONGEST = 4096  # bytes of one text that is read
IN_NPZ = "hq.schema"  # the array of a .npz that holds hq's own description, as bytes of JSON


@contextmanager
def damage(what: str, after: int) -> Iterator[None]:
    """What the libraries raise over damaged bytes, as an error that says where: the one place that knows."""
    try:
        yield
    except HqError:
        raise
    except OSError as error:
        if error.errno and error.errno != errno.EINVAL:  # a place that no file has; others are the machine's
            raise
        raise HqError(_damaged(what, after, error), DATA) from None
    except Exception as error:  # noqa: BLE001  a parser fails on damaged bytes in ways that no list holds
        raise HqError(_damaged(what, after, error), DATA) from None


def _damaged(what: str, after: int, error: BaseException) -> str:
    told = " ".join(str(error).split())[:200] or type(error).__name__
    if isinstance(error, OSError) and error.errno:
        told = "it points to places that are not there"
    where = f"is damaged after row {after}" if after else "cannot be read"
    return f"the {what} {where}: {told}"


def cut(what: str) -> HqError:
    """The error for a file that has no end."""
    return HqError(f"the {what} is not whole: it was cut, or its writer died", DATA)


def described(schema: Schema) -> bytes:
    """What hq says about the rows of a file of its own, as JSON."""
    about = {"of": schema.of, "symbol": schema.symbol, "period": schema.period, "cols": schema.cols}
    try:
        plain = orjson.dumps(schema.extra)
        if orjson.loads(plain) == schema.extra:
            return orjson.dumps({**about, "extra": schema.extra})
    except TypeError:
        pass
    import msgpack  # keys that are numbers, NaN, bytes: JSON would give them back as others

    return orjson.dumps({**about, "packed": b64encode(msgpack.packb(schema.extra)).decode()})


def once(format_: str, names: Sequence[str]) -> None:
    """Refuse a file in which two columns would have the same name."""
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        hint = "choose the columns with ", ChoiceOptions.columns
        raise HqError(f"'{twice}' would be there twice", DATA, subject=format_, hint=hint)


def worded(schema: Schema, texts: Collection[str]) -> frozenset[str]:
    """The s4 columns that a file holds as texts: those of which the stream gives some, and a panel's symbols."""
    coded_ = {name for name, kind in schema.cols if kind == "s4"}
    return frozenset(coded_ & {*texts, *(["symbol"] if schema.panel else [])})


def understood(said: bytes) -> Schema:
    """The series of the first rows, as hq's description of a file says it, checked like a schema frame."""
    import msgpack

    wrong = "hq's own description of the file"
    if len(said) > DESCRIBED:
        raise HqError(f"{wrong} has {len(said)} bytes, at most {DESCRIBED} are read", DATA)
    try:
        about = orjson.loads(said)
        of, symbol, period, extra = about["of"], about["symbol"], about["period"], about.get("extra") or {}
        if about.get("packed"):
            extra = msgpack.unpackb(b64decode(about["packed"], validate=True), strict_map_key=False)
        cols = [(name, kind) for name, kind in about["cols"]]
        if not all(isinstance(text, str) for text in (of, symbol, period, *(name for name, _ in cols))):
            raise ValueError("of, symbol, period and the names of cols must be texts")
        for name, kind in cols:
            _known(name, kind)
        if not isinstance(extra, dict):
            raise ValueError("extra must be an object")
        msgpack.packb(extra)
        schema = Schema(of, symbol, period, cols, extra)
        check_series(schema)
        return schema
    except HqError as error:
        raise HqError(f"{wrong}: {error}", DATA) from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
        missing = "has no " if isinstance(error, KeyError) else ""
        raise HqError(f"{wrong} cannot be used: {missing}{str(error)[:200] or type(error).__name__}", DATA) from None


def _known(name: str, kind: Any) -> None:
    try:
        width(kind)
    except (KeyError, ValueError, AttributeError, TypeError):
        raise ValueError(f"'{name}' is of type {kind!r:.40}, which hq does not have") from None


def _numbered(words: list[str], column: ColumnSlice) -> Array:
    """The numbers of a column of `byte_words`.  Raises Unfit."""
    import numpy as np

    from hq_core.formats.exact import distinct

    byte = {word: at for at, word in enumerate(words)}
    texts, at = distinct(column)
    found = np.array([byte.get(text, -1) for text in texts], dtype=np.int16)[at]
    if (found < 0).any():
        row = int(np.argmax(found < 0))
        raise Unfit(row, f"'{texts[at[row]][:60]}' is no word of it")
    return found.astype(np.uint8).view(np.int8)


def _free(column: ColumnSlice, kind: str) -> Texts:
    from hq_core.formats.exact import free

    return Texts(free(column))


class TableSource(ReadAgain):
    """A file of columns.

    what      the format, in errors
    names     of the file's columns, in its order
    size      bytes of the file
    free      columns of free text, of a file that hq wrote: longer than what is read of others
    most_rows how many rows are read at once
    own       hq's types of columns of a file that hq wrote, by their places: they may be PlainColumns
    """

    what = "file"
    most_rows = ROOM

    def __init__(self, stream: ByteStream, options: SourceOptions | None = None) -> None:
        super().__init__(options)
        self.names: list[str] = []
        self.size = 0
        self.free: frozenset[str] = frozenset()
        self.own: dict[int, str] = {}
        self.texts = dict(self.options.symbols.tables)
        self._coded: CodedTexts | None = None
        with damage(self.what, 0):
            self.open(stream)
            self.ours = OURS if self.about() is not None else ""

    def open(self, stream: ByteStream) -> None:
        """Find out what is in the file: names, size, about, readable."""
        raise NotImplementedError

    def about(self) -> bytes | None:
        """What hq said about the file when it wrote it."""
        raise NotImplementedError

    def fields(self) -> Any:
        """NumPy's type of the rows, where the file is one structured array; else None."""
        return None

    def readable(self) -> list[int]:
        """The columns whose values hq can look at, wanted or not."""
        raise NotImplementedError

    def kind(self, at: int) -> str:
        """The type of a column that is not readable."""
        raise NotImplementedError

    def numeric(self, at: int) -> bool:
        """Whether a column is of numbers or truths, as its type says."""
        raise NotImplementedError

    def chunks(self, wanted: Sequence[int]) -> Iterator[Sequence[Column]]:
        """These columns of the file from its first row on, at most `most_rows` and about CHUNK bytes at a time."""
        raise NotImplementedError

    def items(self) -> Iterator[Item]:
        said = self.about()
        if said is None:
            if self.fields() is not None:
                from hq_core.formats.events import events, is_events

                if is_events(self.fields()):
                    self.most_rows = OWN_ROOM
                    return events(self)
            from hq_core.formats.foreign_table import foreign

            return foreign(self)
        schema = understood(said)
        self.free = frozenset(schema.names[at] for at in schema.free)
        self.most_rows = OWN_ROOM
        return self._own(self._with_added(schema))

    def guarded(self, wanted: Sequence[int]) -> Iterator[tuple[int, Sequence[Any]]]:
        """Chunks with the rows before them, columns of equal length; damage is told with its row."""
        found = iter(self.chunks(wanted))
        before = 0
        while True:
            with damage(self.what, before):
                chunk = next(found, None)
            if chunk is None:
                return
            yield before, chunk
            before += len(chunk[0])

    def room(self, row: int) -> int:
        """Rows of that many bytes that are read at once."""
        if row > CHUNK:
            raise HqError(f"the {self.what} has {row} bytes a row, at most {CHUNK} are read", DATA)
        return max(1, min(self.most_rows, CHUNK // max(row, 1)))

    def swollen(self, size: int, what: str) -> None:
        """Refuse what unpacks to more than is held in memory."""
        most = max(MOST, SWELL * self.size)
        if size > most:
            raise HqError(
                f"the {self.what}: {what} unpacks to {size >> 20} MiB at once, at most {most >> 20} MiB are: "
                "write it in smaller pieces",
                DATA,
            )

    # -- files that hq wrote -----------------------------------------------------------------------------
    def _own(self, first: Schema) -> Iterator[Item]:
        schemas = {first.symbol: first}
        announced: set[str] = set()
        wanted = [self._place(name) for name in first.names]
        by_symbol = "symbol" in self.names and not first.has("symbol")
        if by_symbol:
            wanted.append(self._place("symbol"))
        self.own = {at: kind for at, (name, kind) in zip(wanted, first.cols) if kind != "s4" or name != "symbol"}
        if by_symbol:
            self.own[wanted[-1]] = SYMBOL
        for before, chunk in self.guarded(wanted):
            arrays, addresses, n, wrong = self._stored(first, chunk, before)
            stretches = _stretches(chunk[-1], n, before) if by_symbol else [(first.symbol, 0, n)]
            for symbol, start, stop in stretches:
                schema = schemas.get(symbol)
                if schema is None:
                    schema = schemas[symbol] = Schema(first.of, symbol, first.period, first.cols, first.extra)
                if symbol not in announced:
                    announced.add(symbol)
                    yield schema
                if self._coded is not None or schema.panel:
                    yield from self._codes.untold(schema)
                if stop > start:
                    whole_ = Batch(schema, n, addresses, arrays, self.texts)
                    yield whole_.slice(start, stop)
            if wrong:
                raise HqError(wrong, DATA)
        if not announced:
            yield first

    def _with_added(self, schema: Schema) -> Schema:
        """The series with the columns that somebody has added to the file; those that hq cannot read are told."""
        twice = next((name for name in schema.names if self.names.count(name) > 1), None)
        if twice is not None:
            raise HqError(f"column '{twice}' is there twice", DATA)
        added = [i for i, name in enumerate(self.names) if not schema.has(name) and name != "symbol"]
        readable = [i for i in added if i in self.readable()]
        if not readable:
            self.options.unread.update((self.names[i], None) for i in added)
            return schema
        from hq_core.formats.exact import kind_of

        first: Sequence[ColumnSlice] = next((chunk for _, chunk in self.guarded(readable)), [])
        known = dict(kinds.of(schema.of).cols)
        types = {i: known.get(self.names[i]) or kind_of(column) for i, column in zip(readable, first)}
        self.options.unread.update((self.names[i], None) for i in added if not types.get(i))
        cols = [(self.names[i], kind) for i in added if (kind := types.get(i))]
        if not cols:
            return schema
        found = schema.with_columns(cols)
        check_series(found)
        return found

    def _place(self, name: str) -> int:
        if name not in self.names:
            raise HqError(f"column '{name}' is missing, which the file's own description names", DATA)
        return self.names.index(name)

    def _stored(self, schema: Schema, chunk: Sequence[Column], before: int) -> tuple[list[object], list[int], int, str]:
        """Columns of the series' types, where they lie, how many rows are good, and what is wrong with the next one.

        Addresses are taken of these columns alone: each has `rows` times the type's width, whatever the file says.
        """
        n, wrong = len(chunk[0]), ""
        kept: list[object] = []
        addresses: list[int] = []
        narrow: list[tuple[int, int]] = []
        for (name, kind), wide, column in zip(schema.cols, schema.widths, chunk):
            if isinstance(column, PlainColumn):
                kept.append(column.keep)
                addresses.append(column.address)
                continue
            make = self._maker(schema, name, kind, column)
            try:
                made = make(column.part(0, n), kind)
            except Unfit as error:
                wrong = f"row {before + error.at + 1}: column '{name}': {error}"
                n = 0 if column.what else error.at  # of a type that is not read there are no values before it
                if not n:
                    addresses.append(0)
                    continue
                made = make(column.part(0, n), kind)
            kept.append(made)
            narrow.append((made.nbytes, wide))
            addresses.append(made.address if isinstance(made, Texts) else made.ctypes.data)
        if any(size < n * wide for size, wide in narrow):
            raise AssertionError("a column is narrower than its type")
        return kept, addresses, n, wrong

    def _maker(self, schema: Schema, name: str, kind: str, column: ColumnSlice) -> Maker:
        """What makes a column of its values."""
        from hq_core.formats.exact import stored

        if kind == "text":
            return _free
        if kind == "s4" and (column.textual or name == "symbol"):
            return lambda column, _: self._codes.codes(schema, name, column)
        if column.textual and (words := byte_words(schema, name, kind)):
            return lambda column, _: _numbered(words, column)
        return stored

    @property
    def _codes(self) -> CodedTexts:
        if self._coded is None:
            from hq_core.formats.coded import CodedTexts

            self._coded = CodedTexts(self.options.symbols, self.texts)
        return self._coded


def _stretches(column: Column, n: int, before: int) -> list[tuple[str, int, int]]:
    """Stretches of the same symbol in the first n rows: (symbol, start, stop)."""
    if isinstance(column, PlainColumn):
        return [(column.word, 0, n)] if n else []
    from hq_core.formats.exact import runs

    try:
        return runs(column.part(0, n))
    except Unfit as error:
        raise HqError(f"row {before + error.at + 1}: column 'symbol': {error}", DATA) from None
