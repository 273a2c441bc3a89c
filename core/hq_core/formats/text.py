"""Rows as text: csv, tsv, JSON and an aligned table.  Floats are the shortest decimals that read back as the same."""

from __future__ import annotations

from math import isinf
from typing import TYPE_CHECKING, Any

from hq_core.errors import DATA, HqError, printable
from hq_core.formats.row_text import ColumnText, RowText, Unwritable
from hq_core.formats.times import UNITS
from hq_core.formats.words import codes, is_time
from hq_core.kinds import BAR, META
from hq_core.options.export import FormOptions
from hq_core.say import iso_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Protocol

    from hq_core.batch import Batch, Schema

    Texts = list[str]

    class Out(Protocol):
        """Where text goes."""

        def text(self, text: str) -> None: ...
        def block(self, data: memoryview, before: str) -> None: ...


TRUTHS = {0: "false", 1: "true"}
MANY = 1024  # series of which is kept how they are written
WIDE = 80  # columns of a terminal
CELL = 40  # of a free text in a table
PIECE = 256 * 1024  # bytes of rows of which the texts are held at once: they take up to ten times as much
AS_JSON = {"nan": "null", "inf": '"inf"', "-inf": '"-inf"'}  # what JSON has no number for


def heading(schema: Schema, at: int, time: str) -> str:
    """A column's name in the output: a time in numbers says its unit, as in ts_ms."""
    name, kind = schema.cols[at]
    if time == "iso":
        return name
    if is_time(schema, name):
        return f"{name}_{time}"
    if kind == "i8" and name.startswith(META) and name.endswith(f"_{time}"):
        what = f"a column of whole numbers, would be read back as a time in {time}"
        raise HqError(what, DATA, subject=f"'{name}'", hint=("use ", FormOptions.time, " iso"))
    return name


