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


class Near(NamedTuple):
    """How far two floats may lie apart: within one of these they are equal, and then -0.0 is 0.0.

    ulp   units in the last place;  rtol: part of the larger one's size;  atol: a number.  None: not asked for
    """

    ulp: int | None = None
    rtol: float | None = None
    atol: float | None = None

    @property
    def asked(self) -> bool:
        return self != EXACT


EXACT = Near()


def same_numbers(a: float, b: float, near: Near) -> bool:
    """Equal bit by bit with nan equal to nan, or near enough."""
    if not near.asked:
        return struct.pack("<d", a) == struct.pack("<d", b) or (math.isnan(a) and math.isnan(b))
    apart = ulps(a, b)
    if apart is None or apart == 0:
        return apart == 0
    within = near.ulp is not None and apart <= near.ulp
    return within or math.isclose(a, b, rel_tol=near.rtol or 0.0, abs_tol=near.atol or 0.0)


class Difference(NamedTuple):
    """The rows of a column that differ (a numpy mask), and the first of them: its row, the place in a vector ('' if it
    is none), both values, the ULP if they are floats."""

    rows: Any
    first: int
    place: str
    a: Any
    b: Any
    ulp: int | None


def column(kind: str, n: int, a: int, b: int, near: Near) -> Difference | None:
    """Where n values of a column type at two addresses differ; None if nowhere."""
    import numpy as np

    item, _, length = kind.partition("x")
    wide = int(length or 1)
    x, y = (array_at(at, NUMPY[item], n * wide) for at in (a, b))
    if item not in ("f8", "f4"):
        apart = x != y
    else:
        bits = "<i8" if item == "f8" else "<i4"
        nan = np.isnan(x) & np.isnan(y)
        apart = (x.view(bits) != y.view(bits)) & ~nan
        if near.asked:
            apart &= ~_within(x, y, bits, near)
    if not apart.any():
        return None
    at = int(apart.argmax())
    one, other = x[at].item(), y[at].item()
    between = None
    if item in ("f8", "f4") and not (math.isnan(one) or math.isnan(other)):
        bits = "<i8" if item == "f8" else "<i4"
        between = int(_distances(x[at : at + 1].view(bits), y[at : at + 1].view(bits))[0])
    if item == "f4":
        one, other = (float(str(value)) for value in (x[at], y[at]))  # 0.1, not 0.10000000149011612
    place = f"[{at % wide}]" if length else ""
    return Difference(apart.reshape(n, wide).any(axis=1), at // wide, place, one, other, between)


def array_at(at: int, kind: str, n: int) -> Any:
    """n values at an address, as numpy sees them."""
    import numpy as np

    size = n * np.dtype(kind).itemsize
    return np.frombuffer(memoryview((ctypes.c_char * size).from_address(at)).cast("B"), kind)


def _within(x: Any, y: Any, bits: str, near: Near) -> Any:
    """Which pairs of floats are near enough; a nan is near nothing, an infinity only itself."""
    import numpy as np

    found = x == y
    both = ~(np.isnan(x) | np.isnan(y))
    if near.ulp is not None:
        found |= both & (_distances(x.view(bits), y.view(bits)) <= near.ulp)
    if near.rtol is not None or near.atol is not None:
        with np.errstate(invalid="ignore", over="ignore"):
            wide = x.astype(np.float64), y.astype(np.float64)
            room = np.maximum((near.rtol or 0.0) * np.maximum(*map(np.abs, wide)), near.atol or 0.0)
            found |= np.isfinite(x) & np.isfinite(y) & (np.abs(wide[0] - wide[1]) <= room)
    return found


def _distances(x: Any, y: Any) -> Any:
    """ULP between floats given as signed integers; unsigned, as the whole range is wider than int64."""
    import numpy as np

    least, wide = np.iinfo(x.dtype).min, np.dtype(f"u{x.dtype.itemsize}")
    p, q = (np.where(bits < 0, least - bits, bits) for bits in (x, y))  # -0.0 falls on 0.0
    return np.where(p > q, p.view(wide) - q.view(wide), q.view(wide) - p.view(wide))


def texts(codes: Any, a: int, b: int, n: int) -> Difference | None:
    """Where two s4 columns name other texts; `codes` has the table of each side."""
    x, y = ([_text(table, code) for code in array_at(at, "<i4", n).tolist()] for table, at in zip(codes, (a, b)))
    if x == y:
        return None
    import numpy as np

    rows = np.array([one != other for one, other in zip(x, y)])
    at = int(rows.argmax())
    return Difference(rows, at, "", x[at], y[at], None)


def free_texts(a: int, b: int, n: int) -> Difference | None:
    """Where n texts of two columns of free text differ."""
    from hq_core.texts import HANDLE, same, words

    rows = same(a, b, n)
    if all(rows):
        return None
    import numpy as np

    at = rows.index(0)
    one, other = (words(side + HANDLE * at, 1)[0] for side in (a, b))
    return Difference(np.frombuffer(rows, "u1") == 0, at, "", one, other, None)


def _text(table: Sequence[str], code: int) -> str:
    return table[code] if 0 <= code < len(table) else f"#{code}"


def maps(a: Any, b: Any, near: Near, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The places where two plain values differ, as (path, value, value); what one lacks is `...` there."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in {**a, **b}:
            yield from maps(a.get(key, ...), b.get(key, ...), near, f"{path}.{key}" if path else str(key))
    elif isinstance(a, list) and isinstance(b, list):
        for i in range(max(len(a), len(b))):
            one, other = (side[i] if i < len(side) else ... for side in (a, b))
            yield from maps(one, other, near, f"{path}[{i}]")
    elif isinstance(a, float) and isinstance(b, float):
        if not same_numbers(a, b, near):
            yield path, a, b
    elif type(a) is not type(b) or a != b:
        yield path, a, b
