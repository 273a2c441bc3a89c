"""Factors as they are written: `mid`, `imbalance:levels=5`, `imb5=imbalance:5`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Generic, TypeVar

from hq_core.errors import USAGE, HqError
from hq_core.factoring.declare import FACTORS, Factor, Labelled
from hq_core.kinds import FACTOR
from hq_core.registry import parameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hq_core.registry import Shelf, Value

NAMED = re.compile(r"([^=:]*)=([^=]*(?::.*)?)")  # NAME=FACTOR:PARAMETERS; an = behind the colon is a parameter's
MOST = 64  # factors of one run


L = TypeVar("L", bound=Labelled)


class Spec(Generic[L]):
    """One factor with its parameters; `label` names its columns."""

    def __init__(self, entry: L, params: dict[str, Value], label: str = "") -> None:
        self.entry = entry
        self.params = params
        self.label = label or entry.label(params)
        self.columns = entry.columns(self.label)


FactorSpec = Spec[Factor]


def parse_on(shelf: Shelf[L], text: str) -> Spec[L]:
    """A factor of a shelf from [NAME=]FACTOR[:PARAMETERS].  Raises HqError USAGE with what is wrong."""
    if not isinstance(text, str):
        raise HqError(f"a {shelf.word} is a text such as 'tfi:1s', not {text!r:.60}", USAGE)
    given = NAMED.fullmatch(text)
    label, rest = (given[1].strip(), given[2]) if given else ("", text)
    if given and not label.isidentifier():
        raise HqError(f"'{text:.80}': '{label}' is no name of a column: letters, digits and _", USAGE)
    name, colon, words = rest.strip().partition(":")
    entry = shelf.load(name.strip())
    positional, named = parameters(words, f"'{text:.80}'") if colon else ([], {})
    return Spec(entry, entry.bind(positional, named), label)


def parse(text: str) -> FactorSpec:
    """A factor of a book."""
    return parse_on(FACTORS, text)


def parsed(texts: Iterable[str]) -> list[FactorSpec]:
    """All factors of books in a run."""
    return parsed_on(FACTORS, texts, "mid")


def parsed_on(shelf: Shelf[L], texts: Iterable[str], such: str) -> list[Spec[L]]:
    """All factors of a run, such as `such`.  Raises HqError USAGE where two would be one column."""
    specs = [parse_on(shelf, text) for text in texts]
    if not specs:
        raise HqError(f"name at least one {shelf.word}, such as {such}", USAGE)
    if len(specs) > MOST:
        raise HqError(f"{len(specs)} {shelf.word}s, at most {MOST} are computed in one run", USAGE)
    names = [name for spec in specs for name in spec.columns]
    check_names(names)
    return specs


def check_names(names: Sequence[str]) -> None:
    """Refuse names of columns that are there twice, or that rows of factors have besides."""
    for at, name in enumerate(names):
        if name in names[:at]:
            raise HqError(f"two factors would be column '{name}'; name one of them: NAME=FACTOR", USAGE)
        if name in FACTOR.names or name == "symbol":
            raise HqError(f"'{name}' is a column of all factor rows; name the factor otherwise: NAME=FACTOR", USAGE)
