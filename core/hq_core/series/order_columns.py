"""Columns of orders that only some rules give: prices, how long they work, META; each laid down by its own kernel."""

from __future__ import annotations

import ctypes
from array import array
from typing import TYPE_CHECKING

from hq_core.errors import DATA, HqError
from hq_core.jit import F8, I1, I4, I8, Cell, Kernel, float_of, kernel
from hq_core.kinds import META
from hq_core.series.expr import BOOL, TEXT
from hq_core.series.expr import F8 as NUMBER
from hq_core.series.rules import FLAGS, LIVES, NOTHING, PRICED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hq_core.batch import Batch
    from hq_core.series.orders import Laying
    from hq_core.series.rules import CheckedRule, Watch


@kernel()
def of_rules(values: F8, stride: int, row: I8, which: I8, column: I8, fixed: F8, out: F8) -> None:
    """Of each order its rule's value: at its row in the rule's column, or fixed[r] where column[r] is -1."""
    for k in range(len(row)):
        r = which[k]
        out[k] = fixed[r] if column[r] < 0 else values[column[r] * stride + row[k]]


@kernel()
def times_of_rules(values: I8, row: I8, which: I8, here: I8, out: I8) -> None:
    """values[row] of the orders whose rules take them from this column; the others stay."""
    for k in range(len(row)):
        if here[which[k]] != 0:
            out[k] = values[row[k]]


@kernel()
def small_of_rules(which: I8, code: I1, out: I1) -> None:
    for k in range(len(which)):
        out[k] = code[which[k]]


@kernel()
def times_after(values: I8, row: I8, which: I8, after: I8, out: I8) -> None:
    """So many ns after the row's ts, `values`, by the rule, as kinds.expiry has it; 0 where the rule says none."""
    for k in range(len(row)):
        length = after[which[k]]
        found = values[row[k]] + length
        out[k] = 0 if length == 0 else found if found != 0 else -1


@kernel()
def times_found(values: I8, row: I8, which: I8, here: I8, out: I8) -> None:
    """As times_of_rules, of times that a graph gives as the bits of float64: 0 where there is none, which is nan."""
    for k in range(len(row)):
        if here[which[k]] != 0:
            found = float_of(values[row[k]])
            out[k] = values[row[k]] if found == found else 0


@kernel()
def codes_of_rules(which: I8, code: I4, out: I4) -> None:
    for k in range(len(which)):
        out[k] = code[which[k]]


LAID = {"i8": times_of_rules, "s4": codes_of_rules, "f8": of_rules}  # by the kind of a column of META


def meta_types(rules: Sequence[CheckedRule]) -> dict[str, str]:
    """The type of the column of each key of META: f8, of times i8, of texts s4.

    Raises HqError DATA where a key is one here and another there.
    """
    found: dict[str, str] = {}
    words = {"f8": "a number", "i8": "a time", "s4": "a text"}
    for rule in rules:
        for key, expr in rule.meta or ():
            has = "s4" if expr.dtype == TEXT else "f8" if expr.dtype in (NUMBER, BOOL) else "i8"
            known = found.setdefault(key, has)
            if known != has:
                what = f"META: {key} is {words[known]} in one rule and {words[has]} in another"
                raise HqError(f"{what}; the column {META}{key} has one type, so give one of them another name", DATA)
    return found


