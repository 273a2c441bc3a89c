"""Orders as they are given, rows of kind order or columns of bars, made into rows of the account's block of orders."""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING, Any

from hq_core.errors import DATA, USAGE, HqError, did_you_mean
from hq_core.futures.blocks import (
    O_ACTION,
    O_EXPIRE,
    O_GROUP,
    O_ID,
    O_LIMIT,
    O_POST,
    O_QUANTITY,
    O_REDUCE,
    O_REF,
    O_SIDE,
    O_STOP,
    O_SYMBOL,
    O_TAKE,
    O_TIF,
    O_TRAIL,
    O_TRAIL_FRAC,
    O_TRIGGER,
    O_TS,
    O_TYPE,
    O_UNIT,
    ORDER_SAID,
)
from hq_core.futures.orders import GTD
from hq_core.futures.resting import CLOSE, MARKET, OPEN, REPLACE, SET_MARGIN, TARGET, TRAIL
from hq_core.jit import F8, I1, I4, I8, U1, Cell, State, float_of, inline, kernel
from hq_core.kinds import ORDER, TYPE_MAY, TYPE_NEEDS, UNTIL, VERBS, wrong_life
from hq_core.options.account import RunOptions
from hq_core.saved import Damaged
from hq_core.say import iso_text
from hq_core.stream.rows import by_time, gathered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.batch import Batch, Schema

(
    UNKNOWN,
    BEHIND,
    NO_QUANTITY,
    NO_SIDE,
    NO_ACTION,
    NO_TYPE,
    NO_LIMIT,
    NO_TRIGGER,
    NO_TRAIL,
    NO_REF,
    NO_PRICE,
    NOT_AT_MARKET,
    NO_SYMBOL,
    SPARE_LIMIT,
    SPARE_TRIGGER,
    NO_EXPIRE,
    SPARE_EXPIRE,
    NO_NUMBER,
) = range(1, 19)
WHOLE = 1 << 53  # ids and groups stand in columns of f8, which leave numbers out from here on
NO_TIF = -1.0  # of an order that replaces another one: as that has it
ROW = 8 * ORDER_SAID
MAY, NEEDS = 1, 2


def by_type(price: str) -> tuple[int, ...]:
    """Of each type of order whether it needs that price or may have it; 0: it means nothing there."""
    kinds = ORDER.codes["type"].values()
    return tuple(NEEDS if price in TYPE_NEEDS[one] else MAY if price in TYPE_MAY.get(one, ()) else 0 for one in kinds)


LIMITS, TRIGGERS = by_type("limit"), by_type("trigger")


@inline
def said(column: F8, i: int) -> float:
    """A price of an order, nan where it is not said."""
    return column[i] if len(column) > 0 else math.nan


@inline
def numbered(column: I8, i: int) -> bool:
    """Whether a number that is not said, or one that a column of f8 holds as it is."""
    return len(column) == 0 or 0 <= column[i] <= WHOLE


@inline
def no_price(value: float) -> bool:
    """Whether what is said as a price is none."""
    return not math.isnan(value) and not (0.0 < value < math.inf)


@kernel()
def by_strategy(strategy: I4, counts: I8) -> None:
    """counts[] = how many rows each strategy has; rows of an unknown one count in each, so that they are met."""
    unknown = 0
    for i in range(len(strategy)):
        if 0 <= strategy[i] < len(counts):
            counts[strategy[i]] += 1
        else:
            unknown += 1
    for c in range(len(counts)):
        counts[c] += unknown


