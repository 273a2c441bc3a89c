"""Calling a kernel from Python: the argument block, and the state record by its field names."""

from __future__ import annotations

import ctypes
from array import array
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from hq_core.jit import native
from hq_core.jit.declare import ARRAYS, Kernel
from hq_core.jit.native import load
from hq_core.saved import Damaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_DOUBLE = ctypes.c_double.from_address


def address_of(memory: Any) -> int:
    """The address of the first byte of a writable buffer."""
    if isinstance(memory, array):
        return memory.buffer_info()[0]
    return ctypes.addressof(ctypes.c_char.from_buffer(memory)) if len(memory) else 0


def slots_of(kernel: Kernel) -> int:
    """How many slots the argument block of a kernel has."""
    return sum(2 if kind in ARRAYS else 1 for _, kind in kernel.args)


class ArgumentBlock:
    """The argument block of one kernel: 64-bit slots, two a column (address, length), one a scalar or state.

    slots   where the block lies from slot `at` on, of blocks that lie together; its own memory if not given
    """

    __slots__ = ("address", "kernel", "kinds", "slots", "starts")

    def __init__(self, kernel: Kernel, slots: array[int] | None = None, at: int = 0) -> None:
        self.kernel = kernel
        self.starts: dict[str, int] = {}
        self.kinds = kernel.kinds
        self.slots = array("q", bytes(8 * slots_of(kernel))) if slots is None else slots
        self.address = self.slots.buffer_info()[0] + 8 * at
        for name, kind in kernel.args:
            self.starts[name] = at
            at += 2 if kind in ARRAYS else 1

    def column(self, name: str, address: int, length: int) -> None:
        at = self.starts[name]
        self.slots[at] = address
        self.slots[at + 1] = length

    def buffer(self, name: str, memory: Any) -> None:
        """Bind a writable buffer object, which its owner keeps; its length is its bytes over the column's width."""
        self.column(name, address_of(memory), memoryview(memory).nbytes // ARRAYS[self.kinds[name]])

    def scalar(self, name: str, value: float) -> None:
        at = self.starts[name]
        if self.kinds[name] == "float":
            _DOUBLE(self.slots.buffer_info()[0] + 8 * at).value = value
        else:
            self.slots[at] = int(value)

    def whole(self, name: str) -> int:
        """A whole number as it is set, or the length of a column."""
        return self.slots[self.starts[name] + (self.kinds[name] in ARRAYS)]

    def state(self, address: int) -> None:
        for name, kind in self.kernel.args:
            if kind == "State":
                self.slots[self.starts[name]] = address


def check(block: ArgumentBlock, saved: Any, ring: Any = b"") -> None:
    """Refuse a saved record, and the ring that goes with it, on which the block's kernel would leave its memory.

    saved, ring   bytes of either
    """
    kernel = block.kernel
    if not kernel.limits and kernel.valid is None:
        return
    view = memoryview(saved)
    whole, real = view.cast("q"), view.cast("d")
    for at, bound, reached in kernel.limits:
        name, kind = kernel.fields[at]
        limit = int(bound) if bound.isdecimal() else block.whole(bound)
        value = whole[at] if kind == "i8" else real[at]
        if (kind == "i8" and value < 0) or value > limit or (value == limit and not reached):
            low, most = ("0 to " if kind == "i8" else "at most "), limit if reached else limit - 1
            raise Damaged(f"{kernel.name}: {name} is {value}, must be {low}{most}")
    if kernel.valid is not None:
        values = [(whole if kind == "i8" else real)[at] for at, (_, kind) in enumerate(kernel.fields)]
        fields: dict[str, Any] = dict(zip((name for name, _ in kernel.fields), values))
        given = {name: block.whole(name) for name, kind in kernel.args if kind == "int"}
        if not kernel.valid(fields, given, memoryview(ring).cast("d")):
            raise Damaged(f"{kernel.name}: what it remembers does not hang together")


class Record:
    """A kernel's state record, its fields as attributes.

    whole   all fields as whole numbers, in their order: for a record of which none is a float64
    """

    __slots__ = ("_fields", "_floats", "_memory", "address", "whole")

    def __init__(self, kernel: Kernel) -> None:
        set_ = object.__setattr__
        memory = bytearray(max(kernel.state_bytes, 8))
        set_(self, "_memory", memory)
        set_(self, "_floats", memoryview(memory).cast("d"))
        set_(self, "whole", memoryview(memory).cast("q"))
        set_(self, "_fields", kernel.places)
        set_(self, "address", address_of(memory))

    def __getattr__(self, name: str) -> Any:
        at, kind = self._fields[name]
        return (self.whole if kind == "i8" else self._floats)[at]

    def several(self, *names: str) -> Callable[[], tuple[int, ...]]:
        """What gives these fields, two or more and whole numbers all, as they are when it is called: in the time in
        which one attribute is read."""
        return partial(itemgetter(*(self._fields[name][0] for name in names)), self.whole)

    def __setattr__(self, name: str, value: float) -> None:
        at, kind = self._fields[name]
        (self.whole if kind == "i8" else self._floats)[at] = value


class Cell:
    """One kernel with its arguments and its own state: what a stage holds for each series.

    >>> from hq_core.jit import F8, Cell, kernel
    >>> @kernel()
    ... def double(x: F8, out: F8) -> None:
    ...     for i in range(len(x)): out[i] = 2.0 * x[i]
    """

    __slots__ = ("_block", "_call", "_keep", "kernel", "state")

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self._block = ArgumentBlock(kernel)
        self._call = load(kernel)
        self._keep: dict[str, Any] = {}
        self.state = Record(kernel)
        self._block.state(self.state.address)

    def set(self, **scalars: float) -> None:
        block = self._block
        for name, value in scalars.items():
            if block.kinds[name] == "float":
                block.scalar(name, value)
            else:
                block.slots[block.starts[name]] = int(value)

    def column(self, name: str, address: int, length: int) -> None:
        """Bind a column by the address of its first element and its length; its owner keeps it alive."""
        block = self._block
        at = block.starts[name]
        block.slots[at] = address
        block.slots[at + 1] = length

    def give(self, *slots: int) -> None:
        """Set the first slots of the argument block at once, in the order of the kernel's arguments: a column takes
        two, its address and its length, a whole number takes one."""
        self._block.slots[: len(slots)] = array("q", slots)

    def columns(self, names: Iterable[str], addresses: Iterable[int], length: int) -> None:
        """Bind several columns of one length, as `column` does."""
        starts, slots = self._block.starts, self._block.slots
        for name, address in zip(names, addresses):
            at = starts[name]
            slots[at] = address
            slots[at + 1] = length

    def buffer(self, name: str, memory: Any) -> None:
        """Bind a writable buffer object, which is kept alive; its length is its bytes over the column's width."""
        self._keep[name] = memory
        self._block.buffer(name, memory)

    @property
    def step(self) -> tuple[int, int]:
        """Where its code and its arguments lie: what a plan of the native loops calls."""
        return native.address(self.kernel), self._block.address

    @property
    def block(self) -> ArgumentBlock:
        """Its argument block, for memory that tells of where it moves to."""
        return self._block

    @property
    def slots(self) -> array[int]:
        """Its arguments, for who sets them natively; `place` says where one stands."""
        return self._block.slots

    def place(self, name: str) -> int:
        """The slot of a whole number, or of a column's address, behind which its length stands."""
        return self._block.starts[name]

    def run(self) -> None:
        self._call(self._block.address)

    def save(self) -> bytes:
        return bytes(self.state._memory[: self.kernel.state_bytes])

    def load(self, saved: bytes) -> None:
        """Take up what `save` gave; Damaged where it is not that."""
        if len(saved) != self.kernel.state_bytes:
            raise Damaged(f"{self.kernel.name}: {len(saved)} bytes of state, {self.kernel.state_bytes} wanted")
        check(self._block, saved)
        self.state._memory[: len(saved)] = saved
