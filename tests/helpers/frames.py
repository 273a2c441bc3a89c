"""Streams made from plain lists, and streams read back into them."""

from __future__ import annotations

import ctypes
import os
import struct
from typing import NamedTuple

from inputs import descriptor

from hq_core.batch import CODES, Schema
from hq_core.kinds import BAR, TRADE
from hq_core.texts import Texts
from hq_core.wire import Reader, Writer

TYPES = dict(BAR.cols)
TRADE_TYPES = dict(TRADE.cols)


class Said(NamedTuple):
    """What a stream says: rows as {series key: {column: list}}, other frames in order, and the end frames."""

    rows: dict
    maps: list
    ends: list


def bars(rows, columns="ts open_time open high low close volume complete", symbol="BTCUSDT", period="15m", more=()):
    """One series of bars: `rows` are tuples in the order of `columns`; `more` adds (name, type) columns."""
    return Schema("bar", symbol, period, [*((name, TYPES[name]) for name in columns.split()), *more]), rows


def trades(rows, columns="ts price qty", symbol="BTCUSDT"):
    """One series of trades: `rows` are tuples in the order of `columns`."""
    return Schema("trade", symbol, "", [(name, TRADE_TYPES[name]) for name in columns.split()]), rows


def flat_bars(closes, step_s=900, start_s=1_700_000_100, **more):
    """Bars that open where the last one closed, with volume 1."""
    rows, before = [], closes[0] if closes else 0.0
    for i, close in enumerate(closes):
        at = (start_s + i * step_s) * 10**9
        low, high = sorted((before, close))
        rows.append((at + step_s * 10**9, at, before, high, low, close, 1.0, 1))
        before = close
    return bars(rows, **more)


def frames(*pieces, whole=True, each=0):
    """The bytes of a stream of (schema, rows) pieces and maps, each flushed alone; `each` cuts the rows."""
    fd = os.memfd_create("frames")
    try:
        out = Writer(fd)
        out.head([], {})
        for piece in pieces:
            if isinstance(piece, dict):
                out.map(piece)
                continue
            schema, rows = piece
            series = out.series(schema)
            for at in range(0, len(rows), each or len(rows) or 1):
                put(out, series, rows[at : at + (each or len(rows))])
                out.flush()
        if whole:
            out.end({})
        out.flush()
        return os.pread(fd, os.fstat(fd).st_size, 0)
    finally:
        os.close(fd)


def gathered(write):
    """The bytes of a section of what `write(writer)` writes."""
    fd = os.memfd_create("out")
    try:
        out = Writer(fd)
        out.head([], {})
        write(out)
        out.end({})
        out.flush()
        return os.pread(fd, os.fstat(fd).st_size, 0)
    finally:
        os.close(fd)


def put(out, series, rows):
    """Write rows, tuples in column order, to a series; vectors are lists of numbers."""
    columns = list(zip(*rows))
    kept = []
    for (_, kind), at, values in zip(series.schema.cols, out.rows(series, len(rows)), columns):
        if kind == "text":
            kept.append(Texts(values))
            ctypes.memmove(at, kept[-1].address, 16 * len(rows))
            continue
        packed = pack(kind, values)
        ctypes.memmove(at, packed, len(packed))
    out.commit(series, len(rows))


def pack(kind, values):
    """Values of a column type as bytes; of texts those of all, without their lengths."""
    if kind == "text":
        return "".join(values).encode()
    item, _, length = kind.partition("x")
    if length:
        values = [one for vector in values for one in vector]
    code = "f" if item == "f4" else CODES[item]
    return struct.pack(f"<{len(values)}{code}", *values)


def unpack(kind, raw):
    """The values of a column's bytes; vectors as lists of numbers."""
    item, _, length = kind.partition("x")
    code = "f" if item == "f4" else CODES[item]
    values = [value for (value,) in struct.iter_unpack(f"<{code}", raw)]
    if not length:
        return values
    return [values[i : i + int(length)] for i in range(0, len(values), int(length))]


def values(item, name):
    """A column of a batch as a list."""
    kind = item.schema.kind(name)
    return item.words(name) if kind == "text" else unpack(kind, bytes(item.view(name).cast("B")))


def items(data):
    """The items of a Reader over bytes; columns are valid until the next one."""
    fd = descriptor(data)
    try:
        yield from tagged(Reader(fd))
    finally:
        os.close(fd)


def tagged(source):
    """The items of a source with their kind as text: head, schema, rows, mark (its ts), map, end, idle."""
    for item in source:
        kind = {"Batch": "rows"}.get(type(item).__name__, type(item).__name__.lower())
        yield kind, item.ts if kind == "mark" else None if kind == "idle" else item


def read(data):
    """What a stream says.  Raises what the Reader raises."""
    said = Said({}, [], [])
    for kind, item in items(data):
        if kind == "rows":
            held = said.rows.setdefault(item.schema.key, {name: [] for name in item.schema.names})
            for name in item.schema.names:
                words = name in item.texts
                held.setdefault(name, []).extend(item.words(name) if words else values(item, name))
        elif kind == "end":
            said.ends.append(item)
        elif kind == "map":
            said.maps.append(item)
    return said
