"""Texts of several series in one table: their codes are the same wherever they came from."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from hq_core.batch import MOST_TEXTS, symbol_of
from hq_core.errors import DATA, HqError
from hq_core.jit import I4, Cell, State, kernel
from hq_core.saved import Damaged
from hq_core.stream.told import Told

if TYPE_CHECKING:
    from hq_core.batch import Batch, Schema
    from hq_core.roles import Map


@kernel(state="bad:i8")
def recoded(code: I4, to: I4, out: I4, s: State) -> None:
    """out = to[code]; s.bad: the first row whose code is not 0 to len(to) - 1, or -1."""
    s.bad = -1
    for i in range(len(code)):
        if code[i] < 0 or code[i] >= len(to):
            s.bad = i
            return
        out[i] = to[code[i]]


class Table:
    """The texts of one column by their codes, and the codes."""

    __slots__ = ("codes", "words")

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self.words: list[str] = []

    def take(self, words: list[str], where: str) -> list[int]:
        """The codes of texts.  Raises HqError DATA where there are too many."""
        for word in words:
            if word not in self.codes:
                self.codes[word] = len(self.words)
                self.words.append(word)
        if len(self.words) > MOST_TEXTS:
            raise HqError(f"{where} has more than {MOST_TEXTS} texts", DATA)
        return [self.codes[word] for word in words]


class OneTable:
    """The tables of s4 columns.  Codes begin anew with each section and each input; here they go on.

    Where no series has texts for a column its codes are numbers, which pass as they are.

    joined  the series of one kind and period stand in a panel, so they share the tables
    """

    SHAPE = [(str, str, [str])]

    def __init__(self, joined: bool) -> None:
        self._joined = joined
        self._recoded = Cell(recoded)
        self._tables: dict[str, dict[str, Table]] = {}  # by what is written, then by column
        self._told = Told()
        self._codes: dict[tuple[str, str], tuple[list[str], int, array[int]]] = {}  # by series and column
        self._bare: dict[tuple[str, str], HqError] = {}  # by what is written and column, where codes came without texts
        self._alone: set[str] = set()  # series that are written by themselves though others of theirs are joined

    def alone(self, schema: Schema, given: dict[str, list[str]]) -> None:
        """A series is written by itself from here on, and has tables of its own.

        given  the texts that its readers have been given of it, by column; without any its codes so far are the panel's
        """
        key, panel = schema.key, self._written(schema)
        if key == panel:
            return
        self._alone.add(key)
        words = given or {name: table.words for name, table in self._tables.get(panel, {}).items()}
        for name, texts in words.items():
            table = self._tables.setdefault(key, {})[name] = Table()
            table.words = list(texts)
            table.codes = {text: code for code, text in reversed(list(enumerate(texts)))}
            self._told.know(key, name, len(texts) if given else 0)
        for name in schema.names:
            self._codes.pop((key, name), None)
            if (panel, name) in self._bare:
                self._bare[key, name] = self._bare[panel, name]

    def coded(self, batch: Batch) -> list[int]:
        """The addresses of the batch's columns, those of texts with the codes of the tables."""
        addresses, schema = batch.addresses, batch.schema
        for at in schema.codes:
            name = schema.names[at]
            if not batch.texts.get(name):
                self._pass(batch, name)
            else:
                to = self._to(schema, name, batch.texts[name])
                made = array("i", bytes(4 * batch.n))
                cell = self._recoded
                cell.column("code", batch.address(name), batch.n)
                cell.buffer("to", to)
                cell.buffer("out", made)
                cell.run()
                if cell.state.bad >= 0:
                    batch.slice(cell.state.bad, cell.state.bad + 1).words(name)  # says which
                if to != array("i", range(len(to))):
                    addresses = [*addresses[:at], made.buffer_info()[0], *addresses[at + 1 :]]
                    batch.keep = (batch.keep, made)
        return addresses

    def learn(self, frame: dict[str, Any]) -> None:
        """Take texts of a panel of which there may be no rows."""
        table = self._tables.setdefault(frame["of"], {}).setdefault(frame["col"], Table())
        table.take(frame["values"], f"{frame['of']}: column '{frame['col']}'")

    def of(self, schema: Schema) -> dict[str, list[str]]:
        return {name: table.words for name, table in self._tables.get(self._written(schema), {}).items()}

    def untold(self, schema: Schema) -> list[Map]:
        """The frames that give readers the texts that have come, before the rows that use them."""
        return self._more(self._written(schema))

    def told_anew(self) -> list[Map]:
        """The frames that give readers all texts that they had, in a section that begins."""
        self._told.forget()
        return [frame for key in self._tables for frame in self._more(key)]

    def _more(self, key: str) -> list[Map]:
        tables = self._tables.get(key, {})
        return [frame for name, table in tables.items() for frame in self._told.more(key, name, table.words)]

    def _written(self, schema: Schema) -> str:
        """The name of the series in which the rows are written."""
        joined = self._joined and schema.symbol and schema.key not in self._alone
        return f"{schema.of}//{schema.period}" if joined else schema.key

    def _pass(self, batch: Batch, name: str) -> None:
        """Codes without texts pass as numbers, unless others that are written with them have texts."""
        written = self._written(batch.schema)
        if name in self._tables.get(written, {}):
            batch.words(name)  # says which code
        elif (written, name) not in self._bare:
            try:
                batch.words(name)
            except HqError as error:
                self._bare[written, name] = error

    def _to(self, schema: Schema, name: str, words: list[str]) -> array[int]:
        known = self._codes.get((schema.key, name))
        if known is None or known[0] is not words or known[1] != len(words):
            written = self._written(schema)
            if (written, name) in self._bare:  # they would be read as these
                raise self._bare[written, name]
            table = self._tables.setdefault(written, {}).setdefault(name, Table())
            codes = array("i", table.take(words, f"{schema.key}: column '{name}'"))
            known = self._codes[schema.key, name] = words, len(words), codes
        return known[2]

    def save(self) -> list[Any]:
        tables = [[key, name, one.words] for key, found in self._tables.items() for name, one in found.items()]
        return tables + [[*column, []] for column in self._bare]

    def load(self, saved: list[Any]) -> None:
        for key, name, words in saved:
            if not words:
                what = f"{key}: column '{name}' has had codes, of which the stream gave no text, and comes with texts"
                self._bare[key, name] = HqError(what, DATA)
                continue
            if symbol_of(key):
                self._alone.add(key)
            table = self._tables.setdefault(key, {}).setdefault(name, Table())
            if len(table.take(words, f"{key}: column '{name}'")) != len(table.words):
                raise Damaged(f"texts of {key}, column '{name}', are there twice")
