"""Calls checked: built-in functions, and indicators with their inputs and parameters in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core import registry
from hq_core.errors import HqError
from hq_core.lang import tree
from hq_core.lang.scope import pick, word
from hq_core.lang.source import LangError, nearest
from hq_core.lang.words import ACTIONS, BUILTINS, VECTORS
from hq_core.series.expr import BOOL, TEXT, Expr, align, applied, constant, indicator

if TYPE_CHECKING:
    from collections.abc import Callable

    from hq_core.lang.scope import Scope
    from hq_core.registry import Indicator

    Given = dict[str, tuple[tree.Syntax, Expr]]  # arguments by the key that they fill


class Calls:
    """The calls of a program.

    expr       the expression of an argument's tree
    arguments  of each indicator call, in canonical order: (key, tree or name of a default column)
    called     the indicators
    """

    def __init__(self, scope: Scope, expr: Callable[[tree.Syntax], Expr]) -> None:
        self.scope = scope
        self.expr = expr
        self.called: set[Indicator] = set()
        self.arguments: dict[tree.Call, list[tuple[str, tree.Syntax | str]]] = {}

    def check(self, call: tree.Call) -> Expr:
        """The expression of a call; an unknown function or a wrong argument is an error at its place."""
        name, wrong = call.function.name.upper(), self.scope.wrong
        if name in BUILTINS:
            return self._builtin(call, name)
        if name in VECTORS:
            raise wrong(call.function, f"{name} belongs to vectors, which this version does not have yet")
        if name == "META" or name in ACTIONS:
            raise wrong(call.function, f"{name} stands only after THEN")
        try:
            found = registry.load(name)
        except registry.Unknown:
            known = [*registry.names(), *registry.users()]
            hint = nearest(name, [*map(str.upper, known), *BUILTINS])
            raise wrong(call.function, f"unknown function '{call.function.name}'" + hint) from None
        return self._indicator(call, found)

    def _builtin(self, call: tree.Call, name: str) -> Expr:
        kernel, fewest, most, condition, _ = BUILTINS[name]
        wrong = self.scope.wrong
        if not fewest <= len(call.arguments) <= most:
            wanted = f"{fewest}" if fewest == most else f"{fewest} to {most}"
            raise wrong(call, f"{name} takes {wanted} values, got {len(call.arguments)}")
        exprs: list[Expr] = []
        for argument in call.arguments:
            if argument.key is not None:
                raise wrong(argument.key, f"{name} takes no '{argument.key.name}='")
            exprs.append(self.scope.number(argument.value, self.expr(argument.value)))
        if condition:
            if align(*exprs) is None:
                raise wrong(call, f"{name} wants a series")
            return applied(kernel, *exprs, dtype=BOOL)
        constants = [expr.constant for expr in exprs if expr.constant is not None]
        if len(constants) == len(exprs):
            return constant(abs(constants[0]) if name == "ABS" else min(constants) if name == "MIN" else max(constants))
        first = exprs[0]
        if name == "ABS":
            return applied(kernel, first)
        for other in exprs[1:]:
            first = applied(kernel, first, other)
        return first

    def _indicator(self, call: tree.Call, found: Indicator) -> Expr:
        """An indicator: series fill its inputs, numbers its parameters, in order or by key."""
        name, wrong = found.name.upper(), self.scope.wrong
        self.called.add(found)
        inputs, params = self._sorted(call, found)
        if inputs and len(inputs) < len(found.inputs):
            raise wrong(call, f"{name} reads {', '.join(found.inputs)}: give all of them or none")
        if inputs:
            columns = [inputs[each][1] for each in found.inputs]
        else:
            columns = [self.scope.default(call, each) for each in found.inputs]
        if align(*columns) is None:
            raise wrong(call, f"{name} reads a series, not a number that never changes")
        bound = found.bind() | {key: self._parameter(found, key, *given) for key, given in params.items()}
        self.arguments[call] = [("", inputs[each][0] if inputs else each) for each in found.inputs]
        self.arguments[call] += [(key, params[key][0]) for key in found.params if key in params]
        return indicator(found, columns, bound)

    def _sorted(self, call: tree.Call, found: Indicator) -> tuple[Given, Given]:
        """The arguments of an indicator: its inputs and its parameters."""
        name, wrong = found.name.upper(), self.scope.wrong
        inputs: Given = {}
        params: Given = {}
        for argument in call.arguments:
            expr = self.expr(argument.value)
            if argument.key is not None:
                key = argument.key.name.lower()
                group = inputs if key in found.inputs else params
                if key not in found.params and key not in found.inputs:
                    raise wrong(argument.key, f"{name} has no '{key}'" + _takes(found, key))
                if key in group:
                    raise wrong(argument.key, f"{key} is given twice")
            elif word(expr) == "number":
                key = next((param for param in found.params if param not in params), "")
                group = params
            else:
                if params:
                    raise wrong(argument, f"{name} takes its series before its numbers")
                key = next((each for each in found.inputs if each not in inputs), "")
                group = inputs
            if not key:
                raise wrong(argument, f"{name} has no place for this {word(expr)}" + _takes(found, ""))
            if group is inputs and not expr.numeric:
                raise wrong(argument, f"{name} reads a series, this is a {word(expr)}" + pick(expr))
            group[key] = argument.value, expr
        return inputs, params

    def _parameter(self, found: Indicator, key: str, node: tree.Syntax, expr: Expr) -> int | float | str:
        given = expr.data if expr.dtype == TEXT or expr.constant is not None else None
        if not isinstance(given, (float, str)) or expr.dtype == BOOL:
            raise self.scope.wrong(node, f"{key} wants a number that is known beforehand, this is a {word(expr)}")
        if isinstance(given, float) and given.is_integer():
            given = int(given)
        try:
            return found.params[key].read(found.name, key, given)
        except HqError as error:
            raise LangError(self.scope.source, node.start, node.end, str(error)) from None


def _takes(found: Indicator, key: str) -> str:
    hint = nearest(key, [*found.params, *found.inputs]) if key else ""
    return hint or f"; it takes {', '.join([*found.inputs, *found.params])}"
