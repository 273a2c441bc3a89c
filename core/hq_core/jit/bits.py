"""What is one instruction in a kernel: the bits of a float64, a product of 128 bits, eight bytes at once."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hq_core.jit.declare import U1

_WORD = (1 << 64) - 1


def bits_of(value: float) -> int:
    """The 64 bits of `value` as a signed int."""
    found: int = struct.unpack("<q", struct.pack("<d", value))[0]
    return found


def float_of(bits: int) -> float:
    """The float64 that has these 64 bits."""
    found: float = struct.unpack("<d", struct.pack("<q", bits))[0]
    return found


def upper_product(a: int, b: int) -> int:
    """The upper 64 of the 128 bits of a * b, of whole numbers without a sign."""
    found = (a & _WORD) * (b & _WORD) >> 64
    return found - (1 << 64) if found >> 63 else found


def load8(column: U1, p: int) -> int:
    """The eight bytes from column[p] on as an int, the first one lowest; the column must hold them."""
    found = 0
    for i in range(8):
        found |= column[p + i] << (8 * i)
    return found - (1 << 64) if found >> 63 else found


def store8(column: U1, p: int, value: int) -> None:
    """`value` to the eight bytes from column[p] on, its lowest one first; the column must hold them."""
    for i in range(8):
        column[p + i] = (value >> (8 * i)) & 255
