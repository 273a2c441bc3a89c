"""Bybit v5: orderbook.N and publicTrade, as its linear and spot websockets send them.

https://bybit-exchange.github.io/docs/v5/websocket/public/orderbook: a snapshot replaces the book at any time; u = 1 is
one, too, as the service has started again.  That u rises by one with each change is not promised for all depths, but
has been so in every recording that we know: where it does not, the book is taken for unknown.
"""

from __future__ import annotations

from typing import Any

from hq_core.formats.venues.chain import REPEATED
from hq_core.formats.venues.lines import Odd
from hq_core.formats.venues.venue import TRADES_REPEATED, Venue, ns_of, whole

SIDES = {"Buy": True, "Sell": False}  # of a trade: who took
NONE = (None, None)
BOOKS = ("snapshot", "delta")


class Bybit(Venue):
    """Messages by their topic."""

    NAME = "bybit"
    SHAPE = {**Venue.SHAPE, "best": {str: ([(str, str)], [(str, str)], int)}}

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._best: dict[str, list[Any]] = {}  # of level 1: bid, ask, and the last u

    def take(self, message: Any, received: int, symbol: str) -> None:
        topic = message.get("topic")
        if topic is None:
            self.rows.pass_by(f"{message.get('op') or 'others':.40}")
            return
        name, _, rest = topic.partition(".")
        if name == "orderbook" and rest.startswith("1."):
            if self.bbo:
                self._level(message, received)
                return
        elif name == "orderbook" and self.depth and not rest.startswith("full."):
            self._book(message, received, topic)
            return
        elif name == "publicTrade" and self.trade:
            self._trades(message, received)
            return
        self.rows.pass_by(topic.rpartition(".")[0][:40] or topic[:40])

    def _times(self, message: dict[str, Any], received: int) -> tuple[int, int]:
        """When the message was known, and when the exchange's engine made it."""
        sent = ns_of(message["ts"], "ts")
        exch = ns_of(message["cts"], "cts") if "cts" in message else sent
        return self.at(received, sent), exch

    def _book(self, message: dict[str, Any], received: int, topic: str) -> None:
        data, type_ = message["data"], message["type"]
        if type_ not in BOOKS:
            raise Odd(f"type is {type_!r:.40}, must be snapshot or delta")
        if not self.meant(data["s"]):
            return
        chain = self.chain(data["s"])
        chain.topic = chain.topic or topic
        if topic != chain.topic:  # another depth of the same book
            self.rows.pass_by(f"{topic.rpartition('.')[0]:.40} beside {chain.topic.rpartition('.')[0]:.40}")
            return
        number = whole(data["u"], "u")
        if number == chain.last and chain.known and type_ == "snapshot" and number != 1:
            self.rows.pass_by(REPEATED)
            return
        ts, exch = self._times(message, received)
        if type_ == "snapshot" or number == 1:
            chain.replaced(ts, exch, number, data["b"], data["a"])
        else:
            chain.changed(ts, exch, number, number, -1, data["b"], data["a"])

    def _level(self, message: dict[str, Any], received: int) -> None:
        """The best bid and ask: a side that does not stand there is as it was."""
        data, whole_ = message["data"], message["type"] == "snapshot"
        symbol = data["s"]
        if not self.meant(symbol):
            return
        number = whole(data["u"], "u")
        best = self._best.setdefault(symbol, [[], [], -1])  # one level a side, or none
        if number <= best[2] and number != 1:
            self.rows.pass_by("best levels that repeat or are older")
            return
        ts, exch = self._times(message, received)
        for at, side in enumerate((data["b"], data["a"])):
            there = [[price, qty] for price, qty in side if float(qty) != 0.0]
            if len(there) > 1:
                raise Odd(f"{len(there)} best levels of one side")
            if side or whole_:
                best[at] = there
        best[2] = number
        bid, ask = (side[0] if side else NONE for side in best[:2])
        self.rows.best(symbol, ts, exch, (*bid, *ask))

    def _trades(self, message: dict[str, Any], received: int) -> None:
        trades = message["data"]
        ts = self.at(received, ns_of(message["ts"], "ts"))
        for trade in trades:
            symbol = trade["s"]
            if not self.meant(symbol):
                continue
            side = trade["S"]
            if side not in SIDES:
                raise Odd(f"S is {side!r:.40}, must be Buy or Sell")
            name = trade["i"]
            if not isinstance(name, str):
                raise Odd(f"i is {name!r:.40}, must be a text")
            if self.recent(symbol).again(name):
                self.rows.pass_by(TRADES_REPEATED)
                continue
            self.rows.trade(symbol, ts, ns_of(trade["T"], "T"), SIDES[side], trade["p"], trade["v"], 0, False)

    def save(self) -> dict[str, Any]:
        return {**super().save(), "best": self._best}

    def load(self, saved: dict[str, Any]) -> None:
        super().load(saved)
        self._best = dict(saved["best"])
