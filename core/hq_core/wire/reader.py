"""Reading a stream: frames checked before they are believed, rows handed out where they were read."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import msgpack

from hq_core.batch import Batch, Schema, Texts, told_texts
from hq_core.errors import DATA, HqError
from hq_core.holes import are_holes
from hq_core.memory import Laid, Memory
from hq_core.roles import IDLE, End, Head, Map, Mark, Source
from hq_core.saved import Count
from hq_core.wire.frame import (
    BLOCK,
    BUFFER,
    EXT_COLUMNS,
    FOLLOWS,
    HEADER,
    HEADER_BYTES,
    MAX_BLOB,
    MAX_COUNT,
    MAX_MAP,
    MAX_SERIES,
    SMALL_MAP,
    WRONG_MAP,
    check_series,
    grow_pipe,
    is_name,
    map_unpacker,
    read_into,
    wrong_map,
)

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterator

    from hq_core.roles import Item


FEW_KINDS = 64  # of maps, that are found good without looking at them again
SPOKEN = ("head", "schema", "mark", "end", "strings", "section")  # kinds of maps that say something of the stream


class Reader(Source):
    """Frames from a file descriptor.

    Raises HqError DATA where the stream is damaged, is not hq-frames, or stops without its end; what
    was whole before that has been handed out.  Columns are valid until the next item is asked for.
    """

    ours = "hq-frames already"

    SHAPE = {"open": bool, "schemas": [dict], "counts": {str: Count}, "section": int, "texts": {str: {str: [str]}}}

    def __init__(self, fd: int, prefix: bytes = b"") -> None:
        self.fd = self.waits_on = fd
        self.position = 0  # bytes of the input up to the end of the last item
        self._memory = Memory(len(prefix))  # grows when it is read: many inputs may be open before one is
        self._memory.view[: len(prefix)] = prefix
        self._at, self._filled = 0, len(prefix)
        self._schemas: dict[int, Schema] = {}
        self._seen: dict[str, Schema] = {}
        self._counts: dict[str, int] = {}
        self._texts = Texts()
        self._kinds: set[str] = set()
        self._headed = b""  # the last header of rows, as long as no map has come behind it, and what it says
        self._header_says: tuple[Schema, int, int]
        self._laid = Laid((0,), 0)  # where the columns of the last rows lay, and of which series
        self._whose: Schema | None = None
        self._unpacker: msgpack.Unpacker | None = None  # has been given what follows the last map, as far as it goes
        self._unpacked = -1  # where that begins, by `position`
        self._told = 0  # and in what it was given
        self._open = False
        self._begun = False  # a head has come
        self._section = 0  # where the section that is open began, by `position`
        grow_pipe(fd)

    def save(self) -> dict[str, Any]:
        """What is needed to read on from `position`."""
        schemas = [_schema_frame(number, schema) for number, schema in self._schemas.items()]
        section = self.position - self._section if self._begun else -1
        return {
            "open": self._open,
            "schemas": schemas,
            "counts": self._counts,
            "section": section,
            "texts": self._texts.save(),
        }

    def load(self, saved: dict[str, Any]) -> Iterator[Item]:
        """Take up where another Reader was saved; gives the schema items again, and the texts behind codes."""
        self._open = saved["open"]
        self._counts = dict(saved["counts"])
        self._begun, self._section = saved["section"] >= 0, -saved["section"]
        self._texts.load(saved["texts"])
        for frame in saved["schemas"]:
            yield self._schema(frame)
        for key, tables in self._texts.save().items():
            for column, texts in tables.items():
                yield from map(Map, told_texts(key, column, texts))

    def spare(self) -> None:
        left = self._filled - self._at
        memory = Memory(left)
        ctypes.memmove(memory.address, self._memory.address + self._at, left)
        self._memory, self._at, self._filled = memory, 0, left

    def __iter__(self) -> Iterator[Item]:
        while True:
            memory = self._memory
            view, base = memory.view, memory.address
            while self._filled > self._at:
                if (self._at & 7) and view[self._at] == 0xDC:
                    self._align()
                at = self._at
                if view[at] != 0xDC:
                    frame = self._map(view, at)
                    if frame is None:
                        break
                    self._headed = b""
                    yield self._said(frame)
                    continue
                rows = at + HEADER_BYTES
                if self._filled < rows:
                    break
                header = bytes(view[at:rows])
                if header != self._headed:  # else it is known to be good
                    self._header_says = self._header(view, at)
                    self._headed = header
                schema, n, blob = self._header_says
                if self._filled < rows + blob:
                    break
                keep: Any = memory
                if schema.free:
                    addresses, handles = self._with_texts(schema, n, base + rows, blob)
                    keep = memory, handles
                else:
                    addresses = self._laid  # whose rows come one by one has them at one place
                    if addresses[0] == base + rows and addresses.n == n and self._whose is schema:
                        addresses.again = True
                    else:
                        addresses = self._laid = schema.places(base + rows, n)
                        self._whose = schema
                if schema.truths:
                    self._check_truths(schema, n, addresses)
                key = schema.key
                batch = Batch(schema, n, addresses, keep, self._texts.of(key))
                good = self._texts.named(batch) if schema.panel else n
                if good < n:
                    if good:
                        yield batch.slice(0, good)
                    raise self._bad(
                        f"has a row of {key} without a symbol, row {good + 1} in it: each row of a "
                        "panel must name its symbol"
                    )
                self._advance(HEADER_BYTES + blob)
                self._counts[key] = self._counts.get(key, 0) + n
                yield batch
            yield IDLE
            if not self._read():
                return

    def _advance(self, size: int) -> None:
        self._at += size
        self.position += size

    def _align(self) -> None:
        """Columns must lie on 8 bytes; a map before them has any length."""
        to = (self._at + 7) & -8
        if to + self._filled - self._at > self._memory.size:
            to = 0
        base = self._memory.address
        ctypes.memmove(base + to, base + self._at, self._filled - self._at)
        self._filled += to - self._at
        self._at = to

    # -- rows --------------------------------------------------------------------------------------------
    def _header(self, view: memoryview, at: int) -> tuple[Schema, int, int]:
        array, size, h1, follows, h2, number, h3, n, h4, blob, kind = HEADER.unpack_from(view, at)
        if (array, size, h1, h2, h3, h4, kind) != (0xDC00, 4, 0xCE, 0xCE, 0xCE, 0xC9, EXT_COLUMNS):
            raise self._bad("is not an hq data frame")
        if blob > MAX_BLOB or follows != blob + HEADER_BYTES - FOLLOWS:
            raise self._bad(f"says {follows} bytes follow for {blob} bytes of columns")
        schema = self._schemas.get(number)
        if not self._open or schema is None:
            raise self._bad(f"has rows of schema {number}, which was not announced")
        if schema.free and n:
            return schema, n, blob  # how long the texts are is known when they have come
        if n == 0 or schema.blob(n) != blob:
            raise self._bad(f"says {n} rows of {schema.key} in {blob} bytes, which is {schema.blob(n)} bytes")
        return schema, n, blob

    def _with_texts(self, schema: Schema, n: int, at: int, blob: int) -> tuple[list[int], list[array[int]]]:
        """Where the columns of a frame lie that has free text: of such a column its handles."""
        from hq_core.texts import get

        addresses, kept, end = [], [], at + blob
        for (name, kind), w in zip(schema.cols, schema.widths):
            if kind == "text":
                try:
                    handles, size = get(at, n, end - at)
                except HqError as error:
                    raise self._bad(f"has rows of {schema.key}: column '{name}' {error}") from None
                kept.append(handles)
                addresses.append(handles.buffer_info()[0])
            else:
                addresses.append(at)
                size = (w * n + 7) & -8
            at += size
            if at > end:
                raise self._bad(f"says {n} rows of {schema.key} in {blob} bytes, in which column '{name}' has no room")
        if at != end:
            raise self._bad(f"says {n} rows of {schema.key} in {blob} bytes, of which {end - at} are no column's")
        return addresses, kept

    def _check_truths(self, schema: Schema, n: int, addresses: list[int]) -> None:
        for at in schema.truths:
            wide = schema.widths[at]  # 1, or the length of a vector
            values = ctypes.string_at(addresses[at], n * wide)
            if values.translate(None, b"\0\1"):
                place, value = next((place, value) for place, value in enumerate(values) if value > 1)
                column = f"row {place // wide + 1}: column '{schema.names[at]}' is {value}"
                column += f" at {place % wide + 1}" * (schema.cols[at][1] != "b1")
                raise self._bad(f"has rows of {schema.key}: {column}, must be 0 or 1")

    # -- maps --------------------------------------------------------------------------------------------
    def _map(self, view: memoryview, at: int) -> dict[str, Any] | None:
        """The map at `at`, or None if it has not come whole."""
        if not (0x80 <= view[at] <= 0x8F or view[at] in (0xDE, 0xDF)):
            raise self._bad(f"begins with byte 0x{view[at]:02x}: not hq-frames")
        there = self._filled - at
        window = min(there, SMALL_MAP)
        unpacker, self._unpacker = self._unpacker if self._unpacked == self.position else None, None
        while True:
            fresh = unpacker is None
            if unpacker is None:
                unpacker, begin = map_unpacker(view[at : at + window]), 0
            else:
                begin = self._told
            try:
                frame = unpacker.unpack()
                break
            except msgpack.OutOfData:
                unpacker = None
                if not fresh:
                    continue
                if window == MAX_MAP:
                    raise self._bad(f"is a map of more than {MAX_MAP} bytes") from None
                if window == there:
                    return None
                window = min(there, MAX_MAP)
            except WRONG_MAP as error:
                raise self._bad(f"cannot be read: {wrong_map(error)}") from None
        kind = frame.get("kind")
        if type(kind) is not str or kind not in self._kinds:
            if not kind or not is_name(kind):
                raise self._bad("is a map without a kind")
            if len(self._kinds) < FEW_KINDS:
                self._kinds.add(kind)
        self._unpacker, self._told = unpacker, unpacker.tell()
        self._before = self.position
        self._advance(self._told - begin)
        self._unpacked = self.position
        return frame  # type: ignore[no-any-return]

    def _said(self, frame: dict[str, Any]) -> Item:
        kind = frame["kind"]
        if kind == "head":
            if self._open and not frame.get("resumed"):
                raise self._bad("is a head, but the section before it has no end: its writer died", before=True)
            if frame.get("hq") != 1:
                raise self._bad(f"is of version {frame.get('hq')} of hq-frames; this reads version 1", before=True)
            if not isinstance(frame.get("made_by", []), list):
                raise self._bad("is a head whose made_by is not a list", before=True)
            if frame.get("resumed"):
                self._resumed(frame.get("offset"))
            else:
                self._section = self._before
            self._open = self._begun = True
            self._schemas.clear()
            self._counts.clear()
            self._texts.clear()
            return Head(frame)
        if not self._open:
            raise self._bad(f"is a {kind}, but no head came before it", before=True)
        if kind not in SPOKEN:
            return self._as_read(frame)
        if kind == "schema":
            return self._schema(frame)
        if kind == "mark":
            ts = frame.get("ts")
            if type(ts) is not int or not -(2**63) <= ts < 2**63:
                raise self._bad("is a mark without a ts", before=True)
            return Mark(ts)
        if kind == "end":
            self._check_counts(frame.get("rows"))
            dropped = frame.get("dropped", {})
            if not isinstance(dropped, dict) or not all(
                type(n) is int and 0 <= n < MAX_COUNT for n in dropped.values()
            ):
                raise self._bad("is an end whose dropped is not a map of counts", before=True)
            if not are_holes(frame.get("holes", {})):
                raise self._bad("is an end whose holes are not maps of bars, rows and first", before=True)
            self._open = False
            return End(frame)
        if kind == "strings" and not _is_strings(frame):
            raise self._bad("is strings without of, col and a list of texts", before=True)
        self._texts.take(frame)
        return self._as_read(frame)

    def _as_read(self, frame: dict[str, Any]) -> Map:
        """The map that ends where we are."""
        found = Map(frame)
        found.raw = bytes(self._memory.view[self._at - self.position + self._before : self._at])
        return found

    def _resumed(self, offset: object) -> None:
        """The head of a writer that goes on in the section of one that was killed, `offset` bytes after its begin."""
        if type(offset) is not int or not 0 < offset < 2**63:
            raise self._bad("is a resumed head that does not say its offset", before=True)
        if not self._begun:  # a stream may begin here: what lay before it is not known
            self._section = self._before - offset
        before = self._before - self._section if self._open or not self._begun else 0
        if before != offset:
            raise self._bad(
                f"is a resumed head that goes on after {offset} bytes of its section, but {before} lie before it: rows "
                "would come twice or be missing; cut the output to what hq-state --output-bytes says, then append",
                before=True,
            )

    def _schema(self, frame: dict[str, Any]) -> Schema:
        try:
            number, of, cols = frame["id"], frame["of"], frame["cols"]
            symbol, period = frame.get("symbol", ""), frame.get("period", "")
            known = {"kind", "id", "of", "symbol", "period", "cols"}
            if type(number) is not int or not 0 <= number < 2**32:
                raise ValueError("id")
            if not all(isinstance(text, str) for text in (of, symbol, period)):
                raise ValueError("of, symbol or period")
            if not all(isinstance(text, str) for column in cols for text in column):
                raise ValueError("cols")
            if len(self._schemas) >= MAX_SERIES and number not in self._schemas:
                raise ValueError(f"more than {MAX_SERIES} series")
            extra = {key: value for key, value in frame.items() if key not in known}
            schema = Schema(of, symbol, period, cols, extra)
            check_series(schema)
        except (KeyError, TypeError, ValueError, HqError) as error:
            raise self._bad(f"is a schema that cannot be read: {error}", before=True) from None
        again = self._schemas.get(number)
        if again is not None:
            if not again.same_as(schema):
                raise self._bad(f"announces schema {number} a second time, differently", before=True)
            self._seen[again.key] = again
            return again
        seen = self._seen.setdefault(schema.key, schema)  # one object a series, whatever the number of sections
        if not seen.same_as(schema):
            seen = self._seen[schema.key] = schema
        self._schemas[number] = seen
        return seen

    def _check_counts(self, said: object) -> None:
        if not isinstance(said, dict):
            raise self._bad("is an end without the counts of its rows", before=True)
        for key in {**self._counts, **said}:
            came, counted = self._counts.get(key, 0), said.get(key, 0)
            if came != counted:
                wrong = f"is an end that counts {counted!r:.40} rows of {key!r:.200}, but {came} came"
                raise self._bad(wrong, before=True)

    # -- bytes -------------------------------------------------------------------------------------------
    def _read(self) -> bool:
        """Read once; False at the end of the input."""
        memory = self._memory
        left = self._filled - self._at
        if left == 0:
            self._at = self._filled = 0
        if memory.size - self._filled < BLOCK:
            need = left + BLOCK
            if left >= HEADER_BYTES and memory.view[self._at] == 0xDC:
                need = max(need, HEADER_BYTES + HEADER.unpack_from(memory.view, self._at)[9])
            target = memory if need <= memory.size else Memory(max(need + BLOCK, BUFFER))
            ctypes.memmove(target.address, memory.address + self._at, left)
            self._memory = memory = target
            self._at, self._filled = 0, left
        got = read_into(self.fd, memory.view[self._filled : self._filled + BLOCK])
        self._filled += got
        if got == 0:
            self._at_end()
        return got > 0

    def _at_end(self) -> None:
        left = self._filled - self._at
        rows = sum(self._counts.values())
        if left:
            raise HqError(
                f"the input stops inside a frame: {left} bytes at byte {self.position}, after {rows} rows "
                "(its writer died, and if it left an error, that is the cause; or it was cut)",
                DATA,
            )
        if self._open:
            raise HqError(
                f"the input stops at byte {self.position} without its end frame, after {rows} rows: its writer died "
                "(if it left an error, that is the cause)",
                DATA,
            )

    def _bad(self, what: str, before: bool = False) -> HqError:
        at = self._before if before else self.position
        return HqError(f"frame at byte {at} {what}", DATA)

    _before = 0


def _is_strings(frame: dict[str, Any]) -> bool:
    values = frame.get("values")
    texts = (frame.get("of"), frame.get("col"), *values) if isinstance(values, list) else (None,)
    return all(isinstance(text, str) for text in texts)


def _schema_frame(number: int, schema: Schema) -> dict[str, Any]:
    return {
        **schema.extra,
        "kind": "schema",
        "id": number,
        "of": schema.of,
        "symbol": schema.symbol,
        "period": schema.period,
        "cols": [list(col) for col in schema.cols],
    }
