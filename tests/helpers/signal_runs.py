"""Running the signal stage on bars made by hand, and reading back what it wrote."""

from __future__ import annotations

import ctypes
import math
import os
from array import array
from typing import Any

import msgpack
from frames import tagged

from hq_core.batch import Batch, Schema
from hq_core.kinds import VERBS
from hq_core.roles import Stage
from hq_core.stages.signal import Signal
from hq_core.wire import Reader, Writer

SECOND = 1_000_000_000
CODES = {"i8": "q", "s4": "i", "f8": "d", "b1": "b"}
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
    """A stage that is fed by hand. What it wrote: `rows` by series key, and `maps` in order, without texts of codes."""

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
        self.series: dict[str, Schema] = {}  # what was announced
        self.parts: list[tuple[str, list[int]]] = []  # series and ts of each frame, as they came
        for kind, item in tagged(Reader(self.fd)):
            if kind == "rows":
                columns = [
                    (name, item.words(name) if kind == "s4" else list(item.view(name)))
                    for name, kind in item.schema.cols
                ]
                self.parts.append((item.schema.key, list(item.view("ts"))))
                found = self.rows.setdefault(item.schema.key, [])
                found += [{name: column[i] for name, column in columns} for i in range(item.n)]
            elif isinstance(item, Schema):
                self.series[item.key] = item
            elif kind not in ("head", "end", "schema", "idle") and not _of_texts(item):
                self.maps.append(item if isinstance(item, dict) else {"kind": kind, "ts": item})
        os.close(self.fd)
        return self

    def column(self, name: str, key: str = "bar/X/15m") -> list[float]:
        """A column; of a verb, also of STRATEGY.VERB, what is ordered at each row, nan where nothing is."""
        strategy, _, verb = name.rpartition(".")
        if verb not in VERBS:
            return [row[name] for row in self.rows[key]]
        found = {}
        for one in self.orders(key.removeprefix("bar/")):
            if strategy in ("", one["strategy"]) and verb == f"{one['action']}_{one['side']}":
                assert one["ts"] not in found, "a verb is ordered once a row"
                found[one["ts"]] = one["quantity"]
        closed = [row["complete"] != 0 for row in self.rows[key]]
        return [found.get(row["ts"], math.nan) if whole else math.nan for row, whole in zip(self.rows[key], closed)]

    def orders(self, of: str = "X/15m") -> list[dict[str, Any]]:
        """The orders beside a series, codes as words."""
        return [
            {**row, "side": "long" if row["side"] > 0 else "short", "action": ("open", "close")[row["action"]]}
            for row in self.rows.get(f"order/{of}", [])
        ]

    def meta(self, of: str = "X/15m") -> list[dict[str, Any]]:
        """META of each rule that ordered something, with the row's ts."""
        found: dict[tuple[Any, ...], dict[str, Any]] = {}
        for row in self.orders(of):
            told = {key.partition(".")[2]: value for key, value in row.items() if key.startswith("meta.")}
            found[row["ts"], row["strategy"], row["rule"]] = {"ts": row["ts"], **told}
        return list(found.values())


def _of_texts(item: Any) -> bool:
    return isinstance(item, dict) and item["kind"] == "strings"


def bits(values: list[float]) -> list[int]:
    """Values by their bits, so that nan equals nan."""
    return [ctypes.c_uint64.from_buffer(ctypes.c_double(value)).value for value in values]