@kernel(state="taken:i8 wrong:i8 why:i8")
def order_rows(
    ts: I8,
    strategy: I4,
    symbol: I4,
    id: I8,
    side: I1,
    action: I1,
    type: I1,
    quantity: F8,
    unit: I1,
    limit: F8,
    trigger: F8,
    stop: F8,
    take: F8,
    trail: F8,
    trail_frac: F8,
    tif: I1,
    expire: I8,
    reduce_only: U1,
    post_only: U1,
    group: I8,
    ref: I8,
    numbers: I8,
    number: int,
    texts: int,
    ours: int,
    last: int,
    s: State,
    o_ts: I8,
    o: F8,
) -> None:
    """The orders of a strategy.

    symbol, numbers   codes of a panel's rows, and the account's number of each, -1: not traded; without codes `number`
    texts    codes of strategies that there are; ours: the strategy's; last: no order may have a ts up to this
    o_ts, o  out: rows as blocks.py has them; s.taken: how many
    s.wrong  the first row that is no order, or -1, and s.why
    """
    s.wrong, s.why = -1, 0
    k = 0
    for i in range(len(ts)):
        if strategy[i] != ours:
            if strategy[i] < 0 or strategy[i] >= texts:
                s.wrong, s.why = i, UNKNOWN
                break
            continue
        whose = number
        if len(symbol) > 0:
            if symbol[i] < 0 or symbol[i] >= len(numbers):
                s.wrong, s.why = i, NO_SYMBOL
                break
            whose = numbers[symbol[i]]
        if whose < 0:
            continue
        why = 0
        places = action[i] == OPEN or action[i] == CLOSE
        works = tif[i] if len(tif) > 0 else NO_TIF if action[i] == REPLACE else 0.0
        until = expire[i] if len(expire) > 0 else 0
        if action[i] < 0 or action[i] > SET_MARGIN:
            why = NO_ACTION
        elif places and side[i] != 1 and side[i] != -1:
            why = NO_SIDE
        elif type[i] < 0 or type[i] > TRAIL:
            why = NO_TYPE
        elif (places or action[i] == TARGET or action[i] > REPLACE) and math.isnan(quantity[i]):
            why = NO_QUANTITY
        elif action[i] == TARGET and (type[i] != MARKET or abs(quantity[i]) == math.inf):
            why = NOT_AT_MARKET if type[i] != MARKET else NO_QUANTITY
        elif places and LIMITS[type[i]] == NEEDS and math.isnan(said(limit, i)):
            why = NO_LIMIT
        elif places and TRIGGERS[type[i]] == NEEDS and math.isnan(said(trigger, i)):
            why = NO_TRIGGER
        elif action[i] <= TARGET and LIMITS[type[i]] == 0 and not math.isnan(said(limit, i)):
            why = SPARE_LIMIT
        elif action[i] <= TARGET and TRIGGERS[type[i]] == 0 and not math.isnan(said(trigger, i)):
            why = SPARE_TRIGGER
        elif places and type[i] == TRAIL and math.isnan(said(trail, i)) and math.isnan(said(trail_frac, i)):
            why = NO_TRAIL
        elif action[i] == REPLACE and (len(ref) == 0 or ref[i] < 1):
            why = NO_REF
        elif (
            no_price(said(limit, i))
            or no_price(said(trigger, i))
            or no_price(said(stop, i))
            or no_price(said(take, i))
            or no_price(said(trail, i))
            or no_price(said(trail_frac, i))
        ):
            why = NO_PRICE
        elif action[i] <= REPLACE and works == GTD and until == 0:
            why = NO_EXPIRE
        elif action[i] <= REPLACE and works != GTD and until != 0:
            why = SPARE_EXPIRE
        elif id[i] < 1 or not (numbered(id, i) and numbered(ref, i) and numbered(group, i)):
            why = NO_NUMBER
        elif ts[i] <= last:
            why = BEHIND
        if why != 0:
            s.wrong, s.why = i, why
            break
        at = k * ORDER_SAID
        o_ts[k] = ts[i]
        o[at + O_ID] = id[i]
        o[at + O_SYMBOL] = whose
        o[at + O_SIDE] = side[i]
        o[at + O_ACTION] = action[i]
        o[at + O_TYPE] = type[i]
        o[at + O_QUANTITY] = quantity[i]
        o[at + O_UNIT] = unit[i]
        o[at + O_LIMIT] = said(limit, i)
        o[at + O_TRIGGER] = said(trigger, i)
        o[at + O_STOP] = said(stop, i)
        o[at + O_TAKE] = said(take, i)
        o[at + O_TRAIL] = said(trail, i)
        o[at + O_TRAIL_FRAC] = said(trail_frac, i)
        o[at + O_TIF] = works
        o[at + O_EXPIRE] = float_of(until)
        o[at + O_REDUCE] = reduce_only[i] if len(reduce_only) > 0 else 0.0
        o[at + O_POST] = post_only[i] if len(post_only) > 0 else 0.0
        o[at + O_GROUP] = group[i] if len(group) > 0 else 0.0
        o[at + O_REF] = ref[i] if len(ref) > 0 else 0.0
        o[at + O_TS] = 0.0
        k += 1
    s.taken = k


