"""The orders of strategies in Python over one base series, in one series with those of the language's rules."""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING, Any, cast

from hq_core.batch import CODES, WIDTHS, Schema, stretches
from hq_core.jit import F8, I1, I4, I8, Cell, State, kernel
from hq_core.kinds import ACCOUNTS_UNIT, META, ORDER, extra_of, named_time
from hq_core.memory import Memory, move
from hq_core.saved import Damaged
from hq_core.series.orders import Orders, OrderSeries
from hq_core.series.unit import Broke
from hq_core.strategies.actions import RULE, Decisions
from hq_core.strategies.running import Failed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from hq_core.batch import Batch
    from hq_core.roles import Out
    from hq_core.series.orders import Happened, Laying
    from hq_core.series.rules import Watch
    from hq_core.strategies.running import Running

    Columns = dict[str, array[Any]]

ABSENT = {"unit": ACCOUNTS_UNIT, "rule": RULE}  # of an order that does not say; else nan or 0


@kernel(state="found:i8")
def laid(
    ts: I8,
    decision: I8,
    row: I8,
    form: I8,
    size: F8,
    first: I8,
    side: I1,
    action: I1,
    strategy: I4,
    type: I1,
    unit: I1,
    rule: I4,
    s: State,
    counts: I8,
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
    """The orders of decisions, in their order; s.found of them, which there is room for.

    decision    the places of those that count in row, form and size
    first       (forms + 1,) where the sides and actions of a form begin
    strategy... (forms,) what all orders of a form have
    counts      (strategies,) orders so far
    which       of each order its decision;  o_...: its columns
    """
    k = 0
    for d in range(len(decision)):
        at = decision[d]
        f = form[at]
        whose = strategy[f]
        for v in range(first[f], first[f + 1]):
            counts[whose] += 1
            which[k] = at
            o_ts[k] = ts[row[at]]
            o_strategy[k] = whose
            o_id[k] = counts[whose]
            o_side[k] = side[v]
            o_action[k] = action[v]
            o_type[k] = type[f]
            o_quantity[k] = size[at]
            o_unit[k] = unit[f]
            o_rule[k] = rule[f]
            k += 1
    s.found = k


LAID = tuple(name.removeprefix("o_") for name in laid.kinds if name.startswith("o_"))


class PythonOrders(OrderSeries):
    """The orders of all strategies over one base series, those of rules first: as series.orders.Orders.

    base       the base series
    names      of the strategies with rules, of which `watches` are;  running: those in Python
    laying     shared by the series of a stage
    """

    def __init__(
        self,
        base: Schema,
        names: Sequence[str],
        watches: Sequence[Watch],
        running: Sequence[Running],
        note: Callable[[str, int], None],
        laying: Laying,
    ) -> None:
        self.running = running
        self.each = True
        self._inside = {one.strategy.name: one for one in running if one.strategy.inside}
        self.laying = laying
        self._rules = Orders(base, names, watches, note, laying) if watches else None
        self._offset = len(names)
        self._counts = array("q", bytes(8 * (len(names) + len(running))))
        self._taken = Taken()
        if self._rules is not None:
            self._rules.announce(cast("Out", self._taken))
        strategies = [one.strategy for one in running]
        self.texts = {"strategy": [*names, *(one.name for one in strategies)]}
        times = [] if self._rules is None else self._rules.times
        cols = self._columns(times)
        self.schema = Schema("order", base.symbol, base.period, cols, extra_of("order", times))
        asked = [at for watch in watches for at in watch.columns]
        asked += [at for one in running for at in one.asked.columns]
        self._watched = 1 + max(asked, default=-1)
        self._decisions = Decisions()
        self._takers = [
            self._decisions.taker(one, self._offset + i, _counter(note, f"{one.name}: an order has no size above 0"))
            for i, one in enumerate(strategies)
        ]
        self._cell: Cell | None = None
        self._forms = 0  # that the kernel knows
        for one in running:
            one.check(base)

    def _columns(self, times: Collection[str]) -> list[tuple[str, str]]:
        """Those of the rules' orders and of the kernel's, and what the classes declare beyond; META behind."""
        rules = {} if self._taken.schema is None else dict(self._taken.schema.cols)
        strategies = [one.strategy for one in self.running]
        plain = {*LAID, *rules, *(name for one in strategies for name in one.orders)}
        found = [column for column in ORDER.cols if column[0] in plain]
        metas = {name: kind for name, kind in rules.items() if name.startswith(META)}
        for name in metas:
            if metas[name] == "s4":
                self.texts[name] = list(self._taken.texts.get(name, ()))
        for one in strategies:
            for key, (kind, texts) in one.meta.items():
                name = META + key
                has = metas.setdefault(name, kind)
                if has != kind or name in times and not named_time("order", name):
                    what = f"meta: {key} is {kind} here and {'a time' if name in times else has} in another strategy"
                    raise one.wrong(f"{what}; the column {name} has one type, so give one of them another name")
                if kind == "s4":
                    self.texts[name] = list(dict.fromkeys([*self.texts.get(name, ()), "", *texts]))
        return [*found, *metas.items()]

    # -- the series --------------------------------------------------------------------------------------
    def room(self, n: int) -> list[int]:
        """Where n values of each column go that rules and strategies look at."""
        return self.laying.columns(n, self._watched)

    def write(self, batch: Batch, out: Out) -> None:
        """The orders of the closed rows of a batch, whose values lie where `room` said.

        Raises Broke where a strategy fails at a row: the orders of the rows before have been written.
        """
        self._write_rows(batch, 0, batch.n, out)

    def by_rows(self, batch: Batch, row: array[int], stops: array[int] | memoryview[int]) -> list[tuple[int, int]]:
        return []

    def hear(self, strategy: str, numbers: Sequence[float], happened: Happened) -> None:
        if strategy in self._inside:
            self._inside[strategy].hear(numbers, happened)

    def decide(self, batch: Batch, row: int, out: Out) -> None:
        self._write_rows(batch, row, row + 1, out)

    def _write_rows(self, batch: Batch, start: int, stop: int, out: Out) -> None:
        failed = self._run(batch, start, stop)
        good = stop if failed is None else failed.row
        rules = self._of_rules(batch, start, good)
        decisions = self._decisions.until(good)
        if decisions or rules:
            columns, rows = self._of_python(batch, decisions)
            if rules:
                columns = self._merged(columns, rows, rules)
            self._write(columns, out)
        if failed is not None:
            raise Broke(good, failed.error)

    def _run(self, batch: Batch, first: int, stop: int) -> Failed | None:
        """All strategies over the rows, or up to the first one at which any of them fails."""
        n, parts = stop, stretches(batch if stop - first == batch.n else batch.slice(first, stop))
        self._decisions.clear()
        values, stride = memoryview(self.laying.values), self.laying.stride
        failed = None
        for running, take in zip(self.running, self._takers):
            start = first
            for part, closed in parts:
                upto = min(part.n, n - start)
                if closed and upto > 0:
                    try:
                        running.run(part if upto == part.n else part.slice(0, upto), start, values, stride, take)
                    except Failed as found:
                        failed, n = found, found.row
                        break
                start += part.n
        values.release()
        return failed

    def _of_rules(self, batch: Batch, start: int, good: int) -> list[int]:
        """The rows of the rules' orders, which are in self._taken."""
        taken = self._taken
        taken.clear()
        if self._rules is None:
            return []
        taken.row = self.laying
        if good > start:
            self._rules.write(batch, cast("Out", taken), None, start, good)
        return taken.rows_of

    def _of_python(self, batch: Batch, decisions: list[int]) -> tuple[Columns, list[int]]:
        """Columns of the orders of decisions, and the row of each."""
        made = self._decisions
        cell = self._cell or self._made()
        if self._forms != len(made.forms):
            self._tell_forms(cell)
        room = sum(len(made.forms[made.form[at]].verbs) for at in decisions)
        columns = {name: array(CODES[kind], bytes(WIDTHS[kind] * room)) for name, kind in self.schema.cols}
        which = array("q", bytes(8 * room))
        for name, values in (
            ("decision", array("q", decisions)),
            ("row", array("q", made.row)),
            ("form", array("q", made.form)),
            ("size", array("d", made.size)),
            ("which", which),
        ):
            cell.buffer(name, values)
        for name in LAID:
            cell.buffer(f"o_{name}", columns[name])
        cell.column("ts", batch.address("ts"), batch.n)
        cell.run()
        for name, kind in self.schema.cols:
            if name not in LAID:
                self._fill(columns, name, kind, which)
        return columns, [made.row[at] for at in which] if self._rules is not None else []

    def _fill(self, columns: Columns, name: str, kind: str, which: array[int]) -> None:
        """A column that few orders say something in."""
        further, absent = self._decisions.further, self._absent(name, kind)
        if not further and not absent:
            return
        table = self.texts.get(name, [])
        said = {at: values[name] for at, values in further.items() if name in values}
        if kind == "s4":
            said = {at: table.index(text) for at, text in said.items()}
        columns[name] = array(CODES[kind], [said.get(at, absent) for at in which])

    def _absent(self, name: str, kind: str) -> float:
        """What stands in a column of an order that does not say."""
        if kind == "s4":
            return self.texts[name].index("")
        return ABSENT.get(name, math.nan if kind == "f8" else 0)

    def _merged(self, mine: Columns, rows: list[int], of_rules: list[int]) -> Columns:
        """The orders of rules and of Python by row; of one row those of rules come first."""
        every = [*of_rules, *rows]
        turn = sorted(range(len(every)), key=every.__getitem__)
        found: Columns = {}
        for name, kind in self.schema.cols:
            theirs = self._taken.columns.get(name)
            values = [self._absent(name, kind)] * len(of_rules) if theirs is None else theirs.tolist()
            values += mine[name].tolist()
            found[name] = array(CODES[kind], [values[at] for at in turn])
        return found

    def _write(self, columns: Columns, out: Out) -> None:
        n = len(columns["ts"])
        if n:
            series = out.series(self.schema)
            addresses = [columns[name].buffer_info()[0] for name in self.schema.names]
            move(out.rows(series, n), addresses, self.schema.widths, n)
            out.commit(series, n)

    # -- the kernel --------------------------------------------------------------------------------------
    def _made(self) -> Cell:
        self._cell = cell = Cell(laid)
        cell.buffer("counts", self._counts)
        self._forms = -1
        return cell

    def _tell_forms(self, cell: Cell) -> None:
        """The forms that have been met by now."""
        forms = self._decisions.forms
        self._forms = len(forms)
        first = [0]
        for one in forms:
            first.append(first[-1] + len(one.verbs))
        cell.buffer("first", array("q", first))
        cell.buffer("side", array("b", [side for one in forms for side in one.sides]))
        cell.buffer("action", array("b", [action for one in forms for action in one.actions]))
        cell.buffer("strategy", array("i", [one.strategy for one in forms]))
        cell.buffer("type", array("b", [one.type for one in forms]))
        cell.buffer("unit", array("b", [one.unit for one in forms]))
        cell.buffer("rule", array("i", [one.rule for one in forms]))

    # -- the run and its state -----------------------------------------------------------------------------
    def stop(self, more: bool) -> None:
        for one in self.running:
            one.stop(more)

    def save(self) -> list[int]:
        """How many orders each strategy has given."""
        rules = [] if self._rules is None else self._rules.save()
        return [*(rules or [0] * self._offset), *self._counts[self._offset :]]

    def load(self, saved: list[int]) -> None:
        if len(saved) != len(self._counts):
            raise Damaged(
                f"{self.schema.key}: {len(saved)} strategies have given orders, there are {len(self._counts)}"
            )
        self._counts[:] = array("q", saved)
        if self._rules is not None:
            self._rules.load(saved[: self._offset])

    def memories(self) -> list[Any]:
        return [one.save() for one in self.running]

    def remember(self, saved: list[Any]) -> None:
        """Take up what `memories` gave."""
        if len(saved) != len(self.running):
            raise Damaged(f"{self.schema.key}: {len(saved)} strategies in Python, there are {len(self.running)}")
        for one, memory in zip(self.running, saved):
            one.load(memory)


class Taken:
    """Takes what the rules' orders write, as far as they ask an Out for anything, and keeps it.

    columns   of the orders;  rows_of: the row of each in its batch, which `row` tells when they are committed
    texts     of the codes of their columns
    """

    def __init__(self) -> None:
        self.schema: Schema | None = None
        self.texts: dict[str, list[str]] = {}
        self.row: Laying | None = None
        self._memory = Memory(8)
        self._places: list[int] = []
        self.clear()

    def clear(self) -> None:
        self.columns: Columns = {}
        self.rows_of: list[int] = []

    def series(self, schema: Schema) -> Schema:
        self.schema = schema
        return schema

    def rows(self, series: Schema, n: int) -> list[int]:
        self._memory = Memory(series.blob(n))
        self._places = series.places(self._memory.address, n)
        return self._places

    def commit(self, series: Schema, n: int) -> None:
        for (name, kind), at in zip(series.cols, self._places):
            start = at - self._memory.address
            column = self.columns.setdefault(name, array(CODES[kind]))
            column.frombytes(self._memory.view[start : start + WIDTHS[kind] * n])
        assert self.row is not None
        self.rows_of += self.row.row[:n].tolist()

    def map(self, frame: dict[str, Any]) -> None:
        self.texts.setdefault(frame["col"], []).extend(frame["values"])


def _counter(note: Callable[[str, int], None], what: str) -> Callable[[], None]:
    return lambda: note(what, 1)
