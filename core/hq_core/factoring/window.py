"""The memory of a window of time: it grows between runs, never in one, and is saved as what it holds."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from hq_core.saved import Damaged

if TYPE_CHECKING:
    from hq_core.jit import ArgumentBlock, Kernel

FIRST = 64  # events that it has room for at first
MOST = 1 << 27  # events: a state that says more is damaged
FIELDS = ("head", "mid", "tail")  # of the kernel's record: numbers of events, see kernels/timed.py


class Window(dict[str, Any]):
    """The times and values of events, as tables of a graph's node.

    width   values of each event
    blocks  the argument blocks that they are bound to: memory that grows moves
    """

    def __init__(self, kernel: Kernel, width: int) -> None:
        self.blocks: list[ArgumentBlock] = []
        self.name = kernel.name
        self.width = width
        self._head, self._mid, self._tail = (kernel.places[name][0] for name in FIELDS)
        self._make(FIRST)

    def ready(self, record: memoryview, n: int) -> None:
        """Make room for n further events."""
        head, tail = record[self._head], record[self._tail]
        if tail - head + n > len(self["times"]):
            held = self.save(record)
            self._make(1 << (tail - head + n - 1).bit_length())
            self._put(head, held)

    def save(self, record: memoryview) -> bytes:
        """The times and then the values of the events of the window, the oldest first."""
        size, head, tail = len(self["times"]), record[self._head], record[self._tail]
        slots = [i & (size - 1) for i in (head, tail)]
        n, width = tail - head, self.width
        if not n:
            return b""
        parts = [(slots[0], min(size, slots[0] + n)), (0, max(0, slots[0] + n - size))]
        times = b"".join(self["times"][a:b].tobytes() for a, b in parts)
        return times + b"".join(self["ring"][a * width : b * width].tobytes() for a, b in parts)

    def load(self, record: memoryview, saved: bytes) -> None:
        """Take up what `save` gave; Damaged where the record says that something else was there."""
        head, mid, tail = (record[at] for at in (self._head, self._mid, self._tail))
        n, odd = divmod(len(saved), 8 * (1 + self.width))
        if odd or n > MOST or not 0 <= head <= mid <= tail or tail - head != n:
            what = f"{self.name}: a window of {tail - head} events comes with {len(saved)} bytes"
            raise Damaged(f"{what}, its record says {head}, {mid}, {tail}")
        self._make(max(FIRST, 1 << max(n - 1, 0).bit_length()))
        self._put(head, saved)

    def _make(self, size: int) -> None:
        self["times"] = array("q", bytes(8 * size))
        self["ring"] = array("d", bytes(8 * size * self.width))
        for block in self.blocks:
            for name, memory in self.items():
                block.buffer(name, memory)

    def _put(self, head: int, held: bytes) -> None:
        """Lay down what `save` gave from event number `head` on."""
        n, size, width = len(held) // (8 * (1 + self.width)), len(self["times"]), self.width
        at = head & (size - 1)
        first = min(n, size - at)
        times, values = array("q", held[: 8 * n]), array("d", held[8 * n :])
        self["times"][at : at + first] = times[:first]
        self["times"][: n - first] = times[first:]
        self["ring"][at * width : (at + first) * width] = values[: first * width]
        self["ring"][: (n - first) * width] = values[first * width :]
