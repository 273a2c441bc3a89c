"""hftbacktest's .npz written: rows of kind book as its events, in the order that it wants.

Those that its exchange sees lie by exch_ts, those that are seen here by local_ts, and one whose places differ stands
twice: the merge of correct_event_order in hftbacktest/data/validation.py, a block at a time.
"""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from hq_core.book.flags import BOTH_VIEWS, EXCH, LOCAL
from hq_core.errors import DATA, USAGE, HqError
from hq_core.formats.behind import Behind
from hq_core.formats.byte_stream import READ
from hq_core.formats.events import COLS, EVENT, MOST, THEIRS, UNSIGNED
from hq_core.formats.spool import temporary, write_all
from hq_core.jit import I1, I8, Cell, State, kernel
from hq_core.options.export import ChoiceOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.batch import Batch, Schema
    from hq_core.formats.exact import Array
    from hq_core.formats.spool import Unnamed

HELD = 1 << 17  # events that are put in order at once
ARRAY = "data.npy"  # the name that hftbacktest looks for
SEEN_THERE, SEEN_HERE, SEEN_BOTH = 1, 2, 3


@kernel(state="there:i8 here:i8 n:i8")
def merged(exch: I8, by_exch: I8, by_local: I8, bound: int, last: int, rows: I8, views: I1, s: State) -> None:
    """Which event stands where: s.n events, `rows` says which and `views` who sees it there.

    exch      (n,) exch_ts of the events, which come by local_ts
    by_exch   those that the exchange sees, by exch_ts, as far as none that comes later can be before them
    by_local  those that are seen here, as they come
    bound     none that comes later and is seen by the exchange has an earlier exch_ts
    last      1: none comes later
    s         there, here: how many of the two are placed
    """
    there, here, n = 0, 0, 0
    theirs, ours = len(by_exch), len(by_local)
    while there < theirs or here < ours:
        if there < theirs and here < ours:
            x, y = by_exch[there], by_local[here]
            view = 3
            if x != y:
                view = 1 if exch[x] < exch[y] or (exch[x] == exch[y] and x < y) else 2
        elif there < theirs:
            if last == 0:
                break
            x, y, view = by_exch[there], 0, 1
        else:
            x, y, view = 0, by_local[here], 2
            if last == 0 and exch[y] > bound:
                break
        rows[n] = y if view == 2 else x
        views[n] = view
        n += 1
        there += view != 2
        here += view != 1
    s.there = there
    s.here = here
    s.n = n


