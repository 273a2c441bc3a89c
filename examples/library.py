"""hq in a program: bars in, indicators as views, a strategy polled, its orders run through a futures account."""

import random

from hq_core import Aggregator, Backtest, HQuant

STRATEGY = """
ema20 = EMA(close, period=20)
IF RSI(14) < 30 AND close < ema20 AND close@4h > 0 THEN BUY(META(why="oversold", hours=close@4h))
IF RSI(14) > 70 THEN SELL()
"""


def history(bars, seed=1):
    """A seeded random walk of 15-minute bars; open_time in ms."""
    rng = random.Random(seed)
    price = 100.0
    for i in range(bars):
        open_, price = price, round(price * (1 + rng.gauss(0, 0.004)), 2)
        yield {
            "open_time": 1_699_977_600_000 + i * 900_000,
            "open": open_,
            "high": round(max(open_, price) + 0.1, 2),
            "low": round(min(open_, price) - 0.1, 2),
            "close": price,
            "volume": round(rng.random() * 10, 3),
        }


def main():
    hq = HQuant(capacity=1000, bar="15m", period=["4h"], time_unit="ms")
    rsi = hq.add_indicator({"type": "rsi", "period": 14})
    macd = hq.add_indicator({"type": "macd", "fast": 12, "slow": 26, "signal": 9})
    hq.add_strategy("reversal", STRATEGY)
    account = Backtest(initial_margin=1000, leverage=10, contract_size=1, maker_fee_rate=0.0002, taker_fee_rate=0.0004)
    days = Aggregator("1d", source="15m", time_unit="ms")

    for bar in history(2000):
        hq.push_kline(bar)
        days.push_kline(bar)
        close = bar["close"]
        account.mark((bar["open_time"] + 900_000) * 1_000_000, bar["high"], bar["low"], close, bar["open"])
        for signal in hq.poll_signals():
            if signal["action"] == "BUY":
                account.close_short(close)
                account.open_long(close, 5)
            else:
                account.close_long(close)
                account.open_short(close, 5)

    print("last close", hq.close[-1], "of", len(hq.close), "bars held")
    print("rsi", round(rsi[-1], 4), "macd histogram", round(macd["hist"][-1], 6))
    print("last 4h closes", hq["4h"].columns["close"].view(3).tolist())
    closed = [event["candle"]["close"] for event in days.poll_events() if event["kind"] == "KlineClosed"]
    print("days", len(closed), "the last one closed at", closed[-1])
    result = account.backtest_result()
    print("equity", round(account.equity, 4), "round trips", result["trades"], "liquidated", result["liquidated"])


if __name__ == "__main__":
    main()
