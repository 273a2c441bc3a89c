"""Orders: what the rules of strategies order at rows, as rows of kind `order` or told one by one."""

from __future__ import annotations

import ctypes
import math
from array import array
from typing import TYPE_CHECKING, Any

from hq_core.batch import SYMBOL, Schema, told_texts
from hq_core.jit import F8, I1, I4, I8, STOPS, Cell, State, bits_of, hq_call, kernel
from hq_core.kinds import ORDER, extra_of
from hq_core.memory import Memory, move, stay
from hq_core.saved import Damaged
from hq_core.series.order_columns import FurtherColumns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hq_core.batch import Batch
    from hq_core.roles import Out
    from hq_core.series.rules import Said, Watch

    Tell = Callable[[dict[str, Any]], None]
    Happened = Sequence[tuple[str, Mapping[str, Any]]]  # kind and row, in order

AT_ONCE = 1024  # orders that are laid down together ...
ROWS_AT_ONCE = 8  # ... or all that so many rows may order: with hundreds of rules a turn costs more than its orders
OPEN, CLOSE, TARGET, CANCEL = range(4)  # codes of ORDER's action
ACTION = {"open": OPEN, "close": CLOSE, "cancel": CANCEL}
BY_VERB = {f"{word}_{side}": (ACTION[word], sign) for word in ACTION for side, sign in (("long", 1), ("short", -1))}
BY_VERB["target"] = TARGET, 1  # or short, by its quantity's sign
# What makes room goes before what takes it, as an account that holds one side carries them out.
IN_TURN = sorted(BY_VERB, key=lambda verb: (-BY_VERB[verb][0], -BY_VERB[verb][1]))
PLAIN = tuple(column for column in ORDER.columns if not column.optional or column.name == "rule")
NAMES = [column.name for column in PLAIN]


