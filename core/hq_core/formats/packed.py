"""What a Parquet or an Arrow file unpacks to, from its own headers: told before anything is unpacked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from hq_core.errors import DATA, HqError
from hq_core.formats.lean import pa
from hq_core.formats.tables import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Swollen = Callable[[int, str], None]

PAGE_HEADER = 1 << 20  # bytes at most; statistics in it may hold long texts
PAGE_VALUES = 1 << 24  # values of one page: some encodings say in a few bytes how long each of them is
ENDS = (b"PAR1", b"PARE")  # of a Parquet file, of one whose footer is encrypted
FOOTER = 4 << 20  # bytes, or an eighth of the file: pyarrow makes some twenty times as much of it
DATA_PAGE, DICTIONARY, DATA_PAGE_2 = 0, 2, 3
PLAIN, INT96 = 0, 3  # no compression; 96-bit instants
DELTA = {6, 7}  # encodings of texts by their lengths, or by what they share with the one before
DEEPEST = 16
# the header of a page as nearly all of them are, in thrift's bytes: fields in their order, statistics of short values;
# it gives the sizes and, of a page of data, the values.  Any other is read field by field, with the same result
_NUMBER = rb"[\x80-\xff]{0,4}+[\0-\x7f]"
_SHORT = b"|".join(b"\\x%02x.{%d}" % (n, n) for n in (8, 4, 1, *range(33)))
_STATISTICS = (
    rb"(?:[\x18\x28\x38\x48\x58\x68](?:"
    + _SHORT
    + rb")|[\x16\x26\x36\x46\x56][\x80-\xff]{0,8}+[\0-\x7f]|[\x11\x12\x21\x22])*+\0"
)
_USUAL = re.compile(
    rb"\x15(?:\0\x15(N)\x15(N)(?:\x15N\x1c|\x2c)\x15(N)\x15N\x15N\x15N(?:\x1cS)?"
    rb"|\x04\x15(N)\x15(N)(?:\x15N\x3c|\x4c)\x15N\x15N[\x11\x12]?)\0\0".replace(b"N", _NUMBER).replace(
        b"S", _STATISTICS
    ),
    re.DOTALL,
)


# -- Parquet -------------------------------------------------------------------------------------------------
class Pages(NamedTuple):
    """The pages of a column in a row group; types and encodings by Parquet's numbers.

    start, end  the bytes of the file where they lie;  values  how many they hold
    """

    path: tuple[bytes, ...]
    type: int
    encodings: tuple[int, ...]
    packing: int
    values: int
    start: int
    end: int


def footer(data: Any) -> memoryview:
    """The bytes of a Parquet file's footer.  Raises HqError where it is longer than any file's needs to be."""
    view = memoryview(data).cast("B")
    if bytes(view[-4:]) not in ENDS:
        raise cut("Parquet file")
    size = int.from_bytes(view[-8:-4], "little")
    most = max(FOOTER, len(view) // 8)
    if size > most:
        raise HqError(f"the Parquet file says that its footer has {size} bytes, at most {most} are read", DATA)
    return view[max(0, len(view) - 8 - size) : -8]


def row_groups(data: Any) -> list[list[Pages]]:
    """The pages of each row group's columns, from the footer.

    It is read here, for pyarrow's own objects of it end the process where statistics are damaged.
    """
    found = []
    for row_group in _Compact(footer(data)).elements(4):
        columns = []
        for chunk in row_group.get(1) or ():
            about = chunk[3]
            start = int(about[9])
            if 0 < about.get(11, 0) < start:  # the dictionary lies before the first page
                start = int(about[11])
            columns.append(
                Pages(
                    tuple(about[3]),
                    int(about[1]),
                    tuple(about[2]),
                    int(about[4]),
                    int(about[5]),
                    start,
                    start + about[7],
                )
            )
        found.append(columns)
    return found


def unpacked(pages: Sequence[Pages], data: Any) -> int:
    """Bytes that the largest pages of some columns take together, with their dictionaries."""
    view = memoryview(data).cast("B")
    return sum(_largest(column, view) for column in pages)


def _largest(column: Pages, view: memoryview) -> int:
    path = b".".join(column.path).decode("utf-8", "replace")
    at, end = column.start, column.end
    if not 0 <= at <= end <= len(view):
        raise HqError(f"column '{path}': its pages are at bytes {at} to {end}, the file has {len(view)}", DATA)
    largest = dictionary = came = 0
    while came < column.values and at < end:
        usual = _USUAL.match(view, at, min(end, at + PAGE_HEADER))
        if usual:
            kind = DATA_PAGE if usual[1] else DICTIONARY
            size, packed = _signed(usual[1] or usual[4]), _signed(usual[2] or usual[5])
            values = _signed(usual[3] or b"\0")
            at = usual.end()
        else:
            header, at = _Compact(view[at : min(end, at + PAGE_HEADER)]).whole(at)
            kind, size, packed = int(header[1]), int(header[2]), int(header[3])
            values = int(header.get({DATA_PAGE: 5, DATA_PAGE_2: 8}.get(kind, -1), {}).get(1, 0))
        if size < 0 or packed < 0:
            raise ValueError(f"column '{path}': a page of {size} bytes in {packed}")
        if values > PAGE_VALUES:
            raise HqError(f"column '{path}' has a page of {values} values, at most {PAGE_VALUES} are read", DATA)
        came += max(values, 0)
        if kind == DICTIONARY:
            dictionary = max(dictionary, size)
        else:
            largest = max(largest, size)
        at += packed
    return largest + dictionary if column.packing != PLAIN else 0


def _signed(number: bytes) -> int:
    """A number of thrift's compact protocol."""
    found = 0
    for byte in reversed(number):
        found = found << 7 | byte & 127
    return (found >> 1) ^ -(found & 1)


