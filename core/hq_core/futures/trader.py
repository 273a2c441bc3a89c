"""One strategy's account: its orders that wait, its rows as they are written, and its report."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from hq_core.futures.engine import Account
from hq_core.futures.given import Given
from hq_core.futures.report import LISTED
from hq_core.options.account import BY_QUOTES
from hq_core.saved import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hq_core.futures.rows import Taker
    from hq_core.futures.terms import Terms


class Trader:
    """An account with the orders that it is given.

    columns   of its rows of equity, behind the account's name
    """

    def __init__(self, name: str, terms: Terms, columns: int) -> None:
        self.name = name
        self.account = Account(terms)
        self.given = Given(name)
        self.columns = columns
        self.liquidations: list[dict[str, Any]] = []
        self.funding = array("q"), array("i"), array("d"), array("d")
        self.quotes = array("q"), array("i"), array("d")
        self._quoted = terms.spread == BY_QUOTES
        self.explanation: dict[str, Any] = {}  # of the fill that the account was to note

    def run(self, start: int, stop: int, equity: Sequence[int], last: int = -1, decided: bool = True) -> int:
        """Run bars from `start` up to `stop`, or fewer where the log is full; rows of equity to these addresses.

        decided   orders may be decided at them
        """
        account = self.account
        self.give(decided)
        room = stop - start
        stride = room if len(equity) < 4 else (equity[3] - equity[2]) // 8
        at = account.run(start, equity[0], equity[2], stride, self.columns, room, last)
        self.drop_taken()
        return at

    def lose(self, ts: int) -> None:
        """Orders that were decided before `ts` and have not been taken up had no bar."""
        lost = bisect_left(self.given.ts, ts)
        self.account.state.lost += lost
        self.given.done(lost)

    def give(self, decided: bool = True) -> None:
        """Give the account what waits for it, orders where they may be decided."""
        self.account.orders(*((self.given.ts, self.given.rows) if decided else (array("q"), array("d"))))
        self.account.funding(*self.funding)
        if self._quoted:
            self.account.quotes(*self.quotes)

    def drop_taken(self) -> None:
        """Of what waits, what it is done with."""
        taken, paid, seen = self.account.used()
        if taken:
            self.given.done(taken)
        for column in self.funding if paid else ():
            del column[:paid]
        if seen:
            when, whose, rows = self.quotes
            del when[:seen], whose[:seen], rows[: 4 * seen]

    def save(self) -> list[Any]:
        waiting = [[list(column) for column in columns] for columns in (self.funding, self.quotes)]
        return [self.account.save(), self.given.save(), self.liquidations, *waiting]

    def load(self, saved: Sequence[Any]) -> None:
        account, given, liquidations, funding, quotes = saved
        self.account.load(account)
        self.given.load(given, len(self.account.symbols))
        self.liquidations = list(liquidations)
        when, whose, rates, marks = funding
        seen, of, rows = quotes
        if not (len(when) == len(whose) == len(rates) == len(marks) and 4 * len(seen) == 4 * len(of) == len(rows)):
            raise Damaged("funding or quotes that wait: their columns have other lengths")
        self.funding = array("q", when), array("i", whose), array("d", rates), array("d", marks)
        self.quotes = array("q", seen), array("i", of), array("d", rows)

    def written(self, takers: dict[str, Taker] | None = None) -> Iterator[tuple[str, Taker]]:
        """What happened in the last run, as `Account.written` has it; the report keeps the first liquidations."""
        for kind, rows in self.account.written(takers):
            if kind == "liquidation":
                columns = rows.columns()
                for i in range(min(rows.n, LISTED - len(self.liquidations))):
                    self.liquidations.append({name: column[i] for name, column in columns.items()})
            if kind == "fill" and 0 <= self.account.fills - self.account.explained < rows.n:
                self._explain(rows.columns())
            yield kind, rows

    def _explain(self, fills: dict[str, array[float]]) -> None:
        from hq_core.futures.explain import explanation  # few runs ask for it

        i = fills["id"].index(self.account.explained)
        row = {name: column[i] for name, column in fills.items()}
        self.explanation = explanation(self.account, self.name, row)
