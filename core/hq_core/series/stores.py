"""A store of labelled vectors in memory: a read-only snapshot, laid out so that it is searched quickly."""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING, Any

from hq_core.errors import DATA, HqError
from hq_core.jit import ARRAYS, Cell
from hq_core.kernels.nearest import BLOCK, METHODS, STEP, lay, nearest
from hq_core.kernels.stored import by_keys, in_turn, labels_in_turn, ranked, vectors_in_turn
from hq_core.memory import Memory
from hq_core.say import iso_text
from hq_core.series.making import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hq_core.jit import Kernel
    from hq_core.series.making import Making

    Tables = dict[str, Any]

AT_ONCE = 64  # vectors that are looked for together, so that a large store streams through the cache once for all
MOST_FOUND = 1000


class Rows:
    """The rows of a store as they came.

    length   values of a vector
    vectors  float32, one vector behind the other;  labels: float64;  avail, ts, ids, symbols: int64 each
    names    the symbols by their number;  period: of the series, where they have one;  made: how, as far as is known
    """

    def __init__(self, length: int, period: str = "", made: Making = UNKNOWN) -> None:
        self.period = period
        self.made = made
        self.length = length
        self.vectors = bytearray()
        self.labels = array("d")
        self.avail, self.ts, self.ids, self.symbols = (array("q") for _ in range(4))
        self.names: list[str] = []

    def __len__(self) -> int:
        return len(self.ids)


