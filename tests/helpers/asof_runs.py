"""Two kinds of rows of some symbols, put into one stream in any legal way, and joined."""

from __future__ import annotations

import os
import random
from pathlib import Path

from frames import frames, gathered, items, put
from inputs import descriptor

from hq_core.batch import Batch, Schema
from hq_core.flow import Flow
from hq_core.stages.asof import FURTHER, Asof
from hq_core.stages.asof_with import beside
from hq_core.stream.handover import Handover
from hq_core.wire import Reader

SECOND = 10**9
START = 1_700_000_000 * SECOND
BAR = (("ts", "i8"), ("open_time", "i8"), *((name, "f8") for name in ("open", "high", "low", "close")))
OTHER = (("ts", "i8"), ("x", "f8"), ("k", "i8"), ("few", "i4"))
COLUMNS = ("x", "k", "few")


def bar(symbol, period="1m"):
    return Schema("bar", symbol, period, BAR)


def other(symbol, of="factor"):
    return Schema(of, symbol, "", OTHER)


def made(rng, n, gaps=(0, 1, 1, 2, 7)):
    """Times with ties and gaps."""
    ts, found = START + rng.randrange(20) * SECOND, []
    for _ in range(n):
        ts += rng.choice(gaps) * SECOND
        found.append(ts)
    return found


def bars_at(times):
    return [(ts, at, 1.0 + at, 2.0 + at, 0.5, 1.5) for at, ts in enumerate(times)]


def others_at(times, rng):
    values = (lambda: rng.choice((rng.random(), float("nan"))), lambda: rng.choice((3, -(1 << 60), rng.randrange(9))))
    return [(ts, values[0](), values[1](), rng.randrange(-5, 5)) for ts in times]


def market(seed):
    """By symbol the rows of both sides; either may be empty or missing."""
    rng = random.Random(seed)
    bars, others = {}, {}
    for symbol in "ABCD":
        if rng.random() < 0.8:
            bars[symbol] = bars_at(made(rng, rng.choice((0, 1, 5, 30)), (1, 1, 2, 9)))
        if rng.random() < 0.8:
            others[symbol] = others_at(made(rng, rng.choice((0, 1, 5, 40))), rng)
    return bars, others


def mixed(rng, series, announced=False):
    """Pieces of (schema, rows), each series' in its order, otherwise in any; announced: all of them first."""
    left = {schema: list(rows) for schema, rows in series}
    pieces = [(schema, []) for schema in left]
    rng.shuffle(pieces)
    while any(left.values()):
        schema = rng.choice([schema for schema, rows in left.items() if rows])
        n = rng.choice((1, 2, 5, 50))
        pieces.append((schema, left[schema][:n]))
        left[schema] = left[schema][n:]
    if announced:
        return pieces
    return [piece for piece in pieces if piece[1] or not any(one is not piece and one[0] is piece[0] for one in pieces)]


def run(source, stage, state=None):
    out = os.memfd_create("out")
    try:
        Flow(stage, "hq-asof", [], 0, out).run(source, state)
        return os.pread(out, os.fstat(out).st_size, 0)
    finally:
        os.close(out)


def in_stream(data, state=None, **said):
    """The output for a stream that has both kinds."""
    fd = descriptor(data)
    try:
        return run(Reader(fd), Asof(**{"with_kind": "factor", "columns": ",".join(COLUMNS), **said}), state)
    finally:
        os.close(fd)


def with_file(data, path: Path, state=None, **said):
    """The output for a stream and a file."""
    fd = descriptor(data)
    stage = Asof(beside=True, **{"columns": ",".join(COLUMNS), **said})
    try:
        source = beside(str(path), fd, stage, said.get("with_kind", ""), FURTHER, state)
        try:
            return run(source, stage, state)
        finally:
            os.close(source.side.opened.fd)
    finally:
        os.close(fd)


def got(data, columns=COLUMNS):
    """By symbol what each row got, of series and panels."""
    found = {}
    for kind, item in items(data):
        if kind == "rows" and item.schema.of == "bar":
            rows = zip(item.symbols(), *(item.view(name).tolist() for name in columns))
            for symbol, *values in rows:
                found.setdefault(symbol, []).append(values)
    return found


class Taker:
    """An Asof in this process, whose rows are looked at after each thing that it is given.

    seen  key and x of each row;  marks: those that it gave, in seconds from START
    """

    def __init__(self, **said):
        self.stage = Asof(**{"with_kind": "factor", "columns": "x", **said})
        self.seen, self.marks = [], []
        self._out = Handover(self)
        self.stage.begin(self._out)
        self._announced = set()

    def rows(self, schema, rows=None):
        """Give it rows; or, as a sink, take them from it."""
        if rows is None:
            batch = schema
            self.seen += [(batch.schema.key, x) for x in batch.view("x").tolist()]
            return
        if schema not in self._announced:
            self._announced.add(schema)
            self.stage.schema(schema)
        for kind, item in items(frames((schema, rows))):
            if kind == "rows":
                self.stage.rows(Batch(schema, item.n, item.addresses, item))

    def mark(self, ts):
        if ts < START:
            self.stage.mark(START + ts * SECOND)
        else:
            self.marks.append((ts - START) // SECOND)

    def schema(self, schema):
        pass

    def other(self, frame):
        pass

    def given(self):
        self._out.flush()
        return [x for _, x in self.seen]


def marked(*pieces):
    """A stream of pieces and of marks, in seconds from START."""

    def write(out):
        for piece in pieces:
            if isinstance(piece, int):
                out.mark(START + piece * SECOND)
            else:
                put(out, out.series(piece[0]), piece[1])
            out.flush()

    return gathered(write)
