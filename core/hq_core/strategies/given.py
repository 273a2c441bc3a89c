"""What a strategy is given: the row, the rows before it, and a context to ask for them in."""

from __future__ import annotations

import math
import re
from collections import deque, namedtuple
from collections.abc import Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from hq_core.errors import USAGE, HqError, did_you_mean
from hq_core.kinds import ACCOUNT
from hq_core.specs import several

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hq_core.batch import Schema
    from hq_core.specs import Spec

MOST_HISTORY = 100_000  # rows, as x[n] of the language may look back


@cache
def row_maker(names: tuple[str, ...]) -> Callable[[Iterable[Any]], Any]:
    """What makes a row of the values of these columns.

    A row is a tuple: it can be kept, not changed, and holds nothing of other rows.  row.close and row["close"] are its
    values; in the first form whatever may stand in no name is _, as in row.macd_12_26_9_hist.
    """
    fields = [re.sub(r"\W", "_", name) for name in names]
    made: Any = namedtuple  # its fields are read by code in C
    base: Any = made("Row", [one if fields.count(one) == 1 else "_" for one in fields], rename=True)
    places = {name: at for at, name in enumerate(names)}

    class Row(base):  # type: ignore[misc]
        __slots__ = ()

        def __getitem__(self, key: Any) -> Any:
            if type(key) is not str:
                return tuple.__getitem__(self, key)
            if key not in places:
                raise KeyError(_unknown(key, names))
            return tuple.__getitem__(self, places[key])

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(_unknown(name, names))

    return partial(tuple.__new__, Row)


def _unknown(name: str, names: Sequence[str]) -> str:
    near = did_you_mean(name, tuple(names))
    return f"the row has no column '{name}'" + (near or f"; it has {', '.join(names)}")


class History(Sequence[float]):
    """The last rows of a column, the oldest first: [-1] is this row's value, [-2] the one before.

    It always has as many as were asked for: nan where there has been no row yet.
    """

    __slots__ = ("_held",)

    def __init__(self, held: deque[float]) -> None:
        self._held = held

    def __len__(self) -> int:
        return len(self._held)

    def __getitem__(self, at: Any) -> Any:
        return list(self._held)[at] if isinstance(at, slice) else self._held[at]

    def __iter__(self) -> Iterator[float]:
        return iter(self._held)

    def __repr__(self) -> str:
        return f"History({list(self._held)})"


class Context:
    """What `on_start(ctx)` is given: the series that the strategy runs on, and what it can ask for.

    symbol, period   of the series
    columns          of its rows
    position...      kinds.ACCOUNT, from the first row on: of a class that says account = True, in hq-backtest
    """

    def __init__(self, schema: Schema, inside: bool = False) -> None:
        self.symbol = schema.symbol
        self.period = schema.period
        self.columns = schema.names
        self._inside = inside
        self._asking = True
        self._asked: list[Spec] = []
        self._held: dict[tuple[str, int], deque[float]] = {}

    def indicators(self, *specs: str) -> None:
        """Have indicators in the rows, as hq-indicators takes them: `rsi:14` is row.rsi_14."""
        self._check_asking("indicators")
        self._asked += several(specs)

    def history(self, column: str, rows: int) -> History:
        """The last rows of a column or an indicator, this row among them."""
        self._check_asking("history")
        if type(rows) is not int or not 1 <= rows <= MOST_HISTORY:
            raise HqError(
                f"history of {column} is {rows!r:.40} rows, must be a whole number, 1 to {MOST_HISTORY}", USAGE
            )
        held = self._held.setdefault((column, rows), deque([math.nan] * rows, rows))
        return History(held)

    def know(self, numbers: Iterable[float]) -> None:
        """What the account knows after a row."""
        self.__dict__.update(zip(ACCOUNT, numbers))

    def __getattr__(self, name: str) -> float:
        if name not in ACCOUNT:
            raise AttributeError(f"ctx has no {name}{did_you_mean(name, [*ACCOUNT, *vars(type(self)), *vars(self)])}")
        if self._inside:
            raise AttributeError(f"ctx.{name} is known from the first row on")
        raise AttributeError(f"ctx.{name} is of the account: say account = True in the class, for hq-backtest")

    def _check_asking(self, what: str) -> None:
        if not self._asking:
            raise RuntimeError(f"ctx.{what} is for on_start; later rows could not have what is asked for now")

    def asked(self) -> tuple[list[Spec], dict[tuple[str, int], deque[float]]]:
        """What was asked for, which is all from here on: indicators, and of each column the rows to keep."""
        self._asking = False
        return self._asked, self._held
