"""What hftbacktest's market depth makes of events, one after the other: writes hftbacktest.json beside this file.

    ENVIRONMENT/bin/python tests/oracles/make_hftbacktest.py [CAPTURE.npz]        pip install hftbacktest==2.4.4

Its engine shows a depth when all events of one instant are done, so each event is given an instant of its own.  Best
ticks are kept as a digest, of outside_events.py every thousandth as it is too.  The capture is the one that tests read
beside the checkout; without it what the file has of it stays.  What is best behind a CLEAR is left out: 2.4.4 begins
to look for it one tick too far (depth_below of clear_upto - 1), until the next event of that side.
"""

from __future__ import annotations

import json
import sys
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from hftbacktest import BacktestAsset, HashMapMarketDepthBacktest, event_dtype
from numba import njit  # noqa: TID251  in its environment, not in ours
from outside_events import made

FILE = Path(__file__).with_suffix("").with_name("hftbacktest.json")
LOCAL, BOTH, CLEAR = 1 << 30, 3 << 30, 3
TICK, LOT = 0.1, 0.001


@njit
def followed(hbt, bids, asks):  # type: ignore[no-untyped-def]
    n = 0
    while hbt.wait_next_feed(False, 1_000_000_000_000) == 2:
        depth = hbt.depth(0)
        bids[n], asks[n] = depth.best_bid_tick, depth.best_ask_tick
        n += 1
    hbt.close()
    return n


def told(data: np.ndarray) -> dict[str, Any]:
    events = np.concatenate([data, data[-1:]])  # behind the last one it shows no depth any more
    events["ev"] |= BOTH
    events["exch_ts"] = events["local_ts"] = 1_700_000_000_000_000_000 + 1_000 * np.arange(1, len(events) + 1)
    asset = BacktestAsset().data(events).linear_asset(1.0).constant_order_latency(0, 0).risk_adverse_queue_model()
    asset = asset.no_partial_fill_exchange().trading_value_fee_model(0.0, 0.0).tick_size(TICK).lot_size(LOT)
    bids, asks = np.zeros(len(events), np.int64), np.zeros(len(events), np.int64)
    n = followed(HashMapMarketDepthBacktest([asset]), bids, asks)
    if n != len(data):
        raise SystemExit(f"{n} events of {len(data)}")
    asked = data["ev"] & 0xFF != CLEAR
    digest = blake2b(bids[:n][asked].tobytes() + asks[:n][asked].tobytes(), digest_size=16).hexdigest()
    shown = [[int(bids[i]), int(asks[i])] for i in range(0, n, 1000)]
    return {"events": n, "digest": digest, "every 1000th": shown}


def main() -> None:
    found = json.loads(FILE.read_text()) if FILE.exists() else {}
    rows = made()
    events = np.zeros(len(rows), event_dtype)
    events["ev"], ticks, lots = np.array(rows, np.uint64).T
    events["px"], events["qty"] = ticks.astype(np.int64) / 10.0, lots.astype(np.int64) / 1000.0
    found |= {"hftbacktest": version("hftbacktest"), "made": told(events)}
    if sys.argv[1:]:
        data = np.load(sys.argv[1])["data"]
        here = data[data["ev"] & LOCAL != 0]
        found["capture"] = told(here[np.argsort(here["local_ts"], kind="stable")])
        del found["capture"]["every 1000th"]
    FILE.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