class _Compact:
    """Structs of thrift's compact protocol, as dicts of their fields' numbers."""

    def __init__(self, view: memoryview) -> None:
        self._view = view
        self._at = 0

    def whole(self, base: int) -> tuple[dict[int, Any], int]:
        """The struct, and where the byte after it lies if the first one lies at `base`."""
        try:
            return self._struct(0), base + self._at
        except IndexError:
            raise ValueError(f"the page header at byte {base} is cut") from None

    def elements(self, wanted: int) -> Iterator[dict[int, Any]]:
        """The elements of the list of structs that is field `wanted`, one after the other."""
        number = 0
        while byte := self._byte():
            number = number + (byte >> 4) if byte >> 4 else self._signed()
            if number == wanted and byte & 15 == 9:
                for _ in range(self._count()[1]):
                    yield self._struct(1)
            else:
                self._value(byte & 15, 1)

    def _struct(self, depth: int) -> dict[int, Any]:
        found: dict[int, Any] = {}
        number = 0
        while byte := self._byte():
            number = number + (byte >> 4) if byte >> 4 else self._signed()
            if number in found:
                raise ValueError(f"field {number} is there twice")
            found[number] = self._value(byte & 15, depth + 1)
        return found

    def _value(self, kind: int, depth: int) -> Any:
        if depth > DEEPEST:
            raise ValueError("structs lie too deep in each other")
        if kind in (1, 2):
            return kind == 1
        if kind == 3:
            return self._byte()
        if kind in (4, 5, 6):
            return self._signed()
        if kind in (7, 8):
            length = 8 if kind == 7 else self._varint()
            self._at += length
            return bytes(self._view[self._at - length : self._at])
        if kind in (9, 10):
            of, count = self._count()
            return [self._byte() if of in (1, 2) else self._value(of, depth + 1) for _ in range(count)]
        if kind == 12:
            return self._struct(depth)
        raise ValueError(f"a value of kind {kind}")

    def _count(self) -> tuple[int, int]:
        """The kind of a list's elements, and how many there are."""
        byte = self._byte()
        count = byte >> 4 if byte >> 4 != 15 else self._varint()
        if count > len(self._view) - self._at:
            raise ValueError(f"a list of {count} in {len(self._view) - self._at} bytes")
        return byte & 15, count

    def _byte(self) -> int:
        found = self._view[self._at]
        self._at += 1
        return found

    def _varint(self) -> int:
        found = shift = 0
        while True:
            byte = self._byte()
            found |= (byte & 127) << shift
            if byte < 128:
                return found
            shift += 7
            if shift > 63:
                raise ValueError("a number of more than 64 bits")

    def _signed(self) -> int:
        found = self._view[self._at]
        if found < 128:  # nearly all of them
            self._at += 1
        else:
            found = self._varint()
        return (found >> 1) ^ -(found & 1)


