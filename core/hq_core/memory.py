"""Columns in memory: where they lie, room for more rows, and copies."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable, Sequence

_move = ctypes.memmove

MOST_WAITING = 256 << 20  # bytes of what one stream brought that may wait for another
FIRST_ROWS = 4  # rows that a series has room for at first: of many series most have one row a read


class Memory:
    """A buffer whose first byte lies on a cache line."""

    __slots__ = ("address", "raw", "size", "view")

    def __init__(self, size: int) -> None:
        self.raw = bytearray(size + 64)
        start = ctypes.addressof(ctypes.c_char.from_buffer(self.raw))
        skip = -start % 64
        self.address = start + skip
        self.view = memoryview(self.raw)[skip : skip + size]
        self.size = size


def after(addresses: Sequence[int], widths: Sequence[int], n: int) -> list[int]:
    """Where each column goes on after n rows."""
    return [at + w * n for at, w in zip(addresses, widths)]


def move(to: Iterable[int], addresses: Iterable[int], widths: Iterable[int], n: int) -> None:
    """Copy n rows of every column; the shortest of the three says how many columns."""
    for there, here, w in zip(to, addresses, widths):
        _move(there, here, w * n)


def room(memory: array[float] | array[int], n: int) -> int:
    """The address of memory of 8 bytes an item, grown where it holds fewer than n."""
    if len(memory) < n:
        memory.frombytes(bytes(8 * (n - len(memory))))
    return memory.buffer_info()[0]
