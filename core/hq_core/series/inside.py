"""A strategy inside its account: bar by bar the account does the bar, then the strategy reads what it came to."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from hq_core.kinds import ACCOUNT
from hq_core.series.expr import account_source
from hq_core.series.unit import Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol

    from hq_core.batch import Batch
    from hq_core.roles import Out

    class Desk(Protocol):
        """The accounts of strategies, to which their orders and the rows come by the strategies' own `out`.

        symbol   which alone is traded; '' any
        holds    the last whole row is to be known as such before it is done
        """

        symbol: str
        holds: bool

        def enter(self) -> None:
            """Rows are done when it is asked for, not when they come."""

        def bar(self, row: Batch, last: bool) -> None:
            """Do a row."""

        def decided(self) -> None:
            """Take up what was ordered at the row, which has come."""

        def standing(self, strategy: str) -> Sequence[float]:
            """ACCOUNT's numbers of a strategy's account, after the row that it has done."""

        def happened(self, strategy: str) -> list[tuple[str, Any]]:
            """What became of orders since the last call: kind and row, in order."""


class InsideUnit(Unit):
    """A base series whose strategies read their accounts.

    desk        the accounts
    strategies  the names of those that read theirs
    """

    desk: Desk

    def trade(self, desk: Desk, strategies: Sequence[str]) -> None:
        self.desk = desk
        self._standing = {name: array("d", bytes(8 * len(ACCOUNT))) for name in strategies}
        self._places = {
            account_source(name, one): values.buffer_info()[0] + 8 * i
            for name, values in self._standing.items()
            for i, one in enumerate(ACCOUNT)
        }
        self._held: Batch | None = None  # what may be the last whole row, and forming ones behind it

    def sources(self, batch: Batch) -> dict[str, int]:
        return super().sources(batch) | self._places

    def finish(
        self, last: int, out: Out, drop: Callable[[str, int], None], absent: Sequence[tuple[str, int]] = ()
    ) -> None:
        super().finish(last, out, drop, absent)
        if self._held is not None:
            held, self._held = self._held, None
            self._bars(held, out, True)

    def _write(self, batch: Batch, out: Out) -> None:
        at = batch.last_whole() if self.desk.holds else batch.n
        if at < 0:
            at = 0 if self._held is not None else batch.n
        elif self._held is not None:
            held, self._held = self._held, None
            self._bars(held, out, False)
        self._bars(batch.slice(0, at), out, False)
        if at < batch.n:
            self._held = batch.slice(at, batch.n).copied()

    def _bars(self, batch: Batch, out: Out, last: bool) -> None:
        out.flush()
        for i in range(batch.n):
            row = batch.slice(i, i + 1)
            self.desk.bar(row, last and i == 0)
            for name, values in self._standing.items():
                values[:] = array("d", self.desk.standing(name))
            super()._write(row, out)
            out.flush()
            self.desk.decided()
