"""Factors of books: what an event costs in process and through the filter, beside the same factors in a strategy of
hftbacktest on the same events, and what it costs as a window of time holds more trades.

hftbacktest gives a strategy all events of one instant together, so that it computes fewer rows than we write.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from bench_books import DEPTH, written
from bench_runs import FIGURES, ROOT, has, in_turns, left_out, median, medians, serve

SIX = ("mid", "spread", "micro", "imbalance:5", "ofi:1s", "vwap:1s")
TRADES = 45e6  # ns from one trade of the market to the next, about
HELD = (10, 100, 1_000, 10_000, 100_000)  # trades of a window


def ours(path: str, specs: list[str]) -> None:
    """Be the worker that computes factors of the events, in process."""
    from hq_core.batch import Batch, Schema
    from hq_core.jit import address_of
    from hq_core.stages.factors import Factors
    from hq_core.wire import Reader

    with open(path, "rb") as file:
        batches = [item.copied() for item in Reader(file.fileno()) if isinstance(item, Batch)]

    class Nowhere:
        """Takes rows and forgets them."""

        memory = bytearray(8)

        def series(self, schema: Schema) -> Schema:
            return schema

        def rows(self, series: Schema, n: int) -> list[int]:
            if len(self.memory) < series.blob(n):
                self.memory = bytearray(series.blob(n))
            return list(series.places(address_of(self.memory), n))

        def commit(self, series: Schema, n: int) -> None:
            pass

    def once() -> dict[str, float]:
        stage = Factors(*specs, tick="0.1", lot="0.001")
        stage.begin(Nowhere())  # type: ignore[arg-type]
        stage.schema(batches[0].schema)
        started = time.process_time()
        for batch in batches:
            stage.rows(batch)
        return {"seconds": time.process_time() - started}

    once()
    serve(once)


PEER = """
import json, sys, time
import numpy as np
from hftbacktest import BUY_EVENT, BacktestAsset, HashMapMarketDepthBacktest, ROIVectorMarketDepthBacktest
from numba import njit

which, data = sys.argv[1], np.load(sys.argv[2])["data"]
SECOND = 1_000_000_000

def engine():
    asset = BacktestAsset().data(data).linear_asset(1.0).constant_order_latency(0, 0).risk_adverse_queue_model()
    asset = asset.no_partial_fill_exchange().trading_value_fee_model(0.0, 0.0).tick_size(0.1).lot_size(0.001)
    asset = asset.last_trades_capacity(10_000)
    if which == "hash":
        return HashMapMarketDepthBacktest([asset])
    low, high = data["px"].min() - 100, data["px"].max() + 100
    return ROIVectorMarketDepthBacktest([asset.roi_lb(low).roi_ub(high)])

@njit
def run(hbt, out):
    when, signed, paid = np.empty(1 << 16, np.int64), np.empty(1 << 16), np.empty(1 << 16)
    first = last = rows = 0
    bought = sold = value = 0.0
    while hbt.wait_next_feed(False, 1_000_000_000_000) == 2:
        now = hbt.current_timestamp
        for trade in hbt.last_trades(0):
            k = last & 65535
            buys = trade.ev & BUY_EVENT == BUY_EVENT
            when[k], signed[k], paid[k] = trade.local_ts, trade.qty if buys else -trade.qty, trade.px * trade.qty
            bought += trade.qty if buys else 0.0
            sold += 0.0 if buys else trade.qty
            value += paid[k]
            last += 1
        hbt.clear_last_trades(0)
        while first < last and when[first & 65535] < now - SECOND:
            k = first & 65535
            bought -= max(signed[k], 0.0)
            sold -= max(-signed[k], 0.0)
            value -= paid[k]
            first += 1
        depth = hbt.depth(0)
        bid, ask = depth.best_bid, depth.best_ask
        bids = asks = 0.0
        for k in range(5):
            bids += depth.bid_qty_at_tick(depth.best_bid_tick - k)
            asks += depth.ask_qty_at_tick(depth.best_ask_tick + k)
        near, far = depth.best_bid_qty, depth.best_ask_qty
        volume = bought + sold
        out[rows, 0] = (bid + ask) / 2.0
        out[rows, 1] = ask - bid
        out[rows, 2] = (bid * far + ask * near) / (near + far)
        out[rows, 3] = (bids - asks) / (bids + asks)
        out[rows, 4] = (bought - sold) / volume if last - first >= 10 else np.nan
        out[rows, 5] = value / volume if last - first >= 5 else np.nan
        rows += 1
    hbt.close()
    return rows

out = np.empty((len(data), 6))

def once():
    hbt = engine()
    started = time.process_time()
    run(hbt, out)
    return {"seconds": time.process_time() - started}

once()
print("ready", flush=True)
for _ in sys.stdin:
    print(json.dumps(once()), flush=True)
"""


def factors(folder: Path, given: argparse.Namespace) -> list[str]:
    """Six factors of the same events, in process and through the filter; then windows that hold more and more."""
    n, me = given.events, [sys.executable, str(Path(__file__))]
    path = written(folder, n)
    workers = {"hq, six factors at every event": [*me, str(path), *SIX]}
    beside = has(given.peers, "hftbacktest")
    if beside:
        medians(["hq-export hftbacktest -o events.npz < book.hqf"], folder, 1)
        (folder / "peer.py").write_text(PEER)
        for which, name in (("roi", "an array of a range"), ("hash", "a hash map")):
            workers[f"{DEPTH}, {name}"] = [given.peers, str(folder / "peer.py"), which, str(folder / "events.npz")]
    times = {name: median(rounds) for name, rounds in in_turns(workers, given.repeat).items()}
    line = f"hq-factors --tick 0.1 --lot 0.001 {' '.join(SIX)} < book.hqf > /dev/null"
    times["hq-factors"] = medians([line], folder, given.repeat)[0]
    FIGURES["six factors"] = times["hq, six factors at every event"]
    FIGURES["hq-factors"] = times["hq-factors"]
    windows = {held: f"{int(held * TRADES)}ns" for held in HELD}
    alone = {str(held): [*me, str(path), f"tfi:{long}", f"vwap:{long}"] for held, long in windows.items()}
    curve = {held: median(rounds) for held, rounds in in_turns(alone, given.repeat).items()}
    return [
        "## Factors",
        "",
        f"{n:,} events of one symbol: {', '.join(SIX)}. In process seconds of the processor, each after a run before;"
        " hq-factors is a whole process, start included.",
        "",
        *left_out([] if beside else ["hftbacktest"]),
        "| | s | events/s | ns an event |",
        "|---|---|---|---|",
        *(f"| {name} | {spent:.3f} | {n / spent:,.0f} | {1e9 * spent / n:.1f} |" for name, spent in times.items()),
        "",
        "Trade flow imbalance and VWAP alone, as their window holds more trades:",
        "",
        "| trades in the window, about | ns an event |",
        "|---|---|",
        *(f"| {int(held):,} | {1e9 * spent / n:.1f} |" for held, spent in curve.items()),
    ]


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "core"))
    ours(sys.argv[1], sys.argv[2:])
