"""hq's factors inside a strategy of hftbacktest: the kernels of hq-factors, called in its compiled loop.

    pip install 'hq[hftbacktest]'
    python examples/hftbacktest_strategy.py events.npz > values.csv

events.npz is a feed of hftbacktest, such as hq-export hftbacktest writes.  The strategy buys where both imbalances lean
up and sells where they lean down; for every step of the backtest a line says what the factors were.
"""

from __future__ import annotations

import sys

import numpy as np
from hftbacktest import GTC, LIMIT, BacktestAsset, HashMapMarketDepthBacktest
from numba import njit  # noqa: TID251 - it is hftbacktest's loop

from hq_core.batch import Batch, Schema
from hq_core.factoring.inside import COLUMNS, Inside
from hq_core.kinds import BOOK

TICK, LOT = "0.1", "0.001"
FACTORS = ["mid", "spread", "micro", "imbalance:5", "tfi:1s", "vwap:1s"]
FEED = 2  # what wait_next_feed gives where a message has come
RECEIVED = 1 << 30  # LOCAL_EVENT


@njit
def strategy(hbt, call, address, row, prices, values, ts, exch_ts, px, code, side, tick, qty, order, out, times):
    """Steps of the backtest and orders sent; out and times have what the factors were at each step.

    row and prices are one memory, as whole numbers and as float64: what the kernels read.
    """
    steps = 0
    at = 0
    asked = 0
    while hbt.wait_next_feed(False, 1_000_000_000_000) == FEED:
        now = hbt.current_timestamp
        while at < len(ts) and ts[at] <= now:
            row[0], row[1], prices[2] = ts[at], exch_ts[at], px[at]
            row[3], row[4], row[5], prices[6], row[7] = code[at], side[at], tick[at], qty[at], order[at]
            call(address)
            at += 1
        times[steps] = now
        out[steps] = values
        steps += 1
        mid, spread, imbalance, flow = values[0], values[1], values[4], values[5]
        hbt.clear_inactive_orders(0)
        if hbt.position(0) <= 0 and imbalance > 0.3 and flow > 0.3 and len(hbt.orders(0)) == 0:
            asked += 1
            hbt.submit_buy_order(0, asked, mid - spread / 2, 0.001, GTC, LIMIT, False)
        if hbt.position(0) >= 0 and imbalance < -0.3 and flow < -0.3 and len(hbt.orders(0)) == 0:
            asked += 1
            hbt.submit_sell_order(0, asked, mid + spread / 2, 0.001, GTC, LIMIT, False)
    return steps, asked


def main(path: str) -> None:
    data = np.load(path)["data"]
    asset = (
        BacktestAsset().data(data).linear_asset(1.0).constant_order_latency(1_000_000, 1_000_000)
        .risk_adverse_queue_model().no_partial_fill_exchange().trading_value_fee_model(0.0002, 0.0005)
        .tick_size(float(TICK)).lot_size(float(LOT))
    )  # fmt: skip
    known = data[data["ev"] & RECEIVED != 0]
    known = known[np.argsort(known["local_ts"], kind="stable")]
    theirs = {"ts": "local_ts"}
    columns = [
        np.ascontiguousarray(known[theirs.get(name, name)]).view(np.float64 if kind == "f8" else np.int64)
        for name, kind in BOOK.cols
    ]
    factors = Inside(FACTORS, TICK, LOT, len(known))
    schema = Schema("book", "", "", BOOK.cols)
    taken = factors.taken(Batch(schema, len(known), [one.ctypes.data for one in columns], columns))
    row = np.frombuffer(factors.row, np.int64)
    values = np.frombuffer(factors.values)
    out, times = np.empty((len(known) + 1, len(factors.names))), np.empty(len(known) + 1, np.int64)
    hbt = HashMapMarketDepthBacktest([asset])
    steps, asked = strategy(
        hbt, factors.call, factors.address, row, row.view(np.float64), values,
        *(np.frombuffer(taken[name], taken[name].typecode) for name in COLUMNS), out, times,
    )  # fmt: skip
    hbt.close()
    print(f"{steps} steps, {asked} orders", file=sys.stderr)
    print("ts_ns", *factors.names, sep=",")
    for ts, line in zip(times[:steps].tolist(), out[:steps].tolist()):
        print(ts, *line, sep=",")


if __name__ == "__main__":
    main(sys.argv[1])
