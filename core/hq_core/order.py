"""The order of rows within a series: ts never goes back, and a kind's key (kinds.py) never repeats.

One check stands over every source, and its memory goes on from section to section and from run to run: `cat day1 day2`
passes, `cat day2 day1` and `cat day1 day1` do not.  A panel's symbols are series as any others.
"""

from __future__ import annotations

from ctypes import c_int64
from typing import TYPE_CHECKING, Any

from hq_core.batch import Batch, told_apart
from hq_core.errors import DATA, HqError
from hq_core.jit import I1, I8, Cell, State, kernel
from hq_core.memory import stay
from hq_core.order_key import (
    BACK,
    BY_ID,
    FIELDS,
    KEY,
    KEY_TS,
    KEYED,
    LAST,
    ROWS,
    SEEN,
    SORT,
    Memory,
    SeriesOrder,
    wrong_key,
)
from hq_core.say import iso_text, say_back

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hq_core.batch import Schema
    from hq_core.panel_order import PanelOrder
    from hq_core.roles import Item

_AT = c_int64.from_address


@kernel(state="good:i8 why:i8")
def in_order(ts: I8, key: I8, complete: I1, how: int, memory: I8, s: State) -> None:
    """s.good = how many rows from the first on are in order; s.why says what is wrong with the next one.

    key       (n,) the column that never repeats; or empty.  It rises from row to row, so that a repetition is seen
              without remembering all of them
    complete  (n,) 0: a row that is neither looked at nor remembered; or empty: none is
    how       what the key is: BY_KEY, BY_ID or BY_TS of order_key.py
    """
    n = len(ts)
    keys = len(key) > 0
    whole = n
    for i in range(len(complete)):
        whole -= complete[i] == 0
    tidy = 1  # mostly all rows are in order, which loops without a branch soon see
    if whole == n:
        if not keys:
            for i in range(1, n):
                tidy += ts[i] >= ts[i - 1]
        elif how == BY_ID:
            for i in range(1, n):
                rises = (ts[i] > ts[i - 1]) | ((ts[i] == ts[i - 1]) & (key[i] > key[i - 1]))
                tidy += rises & (key[i] != key[i - 1]) & (key[i - 1] > 0) & (key[i] > 0)
        else:
            for i in range(1, n):
                tidy += (ts[i] >= ts[i - 1]) & (key[i] > key[i - 1])
    quick = whole == n and tidy == n
    i = 0
    s.why = 0
    while i < n:
        if len(complete) == 0 or complete[i] != 0:
            there = keys and (how != BY_ID or key[i] > 0)
            if memory[SEEN] != 0 and ts[i] < memory[LAST]:
                s.why = BACK
            elif there:
                s.why = wrong_key(ts[i], key[i], how, memory[KEYED], memory[KEY], memory[KEY_TS])
            if s.why != 0:
                break
            if quick:
                i = n - 1
            memory[SEEN] = 1
            memory[LAST] = ts[i]
            if there:
                memory[KEYED] = how
                memory[KEY] = key[i]
                memory[KEY_TS] = ts[i]
        i += 1
    memory[ROWS] += i
    s.good = i


class RowOrder:
    """Looks at the rows of every series; a series without a ts of int64 has no order and passes.

    Rows with complete=0 are neither looked at nor remembered: a forming bar comes again and again, with any ts.
    Key of a bar is open_time (ts, where bars of a period do not carry it), which rises.  Key of a trade is its id,
    which rises among trades of one ts; an id below 1 is none.
    """

    def __init__(self) -> None:
        self._memory = Memory()
        self._places: dict[str, SeriesOrder] = {}
        self._panels: dict[str, PanelOrder] = {}
        self._saved: dict[str, list[Any]] = {}  # of panels that have not come yet
        self._cell: Cell | None = None
        # whose rows the cell was given last, and where they lay: rows that come one by one lie at one place
        self._given: tuple[SeriesOrder, list[int], int] | None = None

    def check(self, batch: Batch) -> tuple[int, str]:
        """How many rows from the first on are in order, and what is wrong with the next one; '' if all are."""
        schema, n = batch.schema, batch.n
        if schema.panel:
            self._given = None  # new symbols move what is remembered
            return self._of_panel(schema).check(batch)
        place = self._places.get(schema.key)
        if place is None:
            self._given = None
            place = self._places[schema.key] = SeriesOrder(self._memory.slot(schema.key))
        if place.schema is not schema:
            self._given = None
            place.bind(schema)
        if place.ts < 0:
            return n, ""
        cell, given = self._cell or self._made(), self._given
        at = batch.addresses
        if given is None or given[0] is not place or given[1] is not at or given[2] != n:
            key, complete = place.key, place.complete
            cell.give(
                *(at[place.ts], n),
                *((at[key], n) if key >= 0 else (0, 0)),
                *((at[complete], n) if complete >= 0 else (0, 0)),
                place.how,
                *(self._memory.numbers.buffer_info()[0] + 8 * FIELDS * place.slot, FIELDS),
            )
            self._given = (place, at, n) if stay(at) else None
        cell.run()
        good, why = cell.state.whole
        return good, self._problem(place, batch, good, why) if good < n else ""

    def _made(self) -> Cell:
        self._cell = Cell(in_order)
        return self._cell

    def _of_panel(self, schema: Schema) -> PanelOrder:
        name = told_apart(schema)
        found = self._panels.get(name)
        if found is None:
            from hq_core.panel_order import PanelOrder  # few inputs have panels

            found = self._panels[name] = PanelOrder(schema, self._memory)
            if name in self._saved:
                found.load(self._saved.pop(name))
        return found

    def _problem(self, place: SeriesOrder, batch: Batch, row: int, why: int) -> str:
        memory = self._memory.of(place.slot)
        ts, last = iso_text(_AT(batch.addresses[place.ts] + 8 * row).value), iso_text(memory[LAST])
        where = f"{batch.schema.key} row {memory[ROWS] + 1}"
        if why == BACK:
            late = "hq-aggregate --lateness waits for late ones"
            back = say_back(batch.schema.clock, last, ts)
            return f"{where}: {back}; {SORT}, with --dedupe exact or last where some repeat; {late}"
        return f"{where}: {place.key_problem(batch, row, memory, why, f'ts {ts}, after ts {last}')}"

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        panels = {**self._saved, **{name: panel.save() for name, panel in self._panels.items()}}
        return {"series": self._memory.save(), "panels": panels}

    def load(self, saved: Any) -> None:
        """Take up what `save` gave.  Raises Damaged where it cannot be that."""
        self._memory.load(saved["series"])
        self._given = None
        self._saved = dict(saved["panels"])


def ordered(source: Iterable[Item], order: RowOrder | None = None) -> Iterator[Item]:
    """The items of a source; HqError DATA at the first row that is out of order, after the rows before it.

    order  remembers what came before, in another section or run
    """
    order = order or RowOrder()
    if getattr(source, "loose", False):
        from hq_core.stream.instants import PanelsInOrder

        source = PanelsInOrder().through(source)
    for item in source:
        if not isinstance(item, Batch):
            yield item
            continue
        good, wrong = order.check(item)
        if good:
            yield item if good == item.n else item.slice(0, good)
        if wrong:
            raise HqError(wrong, DATA)
