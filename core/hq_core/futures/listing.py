"""What holds for single symbols: steps of price and quantity as the exchange lists them, and their leverage."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from hq_core.errors import CONFIG, USAGE, HqError, did_you_mean
from hq_core.files import read_beside
from hq_core.options.account import MOST, MOST_LEVERAGE, BracketOptions
from hq_core.options.steps import ListingOptions, step

if TYPE_CHECKING:
    from collections.abc import Iterable

LIMIT = 1 << 26  # bytes of a file


class Filters(NamedTuple):
    """Of a symbol: steps of price and quantity as fractions, and the least notional of an order that opens, quote."""

    ticks: tuple[int, int]
    lots: tuple[int, int]
    least: float


class ExchangeInfo:
    """The answer of Binance's exchangeInfo in a file.

    Source: the exchange's pages, symbols[].filters: PRICE_FILTER tickSize, LOT_SIZE and MARKET_LOT_SIZE stepSize, of
    which the larger one holds for all orders, MIN_NOTIONAL notional; futures of a coin have no MIN_NOTIONAL.
    """

    def __init__(self, path: str) -> None:
        import json  # few runs name such a file

        self.path = path
        try:
            self.text = read_beside(path, LIMIT, ListingOptions.exchange_info).decode()
            found = json.loads(self.text)
        except (ValueError, RecursionError) as error:
            raise self._wrong(f"not JSON: {error}") from None
        listed = found.get("symbols") if isinstance(found, dict) else None
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            raise self._wrong('has no list "symbols", as the exchange\'s answer has')
        self._symbols: dict[str, Any] = {str(one.get("symbol")): one.get("filters") for one in listed}

    def of(self, symbol: str) -> Filters:
        """What holds for a symbol; HqError CONFIG where the file does not say it."""
        if symbol not in self._symbols:
            hint = did_you_mean(symbol, sorted(self._symbols))
            raise self._wrong(f"no entry for symbol '{symbol}' among {len(self._symbols)}{hint}")
        filters = self._symbols[symbol]
        by_type: dict[Any, Any] = {
            one.get("filterType"): one
            for one in (filters if isinstance(filters, list) else ())
            if isinstance(one, dict)
        }
        lots = [self._step(symbol, by_type, "LOT_SIZE", "stepSize")]
        if "MARKET_LOT_SIZE" in by_type:
            lots.append(self._step(symbol, by_type, "MARKET_LOT_SIZE", "stepSize"))
        least = 0.0
        if "MIN_NOTIONAL" in by_type:
            try:
                least = float(by_type["MIN_NOTIONAL"]["notional"])
            except (KeyError, TypeError, ValueError):
                least = math.nan
            if not 0.0 <= least <= MOST:
                raise self._wrong(f"{symbol}: notional of MIN_NOTIONAL is no number from 0")
        ticks = self._step(symbol, by_type, "PRICE_FILTER", "tickSize")
        return Filters(ticks, max(lots, key=lambda one: one[0] / one[1]), least)

    def _step(self, symbol: str, filters: dict[Any, Any], which: str, name: str) -> tuple[int, int]:
        said = filters.get(which, {}).get(name)
        if not isinstance(said, str):
            raise self._wrong(f"{symbol}: {name} of {which} is missing")
        try:
            return step("", said)
        except HqError:
            raise self._wrong(f"{symbol}: {name} of {which} is '{said}', must be a decimal above 0") from None

    def _wrong(self, what: str) -> HqError:
        return HqError(what, CONFIG, subject=(ListingOptions.exchange_info, f": {self.path}"))


def leverages(texts: Iterable[str]) -> dict[str, int]:
    """Of symbols that have a leverage of their own, as SYMBOL=N says it."""
    found: dict[str, int] = {}
    for text in texts:
        symbol, _, said = text.rpartition("=")
        if not symbol or not (said.isascii() and said.isdigit() and len(said) < 10 and 1 <= int(said) <= MOST_LEVERAGE):
            rule = f"must be SYMBOL=N, N from 1 to {MOST_LEVERAGE}"
            raise HqError(subject=BracketOptions.leverage_of, value=text, rule=rule, code=USAGE)
        if symbol in found:
            raise HqError(f"{symbol} is there twice", USAGE, subject=BracketOptions.leverage_of)
        found[symbol] = int(said)
    return found
