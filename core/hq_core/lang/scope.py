"""The names that a strategy may use: parameters, what it assigned, columns; and on which clock they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.batch import period_ns
from hq_core.lang import tree
from hq_core.lang.source import LangError, StrategyText, UnknownName, nearest
from hq_core.lang.words import COLUMNS, PRICES, TIMES
from hq_core.series.expr import BASE, BOOL, I8, TEXT, Expr, clock_of, column

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hq_core.series.expr import Clock


class Scope:
    """What the names of one program stand for, over one base series.

    columns   what the base's rows have; None: take any unknown name for a column
    here      symbol and period of the base where known: a reference to them is the base itself
    given     parameters set from outside
    names     parameters and assigned names, as expressions; parameters: which of them are parameters
    symbols   that are named
    clock     what a bare column name is read on
    """

    def __init__(
        self,
        source: StrategyText,
        columns: Collection[str] | None = COLUMNS,
        here: tuple[str, str] = ("", ""),
        given: Mapping[str, float] | None = None,
    ) -> None:
        self.source = source
        self.columns = columns
        self.here = here[0], period_ns(here[1])
        self.given = given or {}
        self.names: dict[str, Expr] = {}
        self.parameters: set[str] = set()
        self.symbols: set[str] = set()
        self.clock = BASE

    def wrong(self, node: tree.Syntax, reason: str) -> LangError:
        return LangError(self.source, node.start, node.end, reason)

    def define(self, name: tree.Name, expr: Expr) -> None:
        if name.name in self.names:
            raise self.wrong(name, f"'{name.name}' is defined already; a name is given once")
        if name.name in COLUMNS or name.name in TIMES:
            raise self.wrong(name, f"'{name.name}' is a column of the input")
        self.names[name.name] = expr

    def name(self, node: tree.Name) -> Expr:
        """What a name stands for here."""
        name = node.name
        if name in self.names:
            if self.clock != BASE and self.names[name].clock not in (None, self.clock):
                raise self.wrong(node, f"'{name}' has a clock of its own and cannot be read on another")
            return self.names[name]
        if name in TIMES:
            raise self.wrong(node, f"'{name}' is a time, which only META takes")
        if self._is_column(name):
            return column(name, self.clock)
        if name in COLUMNS:
            raise self.wrong(node, f"the input has no column '{name}'")
        reason = f"unknown name '{name}'" + nearest(name, [*self.names, *(self.columns or ()), *COLUMNS])
        raise UnknownName(self.source, node.start, node.end, reason)

    def dotted(self, node: tree.Output) -> Expr | None:
        """The column NAME.OUTPUT, as hq-indicators names the outputs of one indicator; None where it is none."""
        first = node.operand
        if not isinstance(first, tree.Name) or first.name in self.names or first.name in COLUMNS:
            return None
        name = f"{first.name}.{node.name.name}"
        return column(name, self.clock) if self.columns is None or name in self.columns else None

    def default(self, node: tree.Syntax, name: str) -> Expr:
        """The column that an indicator reads if none is given; times are numbers to it."""
        if name in TIMES:
            return column(name, self.clock)
        return self.name(tree.Name(node.start, node.end, name))

    def elsewhere(self, symbol: str, period: str) -> Clock:
        """The clock of a reference."""
        if symbol:
            self.symbols.add(symbol)
        return clock_of(symbol, period, self.here)

    def number(self, node: tree.Syntax, expr: Expr) -> Expr:
        """The expression, which must be a number or a series, not a condition or a text."""
        if not expr.numeric:
            raise self.wrong(node, f"a {word(expr)} is no number" + pick(expr))
        return expr

    def _is_column(self, name: str) -> bool:
        if self.columns is None or name in self.columns:
            return True
        return self.clock != BASE and name in COLUMNS  # what another stream has is seen when it comes


def word(expr: Expr) -> str:
    """What messages call an expression."""
    if expr.outputs:
        return "call with several outputs"
    named = {BOOL: "bool", TEXT: "text", I8: "time"}.get(expr.dtype)
    if named is not None:
        return named
    while expr.op == "lag":
        expr = expr.args[0]
    if expr.op == "const":
        return "number"
    return "price" if expr.op == "column" and expr.data in PRICES else "series"


def pick(expr: Expr) -> str:
    """What to add to a message about an expression that still has several outputs."""
    return "; pick an output: " + ", ".join("." + name for name in expr.outputs) if expr.outputs else ""
