"""Rows as columns: what a series is (Schema), and some of its rows lying somewhere in memory (Batch)."""

from __future__ import annotations

import ctypes
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from hq_core import kinds
from hq_core.errors import DATA, HqError, did_you_mean
from hq_core.memory import Laid, Memory, after, move

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Columns = Sequence[tuple[str, str]]

# types of a column `complete`; of a kind that hq does not know it may be of any other and mean another thing
FLAGS = ("b1", "i1")
WIDTHS = {"i8": 8, "f8": 8, "i4": 4, "s4": 4, "i1": 1, "b1": 1, "text": 16}
CODES = {"i8": "q", "f8": "d", "i4": "i", "s4": "i", "i1": "b", "b1": "b"}
UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
NEVER, EVER = -(1 << 63), (1 << 63) - 1  # before and after whatever ts there is
LONGEST = 36_525 * 86_400  # seconds of a period: 100 years, so that an end of one is far from the end of int64


def width(kind: str) -> int:
    """Bytes a row of a column type: i8 f8 i4 s4 i1 b1, a text's handle, or a vector such as f4x30.

    Raises KeyError or ValueError.
    """
    found = WIDTHS.get(kind)
    if found is None:
        item, _, length = kind.partition("x")
        if not (length.isascii() and length.isdecimal()):
            raise ValueError(kind)
        found = {"f4": 4, **WIDTHS}[item] * int(length)
        if not 0 < found <= 65536:
            raise ValueError(kind)
    return found


@lru_cache(256)
def period_ns(period: str) -> int:
    """Nanoseconds of a period such as 15m; 0 for the empty period of rows that have none."""
    if not period:
        return 0
    count, unit = period[:-1], period[-1]
    if not (count.isascii() and count.isdecimal()) or unit not in UNIT_SECONDS or not count.strip("0"):
        raise HqError(f"period '{period:.60}' is not a count and one of s, m, h, d, w (15m, 4h, 1d)", DATA)
    seconds = int(count) * UNIT_SECONDS[unit] if len(count) < 20 else LONGEST + 1
    if seconds > LONGEST:
        raise HqError(f"period '{period:.60}' is longer than 100 years ({LONGEST // 86_400}d)", DATA)
    return seconds * 1_000_000_000


def period_text(ns: int) -> str:
    """The name of a period, its largest whole unit: 900 s is 15m; '' when it is not whole seconds."""
    for letter, seconds in reversed(UNIT_SECONDS.items()):
        if ns > 0 and ns % (seconds * 1_000_000_000) == 0:
            return f"{ns // (seconds * 1_000_000_000)}{letter}"
    return ""


def fits(name: str, has: str, wanted: str) -> bool:
    """Whether a column of type `has` may be read as one of `wanted`: complete is a b1 that may be told in an i1."""
    return has == wanted or (name == "complete" and has in FLAGS)


