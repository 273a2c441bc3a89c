"""What scripts/bench measures of each indicator: beside TA-Lib's C over many bars, and one bar at a time."""

from __future__ import annotations

import math
import random
import statistics
import time
from array import array
from typing import TYPE_CHECKING, Any

from hq_core import registry
from hq_core.graph import Graph
from hq_core.jit import ArgumentBlock, engine, load

if TYPE_CHECKING:
    import argparse


def generated(n: int) -> dict[str, Any]:
    """Bars of a walk as float64 arrays, with the columns that some indicators read besides."""
    rng = random.Random(1)
    close = array("d", [0.0]) * n
    price = 100.0
    for i in range(n):
        price = max(price + rng.gauss(0, 0.1), 1.0)
        close[i] = price
    opening = array("d", [100.0, *close[:-1]])
    volume = array("d", (rng.random() for _ in range(n)))
    return {
        "open": opening,
        "close": close,
        "volume": volume,
        "high": array("d", (max(x, y) + 0.1 * rng.random() for x, y in zip(opening, close, strict=True))),
        "low": array("d", (min(x, y) - 0.1 * rng.random() for x, y in zip(opening, close, strict=True))),
        "buy_volume": array("d", (0.5 * x for x in volume)),
        "ts": array("d", (1_735_689_600e9 + 60e9 * (i + 1) for i in range(n))),
        "periods": array("d", (2.0 + i % 29 for i in range(n))),
    }


def batch_ns(name: str, columns: dict[str, Any], repeat: int) -> float:
    """Nanoseconds a bar of an indicator in a graph of its own, over all rows in one call."""
    n = len(columns["close"])
    times = []
    for _ in range(repeat):
        graph = Graph()
        graph.compile(graph.indicator(name))
        outs = [array("d", [0.0]) * n for _ in registry.load(name).outputs]
        given = {key: columns[key].buffer_info()[0] for key in graph.sources}
        started = time.perf_counter()
        graph.run(given, n, [out.buffer_info()[0] for out in outs])
        times.append(time.perf_counter() - started)
    return 1e9 * statistics.median(times) / n


def live_ns(name: str, columns: dict[str, Any], rows: int = 512, rounds: int = 20) -> float:
    """Nanoseconds an update: batches of one row, one native call after the other, as a live feed gives them.

    The calls are laid out for `rows` successive rows beforehand, so that what is timed is the indicator and its call,
    not the filter around it, which costs the same whatever is computed.
    """
    graph = Graph()
    outs = graph.indicator(name)
    graph.compile(outs)
    made = [array("d", [0.0]) * rows for _ in outs]
    warm = [array("d", [0.0]) * len(columns["close"]) for _ in outs]
    given = {key: columns[key].buffer_info()[0] for key in graph.sources}
    graph.run(given, len(columns["close"]), [column.buffer_info()[0] for column in warm])
    graph.run(given, 1, [column.buffer_info()[0] for column in warm])  # lengths of 1 in the argument blocks
    plan, kept = array("q"), []
    home = graph.slots.buffer_info()[0]
    for row in range(rows):
        sources = {key: columns[key].buffer_info()[0] + 8 * row for key in graph.sources}
        graph.place(sources, 1, [column.buffer_info()[0] + 8 * row for column in made])
        kept.append(array("q", graph.slots))
        for entry, block in zip(graph.plan[::2], graph.plan[1::2], strict=True):
            plan.extend((entry, block - home + kept[-1].buffer_info()[0]))
    start = ArgumentBlock(engine)
    start.column("plan", plan.buffer_info()[0], len(plan))
    start.scalar("rows", 1)
    start.scalar("piece", 1)
    call = load(engine)
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        call(start.address)
        times.append(time.perf_counter() - started)
    return 1e9 * statistics.median(times) / rows


def talib_ns(name: str, columns: dict[str, Any], repeat: int) -> float:
    """The same of TA-Lib's function, or nan where there is none."""
    one = registry.load(name)
    try:
        import numpy
        import talib
    except ImportError:
        return math.nan
    if not one.talib:
        return math.nan
    function = getattr(talib, one.talib)
    arrays = [numpy.frombuffer(columns[key]) for key in one.inputs]
    times = []
    for _ in range(repeat):
        started = time.perf_counter()
        function(*arrays)
        times.append(time.perf_counter() - started)
    return 1e9 * statistics.median(times) / len(arrays[0])


def indicators(given: argparse.Namespace) -> list[str]:
    """Nanoseconds a bar inside the process, with default parameters, over one column after another."""
    n = given.bars
    columns = generated(n)
    rows, ratios = [], []
    for name in registry.names():
        ours, theirs = batch_ns(name, columns, given.repeat), talib_ns(name, columns, given.repeat)
        if theirs == theirs:
            ratios.append(ours / theirs)
        beside = f"{theirs:.2f} | {ours / theirs:.2f}" if theirs == theirs else " | "
        rows.append(f"| {name} | {ours:.2f} | {beside} | {live_ns(name, columns):.0f} |")
    median = "TA-Lib is not installed."
    if ratios:
        no_longer = sum(ratio <= 1.0 for ratio in ratios)
        median = (
            f"Of {len(ratios)} that TA-Lib has too the median takes {statistics.median(ratios):.2f} of its time,"
            f" {no_longer} take no longer."
        )
    return [
        "## Indicators",
        "",
        f"Nanoseconds a bar over {n:,} bars in one call, and nanoseconds an update of one bar a call, each with its",
        "default parameters. The update's time is that of the machine code and its call, without the filter around it.",
        "",
        median,
        "",
        "| | hq | TA-Lib | hq / TA-Lib | an update |",
        "|---|---|---|---|---|",
        *rows,
    ]