@kernel(state="taken:i8 id:i8")
def order_columns(
    ts: I8,
    complete: U1,
    open_long: F8,
    close_long: F8,
    open_short: F8,
    close_short: F8,
    symbol: I4,
    numbers: I8,
    number: int,
    s: State,
    o_ts: I8,
    o: F8,
) -> None:
    """Orders at the market from columns of bars: nan or 0 none, inf without a size; s.id counts them."""
    k = 0
    for i in range(len(ts)):
        if len(complete) > 0 and complete[i] == 0:
            continue
        whose = numbers[symbol[i]] if len(symbol) > 0 else number
        if whose < 0:
            continue
        for verb in range(4):
            quantity = math.nan
            if verb == 0 and len(open_long) > 0:
                quantity = open_long[i]
            elif verb == 1 and len(close_long) > 0:
                quantity = close_long[i]
            elif verb == 2 and len(open_short) > 0:
                quantity = open_short[i]
            elif verb == 3 and len(close_short) > 0:
                quantity = close_short[i]
            if math.isnan(quantity) or quantity == 0.0:
                continue
            at = k * ORDER_SAID
            s.id += 1
            o_ts[k] = ts[i]
            for place in range(ORDER_SAID):
                o[at + place] = 0.0
            for place in range(O_LIMIT, O_TRAIL_FRAC + 1):
                o[at + place] = math.nan
            o[at + O_ID] = s.id
            o[at + O_SYMBOL] = whose
            o[at + O_SIDE] = 1.0 if verb < 2 else -1.0
            o[at + O_ACTION] = CLOSE if verb == 1 or verb == 3 else OPEN
            o[at + O_QUANTITY] = quantity
            o[at + O_UNIT] = -1.0
            k += 1
    s.taken = k


READ = {name: kind for name, kind in ORDER.cols if name in order_rows.kinds}
WAITS = [(int, bytes)]  # of what is saved: a ts, and the order's row


class PerStrategy:
    """How many rows of a batch each strategy can have."""

    def __init__(self) -> None:
        self._cell: Cell | None = None  # made where there are several

    def counts(self, batch: Batch, strategies: int) -> array[int]:
        found = array("q", bytes(8 * strategies))
        if strategies == 1:
            found[0] = batch.n
            return found
        cell = self._cell = self._cell or Cell(by_strategy)
        cell.column("strategy", batch.address("strategy"), batch.n)
        cell.buffer("counts", found)
        cell.run()
        return found


class Given:
    """The orders of one strategy that wait for their bars: `ts` and `rows` as the account takes them.

    id   of the last order that a column of bars gave
    """

    def __init__(self, strategy: str) -> None:
        self.strategy = strategy
        self.ts, self.rows = array("q"), array("d")
        self.had = False
        self._rows, self._columns = Cell(order_rows), Cell(order_columns)
        self._bound: Schema | None = None
        self._there: list[tuple[str, int]] = []  # of its columns those that are read, and where each stands

    def take(self, batch: Batch, code: int, most: int, number: int, numbers: array[int], last: int) -> int:
        """Orders of bars that come next, after `last`; how many are the strategy's.  HqError DATA for what is none.

        code, most       of the strategy in the batch, and how many of its rows can be the strategy's
        number, numbers  the account's number of the symbol, or of each code of a panel
        """
        schema, cell = batch.schema, self._rows
        if schema is not self._bound:
            self._bound, self._there = schema, schema.reads(list(READ.items()), ORDER.required)
            for name in READ:
                cell.column(name, 0, 0)
        for name, at in self._there:
            cell.column(name, batch.addresses[at], batch.n)
        cell.column("symbol", batch.address("symbol") if schema.panel else 0, batch.n if schema.panel else 0)
        cell.buffer("numbers", numbers)
        cell.set(number=number, texts=len(batch.texts.get("strategy", ())), ours=code, last=last)
        taken = self._add(cell, most)
        if cell.state.wrong >= 0:
            raise wrong(batch, cell.state.wrong, cell.state.why)
        return taken

    def take_columns(self, batch: Batch, prefix: str, number: int, numbers: array[int]) -> int:
        """The same of the columns of bars whose names begin like that."""
        schema, cell = batch.schema, self._columns
        flag = schema.flag
        cell.column("ts", batch.address("ts"), batch.n)
        cell.column("complete", batch.addresses[flag] if flag >= 0 else 0, batch.n if flag >= 0 else 0)
        for verb in VERBS:
            there = schema.has(prefix + verb)
            at = batch.addresses[schema.typed(prefix + verb, "f8")] if there else 0
            cell.column(verb, at, batch.n if there else 0)
        cell.column("symbol", batch.address("symbol") if schema.panel else 0, batch.n if schema.panel else 0)
        cell.buffer("numbers", numbers)
        cell.set(number=number)
        return self._add(cell, 4 * batch.n)

    def _add(self, cell: Cell, most: int) -> int:
        n = len(self.ts)
        self.ts.frombytes(bytes(8 * most))
        self.rows.frombytes(bytes(ROW * most))
        cell.column("o_ts", self.ts.buffer_info()[0] + 8 * n, most)
        cell.column("o", self.rows.buffer_info()[0] + ROW * n, ORDER_SAID * most)
        cell.run()
        taken: int = cell.state.taken
        del self.ts[n + taken :]
        del self.rows[ORDER_SAID * (n + taken) :]
        self.had |= taken > 0
        if n and taken and self.ts[n] < self.ts[n - 1]:
            self._sort()
        return taken

    def _sort(self) -> None:
        """By ts; those of one ts as they came.  It is seldom needed, so its kernels are not kept."""
        laid, moved = Cell(by_time), Cell(gathered)
        n = len(self.ts)
        order, spare = array("q", bytes(8 * n)), array("q", bytes(8 * n))
        laid.buffer("ts", self.ts)
        laid.column("rank", 0, 0)
        laid.buffer("order", order)
        laid.buffer("spare", spare)
        laid.run()
        rows = array("d", bytes(ROW * n))
        moved.buffer("order", order)
        moved.set(width=ROW)
        moved.column("rows", self.rows.buffer_info()[0], ROW * n)
        moved.column("out", rows.buffer_info()[0], ROW * n)
        moved.run()
        self.ts, self.rows = array("q", sorted(self.ts)), rows

    def done(self, n: int) -> None:
        """The first n have been taken up."""
        del self.ts[:n]
        del self.rows[: ORDER_SAID * n]

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> list[Any]:
        return [self._columns.state.id, self.ts.tobytes(), self.rows.tobytes()]

    def load(self, saved: Sequence[Any], symbols: int) -> None:
        self._columns.state.id, ts, rows = saved
        if len(ts) % 8 or len(rows) != len(ts) * ORDER_SAID:
            raise Damaged("orders that wait: their rows have another length than their times")
        self.ts, self.rows = array("q", ts), array("d", rows)
        self.had = True
        for at in range(0, len(self.rows), ORDER_SAID):
            if not (0 <= self.rows[at + O_SYMBOL] < symbols and self.rows[at + O_SYMBOL].is_integer()):
                raise Damaged("an order that waits has no symbol")
            if not (0 <= self.rows[at + O_ACTION] <= SET_MARGIN and 0 <= self.rows[at + O_TYPE] <= TRAIL):
                raise Damaged("an order that waits is none")


