"""The footer of a Parquet file whose row groups were packed apart, each as a file of its own.

A footer is a FileMetaData of parquet.thrift in thrift's compact protocol.  Its bytes are copied as they are but for
what depends on where a row group lies: offsets, its number, and the count of rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.errors import DATA, HqError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Change = Callable[[int], int]
    Changes = Mapping[int, "Change | Changes"]

MAGIC = b"PAR1"
MOST = 1 << 15  # row groups: their numbers have 16 bits
ROWS, GROUPS = 3, 4  # fields of FileMetaData
BYTE, DOUBLE, BINARY, LIST, STRUCT = 3, 7, 8, (9, 10), 12  # kinds of values
NOTHING, NUMBERS = (1, 2), (4, 5, 6)


class Footer:
    """The footer of what has been added so far."""

    def __init__(self) -> None:
        self._groups: list[bytes] = []
        self._rows = 0
        self._first = b""

    def add(self, footer: bytes, shift: int) -> None:
        """The row groups of a file's footer, which lie `shift` bytes further on than it says."""
        self._first = self._first or footer
        places = _Copy(footer, 0).struct({})
        self._rows += _Copy(footer, places[ROWS]).number()

        def moved(at: int) -> int:
            return at + shift if at else 0  # 0: there is none

        def ordinal(_: int) -> int:
            return len(self._groups)

        chunk: Changes = {2: moved, 3: {9: moved, 10: moved, 11: moved, 14: moved}, 4: moved, 6: moved}
        given = _Copy(footer, places[GROUPS])
        for _ in range(given.count()[1]):
            if len(self._groups) == MOST:
                raise HqError(f"a Parquet file has at most {MOST:,} row groups: write several", DATA)
            start = len(given.out)
            given.struct({1: chunk, 5: moved, 7: ordinal})
            self._groups.append(bytes(given.out[start:]))

    def made(self) -> bytes:
        """The end of the file, from behind its last row group on."""
        made = _Copy(self._first, 0)
        made.struct({ROWS: lambda _: self._rows}, {GROUPS: self._list()})
        return bytes(made.out) + len(made.out).to_bytes(4, "little") + MAGIC

    def _list(self) -> bytes:
        count = len(self._groups)
        head = bytes([count << 4 | STRUCT]) if count < 15 else bytes([0xF0 | STRUCT]) + _varint(count)
        return head + b"".join(self._groups)


class _Copy:
    """Bytes of the compact protocol on their way from `data` to `out`, from `at` on."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self.at = at
        self.out = bytearray()

    def struct(self, changes: Changes, instead: Mapping[int, bytes] | None = None) -> dict[int, int]:
        """A struct with `changes` to numbers, or to those of structs in it, by their fields; `instead`: whole values.

        Where each field's value began in `data`.
        """
        number = 0
        places = {}
        while byte := self._byte():
            self.out.append(byte)
            if byte >> 4:
                number += byte >> 4
            else:
                number = self.number()
            places[number] = self.at
            kept = len(self.out)
            self._value(byte & 15, changes.get(number))
            if instead and number in instead:
                self.out[kept:] = instead[number]
        self.out.append(0)
        return places

    def _value(self, kind: int, change: Any) -> None:
        if kind in NOTHING:
            return
        if kind in NUMBERS:
            self.number(change)
        elif kind == STRUCT:
            self.struct(change or {})
        elif kind in LIST:
            of, count = self.count()
            for _ in range(count):
                self._value(BYTE if of in NOTHING else of, change)
        elif kind == BINARY:
            self._raw(self._varint())
        elif kind in (BYTE, DOUBLE):
            self._raw(1 if kind == BYTE else 8)
        else:
            raise AssertionError(f"a footer has a value of kind {kind}")

    def count(self) -> tuple[int, int]:
        """The kind of a list's elements, and how many there are."""
        byte = self._byte()
        self.out.append(byte)
        return byte & 15, byte >> 4 if byte >> 4 < 15 else self._varint()

    def _byte(self) -> int:
        self.at += 1
        return self._data[self.at - 1]

    def _raw(self, length: int) -> None:
        self.out += self._data[self.at : self.at + length]
        self.at += length

    def _varint(self) -> int:
        found = shift = 0
        while True:
            byte = self._byte()
            self.out.append(byte)
            found |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return found

    def number(self, change: Change | None = None) -> int:
        """A whole number, as it was or changed."""
        start = len(self.out)
        found = self._varint()
        value = (found >> 1) ^ -(found & 1)
        if change is not None:
            value = change(value)
            self.out[start:] = _varint(value << 1 if value >= 0 else (-value << 1) - 1)
        return value


def _varint(number: int) -> bytes:
    made = bytearray()
    while number > 127:
        made.append(number & 127 | 128)
        number >>= 7
    return bytes([*made, number])