def times(values: list[int], name: str, time: str) -> Texts:
    """Instants as ISO 8601 or as whole numbers of s, ms, us or ns."""
    if time == "iso":
        return [iso_text(ns) for ns in values]
    unit = UNITS[time]
    found = [ns // unit for ns in values]
    for count, ns in zip(found, values):
        if count * unit != ns:
            what = f"{iso_text(ns)} is no whole number of {time}"
            raise HqError(what, DATA, subject=f"column '{name}'", hint=("use ", FormOptions.time, " iso or ns"))
    return [str(count) for count in found]


def pieces(batch: Batch) -> Iterator[Batch]:
    """The batch in pieces of about PIECE bytes: a frame may have 64 times as many."""
    rows = max(1, batch.n * PIECE // max(1, batch.size))
    for start in range(0, batch.n, rows):
        yield batch.slice(start, min(start + rows, batch.n))


def vectors(batch: Batch, at: int) -> list[list[float]]:
    """A vector column's rows as lists."""
    name, kind = batch.schema.cols[at]
    item, _, length = kind.partition("x")
    codes: dict[str, Any] = {"f4": "f", "f8": "d", "i8": "q", "i4": "i", "i1": "b", "b1": "b"}
    flat = batch.view(name).cast("B").cast(codes[item]).tolist()
    n = int(length)
    return [flat[i : i + n] for i in range(0, len(flat), n)]


def csv_column(batch: Batch, at: int, time: str, delimiter: str) -> Texts:
    """A column's fields for csv: NaN is empty, booleans are 1 and 0, vectors are numbers between blanks."""
    name, kind = batch.schema.cols[at]
    if kind == "text":
        return [quoted(word, delimiter) for word in batch.words(name)]
    if "x" in kind:
        return [" ".join(map(repr, row)) for row in vectors(batch, at)]
    values = batch.view(name).tolist()
    if kind == "f8":
        return ["" if v != v else repr(v) for v in values]
    if is_time(batch.schema, name):
        return times(values, name, time)
    if kind == "s4" and name in batch.texts:
        return [quoted(word, delimiter) for word in batch.words(name)]
    words = codes(batch.schema, name)
    return [words.get(v, str(v)) for v in values] if words else [str(v) for v in values]


def json_column(batch: Batch, at: int, time: str) -> Texts:
    """A column's values for JSON: NaN is null, infinities are "inf" and "-inf", booleans are true and false."""
    name, kind = batch.schema.cols[at]
    if kind == "text":
        return [dumped(word) for word in batch.words(name)]
    if "x" in kind:
        return ["[" + ",".join(_json(v) for v in row) + "]" for row in vectors(batch, at)]
    values = batch.view(name).tolist()
    if kind == "f8":
        return [AS_JSON.get(text, text) for text in map(repr, values)]
    if kind == "b1":
        return ["true" if v else "false" for v in values]
    if is_time(batch.schema, name):
        found = times(values, name, time)
        return [f'"{text}"' for text in found] if time == "iso" else found
    if kind == "s4" and name in batch.texts:
        return [dumped(word) for word in batch.words(name)]
    words = codes(batch.schema, name)
    return [f'"{words[v]}"' if v in words else str(v) for v in values] if words else [str(v) for v in values]


def dumped(word: str) -> str:
    from json import dumps

    return dumps(word, ensure_ascii=False)


def _json(v: float) -> str:
    return AS_JSON.get(repr(v), repr(v))


def written(value: Any) -> Any:
    """A map's value with its infinities as the texts that JSON has for them."""
    if isinstance(value, dict):
        return {key: written(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [written(one) for one in value]
    return repr(value) if isinstance(value, float) and isinf(value) else value


def quoted(text: str, delimiter: str) -> str:
    """A text field, in quotes where csv needs them."""
    if delimiter in text or '"' in text or "\n" in text or "\r" in text:
        return '"' + text.replace('"', '""') + '"'
    return text


class Delimited:
    """csv and tsv of one kind and period: a header, then a line a row; a symbol stands first where there is one."""

    def __init__(self, out: Out, delimiter: str, time: str) -> None:
        self._out = out
        self._delimiter = delimiter
        self._time = time
        self._texts: dict[Schema, RowText | None] = {}

    def begin(self, schema: Schema, columns: Sequence[int]) -> None:
        named = [quoted(heading(schema, at, self._time), self._delimiter) for at in columns]
        self._out.text(self._delimiter.join(["symbol", *named] if schema.symbol else named) + "\n")

    def rows(self, batch: Batch, columns: Sequence[int]) -> None:
        text = fitting(self._texts, batch, columns, self._row_text)
        if text is not None:
            put(self._out, text, batch, self._time)
            return
        for part in pieces(batch):
            made = [csv_column(part, at, self._time, self._delimiter) for at in columns]
            if batch.schema.symbol:
                made.insert(0, [quoted(batch.schema.symbol, self._delimiter)] * part.n)
            self._out.text("\n".join(map(self._delimiter.join, zip(*made))) + "\n")

    def _row_text(self, batch: Batch, columns: Sequence[int]) -> RowText | None:
        schema = batch.schema
        before = quoted(schema.symbol, self._delimiter) + self._delimiter if schema.symbol else ""
        made = []
        for at in columns:
            time = self._time if is_time(schema, schema.names[at]) else ""
            words = None if time else codes(schema, schema.cols[at][0])
            coded = self._quoted if schema.cols[at][1] == "s4" else None
            made.append(ColumnText(at, schema.cols[at], before.encode(), time, words, coded))
            before = self._delimiter
        return RowText(made, "\n", ("", "inf", "-inf")) if all(one.fits for one in made) else None

    def _quoted(self, text: str) -> str:
        return quoted(text, self._delimiter)

    def end(self) -> None:
        """Nothing closes a csv."""


class Json:
    """One object a row, with its kind, symbol and period; as lines, or as one array."""

    def __init__(self, out: Out, lines: bool, time: str) -> None:
        self._out = out
        self._lines = lines
        self._time = time
        self._any = False
        self._texts: dict[Schema, RowText | None] = {}

    def begin(self, schema: Schema, columns: Sequence[int]) -> None:
        """Every object says what it is, so there is no header."""

    def rows(self, batch: Batch, columns: Sequence[int]) -> None:
        text = fitting(self._texts, batch, columns, self._row_text)
        if text is not None:
            first = not (self._lines or self._any)
            put(self._out, text, batch, self._time, "[\n" if first else "")
            self._any = True
            return
        start, keys = self._said(batch.schema, columns)
        form = ",".join(text.replace("%", "%%") + end for text, end in [(start, ""), *((key, ":%s") for key in keys)])
        for part in pieces(batch):
            made = [json_column(part, at, self._time) for at in columns]
            self._put([form % row + "}" for row in zip(*made)])

    def _said(self, schema: Schema, columns: Sequence[int]) -> tuple[str, list[str]]:
        """What all objects of a series begin with, and the keys of the columns."""
        import orjson

        same = {"kind": schema.of, "symbol": schema.symbol, "period": schema.period}
        start = orjson.dumps({key: text for key, text in same.items() if text}).decode()[:-1]
        return start, [orjson.dumps(heading(schema, at, self._time)).decode() for at in columns]

    def _row_text(self, batch: Batch, columns: Sequence[int]) -> RowText | None:
        schema = batch.schema
        before, keys = self._said(schema, columns)
        if not self._lines:
            before = ",\n" + before
        made = []
        for at, key in zip(columns, keys):
            name, kind = schema.cols[at]
            time = self._time if is_time(schema, name) else ""
            said = None if time else TRUTHS if kind == "b1" else codes(batch.schema, name)
            words = {value: word if kind == "b1" else f'"{word}"' for value, word in said.items()} if said else None
            quote = '"' if time == "iso" else ""
            coded = dumped if kind == "s4" else None
            made.append(ColumnText(at, (name, kind), f"{before},{key}:{quote}".encode(), time, words, coded))
            before = quote
        after = before + ("}\n" if self._lines else "}")
        odd = "null", '"inf"', '"-inf"'
        return RowText(made, after, odd) if all(one.fits for one in made) else None

    def other(self, frame: dict[str, Any]) -> None:
        """A frame that is no row, as an object."""
        import orjson

        try:
            self._put([orjson.dumps(written(frame), default=repr).decode()])
        except TypeError as error:
            raise HqError(f"a {frame.get('kind')} frame cannot be written as JSON: {error}", DATA) from None

    def _put(self, objects: Texts) -> None:
        if self._lines:
            self._out.text("\n".join(objects) + "\n")
        elif objects:
            self._out.text((",\n" if self._any else "[\n") + ",\n".join(objects))
        self._any = True

    def end(self) -> None:
        if not self._lines:
            self._out.text("\n]\n" if self._any else "[]\n")


def fitting(
    known: dict[Schema, RowText | None],
    batch: Batch,
    columns: Sequence[int],
    make: Callable[[Batch, Sequence[int]], RowText | None],
) -> RowText | None:
    """What writes the rows of a series, made once; None where Python must."""
    if batch.schema not in known:
        if len(known) >= MANY:
            known.clear()
        known[batch.schema] = make(batch, columns)
    return known[batch.schema]


def put(out: Out, text: RowText, batch: Batch, time: str, instead: str = "") -> None:
    """Write the rows of a batch; `instead` of the first bytes, of which it has as many."""
    try:
        for block in text.blocks(batch):
            out.block(block[len(instead) :], instead)
            instead = ""
    except Unwritable as error:
        rest = batch.slice(error.row, batch.n)  # Python says what is wrong with it
        if error.column.time:
            times(rest.view(error.column.name).tolist(), error.column.name, time)
        rest.words(error.column.name)
        raise


class Aligned:
    """A table for people: columns aligned, at most 80 wide, numbers to 8 digits; it says what it leaves out."""

    def __init__(self, write: Callable[[str], None], limit: int = 0) -> None:
        self._write = write
        self._limit = limit
        self._shown = self._over = 0
        self._key = ""
        self._chosen: dict[str, list[tuple[int, int]]] = {}  # place among the columns, width

    def begin(self, schema: Schema, columns: Sequence[int]) -> None:
        """Widths come with the first rows."""

    def rows(self, batch: Batch, columns: Sequence[int]) -> None:
        show = batch.n if not self._limit else min(batch.n, self._limit - self._shown)
        self._over += batch.n - show
        if show <= 0:
            return
        batch = batch.slice(0, show)
        schema = batch.schema
        chosen = self._chosen.get(schema.key)
        names = [printable(schema.cols[at][0]) for at in columns]
        if chosen is None:
            widths = [0] * len(names)
            for part in pieces(batch):
                widths = [max(w, *map(len, _cells(part, at))) for w, at in zip(widths, columns)]
            chosen = self._chosen[schema.key] = _chosen(names, [max(len(n), w) for n, w in zip(names, widths)])
        if self._key != schema.key:
            self._key = schema.key
            begin = "\n" if self._shown else ""
            title = self._title(schema, [n for i, n in enumerate(names) if i not in dict(chosen)])
            self._write(f"{begin}{title}\n{'  '.join(names[i].rjust(w) for i, w in chosen)}\n")
        self._shown += show
        for part in pieces(batch):
            made = [[cell.rjust(w) for cell in _cells(part, columns[i])] for i, w in chosen]
            self._write("\n".join(map("  ".join, zip(*made))) + "\n")

    def _title(self, schema: Schema, left: Texts) -> str:
        title = printable(" ".join(word for word in (schema.of, schema.symbol, schema.period) if word))
        if left:
            title += f" (left out for want of room: {', '.join(left)})"
        return title[: WIDE - 1] + "…" if len(title) > WIDE else title

    def end(self) -> None:
        if self._over:
            self._write(f"… {self._over} more row{'s' * (self._over != 1)} (pipe into hq-export for all)\n")


def _chosen(names: Texts, widths: list[int]) -> list[tuple[int, int]]:
    """The columns that fit, in their order: the time, the price, what filters have added, then the rest."""
    plain = set(BAR.names)

    def rank(i: int) -> tuple[int, int]:
        name = names[i]
        if i == 0 or name in ("close", "price"):
            return 0, i
        return (1 if name not in plain else 3 if name == "open_time" else 2), i

    found: list[tuple[int, int]] = []
    used = -2
    for i in sorted(range(len(names)), key=rank):
        if found and used + widths[i] + 2 > WIDE:
            continue
        used += widths[i] + 2
        found.append((i, widths[i]))
    return sorted(found)


def cut(text: str) -> str:
    """A text as a table has room for it."""
    return text if len(text) <= CELL else text[: CELL - 1] + "…"


def _cells(batch: Batch, at: int) -> Texts:
    name, kind = batch.schema.cols[at]
    if kind == "text":
        return [cut(printable(word[: CELL + 1])) for word in batch.words(name)]
    if "x" in kind:
        return [f"[{row[0]:.4g} … {row[-1]:.4g}]" for row in vectors(batch, at)]
    values = batch.view(name).tolist()
    if is_time(batch.schema, name):
        return [iso_text(ns) for ns in values]
    if kind == "f8":
        return [f"{v:.8g}" for v in values]
    if kind == "b1":
        return ["yes" if v else "no" for v in values]
    if kind == "s4" and name in batch.texts:
        return [printable(word) for word in batch.words(name)]
    words = {code: printable(word) for code, word in (codes(batch.schema, name) or {}).items()}
    return [words.get(v, str(v)) for v in values]