class Layout:
    """What follows from the kind and from the names and types of columns alone: many series share one.

    free    where columns of free text stand;  codes: of s4;  truths: those of b1 and of vectors of it
    flag    where the column stands that says of each row whether it is complete (0: it is not), or -1: all are
    timed   ts is there, in nanoseconds
    clock   the column of times by which the rows lie, from which on each is known: ts, but where its kind has another
    coded   symbol is there, as codes of texts: without a symbol of its own the series is a panel
    wrong   the column that hq reads by its type and that has another one, in words; "" if none has
    """

    __slots__ = (
        "_laid",
        "clock",
        "coded",
        "codes",
        "cols",
        "flag",
        "free",
        "index",
        "names",
        "timed",
        "truths",
        "widths",
        "wrong",
    )

    def __init__(self, of: str, cols: tuple[tuple[str, str], ...]) -> None:
        self.cols = cols
        self.names = tuple(name for name, _ in cols)
        self.widths = tuple(width(kind) for _, kind in cols)
        self.index = {name: i for i, name in enumerate(self.names)}
        self.free = tuple(i for i, (_, kind) in enumerate(cols) if kind == "text")
        self.codes = tuple(i for i, (_, kind) in enumerate(cols) if kind == "s4")
        self.truths = tuple(i for i, (_, kind) in enumerate(cols) if kind.partition("x")[0] == "b1")
        types = dict(cols)
        self.flag = self.index["complete"] if types.get("complete") in FLAGS else -1
        self.timed = types.get("ts") == "i8"
        own = kinds.of(of).clock
        self.clock = own if types.get(own) == "i8" else "ts"
        self.coded = types.get("symbol") == "s4"
        self.wrong = ""
        for name, wanted in kinds.of(of).fixed:
            has = types.get(name, wanted)
            if not fits(name, has, wanted):
                self.wrong = f"column '{name}' is {has}, must be {wanted}"
        self._laid: dict[int, tuple[tuple[int, ...], int, list[tuple[int, int]]]] = {}

    def laid(self, n: int) -> tuple[tuple[int, ...], int, list[tuple[int, int]]]:
        """How far behind the first column each of n rows lies, as each is padded to 8 bytes; the bytes of them all; and
        what is padding of them: where it begins and how long it is."""
        found = self._laid.get(n)
        if found is None:
            if len(self._laid) == 64:
                self._laid.clear()
            starts = [0, *accumulate((w * n + 7) & -8 for w in self.widths)]
            padding = [(at + w * n, -w * n % 8) for at, w in zip(starts, self.widths) if w * n % 8]
            found = self._laid[n] = tuple(starts[:-1]), starts[-1], padding
        return found


_layouts: dict[tuple[str, tuple[tuple[str, str], ...]], Layout] = {}


def layout(of: str, cols: Columns) -> Layout:
    key = of, cols if type(cols) is tuple else tuple((name, kind) for name, kind in cols)
    found = _layouts.get(key)
    if found is None:
        if len(_layouts) == 256:
            _layouts.clear()
        found = _layouts[key] = Layout(*key)
    return found


class Schema:
    """A series: kind, symbol and period, and the names and types of its columns.  Immutable.

    Raises HqError DATA where a column that hq reads by its type (kinds.py: ts, the key, complete) has another one.

    extra   further keys of the schema frame, passed on as they came
    panel   it has rows of many symbols, which a column names
    free, truths, codes, flag, clock   as in Layout
    """

    __slots__ = (
        "_index",
        "_layout",
        "clock",
        "codes",
        "cols",
        "extra",
        "flag",
        "free",
        "key",
        "names",
        "of",
        "panel",
        "period",
        "symbol",
        "truths",
        "widths",
    )

    def __init__(
        self, of: str, symbol: str = "", period: str = "", cols: Columns = (), extra: Mapping[str, object] | None = None
    ) -> None:
        self.of = of
        self.symbol = symbol
        self.period = period
        shared = self._layout = layout(of, cols)
        self.cols, self.names, self.widths, self._index = shared.cols, shared.names, shared.widths, shared.index
        self.free, self.flag, self.truths = shared.free, shared.flag, shared.truths
        self.codes, self.clock = shared.codes, shared.clock
        self.panel = shared.coded and not symbol
        self.extra = dict(extra or {})
        if "/" in of or "/" in period:  # a symbol may have one: BTC/USDT
            raise HqError(f"kind '{of}' or period '{period}' has a '/' in it", DATA)
        self.key = f"{of}/{symbol}/{period}"
        if len(self._index) != len(self.cols):
            twice = next(name for name in self.names if self.names.count(name) > 1)
            raise HqError(f"{self.key}: column '{twice}' is there twice", DATA)
        if shared.wrong:
            raise HqError(f"{self.key}: {shared.wrong}", DATA)
        if self.panel and self.has("ts") and not shared.timed:
            raise HqError(f"{self.key}: column 'ts' of a panel is {self.kind('ts')}, must be i8", DATA)

    def has(self, name: str) -> bool:
        return name in self._index

    def index(self, name: str) -> int:
        """Where column `name` stands; an error that lists the columns if it is not there."""
        at = self._index.get(name)
        if at is None:
            hint = did_you_mean(name, self.names)
            raise HqError(f"column '{name}' is missing; {self.key} has {', '.join(self.names)}{hint}", DATA)
        return at

    def kind(self, name: str) -> str:
        return self.cols[self.index(name)][1]

    def typed(self, name: str, wanted: str) -> int:
        """As `index`, of a column that is read as this type; HqError DATA where it has another one."""
        at = self.index(name)
        if not fits(name, self.cols[at][1], wanted):
            raise HqError(f"column '{name}' of {self.key} is {self.cols[at][1]}, must be {wanted}", DATA)
        return at

    def reads(self, wanted: Columns, required: Columns) -> list[tuple[str, int]]:
        """Where each column stands of those that are read and there; HqError DATA as `typed`, also where one lacks."""
        needed = dict(required)
        return [(name, self.typed(name, kind)) for name, kind in wanted if self.has(name) or name in needed]

    def with_columns(self, more: Columns, extra: Mapping[str, object] | None = None) -> Schema:
        """The same series with columns added at the end; HqError DATA where it has one of them."""
        for name, _ in more:
            if name in self._index:
                raise HqError(f"duplicate column '{name}': already exists in {self.key}", DATA)
        return Schema(self.of, self.symbol, self.period, (*self.cols, *more), {**self.extra, **(extra or {})})

    def same_as(self, other: Schema) -> bool:
        return self.key == other.key and self.cols == other.cols and self.extra == other.extra

    def places(self, at: int, n: int) -> Laid:
        """Where each column of n rows lies if the first one lies at `at`: one after the other, padded to 8 bytes."""
        return Laid([at + behind for behind in self._layout.laid(n)[0]], n)

    def blob(self, n: int) -> int:
        """Bytes of n rows in memory, which without free text are those on the wire: each column padded to 8 bytes."""
        return self._layout.laid(n)[1]

    def padding(self, n: int) -> list[tuple[int, int]]:
        """Of n rows that lie like that, what belongs to no column: where each piece begins, and its bytes."""
        return self._layout.laid(n)[2]

    def __repr__(self) -> str:
        return f"<schema {self.key} {' '.join(self.names)}>"


