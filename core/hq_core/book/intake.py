"""Book rows as the book pass takes them: those of one view, their prices in ticks."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, NamedTuple

from hq_core.book.events import GAP
from hq_core.book.flags import (
    ADD,
    BBO,
    BUY,
    CANCEL,
    CLEAR,
    DEPTH,
    EXCH,
    FILL,
    KIND,
    LOCAL,
    MODIFY,
    SELL,
    SNAPSHOT,
    TRADE,
    UNKNOWN,
)
from hq_core.book.fractions import OFF, step_text
from hq_core.book.ladder import MOST_TICK, nearest
from hq_core.errors import DATA, HqError
from hq_core.jit import F8, I1, I8, Cell, State, kernel
from hq_core.memory import room
from hq_core.options.steps import StepOptions
from hq_core.say import iso_text
from hq_core.stream.rows import Permutation, Room

if TYPE_CHECKING:
    from hq_core.batch import Batch

VIEWS = {"local": LOCAL, "exch": EXCH}
FINE, NO_QTY, NO_PRICE, FAR, OFF_TICK, MIXED, NO_LOT = range(7)  # what is wrong with a row
EMPTY, LEVELS, ORDERS = 0, 1, 2  # what a book is told by so far
WRONG = {
    NO_QTY: "qty is {qty!r}, must be a number from 0",
    NO_PRICE: "px is {px!r}, must be a number",
    FAR: "px {px!r} is too far from 0 for a tick of {tick}",
    OFF_TICK: "px {px!r} is off the tick of {tick} that the first snapshot has",
    MIXED: "is of a book by orders where rows before are of one by levels, or the other way round",
    NO_LOT: "is of a book by orders, whose quantities are counted in lots",
}
HINTS = {OFF_TICK: StepOptions.tick, NO_LOT: StepOptions.lot}


@kernel(state="n:i8 stop:i8 wrong:i8 sideless:i8 odd:i8 off:i8 by:i8", wraps=False)
def taken(
    ev: I8,
    px: F8,
    qty: F8,
    ival: I8,
    view: int,
    strict: int,
    lot: int,
    over: float,
    under: float,
    s: State,
    row: I8,
    code: I1,
    side: I1,
    tick: I8,
    off: I8,
) -> None:
    """The rows of a view, in their order, as far as the first one that is wrong.

    view         the bit that they have
    lot          0: none is known
    strict       1: a level whose price is off the tick is wrong; 0: it is left out
    over, under  the tick is over / under
    row, code, side, tick   (n,) which row each is, and what it says (events.py)
    off          (n,) rows with a level whose price is off the tick
    s            n: rows taken; stop: rows looked at; wrong: FINE, or why the next one is wrong; sideless: rows left out
                 as their level has no side, or both; odd: events of an unknown number; off: how many;
                 by: EMPTY, LEVELS or ORDERS, from one call to the next
    """
    n = s.n = s.stop = s.wrong = s.sideless = s.odd = s.off = 0
    for i in range(len(ev)):
        flags = ev[i]
        s.stop = i
        if flags & view == 0:
            continue
        event = flags & KIND
        buys = flags & BUY != 0
        sells = flags & SELL != 0
        mine = (1 if buys else 0) - (1 if sells else 0)
        price = px[i]
        if not qty[i] >= 0.0 or qty[i] > 1e300:
            s.wrong = NO_QTY
            break
        if not abs(price) <= 1e300:
            s.wrong = NO_PRICE
            break
        at = nearest(price * under / over)
        if abs(at) > MOST_TICK:
            s.wrong = FAR
            break
        level = event in (DEPTH, SNAPSHOT, BBO)
        order = event in (ADD, MODIFY, CANCEL)
        if order and lot == 0:
            s.wrong = NO_LOT
            break
        if (order and s.by == LEVELS) or (level and s.by == ORDERS):
            s.wrong = MIXED
            break
        if (level or event in (ADD, MODIFY)) and mine == 0:
            s.sideless += 1
            continue
        if (level or event in (ADD, MODIFY)) and abs(price - at * over / under) > OFF * abs(price):
            if strict:
                s.wrong = OFF_TICK
                break
            off[s.off] = i
            s.off += 1
            continue
        if not level and not order and event not in (TRADE, CLEAR, FILL):
            s.odd += 1
            event = 0
        if level or order:
            s.by = ORDERS if order else LEVELS
        row[n] = i
        code[n] = GAP if event == CLEAR and ival[i] == UNKNOWN else event
        side[n] = mine
        tick[n] = int(at)
        n += 1
    s.n = n
    if s.wrong == FINE:
        s.stop = len(ev)


READ = tuple(name for name, _ in taken.args[:4])  # columns of the rows


class Taken(NamedTuple):
    """Rows of a view: how many, and the addresses of what they say and of the row that each was."""

    n: int
    row: int
    code: int
    side: int
    tick: int
    qty: int
    order: int


class Intake:
    """Takes the rows of one series.

    view   local: what is known here; exch: what is so at the exchange
    tick   step of prices as a fraction;  strict: a price off it is an error
    lot    whether one is known, without which a book by orders is an error
    off    rows of the last batch whose price was off it, and that were left out
    rows   which rows of the last batch were taken
    """

    def __init__(self, view: str, tick: tuple[int, int], strict: bool = False, lot: bool = True) -> None:
        self.tick = tick
        self._cell = Cell(taken)
        self._cell.set(view=VIEWS[view], strict=int(strict), lot=int(lot), over=tick[0], under=tick[1])
        self._memory = {name: array("q") for name in ("row", "code", "side", "tick", "off")}
        self._gathered = Permutation()
        self._moved = Room()
        self.off: list[int] = []
        self.rows = self._memory["row"]
        self.sideless = self.odd = self.wrong = self.stop = 0

    def take(self, batch: Batch) -> Taken:
        """The rows of the view, valid until the next ones; up to one that is wrong, which `refuse` tells of."""
        n = batch.n
        cell, state = self._cell, self._cell.state
        cell.columns(READ, map(batch.address, READ), n)
        at = {name: room(memory, n) for name, memory in self._memory.items()}
        cell.columns(at, at.values(), n)
        cell.run()
        self.off = self._memory["off"][: state.off].tolist()
        self.sideless, self.odd, self.wrong, self.stop = state.sideless, state.odd, state.wrong, state.stop
        qty, order = batch.address("qty"), batch.address("order_id")
        if state.n < n:
            columns = self._moved.columns((8, 8), state.n)
            self._gathered.take(at["row"], state.n, (8, 8), (qty, order), columns)
            qty, order = columns
        return Taken(state.n, at["row"], at["code"], at["side"], at["tick"], qty, order)

    @property
    def by(self) -> int:
        """What the book is told by so far: EMPTY, LEVELS or ORDERS."""
        return int(self._cell.state.by)

    @by.setter
    def by(self, by: int) -> None:
        self._cell.state.by = by

    def refuse(self, batch: Batch) -> None:
        """Raises HqError DATA where `take` stopped before the end."""
        if self.wrong:
            row = batch.slice(self.stop, self.stop + 1)
            said = WRONG[self.wrong].format(px=row.view("px")[0], qty=row.view("qty")[0], tick=step_text(self.tick))
            hint = ("pass ", HINTS[self.wrong]) if self.wrong in HINTS else ""
            raise HqError(f"{batch.schema.key}: row of {iso_text(row.times()[0])}: {said}", DATA, hint=hint)
