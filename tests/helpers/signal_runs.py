"""Running the signal stage on bars made by hand, and reading back what it wrote."""

from __future__ import annotations

import ctypes
import os
from array import array
from typing import Any

import msgpack
from frames import tagged

from hq_core.batch import Batch, Schema
from hq_core.roles import Stage
from hq_core.stages.signal import Signal
from hq_core.wire import Reader, Writer

SECOND = 1_000_000_000
CODES = {"i8": "q", "f8": "d", "b1": "b"}
COLUMNS = (
    ("ts", "i8"),
    ("open_time", "i8"),
    ("open", "f8"),
    ("high", "f8"),
    ("low", "f8"),
    ("close", "f8"),
    ("volume", "f8"),
    ("trades", "i8"),
    ("complete", "b1"),
)


def strategy(text: str, **options: Any) -> Signal:
    return Signal([("s", text, "s.hq")], **options)


def bar(ts: int, close: float = 1.0, **more: float) -> dict[str, float]:
    """A bar that is known at ts seconds."""
    prices = {"open": close, "high": close, "low": close, "close": close}
    return {"ts": ts * SECOND, "open_time": 0, **prices, "volume": 1.0, "trades": 1, "complete": 1, **more}


def bars(closes: list[float], step: int = 900, start: int = 0) -> list[dict[str, float]]:
    return [bar(start + step * (i + 1), close) for i, close in enumerate(closes)]


def batch(schema: Schema, rows: list[dict[str, float]]) -> Batch:
    memory = [array(CODES[kind], [row[name] for row in rows]) for name, kind in schema.cols]
    return Batch(schema, len(rows), [column.buffer_info()[0] for column in memory], memory)


class Run:
    """A stage that is fed by hand. What it wrote: `rows` by series key, and `maps` in order."""

    def __init__(self, stage: Stage, saved: dict[str, Any] | None = None) -> None:
        self.stage = stage
        self.fd = os.memfd_create("out")
        self.out = Writer(self.fd)
        self.out.head([], {})
        stage.begin(self.out)
        if saved is not None:
            stage.load(msgpack.unpackb(msgpack.packb(saved)))
        self.schemas: dict[tuple[str, str], Schema] = {}

    def announce(self, *periods: str, symbol: str = "X", columns: Any = COLUMNS) -> Run:
        for period in periods:
            self.schemas[symbol, period] = Schema("bar", symbol, period, columns)
            self.stage.schema(self.schemas[symbol, period])
        return self

    def feed(self, period: str, rows: list[dict[str, float]], symbol: str = "X", cut: int = 0) -> Run:
        for start in range(0, len(rows), cut or len(rows) or 1):
            part = rows[start : start + (cut or len(rows))]
            self.stage.rows(batch(self.schemas[symbol, period], part))
        return self

    def finish(self, more: bool = False) -> Run:
        self.stage.finish(more)
        self.out.end(self.stage.dropped)
        self.out.flush()
        os.lseek(self.fd, 0, os.SEEK_SET)
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.maps: list[dict[str, Any]] = []
        for kind, item in tagged(Reader(self.fd)):
            if kind == "rows":
                columns = [(name, list(item.view(name))) for name in item.schema.names]
                found = self.rows.setdefault(item.schema.key, [])
                found += [{name: column[i] for name, column in columns} for i in range(item.n)]
            elif kind not in ("head", "end", "schema", "idle"):
                self.maps.append(item if isinstance(item, dict) else {"kind": kind, "ts": item})
        os.close(self.fd)
        return self

    def column(self, name: str, key: str = "bar/X/15m") -> list[float]:
        return [row[name] for row in self.rows[key]]


def bits(values: list[float]) -> list[int]:
    """Values by their bits, so that nan equals nan."""
    return [ctypes.c_uint64.from_buffer(ctypes.c_double(value)).value for value in values]
