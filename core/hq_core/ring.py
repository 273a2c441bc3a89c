"""A column of fixed capacity whose last values are always one contiguous view, oldest first, without a copy."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


class Ring:
    """The last `capacity` values of a series of float64.  It overwrites when full; nothing can be deleted.

    Each value is stored twice, `capacity` apart, so that any `capacity` successive values lie in one piece.

    >>> ring = Ring(3)
    >>> for x in (1.0, 2.0, 3.0, 4.0): ring.push(x)
    >>> ring.view()
    array([2., 3., 4.])
    """

    __slots__ = ("_array", "_data", "_next", "_size", "capacity")

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"capacity is {capacity}, must be at least 1")
        self.capacity = capacity
        self._data = array("d", bytes(16 * capacity))
        self._array = np.frombuffer(self._data, np.float64)
        self._array.flags.writeable = False
        self._next = 0  # where the next value goes, 0 .. capacity - 1
        self._size = 0

    def push(self, value: float) -> None:
        at, capacity = self._next, self.capacity
        self._data[at] = self._data[at + capacity] = value
        self._next = at + 1 if at + 1 < capacity else 0
        if self._size < capacity:
            self._size += 1

    def update_last(self, value: float) -> None:
        """Put another value in the newest one's place.  Raises IndexError when there is none."""
        at = self._at(-1)
        self._data[at] = value
        self._data[at + self.capacity if at < self.capacity else at - self.capacity] = value

    def view(self, n: int | None = None) -> NDArray[np.float64]:
        """The last n values (all, if not said), oldest first: a read-only view that the next pushes write on."""
        size = self._size if n is None else min(n, self._size)
        stop = self._next or self.capacity
        if stop < size:
            stop += self.capacity
        return self._array[stop - size : stop]

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, index: int) -> float:
        """0 is the oldest, -1 the newest."""
        return self._data[self._at(index)]

    def __iter__(self) -> Iterator[float]:
        return iter(self.view().tolist())

    def _at(self, index: int) -> int:
        size = self._size
        if not -size <= index < size:
            raise IndexError(f"index {index} of a ring that holds {size}")
        start = self._next - size
        return (start + (index if index >= 0 else size + index)) % self.capacity
