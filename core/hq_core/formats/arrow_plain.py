"""Columns of pyarrow's that lie as hq has them, or all but."""

from __future__ import annotations

from typing import Any

from hq_core.formats.lean import pa
from hq_core.formats.plain import SYMBOL, WIDTHS, PlainColumn
from hq_core.formats.repeated import repeated
from hq_core.wire.frame import is_name

NS = "ns"
MOST = 1 << 20  # rows of a column of texts that are compared at once
_BITS = [bytes(byte >> bit & 1 for bit in range(8)) for byte in range(256)]


def plain(values: Any, kind: str) -> PlainColumn | None:
    """A column that is of hq's type `kind`, or of one SYMBOL, with no value missing; None for any other.

    values   an array of pyarrow's of which `validate()` has found the sizes of the buffers fine
    """
    try:
        return _plain(values, kind)
    except pa.ArrowInvalid:  # what is damaged how is told by who reads it one by one
        return None


def _plain(values: Any, kind: str) -> PlainColumn | None:
    if kind == SYMBOL:
        return _dictionary(values) if pa.types.is_dictionary(values.type) else _text(values)
    width = WIDTHS.get(kind)
    if not width or not _is(values.type, kind) or not len(values):
        return None
    valid, data = values.buffers()
    if valid is not None and _some_missing(values):
        return None
    start, n = values.offset, len(values)
    if kind == "b1":
        made = b"".join(map(_BITS.__getitem__, memoryview(data).cast("B")[start // 8 : (start + n + 7) // 8]))
        buffer = pa.py_buffer(made)
        return PlainColumn(n, buffer.address + start % 8, buffer) if len(made) >= start % 8 + n else None
    if data.size < (start + n) * width:
        raise AssertionError("a column is narrower than its type")
    return PlainColumn(n, data.address + start * width, values)


def _is(kind: Any, wanted: str) -> bool:
    """Whether values of a type of pyarrow's lie as hq's do; truths do but for their bits."""
    is_ = pa.types
    if wanted == "i8":
        return bool(is_.is_int64(kind) or (is_.is_timestamp(kind) and kind.unit == NS))
    if wanted == "f8":
        return bool(is_.is_float64(kind))
    if wanted == "b1":
        return bool(is_.is_boolean(kind))
    return bool(is_.is_int8(kind) if wanted == "i1" else is_.is_int32(kind))


def _some_missing(values: Any) -> bool:
    values.validate(full=True)  # that the count of what is missing is true
    return bool(values.null_count)


def _dictionary(values: Any) -> PlainColumn | None:
    if not pa.types.is_string(values.type.value_type) or not pa.types.is_int32(values.type.index_type):
        return None
    values.validate(full=True)
    at, n = values.indices, len(values)
    data, start = at.buffers()[1], 4 * at.offset
    if not n or at.null_count or not data.slice(start, 4 * n - 4).equals(data.slice(start + 4, 4 * n - 4)):
        return None
    word = values.dictionary[at[0].as_py()].as_py()
    return PlainColumn(n, 0, None, word) if word and is_name(word) else None


def _text(values: Any) -> PlainColumn | None:
    """Texts one behind the other: all are the first one where the bytes and the places are those of it repeated."""
    if not pa.types.is_string(values.type) or not len(values):
        return None
    valid, places, data = values.buffers()
    n, start = len(values), values.offset
    if (valid is not None and _some_missing(values)) or data is None:
        return None
    first, second = memoryview(places).cast("B").cast("i")[start : start + 2]
    length = second - first
    if not (length > 0 and first >= 0 and first + n * length <= data.size):
        return None
    if first % length:
        return None
    try:
        word = bytes(memoryview(data).cast("B")[first:second]).decode()
    except UnicodeDecodeError:
        return None
    rows = first // length + n
    if not is_name(word) or rows > MOST:
        return None
    same = repeated(word, rows)
    if not (
        data.slice(first, n * length).equals(same.data.slice(0, n * length))
        and places.slice(4 * start, 4 * n + 4).equals(same.places.slice(4 * (first // length), 4 * n + 4))
    ):
        return None
    return PlainColumn(n, 0, None, word)