WORDS = {
    BEHIND: "comes after its bar; orders lie before the bars that they were decided on",
    NO_QUANTITY: "has no quantity; inf orders all that can be, of what is opened or closed",
    NO_SIDE: "has no side: 1 is of a long position, -1 of a short one",
    NO_LIMIT: "has no limit",
    NO_TRIGGER: "has no trigger",
    NO_TRAIL: "has neither trail nor trail_frac",
    NO_REF: "replaces another one, and ref does not say which",
    NO_PRICE: "has a price that is none; one is above 0, and nan where there is none",
    NO_NUMBER: f"has an id, ref or group outside 0 to {WHOLE}, or the id 0",
    NOT_AT_MARKET: "is a target with a type; targets are reached at the market",
    SPARE_LIMIT: "has a limit, which means nothing there; say type limit or stop_limit, or leave it out",
    SPARE_TRIGGER: "has a trigger, which means nothing there; say type stop, stop_limit or take, or leave it out",
    NO_EXPIRE: wrong_life(UNTIL, False),
    SPARE_EXPIRE: wrong_life("", True),
}
OF_TYPE = (NO_LIMIT, NO_TRIGGER, NO_TRAIL, SPARE_LIMIT, SPARE_TRIGGER)


def wrong(batch: Batch, row: int, why: int) -> HqError:
    """What is said of a row that is no order."""
    one = batch.slice(row, row + 1)
    if why == UNKNOWN:
        one.words("strategy")
    if why == NO_SYMBOL:
        one.words("symbol")
    where = f"{batch.schema.key}: the order of {iso_text(one.view('ts')[0])}"
    if why in (NO_ACTION, NO_TYPE):
        name = "action" if why == NO_ACTION else "type"
        known = ", ".join(f"{code} {word}" for code, word in ORDER.codes[name].items())
        return HqError(f"{where} has the {name} {one.view(name)[0]}; there are {known}", DATA)
    what = f" of type {ORDER.codes['type'][str(one.view('type')[0])]}" if why in OF_TYPE else ""
    return HqError(f"{where}{what} {WORDS[why]}", DATA)


def check_strategy(strategy: str, names: Sequence[str], schema: Schema) -> None:
    """Raises HqError USAGE where a strategy has no orders."""
    if strategy not in names:
        there = ", ".join(names) or "only unnamed ones"
        what = f"'{strategy}' has no orders in {schema.key}; there are {there}{did_you_mean(strategy, list(names))}"
        raise HqError(what, USAGE, subject=RunOptions.strategy)
