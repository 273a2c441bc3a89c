"""What a Parquet or an Arrow file unpacks to, from its own headers: told before anything is unpacked."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from hq_core.errors import DATA, HqError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Swollen = Callable[[int, str], None]

PAGE_HEADER = 1 << 20       # bytes at most; statistics in it may hold long texts
PAGE_VALUES = 1 << 24       # values of one page: some encodings say in a few bytes how long each of them is
DATA_PAGE, DICTIONARY, DATA_PAGE_2 = 0, 2, 3
DEEPEST = 16


# -- Parquet -------------------------------------------------------------------------------------------------
def largest_pages(metadata: Any, names: Sequence[str], data: Any, swollen: Swollen) -> tuple[set[str], set[str]]:
    """Tell `swollen` what the largest pages of these columns take together, for each row group.

    Gives the physical types and the encodings that the columns have.
    """
    wanted = set(names)
    kinds: set[str] = set()
    encodings: set[str] = set()
    view = memoryview(data).cast("B")
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        size = 0
        for at in range(row_group.num_columns):
            column = row_group.column(at)
            path = column.path_in_schema
            if path in wanted or path.partition(".")[0] in wanted:
                size += _largest_page(column, view, path)
                kinds.add(column.physical_type)
                encodings.update(column.encodings)
        swollen(size, f"row group {group + 1}")
    return kinds, encodings


def _largest_page(column: Any, view: memoryview, path: str) -> int:
    """Bytes of a column chunk's largest data page and its dictionary, unpacked."""
    at = column.data_page_offset
    if column.has_dictionary_page and 0 < column.dictionary_page_offset < at:
        at = column.dictionary_page_offset
    end = at + column.total_compressed_size
    if not 0 <= at <= end <= len(view):
        raise HqError(f"column '{path}': its pages are at bytes {at} to {end}, the file has {len(view)}", DATA)
    largest = dictionary = came = 0
    while came < column.num_values and at < end:
        header, at = _Compact(view[at : min(end, at + PAGE_HEADER)]).struct(at)
        kind, size, packed = (int(header.get(field, -1)) for field in (1, 2, 3))
        if kind < 0 or size < 0 or packed < 0:
            raise ValueError(f"column '{path}': a page without a size")
        about = header.get({DATA_PAGE: 5, DATA_PAGE_2: 8}.get(kind, -1), {})
        values = int(about.get(1, 0)) if isinstance(about, dict) else 0
        if values > PAGE_VALUES:
            raise HqError(f"column '{path}' has a page of {values} values, at most {PAGE_VALUES} are read", DATA)
        came += max(values, 0)
        if kind == DICTIONARY:
            dictionary = max(dictionary, size)
        else:
            largest = max(largest, size)
        at += packed
    return largest + dictionary if column.compression != "UNCOMPRESSED" else 0


class _Compact:
    """A thrift struct in the compact protocol, as a dict of its fields' numbers."""

    def __init__(self, view: memoryview) -> None:
        self._view = view
        self._at = 0

    def struct(self, base: int) -> tuple[dict[int, Any], int]:
        """The struct, and where the byte after it lies if the first one lies at `base`."""
        try:
            found = self._struct(0)
        except IndexError:
            raise ValueError(f"the page header at byte {base} is cut") from None
        return found, base + self._at

    def _struct(self, depth: int) -> dict[int, Any]:
        found: dict[int, Any] = {}
        number = 0
        while True:
            byte = self._byte()
            if byte == 0:
                return found
            number = number + (byte >> 4) if byte >> 4 else self._signed()
            found[number] = self._value(byte & 15, depth + 1)

    def _value(self, kind: int, depth: int) -> Any:
        if depth > DEEPEST:
            raise ValueError("a page header nests too deeply")
        if kind in (1, 2):
            return kind == 1
        if kind == 3:
            return self._byte()
        if kind in (4, 5, 6):
            return self._signed()
        if kind in (7, 8):
            length = 8 if kind == 7 else self._varint()
            self._at += length
            return None
        if kind in (9, 10):
            byte = self._byte()
            count = byte >> 4 if byte >> 4 != 15 else self._varint()
            for _ in range(min(count, PAGE_HEADER)):
                if byte & 15 in (1, 2):
                    self._byte()
                else:
                    self._value(byte & 15, depth + 1)
            return None
        if kind == 12:
            return self._struct(depth)
        raise ValueError(f"a page header has a value of kind {kind}")

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
                raise ValueError("a page header has a number of more than 64 bits")

    def _signed(self) -> int:
        found = self._varint()
        return (found >> 1) ^ -(found & 1)


# -- Arrow ---------------------------------------------------------------------------------------------------
def largest_buffers(data: Any, swollen: Swollen) -> None:
    """Tell `swollen` what each message of an Arrow stream unpacks to beside the dictionaries before it."""
    source = pa.BufferReader(data)
    messages = pa.ipc.MessageReader.open_stream(source)
    kept = number = 0
    while True:
        try:
            message = messages.read_next_message()
        except StopIteration:
            break
        number += 1
        if message.type not in ("record batch", "dictionary"):
            continue
        size = _unpacked(message)
        swollen(kept + size, f"message {number}")
        if message.type == "dictionary":
            kept += size
    if source.tell() < data.size:
        raise HqError(f"after the end of the Arrow stream come {data.size - source.tell()} other bytes", DATA)


def _unpacked(message: Any) -> int:
    """Bytes of a message's packed buffers when they are unpacked."""
    table = _Table(memoryview(message.metadata).cast("B"))
    batch = table.child(2)
    if message.type == "dictionary":
        batch = batch.child(1)
    if not batch.place(3):              # no compression: the buffers stay where they lie
        return 0
    body = memoryview(message.body).cast("B")
    size = 0
    for offset, length in batch.pairs(2):
        if length >= 8:
            if not 0 <= offset <= len(body) - 8:
                raise ValueError(f"a buffer at byte {offset} of a body of {len(body)} bytes")
            size += max(int.from_bytes(body[offset : offset + 8], "little", signed=True), 0)
    return size


class _Table:
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

    def child(self, field: int) -> _Table:
        at = self.place(field)
        return _Table(self._view, at + self._int(at, 4))

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
