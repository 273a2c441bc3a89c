"""A strategy as it was read: its name, its tree, and the parameters set from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.errors import DATA, USAGE, HqError, did_you_mean
from hq_core.lang import tree
from hq_core.lang.check import Checker
from hq_core.lang.parse import parse
from hq_core.lang.scope import Scope
from hq_core.lang.source import StrategyText, UnknownName
from hq_core.lang.words import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hq_core.batch import Schema


class Strategy:
    """One strategy.

    name   what its orders and columns are called by
    file   what its errors show before line and column
    """

    __slots__ = ("given", "name", "program", "source")

    def __init__(self, name: str, text: str, file: str) -> None:
        self.name = name
        self.source = StrategyText(text, file)
        self.program = parse(self.source)
        self.given: dict[str, float] = {}

    @property
    def declared(self) -> list[tree.Parameter]:
        """Its params, in the order of the file."""
        return [one for one in self.program.statements if isinstance(one, tree.Parameter)]

    @property
    def parameters(self) -> list[str]:
        return [one.name.name for one in self.declared]

    def check(self, schema: Schema) -> Checker:
        """The strategy typed against the columns of a series."""
        return self._checker(schema.names, (schema.symbol, schema.period)).check(self.program)

    def check_alone(self, strict: bool) -> Checker:
        """The strategy typed before any series is known.

        strict   a name that is no standard column is an error; otherwise the input may have it
        """
        try:
            return self._checker(COLUMNS, ("", "")).check(self.program)
        except UnknownName:
            if strict:
                raise
            return self._checker(None, ("", "")).check(self.program)

    def _checker(self, columns: Sequence[str] | frozenset[str] | None, here: tuple[str, str]) -> Checker:
        return Checker(Scope(self.source, columns, here, self.given))


def set_parameters(strategies: Sequence[Strategy], given: Mapping[str, float]) -> None:
    """Set parameters from outside: NAME for every strategy that has it, STRATEGY.NAME for one."""
    for key, value in given.items():
        owner, dot, name = key.rpartition(".")
        matched = [one for one in strategies if name in one.parameters and (not dot or one.name == owner)]
        if not matched:
            known = [name for one in strategies for name in one.parameters]
            hint = did_you_mean(name, known) or (f"; there are {', '.join(known)}" if known else "; there is none")
            raise HqError(f"unknown parameter '{key}'{hint}", USAGE)
        for one in matched:
            one.given[name] = float(value)


def check_names(strategies: Sequence[Strategy]) -> None:
    """Refuse two strategies with one name."""
    names = [one.name for one in strategies]
    for name in names:
        if names.count(name) > 1:
            raise HqError(f"two strategies are called '{name}'", DATA)
