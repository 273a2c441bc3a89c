"""Stores of vectors made by hand, in memory and as files."""

from __future__ import annotations

from array import array

from frames import frames

from hq_core.batch import Schema
from hq_core.series.stores import Rows, Store


def store_of(rows, length=0, name="near"):
    """The store of rows of (ts, id, avail_ts, label, vector), in this order."""
    made = Rows(length or len(rows[0][4]))
    made.names = ["BTCUSDT"]
    for ts, id_, avail, label, vector in rows:
        made.ts.append(ts)
        made.ids.append(id_)
        made.avail.append(avail)
        made.labels.append(label)
        made.symbols.append(0)
        made.vectors += array("f", vector).tobytes()
    return Store(name, made)


def stream_of(rows, symbol="BTCUSDT", period="4h", columns=("ts", "id", "avail_ts", "label", "vector"), label="i4"):
    """The same rows as a stream; `columns` leaves some out, `label` is the type of that one."""
    length = len(rows[0][4])
    types = {"ts": "i8", "id": "i8", "avail_ts": "i8", "label": label, "vector": f"f4x{length}"}
    at = [("ts", "id", "avail_ts", "label", "vector").index(name) for name in columns]
    schema = Schema("vector", symbol, period, [(name, types[name]) for name in columns])
    return frames(
        (
            schema,
            [tuple(row[i] for i in at) for row in sorted(rows, key=lambda row: row[2 if "avail_ts" in columns else 0])],
        )
    )
