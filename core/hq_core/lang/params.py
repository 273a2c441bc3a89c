"""Parameters: what each is set to, within its bounds or among its choices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.errors import nearest
from hq_core.lang.source import LangError

if TYPE_CHECKING:
    from hq_core.lang import tree
    from hq_core.lang.scope import Scope


def parameter(scope: Scope, node: tree.Parameter) -> float | str:
    """The value of a parameter: the one set from outside, or its own."""
    low, high, step = node.low, node.high, node.step
    if low is not None and high is not None and low.value > high.value:
        raise LangError(scope.source, low.start, high.end, f"the range {low.text}..{high.text} is empty")
    if step is not None and not 0.0 < step.value < float("inf"):
        raise scope.wrong(step, f"step is {step.text}, must be above 0")
    kinds = {isinstance(one.value, str) for one in (node.value, *node.choices)}
    if len(kinds) > 1 or (low is not None and isinstance(node.value.value, str)):
        raise scope.wrong(node.value, "a parameter is a number or a text, and so are its choices")
    value = scope.given.get(node.name.name, node.value.value)
    wrong = misfit(node, value)
    if wrong:
        raise scope.wrong(node.value, f"{node.name.name} is {shown(value)}, {wrong}")
    return value


def misfit(node: tree.Parameter, value: float | str) -> str:
    """What a value of this parameter must be, where it is not."""
    choices = [one.value for one in node.choices]
    if choices and value not in choices:
        near = nearest(value, [one for one in choices if isinstance(one, str)]) if isinstance(value, str) else ""
        return f"must be one of {', '.join(map(shown, choices))}" + (f"; did you mean {near}?" if near else "")
    low, high = node.low, node.high
    if low is None or high is None or isinstance(value, str) or low.value <= value <= high.value:
        return ""
    return f"must be {low.text} to {high.text}"


def shown(value: float | str) -> str:
    """A value as people write it."""
    return value if isinstance(value, str) else f"{value:.15g}"
