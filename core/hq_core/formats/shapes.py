"""JSON objects of one meaning: their keys, and the block of rows that is made of them."""

from __future__ import annotations

from copy import copy
from math import inf, isinf, nan
from typing import TYPE_CHECKING, Any

from hq_core.batch import CODES, MOST_TEXTS, NO_TEXTS, WIDTHS, Batch, Schema, told_texts
from hq_core.columns import numbers
from hq_core.errors import DATA, USAGE, HqError
from hq_core.formats.json_kernel import EITHER, EMPTY, FOUR, NAKED, ONE, QUOTED, TRUTH
from hq_core.formats.layouts import build
from hq_core.formats.names import SIDES, UNIT_AT_END, symbol_first
from hq_core.formats.numbers import BEYOND, float_of, is_number, not_a_number
from hq_core.formats.plan import CLOCK, whole
from hq_core.formats.rows import BLOCK, ROOM, RowBlock, room_of
from hq_core.formats.text import is_time
from hq_core.formats.text_kernel import BOOL, FAR, ISO, MAKER, REAL, SERIES, SIDE, SKIP, SYMBOL, WHOLE
from hq_core.formats.times import UNITS, read_epoch, read_iso
from hq_core.formats.vector_columns import values_of
from hq_core.kinds import BAR, TRADE, extra_of, of
from hq_core.memory import Memory
from hq_core.options.imports import SaidOptions, ask
from hq_core.roles import Map
from hq_core.saved import Count, shaped
from hq_core.wire.frame import MAX_COLUMNS

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterator

    from hq_core.formats.options import SourceOptions
    from hq_core.formats.plan import Field, FieldPlan
    from hq_core.formats.symbols import Symbols
    from hq_core.roles import Item

ABOUT = ("kind", "symbol", "period")  # keys that say what an object is
META = "meta."  # before the name of a value that a rule gives with its orders
OURS = {*BAR.names, *TRADE.names}
OF_WIDTH = {8: WHOLE, 4: FOUR, 1: ONE}  # what reads a whole number of so many bytes
MOST_WAITING = 4096  # rows that wait for a second one of their symbol
_ABSENT = object()


class Written(float):
    """A JSON number that remembers how it was written: a float would round the time 1600000000.123456789."""

    text: str

    def __new__(cls, text: str) -> Written:
        made = super().__new__(cls, text)
        made.text = text
        return made


def as_text(value: Any) -> str:
    """A JSON value as a csv file would have it."""
    if value is None or value is _ABSENT:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Written):
        return value.text
    return value if isinstance(value, str) else repr(value)


def real(value: Any, empty: bool, flag: bool = False) -> float:
    """The float of a JSON value; null, "nan" and "inf" where it may be empty, true and false where it is a flag.

    Raises ValueError saying what the value is not.
    """
    if isinstance(value, bool):
        if flag:
            return float(value)
    elif isinstance(value, (int, float)):
        try:
            found = float(value)
        except OverflowError:
            found = inf
        if isinf(found):
            raise ValueError(BEYOND)
        return found
    elif value is None or value is _ABSENT or value == "":
        if empty:
            return nan
    elif isinstance(value, str):
        text = value.strip()
        number = float_of(text, empty and text != "")
        if number is None:
            raise ValueError(not_a_number(text))
        return number
    raise ValueError("is missing" if value is _ABSENT else "is not a number")


class Reading:
    """How a kernel reads one value: a row of its table, see `json_kernel.read`.

    words  text -> code, where texts stand for numbers
    """

    __slots__ = ("check", "most", "op", "place", "plus", "quotes", "times", "words")

    def __init__(self, op: int, place: int = 0, check: int = 0, quotes: int = EITHER) -> None:
        self.op = op
        self.place = place
        self.check = check
        self.quotes = quotes
        self.times, self.plus, self.most = 1, 0, 0
        self.words: dict[str, int] = {}


