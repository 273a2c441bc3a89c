"""The bits of a float64 as an int, and back: in a kernel one instruction each, in Python what `struct` does."""

from __future__ import annotations

import struct


def bits_of(value: float) -> int:
    """The 64 bits of `value` as a signed int."""
    found: int = struct.unpack("<q", struct.pack("<d", value))[0]
    return found


def float_of(bits: int) -> float:
    """The float64 that has these 64 bits."""
    found: float = struct.unpack("<d", struct.pack("<q", bits))[0]
    return found