SYMBOL = ("symbol", "s4")  # of a panel: whose row it is


def series_of(panel: Schema, symbol: str) -> Schema:
    """The series of one symbol of a panel."""
    cols = tuple(col for col in panel.cols if col != SYMBOL)
    return Schema(panel.of, symbol, panel.period, cols, panel.extra)


def rank(schema: Schema) -> tuple[int, int, str, str]:
    """Where rows of a series stand among those of one ts: coarser periods first, then by kind, then by symbol.

    What is told at an instant and has no period, as funding, comes before all bars: they are traded with it.  So do
    marks of any period: those of a fine one lie in the bars of coarser ones.
    """
    kind = kinds.of(schema.of).rank
    told = kind < kinds.QUOTE.rank or (not schema.period and kind < kinds.TRADE.rank)
    return -period_ns(schema.period) - (EVER if told else 0), kind, schema.of, schema.symbol


def told_apart(schema: Schema) -> str:
    """The name of a series; of a panel with its columns, as one of other columns is another panel of the same name."""
    return f"{schema.key} {' '.join(schema.names)}" if schema.panel else schema.key


def series_key(panel: Schema, symbol: str) -> str:
    """The name of the series of a panel's symbol."""
    return f"{panel.of}/{symbol}/{panel.period}"


def symbol_of(key: str) -> str:
    """The symbol in a series' key."""
    return key.partition("/")[2].rpartition("/")[0]


def gives_symbols(frame: Mapping[str, Any]) -> bool:
    """Whether a frame that is no rows has texts of a panel's symbols.  It may come before the panel is announced."""
    return frame["kind"] == "strings" and frame["col"] == "symbol" and not symbol_of(frame["of"])


