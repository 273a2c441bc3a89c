"""Hyperliquid: l2Book, trades and bbo.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/websocket: l2Book is the whole book, up to 20 levels
a side, and has no number.  The first is a snapshot; of each later one the levels that changed are rows, as other
venues send them: a level that has left the 20 is gone, for the venue says no more of it.
"""

from __future__ import annotations

from typing import Any

from hq_core.formats.venues.chain import REPEATED
from hq_core.formats.venues.lines import Odd
from hq_core.formats.venues.venue import TRADES_REPEATED, Venue, ns_of, whole

SIDES = {"B": True, "A": False}  # of a trade: who took


class Hyperliquid(Venue):
    """Messages by their channel."""

    NAME = "hyperliquid"
    SHAPE = {
        **Venue.SHAPE,
        "books": {str: (int, [(str, str)], [(str, str)])},
        "bests": {str: int},
        "first": {str: int},
        "traded": {str: int},
    }

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._books: dict[str, tuple[int, Side, Side]] = {}  # time of the last book, and its sides
        self._bests: dict[str, int] = {}  # time of the last bbo
        self._first: dict[str, int] = {}  # the exchange's time of the first message of a coin
        self._traded: dict[str, int] = {}  # time of the newest trade

    def take(self, message: Any, received: int, symbol: str) -> None:
        channel = message.get("channel")
        if channel == "l2Book" and self.depth:
            self._book(message["data"], received)
        elif channel == "trades" and self.trade:
            self._trades(message["data"], received)
        elif channel == "bbo" and self.bbo:
            self._best(message["data"], received)
        else:
            self.rows.pass_by(f"{channel or message.get('method') or 'others':.40}")

    def _book(self, data: dict[str, Any], received: int) -> None:
        coin = data["coin"]
        if not self.meant(coin):
            return
        exch = ns_of(data["time"], "time")
        sides = data["levels"]
        if len(sides) != 2:
            raise Odd(f"levels has {len(sides)} sides, must have 2")
        bids, asks = (_side(one) for one in sides)
        before = self._books.get(coin)
        if before is not None and exch <= before[0]:
            self.rows.pass_by(REPEATED)
            return
        ts = self.at(received, exch)
        self._first.setdefault(coin, exch)
        self._books[coin] = exch, bids, asks
        if before is None:
            best_first = sorted(bids.values(), key=_price, reverse=True), sorted(asks.values(), key=_price)
            self.rows.snapshot(coin, ts, exch, *best_first, deep=False)
        else:
            self.rows.depth(coin, ts, exch, _changes(before[1], bids), _changes(before[2], asks))

    def _best(self, data: dict[str, Any], received: int) -> None:
        coin = data["coin"]
        if not self.meant(coin):
            return
        exch = ns_of(data["time"], "time")
        if exch < self._bests.get(coin, 0):
            self.rows.pass_by("bbo that is older")
            return
        sides = data["bbo"]
        if len(sides) != 2:  # which of the two it is, is not told
            self.rows.pass_by(f"bbo of {len(sides)} sides")
            return
        self._bests[coin] = exch
        ts = self.at(received, exch)
        self._first.setdefault(coin, exch)
        bid, ask = ((None, None) if one is None else (one["px"], one["sz"]) for one in sides)
        self.rows.best(coin, ts, exch, (*bid, *ask))

    def _trades(self, trades: list[dict[str, Any]], received: int) -> None:
        if not trades:
            return
        newest = max(ns_of(one["time"], "time") for one in trades)
        ts = self.at(received, newest)
        for trade in trades:
            coin, exch = trade["coin"], ns_of(trade["time"], "time")
            if not self.meant(coin):
                continue
            side = trade["side"]
            if side not in SIDES:
                raise Odd(f"side is {side!r:.40}, must be B or A")
            if self.recent(coin).again(f"{exch} {whole(trade['tid'], 'tid')}"):
                self.rows.pass_by(TRADES_REPEATED)
                continue
            # a subscription begins with trades of long before
            since = self._first.setdefault(coin, newest)
            old = exch < since or exch < self._traded.get(coin, 0)
            self._traded[coin] = max(exch, self._traded.get(coin, 0))
            self.rows.trade(coin, ts, exch, SIDES[side], trade["px"], trade["sz"], 0, old)

    def save(self) -> dict[str, Any]:
        books = {
            coin: [time, *([list(one) for one in side.values()] for side in sides)]
            for coin, (time, *sides) in self._books.items()
        }
        return {**super().save(), "books": books, "bests": self._bests, "first": self._first, "traded": self._traded}

    def load(self, saved: dict[str, Any]) -> None:
        super().load(saved)
        for coin, (time, *sides) in saved["books"].items():
            bids, asks = ({float(price): [price, qty] for price, qty in side} for side in sides)
            self._books[coin] = time, bids, asks
        self._bests, self._first = dict(saved["bests"]), dict(saved["first"])
        self._traded = dict(saved["traded"])


Side = dict[float, list[str]]  # by price: price and quantity as they were written


def _price(one: list[str]) -> float:
    return float(one[0])


def _side(levels: list[dict[str, Any]]) -> Side:
    found = {float(one["px"]): [one["px"], one["sz"]] for one in levels}
    if len(found) != len(levels):
        raise Odd("a price stands twice on one side")
    return found


def _changes(before: Side, now: Side) -> list[list[str]]:
    """What changed from one side to another, by rising price; a quantity of 0 is a level that is gone."""
    found = [(price, one) for price, one in now.items() if before.get(price) != one]
    found += [(price, [one[0], "0"]) for price, one in before.items() if price not in now]
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]
