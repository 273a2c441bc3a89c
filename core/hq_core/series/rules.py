"""Rules: expressions that order something where they hold, and where a plan has the columns that they need."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hq_core.kinds import ACCOUNTS_UNIT, ORDER
from hq_core.series.expr import BOOL, F8, I8, TEXT, constant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.graph import GraphColumn
    from hq_core.series.expr import Expr


PRICED = (*ORDER.of_unit("price"), *ORDER.of_unit("frac"))  # what a rule may give to its orders: prices
FLAGS = tuple(column.name for column in ORDER.columns if column.type == "b1")
LIVES = ("tif", "expire")
SIZES = {  # what says how much -> the unit of kind order, account: the one that the account says
    "size": "account",
    "contracts": "contracts",
    "base": "base",
    "quote": "quote",
    "equity": "equity_frac",
    "risk": "risk_frac",
}
KEY_OF_UNIT = {unit: key for key, unit in SIZES.items()}


class CheckedRule:
    """A rule: when `condition` holds, `verbs` are ordered.

    action     as written in the output, such as BUY
    size       quantity, or None: all that the account allows; unit: the code of what it is in
    meta       keys and expressions of META, in order; None without META
    number     of the rule in its strategy, from 1; those of one rule's actions have the same
    type       code of how it is carried out; prices: expressions, by the names of the order's columns
    life       code of how long it works, None where nothing is said; expire: ns after the row's ts, 0 for none
    flags      reduce_only, post_only where said
    """

    __slots__ = (
        "action",
        "condition",
        "expire",
        "flags",
        "life",
        "meta",
        "number",
        "prices",
        "size",
        "type",
        "unit",
        "verbs",
    )

    def __init__(
        self,
        condition: Expr,
        action: str,
        verbs: tuple[str, ...],
        size: Expr | None,
        meta: list[tuple[str, Expr]] | None,
        number: int = 1,
    ) -> None:
        self.condition = condition
        self.action = action
        self.verbs = verbs
        self.size = size
        self.meta = meta
        self.number = number
        self.unit = ACCOUNTS_UNIT
        self.type = 0
        self.prices: dict[str, Expr] = {}
        self.life: int | None = None
        self.expire = 0
        self.flags: dict[str, bool] = {}


class Said:
    """A number, text or time of a rule.

    at      the column of its values, -1 if there is none; fixed: the value of a constant
    name    the column of the base that it is taken from as it stands: a time
    time    the values are times, the bits of whole numbers
    text    a constant text, or None; truth: 1 is true
    """

    __slots__ = ("at", "fixed", "name", "text", "time", "truth")

    def __init__(self, expr: Expr | None = None, at: int = -1) -> None:
        self.at = at
        self.name = ""
        self.text: str | None = None
        self.truth = expr is not None and expr.dtype == BOOL
        self.time = at >= 0 and expr is not None and expr.dtype == I8
        self.fixed = math.nan
        if expr is not None and expr.constant is not None:
            self.fixed = expr.constant
        elif expr is not None and expr.dtype == TEXT:
            self.text = str(expr.data)
        elif expr is not None and expr.dtype == I8 and not self.time:
            self.name = str(expr.data)


NOTHING = Said()


class Watch:
    """A rule of a strategy over the columns that a plan computes for it.

    exprs      what is computed: the condition, then a size, prices and values of META that are no constants
    columns    where the plan has them; condition, size, prices and meta say which is which
    """

    __slots__ = ("columns", "condition", "exprs", "meta", "prices", "rule", "size", "strategy")

    def __init__(self, strategy: str, rule: CheckedRule) -> None:
        self.strategy = strategy
        self.rule = rule
        self.exprs = [rule.condition, *(one for one in self._parts() if _computed(one))]
        self.columns: list[int] = []
        self.condition = -1
        self.size = NOTHING
        self.prices: dict[str, Said] = {}
        self.meta: dict[str, Said] = {}

    def _parts(self) -> list[Expr]:
        rule = self.rule
        return [rule.size or constant(math.inf), *rule.prices.values(), *(one for _, one in rule.meta or ())]

    def place(self, outs: list[GraphColumn], watched: list[GraphColumn]) -> None:
        """Add the columns of its expressions to `watched`, each once, and remember where they are."""
        for out in outs:
            if out not in watched:
                watched.append(out)
        self.columns = [watched.index(out) for out in outs]
        places = iter(self.columns[1:])
        said = [Said(one, next(places) if _computed(one) else -1) for one in self._parts()]
        self.condition, self.size = self.columns[0], said[0]
        self.prices = dict(zip(self.rule.prices, said[1:]))
        self.meta = dict(zip((key for key, _ in self.rule.meta or ()), said[1 + len(self.prices) :]))


def watches(strategy: str, rules: Sequence[CheckedRule]) -> list[Watch]:
    """The rules of a strategy, in the order of the file."""
    return [Watch(strategy, rule) for rule in rules]


def _computed(expr: Expr) -> bool:
    """Whether a graph gives its value: constants, texts and times of the rows are taken as they stand."""
    return expr.constant is None and (expr.dtype in (F8, BOOL) or (expr.dtype == I8 and expr.op != "column"))
