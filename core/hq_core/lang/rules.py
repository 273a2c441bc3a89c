"""Rules checked: the condition, the actions, and what each action is given."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from hq_core.batch import period_ns
from hq_core.columns import numbers
from hq_core.errors import HqError
from hq_core.kinds import ACCOUNTS_UNIT, META, ORDER, TRAILS, UNTIL, wrong_life
from hq_core.lang import tree
from hq_core.lang.scope import pick, word
from hq_core.lang.source import nearest
from hq_core.lang.words import ACTIONS, TIMES, taken_by, type_of
from hq_core.series.expr import BOOL, F8, I8, TEXT, Expr, applied, column, truth
from hq_core.series.rules import FLAGS, LIVES, PRICED, SIZES, CheckedRule
from hq_core.wire.frame import MAX_NAME, is_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from hq_core.lang.scope import Scope

    Make = Callable[[tree.Syntax], Expr]

TIFS = numbers(ORDER.codes["tif"])
UNITS = numbers(ORDER.codes["unit"])
TYPES = numbers(ORDER.codes["type"])


def checked_rules(scope: Scope, expr: Make, node: tree.Rule, number: int) -> list[CheckedRule]:
    """The rule in expressions, each made by `expr`: one for each of its actions, those of ELSE where IF does not hold.

    number   of the rule in its file, from 1
    """
    condition = truth(expr(node.condition))
    if condition.dtype != BOOL:
        raise scope.wrong(node.condition, f"IF wants a condition, this is a {word(condition)}" + pick(condition))
    found = [_Action(scope, expr, call).rule(condition, number) for call in node.actions]
    if node.others:
        other = applied("not_", condition, dtype=BOOL)
        found += [_Action(scope, expr, call).rule(other, number) for call in node.others]
    return found


class _Action:
    """One action with its arguments."""

    def __init__(self, scope: Scope, expr: Make, call: tree.Call) -> None:
        self.scope, self.expr, self.call = scope, expr, call
        self.name = call.function.name.upper()
        if self.name not in ACTIONS:
            hint = nearest(self.name, list(ACTIONS))
            raise scope.wrong(call.function, f"unknown action '{call.function.name}'" + hint)
        self.action, self.verbs = ACTIONS[self.name]
        self.takes = taken_by(self.action)
        self.given: dict[str, tree.Argument] = {}
        self.meta: list[tuple[str, Expr]] | None = None
        for argument in call.arguments:
            self._argument(argument)

    def _argument(self, argument: tree.Argument) -> None:
        wrong, inner = self.scope.wrong, argument.value
        if argument.key is not None:
            key = argument.key.name.lower()
            if key not in self.takes:
                raise wrong(argument.key, f"{self.name} takes {', '.join(self.takes)} and META(...)")
            if key in self.given:
                raise wrong(argument.key, f"{key} is given twice")
            self.given[key] = argument
        elif isinstance(inner, tree.Call) and inner.function.name.upper() == "META":
            if self.meta is not None:
                raise wrong(inner, "META is given twice")
            self.meta = _meta(self.scope, self.expr, inner)
        else:
            raise wrong(argument, f"{self.name} takes {', '.join(f'{key}=...' for key in self.takes)} and META(...)")

    def rule(self, condition: Expr, number: int) -> CheckedRule:
        size, unit = self._size()
        prices = {key: self._positive(key) for key in PRICED if key in self.given}
        if unit == UNITS["risk_frac"] and "stop" not in prices:
            raise self.scope.wrong(self.given["risk"], "risk is what is lost at the stop: give stop=... too")
        made = CheckedRule(condition, self.action, self.verbs, size, self.meta, number)
        made.unit, made.type, made.prices = unit, self._type(prices), prices
        made.life, made.expire = self._life()
        made.flags = {key: self._flag(self.given[key]) for key in FLAGS if key in self.given}
        return made

    def _size(self) -> tuple[Expr | None, int]:
        """The quantity and the code of its unit."""
        keys = [key for key in SIZES if key in self.given]
        if len(keys) > 1:
            raise self.scope.wrong(self.given[keys[1]], f"{keys[0]} and {keys[1]} both say how much; give one of them")
        if not keys:
            if self.action == "TARGET":
                raise self.scope.wrong(self.call, f"TARGET wants a position: {', '.join(SIZES)}")
            return None, ACCOUNTS_UNIT
        key = keys[0]
        if self.action == "TARGET":  # below 0 is short, 0 is none
            return self._number(key), _unit(key)
        return self._positive(key), _unit(key)

    def _number(self, key: str) -> Expr:
        node = self.given[key].value
        return self.scope.number(node, self.expr(node))

    def _positive(self, key: str) -> Expr:
        found = self._number(key)
        if found.constant is not None and not 0.0 < found.constant < float("inf"):
            raise self.scope.wrong(self.given[key].value, f"{key} is {found.constant:.15g}, must be above 0")
        return found

    def _type(self, prices: dict[str, Expr]) -> int:
        trails = [key for key in TRAILS if key in prices]
        if len(trails) > 1:
            what = f"{' and '.join(TRAILS)} both say how far behind; give one of them"
            raise self.scope.wrong(self.given[trails[1]], what)
        if self.action.startswith("CLOSE") and trails:
            if "limit" in prices or "trigger" in prices:
                raise self.scope.wrong(self.given[trails[0]], "a trailing order has no other price")
            return TYPES["trail"]
        return TYPES[type_of(prices)]

    def _life(self) -> tuple[int | None, int]:
        """The code of tif, or None, and for how many ns from the row's ts the order works, or 0."""
        tif, expire = (self._text(key) for key in LIVES)
        if tif is not None and tif.lower() not in TIFS:
            known = [word for word in TIFS if word != UNTIL]  # which expire says by itself
            hint = nearest(tif, known) or '; expire="4h" is until so long after'
            raise self.scope.wrong(self.given["tif"].value, f"tif is '{tif}', must be one of {', '.join(known)}{hint}")
        if expire is None:
            if tif is not None and wrong_life(tif.lower(), False):
                raise self.scope.wrong(self.given["tif"], 'gtd works until a time: give expire, as in expire="4h"')
            return (None if tif is None else TIFS[tif.lower()]), 0
        if tif is not None and wrong_life(tif.lower(), True):
            raise self.scope.wrong(self.given["expire"], f"an order that is {tif.lower()} does not expire")
        with suppress(HqError):
            length = period_ns(expire)
            if length:
                return TIFS[UNTIL], length
        what = f"expire is '{expire}', must be a whole number and s, m, h, d or w, such as 15m, at most 100 years"
        raise self.scope.wrong(self.given["expire"].value, what)

    def _text(self, key: str) -> str | None:
        if key not in self.given:
            return None
        node = self.given[key].value
        found = self.expr(node)
        if found.dtype != TEXT or found.op != "const":
            raise self.scope.wrong(node, f"{key} is a text in quotes, this is a {word(found)}")
        return str(found.data)

    def _flag(self, argument: tree.Argument) -> bool:
        found = self.expr(argument.value)
        if found.dtype != BOOL or found.constant is None:
            raise self.scope.wrong(argument.value, "TRUE or FALSE is wanted here")
        return found.constant == 1.0


