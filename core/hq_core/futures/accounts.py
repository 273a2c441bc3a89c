"""The accounts of a run, one for each strategy, and the symbols that all of them trade, with what holds for each."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from hq_core.errors import DATA, USAGE, HqError
from hq_core.futures.trader import Trader
from hq_core.options.account import RunOptions
from hq_core.say import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hq_core.batch import Batch
    from hq_core.futures.listing import ExchangeInfo
    from hq_core.futures.tables import Tables
    from hq_core.futures.terms import Terms

ANY = array("q")


class Accounts:
    """The accounts, by strategy; '' is the name of one that nobody has named.

    only       the symbol that alone is traded; '': any
    strategy   the one that alone is; '': any
    tables, steps, leverages   brackets, steps of price and quantity, and leverage of single symbols, where given
    explained  the number of the fill that each notes; 0: none
    strict     funding that was due and is not there is an error

    names      of strategies, as they came
    numbers    of symbols, in each account
    ranks      the place of each of them among their texts
    columns    of a row of equity, behind the account's name; to be set before the first account is opened
    """

    def __init__(
        self,
        terms: Terms,
        only: str,
        strategy: str,
        tables: Tables | None,
        steps: ExchangeInfo | None,
        leverages: Mapping[str, int],
        explained: int,
        strict: bool,
    ) -> None:
        self.only, self.strategy = only, strategy
        self.tables, self.steps, self.leverages = tables, steps, leverages
        self.traders: dict[str, Trader] = {}
        self.names: list[str] = []
        self.numbers: dict[str, int] = {}
        self.ranks = array("q")
        self.columns = 0
        self._terms, self._explained, self._strict = terms, explained, strict
        self._all: list[Trader] = []  # once all that have a name are opened
        self._codes: dict[str, array[int]] = {}  # numbers of the codes of each panel

    # -- strategies --------------------------------------------------------------------------------------
    def name(self, names: Iterable[str]) -> None:
        """Strategies that there are."""
        new = [name for name in dict.fromkeys(names) if name not in self.names]
        if new:
            self.names += new
            self._all = []

    def every(self) -> list[Trader]:
        """All accounts, those opened that are not yet."""
        if not self._all:
            for name in self.names or [self.strategy]:
                self.of(name)
            self._all = list(self.traders.values())
        return self._all

    def of(self, name: str) -> Trader:
        """A strategy's account."""
        found = self.traders.get(name)
        if found is None and list(self.traders) == [""] and not self.traders[""].given.had:
            found = self.traders.pop("")  # opened before anybody had said whose it is
            found.name = found.given.strategy = name
        if found is None:
            found = Trader(name, self._terms, self.columns)
            if self._explained:
                found.account.explain(self._explained)
            found.account.state.strict = int(self._strict)
            for symbol in self.numbers:
                self._open(found, symbol)
            self._all = []
        self.traders[name] = found
        return found

    def explanation(self) -> dict[str, Any]:
        """What made the fill that is explained; HqError where there is no such fill, or where several have its id."""
        if len(self.traders) > 1:
            what = f"each account numbers its fills, and there are {listed(list(self.traders))}"
            raise HqError(what, USAGE, subject="the fill to explain", hint=("choose one with ", RunOptions.strategy))
        for trader in self.traders.values():
            if trader.explanation:
                return trader.explanation
            what = f"there is no fill {self._explained}; the account made {trader.account.fills}"
            raise HqError(what, DATA)
        raise HqError("input has no bars, so nothing was filled", DATA)

    # -- symbols -----------------------------------------------------------------------------------------
    def add(self, symbol: str) -> int:
        """The accounts' number of a symbol."""
        found = self.numbers.get(symbol)
        if found is None:
            found = self.numbers[symbol] = len(self.numbers)
            for trader in self.traders.values():
                self._open(trader, symbol)
            places = {name: place for place, name in enumerate(sorted(self.numbers))}
            self.ranks = array("q", (places[name] for name in self.numbers))
        return found

    def _open(self, trader: Trader, symbol: str) -> None:
        trader.account.add(
            symbol,
            self.tables.of(symbol) if self.tables is not None else None,
            self.steps.of(symbol) if self.steps is not None else None,
            self.leverages.get(symbol),
        )

    def numbers_of(self, batch: Batch) -> tuple[int, array[int]]:
        """The number of the symbol of a series, or of each code of a panel, -1 for what is not traded."""
        schema = batch.schema
        if not schema.panel:
            return self.add(schema.symbol), ANY
        texts = batch.texts.get("symbol", [])
        numbers = self._codes.setdefault(schema.key, array("q"))
        if len(texts) < len(numbers):
            del numbers[:]
        for text in texts[len(numbers) :]:
            numbers.append(self.add(text) if self.only in ("", text) else -1)
        return -1, numbers

    def switch(self, ts: Any, start: int, stop: int) -> int:
        """Apply the bracket tables that hold at row `start`; the row before `stop` at which another one does."""
        if self.tables is None:
            return stop
        for symbol, table in self.tables.begun(list(self.numbers), ts[start]):
            for trader in self.traders.values():
                trader.account.use(self.numbers[symbol], table)
        until = self.tables.until
        return next((i for i in range(start + 1, stop) if ts[i] >= until), stop) if ts[stop - 1] >= until else stop
