"""What happened to an account since it began, as columns that grow with each call."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from hq_core.futures.account import NO_BAR
from hq_core.futures.rows import LOGGED, types
from hq_core.kinds import EQUITY, of

if TYPE_CHECKING:
    from hq_core.futures.engine import Account

AS_NUMBERS = ("side",)  # +1 and -1 say more in a computation than words do


class History:
    """Rows of each kind that the account writes.

    columns  of equity, behind its ts
    """

    def __init__(self, symbols: list[str], columns: int) -> None:
        self.symbols = symbols
        self.columns = columns
        self._kinds: dict[str, dict[str, array[Any]]] = {
            kind: {name: array(type_) for name, type_ in types(kind).items()} for kind in LOGGED
        }
        self._ts, self._equity = array("q"), array("d")

    # -- in ----------------------------------------------------------------------------------------------
    def take(self, account: Account, now: int) -> None:
        """What the account's log has.  now: the instant of what happened at none, as a row that is no bar began at
        none."""
        for kind, rows in account.written():
            n, columns, kept = rows.n, rows.columns(), self._kinds[kind]
            for name, column in kept.items():
                column.extend(columns[name])
            if kind == "fill":
                times = kept["fill_time"]
                for i in range(len(times) - n, len(times)):
                    times[i] = now if times[i] == NO_BAR else times[i]

    def take_equity(self, ts: int, row: array[float]) -> None:
        """The row of equity at a ts; of several of one ts the last one stands."""
        if self._ts and self._ts[-1] == ts:
            self._equity[-self.columns :] = row
        else:
            self._ts.append(ts)
            self._equity.extend(row)

    # -- out ---------------------------------------------------------------------------------------------
    def many(self, kind: str) -> int:
        """How many rows of a kind there are."""
        return len(self._kinds[kind]["ts"])

    def of(self, kind: str, first: int = 0) -> dict[str, Any]:
        """The columns of a kind from a row on: numbers as arrays, codes as lists of their words, symbols as texts."""
        codes = of(kind).codes
        found: dict[str, Any] = {}
        for name, column in self._kinds[kind].items():
            part = column[first:]
            if name == "symbol":
                found[name] = [self.symbols[number] for number in part]
            elif name in codes and name not in AS_NUMBERS:
                words = codes[name]
                found[name] = [words[str(code)] for code in part]
            else:
                found[name] = part
        return found

    def rows(self, kind: str, first: int = 0) -> list[dict[str, Any]]:
        """The same a row each."""
        columns = self.of(kind, first)
        return [dict(zip(columns, row)) for row in zip(*columns.values())]

    def coded(self, kind: str, most: int) -> list[dict[str, Any]]:
        """The first rows of a kind as the account has them, codes and all."""
        columns = {name: column[:most] for name, column in self._kinds[kind].items()}
        return [dict(zip(columns, row)) for row in zip(*columns.values())]

    def equity(self) -> dict[str, array[Any]]:
        """The rows of equity: ts and the columns of kind equity."""
        names = [name for name in EQUITY.names if name not in ("ts", "account")][: self.columns]
        return {"ts": self._ts[:]} | {name: self._equity[i :: self.columns] for i, name in enumerate(names)}
