"""Rules to columns of orders, and to the maps that tell of them."""
from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING, Any

from hq_core.jit import Cell
from hq_core.kernels import ops
from hq_core.lang.functions import VERBS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.batch import Batch
    from hq_core.graph import Out
    from hq_core.lang.actions import Fired
    from hq_core.lang.compile import Plan
    from hq_core.lang.types import Checker
    from hq_core.lang.values import Value


def orders(plan: Plan, strategy: str, checked: Checker, signals: bool) -> tuple[dict[str, Out], list[Watch]]:
    """The column of each verb, and the rules that maps tell of.

    A verb's column: the quantity ordered at the row; inf: the rule names none; nan: there is no order.
    signals   every rule gets a map and there are no columns
    """
    graph = plan.base
    nothing = graph.constant(math.nan)
    columns = dict.fromkeys(VERBS, nothing)
    watches: list[Watch] = []
    for rule in checked.rules:
        condition = plan.column(rule.condition)
        fired, size = condition, graph.constant(math.inf)
        if rule.size is not None:
            size = plan.column(rule.size)
            if rule.size.constant is None:
                fired = graph.node(ops.sized, [condition, size]).out()
        for verb in rule.verbs:
            columns[verb] = graph.node(ops.order, [columns[verb], fired, size]).out()
        if signals or rule.meta is not None or fired is not condition:
            watches.append(Watch(plan, strategy, rule, condition, fired, size, signals))
    return ({} if signals else columns), watches


class Watch:
    """A rule that maps tell of, or whose size may turn out to be none."""

    __slots__ = (
        "_condition",
        "_fired",
        "_marked",
        "_meta",
        "_outs",
        "_rows",
        "_size",
        "rule",
        "signals",
        "strategy",
    )

    def __init__(
        self, plan: Plan, strategy: str, rule: Fired, condition: Out, fired: Out, size: Out, signals: bool
    ) -> None:
        self.strategy = strategy
        self.rule = rule
        self.signals = signals
        self._outs: list[Out] = []
        self._condition = self._want(condition)
        self._fired = self._want(fired)
        self._size = self._want(size)
        self._meta: list[tuple[str, Value, int]] = [
            (key, value, self._want(plan.column(value)) if value.kind in ("number", "series", "bool") else -1)
            for key, value in rule.meta or ()
        ]
        self._marked = Cell(ops.marked)
        self._rows = array("q")

    def _want(self, out: Out) -> int:
        self._outs.append(out)
        return len(self._outs) - 1

    def place(self, wanted: list[Out]) -> None:
        """Add the columns it reads to `wanted`, each once, and remember where they are."""
        for out in self._outs:
            if out not in wanted:
                wanted.append(out)
        at = [wanted.index(out) for out in self._outs]
        self._condition, self._fired, self._size = at[self._condition], at[self._fired], at[self._size]
        self._meta = [(key, value, at[i] if i >= 0 else -1) for key, value, i in self._meta]

    def fired(self, columns: Sequence[int], n: int) -> array[int]:
        """The rows at which the rule gave an order."""
        if self.rule.meta is None and not self.signals:
            return array("q")
        return self._find(columns[self._fired], n)

    def unsized(self, columns: Sequence[int], n: int) -> int:
        """How often it would have given an order and had no size."""
        if self._fired == self._condition:
            return 0
        return len(self._find(columns[self._condition], n)) - len(self._find(columns[self._fired], n))

    def _find(self, column: int, n: int) -> array[int]:
        if len(self._rows) < n:
            self._rows = array("q", bytes(8 * n))
        self._marked.column("fired", column, n)
        self._marked.column("rows", self._rows.buffer_info()[0], n)
        self._marked.run()
        return self._rows[: self._marked.state.found]

    def frame(self, batch: Batch, row: int, shift: int, columns: Sequence[Any]) -> dict[str, Any]:
        """The map for one row of the batch, whose values stand at `row + shift` of the columns."""
        meta: dict[str, Any] = {}
        for key, value, at in self._meta:
            if at >= 0:
                found = columns[at][row + shift]
                meta[key] = found == 1.0 if value.kind == "bool" else found if math.isfinite(found) else None
            else:
                meta[key] = batch.view(str(value.data))[row] if value.kind == "time" else value.data
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
        size = columns[self._size][row + shift]
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
