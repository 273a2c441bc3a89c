"""Fills, liquidations and equity as `hq-export csv` writes them: known by their header, read back row by row."""

from __future__ import annotations

import csv
from itertools import chain
from math import nan
from typing import TYPE_CHECKING, Any

from hq_core import kinds
from hq_core.errors import DATA, HqError
from hq_core.formats.again import OURS, ReadAgain
from hq_core.formats.byte_stream import READ
from hq_core.formats.names import UNIT_AT_END
from hq_core.formats.numbers import NOT_FINITE, is_number
from hq_core.formats.own_shape import OwnShape
from hq_core.kinds import META

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hq_core.formats.byte_stream import ByteStream
    from hq_core.formats.options import SourceOptions
    from hq_core.formats.told_columns import Told
    from hq_core.formats.vector_columns import Folded
    from hq_core.roles import Item


def own_kind(first: bytes) -> tuple[str, str]:
    """The kind whose columns the header in an input's first bytes names, and what lies between them.

    All that its series must have are there, and none that they cannot have.
    """
    line, end, _ = first.partition(b"\n")
    if not end:
        return "", ""
    for delimiter in (",", "\t"):
        names = {_plain(name) for name in line.decode("utf-8", "replace").rstrip("\r").split(delimiter)}
        for kind, known in kinds.KINDS.items():
            ours = kind in kinds.WRITTEN and kind not in ("bar", "trade")
            needed = {name for name, _ in known.required}
            here = {name for name in names - {"symbol"} if not (known.behind and name.startswith(META))}
            if ours and len(needed) > 1 and needed <= here <= set(known.names):
                return kind, delimiter
    return "", ""


def _plain(name: str) -> str:
    """A time's name without its unit."""
    found = UNIT_AT_END.fullmatch(name)
    return found[1] if found else name


def folded_of(names: Sequence[str], options: SourceOptions) -> Folded | Told:
    """How the fields of rows that somebody else wrote become the columns of the kind that the options say."""
    if options.kind == "vector":
        from hq_core.formats.vector_columns import Folded

        return Folded(names, options)
    from hq_core.formats.told_columns import Told

    return Told(names, options)


NOTHING: dict[int, Any] = {}
LOOK = 16_384  # lines that are read before it is decided of what type a column of META is


class OwnCsvSource(ReadAgain):
    """Such a file."""

    ours = OURS
    bare = True  # the file names no period

    def __init__(self, stream: ByteStream, kind: str, delimiter: str, options: SourceOptions | None = None) -> None:
        if options is not None and options.stated() and options.kind != kind:
            raise HqError(f"the input holds {kind} rows of hq, which need no options", DATA)
        super().__init__(options)
        if self.options.kind:
            self.ours, self.lines = "", True
        self._stream = stream
        self._kind = kind
        self._delimiter = delimiter

    def items(self) -> Iterator[Item]:
        text = self._lines()
        header = next(text)
        try:
            names = first = next(csv.reader([header], delimiter=self._delimiter))
        except csv.Error as error:
            raise HqError(f"the header cannot be split: {error}", DATA) from None
        folded: Folded | Told | None = None
        if self.options.kind:
            folded = folded_of([name.strip() for name in names], self.options)
            names = folded.names
        ahead: list[str] = []
        said = self._said(names, text, ahead)
        words = [at for at, value in said.items() if isinstance(value, str)]
        words += [at for at, name in enumerate(names) if name == "vector"]
        lines = csv.reader(chain(ahead, text), delimiter=self._delimiter)
        shape = OwnShape(self._kind, "", names, self.options)
        yield from rows_of(filter(None, lines), len(first), folded, shape, said, words)

    def _said(self, names: list[str], text: Iterator[str], ahead: list[str]) -> dict[int, Any]:
        """A value of the type of each column of META, by its place: as the rows that come first show, whose lines go
        to `ahead`.  A text may be empty in all rows before the one that has it."""
        places = [at for at, name in enumerate(names) if name.startswith(META)]
        found: dict[int, Any] = {}
        empty: set[int] = set()

        def looked_at() -> Iterator[str]:
            for line in text:
                ahead.append(line)
                yield line

        for row in csv.reader(looked_at(), delimiter=self._delimiter) if places else ():
            for at, field in zip(places, map(row.__getitem__, places) if len(row) == len(names) else ()):
                value = _value(field)
                if value is None:
                    empty.add(at)
                elif isinstance(value, str) and not (is_number(value) or value in NOT_FINITE):
                    found[at] = value
                elif not isinstance(found.get(at), str | float):
                    found[at] = value if isinstance(value, int) else nan
            if len(ahead) >= LOOK or all(isinstance(found.get(at), str) for at in places):
                break
        return {at: nan if type(found.get(at)) is int and at in empty else found.get(at) for at in places}

    def _lines(self) -> Iterator[str]:
        chunk = memoryview(bytearray(READ))
        left = b""
        while got := self._stream.readinto(chunk):
            *whole, left = (left + bytes(chunk[:got])).split(b"\n")
            for line in whole:
                yield line.decode("utf-8", "replace")
        if left:
            yield left.decode("utf-8", "replace")


def rows_of(
    lines: Iterable[list[Any]],
    fields: int,
    folded: Folded | Told | None,
    shape: OwnShape,
    said: Mapping[int, Any] = NOTHING,
    words: Sequence[int] = (),
) -> Iterator[Item]:
    """The rows of a kind, of lines of so many fields each.

    folded  what makes the shape's columns of them; None: they are these columns
    said    a value of the type of each column of META, by its place;  words: columns that stay text
    """
    n, before, symbol, rest = 0, 0, "", iter(lines)
    while True:
        try:
            row = next(rest, None)
            if row is None:
                break
            if len(row) != fields:
                raise ValueError(f"has {len(row)} fields, {fields} wanted")
            row = row if folded is None else folded.row(row)
            values = [_value(field) for field in row]
            for at in words:
                values[at] = row[at]
            if shape.rows is None:
                shape.ready([said.get(at, value) for at, value in enumerate(values)])
                shape.options.unread |= dict.fromkeys(shape.lost)
            now = "" if shape.panel else shape.symbol(row)
            if n and (now != symbol or n == shape.rows.room):
                yield from _hand_out(shape, symbol, n)
                before += n
                n = 0
            symbol = now
            shape.put(values, n)
        except (ValueError, HqError, csv.Error) as error:
            yield from _hand_out(shape, symbol, n)
            where = f"row {before + n + 1}"
            told = error.within(where) if isinstance(error, HqError) else HqError(f"{where}: {error}", DATA)
            raise told from None
        n += 1
    if not before + n:
        shape.ready([said.get(at) for at in range(len(shape.keys))])
        shape.rows.symbol = shape.options.symbol
        yield from shape.rows.announced()
    yield from _hand_out(shape, symbol, n)


def _hand_out(shape: OwnShape, symbol: str, n: int) -> Iterator[Item]:
    if n:
        shape.rows.symbol = symbol
        yield from shape.rows.announced()
        yield shape.rows.batch(n)[0]


def _value(text: Any) -> Any:
    """A field as JSON would have it."""
    if not isinstance(text, str):
        return text  # values of a vector
    plain = text.removeprefix("-")
    return None if not text else int(text) if plain.isascii() and plain.isdecimal() and len(plain) < 20 else text
