"""Which rows of two runs of one series belong together: those of the same ts and key, whatever lies between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core import kinds
from hq_core.compare.values import array_at, same_bytes

if TYPE_CHECKING:
    from hq_core.batch import Batch, Schema


def key_columns(a: Schema, b: Schema) -> list[tuple[int, int]]:
    """Where ts and the columns of the kind's key stand in both; empty where a series has no ts of int64."""
    names = dict.fromkeys((a.clock, *kinds.of(a.of).key))
    found = [
        (a.index(name), b.index(name))
        for name in names
        if all(schema.has(name) and schema.kind(name) == "i8" for schema in (a, b))
    ]
    return found if found and a.names[found[0][0]] == a.clock else []


def alike(a: Batch, b: Batch, columns: list[tuple[int, int]]) -> tuple[int, int, int]:
    """How many rows from the first on pair up, and how many after them only a, only b has.

    a and b have the same number of rows; one of the last two is above 0 unless all pair up.  A row that comes earlier
    (by ts, then key) than the other side's next one is missing there.
    """
    n = a.n
    if all(same_bytes(a.addresses[i], b.addresses[j], 8 * n) for i, j in columns):
        return n, 0, 0
    keys = [(array_at(a.addresses[i], "<i8", n), array_at(b.addresses[j], "<i8", n)) for i, j in columns]
    differ = keys[0][0] != keys[0][1]
    for x, y in keys[1:]:
        differ |= x != y
    at = int(differ.argmax())
    x, y = next((x, y) for x, y in keys if x[at] != y[at])
    if len(keys) > 1 and keys[0][0][at] == keys[0][1][at]:
        return (at, 1, 0) if x[at] < y[at] else (at, 0, 1)
    if x[at] < y[at]:
        return at, _before(x[at:], y[at]), 0
    return at, 0, _before(y[at:], x[at])


def _before(values: object, bound: int) -> int:
    """How many values from the first on are below the bound."""
    import numpy as np

    below = np.asarray(values) < bound
    return len(below) if below.all() else int(below.argmin())
