"""Binance: depthUpdate, bookTicker, trade, aggTrade and the book of its REST service; USDS-M first, spot too.

https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams: a change of a book has
the numbers U to u and pu, the u before it; of spot it has no pu, and U follows the last u.
"""

from __future__ import annotations

import re
from typing import Any

from hq_core.formats.venues.lines import Odd
from hq_core.formats.venues.venue import TRADES_REPEATED, Venue, ns_of, whole

PARTIAL = re.compile(r"@(depth\d+)(@|$)")  # streams of the best levels, whole each time
ANSWERS = {"code": "errors", "error": "errors", "result": "answers"}  # to what was asked of the service, by a key
MARKET = "MARKET"  # what is traded; others are of the insurance fund and of deleveraging, which no aggTrade has


class Binance(Venue):
    """Messages as the websockets send them, alone or as {"stream", "data"}."""

    NAME = "binance"
    SHAPE = {**Venue.SHAPE, "tickers": {str: int}, "traded": {str: (str, int)}}

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._tickers: dict[str, int] = {}  # the last u of each symbol's bookTicker
        self._traded: dict[str, list[Any]] = {}  # which stream tells a symbol's trades, and the last id

    def take(self, message: Any, received: int, symbol: str) -> None:
        if type(message) is list:  # streams of all symbols
            for one in message:
                self.take(one, received, symbol)
            return
        stream = message.get("stream", "")
        data = message["data"] if stream else message
        if type(data) is list:
            self.take(data, received, symbol)
            return
        event = data.get("e")
        if event == "bookTicker" and self.bbo:
            self._best(data, received)
        elif event in ("trade", "aggTrade") and self.trade:
            self._trade(data, received, event)
        elif event == "depthUpdate" and self.depth:
            partial = PARTIAL.search(stream) if stream else None
            if partial:
                self.rows.pass_by(partial[1])
            else:
                self._change(data, received)
        elif event is not None:
            self.rows.pass_by(f"{event:.40}")
        elif "lastUpdateId" in data:
            self._snapshot(data, received, symbol, stream)
        elif "A" in data and "u" in data and self.bbo:  # spot's has no name
            self._best(data, received)
        else:
            self.rows.pass_by(next((what for key, what in ANSWERS.items() if key in data), "others"))

    def _change(self, data: dict[str, Any], received: int) -> None:
        symbol = data["s"]
        if not self.meant(symbol):
            return
        sent = ns_of(data["E"], "E")
        exch = ns_of(data["T"], "T") if "T" in data else sent
        first, last = whole(data["U"], "U"), whole(data["u"], "u")
        before = whole(data["pu"], "pu") if "pu" in data else -1
        self.chain(symbol).changed(self.at(received, sent), exch, first, last, before, data["b"], data["a"])

    def _snapshot(self, data: dict[str, Any], received: int, symbol: str, stream: str) -> None:
        if stream:  # spot's stream of the best levels
            partial = PARTIAL.search(stream)
            self.rows.pass_by(partial[1] if partial else "others")
            return
        if not self.depth:
            self.rows.pass_by("snapshots")
            return
        symbol = data.get("symbol") or symbol or self.symbol or self._alone()
        if not self.meant(symbol):
            return
        chain = self.chain(symbol)
        told = data.get("T", data.get("E"))
        exch = ns_of(told, "T") if told is not None else (chain.exch or received)
        if not exch:
            raise Odd("a snapshot without a time")
        ts = self.at(received, ns_of(data["E"], "E") if "E" in data else exch)
        chain.snapshot(ts, exch, whole(data["lastUpdateId"], "lastUpdateId"), data["bids"], data["asks"])

    def _alone(self) -> str:
        """The one symbol that has come.  Raises Odd."""
        known = {*self._chains, *self._tickers, *self._traded}
        if len(known) != 1:
            said = "no message before it does" if not known else f"there are {len(known)}"
            raise Odd(f"a snapshot that does not say its symbol, and {said}: pass --symbol")
        return next(iter(known))

    def _best(self, data: dict[str, Any], received: int) -> None:
        symbol = data["s"]
        if not self.meant(symbol):
            return
        number = whole(data["u"], "u")
        if number <= self._tickers.get(symbol, -1):
            self.rows.pass_by("bookTickers that repeat or are older")
            return
        self._tickers[symbol] = number
        told = data.get("T", data.get("E"))
        if told is None and not received:
            raise Odd("a bookTicker without T and E, which says no time")
        exch = ns_of(told, "T") if told is not None else received
        ts = received or self.at(0, ns_of(data["E"], "E") if "E" in data else exch)
        self.rows.best(symbol, ts, exch, (data["b"], data["B"], data["a"], data["A"]))

    def _trade(self, data: dict[str, Any], received: int, event: str) -> None:
        symbol = data["s"]
        if not self.meant(symbol):
            return
        traded = self._traded.get(symbol)
        if traded is None:
            traded = self._traded[symbol] = [event, -1]
        elif traded[0] != event:  # the same trades once more
            self.rows.pass_by(f"{event} beside {traded[0]}")
            return
        if data.get("X", MARKET) != MARKET:
            self.rows.pass_by(f"trades of {data['X']:.20}")
            return
        number = whole(data["t" if event == "trade" else "a"], "its id")
        if number <= traded[1]:
            self.rows.pass_by(TRADES_REPEATED)
            return
        traded[1] = number
        sold = data["m"]
        if type(sold) is not bool:
            raise Odd(f"m is {sold!r:.40}, must be true or false")
        exch = ns_of(data["T"], "T")
        ts = received or self.at(0, ns_of(data["E"], "E"))
        self.rows.trade(symbol, ts, exch, not sold, data["p"], data["q"], number, False)

    def save(self) -> dict[str, Any]:
        return {**super().save(), "tickers": self._tickers, "traded": self._traded}

    def load(self, saved: dict[str, Any]) -> None:
        super().load(saved)
        self._tickers, self._traded = dict(saved["tickers"]), dict(saved["traded"])
