"""The types of columns that pyarrow has: which of them are read, and how wide they are."""

from __future__ import annotations

from typing import Any

from hq_core.formats.lean import pa

TEXTS = 64  # bytes a row that a text column is reckoned with


def width(kind: Any) -> int:
    """Bytes that a value is reckoned with; 0 for types that hq does not read."""
    is_ = pa.types
    if is_.is_dictionary(kind):
        return 0 if is_.is_nested(kind.value_type) or is_.is_dictionary(kind.value_type) else width(kind.value_type)
    if is_.is_fixed_size_list(kind):
        item = kind.value_type
        plain = is_.is_integer(item) or is_.is_floating(item) or is_.is_boolean(item)
        return max(int(kind.list_size), 0) * width(item) if plain else 0
    if is_text(kind):
        return TEXTS
    if is_.is_decimal(kind) or is_.is_null(kind):
        return TEXTS
    if is_.is_boolean(kind):
        return 1
    if is_.is_integer(kind) or is_.is_floating(kind) or is_.is_timestamp(kind) or is_.is_date(kind):
        return int(kind.bit_width) // 8
    return 0


def is_text(kind: Any) -> bool:
    """Whether it is a type of texts."""
    is_ = pa.types
    return bool(is_.is_string(kind) or is_.is_large_string(kind) or getattr(is_, "is_string_view", is_.is_string)(kind))
