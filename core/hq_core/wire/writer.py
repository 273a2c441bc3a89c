"""Writing a stream: rows gathered into frames, counted, and ended with what was written."""
from __future__ import annotations

import ctypes
import errno
import os
import select
from typing import TYPE_CHECKING, Any

import msgpack

from hq_core.batch import Batch, Schema, period_ns
from hq_core.errors import DATA, IO, HqError
from hq_core.wire.frame import BLOCK, BUFFER, HEADER_BYTES, MAX_BLOB, MAX_MAP, Memory, grow_pipe, pack_header

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hq_core.holes import Holes

GATHER = 4096           # rows that a series may hold back within one read
DIRECT = 512            # batches from this size are written as they are

_move = ctypes.memmove


class Series:
    """A series that is being written: its id on the wire, its rows so far, and the few rows held back."""

    __slots__ = ("addresses", "aside", "id", "memory", "most", "pending", "room", "rows", "schema", "staged", "starts")

    def __init__(self, schema: Schema, number: int) -> None:
        self.schema = schema
        self.id = number
        self.rows = 0
        self.staged = 0
        self.pending = -1           # rows asked for directly and not yet committed; -1 none
        self.addresses: list[int] = []
        self.memory: Memory | None = None
        self.starts: list[int] = []
        row = max(1, sum(schema.widths))
        self.room = min(GATHER, BUFFER // row)      # rows that may be held back
        self.most = MAX_BLOB // row & -8            # rows of one frame, a number that needs no padding
        self.aside: Memory | None = None            # more rows than one frame may have
        if self.most == 0:
            raise HqError(f"{schema.key}: a row of {row} bytes cannot be written; at most {MAX_BLOB // 8}", DATA)

    def stage(self) -> list[int]:
        """Where the next held-back row of each column goes."""
        if self.memory is None:
            self.memory = Memory(self.schema.blob(self.room))
            self.starts = self.schema.places(self.memory.address, self.room)
        return [at + w * self.staged for at, w in zip(self.starts, self.schema.widths)]


class Writer:
    """Frames to a file descriptor.  `flush` at the end of every read; nothing is held back after it.

    Rows of one series that come in small batches leave as one frame, coarse periods before finer ones, so that
    whoever reads a row has read all coarser rows known by then.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.written = 0                    # bytes that the descriptor has taken
        self._buffer = Memory(BUFFER)
        self._used = 0
        self._series: dict[str, Series] = {}
        self._by_schema: dict[Schema, Series] = {}
        self._order: list[Series] = []
        self._ids = 0
        self._staged = False
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
        for series in self._order:
            self._counts[series.schema.key] = self._counts.get(series.schema.key, 0) + series.rows
        more = {"holes": dict(sorted(holes.items()))} if holes else {}
        counts, reasons = dict(sorted(self._counts.items())), dict(sorted(dropped.items()))
        self.map({"kind": "end", "rows": counts, "dropped": reasons, **more})

    def mark(self, ts: int) -> None:
        self.map({"kind": "mark", "ts": ts})

    def map(self, frame: dict[str, Any]) -> None:
        """Any frame that is not rows, after all the rows before it."""
        if self._staged:
            self.gathered()
        try:
            packed = self._packer.pack(frame)
        except UnicodeEncodeError as error:
            raise HqError(f"a {frame['kind']} cannot be written: '{error.object}' is not UTF-8", DATA) from None
        if len(packed) > MAX_MAP:
            raise HqError(f"a {frame['kind']} of {len(packed)} bytes cannot be written; at most {MAX_MAP}", DATA)
        self._room(len(packed))
        self._buffer.view[self._used : self._used + len(packed)] = packed
        self._used += len(packed)

    def series(self, schema: Schema) -> Series:
        """Announce a series, or announce it anew with other columns; the same one is announced once."""
        found = self._by_schema.get(schema) or self._series.get(schema.key)
        if found is not None and found.schema.same_as(schema):
            if len(self._by_schema) > 4 * len(self._series) + 64:       # a stage may make its schema anew a section
                self._by_schema.clear()
            self._by_schema[schema] = found
            return found
        if found is not None:
            self.gathered()
            self._counts[schema.key] = self._counts.get(schema.key, 0) + found.rows
            self._order.remove(found)
            self._by_schema = {s: series for s, series in self._by_schema.items() if series is not found}
        self._ids += 1
        made = Series(schema, self._ids)
        self._series[schema.key] = self._by_schema[schema] = made
        self._order.append(made)
        self._order.sort(key=lambda s: -period_ns(s.schema.period))     # stable: announced first goes first
        self.map({
            **schema.extra, "kind": "schema", "id": made.id, "of": schema.of, "symbol": schema.symbol,
            "period": schema.period, "cols": [list(col) for col in schema.cols],
        })
        return made

    # -- rows --------------------------------------------------------------------------------------------
    def rows(self, series: Series, n: int) -> list[int]:
        """One writable address a column for up to n rows; `commit`, the next call, says how many there are."""
        if n < DIRECT and n <= series.room:
            if series.staged + n > series.room:
                self.gathered()
            return series.stage()
        if self._staged:
            self.gathered()
        series.pending = n
        if n <= series.most:
            series.addresses = self._reserve(series, n)
        else:
            series.aside = Memory(series.schema.blob(n))
            series.addresses = series.schema.places(series.aside.address, n)
        return series.addresses

    def commit(self, series: Series, n: int) -> None:
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
            series.staged += n
            self._staged = True

    def copy(self, batch: Batch, series: Series | None = None) -> None:
        """Rows as they are, of the same series or of one that begins with the same columns."""
        if series is None:
            series = self._by_schema.get(batch.schema) or self.series(batch.schema)
        n = batch.n
        for to, at, w in zip(self.rows(series, n), batch.addresses, batch.schema.widths):
            _move(to, at, w * n)
        self.commit(series, n)

    def gathered(self) -> None:
        """Make frames of what is held back, coarse periods first."""
        self._staged = False
        for series in self._order:
            n = series.staged
            if n:
                series.staged = 0
                for to, at, w in zip(self._reserve(series, n), series.starts, series.schema.widths):
                    _move(to, at, w * n)
                self._finish(series, n)

    def _cut(self, series: Series, n: int) -> None:
        """As many frames as the rows set aside need."""
        for start in range(0, n, series.most):
            size = min(series.most, n - start)
            for to, at, w in zip(self._reserve(series, size), series.addresses, series.schema.widths):
                _move(to, at + w * start, w * size)
            self._finish(series, size)
        series.aside = None

    def _reserve(self, series: Series, n: int) -> list[int]:
        self._room(HEADER_BYTES + series.schema.blob(n) + 8)
        pad = -self._used % 8
        if pad:                             # maps have any length; columns are written aligned and moved if need be
            self._send()
        return series.schema.places(self._buffer.address + self._used + HEADER_BYTES, n)

    def _close_up(self, series: Series, n: int) -> None:
        places = series.schema.places(series.addresses[0], n)
        for to, at, w in zip(places, series.addresses, series.schema.widths):
            _move(to, at, w * n)

    def _finish(self, series: Series, n: int) -> None:
        blob = series.schema.blob(n)
        at = self._buffer.address + self._used + HEADER_BYTES
        for w in series.schema.widths:      # the padding is part of the bytes, so it must be the same every time
            size = w * n
            if size & 7:
                ctypes.memset(at + size, 0, -size % 8)
            at += (size + 7) & -8
        pack_header(self._buffer.view, self._used, series.id, n, blob)
        self._used += HEADER_BYTES + blob
        series.rows += n

    # -- bytes -------------------------------------------------------------------------------------------
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
        view, at = self._buffer.view, 0
        try:
            while at < self._used:
                try:
                    at += os.write(self.fd, view[at : self._used])
                except BlockingIOError:         # whoever shares our stdout has made it non-blocking
                    select.select((), (self.fd,), ())
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise BrokenPipeError from None
            raise HqError(f"cannot write: {os.strerror(error.errno or 0)}", IO) from None
        finally:
            self.written += at
        self._used = 0