class Store:
    """A store.  Its order is its own, whatever the order of the rows that it was made of.

    name    what a strategy calls it;  file: where it was read, for messages
    length  values of a vector;  n: rows;  made: how, as far as is known
    avail, times, ids, labels, names   its columns, in its order, and its symbols
    digest  of all rows, 32 hex digits: the same rows in another order, or another format, have the same
    methods by which strategies look for something in it
    outside the native loop does not search it, but calls `search`

    Raises HqError DATA where two rows have one ts, id and symbol.
    """

    outside = False
    made = UNKNOWN

    def __init__(self, name: str, rows: Rows, file: str = "") -> None:
        self.methods: set[str] = set()
        self.name = name
        self.file = file or name
        self.length, self.made = rows.length, rows.made
        self.n = n = len(rows)
        symbols = sorted(range(len(rows.names)), key=rows.names.__getitem__)
        names = [rows.names[code] for code in symbols]
        codes = rows.symbols
        if names != rows.names:
            turns = [symbols.index(code) for code in range(len(symbols))]
            codes = array("q", [turns[code] for code in codes])
        order = _ordered(rows.avail, rows.ts, rows.ids, codes)
        columns = [array("q", bytes(8 * n)) for _ in range(5)]
        avail, times, ids, whose, rank = columns
        for out, values in ((avail, rows.avail), (times, rows.ts), (ids, rows.ids), (whose, codes)):
            run_on(in_turn, order=order, values=values, out=out)
        labels = array("d", bytes(8 * n))
        run_on(labels_in_turn, order=order, values=rows.labels, out=labels)
        vectors = bytearray(4 * n * self.length)
        run_on(vectors_in_turn, {"length": self.length}, order=order, values=rows.vectors, out=vectors)
        by_time = _ordered(times, ids, whose, avail)
        twin = run_on(ranked, order=by_time, ts=times, ids=ids, symbols=whose, rank=rank).twin
        if twin:
            row = by_time[twin]
            said = f"{names[whose[row]]} " if names and names[whose[row]] else ""
            raise HqError(
                f"{self.file}: two vectors {said}have the ts {iso_text(times[row])} and the id {ids[row]}", DATA
            )
        self._columns: Tables = {
            **{"avail": avail, "times": times, "ids": ids, "rank": rank},
            **{"labels": labels, "rows": vectors},
        }
        self.avail, self.times, self.ids, self.labels, self.names = avail, times, ids, labels, names
        self.digest = self._digest(whose)
        self._laid: dict[str, Tables] = {}
        self._rooms: dict[int, Tables] = {}
        self._cells: dict[tuple[str, int], Cell] = {}

    def _digest(self, codes: array[int]) -> str:
        from _blake2 import blake2b

        found = blake2b(repr((self.length, self.n, self.names)).encode(), digest_size=16)
        for column in ("avail", "times", "ids", "labels", "rows"):
            found.update(self._columns[column])
        found.update(codes)
        return found.hexdigest()

    def expect(self, length: int, making: Making) -> None:
        """Vectors of this length and making are looked for, as the language has made sure."""

    def told(self) -> list[str]:
        """What who runs strategies with it is to know of its search."""
        return []

    def tables(self, method: str, k: int) -> Tables:
        """What a kernel that searches the store is given by these names, for one of METHODS and the k nearest."""
        return {**self._columns, **self._weighed(method), **self._room(k)}

    def _weighed(self, method: str) -> Tables:
        found = self._laid.get(method)
        if found is None:
            blocks = -(-self.n // BLOCK)
            found = {
                "sizes": array("d", bytes(8 * self.n)),
                "units": array("d", bytes(8 * blocks)),
                "laid": Memory(2 * blocks * wide(self.length) * BLOCK).view,
            }
            asked = {"length": self.length, "method": METHODS.index(method), "start": 0}
            run_on(lay, asked, rows=self._columns["rows"], **found)
            self._laid[method] = found
        return found

    def _room(self, k: int) -> Tables:
        """Room for what is looked for: shared by all that search this store, one after the other."""
        found = self._rooms.get(k)
        if found is None:
            found = self._rooms[k] = {
                "given": bytearray(4 * AT_ONCE * self.length),
                "formed": bytearray(4 * AT_ONCE * wide(self.length)),
                "wanted": array("d", bytes(8 * AT_ONCE)),
                "means": array("d", bytes(8 * AT_ONCE)),
                "upto": array("q", bytes(8 * AT_ONCE)),
                "weight": bytearray(4 * BLOCK),
                "scaled": bytearray(4 * wide(self.length)),
                "limits": bytearray(4),
                "scores": array("d", bytes(8 * AT_ONCE * k)),
                "places": array("q", bytes(8 * AT_ONCE * k)),
                "found": array("q", bytes(8 * AT_ONCE)),
            }
        return found

    def search(
        self,
        vectors: Any,
        method: str = METHODS[0],
        k: int = 1,
        least: float = -math.inf,
        ts: Sequence[int] | None = None,
    ) -> list[list[tuple[float, float, int, int]]]:
        """Of each vector the k most like it, nearest first: (score, label, ts, id).

        vectors  float32, one behind the other;  ts: when each is asked for, of which later rows are not seen
        """
        from bisect import bisect_right

        view = memoryview(vectors).cast("B")
        size = 4 * self.length
        n = view.nbytes // size
        tables = self.tables(method, k)
        cell, given = self._asking(method, k), memoryview(tables["given"])
        cell.set(least=least)
        scores, places, counts, upto = (tables[name] for name in ("scores", "places", "found", "upto"))
        found: list[list[tuple[float, float, int, int]]] = []
        for start in range(0, n, AT_ONCE):
            some = min(AT_ONCE, n - start)
            given[: size * some] = view[size * start : size * (start + some)]
            for i in range(some):
                upto[i] = self.n if ts is None else bisect_right(self.avail, ts[start + i])
            cell.set(n=some)
            cell.run()
            found += [self._hits(scores, places, i * k, counts[i]) for i in range(some)]
        return found

    def _hits(self, scores: array[float], places: array[int], at: int, n: int) -> list[tuple[float, float, int, int]]:
        """As `search` gives them, n that a kernel found and laid down from `at` on."""
        return [
            (scores[i], self.labels[places[i]], self.times[places[i]], self.ids[places[i]]) for i in range(at, at + n)
        ]

    def _asking(self, method: str, k: int) -> Cell:
        """The kernel of `search`, with what never changes."""
        cell = self._cells.get((method, k))
        if cell is None:
            cell = self._cells[method, k] = Cell(nearest)
            tables = self.tables(method, k)
            for name, kind in cell.kernel.args:
                if kind in ARRAYS:
                    cell.buffer(name, tables[name])
            cell.set(length=self.length, method=METHODS.index(method), k=k)
        return cell


def wide(length: int) -> int:
    """Values that a vector takes where it is weighed."""
    return -(-length // STEP) * STEP


def run_on(what: Kernel, scalars: Mapping[str, float] | None = None, **columns: Any) -> Any:
    """Run a kernel on these columns; its state afterwards."""
    cell = Cell(what)
    for name, memory in columns.items():
        cell.buffer(name, memory)
    cell.set(**(scalars or {}))
    cell.run()
    return cell.state


def _ordered(first: array[int], second: array[int], third: array[int], fourth: array[int]) -> array[int]:
    order, spare = (array("q", bytes(8 * len(first))) for _ in range(2))
    run_on(by_keys, first=first, second=second, third=third, fourth=fourth, order=order, spare=spare)
    return order