class HftWriter:
    """Events of one symbol; they wait in a file without a name until it is known which exch_ts still comes."""

    def __init__(self, out: Any) -> None:
        self._out = out
        self._schema: Schema | None = None
        self._came = temporary()
        self._held: list[Array] = []
        self._waiting = 0
        self._blocks: list[tuple[int, int]] = []  # events of each block that was put down, and their least exch_ts
        self._behind = Behind()

    def begin(self, schema: Schema, columns: Sequence[int]) -> None:
        if schema.of != "book":
            raise HqError(f"holds rows of kind book, not {schema.of}", USAGE, subject="hftbacktest")
        if [schema.cols[at] for at in columns] != COLS:
            what = f"holds {', '.join(name for name, _ in COLS)} of one symbol"
            hint = ("choose it with ", ChoiceOptions.symbol, " and no ", ChoiceOptions.columns)
            raise HqError(what, USAGE, subject="hftbacktest", hint=hint)
        self._schema = schema

    def rows(self, batch: Batch, columns: Sequence[int]) -> None:
        assert self._schema is not None
        if batch.schema.symbol != self._schema.symbol:
            what = f"holds one symbol; {self._schema.symbol} and {batch.schema.symbol} came"
            raise HqError(what, USAGE, subject="hftbacktest", hint=("choose with ", ChoiceOptions.symbol))
        events = np.empty(batch.n, dtype=EVENT)
        for name, _ in COLS:
            values = np.asarray(batch.view(name))
            if name in UNSIGNED and len(values) and values.min() < 0:
                what = f"column '{name}' has {values.min()}, an event's is not below 0"
                raise HqError(what, DATA, subject="hftbacktest")
            events[THEIRS[name]] = values
        self._held.append(events)
        self._waiting += batch.n
        if self._waiting >= HELD:
            self._put()

    def _put(self) -> None:
        events = np.concatenate(self._held)
        self._held, self._waiting = [], 0
        there = events["exch_ts"][(events["ev"] & EXCH) != 0]
        self._blocks.append((len(events), int(there.min()) if len(there) else MOST))
        self._behind.do(lambda: write_all(self._came, events.view(np.uint8).data))

    def end(self) -> None:
        if self._schema is None:
            return
        if self._waiting or not self._blocks:
            self._held.append(np.empty(0, dtype=EVENT))
            self._put()
        self._behind.wait()
        placed = temporary()
        n = self._place(placed)
        placed.seek(0)
        packed = zipfile.ZipFile(self._out, "w", zipfile.ZIP_DEFLATED)
        with packed as archive, archive.open(ARRAY, "w", force_zip64=True) as to:
            about = {"descr": np.lib.format.dtype_to_descr(EVENT), "fortran_order": False, "shape": (n,)}
            np.lib.format.write_array_header_1_0(to, about)
            while data := placed.read(READ):
                to.write(data)

    def _place(self, to: Unnamed) -> int:
        """Put the events that have come into their order, and into a file; how many they are there."""
        self._came.seek(0)
        bounds = [MOST]
        for _, least in reversed(self._blocks):
            bounds.append(min(bounds[-1], least))
        bounds.reverse()  # of each block: the least exch_ts from it on
        left, total = np.empty(0, dtype=EVENT), 0
        for at, (n, _) in enumerate(self._blocks):
            data = bytearray(n * EVENT.itemsize)
            view = memoryview(data)
            while len(view):
                view = view[self._came.readinto(view) :]
            events = np.concatenate([left, np.frombuffer(data, dtype=EVENT)])
            made, left = events, left[:0]
            if not _in_order(events, bounds[at + 1]):
                made, left = _merge(events, bounds[at + 1], last=at + 1 == len(self._blocks))
            write_all(to, np.ascontiguousarray(made).view(np.uint8).data)
            total += len(made)
        return total


def _in_order(events: Array, bound: int) -> bool:
    """Whether all stay as they came."""
    exch = events["exch_ts"]
    if (events["ev"] & BOTH_VIEWS != BOTH_VIEWS).any() or (exch[1:] < exch[:-1]).any():
        return False
    return not len(exch) or int(exch[-1]) <= bound


def _merge(events: Array, bound: int, last: bool) -> tuple[Array, Array]:
    """The events whose place is known, in order, and those that wait for what comes, as far as they are not placed."""
    exch = np.ascontiguousarray(events["exch_ts"])
    there = np.flatnonzero(events["ev"] & EXCH)
    there = there[np.argsort(exch[there], kind="stable")]
    here = np.flatnonzero((events["ev"] & LOCAL != 0) | (events["ev"] & BOTH_VIEWS == 0))
    sure = there if last else there[exch[there] <= bound]
    rows, views = np.empty(len(there) + len(here), dtype="<i8"), np.empty(len(there) + len(here), dtype="i1")
    cell = Cell(merged)
    for name, column in (("exch", exch), ("by_exch", sure), ("by_local", here), ("rows", rows), ("views", views)):
        cell.column(name, column.ctypes.data, len(column))
    cell.set(bound=bound, last=int(last))
    cell.run()
    s = cell.state
    made = events[rows[: s.n]]
    views = views[: s.n]
    made["ev"][views == SEEN_THERE] &= ~np.uint64(LOCAL)
    made["ev"][views == SEEN_HERE] &= ~np.uint64(EXCH)
    waits = events.copy()
    waits["ev"][there[: s.there]] &= ~np.uint64(EXCH)
    waits["ev"][here[: s.here]] &= ~np.uint64(LOCAL)
    left = np.zeros(len(events), dtype=bool)
    left[there[s.there :]] = True
    left[here[s.here :]] = True
    return made, waits[left]
