"""Which bars are traded: those with which orders of their period and symbol come, or that have columns of orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.batch import symbol_of
from hq_core.errors import DATA, USAGE, HqError
from hq_core.futures.given import check_strategy
from hq_core.kinds import VERBS
from hq_core.options.account import FillOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.batch import Schema
    from hq_core.futures.accounts import Accounts
    from hq_core.futures.finer import Finer


class Traded:
    """The series and panels as they are announced, and which of the bars are traded.

    accounts   are told whose orders there are
    finer      with `path`, the option that names it: rows in place of a path inside the bars
    bars       by key;  series: those of them that are traded
    """

    def __init__(self, accounts: Accounts, finer: Finer | None, path: str) -> None:
        self.bars: dict[str, Schema] = {}
        self.series: dict[str, Schema] = {}
        self._orders: dict[tuple[str, str], Schema] = {}  # by symbol and period
        self._accounts, self._finer, self._path = accounts, finer, path
        self._prefixes: dict[tuple[str, ...], list[str]] = {}  # of names of columns, which may take turns at each ts

    def announced(self, schema: Schema) -> Iterator[Schema]:
        """A series of orders or bars has been: the bars that are traded because of it."""
        if schema.of == "order":
            self._orders[schema.symbol, schema.period] = schema
            yield from filter(self._carries, list(self.bars.values()))
        if schema.of == "bar":
            self.bars[schema.key] = schema
            if self._carries(schema):
                yield schema

    def _carries(self, schema: Schema) -> bool:
        """Whether bars carry orders, which are to be traded."""
        periods = {period for _, period in self._orders}
        by_rows = schema.period in periods and (
            schema.panel or bool({("", schema.period), (schema.symbol, schema.period)} & self._orders.keys())
        )
        prefixes = self.prefixes(schema)
        only = self._accounts.only
        if not (by_rows or prefixes) or (only and not schema.panel and schema.symbol != only):
            return False
        if by_rows and prefixes:
            orders = next(one for (_, period), one in self._orders.items() if period == schema.period)
            what = f"{schema.key} has columns of orders, as '{prefixes[0]}{VERBS[0]}', and there is {orders.key} too"
            raise HqError(f"{what}; trade one of them", DATA)
        if self._finer is not None and not self._finer.finer_than(schema.period):
            what = f"must be finer than the bars that are traded, {schema.key}"
            raise HqError(what, USAGE, subject=(FillOptions.path, f" {self._path}"))
        other = next((one for one in self.series.values() if one.period != schema.period), None)
        if other is not None:
            what = f"{other.key} and {schema.key} both carry orders; an account runs on one period"
            raise HqError(what, DATA)
        self.series[schema.key] = schema
        self._accounts.name(prefix[:-1] for prefix in prefixes if prefix)
        return True

    def prefixes(self, schema: Schema) -> list[str]:
        """What stands before the columns of orders, of each strategy once; none where there are no such columns."""
        prefixes = self._prefixes.get(schema.names)
        if prefixes is None:
            found = [name[: -len(verb)] for verb in VERBS for name in schema.names if f".{name}".endswith(f".{verb}")]
            prefixes = self._prefixes[schema.names] = list(dict.fromkeys(found))
        strategy = self._accounts.strategy
        if prefixes and strategy:
            check_strategy(strategy, [prefix[:-1] for prefix in prefixes if prefix], schema)
            return [strategy + "."]
        return prefixes

    def told(self, frame: dict[str, Any]) -> None:
        """What the codes of orders stand for: which strategies there are."""
        place = symbol_of(frame["of"]), frame["of"].rpartition("/")[2]
        strategy, only = self._accounts.strategy, self._accounts.only
        if frame["col"] != "strategy" or place not in self._orders or (only and place[0] not in ("", only)):
            return
        if strategy:
            check_strategy(strategy, frame["values"], self._orders[place])
        self._accounts.name([strategy] if strategy else frame["values"])