class Shape:
    """Objects with the same keys.  Their rows lie in `rows`, once it is known what they are.

    kind   of their rows, once it is known
    panel  the rows of all symbols are one series
    held   (symbol, values) of rows that wait for a second one, which tells the period
    wholes the keys' places whose numbers must not go by way of a float
    lost   keys that are not read, if the objects say themselves that they are hq's
    share  its block has room for one part in so many of the rows of a block that stands alone
    """

    share = 1

    def __init__(self, tag: str, period: str, keys: list[str], options: SourceOptions) -> None:
        self.tag = tag
        self.period = period
        self.keys = keys
        self.options = options
        self.kind = ""
        self.panel = False
        self.rows: Any = None
        self.held: list[tuple[str, list[Any]]] = []
        self.samples: list[list[str]] = []
        self.wholes: list[int] = []
        self.lost: list[str] = []

    def values(self, element: dict[str, Any]) -> tuple[list[Any], list[str]]:
        """The values by `keys`, and the keys that the first object lacked."""
        try:
            found = [element[key] for key in self.keys]
        except KeyError:
            found = [element.get(key, _ABSENT) for key in self.keys]
            return found, [key for key in element if key not in self.keys]
        return found, [] if len(element) == len(self.keys) else [key for key in element if key not in self.keys]

    @property
    def symbol_key(self) -> str:
        """The key whose value is a row's symbol; "" if none is."""
        return "symbol" if "symbol" in self.keys else ""

    def symbol(self, row: list[Any]) -> str:
        """The symbol of a row.  Raises ValueError."""
        if "symbol" not in self.keys:
            return self.options.symbol
        return checked_symbol(row[self.keys.index("symbol")], "symbol")

    def ready(self, row: list[Any]) -> bool:
        """Whether rows can be made, now that this one has come.  Raises ValueError and HqError."""
        raise NotImplementedError

    def fits(self, other: Shape) -> None:
        """Refuse objects without the symbol that others of their kind, a panel, have.  Raises ValueError."""
        mine, theirs = self.symbol_key, other.symbol_key
        if (self.tag, self.period, self.kind) != (other.tag, other.period, other.kind) or bool(mine) == bool(theirs):
            return
        if other.panel:
            raise ValueError(f"'{theirs}': '' is missing")
        if self.panel:
            raise ValueError(f"'{mine}' is there, which the {self.kind} objects before it lack")

    def put(self, row: list[Any], k: int) -> None:
        """A row into the block.  Raises ValueError."""
        raise NotImplementedError

    def readings(self) -> list[Reading] | None:
        """How a kernel reads the value of each key, once rows can be made; None where none can."""
        raise NotImplementedError

    def number(self, i: int, value: Any, k: int) -> None:
        """The value of key i, a number or a text, into row k of the block.  Raises ValueError."""
        raise NotImplementedError

    def save(self) -> dict[str, Any]:
        return {
            "tag": self.tag,
            "period": self.period,
            "keys": self.keys,
            "samples": self.samples,
            "rows": self.rows.save(),
        }

    def load(self, saved: dict[str, Any]) -> Iterator[Item]:
        raise NotImplementedError


def checked_symbol(value: Any, name: str) -> str:
    """A symbol as JSON has it: a text.  Raises ValueError."""
    if isinstance(value, str) and value.strip():
        return value
    said = "is missing" if value is _ABSENT else "is null" if value is None else "is no text in quotes"
    raise ValueError(f"'{name}': {as_text(value)[:60]!r} {'is empty' if isinstance(value, str) else said}")


