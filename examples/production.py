"""A loop as it runs in production: a bar at a time, a strategy on two periods and stores of vectors, and the account.

It trades at the close that decided, at the price that is there, and asks at the end what it came to.  Files of bars and
of vectors are made and traded so:

    hq-gen bars --rows 9000 --seed 2 --period 15m > 15m.hqf
    hq-aggregate 4h < 15m.hqf | hq-vector build --threshold 0.001 > 4h_BTC.hqf
    hq-vector build --threshold 0.001 < 15m.hqf > 15m_BTC.hqf
    python examples/production.py 15m.hqf 4h_BTC.hqf 15m_BTC.hqf

As one pipeline, with the same result to the bit:

    hq-aggregate 15m:4h < 15m.hqf | hq-signal --store 4h_BTC=4h_BTC.hqf --store 15m_BTC=15m_BTC.hqf \
        examples/vectors_periods.hq | hq-backtest --fill close --size 100 --size-unit quote --json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from hq_core import Backtest, Batch, HQuant, read

STRATEGY = Path(__file__).with_name("vectors_periods.hq")
QUANTITY = 100  # a number says nothing without its unit: here it is quote, the notional of an order


def history(path):
    """Bars as an exchange's feed tells them, one after the other."""
    for item in read(path):
        if isinstance(item, Batch):
            columns = {name: item.view(name) for name in ("ts", "open_time", "open", "high", "low", "close", "volume")}
            for row in zip(*columns.values()):
                yield dict(zip(columns, row))


def trade(bars, stores):
    """The account after all bars.  stores: files of vectors, by the names that the strategy calls them by."""
    hq = HQuant(capacity=1000, bar="15m", period="4h", symbol="BTCUSDT")
    for name, path in stores.items():
        hq.load_store(name, path)
    hq.add_strategy("vectors_periods", STRATEGY.read_text())
    account = Backtest(
        initial_margin=1000,
        leverage=10,
        contract_size=1,
        maker_fee_rate=0.00044,
        taker_fee_rate=0.00044,
        size_unit="quote",
        size=str(QUANTITY),
        symbol="BTCUSDT",
        period="15m",
    )
    for bar in bars:
        hq.push_kline(bar)
        close = bar["close"]
        account.mark(bar["ts"], bar["high"], bar["low"], close, bar["open"], volume=bar["volume"])
        for signal in hq.poll_signals():
            # what is held against it is closed first: its margin is then free for what is opened
            if signal["action"] == "BUY":
                account.sell_short(close)
                account.open_long(close, QUANTITY)
            else:
                account.sell_long(close)
                account.buy_short(close, QUANTITY)
    return account


def main(bars, coarse, fine):
    account = trade(history(bars), {"4h_BTC": coarse, "15m_BTC": fine})
    result = account.backtest_result()
    print(json.dumps(result))
    for node in result["liquidations"]:
        print("liquidated", node["side"], "in bar", node["row"], "at", node["price"], file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
