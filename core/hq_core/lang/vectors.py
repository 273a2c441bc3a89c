"""The calls of vectors checked: NORMALIZE, VEC_STORE, SIMILARITY."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from hq_core.kernels.nearest import METHODS
from hq_core.kernels.normal import METHODS as NORMS
from hq_core.lang.scope import pick, word
from hq_core.lang.source import nearest
from hq_core.lang.words import VECTORS
from hq_core.series import vectors
from hq_core.series.expr import BOOL, STORE, TEXT
from hq_core.series.stores import MOST_FOUND

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hq_core.lang import tree
    from hq_core.lang.scope import Scope
    from hq_core.series.expr import Expr
    from hq_core.series.making import Making

LENGTH, LONGEST = 30, 4096  # values of a vector: if nothing is said, and at most
LEAST = 0.9  # of a score, if nothing is said; a dot product has no scale, so it has to be said


def checked(
    scope: Scope, expr: Callable[[tree.Syntax], Expr], call: tree.Call
) -> tuple[Expr, list[tuple[str, tree.Syntax | str]]]:
    """The expression of one of VECTORS, and its arguments in canonical order."""
    one = _Call(scope, expr, call)
    positions, keys, _ = VECTORS[one.name]
    given: list[tuple[str, tree.Syntax | str]] = [("", one.given[key][0]) for key in positions]
    given += [(key, one.given[key][0]) for key in keys if key in one.given]
    return one.checked(), given


class _Call:
    """One call.

    given  by position or key: the tree, and its expression
    """

    def __init__(self, scope: Scope, expr: Callable[[tree.Syntax], Expr], call: tree.Call) -> None:
        self.scope = scope
        self.wrong = scope.wrong
        self.call = call
        self.name = call.function.name.upper()
        nodes: dict[str, tree.Syntax] = {}
        positions, keys, _ = VECTORS[self.name]
        names = (*positions, *keys)
        left = iter(names)
        for argument in call.arguments:
            if argument.key is None:
                key = next(left, "")
                if not key or len(nodes) >= len(names):
                    raise self.wrong(argument, f"{self.name} takes {self._takes()}")
            else:
                key = argument.key.name.lower()
                if key not in keys:
                    raise self.wrong(
                        argument.key, f"{self.name} has no '{key}'{nearest(key, list(keys)) or self._has()}"
                    )
            if key in nodes:
                raise self.wrong(argument, f"{key} is given twice")
            nodes[key] = argument.value
        for key in positions:
            if key not in nodes:
                raise self.wrong(call, f"{self.name} takes {self._takes()}")
        self.given = {key: (node, expr(node)) for key, node in nodes.items()}

    def _takes(self) -> str:
        return {
            "VEC_STORE": 'the name of a store, as in VEC_STORE("4h_BTC")',
            "NORMALIZE": "a series, and length= and method=, as in NORMALIZE(close, length=30)",
            "SIMILARITY": "a store and a vector, or two vectors, and method=, k= and min=",
        }[self.name]

    def _has(self) -> str:
        return f"; it takes {self._takes()}"

    def checked(self) -> Expr:
        if self.name == "VEC_STORE":
            return self._store()
        if self.name == "NORMALIZE":
            return self._normal()
        return self._similar()

    def _store(self) -> Expr:
        node, of = self.given["name"]
        if of.dtype != TEXT:
            raise self.wrong(node, f"VEC_STORE wants a text, this is a {word(of)}")
        stores = self.scope.stores
        if stores is None:
            return vectors.store(None)
        found = stores.get(str(of.data))
        if found is None:
            hint = nearest(str(of.data), list(stores))
            raise self.wrong(node, f"no store '{of.data}' is given{hint or f'; pass --store {of.data}=FILE'}")
        return vectors.store(found)

    def _normal(self) -> Expr:
        node, of = self.given["x"]
        if not of.numeric or of.clock is None:
            raise self.wrong(node, f"NORMALIZE reads a series, this is a {word(of)}" + pick(of))
        length = self._whole("length", LENGTH, 2, LONGEST)
        return vectors.vector(of, length, self._one_of("method", "zscore", NORMS))

    def _similar(self) -> Expr:
        node, of = self.given["of"]
        other, shape = self.given["vector"]
        if of.dtype != STORE and not vectors.is_vector(of):
            raise self.wrong(node, f"SIMILARITY looks in a store or at a vector, this is a {word(of)}" + pick(of))
        if not vectors.is_vector(shape):
            hint = "; NORMALIZE(close, length=30) makes one" if shape.numeric else ""
            raise self.wrong(other, f"SIMILARITY wants a vector, this is a {word(shape)}" + (hint or pick(shape)))
        method = self._one_of("method", "cosine", METHODS)
        stored: Any = of.data
        length = vectors.length_of(shape)
        if of.dtype != STORE:
            length = vectors.length_of(of)
        elif stored is not None and stored.length:
            length = stored.length
        if length != vectors.length_of(shape):
            whose = f"those of '{stored.name}' have" if of.dtype == STORE else "the other one has"
            raise self.wrong(
                other, f"this vector has {vectors.length_of(shape)} values, {whose} {length}; say length={length}"
            )
        if of.dtype == STORE:
            making = vectors.making_of(shape, self.scope.here[1])
            mine, its = making.against(stored.made) if stored is not None else ("", "")
            if mine:
                told = f"this vector is {mine}, those of '{stored.name}' are {its}"
                raise self.wrong(other, told + _mended(making, stored.made))
            return vectors.hit(of, shape, making, method, self._whole("k", 1, 1, MOST_FOUND), self._least(method))
        for key in ("k", "min"):
            if key in self.given:
                raise self.wrong(
                    self.given[key][0], f"{key}= is of a store; of two vectors SIMILARITY is the number itself"
                )
        if of.clock != shape.clock:
            raise self.wrong(other, "the two vectors are of rows of different series; make both of one")
        return vectors.alike(of, shape, method)

    def _least(self, method: str) -> float:
        if "min" not in self.given:
            if method == "dot":
                raise self.wrong(
                    self.call, "a dot product has no scale of its own: say from which on one is a hit, min=..."
                )
            return LEAST
        return self._constant("min", "a number that is known beforehand")

    def _constant(self, key: str, wanted: str) -> float:
        node, of = self.given[key]
        if of.constant is None or of.dtype == BOOL or math.isnan(of.constant):
            raise self.wrong(node, f"{key} wants {wanted}, this is a {word(of)}")
        return of.constant

    def _whole(self, key: str, default: int, least: int, most: int) -> int:
        if key not in self.given:
            return default
        value = self._constant(key, "a whole number that is known beforehand")
        if not value.is_integer() or not least <= value <= most:
            raise self.wrong(
                self.given[key][0], f"{key} is {value:.15g}, must be a whole number from {least} to {most}"
            )
        return int(value)

    def _one_of(self, key: str, default: str, known: Sequence[str]) -> str:
        if key not in self.given:
            return default
        node, of = self.given[key]
        if of.dtype != TEXT or of.data not in known:
            said = f"'{of.data}'" if of.dtype == TEXT else f"a {word(of)}"
            hint = nearest(str(of.data), list(known)) if of.dtype == TEXT else ""
            raise self.wrong(node, f"{key} is {said}, must be one of {', '.join(known)}{hint}")
        return str(of.data)


def _mended(mine: Making, its: Making) -> str:
    """What to do where a vector is made in another way than those of a store: the first thing that differs."""
    if its.normalize and mine.normalize != its.normalize:
        return f'; say method="{its.normalize}"'
    if mine.column and its.column and mine.column != its.column:
        return ""
    return f"; read {mine.column or 'it'}@{its.period}, or run on those bars: --period {its.period}"
