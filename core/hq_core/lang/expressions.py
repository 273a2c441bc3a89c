"""What trees stand for: names resolved, operands of the right type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.lang import tree
from hq_core.lang.calls import Calls
from hq_core.lang.scope import Scope, pick, spelled, word
from hq_core.lang.source import LangError, nearest
from hq_core.lang.words import ARITHMETIC, LOGIC, RELATIONS
from hq_core.series.expr import BOOL, F8, HIT, TEXT, Expr, applied, constant, is_text, lagged, picked, scored, truth

if TYPE_CHECKING:
    from hq_core.lang.variable import Own

HISTORY = 100_000  # bars that x[n] may look back


class Expressions:
    """Checks the expressions of one program within a scope.

    Of every indicator call its arguments in canonical order (calls): inputs without a key, as trees or names of default
    columns, then parameters; called: the indicators; functions: what the program defines or uses.
    """

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.source = scope.source
        self._calls = Calls(scope, self.expr)
        self.calls = self._calls.arguments
        self.called = self._calls.called
        self.functions = self._calls.functions
        # x[1] is one expression each time: functions of it that call each other twice are expanded once
        self._lagged: dict[tuple[int, int], tuple[Expr, Expr]] = {}  # by id and rows; the first keeps the id its own

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
        if isinstance(node, tree.Chain):
            return self._chain(node)
        if isinstance(node, tree.Member):
            return self._member(node)
        if isinstance(node, tree.History):
            return self._history(node)
        if isinstance(node, tree.Output):
            return self._output(node)
        if isinstance(node, tree.Elsewhere):
            return self._elsewhere(node)
        raise TypeError(f"{type(node).__name__} is no expression")

    def _prefix(self, node: tree.Prefix) -> Expr:
        operand = self.expr(node.operand)
        wrong = self.scope.wrong
        if node.sign == "-":
            if not operand.numeric:
                raise wrong(node.operand, f"'-' wants a number, this is a {word(operand)}" + pick(operand))
            return applied("neg", operand) if operand.constant is None else constant(-operand.constant)
        operand = truth(operand)
        if operand.dtype != BOOL:
            raise wrong(node.operand, f"NOT wants a condition, this is a {word(operand)}" + pick(operand))
        return applied("not_", operand, dtype=BOOL)

    def _infix(self, node: tree.Infix) -> Expr:
        left, right, sign = self.expr(node.left), self.expr(node.right), node.sign
        if sign in LOGIC:
            left, right = truth(left), truth(right)
            for side, expr in ((node.left, left), (node.right, right)):
                if expr.dtype != BOOL:
                    raise self.scope.wrong(side, f"{sign} wants conditions, this is a {word(expr)}" + pick(expr))
            return applied(LOGIC[sign], left, right, dtype=BOOL)
        if sign in RELATIONS:
            return self._compared(node.left, left, (sign, node.at, node.at_end), node.right, right)
        self._joined(node.left, left, (sign, node.at, node.at_end), node.right, right)
        if sign in "/%" and left.constant is not None and right.constant == 0.0:
            raise self.scope.wrong(node.right, "division by 0")
        return applied(ARITHMETIC[sign], left, right)

    def _joined(
        self, a: tree.Syntax, left: Expr, at: tuple[str, int, int], b: tree.Syntax, right: Expr, verb: str = "joins"
    ) -> None:
        """Refuse what an operator cannot join, at its sign."""
        for side, expr in ((a, left), (b, right)):
            if expr.outputs:
                raise self.scope.wrong(side, pick(expr)[2:])
        if not (left.numeric and right.numeric):
            raise LangError(self.source, at[1], at[2], f"'{at[0]}' {verb} {word(left)} with {word(right)}")

    def _compared(self, a: tree.Syntax, left: Expr, at: tuple[str, int, int], b: tree.Syntax, right: Expr) -> Expr:
        sign = at[0]
        conditions = sign in ("==", "!=") and BOOL in (left.dtype, right.dtype)
        left, right = (truth(left), truth(right)) if conditions else (scored(left), scored(right))
        same = self._same_text(left, right) if sign in ("==", "!=") else None
        if same is not None:
            return same if sign == "==" else applied("not_", same, dtype=BOOL)
        if not (conditions and left.dtype == right.dtype):
            self._joined(a, left, at, b, right, "compares")
        return applied(RELATIONS[sign], left, right, dtype=BOOL)

    def _same_text(self, left: Expr, right: Expr) -> Expr | None:
        """Whether two texts are one, of which at most one is a column; None where they are no such two."""
        if left.op == "const":
            left, right = right, left
        if right.op != "const" or right.dtype != TEXT:
            return None
        if left.op == "const":
            return constant(left.data == right.data) if left.dtype == TEXT else None
        unknown = self.scope.columns is None and left.op == "column" and left.dtype == F8
        return is_text(left, str(right.data)) if left.dtype == TEXT or unknown else None

    def _chain(self, node: tree.Chain) -> Expr:
        exprs = [self.expr(one) for one in node.operands]
        pairs = zip(node.operands, exprs, node.signs, node.operands[1:], exprs[1:])
        found = [self._compared(*pair) for pair in pairs]
        made = found[0]
        for other in found[1:]:
            made = applied("and_", made, other, dtype=BOOL)
        return made

    def _member(self, node: tree.Member) -> Expr:
        expr = scored(self.expr(node.operand))
        found = constant(False)
        for one in node.choices:
            other = constant(one.value)
            same = self._same_text(expr, other)
            if same is None and (not expr.numeric or not other.numeric):
                raise self.scope.wrong(one, f"IN compares {word(expr)} with {word(other)}" + pick(expr))
            same = same or applied("eq", expr, other, dtype=BOOL)
            found = same if found.constant == 0.0 else applied("or_", found, same, dtype=BOOL)
        return found

    def _history(self, node: tree.History) -> Expr:
        own = self._own(node.operand)
        expr = self.expr(node.operand) if own is None else None
        index = self.expr(node.index)
        wrong = self.scope.wrong
        if index.constant is None or index.dtype == BOOL or not index.constant.is_integer():
            raise wrong(node.index, "history wants a whole number of bars that is known beforehand, as in close[1]")
        bars = int(index.constant)
        if not 0 <= bars <= HISTORY:
            raise wrong(node.index, f"history is {bars} bars, must be 0 to {HISTORY}")
        if own is not None:
            if not bars:
                raise wrong(node, f"'{own.name}'[0] is made here; [1] is the value of the row before")
            return own.before(bars)
        assert expr is not None
        if expr.clock is None or not (expr.numeric or expr.dtype in (BOOL, HIT)):
            raise wrong(node.operand, f"a {word(expr)} has no history" + pick(expr))
        key = id(expr), bars
        if key not in self._lagged:
            self._lagged[key] = expr, lagged(expr, bars)
        return self._lagged[key][1]

    def _own(self, node: tree.Syntax) -> Own | None:
        """The VAR that is being checked, if its name stands here."""
        own = self.scope.own
        return own if own is not None and isinstance(node, tree.Name) and node.name == own.name else None

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
        name = spelled(node)
        if name and not isinstance(operand, (tree.Name, tree.Column, tree.Call)) and not scope.given_name(name):
            raise scope.unknown(node, name)
        outer, scope.clock = scope.clock, scope.elsewhere(node)
        expr = self.expr(operand)
        wanted, scope.clock = scope.clock, outer
        if expr.clock is None:
            raise LangError(self.source, node.at, node.end, f"'@' reads series, this is a {word(expr)}")
        if expr.clock != wanted:
            raise LangError(self.source, node.at, node.end, "what it reads has '@' of its own; give each part one")
        return expr
