"""The rows of a store as rows of kind vector."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from hq_core.batch import Schema
from hq_core.kinds import VECTOR
from hq_core.memory import move

if TYPE_CHECKING:
    from hq_core.roles import Out
    from hq_core.series.stores import Rows

PIECE = 4096  # rows of a frame
FURTHER = ("outcome",)  # what is not known of rows that others labelled


def columns_of(length: int, timeless: bool) -> list[tuple[str, str]]:
    """The columns of a store that was loaded; timeless: without avail_ts."""
    without = (*FURTHER, *(["avail_ts"] if timeless else []))
    named = [(column.name, column.type) for column in VECTOR.columns if column.name not in without]
    return [(name, f"f4x{length}" if kind == "f4xN" else kind) for name, kind in named]


def write(rows: Rows, out: Out, timeless: bool) -> None:
    """Each symbol's rows as a series, in the order in which they were known, then by ts and id."""
    size = 4 * rows.length
    for code in sorted(range(len(rows.names)), key=rows.names.__getitem__):
        schema = Schema("vector", rows.names[code], rows.period, columns_of(rows.length, timeless), rows.made.extra())
        series = out.series(schema)
        mine = [row for row in range(len(rows)) if rows.symbols[row] == code]
        mine.sort(key=lambda row: (rows.avail[row], rows.ts[row], rows.ids[row]))
        for start in range(0, len(mine), PIECE):
            some = mine[start : start + PIECE]
            columns = {
                "ts": array("q", [rows.ts[row] for row in some]),
                "id": array("q", [rows.ids[row] for row in some]),
                "avail_ts": array("q", [rows.avail[row] for row in some]),
                "label": array("i", [int(rows.labels[row]) for row in some]),
                "vector": array("B", b"".join(rows.vectors[size * row : size * row + size] for row in some)),
            }
            at = [columns[name].buffer_info()[0] for name in schema.names]
            move(out.rows(series, len(some)), at, schema.widths, len(some))
            out.commit(series, len(some))
