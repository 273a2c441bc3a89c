"""Rows of kinds of which an exchange tells a history, funding and marks, as others write them in text."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from hq_core.errors import DATA, USAGE, HqError
from hq_core.formats.layouts import roles
from hq_core.formats.names import BAR_NAMES, BESIDE_QUOTES, BOOK_TICKER, HISTORIES, IN_MS, split_unit, squash
from hq_core.formats.numbers import is_number
from hq_core.formats.times import UNITS, read_epoch, read_iso
from hq_core.formats.written import as_text, real
from hq_core.kinds import no_price, no_rate, of
from hq_core.options import options_of
from hq_core.options.imports import SaidOptions, ask

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hq_core.errors import Phrase
    from hq_core.formats.options import SourceOptions


# options that say something of rows that are read as hq's own
TAKEN = "kind", "symbol", "columns", "drop", "time_unit", "delimiter", "order", "dedupe"


def check_options(options: SourceOptions, taken: Collection[str], what: Phrase = "") -> None:
    """Raises HqError USAGE for an option beyond those that say something of the kind, or of `what` is read."""
    for name, option in options_of(SaidOptions).items():
        if name not in taken and getattr(options, name) != option.default:
            raise HqError((option, " does not go with ", what or (SaidOptions.kind, f" {options.kind}")), USAGE)


def instants(names: Sequence[str], options: SourceOptions) -> bool:
    """Whether rows of a kind that may be read as bars are its values at instants: a price and no close."""
    found = roles(list(names), HISTORIES[options.kind], {}).keys() | options.columns.keys()
    return "price" in found and "close" not in roles(list(names), BAR_NAMES, {}).keys() | options.columns.keys()


class Told:
    """How the fields of a row become columns of a kind.

    names   of what comes out: hq's own, the time as ts_ns, and those that hq has no name for
    Raises HqError DATA for columns that make no row of the kind, USAGE for options that do not go with it.
    """

    def __init__(self, names: Sequence[str], options: SourceOptions) -> None:
        check_options(options, TAKEN)
        kind, known = options.kind, of(options.kind)
        if kind == "quote" and {"b", "B", "a", "A"} <= set(names):
            said = {*options.columns.values(), *options.drop}
            names = [name if name in said else BOOK_TICKER.get(name, name) for name in names]
        kept = [name for name in names if name not in options.drop]
        for role, theirs in options.columns.items():
            if role not in known.names and role != "symbol":
                raise HqError(f"'{role}' is no column of kind {kind}", USAGE, subject=SaidOptions.columns)
            if theirs not in kept:
                what = f"no column '{theirs}'; there are {', '.join(names)}"
                raise HqError(what, USAGE, subject=SaidOptions.columns)
        found = roles(kept, HISTORIES[kind], options.columns)
        if options.symbol and "symbol" in found:
            raise HqError("the rows have a column 'symbol' that says it", USAGE, subject=SaidOptions.symbol)
        must = [name for name, _ in known.required] if len(known.required) > 1 else known.names[:2]
        for role in must:
            if role not in found:
                what = f"column '{role}' is missing; there are {', '.join(names[:12])}"
                raise HqError(
                    what, DATA, hint=(ask(SaidOptions.columns, f" {role}=NAME"), " ", SaidOptions.kind, f" {kind}")
                )
        named = {kept[at]: role for role, at in found.items()}
        beside = BESIDE_QUOTES if kind == "quote" else ()
        self._time = kept[found["ts"]]
        self._unit = options.time_unit or split_unit(self._time)[1] or ("ms" if squash(self._time) in IN_MS else "")
        self._must = set(must)
        self._columns: list[tuple[int, str]] = []
        self.names: list[str] = []
        for at, name in enumerate(names):
            role = named.get(
                name, "" if name in options.drop or name in known.names or squash(name) in beside else name
            )
            if role:
                self._columns.append((at, role))
                self.names.append("ts_ns" if role == "ts" else role)
        self._checked = {one.name: one.unit for one in known.columns if one.type == "f8"}

    def row(self, row: Sequence[Any]) -> list[Any]:
        """A row's fields by `names`.  Raises ValueError for a value that none of the kind has, HqError for a time
        whose unit is not known."""
        return [self._value(role, row[at]) for at, role in self._columns]

    def _value(self, role: str, value: Any) -> Any:
        if role == "ts":
            return self._instant(as_text(value).strip())
        if role not in self._checked:
            return value
        try:
            number = real(value, role not in self._must)
        except ValueError as error:
            raise ValueError(f"'{role}': {as_text(value)[:60]!r} {error}") from None
        if number == number and not isfinite(number):
            raise ValueError(f"'{role}': {as_text(value)[:60]!r} is not finite")
        if self._checked[role] == "price" and no_price(number):
            raise ValueError(f"'{role}': {as_text(value)[:60]!r} is no price, which is above 0")
        if role == "rate" and (number != number or no_rate(number)):
            raise ValueError(f"'{role}': {as_text(value)[:60]!r} is no rate, which is a share from -1 to 1")
        return number

    def _instant(self, text: str) -> int:
        if is_number(text):
            if not self._unit:
                what = f"column '{self._time}' holds {text}: seconds, ms, us or ns? "
                raise HqError((what, ask(SaidOptions.time_unit)), DATA)
            ns = read_epoch(text, UNITS[self._unit])
            if ns is not None:
                return ns
        found = read_iso(text)
        if found is None or not found[1]:
            raise ValueError(f"'{self._time}': {text[:60]!r} is neither a number nor an ISO 8601 time with its zone")
        return found[0]