# -- Arrow ---------------------------------------------------------------------------------------------------
def largest_buffers(data: Any, swollen: Swollen) -> None:
    """Tell `swollen` what each message of an Arrow stream unpacks to beside the dictionaries before it."""
    source = pa.BufferReader(data)
    _told(_read(pa.ipc.MessageReader.open_stream(source)), swollen)
    if source.tell() < data.size:
        raise HqError(f"after the end of the Arrow stream come {data.size - source.tell()} other bytes", DATA)


def largest_blocks(data: Any, swollen: Swollen) -> None:
    """As `largest_buffers`, of the messages that the footer of an Arrow file points to, which pyarrow has verified.

    Raises HqError where two of them share bytes: few bytes could tell of any number of rows.
    """
    size = int.from_bytes(data.slice(data.size - 10, 4).to_pybytes(), "little")
    start = data.size - 10 - size
    footer = _FlatTable(memoryview(data.slice(start, size)).cast("B"))
    found = [footer.blocks(field) for field in (2, 3)]  # dictionaries, record batches
    before = 8  # the magic
    for at, length in sorted(found[0] + found[1]):
        if at < before or length <= 0 or at + length > start:
            raise HqError(f"the Arrow file is damaged: its end tells of {length} bytes at byte {at}", DATA)
        before = at + length
    _told((pa.ipc.read_message(data.slice(*block)) for blocks in found for block in blocks), swollen)


def _read(messages: Any) -> Iterator[Any]:
    while True:
        try:
            yield messages.read_next_message()
        except StopIteration:
            return
        except (OSError, pa.ArrowInvalid) as error:
            if str(error).startswith("Expected to"):  # read more bytes of a message than there are
                raise cut("Arrow stream") from None
            raise


def _told(messages: Iterator[Any], swollen: Swollen) -> None:
    kept = 0
    for number, message in enumerate(messages, 1):
        if message.type not in ("record batch", "dictionary"):
            continue
        size = _unpacked(message)
        swollen(kept + size, f"message {number}")
        if message.type == "dictionary":
            kept += size


def _unpacked(message: Any) -> int:
    """Bytes of a message's packed buffers when they are unpacked."""
    table = _FlatTable(memoryview(message.metadata).cast("B"))
    batch = table.child(2)
    if message.type == "dictionary":
        batch = batch.child(1)
    if not batch.place(3):  # no compression: the buffers stay where they lie
        return 0
    body = memoryview(message.body).cast("B")
    size = 0
    for offset, length in batch.pairs(2):
        if length >= 8:
            if not 0 <= offset <= len(body) - 8:
                raise ValueError(f"a buffer at byte {offset} of a body of {len(body)} bytes")
            size += max(int.from_bytes(body[offset : offset + 8], "little", signed=True), 0)
    return size


class _FlatTable:
    """A table of a flatbuffer, which pyarrow has verified."""

    def __init__(self, view: memoryview, at: int = -1) -> None:
        self._view = view
        self._at = self._int(0, 4) if at < 0 else at

    def _int(self, at: int, wide: int, signed: bool = False) -> int:
        if not 0 <= at <= len(self._view) - wide:
            raise ValueError(f"a reference to byte {at} of {len(self._view)} bytes")
        return int.from_bytes(self._view[at : at + wide], "little", signed=signed)

    def place(self, field: int) -> int:
        """Where a field's value lies; 0 if it is absent."""
        table = self._at - self._int(self._at, 4, signed=True)
        entry = 4 + 2 * field
        offset = self._int(table + entry, 2) if entry < self._int(table, 2) else 0
        return self._at + offset if offset else 0

    def child(self, field: int) -> _FlatTable:
        at = self.place(field)
        return _FlatTable(self._view, at + self._int(at, 4))

    def pairs(self, field: int) -> list[tuple[int, int]]:
        """A vector of structs of two int64."""
        at = self.place(field)
        if not at:
            return []
        at += self._int(at, 4)
        return [
            (self._int(i, 8, signed=True), self._int(i + 8, 8, signed=True))
            for i in range(at + 4, at + 4 + 16 * self._int(at, 4), 16)
        ]

    def blocks(self, field: int) -> list[tuple[int, int]]:
        """A vector of an Arrow footer's blocks: where each message begins and how many bytes it has."""
        at = self.place(field)
        if not at:
            return []
        at += self._int(at, 4)
        return [
            (self._int(i, 8, signed=True), self._int(i + 8, 4, signed=True) + self._int(i + 16, 8, signed=True))
            for i in range(at + 4, at + 4 + 24 * self._int(at, 4), 24)
        ]
