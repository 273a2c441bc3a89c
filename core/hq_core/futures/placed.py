"""Rows of orders laid beside the bars that they were decided on, as the columns that the account reads."""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING, Any

from hq_core.batch import NEVER
from hq_core.errors import DATA, USAGE, HqError, did_you_mean
from hq_core.jit import F8, I1, I4, I8, U1, Cell, State, kernel
from hq_core.kinds import ACCOUNTS_UNIT, ORDER, VERBS
from hq_core.memory import room
from hq_core.options.account import SIZE_UNITS, AccountOptions, RunOptions
from hq_core.saved import Damaged
from hq_core.say import iso_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.batch import Batch, Schema

UNKNOWN, OTHERS, BEHIND, NO_MARKET_ORDER, NO_QUANTITY, OTHER_UNIT = 1, 2, 3, 4, 5, 6
TWICE, TIE = 1, 2
# Of a row of orders: what says how it is to be carried out in a way that this account does not know.
BEYOND = tuple(column.name for column in ORDER.columns if column.optional and column.name != "rule")
SAVED = (str, str, str, int, [(int, int, float)])  # symbol, period, strategy, ts of the last bar, orders that wait


@kernel(state="taken:i8 wrong:i8 why:i8")
def market_orders(
    ts: I8,
    strategy: I4,
    side: I1,
    action: I1,
    type: I1,
    quantity: F8,
    unit: I1,
    texts: int,
    ours: int,
    alone: int,
    account_unit: int,
    last: int,
    s: State,
    o_ts: I8,
    o_verb: I1,
    o_quantity: F8,
) -> None:
    """The orders of a strategy, as verbs: 0 opens and 1 closes long, 2 and 3 do so with short.

    texts    codes of strategies that there are; ours: the strategy's; alone: 1 where those of others are an error
    account_unit   the code of the account's own; last: no order may have a ts up to this
    s.taken  how many there are in o_...; s.wrong: the first row that is not taken, or -1, and s.why
    """
    s.taken, s.wrong, s.why = 0, -1, 0
    k = 0
    for i in range(len(ts)):
        why = 0
        if strategy[i] < 0 or strategy[i] >= texts:
            why = UNKNOWN
        elif strategy[i] != ours:
            if alone == 0:
                continue
            why = OTHERS
        elif type[i] != 0 or action[i] < 0 or action[i] > 1 or (side[i] != 1 and side[i] != -1):
            why = NO_MARKET_ORDER
        elif math.isnan(quantity[i]):
            why = NO_QUANTITY
        elif unit[i] != ACCOUNTS_UNIT and unit[i] != account_unit:
            why = OTHER_UNIT
        elif ts[i] <= last:
            why = BEHIND
        if why != 0:
            s.wrong, s.why = i, why
            break
        o_ts[k] = ts[i]
        o_verb[k] = action[i] + (0 if side[i] > 0 else 2)
        o_quantity[k] = quantity[i]
        k += 1
    s.taken = k


@kernel(state="at:i8 lost:i8 last:i8 why:i8")
def beside_bars(
    ts: I8,
    complete: U1,
    o_ts: I8,
    o_verb: I1,
    o_quantity: F8,
    s: State,
    open_long: F8,
    close_long: F8,
    open_short: F8,
    close_short: F8,
) -> None:
    """Each order at the bar of its ts; nan where a bar has none.

    s.at    orders that are done with; s.lost: those of them whose bar is not there
    s.last  ts of the last bar with an order, before this and after it; s.why: what is wrong with the order at s.at
    """
    s.at, s.lost, s.why = 0, 0, 0
    k = 0
    for i in range(len(ts)):
        open_long[i] = math.nan
        close_long[i] = math.nan
        open_short[i] = math.nan
        close_short[i] = math.nan
        if len(complete) > 0 and complete[i] == 0:
            continue
        if ts[i] == s.last:
            s.why = TIE
            break
        while k < len(o_ts) and o_ts[k] < ts[i]:
            k += 1
            s.lost += 1
        while k < len(o_ts) and o_ts[k] == ts[i]:
            verb = o_verb[k]
            to = open_long if verb == 0 else close_long if verb == 1 else open_short if verb == 2 else close_short
            if not math.isnan(to[i]):
                s.why = TWICE
                break
            to[i] = o_quantity[k]
            s.last = ts[i]
            k += 1
        if s.why != 0:
            break
    s.at = k


