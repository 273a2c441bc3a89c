"""Rules: expressions that order something where they hold, as columns of orders and as watches that tell of them."""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING, Any

from hq_core.jit import Cell
from hq_core.kernels import ops
from hq_core.kinds import VERBS
from hq_core.memory import room
from hq_core.series.expr import BASE, BOOL, F8, I8, applied, constant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.batch import Batch
    from hq_core.graph import GraphColumn
    from hq_core.memory import room
from hq_core.series.expr import Expr


class CheckedRule:
    """A rule: when `condition` holds, `verbs` are ordered.

    action     as written in the output, such as BUY
    size       quantity, or None: all that the account allows
    meta       keys and expressions of META, in order; None without META
    """

    __slots__ = ("action", "condition", "meta", "size", "verbs")

    def __init__(
        self,
        condition: Expr,
        action: str,
        verbs: tuple[str, ...],
        size: Expr | None,
        meta: list[tuple[str, Expr]] | None,
    ) -> None:
        self.condition = condition
        self.action = action
        self.verbs = verbs
        self.size = size
        self.meta = meta


def orders(strategy: str, rules: Sequence[CheckedRule], signals: bool) -> tuple[dict[str, Expr], list[Watch]]:
    """The expression of each verb, and the rules that maps tell of.

    A verb's column: the quantity ordered at the row; inf: the rule names none; nan: there is no order.
    signals   every rule gets a map and there are no columns
    """
    nothing, all_ = constant(math.nan), constant(math.inf)
    columns = dict.fromkeys(VERBS, nothing)
    watches: list[Watch] = []
    for rule in rules:
        fired, size = rule.condition, rule.size or all_
        if size.constant is None:
            fired = applied("sized", fired, size, dtype=BOOL, clock=BASE)
        for verb in rule.verbs:
            columns[verb] = applied("order", columns[verb], fired, size, clock=BASE)
        if signals or rule.meta is not None or fired is not rule.condition:
            watches.append(Watch(strategy, rule, fired, size, signals))
    return ({} if signals else columns), watches


class Watch:
    """A rule that maps tell of, or whose size may turn out to be none.

    exprs   what it looks at
    """

    __slots__ = ("_at", "_marked", "_meta", "_rows", "exprs", "rule", "signals", "strategy", "unsure")

    def __init__(self, strategy: str, rule: CheckedRule, fired: Expr, size: Expr, signals: bool) -> None:
        self.strategy = strategy
        self.rule = rule
        self.signals = signals
        self.unsure = fired is not rule.condition  # the condition may hold and no size be there
        self.exprs = [rule.condition, fired, size, *(one for _, one in rule.meta or () if _computed(one))]
        self._at: list[int] = []
        self._meta: list[tuple[str, str, Any]] = []  # key, type, and where its column is or what it is
        self._marked = Cell(ops.marked)
        self._rows = array("q")

    def place(self, outs: list[GraphColumn], watched: list[GraphColumn]) -> None:
        """Add the columns of its expressions to `watched`, each once, and remember where they are."""
        for out in outs:
            if out not in watched:
                watched.append(out)
        self._at = [watched.index(out) for out in outs]
        places = iter(self._at[3:])
        self._meta = [
            (key, expr.dtype, next(places) if _computed(expr) else expr.data) for key, expr in self.rule.meta or ()
        ]

    def fired(self, columns: Sequence[int], n: int) -> array[int]:
        """The rows at which the rule gave an order."""
        if self.rule.meta is None and not self.signals:
            return array("q")
        return self._find(columns[self._at[1]], n)

    def unsized(self, columns: Sequence[int], n: int) -> int:
        """How often it would have given an order and had no size."""
        if not self.unsure:
            return 0
        held, fired = self._at[:2]
        return len(self._find(columns[held], n)) - len(self._find(columns[fired], n))

    def _find(self, column: int, n: int) -> array[int]:
        self._marked.column("fired", column, n)
        self._marked.column("rows", room(self._rows, n), n)
        self._marked.run()
        return self._rows[: self._marked.state.found]

    def frame(self, batch: Batch, row: int, shift: int, columns: Sequence[Any]) -> dict[str, Any]:
        """The map for one row of the batch, whose values stand at `row + shift` of the columns."""
        meta: dict[str, Any] = {}
        for key, dtype, said in self._meta:
            if dtype == F8:
                found = columns[said][row + shift]
                meta[key] = found if math.isfinite(found) else None
            elif dtype == BOOL:
                meta[key] = columns[said][row + shift] == 1.0
            else:
                meta[key] = batch.view(said)[row] if dtype == I8 else said
        ts, schema = batch.view("ts")[row], batch.schema
        if not self.signals:
            return {
                "kind": "meta",
                "of": schema.key,
                "ts": ts,
                "strategy": self.strategy,
                "action": self.rule.action,
                "meta": meta,
            }
        size = columns[self._at[2]][row + shift]
        return {
            "kind": "signal",
            "ts": ts,
            "symbol": schema.symbol,
            "period": schema.period,
            "strategy": self.strategy,
            "action": self.rule.action,
            "size": size if math.isfinite(size) else None,
            "meta": meta,
        }


def _computed(expr: Expr) -> bool:
    """Whether a graph gives its value: times and texts are taken as they stand."""
    return expr.dtype in (F8, BOOL)