@kernel(state="at:i8 found:i8 unsized:i8")
def ordered(
    values: F8,
    stride: int,
    start: int,
    stop: int,
    ts: I8,
    complete: I1,
    code: I4,
    slot: I8,
    named: I4,
    groups: int,
    condition: I8,
    sizes: I8,
    size: F8,
    verbs: I8,
    priced: I8,
    type: I8,
    unit: I8,
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
    o_symbol: I4,
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
    complete   (n,) 0: a forming row, which orders nothing; or empty: none is
    code       (n,) of a panel's rows the symbol; slot, named: by code, whose counts are its, and its code among orders
    condition  (r,) the column that is 1 where a rule holds
    sizes      (r,) the column of a rule's size, or -1: it is size[r]
    priced     (r, k) the columns of a rule's prices, or -1
    type unit  (r,) how its orders are carried out, and the unit of their quantity
    verbs      (r,) what a rule orders: bit v is the verb of side[v] and action[v]
    group      (r,) whose rule it is: its first rule that orders a verb at the market at a row is the one that does
    number     (r,) number of the rule in its group, from 1
    counts     (symbols, groups) orders so far
    unsized    (r,) how often a rule held and had no size or no price, s.unsized: of all
    row, which, o_...   the orders, s.found of them: their rows, their rules, and the columns
    """
    kinds = len(side)
    rules = len(condition)
    prices = len(priced) // max(rules, 1)
    target = 0
    for v in range(kinds):
        if action[v] == TARGET:
            target = 1 << v
    k = 0
    i = start
    s.unsized = 0
    while i < stop and k + kinds * rules <= len(row):
        taken = 0
        closed = len(complete) == 0 or complete[i] != 0
        for r in range(rules if closed else 0):
            if r > 0 and group[r] != group[r - 1]:
                taken = 0
            if values[condition[r] * stride + i] == 1.0:
                amount = size[r]
                fits = True
                if sizes[r] >= 0:
                    amount = values[sizes[r] * stride + i]
                    fits = abs(amount) < math.inf and (amount > 0.0 or verbs[r] == target)
                for p in range(r * prices, (r + 1) * prices):
                    if priced[p] >= 0:
                        fits = fits and 0.0 < values[priced[p] * stride + i] < math.inf
                if not fits:
                    unsized[r] += 1
                    s.unsized += 1
                free = verbs[r] if fits else 0
                if type[r] == 0:
                    free &= ~taken
                    taken |= free
                counted = group[r]
                if len(code) > 0:
                    counted += slot[code[i]] * groups
                for v in range(kinds):
                    if (free >> v) & 1:
                        counts[counted] += 1
                        row[k] = i
                        which[k] = r
                        o_ts[k] = ts[i]
                        if len(code) > 0:
                            o_symbol[k] = named[code[i]]
                        o_strategy[k] = group[r]
                        o_id[k] = counts[counted]
                        o_side[k] = side[v] if amount >= 0.0 else -side[v]
                        o_action[k] = action[v]
                        o_type[k] = type[r]
                        o_quantity[k] = abs(amount)
                        o_unit[k] = unit[r]
                        o_rule[k] = number[r]
                        k += 1
        i += 1
    s.at = i
    s.found = k


@kernel()
def ordered_at(function: int, block: int, slots: I8, start: int, stop: int, found: I8, row: I8, stops: I8) -> None:
    """`ordered` at one row: a step of jit/engine.py's `rounds`, which stops where something is ordered.

    slots       the arguments of `ordered`; start, stop: where it has its rows
    found       its state
    """
    slots[start] = row[0]
    slots[stop] = row[0] + 1
    hq_call(function, block)
    if found[1] > 0 or found[2] > 0:
        stops[0] = STOPS


class BySlot:
    """The symbols of a panel by their codes.

    slots   (codes,) whose counts are its;  named: (codes,) i4, its code among the orders
    counts  (symbols, groups)
    """

    __slots__ = ("counts", "named", "slots")

    def __init__(self, slots: array[int], named: array[int], counts: array[int]) -> None:
        self.slots = slots
        self.named = named
        self.counts = counts


class Laying:
    """Where orders are laid down, and the values that rules look at: for all series of a stage, one after the other.

    stride  rows that a column of values has room for
    least   orders that a series has room for at least
    moved   how often what orders are laid down in has come to lie elsewhere
    texts   of META's codes, by period and column: series of one period may stand in one panel, which has them once
    """

    def __init__(self) -> None:
        self.values = array("d")
        self.stride = 0
        self._laid: list[int] = []  # where values of so many columns went the last time
        self.row, self.which = array("q"), array("q")
        self.memory = Memory(8)
        self.moved = 0
        self.texts: dict[str, dict[str, list[str]]] = {}
        self.least = AT_ONCE

    def another(self) -> Laying:
        """One for a series whose rows are run in turn with those of others, a row at a time."""
        found = Laying()
        found.texts, found.least = self.texts, 0
        return found

    def columns(self, n: int, columns: int) -> list[int]:
        """Where n values of each of so many columns go."""
        if len(self.values) < n * columns:
            self.values = array("d", bytes(8 * n * columns))
        elif len(self._laid) == columns:
            return self._laid
        self.stride = len(self.values) // max(columns, 1)
        at = self.values.buffer_info()[0]
        self._laid = [at + 8 * self.stride * i for i in range(columns)]
        return self._laid

    def room(self, schema: Schema, n: int) -> list[int]:
        """Where n orders of a series go."""
        if self.memory.size < schema.blob(n):
            self.memory = Memory(schema.blob(n))
            self.moved += 1
        if len(self.row) < n:
            self.row, self.which = (array("q", bytes(8 * n)) for _ in range(2))
            self.moved += 1
        return schema.places(self.memory.address, n)


class OrderSeries:
    """A series of orders that is announced with the texts of its codes, once in a section.

    texts  by column
    """

    schema: Schema
    texts: dict[str, list[str]]
    each = False  # inside an account, every row is to be decided on in Python
    _step: Cell | None = None  # of who runs row by row
    _told = False  # the texts, in the section that is open

    def announce(self, out: Out, anew: bool = False) -> None:
        """The series and its texts; `anew` in a section that begins."""
        out.series(self.schema)
        if anew or not self._told:
            self._told = True
            for frame in self.told():
                out.map(frame)

    def hear(self, strategy: str, numbers: Sequence[float], happened: Happened) -> None:
        """What a strategy's account knows after a row, and what became of its orders since the last call."""

    def told(self) -> Iterator[dict[str, Any]]:
        """The frames of the texts that have been given."""
        for name, table in self.texts.items() if self._told else ():
            yield from told_texts(self.schema.key, name, table)


class Orders(OrderSeries):
    """The rules of all strategies over one base series, or over a panel.

    base     the base series; strategies: the names, in the order of their rules
    laying   shared by the series of a stage
    tell     is given each rule that holds, as a dict, and there are no rows
    counts   orders so far, `groups` numbers; those of a panel's symbols lie where their memory does
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
        self.groups = len(strategies) if tell is None else len(watches)
        self.counts = array("q", bytes(0 if base.panel else 8 * self.groups))
        self._further = FurtherColumns(watches, laying.texts.setdefault(base.period, {}))
        beyond = self._further.names
        cols = [(column.name, column.type) for column in ORDER.columns if column in PLAIN or column.name in beyond]
        if base.panel:
            cols.insert(1 + [name for name, _ in cols].index("ts"), SYMBOL)
        self.times = self._further.times
        said = extra_of("order", self.times)
        self.schema = Schema("order", base.symbol, base.period, cols + self._further.metas, said)
        self._plain = [(f"o_{name}", self.schema.index(name)) for name in NAMES]
        self.texts = {"strategy": list(strategies), **self._further.texts}
        self._columns = 1 + max((at for watch in watches for at in watch.columns), default=-1)
        self._room = max(laying.least, ROWS_AT_ONCE * len(BY_VERB) * len(watches))
        self._cell: Cell | None = None
        self._bound = -1  # to what is laid down, after it moved so often
        self._places: list[int] = []  # of the columns of orders
        self._given: tuple[Any, ...] = ()  # what the kernel was given last, where further rows may lie there too

    # -- the series --------------------------------------------------------------------------------------
    def announce(self, out: Out, anew: bool = False) -> None:
        if self.tell is None:
            super().announce(out, anew)

    def room(self, n: int) -> list[int]:
        """Where n values of each column go that the rules look at."""
        return self.laying.columns(n, self._columns)

    def write(
        self, batch: Batch, out: Out, symbols: BySlot | None = None, start: int = 0, stop: int | None = None
    ) -> None:
        """The orders of the closed rows of a batch from `start` up to `stop`, its end; values lie where `room` said.

        symbols  of a panel, where each symbol's counts lie, by its code, and its code among the orders
        """
        if not self.watches:
            return
        cell, n = self._cell or self._made(), batch.n
        stop = n if stop is None else stop
        if symbols is not None:
            cell.column("code", batch.address("symbol"), n)
            cell.buffer("slot", symbols.slots)
            cell.buffer("named", symbols.named)
            cell.buffer("counts", symbols.counts)
        while start < stop:
            self._give(cell, batch, start, stop)
            cell.run()
            start = cell.state.at
            self.take(batch, out)

    def _give(self, cell: Cell, batch: Batch, start: int, stop: int) -> None:
        laying, n = self.laying, batch.n
        if self._bound != laying.moved:
            self._bind(cell)
        at, values, schema = batch.addresses, laying.values, batch.schema
        given, rest = self._given, (schema, laying.stride, start, stop, n)
        if given and given[0] is at and given[1] is values and given[2] == rest:
            return
        self._given = (at, values, rest) if stay(at) else ()
        complete = (at[schema.flag], n) if schema.flag >= 0 else (0, 0)
        cell.give(values.buffer_info()[0], len(values), laying.stride, start, stop, batch.address("ts"), n, *complete)

    def take(self, batch: Batch, out: Out) -> None:
        """Write what the kernel found last."""
        _, found, unsized = self._cell.state.whole if self._cell is not None else (0, 0, 0)
        if unsized:
            self._say_unsized()
        if found and self.tell is None:
            self._lay(batch, found, self._places, out)
        elif found:
            self._say(batch, found, self._places[self.schema.index("quantity")])

    def decide(self, batch: Batch, row: int, out: Out) -> None:
        self.take(batch, out)

    def by_rows(self, batch: Batch, row: array[int], stops: array[int] | memoryview[int]) -> list[tuple[int, int]]:
        """As `write`, as steps of `rounds`: where one stops it, `decide` writes the orders of the row."""
        if not self.watches:
            return []
        cell = self._cell or self._made()
        self._give(cell, batch, 0, 0)
        self._given = ()  # the steps set where it begins and ends
        if self._step is None:
            self._step = step = Cell(ordered_at)
            function, block = cell.step
            step.set(function=function, block=block, start=cell.place("start"), stop=cell.place("stop"))
            step.buffer("slots", cell.slots)
            step.column("found", cell.state.address, 3)
        self._step.buffer("row", row)
        self._step.buffer("stops", stops)
        return [self._step.step]

    def _bind(self, cell: Cell) -> None:
        """Tell the kernel where orders are laid down."""
        laying = self.laying
        self._places = laying.room(self.schema, self._room)
        for name, memory in (("row", laying.row), ("which", laying.which)):
            cell.column(name, memory.buffer_info()[0], self._room)
        for column, place in self._plain:
            cell.column(column, self._places[place], self._room)
        if self.base.panel:
            cell.column("o_symbol", self._places[self.schema.index("symbol")], self._room)
        self._bound = laying.moved

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
            ("priced", "q", self._further.watched),
            ("type", "q", [watch.rule.type for watch in self.watches]),
            ("unit", "q", [watch.rule.unit for watch in self.watches]),
            ("verbs", "q", [sum(1 << turn for turn in one) for one in turns]),
            ("side", "b", [BY_VERB[verb][1] for verb in IN_TURN]),
            ("action", "b", [BY_VERB[verb][0] for verb in IN_TURN]),
            ("group", "q", whose),
            ("number", "q", [watch.rule.number for watch in self.watches]),
        ):
            cell.buffer(name, array(code, held))
        for name, memory in (("counts", self.counts), ("unsized", self._unsized)):
            cell.buffer(name, memory)
        for name in ("code", "slot", "named", "o_symbol") if not self.base.panel else ():
            cell.column(name, 0, 0)
        cell.set(groups=self.groups)
        return cell

    def _lay(self, batch: Batch, found: int, places: list[int], out: Out) -> None:
        """Write the orders that were found."""
        self._further.lay(self.laying, batch, found, dict(zip(self.schema.names, places)))
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
                    "symbol": self._symbol(batch, row),
                    "period": self.schema.period,
                    "strategy": watch.strategy,
                    "action": watch.rule.action,
                    "size": size if math.isfinite(size) else None,
                    **{key: self._value(said, batch, row) for key, said in watch.prices.items()},
                    "meta": {key: self._value(said, batch, row) for key, said in watch.meta.items()},
                }
            )

    def _symbol(self, batch: Batch, row: int) -> str:
        return batch.slice(row, row + 1).words("symbol")[0] if self.base.panel else self.base.symbol

    def _value(self, said: Said, batch: Batch, row: int) -> Any:
        if said.name:
            return batch.view(said.name)[row]
        if said.text is not None:
            return said.text
        found = said.fixed if said.at < 0 else self.laying.values[said.at * self.laying.stride + row]
        if said.truth:
            return found == 1.0
        if said.time and not math.isnan(found):
            return bits_of(found)
        return found if math.isfinite(found) else None

    def _say_unsized(self) -> None:
        for r, watch in enumerate(self.watches):
            price = " or no price" if watch.prices else ""
            self.note(f"{watch.strategy}: an order has no size{price} above 0", self._unsized[r])
            self._unsized[r] = 0

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> list[int]:
        """How many orders each strategy has given."""
        return self.counts.tolist()

    def load(self, saved: list[int]) -> None:
        if len(saved) != len(self.counts):
            raise Damaged(f"{self.schema.key}: {len(saved)} strategies have given orders, there are {len(self.counts)}")
        self.counts[:] = array("q", saved)
