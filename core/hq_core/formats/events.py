"""hftbacktest's events, 64 bytes each in a structured array, as rows of kind book.

They lie there by exch_ts among those that the exchange sees and by local_ts among those that are seen here; one that
is out of place in the other order stands twice, once for each.  Rows of hq lie by ts, which is local_ts: those that
the exchange alone sees wait for theirs.  `hft_writer` puts them back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hq_core import kinds
from hq_core.batch import Batch, Schema
from hq_core.book.flags import LOCAL
from hq_core.errors import DATA, HqError
from hq_core.formats.told_columns import check_options
from hq_core.memory import MOST_WAITING
from hq_core.options.imports import SORT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.formats.exact import Array
    from hq_core.formats.tables import TableSource
    from hq_core.roles import Item

COLS = list(kinds.BOOK.cols)
THEIRS = {name: "local_ts" if name == "ts" else name for name, _ in COLS}  # what a column of hq's is called there
UNSIGNED = "ev", "order_id"
# event_dtype of hftbacktest/types.py: local_ts stands behind exch_ts, else the order is ours
FIELDS = [(THEIRS[name], "<u8" if name in UNSIGNED else f"<{kind}") for name, kind in (*COLS[1:3], COLS[0], *COLS[3:])]
EVENT = np.dtype(FIELDS)
TAKEN = "symbol", "order", "dedupe"  # options that say something of events
MOST = np.iinfo(np.int64).max


def is_events(dtype: np.dtype[np.void]) -> bool:
    """Whether a structured array is of hftbacktest's events, by the names of its fields."""
    return set(dtype.names or ()) == set(EVENT.names or ())


def events(source: TableSource) -> Iterator[Item]:
    """Rows of the events of a file.  Raises HqError for fields of other types, and where local_ts goes back."""
    options = source.options
    check_options(options, TAKEN, "an array of hftbacktest's events")
    schema = Schema("book", options.symbol, "", COLS)
    yield schema
    waits = _Waits(ordered=options.order != SORT)
    wanted = [source.names.index(THEIRS[name]) for name, _ in COLS]
    for before, chunk in source.guarded(wanted):
        columns = {name: _stored(name, part.values, before) for (name, _), part in zip(COLS, chunk)}
        rows, wrong = waits.add(columns, before)
        if rows is not None:
            yield _batch(schema, rows)
        if wrong:
            raise HqError(wrong, DATA)
    rows = waits.rest()
    if rows is not None:
        yield _batch(schema, rows)


def _batch(schema: Schema, columns: dict[str, Array]) -> Batch:
    kept = [columns[name] for name in schema.names]
    return Batch(schema, len(kept[0]), [column.ctypes.data for column in kept], kept)


def _stored(name: str, values: Array, before: int) -> Array:
    """A field as hq has it: the numbers that are unsigned there fit into int64."""
    must = EVENT[THEIRS[name]]
    if values.dtype.kind != must.kind and not (values.dtype.kind in "iu" and must.kind in "iu"):
        what = f"field '{THEIRS[name]}' of the events is {values.dtype}, must be {must}"
        raise HqError(what, DATA)
    if values.dtype.kind == "u" and len(values) and int(values.max()) > MOST:
        row = before + int(np.argmax(values > MOST)) + 1
        raise HqError(f"row {row}: field '{name}' is {values.max()}, at most {MOST} is read", DATA)
    return np.ascontiguousarray(values, dtype="<f8" if must.kind == "f" else "<i8")


class _Waits:
    """Rows until it is their turn: until one that is seen here has their ts.

    ordered  rows that go back behind one that is seen here are an error; else all pass as they come
    """

    def __init__(self, ordered: bool) -> None:
        self._ordered = ordered
        self._held: dict[str, Array] | None = None
        self._last = np.iinfo(np.int64).min  # ts of the newest row that is seen here

    def add(self, columns: dict[str, Array], before: int) -> tuple[dict[str, Array] | None, str]:
        """Rows whose turn it is now that these have come, and what is wrong with the next one."""
        if not self._ordered:
            return columns, ""
        ts = columns["ts"]
        here = np.where(columns["ev"] & LOCAL, ts, self._last)
        newest = np.maximum.accumulate(here)
        back = ts < np.concatenate([[self._last], newest[:-1]])
        wrong = ""
        if back.any():
            at = int(np.argmax(back))
            wrong = f"row {before + at + 1} of the events: local_ts {ts[at]} goes back; --order sort puts them in order"
            columns = {name: column[:at] for name, column in columns.items()}
            newest = newest[:at]
        if len(newest):
            self._last = int(newest[-1])
        if self._held is not None:
            columns = {name: np.concatenate([self._held[name], column]) for name, column in columns.items()}
        now = columns["ts"] <= self._last
        late = {name: column[~now] for name, column in columns.items()}
        self._held = late if len(late["ts"]) else None
        if len(late["ts"]) * EVENT.itemsize > MOST_WAITING:
            what = f"{len(late['ts'])} events of the exchange alone wait for one that is seen here"
            raise HqError(f"{what}; --order sort puts them in order", DATA)
        return self._given({name: column[now] for name, column in columns.items()}), wrong

    def rest(self) -> dict[str, Array] | None:
        """What still waits at the end."""
        held, self._held = self._held, None
        return self._given(held) if held is not None else None

    def _given(self, columns: dict[str, Array]) -> dict[str, Array] | None:
        ts = columns["ts"]
        if not len(ts):
            return None
        if (ts[1:] < ts[:-1]).any():
            turn = np.argsort(ts, kind="stable")
            columns = {name: column[turn] for name, column in columns.items()}
        return columns