class Texts:
    """The texts behind the codes of s4 columns: by a series' name and a column, for the section that is open.

    Two codes of a panel's symbols never have one text: its rows would be computed as those of two symbols.
    """

    def __init__(self) -> None:
        self._tables: dict[str, dict[str, list[str]]] = {}
        self._nameless: dict[str, list[int]] = {}  # codes of an empty symbol, by the series' name
        self._symbols: dict[str, set[str]] = {}  # those of each panel

    def of(self, key: str) -> dict[str, list[str]]:
        """The tables of a series, which grow as further texts come."""
        found = self._tables.get(key)
        if found is None:
            found = self._tables[key] = {}
        return found

    def take(self, frame: Mapping[str, Any]) -> None:
        """Learn from a frame that is no rows: `strings` adds to a table, `section` begins them anew."""
        if frame["kind"] == "strings":
            if gives_symbols(frame):
                self._add_symbols(frame["of"], frame["values"])
            table = self.of(frame["of"]).setdefault(frame["col"], [])
            table += frame["values"]
            if len(table) > MOST_TEXTS:
                raise HqError(f"{frame['of']}: column '{frame['col']}' has more than {MOST_TEXTS} texts", DATA)
            if frame["col"] == "symbol" and "" in frame["values"]:
                self._find_nameless()
        elif frame["kind"] == "section":
            self.clear()

    def _add_symbols(self, key: str, symbols: list[str]) -> None:
        known = self._symbols.setdefault(key, set())
        for symbol in symbols:
            if symbol in known:
                raise HqError(f"{key}: column 'symbol' has the text '{symbol}' twice, must have each once", DATA)
            known.add(symbol)

    def clear(self) -> None:
        """A section begins: whoever holds tables of the one before keeps them."""
        self._tables = {}
        self._nameless, self._symbols = {}, {}

    def named(self, batch: Batch) -> int:
        """How many rows of a panel from the first on have a symbol: an empty one would make a series of no name."""
        codes = self._nameless.get(batch.schema.key)
        if not codes or not batch.schema.panel:
            return batch.n
        return next((row for row, code in enumerate(batch.view("symbol")) if code in codes), batch.n)

    def _find_nameless(self) -> None:
        for key, tables in self._tables.items():
            codes = [code for code, symbol in enumerate(tables.get("symbol", ())) if not symbol]
            if codes:
                self._nameless[key] = codes

    def save(self) -> dict[str, dict[str, list[str]]]:
        return {key: tables for key, tables in self._tables.items() if tables}

    def load(self, saved: dict[str, dict[str, list[str]]]) -> None:
        self.clear()
        for key, tables in saved.items():
            for name, values in tables.items():
                self.take({"kind": "strings", "of": key, "col": name, "values": values})


MOST_TEXTS = 1 << 20  # of a column: its texts are held in memory
TOLD = 4096  # texts of one frame


