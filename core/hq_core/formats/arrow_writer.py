"""Parquet and Arrow IPC, written by pyarrow from columns that are gathered as they lie; without numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.formats.arrow import ABOUT
from hq_core.formats.behind import Behind
from hq_core.formats.lean import pa
from hq_core.formats.parquet_packer import ROW_GROUP, ParquetPacker
from hq_core.formats.repeated import repeated
from hq_core.formats.tables import described, once, worded
from hq_core.formats.words import byte_words, codes, is_time

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hq_core.batch import Batch, Schema

GROUPS = {"parquet": ROW_GROUP, "arrow": 1 << 16}  # rows of a row group, of a record batch ...
HELD = 8 << 20  # ... or so many bytes, where rows are wide
VALUES = {"i8": "int64", "f8": "float64", "i4": "int32", "s4": "int32", "i1": "int8", "b1": "bool_", "f4": "float32"}
_TRUE = bytes(min(byte, 1) for byte in range(256))
_BITS = {int.from_bytes(bytes(byte >> bit & 1 for bit in range(8)), "little"): byte for byte in range(256)}


class ArrowWriter:
    """A Parquet or an Arrow file of one kind and period; times are timestamps in UTC, codes are texts."""

    def __init__(self, out: Any, format_: str) -> None:
        self._out = out
        self._format = format_
        self._packer: Any = None
        self._schema: Any = None
        self._cols: list[tuple[str, str]] = []
        self._held: list[_Held] = []  # a column each
        self._symbols: list[tuple[str, int]] = []  # stretches of rows of one symbol, where the series has one
        self._rows = self._bytes = 0
        self._series: Schema | None = None

    def begin(self, schema: Schema, columns: Sequence[int]) -> None:
        self._cols = [schema.cols[at] for at in columns]
        once(self._format, ["symbol"] * bool(schema.symbol) + [name for name, _ in self._cols])
        self._series = type(schema)(schema.of, schema.symbol, schema.period, self._cols, schema.extra)

    def _open(self, texts: Collection[str]) -> None:
        """The head of the file, now that it is known which codes stand for texts."""
        assert self._series is not None
        said = worded(self._series, texts)
        self._held = [self._words(name, kind) or _held(self._series, name, name in said) for name, kind in self._cols]
        fields = [("symbol", pa.string())] if self._series.symbol else []
        fields += [(name, held.type) for (name, _), held in zip(self._cols, self._held)]
        # no value is ever missing, and nothing need be written of it
        named = [pa.field(name, type_, nullable=False) for name, type_ in fields]
        self._schema = pa.schema(named, metadata={ABOUT: described(self._series)})
        if self._format == "arrow":
            self._packer = ArrowPacker(self._out, self._schema)
            return
        self._packer = ParquetPacker(self._out, self._schema, [name for name, kind in self._cols if kind == "i8"])

    def _words(self, name: str, kind: str) -> _Held | None:
        """Of a column whose numbers stand for words."""
        assert self._series is not None
        words = byte_words(self._series, name, kind)
        if not words:
            return None
        return _HeldWords(words, (codes(self._series, name) or {}).values(), self._format == "arrow")

    def rows(self, batch: Batch, columns: Sequence[int]) -> None:
        if self._schema is None:
            self._open(batch.texts)
        for held, at in zip(self._held, columns):
            held.take(batch, batch.schema.cols[at][0])
        if batch.schema.symbol:
            self._symbols.append((batch.schema.symbol, batch.n))
        self._rows += batch.n
        self._bytes += batch.size
        if self._rows >= GROUPS[self._format] or self._bytes >= HELD:
            self._give()

    def _give(self) -> None:
        """The rows that wait are packed; they wait no more."""
        made = [_symbols(self._symbols)] if self._symbols else []
        made += [held.given(self._rows) for held in self._held]
        batch = pa.record_batch(made, schema=self._schema)
        self._symbols, self._rows, self._bytes = [], 0, 0
        self._packer.give(batch)

    def end(self) -> None:
        if self._series is None:
            return
        if self._schema is None:
            self._open(())
        if self._rows:
            self._give()
        self._packer.end()


class ArrowPacker:
    """The record batches of an Arrow file, packed by a thread beside whoever gives them."""

    def __init__(self, out: Any, schema: Any) -> None:
        self._behind = Behind()
        # a dictionary that grows is written on, not anew, which a file does not have
        how = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
        self._writer = pa.ipc.new_file(out, schema, options=how)

    def give(self, batch: Any) -> None:
        self._behind.do(lambda: self._writer.write_batch(batch))

    def end(self) -> None:
        self._behind.wait()
        self._writer.close()


class _Held:
    """The rows of a column that wait, as they lie in batches.

    type  pyarrow's
    """

    def __init__(self, kind: str, type_: Any) -> None:
        self.type = type_
        self._kind = kind
        self._bytes = bytearray()

    def take(self, batch: Batch, name: str) -> None:
        self._bytes.extend(batch.view(name).cast("B"))

    def given(self, n: int) -> Any:
        """The array of what has come, n rows."""
        held, self._bytes = self._bytes, bytearray()
        item, _, length = self._kind.partition("x")
        if not length:
            return _array(self.type, item, n, held)
        return pa.FixedSizeListArray.from_arrays(
            _array(self.type.value_type, item, n * int(length), held), type=self.type
        )


class _HeldTexts(_Held):
    """The same of texts."""

    def __init__(self, coded: bool) -> None:
        super().__init__("text", pa.string())
        self._coded = coded
        self._arrays: list[Any] = []

    def take(self, batch: Batch, name: str) -> None:
        if not self._coded:
            self._arrays.append(pa.array(batch.words(name), pa.string()))
            return
        from hq_core.formats.coded import coded

        codes = pa.Array.from_buffers(pa.int32(), batch.n, [None, pa.py_buffer(coded(batch, name))])
        self._arrays.append(pa.array(batch.texts.get(name, []), pa.string()).take(codes))

    def given(self, n: int) -> Any:
        held, self._arrays = self._arrays, []
        return pa.concat_arrays(held)


class _HeldWords(_Held):
    """The same of numbers that stand for words: those words, as a dictionary where the file would hold each by itself.

    The dictionary begins with the words that the schema has; numbers of no word go behind them as they come.
    """

    def __init__(self, words: list[str], known: Collection[str], shared: bool) -> None:
        super().__init__("text", pa.dictionary(pa.int16(), pa.string()) if shared else pa.string())
        self._shared = shared
        self._words = words
        self._places = {word: at for at, word in enumerate(known)}

    def given(self, n: int) -> Any:
        held, self._bytes = self._bytes, bytearray()
        for byte in sorted(set(held)):
            self._places.setdefault(self._words[byte], len(self._places))
        turned = held.translate(bytes(self._places.get(word, 0) for word in self._words))
        at = pa.Array.from_buffers(pa.uint8(), n, [None, pa.py_buffer(turned)])
        words = pa.array(list(self._places), pa.string())
        return pa.DictionaryArray.from_arrays(at.cast(pa.int16()), words) if self._shared else words.take(at)


def _held(series: Schema, name: str, coded: bool) -> _Held:
    kind = series.kind(name)
    if coded or kind == "text":
        return _HeldTexts(coded)
    if is_time(series, name):
        return _Held(kind, pa.timestamp("ns", tz="UTC"))
    item, _, length = kind.partition("x")
    made = getattr(pa, VALUES[item])()
    return _Held(kind, pa.list_(made, int(length)) if length else made)


def _array(type_: Any, item: str, n: int, held: bytearray) -> Any:
    """The array of n values that lie as hq has them."""
    if item == "b1":
        ones = held.translate(_TRUE) + bytes(-n % 8)
        return pa.Array.from_buffers(type_, n, [None, pa.py_buffer(bytes(map(_BITS.__getitem__, _words(ones))))])
    return pa.Array.from_buffers(type_, n, [None, pa.py_buffer(held)])


def _words(held: bytearray) -> memoryview:
    return memoryview(held).cast("Q")


def _symbols(stretches: list[tuple[str, int]]) -> Any:
    """The column of symbols."""
    joined: list[tuple[str, int]] = []
    for word, n in stretches:
        joined[-1:] = [(word, joined[-1][1] + n)] if joined and joined[-1][0] == word else [*joined[-1:], (word, n)]
    made = [repeated(word, n).array(n) for word, n in joined]
    return made[0] if len(made) == 1 else pa.concat_arrays(made)
