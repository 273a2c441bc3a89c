"""The tree checked and turned into expressions: names resolved, operands of the right type, before the first row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.lang import tree
from hq_core.lang.calls import Calls
from hq_core.lang.rules import checked_rule
from hq_core.lang.scope import Scope, pick, spelled, word
from hq_core.lang.source import LangError, nearest
from hq_core.lang.words import ARITHMETIC, LOGIC, RELATIONS
from hq_core.series.expr import BOOL, Expr, applied, constant, lagged, picked

if TYPE_CHECKING:
    from hq_core.series.rules import CheckedRule

HISTORY = 100_000  # bars that x[n] may look back


class Checker:
    """Checks one program within a scope.

    After check(): rules, warnings, scope.names, and of every indicator call its arguments in canonical order
    (calls): inputs without a key, as trees or names of default columns, then parameters; called: the indicators.
    """

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.source = scope.source
        self.rules: list[CheckedRule] = []
        self.warnings: list[str] = []
        self._calls = Calls(scope, self.expr)
        self.calls = self._calls.arguments
        self.called = self._calls.called

    def check(self, program: tree.Program) -> Checker:
        for statement in program.statements:
            if isinstance(statement, tree.Parameter):
                self._parameter(statement)
            elif isinstance(statement, tree.Assign):
                self.scope.define(statement.name, self.expr(statement.value))
            elif isinstance(statement, tree.Rule):
                self.rules.append(checked_rule(self.scope, self.expr, statement))
            elif isinstance(statement, tree.Bare):
                self.expr(statement.value)
                where = self.source.where(statement.start)
                self.warnings.append(f"{where}: warning: the expression has no effect; give it a name or use it")
        return self

    def expr(self, node: tree.Syntax) -> Expr:
        """What a tree stands for."""
        if isinstance(node, tree.Number):
            return constant(node.value)
        if isinstance(node, tree.Truth):
            return constant(bool(node.value))
        if isinstance(node, tree.Text):
            return constant(node.value)
        if isinstance(node, tree.Name):
            return self.scope.name(node)
        if isinstance(node, tree.Column):
            return self.scope.quoted(node)
        if isinstance(node, tree.Call):
            return self._calls.check(node)
        if isinstance(node, tree.Prefix):
            return self._prefix(node)
        if isinstance(node, tree.Infix):
            return self._infix(node)
        if isinstance(node, tree.History):
            return self._history(node)
        if isinstance(node, tree.Output):
            return self._output(node)
        if isinstance(node, tree.Elsewhere):
            return self._elsewhere(node)
        raise TypeError(f"{type(node).__name__} is no expression")

    def _parameter(self, node: tree.Parameter) -> None:
        scope = self.scope
        value, low, high = node.value.value, node.low, node.high
        if node.name.name in scope.given:
            value = scope.given[node.name.name]
        if low is not None and high is not None:
            if low.value > high.value:
                raise LangError(self.source, low.start, high.end, f"the range {low.text}..{high.text} is empty")
            if not low.value <= value <= high.value:
                raise scope.wrong(node.value, f"{node.name.name} is {value:.15g}, must be {low.text} to {high.text}")
        scope.parameters.add(node.name.name)
        scope.define(node.name, constant(value))

    def _prefix(self, node: tree.Prefix) -> Expr:
        operand = self.expr(node.operand)
        wrong = self.scope.wrong
        if node.sign == "-":
            if not operand.numeric:
                raise wrong(node.operand, f"'-' wants a number, this is a {word(operand)}" + pick(operand))
            return applied("neg", operand) if operand.constant is None else constant(-operand.constant)
        if operand.dtype != BOOL:
            raise wrong(node.operand, f"NOT wants a condition, this is a {word(operand)}" + pick(operand))
        return applied("not_", operand, dtype=BOOL)

    def _infix(self, node: tree.Infix) -> Expr:
        left, right, sign = self.expr(node.left), self.expr(node.right), node.sign
        wrong = self.scope.wrong
        if sign in LOGIC:
            for side, expr in ((node.left, left), (node.right, right)):
                if expr.dtype != BOOL:
                    raise wrong(side, f"{sign} wants conditions, this is a {word(expr)}" + pick(expr))
            return applied(LOGIC[sign], left, right, dtype=BOOL)
        for side, expr in ((node.left, left), (node.right, right)):
            if expr.outputs:
                raise wrong(side, pick(expr)[2:])
        comparison = sign in RELATIONS
        both = left.dtype == right.dtype == BOOL and sign in ("==", "!=")
        if not both and not (left.numeric and right.numeric):
            verb = "compares" if comparison else "joins"
            raise LangError(self.source, node.at, node.at_end, f"'{sign}' {verb} {word(left)} with {word(right)}")
        if comparison:
            return applied(RELATIONS[sign], left, right, dtype=BOOL)
        if left.constant is not None and right.constant is not None:
            return constant(self._fold(node, left.constant, right.constant))
        return applied(ARITHMETIC[sign], left, right)

    def _fold(self, node: tree.Infix, left: float, right: float) -> float:
        if node.sign == "/" and right == 0.0:
            raise self.scope.wrong(node.right, "division by 0")
        if node.sign in "*/":
            return left * right if node.sign == "*" else left / right
        return left + right if node.sign == "+" else left - right

    def _history(self, node: tree.History) -> Expr:
        expr, index = self.expr(node.operand), self.expr(node.index)
        wrong = self.scope.wrong
        if index.constant is None or index.dtype == BOOL or not index.constant.is_integer():
            raise wrong(node.index, "history wants a whole number of bars that is known beforehand, as in close[1]")
        bars = int(index.constant)
        if not 0 <= bars <= HISTORY:
            raise wrong(node.index, f"history is {bars} bars, must be 0 to {HISTORY}")
        if expr.clock is None or not (expr.numeric or expr.dtype == BOOL):
            raise wrong(node.operand, f"a {word(expr)} has no history" + pick(expr))
        return lagged(expr, bars)

    def _output(self, node: tree.Output) -> Expr:
        column = self.scope.exact(node)
        if column is not None:
            return column
        name = node.name.name
        expr = self.expr(node.operand)
        if not expr.outputs:
            raise self.scope.wrong(node.name, f"a {word(expr)} has no output '{name}'")
        if name.lower() not in expr.outputs:
            hint = nearest(name, list(expr.outputs))
            raise self.scope.wrong(node.name, f"no output '{name}'" + hint + pick(expr))
        return picked(expr, name.lower())

    def _elsewhere(self, node: tree.Elsewhere) -> Expr:
        operand, scope = node.operand, self.scope
        column = scope.exact(node)
        if column is not None:
            return column
        if isinstance(operand, tree.Name) and operand.name in scope.names:
            raise scope.wrong(operand, f"'{operand.name}' is computed on its own clock; '@' reads a column or a call")
        if not isinstance(operand, (tree.Name, tree.Column, tree.Call)):
            name = spelled(node)
            if name and not scope.given_name(name):
                raise scope.unknown(node, name)
            raise LangError(
                self.source, node.at, node.end, "'@' reads a column or a call, as in close@4h or RSI(14)@4h"
            )
        outer, scope.clock = scope.clock, scope.elsewhere(node.symbol, node.period)
        expr = self.expr(operand)
        wanted, scope.clock = scope.clock, outer
        if expr.clock != wanted:
            raise LangError(
                self.source, node.at, node.end, "the call reads other streams as well; give each its own '@'"
            )
        return expr