class PlannedShape(Shape):
    """Bars and trades of anybody: a plan by the names of their keys, as for csv."""

    plan: FieldPlan | None = None
    _symbol_at = -1
    _columns: list[tuple[int, Field, Any, bool]]

    @property
    def symbol_key(self) -> str:
        return self.keys[self._symbol_at] if self._symbol_at >= 0 else ""

    def symbol(self, row: list[Any]) -> str:
        if self.plan is None:
            return self.options.symbol  # not known yet which key it is
        at = self._symbol_at
        return checked_symbol(row[at], self.keys[at]) if at >= 0 else self.options.symbol

    def ready(self, row: list[Any]) -> bool:
        self.samples = [*self.samples[:1], [_sample(value) for value in row]]
        plan = self._known(self._planned(self.samples[0]))
        if plan.kind == "bar" and plan.period == 0:
            plan.clock(self.samples[-1])
            mine = self.symbol(row)
            if not self.held or mine != self.held[0][0]:
                if len(self.held) >= MOST_WAITING:
                    raise ValueError("the period cannot be told from the first rows: pass --period to hq-import")
                self.held.append((mine, row))
                self.samples = self.samples[:1]
                return False
            plan.infer(*self.samples)
        self._use(plan)
        return True

    def _known(self, plan: FieldPlan) -> FieldPlan:
        self.plan = plan
        self.kind, self.panel = plan.kind, plan.panel
        self._symbol_at = plan.symbol_field()
        return plan

    def _planned(self, first: list[str]) -> FieldPlan:
        said, names = self.options, list(self.keys)
        options = copy(said)
        options.period = said.period or self.period
        if self.tag.startswith("@"):  # milliseconds, or microseconds if the stream was asked for them
            time = next(text for name, text in zip(names, first) if "time" in name)
            options.time_unit, options.period = "us" if len(time) == 16 else "ms", said.period
        elif self.tag in ("bar", "trade"):
            options.kind = said.kind or self.tag
        options.delimiter, options.decimal = "", "."
        series = self.tag.startswith("@") or (self.tag in ("bar", "trade") and symbol_first(names))
        plan = build(names, first, options, series)
        for name in ABOUT:  # they say what the object is
            options.unread.pop(name, None)
        for field in plan.fields:
            if field.name in ("kind", "period") and field.op == REAL:
                plan.cols = [col for col in plan.cols if col[0] != field.to]
                field.op, field.to = SKIP, ""
        return plan

    def _use(self, plan: FieldPlan) -> None:
        self._known(plan)
        self.rows = RowBlock(plan, self.options, room_of(plan) // self.share)
        columns = self.rows.columns
        self._columns = [
            (i, field, columns[field.to], field.to not in OURS)
            for i, field in enumerate(plan.fields)
            if field.op not in (SKIP, SERIES, SYMBOL)
        ]
        self.wholes = [i for i, field in enumerate(plan.fields) if field.op in (WHOLE, ISO, CLOCK)]
        if self.tag in ("bar", "trade"):
            self.lost = [f.name for f in plan.fields if f.op == SKIP and f.name not in ABOUT]

    def put(self, row: list[Any], k: int) -> None:
        if self.plan is not None:
            row = self.plan.joined(row)
        if self.panel:
            put_symbol(self.rows, row[self._symbol_at], self.keys[self._symbol_at], k)
        for i, field, column, flag in self._columns:
            value = row[i]
            if field.op == REAL and type(value) is float:
                column[k] = value
            else:
                self._put(field, column, flag, value, k)

    def _put(self, field: Field, column: Any, flag: bool, value: Any, k: int) -> None:
        try:
            column[k] = real(value, field.empty, flag) if field.op == REAL else _other(field, value)
        except (ValueError, OverflowError) as error:
            if not field.loose or not isinstance(value, str) or is_number(value.strip()):  # a number too large
                raise ValueError(f"'{field.name}': {as_text(value)[:60]!r} {error}{field.hint()}") from None
            self.options.remark(field.text_message, 1)
            column[k] = nan

    def readings(self) -> list[Reading] | None:
        plan = self.plan
        if plan is None or plan.pair is not None or any(field.op == CLOCK for field in plan.fields):
            return None
        return [self._reading(field) for field in plan.fields]

    def _reading(self, field: Field) -> Reading:
        op = field.op
        found = Reading(op, self.rows.place(field.to) if op not in (SKIP, SERIES) else 0)
        if op == REAL:
            found.check = EMPTY * field.empty + TRUTH * (field.to not in OURS)
        elif op in (WHOLE, ISO):
            found.check = field.digits if op == WHOLE else int(field.zoned)
            found.times, found.plus = field.times, field.plus
            found.most = field.most
        if op in (ISO, SYMBOL, SERIES):
            found.quotes = QUOTED
        return found

    def number(self, i: int, value: Any, k: int) -> None:
        assert self.plan is not None
        field = self.plan.fields[i]
        self._put(field, self.rows.columns[field.to], field.to not in OURS, value, k)

    def load(self, saved: dict[str, Any]) -> Iterator[Item]:
        self.samples = saved["samples"]
        plan = self._planned(self.samples[0])
        if plan.kind == "bar" and plan.period == 0:
            plan.infer(*self.samples)
        self._use(plan)
        yield from self.rows.load(saved["rows"])


def put_symbol(rows: RowBlock | OwnRows, value: Any, name: str, k: int) -> None:
    """The code of a row's symbol into the block.  Raises ValueError."""
    symbol = checked_symbol(value, name)
    try:
        rows.columns["symbol"][k] = rows.symbols.code(symbol)
    except ValueError as error:
        raise ValueError(f"'{name}': {symbol[:60]!r} {error}") from None


def _sample(value: Any) -> str:
    """A value as the plan looks at it: true and false are numbers to it."""
    return str(int(value)) if isinstance(value, bool) else as_text(value)


def _other(field: Field, value: Any) -> int:
    if field.op in (BOOL, MAKER):
        if not isinstance(value, bool):
            raise ValueError("is not true or false")
        return int(value) if field.op == BOOL else 1 - 2 * int(value)
    if value is _ABSENT:
        raise ValueError("is missing")
    if field.op == SIDE:
        found = SIDES.get(as_text(value).lower())
        if found is None:
            raise ValueError("is not buy or sell")
        return found
    return whole(field, as_text(value))


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
            if self.options.kind and not unit and isinstance(value, int) and is_time(key, known[key]):
                what = f"'{key}' is {value}: seconds, ms, us or ns? "
                raise HqError((what, ask(SaidOptions.time_unit)), DATA)
            return f"{known[key]} {unit or 'iso'}" if is_time(key, known[key]) else known[key]
        found = UNIT_AT_END.fullmatch(key)
        if found and is_time(found[1], known.get(found[1], "")):
            return f"i8 {found[2]}"
        if key.startswith(META):  # of whatever type, as its first value shows
            if isinstance(value, str) and (not value or value not in BEYOND):
                return "s4"
            return "i8" if type(value) is int else "f8"
        if is_time(key, "i8") and isinstance(value, str) and read_iso(value) is not None:
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
        self.rows = OwnRows(self.tag, self.period or self.options.period, cols, self.options.symbols, self.share)
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
    if value is None or value is _ABSENT:
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


class OwnRows:
    """A block of rows of one of hq's kinds, as `RowBlock` is one of bars and trades."""

    def __init__(self, kind: str, period: str, cols: list[tuple[str, str]], symbols: Symbols, share: int) -> None:
        self.kind, self.period, self.cols, self.symbols = kind, period, cols, symbols
        self._panel = ("symbol", "s4") in cols
        schema = Schema(kind, "", period, cols)
        self.room = max(1, min(ROOM, BLOCK * 8 // sum(schema.widths)) // share)
        self.total = 0
        self.symbol = ""
        self.texts: dict[str, list[str]] = {name: [] for name, type_ in cols if type_ == "s4" and name != "symbol"}
        self._codes: dict[str, dict[str, int]] = {name: {} for name in self.texts}
        self._told: dict[tuple[str, str], int] = {}  # how many texts of a column a series has been told
        self._schemas: dict[str, Schema] = {}
        self.memory = Memory(schema.blob(self.room))
        places = schema.places(0, self.room)
        self._addresses = [self.memory.address + place for place in places]
        self._places = {name: place // wide for name, place, wide in zip(schema.names, places, schema.widths)}
        self.columns: dict[str, Any] = {}
        for (name, type_), place, wide in zip(cols, places, schema.widths):
            code: Any = CODES.get(type_, "f")  # a vector's values are float32
            self.columns[name] = self.memory.view[place : place + self.room * wide].cast(code)

    def place(self, name: str) -> int:
        """As of `RowBlock`."""
        return self._places[name]

    def series(self) -> Schema:
        """The panel, or the series of the current symbol."""
        found = self._schemas.get(self.symbol)
        if found is None:
            extra = extra_of(self.kind)
            found = self._schemas[self.symbol] = Schema(self.kind, self.symbol, self.period, self.cols, extra)
        return found

    def announced(self) -> Iterator[Item]:
        """As of `RowBlock`."""
        if self.symbol not in self._schemas:
            yield self.series()
        if self._panel:
            yield from self.symbols.untold(self.series().key)
        for name, texts in self.texts.items():
            place = self.series().key, name
            yield from map(Map, told_texts(*place, texts[self._told.get(place, 0) :]))
            self._told[place] = len(texts)

    def code(self, name: str, value: Any) -> int:
        """The code of a text of a column.  Raises ValueError."""
        if isinstance(value, (bool, list, dict)):
            raise ValueError("is no text")
        text, codes = as_text(value), self._codes[name]
        if text not in codes:
            if len(codes) == MOST_TEXTS:
                raise ValueError(f"is one text more than the {MOST_TEXTS} that are read")
            codes[text] = len(codes)
            self.texts[name].append(text)
        return codes[text]

    def batch(self, n: int) -> tuple[Batch, str]:
        """The first n rows of the block; nothing can be wrong with them."""
        self.total += n
        texts = {**(self.symbols.tables if self._panel else NO_TEXTS), **self.texts}
        return Batch(self.series(), n, self._addresses, self.memory, texts), ""

    def save(self) -> dict[str, Any]:
        codes = self.symbols.texts if self._panel else []
        return {"total": self.total, "series": list(self._schemas), "codes": codes, "texts": self.texts}

    def load(self, saved: dict[str, Any]) -> Iterator[Item]:
        shaped(saved, {"total": Count, "series": [str], "codes": [str], "texts": {str: [str]}})
        self.total = saved["total"]
        for name, texts in saved["texts"].items():
            for text in texts:
                self.code(name, text)
        self.symbols.learn(saved["codes"])
        for self.symbol in saved["series"]:
            yield from self.announced()


def shape_of(tag: str, period: str, keys: list[str], options: SourceOptions) -> Shape:
    """The shape of objects: the tag is a kind, @message, or '' for objects that do not say."""
    own = tag not in ("", "bar", "trade", "array") and not tag.startswith("@")
    if own and options.kind != tag and (options.kind or options.symbol or options.period or options.columns):
        raise HqError(f"the input holds {tag} rows of hq, which say their kind, symbol, period and columns", USAGE)
    return (OwnShape if own else PlannedShape)(tag, period, keys, options)