def _unit(key: str) -> int:
    return ACCOUNTS_UNIT if SIZES[key] == "account" else UNITS[SIZES[key]]


def _meta(scope: Scope, expr: Make, call: tree.Call) -> list[tuple[str, Expr]]:
    """META's keys and expressions; the row's times are taken as they are."""
    found: dict[str, Expr] = {}
    for argument in call.arguments:
        if argument.key is None:
            raise scope.wrong(argument, "META takes key=value")
        if not is_name(META + argument.key.name):
            raise scope.wrong(argument.key, f"a key has at most {MAX_NAME - len(META)} characters")
        if argument.key.name in found:
            raise scope.wrong(argument.key, f"{argument.key.name} is given twice")
        if isinstance(argument.value, tree.Name) and argument.value.name in TIMES:
            given = column(argument.value.name, dtype=I8)
        else:
            given = expr(argument.value)
            if given.outputs:
                raise scope.wrong(argument.value, pick(given)[2:])
            if given.dtype not in (F8, BOOL, I8, TEXT):
                raise scope.wrong(argument.value, f"META takes numbers, conditions, times and texts, no {word(given)}")
            if given.dtype == TEXT and given.op == "column":  # a panel's `symbol` too: orders have that themselves
                raise scope.wrong(argument.value, f"META takes texts in quotes; '{given.data}' is a column of texts")
        found[argument.key.name] = given
    return list(found.items())
