"""The tree checked and turned into expressions, statement by statement, before the first row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.kinds import ORDER
from hq_core.lang import tree
from hq_core.lang.define import define, use
from hq_core.lang.expressions import Expressions
from hq_core.lang.params import parameter
from hq_core.lang.rules import checked_rules
from hq_core.lang.scope import Scope, pick, word
from hq_core.lang.used import Used
from hq_core.lang.variable import variable
from hq_core.series.expr import BOOL, HIT, Expr, constant, picked
from hq_core.wire.frame import MAX_COLUMNS, MAX_NAME, is_name

if TYPE_CHECKING:
    from hq_core.lang.source import StrategyText
    from hq_core.series.rules import CheckedRule

PLOT = "PLOT"
ORDERS = sum(not column.optional for column in ORDER.columns)  # columns that all orders have


class Checker(Expressions):
    """Checks one program within a scope.

    After check(): rules, warnings, plots by their columns, scope.names, what Expressions has; used: the files of it.
    """

    def __init__(self, scope: Scope, used: Used | None = None) -> None:
        super().__init__(scope)
        self.used = used or Used()
        self.rules: list[CheckedRule] = []
        self._counted = 0  # rules of the file, each of which may have several actions
        self._meta: set[str] = set()  # keys, each of which is a column of orders
        self.warnings: list[str] = []
        self.plots: dict[str, Expr] = {}

    def check(self, program: tree.Program) -> Checker:
        for statement in program.statements:
            for name in given_by(statement):
                self.scope.below.setdefault(name.name, self.source.position(name.start)[0])
        for statement in program.statements:
            for name in given_by(statement):
                self.scope.below.pop(name.name, None)
            self._statement(statement)
        uncalled = [one for one in self.functions.values() if one.checker is self and not one.called]
        if uncalled:
            from hq_core.lang.uncalled import check_uncalled  # few files have any

            check_uncalled(self, uncalled)
        return self

    def _statement(self, node: tree.Syntax) -> None:
        scope = self.scope
        if isinstance(node, tree.Parameter):
            scope.parameters.add(node.name.name)
            scope.define(node.name, constant(parameter(scope, node)))
        elif isinstance(node, tree.Assign):
            scope.define(node.name, self.expr(node.value))
        elif isinstance(node, tree.Several):
            self._several(node)
        elif isinstance(node, tree.Variable):
            scope.define(node.name, variable(scope, self.expr, node))
        elif isinstance(node, tree.Function):
            define(self, node)
        elif isinstance(node, tree.Use):
            use(self, node)
        elif isinstance(node, tree.Rule):
            self._counted += 1
            rules = checked_rules(scope, self.expr, node, self._counted)
            self.rules += rules
            self._meta.update(key for rule in rules for key, _ in rule.meta or ())
            if ORDERS + len(self._meta) > MAX_COLUMNS:
                keys = f"META has {len(self._meta)} keys up to here"
                raise scope.wrong(node, f"{keys}; with theirs orders would have more than {MAX_COLUMNS} columns")
        elif isinstance(node, tree.Bare) and isinstance(node.value, tree.Call) and is_plot(node.value):
            self._plot(node.value)
        elif isinstance(node, tree.Bare):
            self.expr(node.value)
            where = self.source.where(node.start)
            self.warnings.append(f"{where}: warning: the expression has no effect; give it a name or use it")

    def beside(self, source: StrategyText) -> Checker:
        """What checks a file that this one uses, over the same series."""
        found = Checker(self.scope.beside(source), self.used)
        found._calls.called = self.called
        return found

    def _plot(self, call: tree.Call) -> None:
        """PLOT(name, value): a column of the bars that are written."""
        wrong, given = self.scope.wrong, [argument.value for argument in call.arguments if argument.key is None]
        if len(given) != 2 or len(call.arguments) != 2:
            raise wrong(call, 'PLOT takes a name and a value: PLOT("trend", EMA(close, 50))')
        name, node = given
        if not isinstance(name, (tree.Name, tree.Text)):
            raise wrong(name, "PLOT wants the name of a column first")
        text = name.name if isinstance(name, tree.Name) else name.value
        if not is_name(text):
            raise wrong(name, f"a column's name has at most {MAX_NAME} characters, and none that does not print")
        if text in self.plots or text in (self.scope.columns or ()) or not text:
            raise wrong(name, f"there is a column '{text}' already")
        expr = self.expr(node)
        if not (expr.numeric or expr.dtype in (BOOL, HIT)):
            raise wrong(node, f"a {word(expr)} is no column" + pick(expr))
        self.plots[text] = expr
        columns = len(self.scope.columns or ()) + len(self.plots)
        if columns > MAX_COLUMNS:
            raise wrong(call, f"the bars would have {columns} columns, at most {MAX_COLUMNS} are written")

    def _several(self, node: tree.Several) -> None:
        expr = self.expr(node.value)
        outputs = expr.outputs or ("",)
        if len(outputs) != len(node.names):
            gives = f"has {len(outputs)} outputs: {', '.join(outputs)}" if expr.outputs else "is one value"
            raise self.scope.wrong(node.value, f"{len(node.names)} names want as many values; this {gives}")
        for name, output in zip(node.names, outputs):
            self.scope.define(name, picked(expr, output))


def given_by(statement: tree.Syntax) -> list[tree.Name]:
    """The names that a statement gives values to."""
    if isinstance(statement, tree.Several):
        return statement.names
    return [statement.name] if isinstance(statement, (tree.Parameter, tree.Assign, tree.Variable)) else []


def is_plot(call: tree.Call) -> bool:
    return call.function.name.upper() == PLOT
