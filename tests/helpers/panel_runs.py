"""Panels for tests: made of random series, cut anew, and sent through stages as a flow sends them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from frames import frames, items
from inputs import descriptor

from hq_core.batch import Batch, Schema
from hq_core.flow import Flow, State
from hq_core.places import Opened
from hq_core.roles import End, Head, Map, Mark, Stage
from hq_core.stages.merge import Merged
from hq_core.stream.handover import split
from hq_core.wire import Reader, Writer

MINUTE = 60 * 10**9
START = 1_600_000_020 * 10**9
BAR = (("ts", "i8"), ("open_time", "i8"), *((name, "f8") for name in ("open", "high", "low", "close", "volume")))


def bars(symbol: str, closes: dict[int, float], period: str = "1m", step: int = MINUTE) -> bytes:
    """One series; `closes`: by the number of the bar, which may leave some out."""
    rows = [
        (START + step * (at + 1), START + step * at, close, close + 1, close - 1, close, 1.0 + at % 3)
        for at, close in sorted(closes.items())
    ]
    return frames((Schema("bar", symbol, period, BAR), rows))


def merged(*streams: bytes, series: bool = False) -> bytes:
    """What hq-merge makes of them."""
    fds = [descriptor(stream) for stream in streams]
    try:
        return run(Stage(), Merged([Opened(f"in{i}", Reader(fd), fd) for i, fd in enumerate(fds)], series))
    finally:
        for fd in fds:
            os.close(fd)


def run(stage: Stage, source: Iterable[object], state: State | None = None) -> bytes:
    out = os.memfd_create("out")
    try:
        Flow(stage, "x", [], 0, out).run(source, state)  # type: ignore[arg-type]
        return os.pread(out, os.fstat(out).st_size, 0)
    finally:
        os.close(out)


def through(make: Callable[[], Stage], data: bytes, state: State | None = None) -> bytes:
    fd = descriptor(data)
    try:
        return run(make(), Reader(fd), state)
    finally:
        os.close(fd)


def recut(data: bytes, cuts: Iterable[int], mark: int | None = None) -> bytes:
    """The same stream in frames that end at these rows; with a mark before its end."""
    ends = sorted({cut for cut in cuts if cut > 0})
    fd, to = descriptor(data), os.memfd_create("cut")
    out, at = Writer(to), 0
    try:
        for item in Reader(fd):
            if isinstance(item, Head):
                out.head(item["made_by"], {})
            elif isinstance(item, Schema):
                out.series(item)
            elif isinstance(item, Mark):
                out.mark(item.ts)
            elif isinstance(item, End):
                if mark is not None:
                    out.mark(mark)
                out.end(item["dropped"], item.get("holes"))
            elif isinstance(item, Map):
                out.map(item)
            elif isinstance(item, Batch):
                start = 0
                for end in [*(end - at for end in ends if at < end < at + item.n), item.n]:
                    out.copy(item.slice(start, end))
                    out.flush()
                    start = end
                at += item.n
        out.flush()
        return os.pread(to, os.fstat(to).st_size, 0)
    finally:
        os.close(fd)
        os.close(to)


def said(data: bytes) -> tuple[dict[str, dict[str, bytes]], list[dict[str, object]]]:
    """The columns of each series, panels taken apart, and the maps by ts and series."""
    fd = descriptor(data)
    try:
        return said_by(Reader(fd))
    finally:
        os.close(fd)


def said_by(source: Iterable[object]) -> tuple[dict[str, dict[str, bytes]], list[dict[str, object]]]:
    """As `said`, of items."""
    rows: dict[str, dict[str, bytes]] = {}
    maps = []
    for item in split(source):  # type: ignore[arg-type]
        if isinstance(item, Batch):
            held = rows.setdefault(item.schema.key, dict.fromkeys(item.schema.names, b""))
            for name, kind in item.schema.cols:
                if kind in ("text", "s4"):
                    held[name] += "".join(map("{!r},".format, item.words(name))).encode()
                else:
                    held[name] += bytes(item.view(name).cast("B"))
        elif isinstance(item, Map) and item["kind"] not in ("section", "strings"):
            maps.append(dict(item))
    return rows, sorted(maps, key=repr)


def order(data: bytes, period: str = "1m", of: str = "bar") -> list[tuple[int, str]]:
    """(ts or what its rows lie by, symbol) of the rows of a panel of that kind, as they stand in the stream."""
    found = []
    for kind, item in items(data):
        if kind == "rows" and item.schema.panel and (item.schema.of, item.schema.period) == (of, period):
            found += zip(item.times().tolist(), item.words("symbol"))
    return found
