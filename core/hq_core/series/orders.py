"""Orders: what the rules of strategies order at rows, as rows of kind `order` or told one by one."""

from __future__ import annotations

import ctypes
import math
from array import array
from typing import TYPE_CHECKING, Any

from hq_core.batch import Schema, told_texts
from hq_core.errors import DATA, HqError
from hq_core.jit import F8, I1, I4, I8, Cell, State, kernel
from hq_core.kinds import ACCOUNTS_UNIT, ORDER, VERBS, extra_of
from hq_core.memory import Memory, move
from hq_core.saved import Damaged
from hq_core.series.expr import BOOL, TEXT
from hq_core.series.expr import F8 as NUMBER
from hq_core.series.rules import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hq_core.batch import Batch
    from hq_core.roles import Out
    from hq_core.series.rules import CheckedRule, Said, Watch

    Tell = Callable[[dict[str, Any]], None]

AT_ONCE = 1024  # orders that are laid down together
OPEN, CLOSE = 0, 1  # codes of ORDER's action
BY_VERB = {"open_long": (OPEN, 1), "close_long": (CLOSE, 1), "open_short": (OPEN, -1), "close_short": (CLOSE, -1)}
# What closes goes before what opens, as an account that holds one side carries them out.
IN_TURN = sorted(VERBS, key=lambda verb: (-BY_VERB[verb][0], VERBS.index(verb)))
PLAIN = tuple(column for column in ORDER.columns if not column.optional or column.name == "rule")
QUANTITY = [column.name for column in PLAIN].index("quantity")
META = "meta."


@kernel(state="at:i8 found:i8 unsized:i8")
def ordered(
    values: F8,
    stride: int,
    start: int,
    stop: int,
    ts: I8,
    condition: I8,
    sizes: I8,
    size: F8,
    verbs: I8,
    side: I1,
    action: I1,
    group: I8,
    number: I8,
    s: State,
    counts: I8,
    unsized: I8,
    row: I8,
    which: I8,
    o_ts: I8,
    o_strategy: I4,
    o_id: I8,
    o_side: I1,
    o_action: I1,
    o_type: I1,
    o_quantity: F8,
    o_unit: I1,
    o_rule: I4,
) -> None:
    """The orders of rows `start` to `stop`, as many as there is room for; s.at: the next row to look at.

    values     columns of `stride` values, one behind the other
    condition  (r,) the column that is 1 where a rule holds
    sizes      (r,) the column of a rule's size, or -1: it is size[r]
    verbs      (r,) what a rule orders: bit v is the verb of side[v] and action[v]
    group      (r,) whose rule it is: its first rule that orders a verb at a row is the one that does
    number     (r,) number of the rule in its group, from 1
    counts     (groups,) orders so far; unsized: (r,) how often a rule held and had no size, s.unsized: of all
    row, which, o_...   the orders, s.found of them: their rows, their rules, and the columns
    """
    kinds = len(side)
    rules = len(condition)
    k = 0
    i = start
    s.unsized = 0
    while i < stop and k + kinds * rules <= len(row):
        taken = 0
        for r in range(rules):
            if r > 0 and group[r] != group[r - 1]:
                taken = 0
            if values[condition[r] * stride + i] == 1.0:
                amount = size[r]
                fits = True
                if sizes[r] >= 0:
                    amount = values[sizes[r] * stride + i]
                    fits = 0.0 < amount < math.inf
                    if not fits:
                        unsized[r] += 1
                        s.unsized += 1
                free = verbs[r] & ~taken if fits else 0
                taken |= free
                for v in range(kinds):
                    if (free >> v) & 1:
                        counts[group[r]] += 1
                        row[k] = i
                        which[k] = r
                        o_ts[k] = ts[i]
                        o_strategy[k] = group[r]
                        o_id[k] = counts[group[r]]
                        o_side[k] = side[v]
                        o_action[k] = action[v]
                        o_type[k] = 0
                        o_quantity[k] = amount
                        o_unit[k] = ACCOUNTS_UNIT
                        o_rule[k] = number[r]
                        k += 1
        i += 1
    s.at = i
    s.found = k


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
def codes_of_rules(which: I8, code: I4, out: I4) -> None:
    for k in range(len(which)):
        out[k] = code[which[k]]


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


