"""The order of rows within a panel: by ts, those of one ts by symbol, and each symbol's as in its series."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from hq_core.jit import I1, I4, I8, Cell, State, kernel
from hq_core.order_key import BACK, BY_ID, FIELDS, KEY, KEY_TS, KEYED, LAST, SEEN, SORT, Memory, SeriesOrder, wrong_key
from hq_core.say import iso_text, say_back

if TYPE_CHECKING:
    from hq_core.batch import Batch, Schema

SYMBOL_BACK, NO_TEXT, ALONE_BACK = 4, 5, 6


@kernel(state="good:i8 why:i8 rows:i8 seen:i8 last:i8 rank:i8 code:i8")
def in_panel(ts: I8, symbol: I4, slot: I8, ranks: I8, key: I8, complete: I1, how: int, memory: I8, s: State) -> None:
    """As `in_order`, of rows of many symbols: by ts, those of one ts by symbol, and each symbol's as in its series.

    symbol  (n,) codes;  slot: the symbol's place in `memory`, by code;  ranks: its place among all, by code
    memory  (series, FIELDS)
    s       rows so far; of the last complete one seen, ts, rank and code, which is -1 where it came before this batch
    """
    s.code = -1
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
            there = keys and (how != BY_ID or key[i] > 0)
            if s.seen != 0 and ts[i] < s.last:
                s.why = BACK
            elif s.seen != 0 and ts[i] == s.last and ranks[code] < s.rank:
                s.why = SYMBOL_BACK
            elif memory[at + SEEN] != 0 and ts[i] < memory[at + LAST]:
                s.why = ALONE_BACK
            elif there:
                s.why = wrong_key(ts[i], key[i], how, memory[at + KEYED], memory[at + KEY], memory[at + KEY_TS])
            if s.why != 0:
                break
            s.seen = 1
            s.last = ts[i]
            s.rank = ranks[code]
            s.code = code
            memory[at + SEEN] = 1
            memory[at + LAST] = ts[i]
            if there:
                memory[at + KEYED] = how
                memory[at + KEY] = key[i]
                memory[at + KEY_TS] = ts[i]
        i += 1
    s.rows += i
    s.good = i


class PanelOrder:
    """The order of one panel: of its rows, and of those of each symbol.

    memory  of the symbols, which other panels and their own series may bring as well
    """

    def __init__(self, schema: Schema, memory: Memory) -> None:
        self.place = SeriesOrder()
        self.place.bind(schema)
        self._memory = memory
        self._cell = Cell(in_panel)
        self._cell.set(how=self.place.how)
        self._table: list[str] | None = None
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
            cell.set(how=place.how)
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
        numbers = self._memory.numbers
        cell.column("memory", numbers.buffer_info()[0], len(numbers))
        rows = cell.state.rows
        cell.run()
        good: int = cell.state.good
        if cell.state.code >= 0:
            self._last = table[cell.state.code]
        return good, self._problem(batch, good, rows + good, cell.state.why) if good < n else ""

    def _learn(self, table: list[str]) -> None:
        """Other symbols, or other codes for them: a section has begun, or texts have come."""
        self._table, self._known = table, len(table)
        ranks = {symbol: i for i, symbol in enumerate(sorted({*table, self._last}))}
        self._slot = array("q", [self._place(symbol) if symbol else 0 for symbol in table])  # an empty one has no rows
        self._ranks = array("q", [ranks[symbol] for symbol in table])
        self._cell.state.rank = ranks[self._last]

    def _place(self, symbol: str) -> int:
        schema: Any = self.place.schema
        return self._memory.slot(f"{schema.of}/{symbol}/{schema.period}")

    def _problem(self, batch: Batch, row: int, number: int, why: int) -> str:
        state, place = self._cell.state, self.place
        where = f"{batch.schema.key} row {1 + (number if batch.rows is None else batch.rows[row])}"
        if why == NO_TEXT:
            code = batch.view("symbol")[row]
            return f"{where}: column 'symbol' has code {code}, of which the stream gives no text"
        symbol = batch.slice(row, row + 1).words("symbol")[0]
        ts, last = iso_text(batch.times()[row]), iso_text(state.last)
        if why == BACK:
            back = say_back(batch.schema.clock, last, ts)
            return f"{where}: {symbol}: {back}; rows of a panel lie by ts: {SORT}, hq-merge makes panels"
        if why == SYMBOL_BACK:
            return f"{where}: {symbol} comes after {self._last} of the same ts {ts}; rows of one ts lie by symbol"
        memory = self._memory.of(self._place(symbol))
        if why == ALONE_BACK:
            back = say_back(batch.schema.clock, iso_text(memory[LAST]), ts)
            return f"{where}: {symbol}: {back}, where it came by itself or in another panel; each row comes once, by ts"
        return f"{where}: {symbol}: {place.key_problem(batch, row, memory, why, f'ts {ts}')}"

    def save(self) -> list[Any]:
        """The panel's rows so far, and ts and symbol of the last complete one, '' if there is none."""
        return [self._cell.state.rows, self._cell.state.last, self._last]

    def load(self, saved: list[Any]) -> None:
        state = self._cell.state
        state.rows, state.last, self._last = saved
        state.seen = int(self._last != "")
