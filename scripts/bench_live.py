#!/usr/bin/env python3
"""One row at a time: how long a filter takes from a row in its stdin to the rows in its stdout.

    scripts/bench_live.py                                   a table of all hops, and of six indicators in process
    scripts/bench_live.py --beside OTHER/.venv/bin          and of the same commands of another installation, in turns

A hop writes one row into a pipe and reads what comes out of another, some thousand times.  Beside them stands a filter
in Python that only reads and writes, in the same run: what is measured beyond it is hq's.
"""

from __future__ import annotations

import argparse
import os
import select
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
QUIET = 0.2  # seconds after which nothing more comes for a first row
BARE = "import os\nwhile data := os.read(0, 262144):\n    os.write(1, data)\n"
SIX = ("sma:20", "ema:20", "rsi:14", "macd", "bbands:20", "atr:14")
LIVE = f"""
import random, sys, time
from hq_core import Live
draw = random.Random(1).random
rows = [(100.0 + draw(), 99.0 - draw(), 99.0 + draw()) for _ in range(200_000)]
live = Live(*{SIX!r})
given = {{"high": 0, "low": 1, "close": 2}}
at = [given[name] for name in live.inputs]
rows = [tuple(row[i] for i in at) for row in rows]
push, best = live.push, []
for _ in range(7):
    since = time.process_time_ns()
    for row in rows:
        push(*row)
    took = time.process_time_ns() - since
    since = time.process_time_ns()
    for row in rows:
        pass
    best.append((took - (time.process_time_ns() - since)) / len(rows))
print(sorted(best)[3])
"""


class Hop(NamedTuple):
    """A filter's words, behind the folder of its command; without words the bare one."""

    name: str
    words: tuple[str, ...]


HOPS = (
    Hop("hq-indicators", ("hq-indicators", "rsi:14", "ema:20")),
    Hop("hq-signal", ("hq-signal", str(ROOT / "examples/rsi.hq"))),
    Hop("hq-backtest", ("hq-backtest",)),
)


class Filter:
    """A running filter."""

    def __init__(self, words: list[str]) -> None:
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.to, self.of = self.process.stdin.fileno(), self.process.stdout.fileno()
        self.times: list[int] = []
        self.busy = 0

    def begin(self, chunk: bytes) -> bytes:
        """What comes out for a first chunk, whose maps may be written before its row."""
        os.write(self.to, chunk)
        found = os.read(self.of, 1 << 20)
        while select.select([self.of], [], [], QUIET)[0]:
            found += os.read(self.of, 1 << 20)
        return found

    def hop(self, chunk: bytes) -> bytes:
        """What comes out for what goes in; ns in `times`."""
        since = time.perf_counter_ns()
        os.write(self.to, chunk)
        found = os.read(self.of, 1 << 20)
        self.times.append(time.perf_counter_ns() - since)
        return found

    def processor_ns(self) -> int:
        """Time on a processor so far, in user and system."""
        return int(Path(f"/proc/{self.process.pid}/schedstat").read_text().split()[0])

    def end(self, chunk: bytes) -> bytes:
        """What comes out for the last chunk and the end of the input."""
        os.write(self.to, chunk)
        return self.process.communicate()[0]


def bars(folder: str, rows: int) -> list[bytes]:
    """A stream of bars in chunks: the head and the schema with the first row, then one row each, then the end."""
    from hq_core.batch import Batch, Schema
    from hq_core.roles import Head
    from hq_core.wire import Reader, Writer

    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "b")
        words = [f"{folder}/hq-gen", "bars", "--rows", str(rows), "--seed", "1"]
        subprocess.run(words, stdout=path.open("wb"), check=True)
        fd, out = os.open(path, os.O_RDONLY), os.open(Path(name, "out"), os.O_RDWR | os.O_CREAT)
        writer, cuts = Writer(out), []
        for item in Reader(fd):
            if isinstance(item, Head):
                writer.head(item["made_by"], {})
            elif isinstance(item, Schema):
                writer.series(item)
            elif isinstance(item, Batch):
                for row in range(item.n):
                    writer.copy(item.slice(row, row + 1))
                    writer.flush()
                    cuts.append(writer.written)
        writer.end({})
        writer.flush()
        cuts.append(writer.written)
        data = Path(name, "out").read_bytes()
        os.close(fd), os.close(out)
    return [data[start:stop] for start, stop in zip([0, *cuts], cuts, strict=False)]


