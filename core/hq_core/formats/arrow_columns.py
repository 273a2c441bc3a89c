"""Columns of Parquet and Arrow files as NumPy has them, whatever they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hq_core.errors import DATA, HqError
from hq_core.formats.arrow_types import is_text
from hq_core.formats.exact import NULL, ColumnSlice
from hq_core.formats.lean import pa
from hq_core.formats.tables import LONGEST
from hq_core.formats.unfit import Unfit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hq_core.formats.exact import Array

UNITS = {"s": (10**9, 1), "ms": (10**6, 1), "us": (1000, 1), "ns": (1, 1)}
FLOATS = {"halffloat": "f2", "float": "f4", "double": "f8"}


def column_slice(values: Any, longest: int, before: int) -> ColumnSlice:
    """An array of which the sizes of the buffers are fine.

    longest  bytes of a text;  before: rows of the file before these, for what is said of damaged ones
    """
    try:
        values.validate(full=True)
        return _column(values, longest)
    except Unfit as error:
        return ColumnSlice(np.zeros(len(values)), what=str(error), at=error.at)
    except pa.ArrowInvalid as error:
        rows = f"rows {before + 1} to {before + len(values)}"
        told = " ".join(str(error).split())[:200]
        return ColumnSlice(np.zeros(len(values)), what=f"damaged values in {rows}: {told}")


def checked(found: Iterator[Any], coarse: Iterator[Any], names: Sequence[str]) -> Iterator[Any]:
    """Batches whose 96-bit instants are those of the file: beyond the range of int64 pyarrow gives others."""
    for fine, check in zip(found, coarse):
        for name in names:
            ns, us = fine.column(name), check.column(name)
            if ns.type != us.type and (_integers(ns) // 1000 != _integers(us)).any():
                raise HqError(f"column '{name}' has times outside the years 1678 to 2261", DATA)
        yield fine


def _column(values: Any, longest: int = LONGEST) -> ColumnSlice:
    """A validated array as NumPy has it; `longest`: bytes of a text."""
    kind, is_ = values.type, pa.types
    if is_.is_null(kind):
        return ColumnSlice(np.zeros(len(values)), what=NULL)
    missing = _missing(values) if values.null_count else None
    if is_.is_timestamp(kind):
        return ColumnSlice(_integers(values), missing, UNITS[kind.unit], zoned=kind.tz is not None)
    if is_.is_date(kind):
        counts = _integers(values).astype(np.int64)
        return ColumnSlice(counts, missing, (86_400 * 10**9, 1) if is_.is_date32(kind) else UNITS["ms"])
    if is_.is_dictionary(kind) and not is_text(kind.value_type):
        return _column(values.dictionary_decode(), longest)
    if is_.is_dictionary(kind):
        words = _texts(values.dictionary, longest)
        if not len(words):  # all are null
            return ColumnSlice(np.full(len(values), "", dtype=object), missing)
        return ColumnSlice(None, missing, coded=(words, _numbers(values.indices)))
    if is_.is_string(kind) or is_.is_large_string(kind):
        _short(values, longest)
        return _column(values.dictionary_encode(), longest)
    if is_text(kind):
        return ColumnSlice(_texts(values, longest), missing)
    if is_.is_decimal(kind):
        return ColumnSlice(_objects(values.to_pylist()), missing)
    if is_.is_fixed_size_list(kind):
        if missing is not None:
            raise Unfit(int(np.argmax(missing)), "vectors, of which one is missing")
        flat = _column(values.flatten())
        if flat.missing is not None and flat.values.dtype.kind != "f":
            raise Unfit(int(np.argmax(flat.missing)) // kind.list_size, "vectors, of which one has a gap")
        return ColumnSlice(flat.values.reshape(len(values), kind.list_size))
    return ColumnSlice(_numbers(values), missing)


def _missing(values: Any) -> Array:
    """(n,) of bool: where there is no value."""
    return ~_bits(values.buffers()[0], values)


def _bits(buffer: Any, values: Any) -> Array:
    start, n = values.offset, len(values)
    held = np.frombuffer(buffer, dtype=np.uint8)[start // 8 : (start + n + 7) // 8]
    return np.unpackbits(held, bitorder="little")[start % 8 : start % 8 + n].view(np.bool_)


def _numbers(values: Any) -> Array:
    """Numbers or truths; where one is missing stands NaN, 0 or False."""
    if pa.types.is_boolean(values.type):
        found = _bits(values.buffers()[1], values)
    else:
        name = str(values.type)
        found = _flat(values, np.dtype(FLOATS.get(name, name)))
    if values.null_count:
        found = found.copy()
        found[_missing(values)] = np.nan if found.dtype.kind == "f" else 0
    return found


def _integers(values: Any) -> Array:
    """Instants or dates as the integers that they are; 0 where one is missing."""
    found = _flat(values, np.dtype(f"i{values.type.bit_width // 8}"))
    if values.null_count:
        found = found.copy()
        found[_missing(values)] = 0
    return found


def _flat(values: Any, dtype: np.dtype[Any]) -> Array:
    """What lies in an array of values of one width."""
    start, n = values.offset, len(values)
    data = values.buffers()[1]
    return np.frombuffer(data, dtype=dtype)[start : start + n] if n else np.zeros(0, dtype=dtype)


def _objects(values: list[Any]) -> Any:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def _texts(values: Any, longest: int) -> Any:
    """An array of texts as Python's; one that is far too long is refused before it is copied."""
    if not is_text(values.type):
        raise Unfit(0, str(values.type))
    _short(values, longest)
    return _objects(values.to_pylist())


def _short(values: Any, longest: int) -> None:
    too_long = np.flatnonzero(_lengths(values) > longest)
    if len(too_long):
        raise Unfit(int(too_long[0]), f"texts of more than {longest} bytes")


def _lengths(values: Any) -> Any:
    """Bytes of each text."""
    start, n = values.offset, len(values)
    if n == 0:
        return np.zeros(0, dtype=np.int64)
    at = values.buffers()[1]
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        wide = "<i4" if pa.types.is_string(values.type) else "<i8"
        return np.diff(np.frombuffer(at, dtype=wide)[start : start + n + 1])
    return np.frombuffer(at, dtype="<i4")[4 * start : 4 * (start + n) : 4]
