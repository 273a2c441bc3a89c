"""Vectors of others in text: one value a column, v0 to vN, or all of them in one."""

from __future__ import annotations

from array import array
from math import isfinite
from typing import TYPE_CHECKING, Any

from hq_core.errors import DATA, USAGE, HqError
from hq_core.formats.told_columns import TAKEN as TOLD
from hq_core.formats.told_columns import check_options
from hq_core.kinds import VECTOR
from hq_core.options.imports import SaidOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.formats.options import SourceOptions

LONGEST = 4096
TAKEN = {"period", *TOLD} - {"drop"}


class Folded:
    """How the fields of a row become the columns of kind vector.

    names   of what comes out: hq's own, those that --columns renames among them, with `vector` last where it is made
            of v0, v1, ...

    Raises HqError DATA for columns that make no vector, USAGE for options that do not go with vectors.
    """

    def __init__(self, names: Sequence[str], options: SourceOptions) -> None:
        check_options(options, TAKEN)
        ours = {theirs: name for name, theirs in options.columns.items()}
        for theirs in ours:
            if theirs not in names:
                raise HqError(f"no column '{theirs}'; there are {', '.join(names)}", USAGE, subject=SaidOptions.columns)
        named = [ours.get(name, name) for name in names]
        at = {name: place for place, name in enumerate(named)}
        n = sum(name[:1] == "v" and name[1:].isdecimal() for name in named)
        self._values = [at[f"v{i}"] for i in range(n) if f"v{i}" in at] if "vector" not in at else []
        if len(self._values) < n and "vector" not in at:
            lacks = next(i for i in range(n) if f"v{i}" not in at)
            raise HqError(f"column 'v{lacks}' is missing: the values of a vector are v0, v1 and so on", DATA)
        values = set(self._values)
        self._others = [place for place in range(len(named)) if place not in values]
        self.names = [named[place] for place in self._others] + ["vector"] * bool(values)
        if options.symbol and "symbol" in self.names:
            raise HqError("the rows have a column 'symbol' that says it", USAGE, subject=SaidOptions.symbol)
        for name, _ in VECTOR.required:
            if name not in self.names and not any(one.startswith(f"{name}_") for one in self.names):
                what = f"column '{name}' is missing; there are {', '.join(names[:12])}"
                raise HqError(what, DATA, hint=("pass ", SaidOptions.columns, f" {name}=NAME"))

    def row(self, row: Sequence[Any]) -> list[Any]:
        """A row's fields by `names`."""
        found = [row[place] for place in self._others]
        return [*found, [row[place] for place in self._values]] if self._values else found


def values_of(value: Any) -> array[float]:
    """The float32 of a vector: a list, or numbers between blanks or commas, in brackets or not.  Raises ValueError."""
    parts = value.strip("[] ").replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(parts, list) or any(isinstance(one, bool) or one is None for one in parts):
        raise ValueError("is no list of numbers")
    try:
        found = array("f", map(float, parts))
    except (ValueError, TypeError):
        raise ValueError("is no list of numbers") from None
    except OverflowError:
        raise ValueError("has a number that float32 cannot hold") from None
    if not all(map(isfinite, found)):
        raise ValueError("has a number that float32 cannot hold")
    if not 0 < len(found) <= LONGEST:
        raise ValueError(f"has {len(found)} values, must have 1 to {LONGEST}")
    return found
