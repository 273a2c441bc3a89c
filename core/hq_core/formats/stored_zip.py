"""A zip of files that are stored as they are, whose length and check are known before they are written.

zipfile finds the check while it writes, with a time of now in each entry; here it has been found while the rows came,
and the same files make the same bytes.  Layout: PKWARE, APPNOTE 6.3.10, 4.3.7, 4.3.12, 4.3.14 to 4.3.16 and 4.5.3.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDE = 0xFFFFFFFF  # what stands for a number of 64 bits, which lies in an extra field
MANY = 0xFFFF
DAY = 0x21  # 1980-01-01, the first that there is
FROM = 45  # the version that reads numbers of 64 bits, and is told of all
_LOCAL = struct.Struct("<IHHHHHIIIHH")
_ENTRY = struct.Struct("<IHHHHHHIIIHHHHHII")
_END = struct.Struct("<IHHHHIIH")
_END64 = struct.Struct("<IQHHIIQQQQ")
_PLACE64 = struct.Struct("<IIQI")
POLYNOMIAL = 0xEDB88320  # of CRC-32, its lowest power in the highest bit


class StoredZip:
    """Files one after the other to `out`, which need not be able to go back."""

    def __init__(self, out: Any) -> None:
        self._out = out
        self._at = 0
        self._entries: list[bytes] = []

    def add(self, name: str, size: int, check: int, data: Iterable[memoryview | bytes]) -> None:
        """A file of `size` bytes whose CRC-32 is `check`."""
        named = name.encode()
        text = 0 if name.isascii() else 0x800
        wide = size >= WIDE
        shown = WIDE if wide else size
        sizes = struct.pack("<QQ", size, size) if wide else b""
        extra = _extra(sizes)
        place = self._at
        self._write(_LOCAL.pack(0x04034B50, FROM, text, 0, 0, DAY, check, shown, shown, len(named), len(extra)))
        self._write(named + extra)
        before = self._at
        for part in data:
            self._write(part)
        if self._at - before != size:
            raise AssertionError(f"{name} has {self._at - before} bytes, {size} were said")
        far = place >= WIDE
        extra = _extra(sizes + (struct.pack("<Q", place) if far else b""))
        entry = _ENTRY.pack(
            0x02014B50, FROM, FROM, text, 0, 0, DAY, check, shown, shown, len(named), len(extra), 0, 0, 0, 0,
            WIDE if far else place,
        )  # fmt: skip
        self._entries.append(entry + named + extra)

    def end(self) -> None:
        """The list of the files."""
        place, count = self._at, len(self._entries)
        for entry in self._entries:
            self._write(entry)
        size = self._at - place
        if count >= MANY or place >= WIDE:
            there = self._at
            self._write(_END64.pack(0x06064B50, _END64.size - 12, FROM, FROM, 0, 0, count, count, size, place))
            self._write(_PLACE64.pack(0x07064B50, 0, there, 1))
        few = min(count, MANY)
        self._write(_END.pack(0x06054B50, 0, 0, few, few, size, min(place, WIDE), 0))

    def _write(self, data: memoryview | bytes) -> None:
        self._out.write(data)
        self._at += len(data)


def _extra(numbers: bytes) -> bytes:
    return struct.pack("<HH", 1, len(numbers)) + numbers if numbers else b""


def joined(first: int, second: int, size: int) -> int:
    """The CRC-32 of two stretches of bytes one after the other; `size`: of the second one.

    To put n zeros behind is to multiply by x to the 8 n, modulo the check's polynomial.
    """
    return _times(_zeros(size), first) ^ second


@lru_cache(4)  # columns of one type have one length
def _zeros(size: int) -> int:
    """x to the 8 * size."""
    power, made = 1 << 23, 1 << 31  # x to the 8, and 1
    while size:
        if size & 1:
            made = _times(power, made)
        power = _times(power, power)
        size >>= 1
    return made


def _times(left: int, right: int) -> int:
    """The product of two polynomials, modulo the check's."""
    made = 0
    while left:
        if left & 1 << 31:
            made ^= right
        left = left << 1 & WIDE
        right = right >> 1 ^ (POLYNOMIAL if right & 1 else 0)
    return made
