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


def untouched(n: int) -> memoryview[float]:
    """n numbers that are 0, of which those take memory that have been written."""
    from mmap import mmap  # few runs need so many

    return memoryview(mmap(-1, 8 * n)).cast("d")


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


class Laid(list[int]):
    """Where the columns of `n` rows lie that are one behind the other, each padded to 8 bytes, and none is elsewhere.

    It is never changed, so that the same one is the same places.  What is made of it, a part or the places of later
    rows, is a plain list.

    again   other rows lay there before, of a series that comes a read at a time, so that others may
    """

    __slots__ = ("again", "n")

    def __init__(self, places: Iterable[int], n: int) -> None:
        super().__init__(places)
        self.n, self.again = n, False


def stay(places: Sequence[int]) -> bool:
    """Whether further rows may lie at the very same places, so that it is worth while to keep what is made of them."""
    return type(places) is Laid and places.again


def after(addresses: Sequence[int], widths: Sequence[int], n: int) -> list[int]:
    """Where each column goes on after n rows."""
    return [at + w * n for at, w in zip(addresses, widths)]


def move(to: Sequence[int], addresses: Sequence[int], widths: Sequence[int], n: int) -> None:
    """Copy n rows of every column; the shortest of the three says how many columns."""
    if type(addresses) is Laid and type(to) is Laid and addresses.n == n and to.n == n:
        last = min(len(to), len(addresses), len(widths)) - 1  # the same widths, so the same gaps
        _move(to[0], addresses[0], addresses[last] - addresses[0] + widths[last] * n)
        return
    for there, here, w in zip(to, addresses, widths):
        _move(there, here, w * n)


def room(memory: array[float] | array[int], n: int) -> int:
    """The address of memory of 8 bytes an item, grown where it holds fewer than n."""
    if len(memory) < n:
        memory.frombytes(bytes(8 * (n - len(memory))))
    return memory.buffer_info()[0]
