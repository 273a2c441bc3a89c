"""Rules checked: the condition, the action, and what the action is given."""
from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.lang import tree
from hq_core.lang.functions import ACTIONS, TIMES
from hq_core.lang.origin import nearest
from hq_core.lang.values import BASE, Value

if TYPE_CHECKING:
    from hq_core.lang.types import Checker


class Fired:
    """A rule: when `condition` holds, `verbs` are ordered.

    action     as written in the output, such as BUY
    size       quantity, or None: all that the account allows
    meta       key and value pairs of META, in order; None without META
    """

    __slots__ = ("action", "condition", "meta", "size", "verbs")

    def __init__(
        self,
        condition: Value,
        action: str,
        verbs: tuple[str, ...],
        size: Value | None,
        meta: list[tuple[str, Value]] | None,
    ) -> None:
        self.condition = condition
        self.action = action
        self.verbs = verbs
        self.size = size
        self.meta = meta


def check_rule(checker: Checker, node: tree.Rule) -> Fired:
    """The rule typed: its condition, its action, and what the action is given."""
    condition = checker.value(node.condition)
    if condition.kind != "bool":
        raise checker.wrong(
            node.condition, f"IF wants a condition, this is a {condition.word}" + condition.pick
        )
    call = node.action
    word = call.function.name.upper()
    if word not in ACTIONS:
        raise checker.wrong(
            call.function, f"unknown action '{call.function.name}'" + nearest(word, list(ACTIONS))
        )
    action, verbs = ACTIONS[word]
    size: Value | None = None
    meta: list[tuple[str, Value]] | None = None
    for argument in call.arguments:
        inner = argument.value
        if argument.key is not None:
            if argument.key.name.lower() != "size":
                raise checker.wrong(argument.key, f"{word} takes size=... and META(...)")
            if size is not None:
                raise checker.wrong(argument.key, "size is given twice")
            size = checker.column_value(inner)
            if size.constant is not None and not 0.0 < size.constant < float("inf"):
                raise checker.wrong(inner, f"size is {size.constant:.15g}, must be above 0")
        elif isinstance(inner, tree.Call) and inner.function.name.upper() == "META":
            if meta is not None:
                raise checker.wrong(inner, "META is given twice")
            meta = _meta(checker, inner)
        else:
            raise checker.wrong(argument, f"{word} takes size=... and META(...)")
    return Fired(condition, action, verbs, size, meta)


def _meta(checker: Checker, call: tree.Call) -> list[tuple[str, Value]]:
    """META's keys and values; the row's times are taken as they are."""
    found: dict[str, Value] = {}
    for argument in call.arguments:
        if argument.key is None:
            raise checker.wrong(argument, "META takes key=value")
        if argument.key.name in found:
            raise checker.wrong(argument.key, f"{argument.key.name} is given twice")
        if isinstance(argument.value, tree.Name) and argument.value.name in TIMES:
            value = Value("time", BASE, "time", (), argument.value.name)
        else:
            value = checker.value(argument.value)
            if value.kind == "outputs":
                raise checker.wrong(argument.value, value.pick[2:])
        found[argument.key.name] = value
    return list(found.items())
