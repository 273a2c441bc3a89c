"""Running the aggregation over rows in memory, cut in any way."""

from __future__ import annotations

from array import array

import msgpack

from hq_core.bars.aggregator import Sheet
from hq_core.batch import CODES, Batch, Schema
from hq_core.jit import address_of
from hq_core.stages.aggregate import Aggregate

SECOND = 10**9
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
START = 1_700_006_400 * SECOND  # 2023-11-15T00:00:00Z, a Wednesday

TRADES = Schema("trade", "X", "", (("ts", "i8"), ("price", "f8"), ("qty", "f8"), ("side", "i1"), ("trades", "i4")))
PLAIN = Schema("trade", "X", "", (("ts", "i8"), ("price", "f8"), ("qty", "f8")))
IDS = Schema("trade", "X", "", (("ts", "i8"), ("price", "f8"), ("qty", "f8"), ("id", "i8")))


def batch_of(schema, rows):
    columns = [array(CODES[kind], [row[i] for row in rows]) for i, (_, kind) in enumerate(schema.cols)]
    return Batch(schema, len(rows), [address_of(column) for column in columns], columns)


class Out(Sheet):
    """What a stage writes: rows as dicts by period, marks in a list."""

    def __init__(self):
        super().__init__()
        self.marks = []
        self.copied = 0

    def mark(self, ts):
        self.marks.append(ts)

    def copy(self, batch):
        self.copied += batch.n

    def of(self, period):
        return [row for schema, row in self.events if schema.period == period]


def run(rows, periods, schema=TRADES, cuts=(), more=False, saved=None, stage=None, **options):
    """(Out, stage) after rows, which may hold ('mark', ts), went in, in batches that end at `cuts`."""
    stage = stage or Aggregate(periods, **{"slack": "0s", **options})
    out = Out()
    stage.begin(out)
    if saved is not None:
        stage.load(msgpack.unpackb(msgpack.packb(saved), strict_map_key=False))
    stage.schema(schema)
    pending = []

    def send():
        if pending:
            stage.rows(batch_of(schema, pending))
            pending.clear()

    for i, row in enumerate(rows):
        if i in cuts:
            send()
        if row[0] == "mark":
            send()
            stage.mark(row[1])
        else:
            pending.append(row)
    send()
    stage.finish(more)
    return out, stage


def texts(out, periods):
    """The rows of each period in a form in which NaN equals NaN and every bit counts."""
    return {period: [repr(row) for row in out.of(period)] for period in periods.split(":")}