class Placed:
    """The orders of one series that wait for their bars.

    strategy   whose are taken; '': those of the only one that there is, whose name stands in `name`
    size_unit  of the account
    """

    def __init__(self, key: str, strategy: str, size_unit: str) -> None:
        self.key = key
        self.strategy = self.name = strategy
        self.lost = 0  # orders whose bar was not there
        self.had = False
        self._unit = size_unit
        self._ts, self._verb, self._quantity = array("q"), array("b"), array("d")
        self._take, self._place = Cell(market_orders), Cell(beside_bars)
        self._place.state.last = NEVER
        self._columns = [array("d") for _ in VERBS]

    def take(self, batch: Batch, last: int) -> int:
        """Orders of bars that come next, after `last`; how many are the strategy's.  HqError DATA for what is none."""
        schema, cell = batch.schema, self._take
        beyond = [name for name in BEYOND if schema.has(name)]
        if beyond:
            what = f"{schema.key} has {', '.join(beyond)}; the account carries out plain market orders only"
            raise HqError(what, DATA)
        table = batch.texts.get("strategy", [])
        code = self._code(batch, table)
        n = len(self._ts)
        for memory, width in ((self._ts, 8), (self._verb, 1), (self._quantity, 8)):
            memory.frombytes(bytes(width * batch.n))
        for name, at, kind in zip(schema.names, batch.addresses, (kind for _, kind in schema.cols)):
            if name in READ:
                if kind != READ[name]:
                    raise HqError(f"column '{name}' of {schema.key} is {kind}, must be {READ[name]}", DATA)
                cell.column(name, at, batch.n)
        for name in READ:
            schema.index(name)  # says what is missing
        cell.set(texts=len(table), ours=code, alone=not self.strategy, last=last)
        cell.set(account_unit=SIZE_UNITS.index(self._unit))
        cell.column("o_ts", self._ts.buffer_info()[0] + 8 * n, batch.n)
        cell.column("o_verb", self._verb.buffer_info()[0] + n, batch.n)
        cell.column("o_quantity", self._quantity.buffer_info()[0] + 8 * n, batch.n)
        cell.run()
        if cell.state.wrong >= 0:
            raise self._wrong(batch, cell.state.wrong, cell.state.why)
        taken: int = cell.state.taken
        for one in (self._ts, self._verb, self._quantity):
            del one[n + taken :]
        self.had |= taken > 0
        return taken

    def _code(self, batch: Batch, table: list[str]) -> int:
        if self.strategy:
            check_strategy(self.strategy, table, batch.schema)
        elif not self.name:
            self.name = batch.slice(0, 1).words("strategy")[0]
        return table.index(self.name) if self.name in table else -1

    def _wrong(self, batch: Batch, row: int, why: int) -> HqError:
        one = batch.slice(row, row + 1)
        where = f"{batch.schema.key}: the order of {iso_text(one.view('ts')[0])}"
        if why == UNKNOWN:
            one.words("strategy")
        if why == OTHERS:
            return several(batch.schema, [self.name, *one.words("strategy")])
        if why == BEHIND:
            return HqError(f"{where} comes after its bar; orders lie before the bars that they were decided on", DATA)
        if why == NO_QUANTITY:
            return HqError(f"{where} has no quantity; inf orders all that can be", DATA)
        words = {
            name: ORDER.codes[name].get(str(one.view(name)[0]), str(one.view(name)[0]))
            for name in ORDER.codes
            if name in READ
        }
        if why == OTHER_UNIT:
            what = f"{where} is in {words['unit']}, the account's sizes are in {self._unit}"
            return HqError(what, DATA, hint=("pass ", AccountOptions.size_unit, f" {words['unit']}"))
        told = f"type {words['type']}, action {words['action']}, side {words['side']}"
        return HqError(f"{where} is of {told}; the account carries out market orders that open or close a side", DATA)

    def place(self, batch: Batch) -> dict[str, int]:
        """The address of each column of orders beside these bars; none where no order is."""
        cell, n = self._place, batch.n
        if not n or (not self._ts and batch.ts(0) > cell.state.last):
            return {}
        to = {verb: room(column, n) for verb, column in zip(VERBS, self._columns)}
        flag = batch.schema.flag
        cell.column("ts", batch.address("ts"), n)
        cell.column("complete", batch.addresses[flag] if flag >= 0 else 0, n if flag >= 0 else 0)
        for name, memory in (("o_ts", self._ts), ("o_verb", self._verb), ("o_quantity", self._quantity)):
            cell.column(name, memory.buffer_info()[0], len(memory))
        for verb, at in to.items():
            cell.column(verb, at, n)
        cell.run()
        at, why = cell.state.at, cell.state.why
        if why == TIE:
            what = f"two bars of {batch.schema.key} have the ts {iso_text(cell.state.last)}"
            raise HqError(f"{what}, so nobody can tell whose its orders are", DATA)
        if why == TWICE:
            verb = VERBS[self._verb[at]].replace("_", " ")
            raise HqError(f"{self.key}: two orders of {iso_text(self._ts[at])} to {verb}; a bar has one", DATA)
        self.lost += cell.state.lost
        for one in (self._ts, self._verb, self._quantity):
            del one[:at]
        return to

    @property
    def waiting(self) -> int:
        return len(self._ts)

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> list[Any]:
        return [self.name, self._place.state.last, [list(one) for one in zip(self._ts, self._verb, self._quantity)]]

    def load(self, saved: Sequence[Any]) -> None:
        self.name, self._place.state.last, rows = saved
        if any(not 0 <= verb < len(VERBS) for _, verb, _ in rows):
            raise Damaged(f"{self.key}: an order that waits has no verb")
        self.had = True
        self._ts = array("q", [ts for ts, _, _ in rows])
        self._verb = array("b", [verb for _, verb, _ in rows])
        self._quantity = array("d", [quantity for _, _, quantity in rows])


READ = {name: kind for name, kind in ORDER.required if name in market_orders.kinds}


def check_strategy(strategy: str, names: list[str], schema: Schema) -> None:
    """Raises HqError USAGE where a strategy has no orders."""
    if strategy not in names:
        there = ", ".join(names) or "only unnamed ones"
        what = f"'{strategy}' has no orders in {schema.key}; there are {there}{did_you_mean(strategy, names)}"
        raise HqError(what, USAGE, subject=RunOptions.strategy)


def several(schema: Schema, names: Sequence[str]) -> HqError:
    """What is said where one strategy must be chosen."""
    what = f"{schema.key} has the orders of {', '.join(name or '(unnamed)' for name in names)}"
    return HqError(what, USAGE, subject=RunOptions.strategy, hint=("choose one with ", RunOptions.strategy))
