"""Calls checked: built-in functions, and indicators with their inputs and parameters in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core import registry
from hq_core.errors import HqError
from hq_core.lang import tree
from hq_core.lang.builtins import ACROSS, BUILTINS, CONDITION, EITHER, MOST_ROWS, NUMBER, ROWS, TIME, WORD, ZONE
from hq_core.lang.scope import pick, spelled, word
from hq_core.lang.source import LangError, nearest
from hq_core.lang.words import ACTIONS, PRICES, TIMES, VECTORS
from hq_core.series.expr import BASE, BOOL, F8, TEXT, Expr, align, constant, indicator, reads_last, truth

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hq_core.lang.builtins import Takes
    from hq_core.lang.define import Defined
    from hq_core.lang.scope import Scope
    from hq_core.registry import Indicator
    from hq_core.series.expr import Clock

    Given = dict[str, tuple[tree.Syntax, Expr]]  # arguments by the key that they fill


MOST_VALUES = 8  # of MIN and MAX
OVER_ROWS = {"MAX": ("larger", "HIGHEST"), "MIN": ("smaller", "LOWEST")}


class Calls:
    """The calls of a program.

    expr       the expression of an argument's tree
    arguments  of each indicator call, in canonical order: (key, tree or name of a default column); none where the DEF
               that it is in is called with this and that, so that they are not the same each time
    called     the indicators
    functions  that the file defines or uses, by their names in capitals
    """

    def __init__(self, scope: Scope, expr: Callable[[tree.Syntax], Expr]) -> None:
        self.scope = scope
        self.expr = expr
        self.called: set[Indicator] = set()
        self.functions: dict[str, Defined] = {}
        self.arguments: dict[tree.Call, list[tuple[str, tree.Syntax | str]]] = {}

    def check(self, call: tree.Call) -> Expr:
        """The expression of a call; an unknown function or a wrong argument is an error at its place."""
        name, wrong = call.function.name.upper(), self.scope.wrong
        if name in self.functions:
            return self._defined(call, self.functions[name])
        if name in BUILTINS:
            return self._builtin(call, name)
        if name in VECTORS:
            from hq_core.lang.vectors import checked  # few strategies have any, and kernels take time to load

            made, self.arguments[call] = checked(self.scope, self.expr, call)
            return made
        if name == "META" or name in ACTIONS:
            raise wrong(call.function, f"{name} stands only after THEN")
        if name == "PLOT":
            raise wrong(call.function, "PLOT stands alone on its line")
        try:
            found = registry.load(name)
        except registry.Unknown:
            known = [*registry.names(), *registry.users()]
            hint = nearest(name, [*map(str.upper, known), *BUILTINS, *self.functions])
            raise wrong(call.function, f"unknown function '{call.function.name}'" + hint) from None
        return self._indicator(call, found)

    def _defined(self, call: tree.Call, function: Defined) -> Expr:
        names, wrong = [name.name for name in function.node.parameters], self.scope.wrong
        said = f"{function.node.name.name}({', '.join(names)})"
        nodes: dict[str, tree.Syntax] = {}
        for i, argument in enumerate(call.arguments):
            if argument.key is None and i >= len(names):
                raise wrong(argument, f"{said} has no place for this")
            name = argument.key.name if argument.key else names[i]
            if name not in names:
                raise wrong(argument.key or argument, f"{said} has no '{name}'" + nearest(name, names))
            if name in nodes:
                raise wrong(argument, f"{name} is given twice")
            nodes[name] = argument.value
        lacking = [name for name in names if name not in nodes]
        if lacking:
            raise wrong(call, f"{said} lacks {lacking[0]}")
        return function.expand(call, {name: self.expr(node) for name, node in nodes.items()}, self.scope)

    def _builtin(self, call: tree.Call, name: str) -> Expr:
        builtin, wrong = BUILTINS[name], self.scope.wrong
        given = self._arranged(call, name)
        args: list[Expr | int | str | Clock] = []
        for takes, node in given:
            args.append(self._argument(name, takes, node) if node is not None else _default(takes))
        self._not_over_rows(call, name, [node for _, node in given], args)
        if any(takes.kind == TIME for takes in builtin.takes):
            args.append(self.scope.clock)
        try:
            found = builtin.makes(*args)
        except HqError as error:
            raise wrong(call, str(error)) from None
        if found.clock is None and found.op != "const":
            raise wrong(call, f"{name} wants a series")
        if name in ACROSS:
            self._cross_section(call, name, found)
        return found

    def _not_over_rows(
        self, call: tree.Call, name: str, nodes: Sequence[tree.Syntax | None], args: Sequence[Any]
    ) -> None:
        """Refuse what other tools take for a function over so many rows: MAX(high, 20), RANK(close, 20)."""
        shown = [spelled(node) if node is not None else "" for node in nodes]
        if name in OVER_ROWS and len(nodes) == 2:
            for at, node in ((1, nodes[1]), (0, nodes[0])):
                x = args[1 - at]
                rows = node.text if isinstance(node, tree.Number) and node.text.isdigit() else ""
                if rows and 2 <= int(rows) <= 1000 and x.op == "column" and x.data in PRICES and shown[1 - at]:
                    which, over = OVER_ROWS[name]
                    told = f"{name} is the {which} of two values at a row; over {rows} rows: "
                    raise self.scope.wrong(call, f"{told}{over}({shown[1 - at]}, {rows})")
        elif name in ACROSS and nodes[1] is not None and args[1].constant is not None:
            told = f"by= is a series whose numbers make groups of symbols, this is a {word(args[1])}"
            if name == "RANK" and isinstance(nodes[1], tree.Number):
                told += f"; the rank of x among its own last rows: PERCENTRANK({shown[0] or 'x'}, {nodes[1].text})"
            raise self.scope.wrong(nodes[1], told)

    def _cross_section(self, call: tree.Call, name: str, found: Expr) -> None:
        scope = self.scope
        if reads_last(found):
            raise scope.wrong(call, f"{name} sees all symbols, and a VAR's last value is known symbol by symbol alone")
        if scope.clock != BASE:
            raise scope.wrong(call, f"{name} is of the rows that the strategy runs on, and not of another series")
        scope.across.append((scope.source, call))

    def _arranged(self, call: tree.Call, name: str) -> list[tuple[Takes, tree.Syntax | None]]:
        """The arguments of a built-in function, each with what it must be, those that are left out as None."""
        takes, wrong = BUILTINS[name].takes, self.scope.wrong
        found: list[tuple[Takes, tree.Syntax | None]] = []
        by_key = {argument.key.name.lower(): argument for argument in call.arguments if argument.key is not None}
        given = [argument for argument in call.arguments if argument.key is None]
        strange = [argument for key, argument in by_key.items() if key not in {each.name for each in takes}]
        if strange and strange[0].key:
            key = strange[0].key
            raise wrong(key, f"{name} takes no '{key.name}=': {BUILTINS[name].written(name)}")
        for each in takes:
            if each.many:
                found += [(each, argument.value) for argument in given]
                given = []
            elif given:
                found.append((each, given.pop(0).value))
            else:
                keyed = by_key.pop(each.name, None)
                if keyed is None and each.default is None:
                    raise wrong(call, f"{name} lacks {each.name}: {BUILTINS[name].written(name)}")
                found.append((each, keyed.value if keyed is not None else None))
        for argument in [*given, *by_key.values()]:
            raise wrong(argument, f"{name} has no place for this: {BUILTINS[name].written(name)}")
        if len(found) > MOST_VALUES:
            raise wrong(call, f"{name} takes at most {MOST_VALUES} values, got {len(found)}")
        return found

    def _argument(self, name: str, takes: Takes, node: tree.Syntax) -> Expr | int | str:
        """An argument of a built-in function as it must be."""
        wrong = self.scope.wrong
        if takes.kind == TIME:
            if isinstance(node, tree.Name) and node.name in TIMES:
                return node.name
            raise wrong(node, f"{takes.name} is {TIME}")
        expr = self.expr(node)
        if takes.kind in (CONDITION, EITHER):
            expr = truth(expr)
        if takes.kind == CONDITION and expr.dtype != BOOL:
            raise wrong(node, f"{name} wants a condition here, this is a {word(expr)}" + pick(expr))
        if takes.kind == NUMBER or (takes.kind == EITHER and expr.dtype != BOOL):
            return self.scope.number(node, expr)
        if takes.kind in (ZONE, WORD):
            if expr.dtype != TEXT:
                raise wrong(node, f"{takes.name} is {takes.kind}, this is a {word(expr)}")
            return self._zone(node, str(expr.data)) if takes.kind == ZONE else str(expr.data)
        if takes.kind == ROWS:
            rows = expr.constant if expr.dtype == F8 else None
            if rows is None or not rows.is_integer():
                raise wrong(node, f"{takes.name} is {ROWS}, this is a {word(expr)}")
            if not 1 <= rows <= MOST_ROWS:
                raise wrong(node, f"{takes.name} is {rows:.15g}, must be 1 to {MOST_ROWS}")
            return int(rows)
        return expr

    def _zone(self, node: tree.Syntax, name: str) -> str:
        if name != "UTC":
            from hq_core.zones import open_zone

            try:
                open_zone(name)
            except HqError as error:
                raise self.scope.wrong(node, str(error)) from None
        return name

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
        made: list[tuple[str, tree.Syntax | str]]
        made = [("", inputs[each][0] if inputs else each) for each in found.inputs]
        made += [(key, params[key][0]) for key in found.params if key in params]
        self.arguments[call] = made if self.arguments.get(call, made) == made else []
        return indicator(found, columns, bound)

    def _sorted(self, call: tree.Call, found: Indicator) -> tuple[Given, Given]:
        """The arguments of an indicator: its inputs and its parameters."""
        name, wrong = found.name.upper(), self.scope.wrong
        inputs: Given = {}
        params: Given = {}
        for said in (argument.key for argument in call.arguments if argument.key is not None):
            key = said.name.lower()
            if key not in (*found.params, *found.inputs):
                raise wrong(said, f"{name} has no '{key}'" + _takes(found, key))
        for argument in call.arguments:
            expr = self.expr(argument.value)
            if argument.key is not None:
                key = argument.key.name.lower()
                group = inputs if key in found.inputs else params
                if key in group:
                    raise wrong(argument.key, f"{key} is given twice")
            elif expr.dtype == TEXT:
                key = next((param for param, one in found.params.items() if one.choices and param not in params), "")
                if key:
                    raise wrong(argument, f'{name} takes a text by its name: {key}="{expr.data}"')
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


def _default(takes: Takes) -> Expr | int | str:
    if takes.kind == NUMBER:
        assert isinstance(takes.default, (int, float))
        return constant(float(takes.default))
    assert isinstance(takes.default, (int, str))
    return takes.default


def _takes(found: Indicator, key: str) -> str:
    hint = nearest(key, [*found.params, *found.inputs]) if key else ""
    return hint or f"; it takes {', '.join([*found.inputs, *found.params])}"
