"""Comparing columns by their bytes first and by their values only where those differ; and maps, at any depth."""
from __future__ import annotations

import ctypes
import math
import struct
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_memcmp = ctypes.CDLL(None).memcmp
_memcmp.restype = ctypes.c_int
_memcmp.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)

NUMPY = {"i8": "<i8", "f8": "<f8", "f4": "<f4", "i4": "<i4", "s4": "<i4", "i1": "<i1", "b1": "<i1"}


def same_bytes(a: int, b: int, size: int) -> bool:
    """Whether `size` bytes at two addresses are equal."""
    return bool(_memcmp(a, b, size) == 0)


def ulps(a: float, b: float) -> int | None:
    """How many float64 lie between a and b, both zeros being one; 0 for two nan, None for one."""
    if math.isnan(a) or math.isnan(b):
        return 0 if math.isnan(a) and math.isnan(b) else None
    return abs(_place(a) - _place(b))


def _place(value: float) -> int:
    bits: int = struct.unpack("<q", struct.pack("<d", value))[0]
    return bits if bits >= 0 else -(bits + 2**63)


def same_numbers(a: float, b: float, most: int | None) -> bool:
    """Equal bit by bit with nan equal to nan; given `most`, no more than so many ULP apart."""
    if most is None:
        return struct.pack("<d", a) == struct.pack("<d", b) or (math.isnan(a) and math.isnan(b))
    apart = ulps(a, b)
    return apart is not None and apart <= most


class Apart(NamedTuple):
    """The rows of a column that differ (a numpy mask), and the first of them: its row, the place in a vector ('' if it
    is none), both values, the ULP if they are floats."""

    rows: Any
    first: int
    place: str
    a: Any
    b: Any
    ulp: int | None


def column(kind: str, n: int, a: int, b: int, most: int | None) -> Apart | None:
    """Where n values of a column type at two addresses differ; None if nowhere."""
    import numpy as np

    item, _, length = kind.partition("x")
    wide = int(length or 1)
    x, y = (_array(at, NUMPY[item], n * wide) for at in (a, b))
    if item not in ("f8", "f4"):
        apart, distance = x != y, None
    else:
        bits = "<i8" if item == "f8" else "<i4"
        nan = np.isnan(x) & np.isnan(y)
        if most is None:
            apart, distance = (x.view(bits) != y.view(bits)) & ~nan, None
        else:
            distance = _distances(x.view(bits), y.view(bits))
            apart = ~nan & ((distance > most) | np.isnan(x) | np.isnan(y))
    if not apart.any():
        return None
    at = int(apart.argmax())
    one, other = x[at].item(), y[at].item()
    between = None
    if item in ("f8", "f4") and not (math.isnan(one) or math.isnan(other)):
        bits = "<i8" if item == "f8" else "<i4"
        between = int(_distances(x[at : at + 1].view(bits), y[at : at + 1].view(bits))[0])
    if item == "f4":
        one, other = (float(str(value)) for value in (x[at], y[at]))        # 0.1, not 0.10000000149011612
    place = f"[{at % wide}]" if length else ""
    return Apart(apart.reshape(n, wide).any(axis=1), at // wide, place, one, other, between)


def _array(at: int, kind: str, n: int) -> Any:
    import numpy as np

    size = n * np.dtype(kind).itemsize
    return np.frombuffer(memoryview((ctypes.c_char * size).from_address(at)).cast("B"), kind)


def _distances(x: Any, y: Any) -> Any:
    """ULP between floats given as signed integers; unsigned, as the whole range is wider than int64."""
    import numpy as np

    least, wide = np.iinfo(x.dtype).min, np.dtype(f"u{x.dtype.itemsize}")
    p, q = (np.where(bits < 0, least - bits, bits) for bits in (x, y))      # -0.0 falls on 0.0
    return np.where(p > q, p.view(wide) - q.view(wide), q.view(wide) - p.view(wide))


def texts(codes: Any, a: int, b: int, n: int) -> Apart | None:
    """Where two s4 columns name other texts; `codes` has the table of each side."""
    x, y = ([_text(table, code) for code in _array(at, "<i4", n).tolist()] for table, at in zip(codes, (a, b)))
    if x == y:
        return None
    import numpy as np

    rows = np.array([one != other for one, other in zip(x, y)])
    at = int(rows.argmax())
    return Apart(rows, at, "", x[at], y[at], None)


def _text(table: Sequence[str], code: int) -> str:
    return table[code] if 0 <= code < len(table) else f"#{code}"


def maps(a: Any, b: Any, most: int | None, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The places where two plain values differ, as (path, value, value); what one lacks is `...` there."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in {**a, **b}:
            yield from maps(a.get(key, ...), b.get(key, ...), most, f"{path}.{key}" if path else str(key))
    elif isinstance(a, list) and isinstance(b, list):
        for i in range(max(len(a), len(b))):
            one, other = (side[i] if i < len(side) else ... for side in (a, b))
            yield from maps(one, other, most, f"{path}[{i}]")
    elif isinstance(a, float) and isinstance(b, float):
        if not same_numbers(a, b, most):
            yield path, a, b
    elif type(a) is not type(b) or a != b:
        yield path, a, b
