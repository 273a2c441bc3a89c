"""The account's kernel reaches into no column below its first row or behind its last: its machine code does not ask."""

from __future__ import annotations

import ctypes
from array import array
from typing import Any

import pytest
from fast_account import run_fast
from flows import flow

from hq_core.futures import engine
from hq_core.futures.account import account
from hq_core.jit import Cell
from hq_core.jit.declare import ARRAYS

TYPES = {"F8": ctypes.c_double, "I8": ctypes.c_int64, "I4": ctypes.c_int32, "U1": ctypes.c_uint8}


class Guarded:
    """A column that takes no index but those of its rows."""

    def __init__(self, kind: str, address: int, length: int) -> None:
        self.rows = (TYPES[kind] * length).from_address(address) if length else array("d")

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, at: int) -> float:
        assert 0 <= at < len(self.rows)
        return self.rows[at]

    def __setitem__(self, at: int, value: float) -> None:
        assert 0 <= at < len(self.rows)
        self.rows[at] = int(value) if self.rows._type_ is not ctypes.c_double else value


class Wrapping:
    """A kernel's state, whose whole numbers keep 64 bits as the machine's do."""

    def __init__(self, state: Any) -> None:
        object.__setattr__(self, "state", state)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.state, name)

    def __setattr__(self, name: str, value: float) -> None:
        setattr(self.state, name, ctypes.c_int64(value).value if isinstance(value, int) else value)


class InPython(Cell):
    """A cell that runs its kernel as it is read."""

    def run(self) -> None:
        if self.kernel is not account:
            super().run()
            return
        args: list[Any] = []
        for name, kind in self.kernel.args:
            at = self.place(name)
            if kind in ARRAYS:
                args.append(Guarded(kind, self.slots[at], self.slots[at + 1]))
            else:
                args.append(Wrapping(self.state) if kind == "State" else self.slots[at])
        self.kernel.function(*args)


@pytest.mark.parametrize("seed", range(1, 13))  # none of which divides by zero, which Python minds
def test_every_index_is_one_of_its_column(seed, monkeypatch):
    compiled = run_fast(flow(seed), (20, 40))
    monkeypatch.setattr(engine, "Cell", InPython)
    read = run_fast(flow(seed), (20, 40))
    for name in compiled:
        if name != "account":
            assert repr(read[name]) == repr(compiled[name])