def told_texts(key: str, column: str, texts: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The frames that give the texts of further codes of a column."""
    for start in range(0, len(texts), TOLD):
        yield {"kind": "strings", "of": key, "col": column, "values": list(texts[start : start + TOLD])}


_AT = ctypes.c_int64.from_address
NO_TEXTS: dict[str, list[str]] = {}


class Batch:
    """n rows of a series: the address of each column.  Valid until its source reads again; `keep` owns the memory.

    texts  of an s4 column: what its codes stand for
    rows   of a panel that was put in order: which row of it each came as, from 0 on; a slice has none
    """

    __slots__ = ("addresses", "keep", "n", "rows", "schema", "texts")

    def __init__(
        self, schema: Schema, n: int, addresses: list[int], keep: object = None, texts: dict[str, list[str]] = NO_TEXTS
    ) -> None:
        self.schema = schema
        self.n = n
        self.addresses = addresses
        self.keep = keep
        self.texts = texts
        self.rows: Any = None

    def address(self, name: str) -> int:
        return self.addresses[self.schema.index(name)]

    def view(self, name: str) -> Any:
        """Column `name` as a memoryview of its type, without a copy; vectors come as their raw bytes."""
        at = self.schema.index(name)
        code: Any = CODES.get(self.schema.cols[at][1], "B")
        raw = (ctypes.c_char * (self.n * self.schema.widths[at])).from_address(self.addresses[at])
        return memoryview(raw).cast("B").cast(code)

    def ts(self, row: int) -> int:
        """That of one row, of a series that has some."""
        return _AT(self.addresses[self.schema.index("ts")] + 8 * row).value

    def times(self) -> Any:
        """The times by which the rows lie, in nanoseconds.  Raises HqError DATA for a ts that is missing or none."""
        if self.schema.kind(self.schema.clock) != "i8":
            raise HqError(f"{self.schema.key}: column 'ts' is {self.schema.kind('ts')}, must be i8", DATA)
        return self.view(self.schema.clock)

    def last_whole(self) -> int:
        """The last row that is no forming bar; -1 if all are."""
        at = self.n - 1
        if self.schema.flag >= 0:
            complete = self.view("complete")
            while at >= 0 and not complete[at]:
                at -= 1
        return at

    def slice(self, start: int, stop: int) -> Batch:
        """Rows start to stop, without a copy."""
        at = after(self.addresses, self.schema.widths, start)
        return Batch(self.schema, stop - start, at, self.keep, self.texts)

    def pieces(self, most: int) -> Iterator[Batch]:
        """The rows, at most so many at once, without a copy."""
        if self.n <= most:
            yield self
            return
        for start in range(0, self.n, most):
            yield self.slice(start, min(start + most, self.n))

    def copied(self) -> Batch:
        """The same rows in memory of their own, which is the copy's `keep`."""
        memory = Memory(max(8, self.schema.blob(self.n)))
        addresses = self.schema.places(memory.address, self.n)
        move(addresses, self.addresses, self.schema.widths, self.n)
        owned = own(self.schema, addresses, 0, self.n)
        return Batch(self.schema, self.n, addresses, (memory, owned) if owned else memory, self.texts)

    @property
    def size(self) -> int:
        """Bytes of the rows in memory, those of free text too."""
        found = self.schema.blob(self.n)
        if self.schema.free:
            from hq_core.texts import size

            found += sum(size(self.addresses[at], self.n) for at in self.schema.free)
        return found

    def symbols(self) -> list[str]:
        """The symbol of each row, of a series or a panel."""
        return self.words("symbol") if self.schema.panel else [self.schema.symbol] * self.n

    def words(self, name: str) -> list[str]:
        """The texts of a column, row by row.  Raises HqError DATA for a code without a text."""
        if self.schema.kind(name) == "text":
            from hq_core.texts import words

            return words(self.address(name), self.n)
        table = self.texts.get(name, ())
        codes = self.view(name).tolist()
        if codes and not 0 <= min(codes) <= max(codes) < len(table):
            bad = next(code for code in codes if not 0 <= code < len(table))
            raise HqError(f"{self.schema.key}: column '{name}' has code {bad}, of which the stream gives no text", DATA)
        return [table[code] for code in codes]


def own(schema: Schema, addresses: Sequence[int], start: int, n: int) -> list[Memory]:
    """Take in the bytes of free text of n rows from row `start` on: what is given lives as long as those rows."""
    if not schema.free or not n:
        return []
    from hq_core.texts import HANDLE, take_in  # few series have any, and kernels take time to load

    found = [take_in(addresses[at] + HANDLE * start, n) for at in schema.free]
    return [memory for memory in found if memory]


def stretches(batch: Batch) -> list[tuple[Batch, bool]]:
    """The batch in order as parts of closed rows (True) and single forming rows (False)."""
    if batch.schema.flag < 0:
        return [(batch, True)]
    complete = ctypes.string_at(batch.addresses[batch.schema.flag], batch.n)
    forming = complete.find(0)
    if forming < 0:
        return [(batch, True)]
    found: list[tuple[Batch, bool]] = []
    start = 0
    while forming >= 0:
        if start < forming:
            found.append((batch.slice(start, forming), True))
        found.append((batch.slice(forming, forming + 1), False))
        start = forming + 1
        forming = complete.find(0, start)
    if start < batch.n:
        found.append((batch.slice(start, batch.n), True))
    return found


SCHEMA = (str, str, str, [(str, str)], {str: object})  # the shape of what `described` gives


def described(schema: Schema) -> list[Any]:
    """A schema as plain values."""
    return [schema.of, schema.symbol, schema.period, [list(column) for column in schema.cols], schema.extra]


def undescribed(saved: list[Any]) -> Schema:
    of, symbol, period, columns, extra = saved
    return Schema(of, symbol, period, [(name, kind) for name, kind in columns], extra)
