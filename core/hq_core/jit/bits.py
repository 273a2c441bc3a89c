"""The bits of a float64 as an int, and back, and a product of 128 bits: one instruction each in a kernel."""

from __future__ import annotations

import struct

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