class FurtherColumns:
    """The columns that rules give to their orders besides those that every order has.

    names    of kind order's own;  metas: (name, type) of META's, which come behind them;  times: of times
    texts    of the codes among them, by the columns: of all series of a stage, which may stand in one panel, as
             `symbol` is another one in each
    watched  per rule the columns of all its prices, -1 where it has none: an order without its price is none
    """

    def __init__(self, watches: Sequence[Watch], texts: dict[str, list[str]]) -> None:
        self._rules = rules = [watch.rule for watch in watches]
        self._prices = [key for key in PRICED if any(key in rule.prices for rule in rules)]
        self._flags = [key for key in FLAGS if any(key in rule.flags for rule in rules)]
        lives = dict(zip(LIVES, (any(one.life is not None for one in rules), any(one.expire for one in rules))))
        self.names = {*self._prices, *self._flags, *(key for key, said in lives.items() if said)}
        types = meta_types(rules)
        self.metas = [(META + key, kind) for key, kind in types.items()]
        self.times = [name for name, kind in self.metas if kind == "i8"]
        said = {META + key: [watch.meta.get(key, NOTHING) for watch in watches] for key in types}
        said |= {key: [watch.prices.get(key, NOTHING) for watch in watches] for key in self._prices}
        self.texts = {name: texts.setdefault(name, []) for name, kind in self.metas if kind == "s4"}
        for name, table in self.texts.items():
            table += [text for text in dict.fromkeys(one.text or "" for one in said[name]) if text not in table]
        self.watched = [watch.prices[key].at if key in watch.prices else -1 for watch in watches for key in PRICED]
        self._said = said
        self._cells: list[tuple[str, str, Cell, str, int]] | None = None

    def kernels(self) -> list[Kernel]:
        """Those that lay the columns down."""
        kinds = [*(kind for _, kind in self.metas), *("f8" for _ in self._prices)]
        found = [LAID[kind] for kind in dict.fromkeys(kinds)]
        if any(one.time for said in self._said.values() for one in said):
            found.append(times_found)
        if self._flags or "tif" in self.names:
            found.append(small_of_rules)
        return [*found, times_after] if "expire" in self.names else found

    def lay(self, laying: Laying, batch: Batch, found: int, places: Mapping[str, int]) -> None:
        """Fill the columns of the orders that were found at rows of a batch, which lie at `places`."""
        if self._cells is None:
            self._cells = self._made()
        row, which = (memory.buffer_info()[0] for memory in (laying.row, laying.which))
        for name, kind in self.metas:
            if kind == "i8":
                ctypes.memset(places[name], 0, 8 * found)
        for name, reads, cell, source, at in self._cells:
            cell.column("which", which, found)
            if reads:
                cell.column("row", row, found)
            if reads == "rows":
                cell.column("values", batch.address(source), batch.n)
            elif reads == "found":
                cell.column("values", laying.values.buffer_info()[0] + 8 * laying.stride * at, batch.n)
            elif reads == "watched":
                cell.column("values", laying.values.buffer_info()[0], len(laying.values))
                cell.set(stride=laying.stride)
            cell.column("out", places[name], found)
            cell.run()

    def _made(self) -> list[tuple[str, str, Cell, str, int]]:
        """What lays down a column: its name, what the kernel reads besides rules, the kernel, the column that it reads
        of the base, and of what the rules look at."""
        cells = []
        kinds = dict(self.metas)
        for name, said in self._said.items():
            if kinds.get(name) == "i8":
                for base, at in dict.fromkeys((one.name, one.at) for one in said if one.name or one.time):
                    here = [(one.name, one.at) == (base, at) for one in said]
                    of, reads = (times_of_rules, "rows") if base else (times_found, "found")
                    cells.append((name, reads, _cell(of, "here", "q", here), base, at))
            elif kinds.get(name) == "s4":
                codes = [self.texts[name].index(one.text or "") for one in said]
                cells.append((name, "", _cell(codes_of_rules, "code", "i", codes), "", -1))
            else:
                cell = _cell(of_rules, "column", "q", [one.at for one in said])
                cell.buffer("fixed", array("d", [one.fixed for one in said]))
                cells.append((name, "watched", cell, "", -1))
        for key in self._flags:
            flags = [rule.flags.get(key, False) for rule in self._rules]
            cells.append((key, "", _cell(small_of_rules, "code", "b", flags), "", -1))
        if "tif" in self.names:
            lives = [rule.life or 0 for rule in self._rules]
            cells.append(("tif", "", _cell(small_of_rules, "code", "b", lives), "", -1))
        if "expire" in self.names:
            after = [rule.expire for rule in self._rules]
            cells.append(("expire", "rows", _cell(times_after, "after", "q", after), "ts", -1))
        return cells


def _cell(kernel_of: Kernel, name: str, code: str, values: Sequence[int]) -> Cell:
    cell = Cell(kernel_of)
    cell.buffer(name, array(code, values))
    return cell