def measured(
    folders: list[str], chunks: list[bytes], warm: int, turn: int, line: tuple[Hop, ...]
) -> list[tuple[str, str, Filter]]:
    """Every hop of a line over the chunks; each hop's input is what the one before gave."""
    found: list[tuple[str, str, Filter]] = []
    for hop in line:
        running = [(hop.name, folder, Filter([f"{folder}/{hop.words[0]}", *hop.words[1:]])) for folder in folders]
        running.append(("bare Python", "", Filter([sys.executable, "-S", "-c", BARE])))
        outs = [[one.begin(chunks[0])] for _, _, one in running]
        for start in range(1, len(chunks) - 1, turn):
            for (_, _, one), out in zip(running, outs, strict=True):
                if start == 1 + warm:
                    one.times.clear()
                before = one.processor_ns()
                out += [one.hop(chunk) for chunk in chunks[start : min(start + turn, len(chunks) - 1)]]
                one.busy = one.busy * (start > 1 + warm) + one.processor_ns() - before
        for (_, _, one), out in zip(running, outs, strict=True):
            out.append(one.end(chunks[-1]))
        if len({b"".join(out) for out in outs[:-1]}) > 1:
            print(f"{hop.name}: the installations give other bytes", file=sys.stderr)
        found += running
        chunks = outs[0]
    return found


def live(folders: list[str], repeat: int) -> list[float]:
    """ns of a call of Live with six indicators, by each installation: the median of processes that take turns."""

    def once(folder: str) -> float:
        return float(subprocess.run([f"{folder}/python", "-c", LIVE], stdout=subprocess.PIPE, check=True).stdout)

    rounds = [[once(folder) for folder in folders] for _ in range(repeat)]
    return [statistics.median(times) for times in zip(*rounds, strict=True)]


class Figure(NamedTuple):
    """us of a filter, by the folder of its command; '' for the bare one.

    busy  time on a processor, in user and system, a row
    """

    name: str
    folder: str
    p50: float
    p99: float
    busy: float


def hops(folders: list[str], rows: int, turn: int, line: tuple[Hop, ...] = HOPS) -> list[Figure]:
    """Each hop of a line by each installation, and the bare one beside it, after a quarter of the rows."""
    found = []
    for name, folder, one in measured(folders, bars(folders[0], rows), rows // 4 // turn * turn, turn, line):
        cuts = statistics.quantiles(one.times, n=100)
        found.append(Figure(name, folder, cuts[49] / 1e3, cuts[98] / 1e3, one.busy / len(one.times) / 1e3))
    return found


def of_figures(figures: list[Figure]) -> list[str]:
    """A table of them; an installation beside the first one is named."""
    first = figures[0].folder
    lines = ["| | p50, us | p99, us | processor, us |", "|---|---|---|---|"]
    for one in figures:
        which = f" ({one.folder})" if one.folder not in (first, "") else ""
        lines.append(f"| {one.name}{which} | {one.p50:.1f} | {one.p99:.1f} | {one.busy:.1f} |")
    return lines


def table(figures: list[Figure], ns: list[float], rows: int) -> list[str]:
    lines = [
        "## One row live",
        "",
        f"A row into a filter's stdin, its rows out of the stdout; {rows * 3 // 4:,} rows one after the other.",
        "The filter in Python only reads and writes.",
        "",
        *of_figures(figures),
    ]
    each = " / ".join(f"{one:.0f}" for one in ns)
    return [*lines, "", f"`Live` with {', '.join(SIX)}, in process: {each} ns a bar."]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--turn", type=int, default=500, help="rows before the next filter has its turn")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--beside", default="", help="the bin folder of another installation")
    given = parser.parse_args()
    folders = [str(Path(sys.executable).parent), *([given.beside] if given.beside else [])]
    figures = hops(folders, given.rows, given.turn)
    print("\n".join(table(figures, live(folders, given.repeat), given.rows)))


if __name__ == "__main__":
    main()
