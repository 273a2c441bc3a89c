"""One made market as three venues would send it, a message a line behind its receive time in ns."""

from __future__ import annotations

import json
import random
from typing import NamedTuple

T0 = 1_790_000_000_000  # ms
LATENCY = 7_345_678  # ns
START = 900  # the number of the first book


class Step(NamedTuple):
    """What happens at one ms: `bids` and `asks` that changed, or a trade, or the best levels as they are then."""

    ms: int
    what: str
    bids: dict[int, int]
    asks: dict[int, int]
    book: tuple[dict[int, int], dict[int, int]]  # behind it


def market(seed: int, steps: int = 200) -> list[Step]:
    """Books of at most 20 levels a side, prices in ticks of 0.1, quantities in lots of 0.001; the first is whole."""
    say = random.Random(seed)
    mid = 1000
    bids = {mid - i: say.randrange(1, 5000) for i in range(1, 11)}
    asks = {mid + i: say.randrange(1, 5000) for i in range(1, 11)}
    ms = T0
    made = [Step(ms, "book", dict(bids), dict(asks), (dict(bids), dict(asks)))]
    for _ in range(steps):
        ms += say.choice((1, 3, 50, 400))
        what = say.choice(("change", "change", "trade", "best"))
        changes: tuple[dict[int, int], dict[int, int]] = ({}, {})
        if what == "change":
            for book, other, sign, change in ((bids, asks, -1, changes[0]), (asks, bids, 1, changes[1])):
                for _ in range(say.randrange(4)):
                    edge = min(other) if sign < 0 else max(other)
                    tick = edge + sign * say.randrange(1, 16)
                    now = say.choice((0, say.randrange(1, 5000)))
                    if book.get(tick, 0) == now or (now == 0 and len(book) == 1) or (now and len(book) == 20):
                        continue
                    if tick in change:
                        continue
                    change[tick] = now
                    book[tick] = now
                    if not now:
                        del book[tick]
            if not any(changes):
                continue
        made.append(Step(ms, what, *changes, (dict(bids), dict(asks))))
    return made


def price(tick: int) -> str:
    return f"{tick / 10:.1f}"


def qty(lots: int) -> str:
    return f"{lots / 1000:.3f}"


def pairs(side: dict[int, int], best_first: int = 0) -> list[list[str]]:
    """Levels by rising price, or from the best one on: -1 of bids, 1 of asks."""
    return [[price(tick), qty(side[tick])] for tick in sorted(side, reverse=best_first < 0)]


def best(step: Step) -> tuple[str, str, str, str]:
    bids, asks = step.book
    return price(max(bids)), qty(bids[max(bids)]), price(min(asks)), qty(asks[min(asks)])


def lines(messages: list[tuple[int, dict]]) -> bytes:
    """Messages with their ms, as they were received."""
    return b"".join(b"%d %s\n" % (ms * 10**6 + LATENCY, json.dumps(one).encode()) for ms, one in messages)


def binance(steps: list[Step], symbol: str = "XUSDT") -> list[tuple[int, dict]]:
    made, last, trade = [], START, 0
    for step in steps:
        stream = {"s": symbol, "E": step.ms, "T": step.ms}
        if step.what == "book":
            bids, asks = pairs(step.bids, -1), pairs(step.asks, 1)
            one = {"lastUpdateId": last, "symbol": symbol, "E": step.ms, "T": step.ms, "bids": bids, "asks": asks}
        elif step.what == "change":
            number = last + 7
            one = {"e": "depthUpdate", **stream, "U": last + 3, "u": number, "pu": last}
            one |= {"b": pairs(step.bids), "a": pairs(step.asks)}
            last = number
        elif step.what == "best":
            bid, bid_qty, ask, ask_qty = best(step)
            one = {"e": "bookTicker", "u": step.ms, **stream, "b": bid, "B": bid_qty, "a": ask, "A": ask_qty}
        else:
            trade += 1
            side = trade % 2 == 0
            where = best(step)[0 if side else 2]
            one = {"e": "trade", **stream, "t": trade, "p": where, "q": "0.250", "X": "MARKET", "m": side}
        made.append((step.ms, one if step.what == "book" else {"stream": "x", "data": one}))
    return made


def bybit(steps: list[Step], symbol: str = "XUSDT") -> list[tuple[int, dict]]:
    made, last, trade = [], START, 0
    for step in steps:
        times = {"ts": step.ms, "cts": step.ms}
        if step.what in ("book", "change"):
            whole = step.what == "book"
            last += not whole
            sides = (pairs(step.bids, -whole), pairs(step.asks, whole))
            data = {"s": symbol, "b": sides[0], "a": sides[1], "u": last, "seq": 10 * last}
            one = {"topic": f"orderbook.50.{symbol}", "type": "snapshot" if whole else "delta", **times, "data": data}
        elif step.what == "best":
            bid, bid_qty, ask, ask_qty = best(step)
            data = {"s": symbol, "b": [[bid, bid_qty]], "a": [[ask, ask_qty]], "u": step.ms, "seq": step.ms}
            one = {"topic": f"orderbook.1.{symbol}", "type": "snapshot", **times, "data": data}
        else:
            trade += 1
            sold = trade % 2 == 0
            data = {"T": step.ms, "s": symbol, "S": "Sell" if sold else "Buy", "v": "0.250"}
            data |= {"p": best(step)[0 if sold else 2], "i": f"20f43950-d8dd-5b31-9112-{trade:012d}", "BT": False}
            one = {"topic": f"publicTrade.{symbol}", "type": "snapshot", "ts": step.ms, "data": [data]}
        made.append((step.ms, one))
    return made


def hyperliquid(steps: list[Step], coin: str = "XUSDT") -> list[tuple[int, dict]]:
    made, trade = [], 0
    for step in steps:
        if step.what in ("book", "change"):
            levels = [
                [{"px": px, "sz": sz, "n": 1} for px, sz in pairs(side, sign)] for side, sign in zip(step.book, (-1, 1))
            ]
            one = {"channel": "l2Book", "data": {"coin": coin, "time": step.ms, "levels": levels}}
        elif step.what == "best":
            bid, bid_qty, ask, ask_qty = best(step)
            sides = [{"px": bid, "sz": bid_qty, "n": 1}, {"px": ask, "sz": ask_qty, "n": 1}]
            one = {"channel": "bbo", "data": {"coin": coin, "time": step.ms, "bbo": sides}}
        else:
            trade += 1
            sold = trade % 2 == 0
            data = {"coin": coin, "side": "A" if sold else "B", "px": best(step)[0 if sold else 2], "sz": "0.25"}
            data |= {"time": step.ms, "hash": "0x00", "tid": 1000 + trade}
            one = {"channel": "trades", "data": [data]}
        made.append((step.ms, one))
    return made


MAKERS = {"binance": binance, "bybit": bybit, "hyperliquid": hyperliquid}
