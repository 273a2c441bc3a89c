"""What the messages of all venues have in common: times, numbers, and what is passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.formats.venues.chain import Chain, Recent
from hq_core.formats.venues.lines import Odd
from hq_core.options.imports import CHANNELS

if TYPE_CHECKING:
    from collections.abc import Collection

    from hq_core.formats.venues.rows import Rows

MS, US = 1_000_000, 1_000

OTHERS = "messages of other symbols"
TRADES_REPEATED = "trades that repeat or are older"


def ns_of(value: object, name: str = "its time") -> int:
    """The ns of a venue's time, ms or us since 1970, as its digits tell.  Raises Odd."""
    if type(value) is int:
        if 10**11 <= value < 10**14:
            return value * MS
        if 10**14 <= value < 10**17:
            return value * US
    raise Odd(f"{name} is {value!r:.40}, must be a time in ms or us")


def whole(value: object, name: str) -> int:
    """A whole number that is not negative.  Raises Odd."""
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise Odd(f"{name} is {value!r:.40}, must be a whole number")
    return value


class Venue:
    """Turns messages to rows.

    channels  which of CHANNELS are read;  symbol: the only one that is, or '' for all
    own       ts is the venue's own time, as no receive time is told; behind: messages whose time went back
    """

    NAME = ""
    SHAPE: Any = {"newest": int, "chains": {str: Chain.SHAPE}, "trades": {str: Recent.SHAPE}}

    def __init__(self, rows: Rows, channels: Collection[str], symbol: str = "") -> None:
        self.rows = rows
        self.depth, self.trade, self.bbo = (name in channels for name in CHANNELS)
        self.symbol = symbol
        self.own = False
        self.behind = 0
        self._newest = 0
        self._chains: dict[str, Chain] = {}
        self._recent: dict[str, Recent] = {}

    def take(self, message: Any, received: int, symbol: str) -> None:
        """A message; received: in ns, 0 where that is not told; symbol: whose it is, where the line says so.

        Raises Odd, KeyError for a key that it must have, TypeError and ValueError for values of other types.
        """
        raise NotImplementedError

    def at(self, received: int, told: int) -> int:
        """The ts of a message that tells a time of its own."""
        if received:
            return received
        self.own = True
        if told < self._newest:
            self.behind += 1
        else:
            self._newest = told
        return self._newest

    def chain(self, symbol: str) -> Chain:
        found = self._chains.get(symbol)
        if found is None:
            found = self._chains[symbol] = Chain(symbol, self.rows)
        return found

    def recent(self, symbol: str) -> Recent:
        found = self._recent.get(symbol)
        if found is None:
            found = self._recent[symbol] = Recent()
        return found

    def meant(self, symbol: str) -> bool:
        """Whether messages of the symbol are read."""
        if self.symbol and symbol != self.symbol:
            self.rows.pass_by(OTHERS)
            return False
        return True

    def save(self) -> dict[str, Any]:
        return {
            "newest": self._newest,
            "chains": {symbol: chain.save() for symbol, chain in self._chains.items()},
            "trades": {symbol: recent.save() for symbol, recent in self._recent.items()},
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._newest = saved["newest"]
        for symbol, one in saved["chains"].items():
            self.chain(symbol).load(one)
        for symbol, names in saved["trades"].items():
            self.recent(symbol).load(names)
