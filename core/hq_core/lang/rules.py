"""Rules checked: the condition, the action, and what the action is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.lang import tree
from hq_core.lang.scope import pick, word
from hq_core.lang.source import nearest
from hq_core.lang.words import ACTIONS, TIMES
from hq_core.series.expr import BOOL, I8, column
from hq_core.series.rules import CheckedRule

if TYPE_CHECKING:
    from collections.abc import Callable

    from hq_core.lang.scope import Scope
    from hq_core.series.expr import Expr


def checked_rule(scope: Scope, expr: Callable[[tree.Syntax], Expr], node: tree.Rule) -> CheckedRule:
    """The rule in expressions, each made by `expr`: its condition, its action, and what the action is given."""
    condition = expr(node.condition)
    if condition.dtype != BOOL:
        raise scope.wrong(node.condition, f"IF wants a condition, this is a {word(condition)}" + pick(condition))
    call = node.action
    name = call.function.name.upper()
    if name not in ACTIONS:
        raise scope.wrong(call.function, f"unknown action '{call.function.name}'" + nearest(name, list(ACTIONS)))
    action, verbs = ACTIONS[name]
    size: Expr | None = None
    meta: list[tuple[str, Expr]] | None = None
    for argument in call.arguments:
        inner = argument.value
        if argument.key is not None:
            if argument.key.name.lower() != "size":
                raise scope.wrong(argument.key, f"{name} takes size=... and META(...)")
            if size is not None:
                raise scope.wrong(argument.key, "size is given twice")
            size = scope.number(inner, expr(inner))
            if size.constant is not None and not 0.0 < size.constant < float("inf"):
                raise scope.wrong(inner, f"size is {size.constant:.15g}, must be above 0")
        elif isinstance(inner, tree.Call) and inner.function.name.upper() == "META":
            if meta is not None:
                raise scope.wrong(inner, "META is given twice")
            meta = _meta(scope, expr, inner)
        else:
            raise scope.wrong(argument, f"{name} takes size=... and META(...)")
    return CheckedRule(condition, action, verbs, size, meta)


def _meta(scope: Scope, expr: Callable[[tree.Syntax], Expr], call: tree.Call) -> list[tuple[str, Expr]]:
    """META's keys and expressions; the row's times are taken as they are."""
    found: dict[str, Expr] = {}
    for argument in call.arguments:
        if argument.key is None:
            raise scope.wrong(argument, "META takes key=value")
        if argument.key.name in found:
            raise scope.wrong(argument.key, f"{argument.key.name} is given twice")
        if isinstance(argument.value, tree.Name) and argument.value.name in TIMES:
            given = column(argument.value.name, dtype=I8)
        else:
            given = expr(argument.value)
            if given.outputs:
                raise scope.wrong(argument.value, pick(given)[2:])
        found[argument.key.name] = given
    return list(found.items())
