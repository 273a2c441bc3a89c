"""Rows that wait, as the bytes that a state holds of them."""

from __future__ import annotations

from ctypes import addressof, create_string_buffer, string_at
from typing import TYPE_CHECKING, Any

from hq_core.batch import NO_TEXTS, Batch
from hq_core.saved import Damaged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.batch import Schema


def columns_of(schema: Schema, addresses: Sequence[int], n: int) -> list[bytes]:
    """The bytes of each column of n rows, free text as on the wire: what a state holds of them."""
    found = []
    for (_, kind), w, at in zip(schema.cols, schema.widths, addresses):
        if kind == "text" and n:
            from hq_core.texts import put, wire_size

            size = wire_size(at, n)
            made = create_string_buffer(size)
            put(at, n, addressof(made), size)
            found.append(made.raw)
        else:
            found.append(string_at(at, w * n))
    return found


def rows_of(schema: Schema, n: int, columns: Sequence[bytes], texts: dict[str, list[str]] = NO_TEXTS) -> Batch:
    """The rows that `columns_of` gave, 1 or more, with the texts of their codes.

    Raises Damaged where the columns are not as long as that.
    """
    addresses, keep = [], []
    for (name, kind), w, column in zip(schema.cols, schema.widths, columns, strict=True):
        memory: Any = create_string_buffer(column, len(column) or 1)
        at, wanted = addressof(memory), w * n
        if kind == "text":
            from hq_core.texts import get

            handles, wanted = get(at, n, len(column))
            keep.append(handles)
            at = handles.buffer_info()[0]
        if len(column) != wanted:
            raise Damaged(f"{n} rows of {schema.key} wait, in {len(column)} bytes of column {name}, {wanted} wanted")
        addresses.append(at)
        keep.append(memory)
    return Batch(schema, n, addresses, keep, texts)
