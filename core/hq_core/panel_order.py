"""The order of rows within a panel: by ts, those of one ts by symbol, and each symbol's key as in a series."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from hq_core.jit import I1, I4, I8, Cell, State, kernel
from hq_core.order_key import BACK, FIELDS, KEY, KEY_TS, KEYED, LAST, SEEN, SORT, SeriesOrder, wrong_key
from hq_core.say import iso_text, say_back

if TYPE_CHECKING:
    from hq_core.batch import Batch, Schema

SYMBOL_BACK, NO_TEXT = 4, 5


@kernel(state="good:i8 why:i8 rows:i8 seen:i8 last:i8 rank:i8")
def in_panel(ts: I8, symbol: I4, slot: I8, ranks: I8, key: I8, complete: I1, loose: int, memory: I8, s: State) -> None:
    """As `in_order`, of rows of many symbols: by ts, those of one ts by symbol, and each symbol's key as in a series.

    symbol  (n,) codes;  slot: the symbol's place in `memory`, by code;  ranks: its place among all, by code
    memory  (symbols, FIELDS)
    s       rows so far; seen, last, rank: of the last complete one
    """
    keys = len(key) > 0
    n = len(ts)
    i = 0
    s.why = 0
    while i < n:
        code = symbol[i]
        if code < 0 or code >= len(slot):
            s.why = NO_TEXT
            break
        if len(complete) == 0 or complete[i] != 0:
            at = slot[code] * FIELDS
            there = keys and (loose == 0 or key[i] > 0)
            if s.seen != 0 and ts[i] < s.last:
                s.why = BACK
            elif s.seen != 0 and ts[i] == s.last and ranks[code] < s.rank:
                s.why = SYMBOL_BACK
            elif there:
                s.why = wrong_key(ts[i], key[i], loose, memory[at + KEYED], memory[at + KEY], memory[at + KEY_TS])
            if s.why != 0:
                break
            s.seen = 1
            s.last = ts[i]
            s.rank = ranks[code]
            memory[at + SEEN] = 1
            memory[at + LAST] = ts[i]
            if there:
                memory[at + KEYED] = 1
                memory[at + KEY] = key[i]
                memory[at + KEY_TS] = ts[i]
        i += 1
    s.rows += i
    s.good = i


class PanelOrder:
    """The order of one panel: of its rows, and of the keys of each symbol."""

    def __init__(self, schema: Schema) -> None:
        self.place = SeriesOrder()
        self.place.bind(schema)
        self._cell = Cell(in_panel)
        self._cell.set(loose=self.place.loose)
        self._table: list[str] | None = None
        self._slots: dict[str, int] = {}
        self._memory = array("q")
        self._slot, self._ranks = array("q"), array("q")
        self._known = 0
        self._last = ""  # the symbol of the last complete row

    def check(self, batch: Batch) -> tuple[int, str]:
        """As Order.check."""
        n, place, cell = batch.n, self.place, self._cell
        if place.ts < 0:
            return n, ""
        if place.schema is not batch.schema:
            place.bind(batch.schema)
        table = batch.texts.get("symbol", [])
        if table is not self._table or len(table) != self._known:
            self._learn(table)
        at = batch.addresses
        cell.column("ts", at[place.ts], n)
        cell.column("symbol", batch.address("symbol"), n)
        cell.column("slot", self._slot.buffer_info()[0], len(self._slot))
        cell.column("ranks", self._ranks.buffer_info()[0], len(self._ranks))
        cell.column("key", at[place.key], n if place.key >= 0 else 0)
        cell.column("complete", at[place.complete], n if place.complete >= 0 else 0)
        cell.column("memory", self._memory.buffer_info()[0], len(self._memory))
        rows = cell.state.rows
        cell.run()
        good: int = cell.state.good
        if good:
            self._last = table[batch.view("symbol")[good - 1]]
        return good, self._problem(batch, good, rows + good, cell.state.why) if good < n else ""

    def _learn(self, table: list[str]) -> None:
        """Other symbols, or other codes for them: a section has begun, or texts have come."""
        self._table, self._known = table, len(table)
        for symbol in table:
            if symbol and symbol not in self._slots:  # an empty one has no rows: the Reader sees to it
                self._slots[symbol] = len(self._slots)
                self._memory.extend([0] * FIELDS)
        ranks = {symbol: i for i, symbol in enumerate(sorted(self._slots))}
        self._slot = array("q", [self._slots.get(symbol, 0) for symbol in table])
        self._ranks = array("q", [ranks.get(symbol, 0) for symbol in table])
        if self._last:
            self._cell.state.rank = ranks[self._last]

    def _problem(self, batch: Batch, row: int, number: int, why: int) -> str:
        state, place = self._cell.state, self.place
        where = f"{batch.schema.key} row {1 + (number if batch.rows is None else batch.rows[row])}"
        if why == NO_TEXT:
            code = batch.view("symbol")[row]
            return f"{where}: column 'symbol' has code {code}, of which the stream gives no text"
        symbol = batch.slice(row, row + 1).words("symbol")[0]
        ts, last = iso_text(batch.view("ts")[row]), iso_text(state.last)
        if why == BACK:
            back = say_back("ts", last, ts)
            return f"{where}: {symbol}: {back}; rows of a panel lie by ts: {SORT}, hq-merge makes panels"
        if why == SYMBOL_BACK:
            return f"{where}: {symbol} comes after {self._last} of the same ts {ts}; rows of one ts lie by symbol"
        before = self._memory[FIELDS * self._slots[symbol] + KEY]
        return f"{where}: {symbol}: {place.key_problem(batch, row, before, why, f'ts {ts}')}"

    def save(self) -> dict[str, list[int]]:
        """What is remembered of each symbol; under '' the panel's rows and the place of its last symbol."""
        memory = self._memory.tolist()
        last = self._slots.get(self._last, -1)
        return {
            "": [self._cell.state.rows, last],
            **{symbol: memory[FIELDS * at : FIELDS * (at + 1)] for symbol, at in self._slots.items()},
        }

    def load(self, saved: dict[str, list[int]]) -> None:
        state = self._cell.state
        for symbol, memory in saved.items():
            if symbol:
                self._slots[symbol] = len(self._slots)
                self._memory.extend(memory)
        symbols = list(self._slots)
        rows, last = saved.get("", (0, -1))
        state.rows = rows
        if 0 <= last < len(symbols):
            self._last = symbols[last]
            state.seen, state.last = 1, self._memory[FIELDS * last + LAST]
