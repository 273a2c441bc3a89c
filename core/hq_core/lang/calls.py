"""Calls checked: built-in functions, and indicators with their inputs and parameters in order."""
from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core import registry
from hq_core.errors import HqError
from hq_core.lang import tree
from hq_core.lang.functions import ACTIONS, BUILTINS, TIMES, VECTORS
from hq_core.lang.origin import LangError, nearest
from hq_core.lang.values import Value, align

if TYPE_CHECKING:
    from hq_core.lang.types import Checker
    from hq_core.registry import Indicator


def check_call(checker: Checker, call: tree.Call) -> Value:
    """The value of a call; an unknown function or a wrong argument is an error at its place."""
    word = call.function.name.upper()
    if word in BUILTINS:
        return _builtin(checker, call, word)
    if word == "CROSS":  # either direction
        over = _builtin(checker, call, "CROSSOVER")
        return Value("bool", over.clock, "or_", (over, Value("bool", over.clock, "crossunder", over.args)))
    if word in VECTORS:
        raise checker.wrong(call.function, f"{word} belongs to vectors, which this version does not have yet")
    if word == "META" or word in ACTIONS:
        raise checker.wrong(call.function, f"{word} stands only after THEN")
    try:
        found = registry.load(word)
    except HqError:
        known = [name.upper() for name in registry.names()] + [*BUILTINS, "CROSS"]
        hint = nearest(word, known)
        raise checker.wrong(call.function, f"unknown function '{call.function.name}'" + hint) from None
    return _indicator(checker, call, found)


def _builtin(checker: Checker, call: tree.Call, word: str) -> Value:
    kernel, fewest, most, condition = BUILTINS[word]
    if not fewest <= len(call.arguments) <= most:
        wanted = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        raise checker.wrong(call, f"{word} takes {wanted} values, got {len(call.arguments)}")
    values: list[Value] = []
    for argument in call.arguments:
        if argument.key is not None:
            raise checker.wrong(argument.key, f"{word} takes no '{argument.key.name}='")
        values.append(checker.column_value(argument.value))
    clock = align(*values)
    if condition:
        if clock is None:
            raise checker.wrong(call, f"{word} wants a series")
        return Value("bool", clock, kernel, tuple(values))
    constants = [value.constant for value in values if value.constant is not None]
    if len(constants) == len(values):
        folded = abs(constants[0]) if word == "ABS" else min(constants) if word == "MIN" else max(constants)
        return Value("number", None, "const", (), folded)
    value = values[0]
    if word == "ABS":
        return Value("series", clock, kernel, (value,))
    for other in values[1:]:
        value = Value("series", align(value, other), kernel, (value, other))
    return value


def _indicator(checker: Checker, call: tree.Call, found: Indicator) -> Value:
    """An indicator's value: series fill its inputs, numbers its parameters, in order or by key."""
    name = found.name.upper()
    inputs: dict[str, tuple[tree.Node, Value]] = {}
    params: dict[str, tuple[tree.Node, Value]] = {}
    for argument in call.arguments:
        value = checker.value(argument.value)
        if argument.key is not None:
            key = argument.key.name.lower()
            group = inputs if key in found.inputs else params
            if key not in found.params and key not in found.inputs:
                raise checker.wrong(argument.key, f"{name} has no '{key}'" + _takes(found, key))
            if key in group:
                raise checker.wrong(argument.key, f"{key} is given twice")
        elif value.kind == "number":
            key = next((param for param in found.params if param not in params), "")
            group = params
        else:
            if params:
                raise checker.wrong(argument, f"{name} takes its series before its numbers")
            key = next((each for each in found.inputs if each not in inputs), "")
            group = inputs
        if not key:
            raise checker.wrong(argument, f"{name} has no place for this {value.word}" + _takes(found, ""))
        if group is inputs and not value.numeric:
            raise checker.wrong(argument, f"{name} reads a series, this is a {value.word}" + value.pick)
        group[key] = argument.value, value
    if inputs and len(inputs) < len(found.inputs):
        raise checker.wrong(call, f"{name} reads {', '.join(found.inputs)}: give all of them or none")
    if inputs:
        columns = [inputs[each][1] for each in found.inputs]
    else:
        columns = [_default(checker, call, each) for each in found.inputs]
    clock = align(*columns)
    if clock is None:
        raise checker.wrong(call, f"{name} reads a series, not a number that never changes")
    bound = found.bind() | {key: _parameter(checker, found, key, *given) for key, given in params.items()}
    checker.calls[call] = [("", inputs[each][0] if inputs else each) for each in found.inputs]
    checker.calls[call] += [(key, params[key][0]) for key in found.params if key in params]
    several = tuple(found.outputs) if len(found.outputs) > 1 else ()
    kind = "outputs" if several else "series"
    word = "call with several outputs" if several else "series"
    return Value(kind, clock, "indicator", tuple(columns), (found.name, bound), word, several)


def _default(checker: Checker, call: tree.Call, name: str) -> Value:
    """The column that an indicator reads if none is given; times are numbers to it."""
    if name in TIMES:
        return Value("series", checker.clock, "column", (), name)
    return checker.value(tree.Name(call.start, call.end, name))


def _parameter(
    checker: Checker, found: Indicator, key: str, node: tree.Node, value: Value
) -> int | float | str:
    given = value.data if value.kind == "text" or value.constant is not None else None
    if not isinstance(given, (float, str)) or value.kind == "bool":
        raise checker.wrong(node, f"{key} wants a number that is known beforehand, this is a {value.word}")
    if isinstance(given, float) and given.is_integer():
        given = int(given)
    try:
        return found.params[key].read(found.name, key, given)
    except HqError as error:
        raise LangError(checker.source, node.start, node.end, str(error)) from None


def _takes(found: Indicator, key: str) -> str:
    hint = nearest(key, [*found.params, *found.inputs]) if key else ""
    return hint or f"; it takes {', '.join([*found.inputs, *found.params])}"
