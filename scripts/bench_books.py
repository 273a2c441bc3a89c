"""Books: what an event costs in process and through the filter, beside hftbacktest's depths on the same events.

The events are those of a market made here from a seed: a snapshot of 500 levels a side, then updates near the touch and
trades at it, each with the update that it causes.  hftbacktest keeps an exchange's book and a local one, and knows no
book alone, so that its time is that of both; its array of a range is told the range, ours finds it.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from array import array
from math import log
from pathlib import Path

from bench_runs import FIGURES, ROOT, has, in_turns, left_out, median, medians, peak_mib, serve

BOTH, BUY, SELL = 3 << 30, 1 << 29, 1 << 28
START = 1_700_000_000_000_000_000
TICKS, LOTS = 10.0, 1000.0  # a tick is 0.1, a lot 0.001
DEPTH = "hftbacktest 2.4.4"


def market(n: int, seed: int = 1) -> list[tuple[int, int, int, int]]:
    """ts, flags, tick and lots of n events."""
    rng = random.Random(seed)
    bid, ask = 500_000, 500_001  # the best, in ticks
    sides: tuple[dict[int, int], dict[int, int]] = {}, {}
    found: list[tuple[int, int, int, int]] = []
    ts = START

    def say(side: int, tick: int, lots: int, kind: int = 1) -> None:
        found.append((ts, BOTH | (SELL if side else BUY) | kind, tick, lots))
        if kind == 1 and lots:
            sides[side][tick] = lots
        elif kind == 1:
            sides[side].pop(tick, None)

    def some(mean: float) -> int:
        return 1 + int(-log(1.0 - rng.random()) * mean)

    for k in range(500):
        say(0, bid - k, some(800))
        say(1, ask + k, some(800))
    while len(found) < n:
        ts += 1_000_000 * some(9) if rng.random() < 0.5 else 0  # bursts share an instant
        side = rng.random() < 0.5
        best = ask if side else bid
        if rng.random() < 0.1:
            taken = min(sides[side][best], some(250))
            found.append((ts, BOTH | (BUY if side else SELL) | 2, best, taken))
            say(side, best, sides[side][best] - taken)
        elif ask - bid > 1 and rng.random() < 0.6:
            say(side, ask - 1 if side else bid + 1, some(800))
        else:
            away = some(12) - 1
            say(side, best + away if side else best - away, 0 if rng.random() < 0.25 else some(800))
        ask -= ask - 1 in sides[1]
        bid += bid + 1 in sides[0]
        while ask not in sides[1]:
            ask += 1
        while bid not in sides[0]:
            bid -= 1
    return found[:n]


def written(folder: Path, n: int) -> Path:
    """The events as hq-frames, and as hftbacktest has them beside."""
    from hq_core.batch import Batch, Schema
    from hq_core.kinds import BOOK
    from hq_core.wire import Writer

    rows = market(n)
    nothing = array("q", bytes(8 * n))
    ts, ev = array("q", (row[0] for row in rows)), array("q", (row[1] for row in rows))
    px = array("d", (row[2] / TICKS for row in rows))
    qty = array("d", (row[3] / LOTS for row in rows))
    columns = [ts, ev, ts, px, qty, nothing, nothing, nothing]
    path = folder / "book.hqf"
    with path.open("wb") as file:
        out = Writer(file.fileno())
        out.head([], {})
        whole = Batch(Schema("book", "BTCUSDT", "", BOOK.cols), n, [one.buffer_info()[0] for one in columns], columns)
        for start in range(0, n, 65_536):
            out.copy(whole.slice(start, min(n, start + 65_536)))
            out.flush()
        out.end({})
        out.flush()
    return path


def ours(path: str) -> None:
    """Be the worker that runs the book pass over the events, in process."""
    from hq_core.batch import Batch
    from hq_core.book.book import Book
    from hq_core.book.intake import Intake
    from hq_core.book.run import PIECE, Run
    from hq_core.wire import Reader

    with open(path, "rb") as file:
        batches = [item.copied() for item in Reader(file.fileno()) if isinstance(item, Batch)]

    def once() -> dict[str, float]:
        intake, book = Intake("local", (1, 10)), Book((1, 1000))
        run = Run(book)
        started = time.process_time()
        for batch in batches:
            taken = intake.take(batch)
            for start in range(0, taken.n, PIECE):
                run.run(taken, start, min(PIECE, taken.n - start))
        return {"seconds": time.process_time() - started}

    once()
    serve(once)


PEER = """
import json, sys, time
import numpy as np
from hftbacktest import BacktestAsset, HashMapMarketDepthBacktest, ROIVectorMarketDepthBacktest
from numba import njit

which, data = sys.argv[1], np.load(sys.argv[2])["data"]

def engine():
    asset = BacktestAsset().data(data).linear_asset(1.0).constant_order_latency(0, 0).risk_adverse_queue_model()
    asset = asset.no_partial_fill_exchange().trading_value_fee_model(0.0, 0.0).tick_size(0.1).lot_size(0.001)
    if which == "hash":
        return HashMapMarketDepthBacktest([asset])
    low, high = data["px"].min() - 100, data["px"].max() + 100
    return ROIVectorMarketDepthBacktest([asset.roi_lb(low).roi_ub(high)])

@njit
def run(hbt):
    told = 0
    while hbt.wait_next_feed(False, 1_000_000_000_000) == 2:
        depth = hbt.depth(0)
        told += depth.best_bid_tick + depth.best_ask_tick
    hbt.close()
    return told

def once():
    hbt = engine()
    started = time.process_time()
    run(hbt)
    return {"seconds": time.process_time() - started}

once()
print("ready", flush=True)
for _ in sys.stdin:
    print(json.dumps(once()), flush=True)
"""


def books(folder: Path, given: argparse.Namespace) -> list[str]:
    """Books of the same events, in process and through the filter."""
    n = given.events
    path = written(folder, n)
    workers = {"hq, the book pass": [sys.executable, str(Path(__file__)), str(path)]}
    beside = has(given.peers, "hftbacktest")
    if beside:
        medians(["hq-export hftbacktest -o events.npz < book.hqf"], folder, 1)
        (folder / "peer.py").write_text(PEER)
        for which, name in (("roi", "an array of a range"), ("hash", "a hash map")):
            workers[f"{DEPTH}, {name}"] = [given.peers, str(folder / "peer.py"), which, str(folder / "events.npz")]
    told = in_turns(workers, given.repeat)
    times = {name: median(rounds) for name, rounds in told.items()}
    lines = {
        "hq-book": "hq-book --tick 0.1 --lot 0.001 < book.hqf > /dev/null",
        "hq-book --emit depth:10": "hq-book --tick 0.1 --lot 0.001 --emit depth:10 < book.hqf > /dev/null",
    }
    filters = dict(zip(lines, medians(list(lines.values()), folder, given.repeat)))
    FIGURES["the book pass"] = times["hq, the book pass"]
    FIGURES.update(filters)
    peak = peak_mib(["hq-book", "--tick", "0.1", "--lot", "0.001"], path)
    return [
        "## Books",
        "",
        f"{n:,} events of one symbol; in process seconds of the processor, best bid and ask read at each event; the"
        f" filters are whole processes, start included, with a peak of {peak:.0f} MiB.",
        "",
        *left_out([] if beside else ["hftbacktest"]),
        "| | s | events/s | ns an event |",
        "|---|---|---|---|",
        *(
            f"| {name} | {spent:.3f} | {n / spent:,.0f} | {1e9 * spent / n:.1f} |"
            for name, spent in {**times, **filters}.items()
        ),
    ]


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "core"))
    ours(sys.argv[1])
