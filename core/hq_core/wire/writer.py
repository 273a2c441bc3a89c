"""Writing a stream: rows gathered into frames, counted, and ended with what was written."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import msgpack

from hq_core.batch import Batch, Schema, own, rank
from hq_core.errors import DATA, HqError
from hq_core.memory import FIRST_ROWS, Memory, after, move
from hq_core.roles import Map
from hq_core.wire.frame import (
    BLOCK,
    BUFFER,
    HEADER_BYTES,
    MAX_BLOB,
    MAX_COUNT,
    MAX_MAP,
    MAX_SERIES,
    SMALL_MAP,
    check_map,
    check_series,
    grow_pipe,
    pack_header,
    write_all,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hq_core.holes import Holes

GATHER = 4096  # rows that a series may hold back within one read
COUNTS = MAX_MAP - 65536  # bytes of the counts in an end, so that it stays a map that may be written
DIRECT = 512  # batches from this size are written as they are


class OpenSeries:
    """A series that is being written: its id on the wire, its rows so far, and the few rows held back."""

    __slots__ = (
        "addresses",
        "aside",
        "held",
        "id",
        "last",
        "memory",
        "most",
        "owned",
        "pending",
        "rank",
        "room",
        "rows",
        "schema",
        "size",
        "staged",
        "starts",
    )

    def __init__(self, schema: Schema, number: int) -> None:
        self.schema = schema
        self.id = number
        self.rank = rank(schema)
        self.rows = 0
        self.staged = self.held = 0  # rows held back, and rows that the memory is laid out for
        self.last = 0  # rows that were held back when a frame was made of them the last time
        self.pending = -1  # rows asked for directly and not yet committed; -1 none
        self.addresses: list[int] = []
        self.memory: Memory | None = None
        self.starts: list[int] = []
        self.size = 0  # of the frame of as many rows as the memory is laid out for
        row = max(1, sum(schema.widths))
        self.room = min(GATHER, (BUFFER - HEADER_BYTES) // row)  # rows that may be held back
        self.most = MAX_BLOB // row & -8  # rows of one frame, a number that needs no padding
        self.aside: Memory | None = None  # more rows than one frame may have, or with free text
        self.owned: list[Memory] = []  # free text of the rows held back
        if self.most == 0:
            raise HqError(f"{schema.key}: a row of {row} bytes cannot be written; at most {MAX_BLOB // 8}", DATA)

    def stage(self, n: int) -> list[int]:
        """Where the next n held-back rows of each column go."""
        if not self.staged:  # as many as the last time need no room between the columns, as in a frame
            wanted = max(n, self.last)
            if wanted != self.held:
                self._lay(wanted)
            return self.starts
        if self.staged + n > self.held:
            self._grow(self.staged + n)
        return after(self.starts, self.schema.widths, self.staged)

    def _lay(self, rows: int) -> None:
        """Lay out the memory for a frame of so many rows; there must be none."""
        schema = self.schema
        blob = schema.blob(rows)
        if self.memory is None or self.memory.size < HEADER_BYTES + blob:
            self.memory = Memory(HEADER_BYTES + blob)
        self.held, self.size = rows, HEADER_BYTES + blob
        self.starts = schema.places(self.memory.address + HEADER_BYTES, rows)
        pack_header(self.memory.view, 0, self.id, rows, blob)

    def put(self, to: int) -> None:
        """The frame of the rows that are held back, which are as many as the memory is laid out for, to an address."""
        assert self.memory is not None
        ctypes.memmove(to, self.memory.address, self.size)
        _clear(self.schema, to + HEADER_BYTES, self.held)

    def _grow(self, need: int) -> None:
        memory, starts = self.memory, self.starts  # kept until the rows have moved
        self.memory = None
        self._lay(min(self.room, max(need, 2 * self.held, FIRST_ROWS)))
        if memory:
            move(self.starts, starts, self.schema.widths, self.staged)


class Writer:
    """Frames to a file descriptor.  `flush` at the end of every read; nothing is held back after it.

    Rows of one series that come in small batches leave as one frame, in the order of hq_core.batch.rank: whoever reads
    a row has read all coarser rows known by then.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.written = 0  # bytes that the descriptor has taken
        self._buffer = Memory(BUFFER)
        self._used = 0
        self._series: dict[str, OpenSeries] = {}
        self._by_schema: dict[Schema, OpenSeries] = {}
        self._before: dict[str, list[OpenSeries]] = {}  # all of a name: panels of other columns take turns
        self._ids = 0
        self._names = 0  # bytes of what an end says of the series
        self._staged: list[OpenSeries] = []  # series that hold rows back
        self._counts: dict[str, int] = {}
        self._packer = msgpack.Packer()
        grow_pipe(fd)

    # -- what a stream says ------------------------------------------------------------------------------
    def head(self, made_by: Iterable[object], extra: dict[str, object]) -> None:
        """Open a section."""
        self.map({"kind": "head", "hq": 1, "made_by": list(made_by), **extra})

    def end(self, dropped: dict[str, int], holes: Holes | None = None) -> None:
        """Close the section with the rows of each series in it, the rows dropped, by reason, and holes, if any."""
        self.gathered()
        for reason, n in dropped.items():
            if n >= MAX_COUNT:
                raise HqError(f"an end that counts {n} rows dropped ({reason}) cannot be written: at most 2^53", DATA)
        for series in self._series.values():
            self._counts[series.schema.key] = self._counts.get(series.schema.key, 0) + series.rows
        more = {"holes": dict(sorted(holes.items()))} if holes else {}
        counts, reasons = dict(sorted(self._counts.items())), dict(sorted(dropped.items()))
        self.map({"kind": "end", "rows": counts, "dropped": reasons, **more})

    def mark(self, ts: int) -> None:
        """No later row of any series has an earlier ts.  Raises HqError where it is no int64."""
        if not -(2**63) <= ts < 2**63:
            raise HqError(f"a mark of ts {ts} cannot be written: it must be an int64", DATA)
        self.map({"kind": "mark", "ts": ts})

    def map(self, frame: dict[str, Any]) -> None:
        """Any frame that is not rows, after all the rows before it.  Raises HqError where no Reader would take it."""
        if self._staged:
            self.gathered()
        packed = (type(frame) is Map and frame.raw) or self._packed(frame)
        self._room(len(packed))
        self._buffer.view[self._used : self._used + len(packed)] = packed
        self._used += len(packed)

    def _packed(self, frame: dict[str, Any]) -> bytes:
        try:
            packed: bytes = self._packer.pack(frame)
            if len(packed) > MAX_MAP:
                raise HqError(f"{len(packed)} bytes, may have at most {MAX_MAP}", DATA)
            if len(packed) > SMALL_MAP:  # a smaller one is within every limit
                check_map(packed)
        except (HqError, ValueError, OverflowError, TypeError) as error:
            self._packer.reset()
            raise HqError(f"a frame of kind {frame['kind']!s:.40} cannot be written: {error}", DATA) from None
        return packed

    def series(self, schema: Schema) -> OpenSeries:
        """Announce a series, or announce it anew with other columns; the same one is announced once."""
        found = self._series.get(schema.key)
        if found is not None and self._by_schema.get(schema) is found:
            return found
        if found is not None and found.schema.same_as(schema):
            if len(self._by_schema) > 4 * len(self._series) + 64:  # a stage may make its schema anew a section
                self._by_schema.clear()
            self._by_schema[schema] = found
            return found
        before = self._before.setdefault(schema.key, [])
        made = next((one for one in before if one.schema.same_as(schema)), None)
        if found is not None:
            self.gathered()
            self._counts[schema.key] = self._counts.get(schema.key, 0) + found.rows
            found.rows = 0
        if made is None:
            made = self._made(schema, found is None)
            before.append(made)
        self._series[schema.key] = self._by_schema[schema] = made
        self.map(
            {
                **schema.extra,
                "kind": "schema",
                "id": made.id,
                "of": schema.of,
                "symbol": schema.symbol,
                "period": schema.period,
                "cols": [list(col) for col in schema.cols],
            }
        )
        return made

    def _made(self, schema: Schema, new: bool) -> OpenSeries:
        try:
            check_series(schema)
            if self._ids == MAX_SERIES:
                raise HqError(f"there are {MAX_SERIES} series already", DATA)
            self._names += (len(schema.key.encode()) + 16) * new
            if self._names > COUNTS:
                raise HqError(f"the names of all {self._ids} series are longer than the end of a stream may be", DATA)
        except HqError as error:
            raise HqError(f"series {schema.key:.100} cannot be written: {error}", DATA) from None
        self._ids += 1
        return OpenSeries(schema, self._ids)

    # -- rows --------------------------------------------------------------------------------------------
    def rows(self, series: OpenSeries, n: int) -> list[int]:
        """One writable address a column for up to n rows; `commit`, the next call, says how many there are."""
        if n < DIRECT and n <= series.room:
            if series.staged + n > series.room:
                self.gathered()
            return series.stage(n)
        if self._staged:
            self.gathered()
        series.pending = n
        if n <= series.most and not series.schema.free:
            series.addresses = self._reserve(series, n)
        else:
            series.aside = Memory(series.schema.blob(n))
            series.addresses = series.schema.places(series.aside.address, n)
        return series.addresses

    def commit(self, series: OpenSeries, n: int) -> None:
        """The first n of the rows asked for are there."""
        if series.pending >= 0:
            asked, series.pending = series.pending, -1
            if series.aside is not None:
                self._cut(series, n)
            elif n:
                if n < asked:
                    self._close_up(series, n)
                self._finish(series, n)
        elif n:
            if not series.staged:
                self._staged.append(series)
            if series.schema.free:
                series.owned += own(series.schema, series.starts, series.staged, n)
            series.staged += n

    def copy(self, batch: Batch, series: OpenSeries | None = None) -> None:
        """Rows as they are, of the same series or of one that begins with the same columns."""
        if series is None:
            series = self.series(batch.schema)
        n = batch.n
        move(self.rows(series, n), batch.addresses, batch.schema.widths, n)
        self.commit(series, n)

    def gathered(self) -> None:
        """Make frames of what is held back, by rank."""
        held, self._staged = self._staged, []
        for series in sorted(held, key=_rank) if len(held) > 1 else held:
            n, series.staged = series.staged, 0
            series.last = n
            if series.schema.free:
                self._with_texts(series, series.starts, n)
                series.owned = []
                continue
            if n == series.held:
                self._place(series.size)
                series.put(self._buffer.address + self._used)
                self._used += series.size
                series.rows += n
                continue
            move(self._reserve(series, n), series.starts, series.schema.widths, n)
            self._finish(series, n)

    def _cut(self, series: OpenSeries, n: int) -> None:
        """As many frames as the rows set aside need."""
        if series.schema.free:
            self._with_texts(series, series.addresses, n)
            series.aside = None
            return
        for start in range(0, n, series.most):
            size = min(series.most, n - start)
            widths = series.schema.widths
            move(self._reserve(series, size), after(series.addresses, widths, start), widths, size)
            self._finish(series, size)
        series.aside = None

    def _with_texts(self, series: OpenSeries, addresses: list[int], n: int) -> None:
        """As many frames as rows with free text need."""
        from hq_core.texts import put

        schema, start = series.schema, 0
        while start < n:
            rows = min(series.most, n - start)
            at = after(addresses, schema.widths, start)
            sizes = _on_the_wire(schema, at, rows)
            while rows > 1 and sum(sizes) > BUFFER:
                rows //= 2
                sizes = _on_the_wire(schema, at, rows)
            blob = sum(sizes)
            if blob > MAX_BLOB:
                raise HqError(f"{schema.key}: a row of {blob} bytes cannot be written; at most {MAX_BLOB}", DATA)
            self._place(HEADER_BYTES + blob)
            to = self._buffer.address + self._used + HEADER_BYTES
            ctypes.memset(to, 0, blob)
            for (_, kind), w, here, size in zip(schema.cols, schema.widths, at, sizes):
                if kind == "text":
                    put(here, rows, to, size)
                else:
                    ctypes.memmove(to, here, w * rows)
                to += size
            pack_header(self._buffer.view, self._used, series.id, rows, blob)
            self._used += HEADER_BYTES + blob
            series.rows += rows
            start += rows

    def _reserve(self, series: OpenSeries, n: int) -> list[int]:
        self._place(HEADER_BYTES + series.schema.blob(n))
        return series.schema.places(self._buffer.address + self._used + HEADER_BYTES, n)

    def _close_up(self, series: OpenSeries, n: int) -> None:
        places = series.schema.places(series.addresses[0], n)
        move(places, series.addresses, series.schema.widths, n)

    def _finish(self, series: OpenSeries, n: int) -> None:
        blob = series.schema.blob(n)
        at = self._buffer.address + self._used + HEADER_BYTES
        _clear(series.schema, at, n)
        pack_header(self._buffer.view, self._used, series.id, n, blob)
        self._used += HEADER_BYTES + blob
        series.rows += n

    # -- bytes -------------------------------------------------------------------------------------------
    def _place(self, size: int) -> None:
        """Room for a frame of rows, which lies on eight bytes: maps have any length."""
        self._room(size + 8)
        if self._used % 8:
            self._send()

    def _room(self, need: int) -> None:
        if self._used >= BLOCK or self._used + need > self._buffer.size:
            self._send()
            if need > self._buffer.size:
                self._buffer = Memory(need)

    def flush(self) -> None:
        """Hand over everything that was written so far."""
        if self._staged:
            self.gathered()
        if self._used:
            self._send()

    def _send(self) -> None:
        write_all(self.fd, self._buffer.view[: self._used])
        self.written += self._used
        self._used = 0


def _on_the_wire(schema: Schema, addresses: list[int], n: int) -> list[int]:
    """Bytes of each column of n rows."""
    from hq_core.texts import wire_size

    return [
        wire_size(at, n) if kind == "text" else (w * n + 7) & -8
        for (_, kind), w, at in zip(schema.cols, schema.widths, addresses)
    ]


def _clear(schema: Schema, at: int, n: int) -> None:
    """What is no column's of n rows from an address on: it is part of the bytes, so it must be the same every time."""
    for start, size in schema.padding(n):
        ctypes.memset(at + start, 0, size)


def _rank(series: OpenSeries) -> tuple[int, int, str, str]:
    return series.rank
