"""Accounts that strategies run inside: the rows come to them one by one, before the strategies see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.batch import NEVER
from hq_core.errors import USAGE, HqError
from hq_core.futures.trader import LOGGED, Part
from hq_core.options.account import AccountOptions
from hq_core.stages.backtest import BacktestStage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.batch import Batch, Schema
    from hq_core.futures.trader import Trader


NOWHERE = 0, 0, 0, 0  # where rows of equity go of which there are none


class Desk(BacktestStage):
    """As BacktestStage, behind strategies that ask it to do each row before they order at it (series/inside.py)."""

    inside = False

    @property
    def holds(self) -> bool:
        return self.close_at_end

    def enter(self) -> None:
        """Strategies read their accounts: rows are done when they ask for it, not when they come.

        HqError USAGE for terms under which there is no reading them.
        """
        self.inside = True
        for option, value, why in (
            (AccountOptions.fill, "close", "a strategy that reads its account has seen the close when it orders"),
            (AccountOptions.position_mode, "hedge", "a strategy that reads its account has one position, not two"),
        ):
            if getattr(self.terms, option.name) == value:
                raise HqError(why, USAGE, subject=(option, f" {value}"))

    def rows(self, batch: Batch) -> None:
        if self.inside and batch.schema.key in self._traded:
            self.out.copy(batch)  # the account has done it
        else:
            super().rows(batch)

    def bar(self, row: Batch, last: bool) -> None:
        self._begin()
        self._run_batch(row, 0 if last else -1)

    def decided(self) -> None:
        found: dict[str, list[Part]] = {kind: [] for kind in LOGGED}
        for code, trader in enumerate(self.traders.values()):
            if trader.given.ts:
                trader.run(1, 1, NOWHERE)
                self._take_log(trader, code, found)
                self._complain(trader, 0)
        for kind, parts in found.items():
            if parts and self._written is not None:
                self._written.write_together(kind, parts, self._ranks)

    def standing(self, strategy: str) -> Sequence[float]:
        return self.traders[strategy].account.standing(0)

    def happened(self, strategy: str) -> list[tuple[str, Any]]:
        return []

    def _last(self, trader: Trader, schema: Schema) -> int:
        last = super()._last(trader, schema)
        return last - 1 if self.inside and last > NEVER else last  # those of the row that it has done are in time