class Laying:
    """Where orders are laid down, and the values that rules look at: for all series of a stage, one after the other.

    stride  rows that a column of values has room for
    """

    def __init__(self) -> None:
        self.values = array("d")
        self.stride = 0
        self.row, self.which = array("q"), array("q")
        self.memory = Memory(8)

    def columns(self, n: int, columns: int) -> list[int]:
        """Where n values of each of so many columns go."""
        if len(self.values) < n * columns:
            self.values = array("d", bytes(8 * n * columns))
        self.stride = len(self.values) // max(columns, 1)
        at = self.values.buffer_info()[0]
        return [at + 8 * self.stride * i for i in range(columns)]

    def room(self, schema: Schema, n: int) -> list[int]:
        """Where n orders of a series go."""
        if self.memory.size < schema.blob(n):
            self.memory = Memory(schema.blob(n))
        if len(self.row) < n:
            self.row, self.which = (array("q", bytes(8 * n)) for _ in range(2))
        return schema.places(self.memory.address, n)


class Orders:
    """The rules of all strategies over one base series.

    base     the base series; strategies: the names, in the order of their rules
    laying   shared by the series of a stage
    tell     is given each rule that holds, as a dict, and there are no rows
    """

    def __init__(
        self,
        base: Schema,
        strategies: Sequence[str],
        watches: Sequence[Watch],
        note: Callable[[str, int], None],
        laying: Laying,
        tell: Tell | None = None,
    ) -> None:
        self.base = base
        self.strategies = strategies
        self.watches = watches
        self.note = note
        self.laying = laying
        self.tell = tell
        self.counts = array("q", bytes(8 * (len(strategies) if tell is None else len(watches))))
        self._meta = meta_types([watch.rule for watch in watches])
        cols = [(column.name, column.type) for column in PLAIN]
        cols += [(META + key, kind) for key, kind in self._meta.items()]
        self.schema = Schema("order", base.symbol, base.period, cols, extra_of("order"))
        self._texts = {"strategy": list(strategies)}
        for key, kind in self._meta.items():
            if kind == "s4":
                said = [watch.meta.get(key, NOTHING).text or "" for watch in watches]
                self._texts[META + key] = list(dict.fromkeys(said))
        self._columns = 1 + max((at for watch in watches for at in watch.columns), default=-1)
        self._room = max(AT_ONCE, len(VERBS) * len(watches))
        self._cell: Cell | None = None
        self._told = False  # the texts, in the section that is open

    # -- the series --------------------------------------------------------------------------------------
    def announce(self, out: Out, anew: bool = False) -> None:
        """The series of the orders, and the texts of its codes, once; `anew` in a section that begins."""
        if self.tell is None:
            out.series(self.schema)
        if self.tell is None and (anew or not self._told):
            self._told = True
            for frame in self.told():
                out.map(frame)

    def told(self) -> Iterator[dict[str, Any]]:
        """The frames of the texts that have been given."""
        for name, table in self._texts.items() if self._told else ():
            yield from told_texts(self.schema.key, name, table)

    def room(self, n: int) -> list[int]:
        """Where n values of each column go that the rules look at."""
        return self.laying.columns(n, self._columns)

    def write(self, batch: Batch, parts: Sequence[tuple[Batch, bool]], out: Out) -> None:
        """The orders of the closed rows of a batch, whose values lie where `room` said."""
        if not self.watches:
            return
        cell = self._cell or self._made()
        laying = self.laying
        cell.column("values", laying.values.buffer_info()[0], len(laying.values))
        cell.column("ts", batch.address("ts"), batch.n)
        places = laying.room(self.schema, self._room)
        for name, memory in (("row", laying.row), ("which", laying.which)):
            cell.column(name, memory.buffer_info()[0], self._room)
        for column, at in zip(PLAIN, places):
            cell.column(f"o_{column.name}", at, self._room)
        start = 0
        for part, closed in parts:
            stop = start + part.n
            while closed and start < stop:
                cell.set(stride=laying.stride, start=start, stop=stop)
                cell.run()
                start, found = cell.state.at, cell.state.found
                if cell.state.unsized:
                    self._say_unsized()
                if found and self.tell is None:
                    self._lay(batch, found, places, out)
                elif found:
                    self._say(batch, found, places[QUANTITY])
            start = stop

    def _made(self) -> Cell:
        """The kernel with what never changes: the rules, and the memory that orders are laid down in."""
        self._cell = cell = Cell(ordered)
        rules = len(self.watches)
        turns = [{IN_TURN.index(verb) for verb in watch.rule.verbs} for watch in self.watches]
        whose = [self.strategies.index(watch.strategy) for watch in self.watches]
        if self.tell is not None:  # each rule is told once, whatever the others order
            turns, whose = [{0}] * rules, list(range(rules))
        self._unsized = array("q", bytes(8 * rules))
        for name, code, held in (
            ("condition", "q", [watch.condition for watch in self.watches]),
            ("sizes", "q", [watch.size.at for watch in self.watches]),
            ("size", "d", [watch.size.fixed for watch in self.watches]),
            ("verbs", "q", [sum(1 << turn for turn in one) for one in turns]),
            ("side", "b", [BY_VERB[verb][1] for verb in IN_TURN]),
            ("action", "b", [BY_VERB[verb][0] for verb in IN_TURN]),
            ("group", "q", whose),
            ("number", "q", [watch.number for watch in self.watches]),
        ):
            cell.buffer(name, array(code, held))
        for name, memory in (("counts", self.counts), ("unsized", self._unsized)):
            cell.buffer(name, memory)
        self._metas = [(self._laid_by(key, kind), kind) for key, kind in self._meta.items()]
        return cell

    def _laid_by(self, key: str, kind: str) -> list[tuple[Cell, str]]:
        """What lays down a column of META, and the column of the base that it reads, if any."""
        said = [watch.meta.get(key, NOTHING) for watch in self.watches]
        if kind == "i8":
            cells = []
            for name in dict.fromkeys(one.name for one in said if one.name):
                cell = Cell(times_of_rules)
                cell.buffer("here", array("q", [one.name == name for one in said]))
                cells.append((cell, name))
            return cells
        if kind == "s4":
            table = self._texts[META + key]
            cell = Cell(codes_of_rules)
            cell.buffer("code", array("i", [table.index(one.text or "") for one in said]))
        else:
            cell = Cell(of_rules)
            cell.buffer("column", array("q", [one.at for one in said]))
            cell.buffer("fixed", array("d", [one.fixed for one in said]))
        return [(cell, "")]

    def _lay(self, batch: Batch, found: int, places: list[int], out: Out) -> None:
        """Write the orders that were found."""
        laying = self.laying
        row, which = (memory.buffer_info()[0] for memory in (laying.row, laying.which))
        for (laid_by, kind), to in zip(self._metas, places[len(PLAIN) :]):
            if kind == "i8":
                ctypes.memset(to, 0, 8 * found)
            for cell, name in laid_by:
                cell.column("which", which, found)
                if kind != "s4":
                    cell.column("row", row, found)
                if kind == "i8":
                    cell.column("values", batch.address(name), batch.n)
                elif kind == "f8":
                    cell.column("values", laying.values.buffer_info()[0], len(laying.values))
                    cell.set(stride=laying.stride)
                cell.column("out", to, found)
                cell.run()
        series = out.series(self.schema)
        move(out.rows(series, found), places, self.schema.widths, found)
        out.commit(series, found)

    def _say(self, batch: Batch, found: int, quantities: int) -> None:
        """Tell of the rules that held."""
        assert self.tell is not None
        quantity = (ctypes.c_double * found).from_address(quantities)
        for k in range(found):
            row, watch, size = self.laying.row[k], self.watches[self.laying.which[k]], quantity[k]
            self.tell(
                {
                    "ts": batch.view("ts")[row],
                    "symbol": self.schema.symbol,
                    "period": self.schema.period,
                    "strategy": watch.strategy,
                    "action": watch.rule.action,
                    "size": size if math.isfinite(size) else None,
                    "meta": {key: self._value(said, batch, row) for key, said in watch.meta.items()},
                }
            )

    def _value(self, said: Said, batch: Batch, row: int) -> Any:
        if said.name:
            return batch.view(said.name)[row]
        if said.text is not None:
            return said.text
        found = said.fixed if said.at < 0 else self.laying.values[said.at * self.laying.stride + row]
        if said.truth:
            return found == 1.0
        return found if math.isfinite(found) else None

    def _say_unsized(self) -> None:
        for r, watch in enumerate(self.watches):
            self.note(f"{watch.strategy}: an order has no size above 0", self._unsized[r])
            self._unsized[r] = 0

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> list[int]:
        """How many orders each strategy has given."""
        return self.counts.tolist()

    def load(self, saved: list[int]) -> None:
        if len(saved) != len(self.counts):
            raise Damaged(f"{self.schema.key}: {len(saved)} strategies have given orders, there are {len(self.counts)}")
        self.counts[:] = array("q", saved)
