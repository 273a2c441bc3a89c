"""JSON objects of the kinds that hq writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.batch import WIDTHS
from hq_core.columns import numbers
from hq_core.errors import DATA, HqError
from hq_core.formats.json_kernel import EITHER, EMPTY, FOUR, NAKED, ONE, QUOTED, TRUTH
from hq_core.formats.json_reading import Reading
from hq_core.formats.names import UNIT_AT_END, symbol_first
from hq_core.formats.numbers import BEYOND
from hq_core.formats.own_rows import OwnRows
from hq_core.formats.shape import ABOUT, Shape, put_symbol
from hq_core.formats.text_kernel import BOOL, FAR, ISO, REAL, SERIES, SKIP, SYMBOL, WHOLE
from hq_core.formats.times import UNITS, read_epoch, read_iso
from hq_core.formats.vector_columns import values_of
from hq_core.formats.written import ABSENT, as_text, real
from hq_core.kinds import META, named_time, of
from hq_core.options.imports import SaidOptions, ask
from hq_core.wire.frame import MAX_COLUMNS

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterator

    from hq_core.roles import Item

OF_WIDTH = {8: WHOLE, 4: FOUR, 1: ONE}  # what reads a whole number of so many bytes


class OwnShape(Shape):
    """Rows of a kind that hq writes, as `hq-export jsonl` writes them: the columns of kinds.py, then numbers."""

    def ready(self, row: list[Any]) -> bool:
        self.samples = [[self._type(key, value) for key, value in zip(self.keys, row)]]
        self._use()
        return True

    def _type(self, key: str, value: Any) -> str:
        """The type of the key's column, and for a time its unit; '' for what is no column."""
        if key in ABOUT:
            return ""
        known = dict(of(self.tag).cols)
        if known.get(key) == "f4xN":
            try:
                return f"f4x{len(values_of(value))}"
            except ValueError as error:
                raise ValueError(f"'{key}': {as_text(value)[:60]!r} {error}") from None
        if key in known:
            unit = self.options.time_unit if not isinstance(value, str) else ""
            instant = known[key] == "i8" and named_time(self.tag, key)
            if self.options.kind and not unit and isinstance(value, int) and instant:
                what = f"'{key}' is {value}: seconds, ms, us or ns? "
                raise HqError((what, ask(SaidOptions.time_unit)), DATA)
            return f"{known[key]} {unit or 'iso'}" if instant else known[key]
        found, meta = UNIT_AT_END.fullmatch(key), key.startswith(META)
        if found and known.get(found[1], "i8" if meta else "") == "i8":
            whole = meta and type(value) is int and f"ts_{found[2]}" in self.keys  # as that of all times in the file
            if whole or named_time(self.tag, found[1]):
                return f"i8 {found[2]}"
        time = read_iso(value) if isinstance(value, str) else None
        instant = time is not None and (named_time(self.tag, key) or meta and time[1])
        if meta and not instant:  # of whatever type, as its first value shows
            if isinstance(value, str) and (not value or value not in BEYOND):
                return "s4"
            return "i8" if type(value) is int else "f8"
        if instant:
            return "i8 iso"
        try:
            real(value, True, True)
        except ValueError:
            return ""
        return "f8"

    def _use(self) -> None:
        order = {name: at for at, name in enumerate(of(self.tag).names)}
        found = []
        for i, (key, said) in enumerate(zip(self.keys, self.samples[0])):
            kind, _, unit = said.partition(" ")
            name = key.removesuffix(f"_{unit}") if unit in UNITS else key
            if kind:
                found.append((order.get(name, len(order)), i, name, kind, unit))
        found.sort()
        cols = [(name, kind) for _, _, name, kind, _ in found]
        if ("ts", "i8") not in cols:
            raise ValueError(f"'ts' is missing in a {self.tag} object")
        self.kind = self.tag
        self.panel = "symbol" in self.keys and not symbol_first(self.keys)
        if self.panel:
            cols.insert(1 + cols.index(("ts", "i8")), ("symbol", "s4"))
        if len(cols) > MAX_COLUMNS:
            raise ValueError(f"the object has {len(cols)} columns, a series takes at most {MAX_COLUMNS}")
        times = [name for _, _, name, _, unit in found if unit]
        of_file = self.period or self.options.period, cols, times
        self.rows = OwnRows(self.tag, *of_file, self.options.symbols, self.share)
        codes = of(self.tag).codes
        words = {name: numbers(said) for name, said in codes.items()}
        columns = self.rows.columns
        self._columns = [(i, kind, unit, words.get(name, {}), columns[name]) for _, i, name, kind, unit in found]
        self._names = {i: name for _, i, name, _, _ in found}
        self.wholes = [i for i, kind, *_ in self._columns if kind != "f8"]
        self.lost = [key for key, said in zip(self.keys, self.samples[0]) if not said and key not in ABOUT]

    def put(self, row: list[Any], k: int) -> None:
        if self.panel:
            put_symbol(self.rows, row[self.keys.index("symbol")], "symbol", k)
        for i, kind, unit, words, column in self._columns:
            value = row[i]
            try:
                if kind == "f8":
                    column[k] = value if type(value) is float else real(value, True, True)
                elif kind.startswith("f4x"):
                    self._put_vector(column, values_of(value), int(kind[3:]), k)
                elif kind == "s4":
                    column[k] = self.rows.code(self.keys[i], value)
                else:
                    column[k] = _whole(value, kind, unit, words)
            except ValueError as error:
                raise ValueError(f"'{self.keys[i]}': {as_text(value)[:60]!r} {error}") from None

    def _put_vector(self, column: Any, values: array[float], length: int, k: int) -> None:
        if len(values) != length:
            raise ValueError(f"has {len(values)} values, the first one has {length}")
        column[k * length : (k + 1) * length] = values

    def readings(self) -> list[Reading] | None:
        if any("x" in kind for _, kind, *_ in self._columns):
            return None
        found = [Reading(SKIP) for _ in self.keys]
        for i, kind, unit, words, _ in self._columns:
            name = self._names[i]
            if kind == "f8":
                found[i] = Reading(REAL, self.rows.place(name), check=EMPTY + TRUTH)
            elif kind == "b1":
                found[i] = Reading(BOOL, self.rows.place(name))
            elif unit == "iso":
                found[i] = Reading(ISO, self.rows.place(name), check=1, quotes=QUOTED)
            else:
                one = found[i] = Reading(OF_WIDTH[WIDTHS[kind]], self.rows.place(name))
                one.quotes, one.words = EITHER if words else NAKED, words
                one.times = UNITS[unit or "ns"]
                one.most = min(FAR // one.times, (2 ** (8 * WIDTHS[kind] - 1) - 1) // one.times)
        if "symbol" in self.keys:
            at = self.keys.index("symbol")
            if self.panel:
                found[at] = Reading(SYMBOL, self.rows.place("symbol"), quotes=QUOTED)
            else:
                found[at] = Reading(SERIES, quotes=QUOTED)
        return found

    def number(self, i: int, value: Any, k: int) -> None:
        self.rows.columns[self._names[i]][k] = real(value, True, True)

    def load(self, saved: dict[str, Any]) -> Iterator[Item]:
        self.samples = saved["samples"]
        self._use()
        yield from self.rows.load(saved["rows"])


def _whole(value: Any, kind: str, unit: str, words: dict[str, int]) -> int:
    if value is None or value is ABSENT:
        raise ValueError("is missing")
    if kind == "b1":
        if not isinstance(value, bool):
            raise ValueError("is not true or false")
        return int(value)
    if unit == "iso":
        found = read_iso(value) if isinstance(value, str) else None
        if found is None or not found[1]:
            raise ValueError("is not an ISO 8601 time with its zone")
        return found[0]
    if isinstance(value, str) and words:
        if value not in words:
            raise ValueError(f"is none of {', '.join(words)}")
        return words[value]
    if isinstance(value, (bool, str, list, dict)):
        raise ValueError("is not a whole number")
    number = read_epoch(as_text(value), UNITS[unit or "ns"])
    if number is None:
        raise ValueError("is not a whole number, or too large")
    bits = 8 * WIDTHS[kind]
    if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise ValueError(f"does not fit {bits} bits")
    return number
