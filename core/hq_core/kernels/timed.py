"""Sums over a window of time, without a subtraction and so without the rounding of what has left it.

A ring holds the events of the window, each with its time and its values.  Those from `mid` on are as they came, and the
kernel keeps their sums; those before it are folded: each slot is the sum from that event up to `mid`.  The window's sum
is the slot of its oldest event plus the kernel's own.  When the folded ones have all left, what is there is folded and
the kernel's sums begin anew; so an event costs two additions however long the window is, and whatever leaves it, a
1e17 trade or a nan, leaves nothing behind.

The numbers of events only rise: event number i lies in slot i modulo the ring's size, a power of 2 that is made large
enough for all that may come before a run (factoring/window.py).
"""

from __future__ import annotations

from hq_core.jit import F8, I8, inline

NONE = (1 << 63) - 1  # the time of the oldest event of an empty window


@inline
def oldest(times: I8, head: int, tail: int) -> int:
    """The time of the oldest event."""
    return times[head & (len(times) - 1)] if head < tail else NONE


@inline
def left(times: I8, head: int, tail: int, first: int) -> int:
    """The number of the oldest event when those before the time `first` have left."""
    mask = len(times) - 1
    while head < tail and times[head & mask] < first:
        head += 1
    return head


@inline
def folded(ring: F8, size: int, width: int, head: int, tail: int) -> None:
    """Fold all events from `head` on: mid is then `tail`, and the kernel's sums are 0.

    size, width   slots of the ring, and values of each event
    """
    mask = size - 1
    for k in range(width):
        total = 0.0
        for i in range(tail - 1, head - 1, -1):
            at = (i & mask) * width + k
            total += ring[at]
            ring[at] = total
