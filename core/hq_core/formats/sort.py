"""Rows in any order put in order of time, in bounded memory: sorted runs go to a file in TMPDIR and are merged.

Merging goes by whole stretches: rows earlier than the last row that is there of every run cannot be preceded by any
that are not there yet, so they are sorted at once.
"""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np

from hq_core.batch import period_ns
from hq_core.errors import IO, HqError
from hq_core.formats.records import RecordLayout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hq_core.batch import Batch, Schema
    from hq_core.errors import Phrase
    from hq_core.formats.codes import Codes
    from hq_core.formats.records import Array

    Clean = Callable[[RecordLayout, Array], tuple[Array, Phrase]]

ROOM = 16 << 20  # bytes of rows in memory before they are put down, and in all when they are merged
PIECE = 4096  # rows given out at once


class SortedRun:
    """Sorted rows of one series, in the file from byte `at` on."""

    def __init__(self, fd: int, at: int, rows: int, dtype: Any) -> None:
        self.fd = fd
        self.at = at
        self.left = rows
        self.dtype = dtype

    def read(self, rows: int) -> Array:
        """The next rows, at most so many."""
        n = min(rows, self.left)
        size = n * self.dtype.itemsize
        found = bytearray()
        while len(found) < size:
            more = os.pread(self.fd, size - len(found), self.at + len(found))
            if not more:
                raise HqError(f"rows put down in {tempfile.gettempdir()} are gone", IO)
            found += more
        self.at += size
        self.left -= n
        return np.frombuffer(found, dtype=self.dtype)


class Pile:
    """What has come of one series: rows that lie in memory as they came, and sorted runs."""

    def __init__(self, layout: RecordLayout) -> None:
        self.layout = layout
        self.parts: list[Array] = []
        self.runs: list[SortedRun] = []

    def take(self) -> Array:
        """The rows in memory, sorted."""
        parts, self.parts = self.parts, []
        whole = np.concatenate(parts) if parts else np.empty(0, dtype=self.layout.dtype)
        del parts
        return self.layout.in_order(whole)

    def blocks(self, room: int) -> Iterator[Array]:
        """All rows in order; no ts is in two blocks.  room: bytes for each run"""
        layout = self.layout
        size = max(1, room // layout.dtype.itemsize)
        heads = [*(run.read(size) for run in self.runs), self.take()]
        while any(map(len, heads)):
            more = [i for i, run in enumerate(self.runs) if run.left]
            cuts = [len(head) for head in heads]
            if more:
                until = min(layout.ts(heads[i])[-1] for i in more)
                cuts = [int(np.searchsorted(layout.ts(head), until, "left")) for head in heads]
            if any(cuts):
                yield layout.in_order(np.concatenate([head[:cut] for head, cut in zip(heads, cuts)]))
                heads = [head[cut:] for head, cut in zip(heads, cuts)]
            for i in more:
                if not len(heads[i]) or (not any(cuts) and layout.ts(heads[i])[-1] == until):
                    heads[i] = np.concatenate([heads[i], self.runs[i].read(size)])


class Sorter:
    """Takes rows of any series in any order; gives them by ts, coarser periods first, then by key, then as they came.

    codes  of the symbols of panels
    room  bytes of rows in memory
    """

    def __init__(self, codes: Codes, room: int = ROOM) -> None:
        self.room = room
        self._records = codes.records
        self._texts = codes.symbols.texts
        self._piles: dict[Schema, Pile] = {}
        self._held = 0
        self._file: Any = None
        self._end = 0

    def add(self, batch: Batch, first: int) -> None:
        """Rows, of which the first is that of the input."""
        pile = self._piles.get(batch.schema)
        if pile is None:
            pile = self._piles[batch.schema] = self._pile(batch.schema)
        records = self._records(pile.layout, batch, first)
        pile.parts.append(records)
        self._held += records.nbytes
        if self._held >= self.room:
            self._put_down()

    def _pile(self, schema: Schema) -> Pile:
        for known, pile in self._piles.items():
            if known.same_as(schema):
                return pile
            if known.key == schema.key:
                raise HqError(f"{schema.key} comes with other columns later on: such a series cannot be sorted")
        return Pile(RecordLayout(schema, self._texts))

    def _put_down(self) -> None:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  lives as long as its runs
            for pile in dict.fromkeys(self._piles.values()):
                records = pile.take()
                if len(records):
                    raw = records.view(np.uint8).data
                    while raw:
                        raw = raw[self._file.write(raw) :]
                    pile.runs.append(SortedRun(self._file.fileno(), self._end, len(records), records.dtype))
                    self._end += records.nbytes
        except OSError as error:
            where = tempfile.gettempdir()
            raise HqError(f"rows to be sorted cannot be put down in {where}: {error.strerror}", IO) from None
        self._held = 0

    def sorted(self, clean: Clean) -> Iterator[Batch]:
        """All rows in order.  `clean` looks at the rows of a series block by block: those that stay, and what is wrong.

        Raises HqError where it says that something is, after the rows before it.
        """
        piles = sorted(dict.fromkeys(self._piles.values()), key=lambda pile: -period_ns(pile.layout.schema.period))
        try:
            yield from self._merged(piles, clean)
        finally:
            if self._file is not None:
                self._file.close()

    def _merged(self, piles: list[Pile], clean: Clean) -> Iterator[Batch]:
        if self._file is not None:
            self._put_down()
        room = self.room // max(1, sum(len(pile.runs) for pile in piles))
        streams = [_pieces(pile, room, clean) for pile in piles]
        heads = [next(stream, None) for stream in streams]
        while True:
            live = [i for i, head in enumerate(heads) if head is not None]
            if not live:
                return
            until = min(pile.layout.ts(head)[-1] for pile, head in zip(piles, heads) if head is not None)
            for i in live:
                layout, head = piles[i].layout, heads[i]
                assert head is not None
                cut = int(np.searchsorted(layout.ts(head), until, "right"))
                if cut:
                    yield layout.batch(head[:cut])
                    heads[i] = head[cut:] if cut < len(head) else next(streams[i], None)


def _pieces(pile: Pile, room: int, clean: Clean) -> Iterator[Array]:
    layout = pile.layout
    for block in pile.blocks(room):
        records, wrong = clean(layout, block)
        ts = layout.ts(records)
        start = 0
        while start < len(records):
            stop = min(start + PIECE, len(records))
            if stop < len(records):
                stop = int(np.searchsorted(ts, ts[stop], "right"))
            yield records[start:stop]
            start = stop
        if wrong:
            raise HqError(wrong)
