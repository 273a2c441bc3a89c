"""The end of a stream."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hq_core.batch import Batch


class Tail:
    """The last rows and maps of a stream, `most` of them at the most, in memory of their own."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.items: deque[Batch | dict[str, Any]] = deque()
        self._n = 0

    def add(self, item: Batch | dict[str, Any]) -> None:
        if not isinstance(item, dict):
            item = item.slice(max(0, item.n - self.most), item.n).copied()
        self.items.append(item)
        self._n += _size(item)
        while self._n - _size(self.items[0]) >= self.most:
            self._n -= _size(self.items.popleft())
        over = self._n - self.most
        first = self.items[0]
        if over > 0 and not isinstance(first, dict):
            self.items[0] = first.slice(over, first.n)
            self._n = self.most


def _size(item: Batch | dict[str, Any]) -> int:
    return 1 if isinstance(item, dict) else item.n
