"""A strategy as it was read: its name, its tree, and the parameters set from outside."""

from __future__ import annotations

from contextlib import suppress
from copy import copy
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from hq_core.errors import DATA, USAGE, HqError, did_you_mean
from hq_core.fans import FAN, MOST, fan, too_many
from hq_core.lang import tree
from hq_core.lang.check import Checker
from hq_core.lang.params import shown
from hq_core.lang.parse import parse
from hq_core.lang.scope import Scope
from hq_core.lang.source import LangError, StrategyText, UnknownName
from hq_core.lang.words import COLUMNS
from hq_core.options.signal import StrategyOptions
from hq_core.series.expr import TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hq_core.batch import Schema
    from hq_core.series.stores import Store


S = TypeVar("S", bound="Settable")


class Strategy:
    """One strategy.

    name   what its orders and columns are called by
    file   what its errors show before line and column
    stores those that it may name; None: any, as it is not run
    """

    __slots__ = ("given", "name", "program", "source", "stores")

    def __init__(self, name: str, text: str, file: str) -> None:
        self.name = name
        self.source = StrategyText(text, file)
        self.program = parse(self.source)
        self.given: dict[str, float | str] = {}
        self.stores: Mapping[str, Store] | None = {}

    def under(self, name: str, given: Mapping[str, float | str]) -> Strategy:
        """The same strategy under another name, with these parameters."""
        made = copy(self)
        made.name, made.given = name, {**self.given, **given}
        return made

    @property
    def declared(self) -> list[tree.Parameter]:
        """Its params, in the order of the file."""
        return [one for one in self.program.statements if isinstance(one, tree.Parameter)]

    @property
    def defaults(self) -> dict[str, float | str]:
        """Its params, and what they are where nobody sets them."""
        return {one.name.name: one.value.value for one in self.declared}

    def check(self, schema: Schema) -> Checker:
        """The strategy typed against the columns of a series."""
        checker = self._checker(schema.names, (schema.symbol, schema.period))
        checker.scope.texts = frozenset(name for name, kind in schema.cols if kind == TEXT)
        return checker.check(self.program)

    def check_alone(self, strict: bool) -> Checker:
        """The strategy typed before any series is known.

        strict   a name that is no standard column is an error; otherwise the input may have it
        """
        try:
            return self._checker(COLUMNS, ("", "")).check(self.program)
        except UnknownName:
            if strict:
                raise
            checker = self._checker(None, ("", ""))
            try:
                return checker.check(self.program)
            except LangError as error:
                name = checker.scope.taken.get((error.start, error.end)) if error.source is self.source else None
                if name is None:
                    raise
                told = f"{checker.scope.unknown(name, name.name).reason}; of a column of the input: {error.reason}"
                raise UnknownName(error.source, error.start, error.end, told, error.calls) from None

    def takes_symbol_as_column(self) -> bool:
        """Whether `symbol` may be a column, each row's own: nothing asks for it before the first row."""
        checker = self._checker(COLUMNS | {"symbol"}, ("", ""))
        checker.scope.texts = frozenset(("symbol",))
        try:
            checker.check(self.program)
        except LangError:
            return False
        return True

    def _checker(self, columns: Sequence[str] | frozenset[str] | None, here: tuple[str, str]) -> Checker:
        return Checker(Scope(self.source, columns, here, self.given, self.stores, self.name))


class Settable(Protocol):
    """A strategy that can be set from outside."""

    name: str

    @property
    def defaults(self) -> Mapping[str, float | str]: ...

    def under(self, name: str, given: Mapping[str, float | str]) -> Self: ...


def set_parameters(strategies: Sequence[S], given: Mapping[str, object]) -> list[S]:
    """The strategies with their parameters set from outside: NAME for every one that has it, STRATEGY.NAME for one.

    A value is a number or a text; or several, which give as many strategies, called rsi[fast=9]: a sequence, 5..50:5,
    or a,b.  Raises HqError USAGE for a name or a value that no strategy takes.
    """
    values: dict[str, dict[str, list[float | str]]] = {one.name: {} for one in strategies}
    for key, value in given.items():
        owner, dot, name = key.rpartition(".")
        matched = [one for one in strategies if name in one.defaults and (not dot or one.name == owner)]
        if not matched:
            known = [name for one in strategies for name in one.defaults]
            hint = did_you_mean(name, known) or (f"; there are {', '.join(known)}" if known else "; there is none")
            raise HqError(f"unknown parameter '{key}'{hint}", USAGE)
        for one in matched:
            kind = str if isinstance(one.defaults[name], str) else float
            values[one.name][name] = [_valued(name, kind, each) for each in _listed(name, kind, value)]
    found: list[S] = []
    for one in strategies:
        names = [name for name, each in values[one.name].items() if len(each) > 1]
        if prod(len(each) for each in values[one.name].values()) > MOST:
            raise too_many(one.name, "strategies")
        for chosen in product(*values[one.name].values()):
            made = dict(zip(values[one.name], chosen))
            fanned = ",".join(f"{name}={shown(made[name])}" for name in names)
            found.append(one.under(f"{one.name}[{fanned}]" if fanned else one.name, made))
    return found


def _listed(name: str, kind: type, value: object) -> Sequence[object]:
    """The values that stand for one."""
    if not isinstance(value, str):
        return value if isinstance(value, (list, tuple)) and value else [value]
    parts: list[object] = []
    for part in value.split(","):
        found = FAN.fullmatch(part) if kind is float else None
        parts += fan(found, f"{name}={value}", "values") if found else [part]
    return parts


def _valued(name: str, kind: type, value: object) -> float | str:
    """A value of the parameter's kind, float or str."""
    made = value
    odd = isinstance(value, str) and (
        "_" in value or not value.isascii()
    )  # which float takes and the language does not
    if kind is float and not isinstance(value, bool) and not odd:
        with suppress(TypeError, ValueError):
            made = float(value)  # type: ignore[arg-type]
    if type(made) is not kind or (isinstance(made, float) and made - made != 0.0):
        what = f"{name} is {value!r:.40}, must be a {'text' if kind is str else 'number'}"
        raise HqError(what, USAGE, subject=StrategyOptions.params)
    assert isinstance(made, (float, str))
    return made


def check_names(strategies: Sequence[Strategy]) -> None:
    """Refuse two strategies with one name."""
    names: set[str] = set()
    for one in strategies:
        if one.name in names:
            raise HqError(f"two strategies are called '{one.name}'", DATA)
        names.add(one.name)
