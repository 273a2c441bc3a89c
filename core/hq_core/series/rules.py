"""Rules: expressions that order something where they hold, and where a plan has the columns that they need."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hq_core.series.expr import BOOL, F8, I8, TEXT, constant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.graph import GraphColumn
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


class Said:
    """A number, text or time of a rule.

    at      the column of its values, -1 if there is none; fixed: the value of a constant
    name    the column of the base that it is taken from as it stands: a time
    text    a constant text, or None; truth: 1 is true
    """

    __slots__ = ("at", "fixed", "name", "text", "truth")

    def __init__(self, expr: Expr | None = None, at: int = -1) -> None:
        self.at = at
        self.name = ""
        self.text: str | None = None
        self.truth = expr is not None and expr.dtype == BOOL
        self.fixed = math.nan
        if expr is not None and expr.constant is not None:
            self.fixed = expr.constant
        elif expr is not None and expr.dtype == TEXT:
            self.text = str(expr.data)
        elif expr is not None and expr.dtype == I8:
            self.name = str(expr.data)


NOTHING = Said()


class Watch:
    """A rule of a strategy over the columns that a plan computes for it.

    number     of the rule in its strategy, from 1
    exprs      what is computed: the condition, then a size and values of META that are no constants
    columns    where the plan has them; condition, size and meta say which is which
    """

    __slots__ = ("columns", "condition", "exprs", "meta", "number", "rule", "size", "strategy")

    def __init__(self, strategy: str, number: int, rule: CheckedRule) -> None:
        self.strategy = strategy
        self.number = number
        self.rule = rule
        self.exprs = [rule.condition, *(one for one in self._parts() if _computed(one))]
        self.columns: list[int] = []
        self.condition = -1
        self.size = NOTHING
        self.meta: dict[str, Said] = {}

    def _parts(self) -> list[Expr]:
        return [self.rule.size or constant(math.inf), *(one for _, one in self.rule.meta or ())]

    def place(self, outs: list[GraphColumn], watched: list[GraphColumn]) -> None:
        """Add the columns of its expressions to `watched`, each once, and remember where they are."""
        for out in outs:
            if out not in watched:
                watched.append(out)
        self.columns = [watched.index(out) for out in outs]
        places = iter(self.columns[1:])
        said = [Said(one, next(places) if _computed(one) else -1) for one in self._parts()]
        self.condition, self.size = self.columns[0], said[0]
        self.meta = dict(zip((key for key, _ in self.rule.meta or ()), said[1:]))


def watches(strategy: str, rules: Sequence[CheckedRule]) -> list[Watch]:
    """The rules of a strategy, in the order of the file."""
    return [Watch(strategy, number, rule) for number, rule in enumerate(rules, 1)]


def _computed(expr: Expr) -> bool:
    """Whether a graph gives its value: constants, times and texts are taken as they stand."""
    return expr.constant is None and expr.dtype in (F8, BOOL)
