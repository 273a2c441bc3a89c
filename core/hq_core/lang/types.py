"""The tree checked and typed: every name resolved, every operand's kind right, before the first row."""
from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.batch import period_ns
from hq_core.lang import tree
from hq_core.lang.actions import check_rule
from hq_core.lang.calls import check_call
from hq_core.lang.functions import ARITHMETIC, COLUMNS, LOGIC, PRICES, RELATIONS, TIMES
from hq_core.lang.origin import LangError, Source, UnknownName, nearest
from hq_core.lang.values import BASE, Value, align

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hq_core.lang.actions import Fired
    from hq_core.lang.values import Clock

HISTORY = 100_000  # bars that x[n] may look back


class Checker:
    """Checks one program against one base series.

    columns   what the base's rows have; None: take any unknown name for a column
    here      symbol and period of the base where known: a reference to them is the base itself
    given     parameters set from outside
    After check(): rules, names (parameters and assigned names), warnings, symbols that are named, and of
    every indicator call its arguments in canonical order (calls): inputs without a key, as trees or names of
    default columns, then parameters.
    """

    def __init__(
        self,
        source: Source,
        columns: Collection[str] | None = COLUMNS,
        here: tuple[str, str] = ("", ""),
        given: Mapping[str, float] | None = None,
    ) -> None:
        self.source = source
        self.columns = columns
        self.here = here[0], period_ns(here[1])
        self.given = given or {}
        self.rules: list[Fired] = []
        self.names: dict[str, Value] = {}
        self.parameters: set[str] = set()
        self.warnings: list[str] = []
        self.calls: dict[tree.Call, list[tuple[str, tree.Node | str]]] = {}
        self.symbols: set[str] = set()
        self.clock = BASE  # what a bare column name is read on

    def check(self, program: tree.Program) -> Checker:
        for statement in program.statements:
            if isinstance(statement, tree.Parameter):
                self._parameter(statement)
            elif isinstance(statement, tree.Assign):
                self._define(statement.name, self.value(statement.value))
            elif isinstance(statement, tree.Rule):
                self.rules.append(check_rule(self, statement))
            elif isinstance(statement, tree.Bare):
                self.value(statement.value)
                where = self.source.where(statement.start)
                self.warnings.append(
                    f"{where}: warning: the expression has no effect; give it a name or use it"
                )
        return self

    def wrong(self, node: tree.Node, reason: str) -> LangError:
        return LangError(self.source, node.start, node.end, reason)

    def value(self, node: tree.Node) -> Value:
        """The typed value of an expression."""
        if isinstance(node, tree.Number):
            return Value("number", None, "const", (), node.value)
        if isinstance(node, tree.Truth):
            return Value("bool", None, "const", (), float(node.value))
        if isinstance(node, tree.Text):
            return Value("text", None, "text", (), node.value)
        if isinstance(node, tree.Name):
            return self._name(node)
        if isinstance(node, tree.Call):
            return check_call(self, node)
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

    def column_value(self, node: tree.Node) -> Value:
        """The value of an expression that must be a number or a series, not a condition or a text."""
        value = self.value(node)
        if not value.numeric:
            raise self.wrong(node, f"a {value.word} is no number" + value.pick)
        return value

    def _parameter(self, node: tree.Parameter) -> None:
        value, low, high = node.value.value, node.low, node.high
        if node.name.name in self.given:
            value = self.given[node.name.name]
        if low is not None and high is not None:
            if low.value > high.value:
                raise LangError(
                    self.source, low.start, high.end, f"the range {low.text}..{high.text} is empty"
                )
            if not low.value <= value <= high.value:
                raise self.wrong(
                    node.value, f"{node.name.name} is {value:.15g}, must be {low.text} to {high.text}"
                )
        self.parameters.add(node.name.name)
        self._define(node.name, Value("number", None, "const", (), value))

    def _define(self, name: tree.Name, value: Value) -> None:
        if name.name in self.names:
            raise self.wrong(name, f"'{name.name}' is defined already; a name is given once")
        if name.name in COLUMNS or name.name in TIMES:
            raise self.wrong(name, f"'{name.name}' is a column of the input")
        self.names[name.name] = value

    def _name(self, node: tree.Name) -> Value:
        name = node.name
        if name in self.names:
            if self.clock != BASE and self.names[name].clock not in (None, self.clock):
                raise self.wrong(node, f"'{name}' has a clock of its own and cannot be read on another")
            return self.names[name]
        if name in TIMES:
            raise self.wrong(node, f"'{name}' is a time, which only META takes")
        if self._is_column(name):
            return Value("series", self.clock, "column", (), name, "price" if name in PRICES else "series")
        if name in COLUMNS:
            raise self.wrong(node, f"the input has no column '{name}'")
        reason = f"unknown name '{name}'" + nearest(name, [*self.names, *(self.columns or ()), *COLUMNS])
        raise UnknownName(self.source, node.start, node.end, reason)

    def _is_column(self, name: str) -> bool:
        if self.columns is None or name in self.columns:
            return True
        return self.clock != BASE and name in COLUMNS  # what another stream has is seen when it comes

    def _prefix(self, node: tree.Prefix) -> Value:
        value = self.value(node.operand)
        if node.sign == "-":
            if not value.numeric:
                raise self.wrong(node.operand, f"'-' wants a number, this is a {value.word}" + value.pick)
            if value.constant is not None:
                return Value("number", None, "const", (), -value.constant)
            return Value("series", value.clock, "neg", (value,))
        if value.kind != "bool":
            raise self.wrong(node.operand, f"NOT wants a condition, this is a {value.word}" + value.pick)
        return Value("bool", value.clock, "not_", (value,))

    def _infix(self, node: tree.Infix) -> Value:
        left, right, sign = self.value(node.left), self.value(node.right), node.sign
        if sign in LOGIC:
            for side, value in ((node.left, left), (node.right, right)):
                if value.kind != "bool":
                    raise self.wrong(side, f"{sign} wants conditions, this is a {value.word}" + value.pick)
            return Value("bool", align(left, right), LOGIC[sign], (left, right))
        for side, value in ((node.left, left), (node.right, right)):
            if value.kind == "outputs":
                raise self.wrong(side, value.pick[2:])
        comparison = sign in RELATIONS
        both = left.kind == right.kind == "bool" and sign in ("==", "!=")
        if not both and not (left.numeric and right.numeric):
            verb = "compares" if comparison else "joins"
            raise LangError(
                self.source, node.at, node.at_end, f"'{sign}' {verb} {left.word} with {right.word}"
            )
        if comparison:
            return Value("bool", align(left, right), RELATIONS[sign], (left, right))
        if left.constant is not None and right.constant is not None:
            return Value("number", None, "const", (), self._fold(node, left.constant, right.constant))
        return Value("series", align(left, right), ARITHMETIC[sign], (left, right))

    def _fold(self, node: tree.Infix, left: float, right: float) -> float:
        if node.sign == "/" and right == 0.0:
            raise self.wrong(node.right, "division by 0")
        if node.sign in "*/":
            return left * right if node.sign == "*" else left / right
        return left + right if node.sign == "+" else left - right

    def _history(self, node: tree.History) -> Value:
        value, index = self.value(node.operand), self.value(node.index)
        if index.constant is None or index.kind != "number" or not index.constant.is_integer():
            raise self.wrong(
                node.index, "history wants a whole number of bars that is known beforehand, as in close[1]"
            )
        bars = int(index.constant)
        if not 0 <= bars <= HISTORY:
            raise self.wrong(node.index, f"history is {bars} bars, must be 0 to {HISTORY}")
        if value.clock is None or value.kind not in ("series", "bool"):
            raise self.wrong(node.operand, f"a {value.word} has no history" + value.pick)
        return Value(value.kind, value.clock, "lag", (value,), bars, value.word) if bars else value

    def _output(self, node: tree.Output) -> Value:
        name = node.name.name
        if isinstance(node.operand, tree.Name) and node.operand.name not in {*self.names, *COLUMNS}:
            column = f"{node.operand.name}.{name}"  # as hq-indicators names the outputs of one indicator
            if self.columns is None or column in self.columns:
                return Value("series", self.clock, "column", (), column)
        value = self.value(node.operand)
        if value.kind != "outputs":
            raise self.wrong(node.name, f"a {value.word} has no output '{name}'")
        if name.lower() not in value.outputs:
            raise self.wrong(
                node.name, f"no output '{name}'" + nearest(name, list(value.outputs)) + value.pick
            )
        return Value("series", value.clock, "output", (value,), name.lower())

    def _elsewhere(self, node: tree.Elsewhere) -> Value:
        operand = node.operand
        if isinstance(operand, tree.Name) and operand.name in self.names:
            raise self.wrong(
                operand, f"'{operand.name}' is computed on its own clock; '@' reads a column or a call"
            )
        if not isinstance(operand, (tree.Name, tree.Call)):
            raise LangError(
                self.source, node.at, node.end, "'@' reads a column or a call, as in close@4h or RSI(14)@4h"
            )
        outer, self.clock = self.clock, self.resolve(node.symbol, node.period)
        value = self.value(operand)
        wanted, self.clock = self.clock, outer
        if value.clock != wanted:
            raise LangError(
                self.source, node.at, node.end, "the call reads other streams as well; give each its own '@'"
            )
        return value

    def resolve(self, symbol: str, period: str) -> Clock:
        """The clock of a reference: what equals the base's own symbol or period is left out."""
        length = period_ns(period)
        if symbol:
            self.symbols.add(symbol)
        return "" if symbol == self.here[0] else symbol, 0 if length == self.here[1] else length
