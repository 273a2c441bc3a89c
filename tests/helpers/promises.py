"""Running a stage over frames in memory, and what its output says whatever the framing."""

from __future__ import annotations

import os
import threading

import pytest
from frames import frames, items
from inputs import descriptor

from hq_core.errors import HqError
from hq_core.flow import Flow, State
from hq_core.wire import Reader, reader

FRAMING = {"schema", "head", "end", "section", "mark", "strings"}


def on_memory(write):
    """The bytes that `write(fd)` writes."""
    fd = os.memfd_create("test")
    try:
        write(fd)
        return os.pread(fd, os.fstat(fd).st_size, 0)
    finally:
        os.close(fd)


def stream(pieces, whole=True):
    """Frames of (schema, rows) pieces, each piece one frame and flushed alone; a map goes with no rows."""
    return frames(*(piece[0] if isinstance(piece[0], dict) else piece for piece in pieces), whole=whole)


def cut(schema, rows, sizes):
    """The rows in pieces of the given sizes, which repeat."""
    pieces, at, i = [], 0, 0
    while at < len(rows):
        n = sizes[i % len(sizes)]
        if n:
            pieces.append((schema, rows[at : at + n]))
        at += n
        i += 1
    return pieces


def run(stage, data, state=None, every=0, chunks=(), break_ok=False):
    """The output bytes of a stage; with `chunks` the input comes through a pipe in pieces of those sizes."""

    def go(fd):
        source, feeder = _input(data, chunks)
        try:
            kept = State(str(state), every, {}) if state else None
            Flow(stage, "test", [], source, fd).run(Reader(source), kept)
        except HqError:
            if not break_ok:
                raise
        finally:
            os.close(source)
            if feeder:
                feeder.join()

    return on_memory(go)


def run_one_by_one(stage, pieces):
    """As `run` over `stream(pieces)`, of which each read brings one: they lie at one place, one after the other."""
    ends = [len(stream(pieces[:k], whole=False)) for k in range(1, len(pieces) + 1)]
    data = stream(pieces)
    reads = iter([data[at:end] for at, end in zip([0, *ends], [*ends, len(data)])])

    def one(fd, view):
        piece = next(reads, b"")
        view[: len(piece)] = piece
        return len(piece)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reader, "read_into", one)
        return run(stage, data)


def run_until_it_breaks(stage, data, state=None, every=0):
    """The output of a run whose input may stop anywhere, fed in small pieces so that the state is often written."""
    return run(stage, data, state, every, chunks=(211,), break_ok=True)


def _input(data, chunks):
    if not chunks:
        fd = descriptor(data)
        return fd, None
    reading, writing = os.pipe()

    def feed():
        at = i = 0
        try:
            while at < len(data):
                n = chunks[i % len(chunks)]
                os.write(writing, data[at : at + n])
                at += n
                i += 1
        finally:
            os.close(writing)

    feeder = threading.Thread(target=feed)
    feeder.start()
    return reading, feeder


def said(data):
    """What a stream says: each series' columns as bytes, its other maps in order, and the rows dropped."""
    columns, maps, dropped = {}, [], {}
    for kind, item in items(data):
        if kind == "rows":
            held = columns.setdefault(item.schema.key, dict.fromkeys(item.schema.names, b""))
            for name in item.schema.names:
                held[name] += bytes(item.view(name).cast("B"))
        elif kind == "map" and item["kind"] not in FRAMING:
            maps.append(item)
        elif kind == "end":
            for reason, n in item["dropped"].items():
                dropped[reason] = dropped.get(reason, 0) + n
    return columns, maps, dropped


def said_before_it_breaks(data):
    """The columns of a stream that stops without its end."""
    return said(data + on_memory(_end_of(data)))[0]


def _end_of(data):
    import msgpack

    counts = {}
    try:
        for kind, item in items(data):
            if kind == "rows":
                counts[item.schema.key] = counts.get(item.schema.key, 0) + item.n
    except HqError:
        pass
    return lambda fd: os.write(fd, msgpack.packb({"kind": "end", "rows": counts, "dropped": {}}))


def is_prefix(part, whole):
    """Whether every series of one output begins with the same bytes as another's."""
    return all(
        whole[0].get(key, {}).get(name, b"").startswith(held)
        for key, columns in part[0].items()
        for name, held in columns.items()
    )
