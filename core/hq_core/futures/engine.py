"""The account's kernel with its memory: bars, orders and funding in, what happened and rows of equity out."""

from __future__ import annotations

import ctypes
import math
from array import array
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any

from hq_core.batch import NEVER as NO_TS
from hq_core.errors import DATA, HqError
from hq_core.futures.account import account
from hq_core.futures.bars import BACKWARDS, BAD_BAR, CONFLICTS, NO_QUOTE, OFF_TICK, READ, UNPAID
from hq_core.futures.blocks import (
    ABOVE,
    BEGINS,
    BELOW,
    CAP,
    CEILING,
    CONTRACT,
    CONTRACTS,
    ENTRY,
    FIRST,
    GOING,
    HALF,
    L_KIND,
    L_VALUES,
    LAST,
    LEAST,
    LEVERAGE,
    LOG_VALUES,
    LOG_WIDTH,
    LOT_DEN,
    LOT_NUM,
    LOTS,
    LOWER,
    NAMED,
    NOTED,
    O_ACTION,
    O_CUT,
    O_DONE,
    O_LEFT,
    O_STATUS,
    O_SYMBOL,
    O_TYPE,
    O_WORD,
    ORDER_SAID,
    ORDER_WIDTH,
    SHORT,
    SYMBOL_WIDTH,
    TICK_DEN,
    TICK_NUM,
    TIER,
    TIERS,
    UPPER,
)
from hq_core.futures.brackets import flat
from hq_core.futures.fills import LINEAR, NO_IMPACT, SQUARE_ROOT
from hq_core.futures.intake import set_leverage, set_margin
from hq_core.futures.liquidation import set_levels
from hq_core.futures.log import ROWS_PER_ORDER, log_positions, room
from hq_core.futures.margin import units
from hq_core.futures.orders import MANY_REASONS, TALLY
from hq_core.futures.path import OHLC as OHLC_PATH
from hq_core.futures.path import OPTIMISTIC, PESSIMISTIC
from hq_core.futures.positions import room_by_bracket, room_by_margin
from hq_core.futures.resting import NEVER, SET_LEVERAGE, SET_MARGIN, TRAIL, is_order
from hq_core.futures.rows import LOGGED, Taker
from hq_core.jit import Cell, address_of, float_of
from hq_core.kinds import OHLC, UNITS
from hq_core.memory import untouched
from hq_core.options.account import BY_QUOTES, AccountOptions, FillOptions, FundingOptions
from hq_core.saved import Count, Damaged, digest, shaped
from hq_core.say import iso_text, say_length

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hq_core.futures.brackets import Brackets
    from hq_core.futures.listing import Filters
    from hq_core.futures.terms import Terms

BARS = [name for name, _ in account.args[: [name for name, _ in account.args].index("first")]]
IMPACTS = {"none": NO_IMPACT, "linear": LINEAR, "sqrt": SQUARE_ROOT}
PATHS = {"pessimistic": PESSIMISTIC, "optimistic": OPTIMISTIC, "ohlc": OHLC_PATH}
SHAPE = (bytes, [str], bytes, bytes, bytes, Count)
MOST = 1 << 53  # of anything that is counted; a lot count is a whole float64
SIGNED = {"soonest", "row", "opened", "latency", "of_log", "of_equity", "last_day"}
COUNTS = [name for name, kind in account.fields if kind == "i8" and not name.endswith("_ts") and name not in SIGNED]
FEW = 32  # rows of the log that are looked through here before a kernel is called for a kind
OF_ORDERS = {float(LOGGED[kind]): kind for kind in ("fill", "order_state")}
AT_ONCE = 1024  # rows of the log to begin with


class Account:
    """One account: one wallet, any number of symbols.

    After `run`: `equities` rows were written to the addresses given, and `logged` rows to the log, from which
    `written` takes those of a kind.  It returns the next row to read, which comes early where the log was full.
    """

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.cell = Cell(account)
        self.state = self.cell.state
        self.symbols: list[str] = []
        self.equities = self.logged = 0
        self.fills = 0  # so far, which have their numbers
        self.explained = 0  # the number of the fill that is to be noted; 0: none is
        self._brackets: list[Brackets] = []
        self._tiers = array("d"), array("d"), array("d"), array("q")
        self._columns: Mapping[str, int] = {}  # of the bars that are bound, and how many there are
        self._rows = 0
        self._bound: dict[str, tuple[int, int]] = {}
        self._p = array("d")
        self._r = array("d", bytes(8 * ORDER_WIDTH * 64))
        self._log: array[float] | memoryview[float] = array("d", bytes(8 * LOG_WIDTH * AT_ONCE))
        self._log_at = 0  # its address
        self._tally = array("q", bytes(8 * TALLY))
        self.done = array("q", bytes(32))
        self._ordered = self._funds = 0  # rows of orders and of funding that wait, as the kernel was told last
        self._enough = -1  # so many orders have room
        self._aimed: tuple[int, ...] = ()  # where the last run wrote
        self.dropped = self.state.several("provisional", "rows_after", "lost")
        self.used = self.state.several("taken", "paid", "seen")  # rows of orders, funding and quotes, by the last run
        self._first = self.cell.place("first")
        self._orders: tuple[array[int], array[float]] = array("q"), array("d")
        self._takers: dict[str, Taker] = {}
        self._settle()
        self.cell.buffer("tally", self._tally)
        self.cell.buffer("done", self.done)
        self.cell.buffer("r", self._r)
        self._give_log()
        self.state.soonest = NEVER
        self.state.after_ts = NO_TS
        self.cell.set(counted=1)

    def _settle(self) -> None:
        """What the terms say, in the record."""
        s, terms = self.state, self.terms
        s.start = terms.initial_margin
        s.taker, s.maker, s.liquidation_fee = terms.taker_fee, terms.maker_fee, terms.liquidation_fee
        s.by_tier, s.steps = int(terms.liquidation == "tiers"), 0  # steps: of the brackets, see `use`
        s.hedge, s.cross = int(terms.position_mode == "hedge"), int(terms.margin == "cross")
        s.inverse = int(terms.contract == "inverse")
        prompt = terms.latency_ns == 0 and terms.latency_bars == 0
        s.at_close, s.fail_on_conflict = int(terms.fill == "close" and prompt), int(terms.conflict == "error")
        s.latency, s.latency_bars = terms.latency_ns, terms.latency_bars
        s.pyramid, s.reject_short = terms.pyramid, int(terms.cash_policy == "reject")
        s.size_by, s.size = terms.sizing
        s.unit = list(UNITS.values()).index(terms.size_unit)
        s.path = PATHS["pessimistic" if terms.finer else terms.path]
        s.off = (terms.slippage_bps + terms.spread_bps / 2.0) / 10000.0
        s.quotes = int(terms.spread == BY_QUOTES)
        s.impact, s.impact_coefficient = IMPACTS[terms.impact], terms.impact_coefficient
        s.share = terms.volume_share or 0.0
        if not s.rows:
            s.wallet = s.equity = terms.initial_margin

    # -- symbols -----------------------------------------------------------------------------------------
    def add(
        self, symbol: str, brackets: Brackets | None = None, filters: Filters | None = None, leverage: int | None = None
    ) -> int:
        """Take a symbol in; its number.  What is None is as the terms have it."""
        number = len(self.symbols)
        self.symbols.append(symbol)
        terms = self.terms
        one = array("d", bytes(8 * SYMBOL_WIDTH))
        one[LOWER], one[BELOW] = -math.inf, -math.inf
        one[UPPER], one[ABOVE], one[CEILING] = math.inf, math.inf, math.inf
        one[FIRST], one[LAST] = math.nan, math.nan
        one[CONTRACT] = terms.contract_size
        ticks, lots, one[LEAST] = filters or (terms.ticks, terms.lots, terms.min_notional)
        one[LOT_NUM], one[LOT_DEN] = map(float, lots)
        one[TICK_NUM], one[TICK_DEN] = map(float, ticks)
        one[LEVERAGE] = float(leverage or terms.leverage)
        one[HALF] = math.nan if self.state.quotes else 0.0
        one[NAMED] = float(int(digest(symbol)[:13], 16))
        self._p.extend(one)
        self._brackets.append(flat(terms.maintenance))
        self.state.symbols = number + 1
        if self.explained:
            self._give_log()
        self.use(number, brackets or self._brackets[number])
        self.cell.buffer("p", self._p)
        return number

    def use(self, number: int, brackets: Brackets) -> None:
        """Apply a bracket table to a symbol from here on."""
        p, at = self._p, number * SYMBOL_WIDTH
        self.terms.check_maintenance(brackets.rates[0], p[at + LEVERAGE])
        p[at + CAP] = brackets.cap_at(int(p[at + LEVERAGE]))
        self._brackets[number] = brackets
        rates, cums, caps, most = array("d"), array("d"), array("d"), array("q")
        for k, one in enumerate(self._brackets):
            p[k * SYMBOL_WIDTH + TIER], p[k * SYMBOL_WIDTH + TIERS] = len(rates), len(one.rates)
            rates.extend(one.rates)
            cums.extend(one.cums)
            caps.extend(one.caps)
            most.extend(one.leverages)
        self._tiers = rates, cums, caps, most
        for name, column in zip(("rate", "cum", "top", "most"), self._tiers):
            self.cell.buffer(name, column)
        self.state.stale = 1
        if self.state.by_tier:
            self.state.steps = max(len(one.rates) for one in self._brackets)

    # -- what comes in -----------------------------------------------------------------------------------
    def bind(self, columns: Mapping[str, int], n: int) -> None:
        """Read n bars from these addresses; columns that are not named are absent."""
        if columns is self._columns and n == self._rows:
            return
        self._columns, self._rows = columns, n
        self._bound = {name: (at, n) for name, at in columns.items()}
        slots: list[int] = []
        for name in BARS:
            at = columns.get(name)
            slots += (at, n) if at else (0, 0)
        self.cell.give(*slots)

    def orders(self, ts: array[int], said: array[float]) -> None:
        """Rows of orders that come next, in order of ts, as blocks.py has them; run is done with `taken` of them."""
        self._orders = ts, said
        n = len(ts)
        if n or self._ordered:
            self._ordered = n
            self.cell.column("o_ts", ts.buffer_info()[0], n)
            self.cell.column("o", said.buffer_info()[0], len(said))
        orders = n + self.state.resting
        if orders > self._enough:
            self._enough = orders
            wanted, _ = self._most()
            if wanted > len(self._r):
                self._r.frombytes(bytes(8 * (wanted - len(self._r))))
                self.cell.buffer("r", self._r)

    def funding(self, ts: array[int], symbol: array[int], rate: array[float], mark: array[float]) -> None:
        """Rows of funding that come next, in order of ts; a mark of nan is the account's."""
        if not (len(ts) or self._funds):
            return
        self._funds = len(ts)
        for name, column in (("f_ts", ts), ("f_symbol", symbol), ("f_rate", rate), ("f_mark", mark)):
            self.cell.column(name, column.buffer_info()[0] if len(column) else 0, len(column))

    def quotes(self, ts: array[int], symbol: array[int], rows: array[float]) -> None:
        """Rows of quotes that come next, in order of ts: bid, bid_qty, ask, ask_qty of each."""
        for name, column in (("q_ts", ts), ("q_symbol", symbol), ("q", rows)):
            self.cell.column(name, column.buffer_info()[0] if len(column) else 0, len(column))

    # -- running -----------------------------------------------------------------------------------------
    def run(self, first: int, e_ts: int, equity: int, stride: int, columns: int, room: int, last: int = -1) -> int:
        """Run at most `room` instants from row `first` on.

        e_ts, equity   addresses of the column ts and of the first of the others, of which each lies `stride` rows of
                       8 bytes behind the one before, so many columns
        last           the row that is the end
        """
        aimed = e_ts, equity, stride, columns, room, last
        if aimed != self._aimed:
            self._aimed = aimed
            self._aim(*aimed)
        self.cell.slots[self._first] = first
        while True:
            self.cell.run()
            at, full = self.note_done()
            if not full or at > first or self.equities or self.logged:
                return at
            self._grow()

    def aim(self, e_ts: int, equity: int, stride: int, columns: int, room: int, last: int) -> None:
        """Where rows of equity go next, as `run` has it: for who runs the kernel, and moves its arguments."""
        self._aimed, self._columns = (), {}
        self._aim(e_ts, equity, stride, columns, room, last)

    def _aim(self, e_ts: int, equity: int, stride: int, columns: int, room: int, last: int) -> None:
        self.cell.set(last=last, stride=stride, columns=columns)
        self.cell.column("e_ts", e_ts, room)
        self.cell.column("e", equity, stride * columns)

    def note_done(self) -> tuple[int, int]:
        """Take down what the kernel has done: the next row, and whether there was no room for it."""
        at, self.equities, self.logged, full = self.done
        return at, full

    def make_room(self) -> None:
        """Room for what one more row can bring."""
        orders, log = self._most()
        while orders > len(self._r) or log > self._log_room:
            self._grow()

    def _most(self) -> tuple[int, int]:
        orders, log = room(self.state, self.state.resting + len(self._orders[0]), self._funds)
        return orders, log

    @property
    def places(self) -> array[float]:
        """The rows of the symbols, see blocks.py."""
        return self._p

    def _grow(self) -> None:
        orders, log = self._most()
        if orders > len(self._r):
            self._r.frombytes(bytes(8 * (2 * orders - len(self._r))))
            self.cell.buffer("r", self._r)
            return
        self._log = untouched(max(log, len(self._log)) * 3 // 2)
        self._give_log()

    # -- one fill that is explained ----------------------------------------------------------------------
    def explain(self, fill: int) -> None:
        """Note the fill of a number as it is made: `noted` has it then.  Before the first run."""
        self.explained = self.state.explain = fill
        self._give_log()

    def _give_log(self) -> None:
        """Give the kernel the log, with what the note of a fill takes kept back."""
        kept = (3 + (ORDER_WIDTH + len(self._p)) // LOG_VALUES) * LOG_WIDTH if self.explained else 0
        if kept >= len(self._log):
            self._log = array("d", bytes(8 * (len(self._log) + kept)))
        self._log_room = len(self._log) - kept
        self._log_at = address_of(self._log)
        self.cell.column("log", self._log_at, self._log_room)

    @property
    def noted(self) -> array[float]:
        """The note of a fill as `log.note` writes it, of the last run; empty where that has none."""
        found = array("d")
        for at in range(0, self.logged * LOG_WIDTH, LOG_WIDTH):
            if self._log[at + L_KIND] == NOTED:
                found.extend(self._log[at + L_VALUES : at + LOG_WIDTH])
        return found

    @property
    def tiers(self) -> tuple[array[float], array[float]]:
        """Rates and offsets of the tiers of all symbols."""
        return self._tiers[:2]

    def bars(self, ts: int, number: int) -> list[dict[str, float]]:
        """The rows of a symbol with a ts among those that were bound last, by column."""
        several = "symbol" in self._bound
        found = []
        times = self._column("ts", "q")
        for i in range(bisect_left(times, ts), bisect_right(times, ts)):
            if not several or self._value("symbol", i, "i") == number:
                codes = {name: "d" if kind == "f8" else "q" for name, kind in READ}
                found.append({name: self._value(name, i, codes[name]) for name in self._bound if name in codes})
        return found

    def written(self, takers: dict[str, Taker] | None = None) -> Iterator[tuple[str, Taker]]:
        """The rows that happened, of each kind that has any; takers: by kind, which take them, else its own."""
        takers = self._takers if takers is None else takers
        there = self._log[L_KIND : min(self.logged, FEW) * LOG_WIDTH : LOG_WIDTH]
        for kind, code in LOGGED.items() if self.logged else ():
            if self.logged <= FEW and code not in there:
                continue
            taker = takers.get(kind) or takers.setdefault(kind, Taker(kind))
            taker.take(self._log_at, self.logged, self.fills)
            if kind == "fill":
                self.fills += taker.n
            if taker.n:
                yield kind, taker

    def happened(self) -> Iterator[str]:
        """The kind of each row of the log, as far as they are of orders, in order."""
        for at in range(L_KIND, self.logged * LOG_WIDTH, LOG_WIDTH):
            if self._log[at] in OF_ORDERS:
                yield OF_ORDERS[self._log[at]]

    def complaint(self, row: int, at: int) -> HqError:
        """What the kernel stopped at: row `at` of those that it was given, which is the input's row `row`."""
        error, s = self.state.error, self.state
        if error == UNPAID:
            which = self.symbols[s.missed_symbol]
            told = f"{which}{which and ': '}funding was due, and no row said it up to {iso_text(s.missed_ts)}"
            way = FundingOptions.funding_missing, " fail"
            return HqError(f"{told}, while a position was held", DATA, subject=way)
        ts, prices = self._value("ts", at, "q"), [self._value(name, at, "d") for name in OHLC]
        whose = f"{self.symbols[self._value('symbol', at, 'i')]}: " if len(self.symbols) > 1 else ""
        where = f"{whose}row {row} ({iso_text(ts)})"
        shown = ", ".join(f"{name} {price!r}" for name, price in zip(OHLC, prices))
        if error == BAD_BAR:
            return HqError(f"{where}: {shown}: must be above 0, with low lowest and high highest", DATA)
        if error == OFF_TICK:
            place = (self._value("symbol", at, "i") if len(self.symbols) > 1 else 0) * SYMBOL_WIDTH
            tick = self._p[place + TICK_NUM] / self._p[place + TICK_DEN]
            return HqError(f"{where}: {shown}: not all are multiples of the tick {tick:.12g}", DATA)
        if error == CONFLICTS:
            what = "orders contradict each other (", AccountOptions.conflict, " none ignores both sides)"
            return HqError(what, DATA, subject=where)
        if error == NO_QUOTE:
            which = self.symbols[self._value("symbol", at, "i") if len(self.symbols) > 1 else 0]
            what = f"orders work, and no quote of {which} has come (", FillOptions.spread, " bps needs none)"
            return HqError(what, DATA, subject=f"row {row} ({iso_text(ts)})")
        if error != BACKWARDS:
            return HqError(f"{where}: the state of the account is damaged: it is in an error of number {error}", DATA)
        return HqError(f"{where}: ts goes back by {say_length(s.last_ts - ts)}; sort the input", DATA)

    def _value(self, name: str, row: int, code: str) -> Any:
        return self._column(name, code)[row]

    def _column(self, name: str, code: str) -> Any:
        at, n = self._bound[name]
        return memoryview((ctypes.c_char * (n * array(code).itemsize)).from_address(at)).cast("B").cast(code)  # type: ignore[call-overload]

    # -- what it came to ---------------------------------------------------------------------------------
    @property
    def tally(self) -> array[int]:
        """How many orders ended, by state and reason: MANY_REASONS places a state."""
        return self._tally

    @property
    def waiting(self) -> int:
        """Orders that wait for their first bar."""
        return sum(self._r[k + O_STATUS] <= BEGINS for k in self._places() if self._given(k))

    @property
    def resting(self) -> int:
        """Orders that work, without what entries brought along."""
        return sum(self._r[k + O_STATUS] > BEGINS for k in self._places() if self._given(k))

    def held_return(self, number: int) -> float:
        """What a symbol's price did from its first close to its last, as a share; nan before there is one."""
        first, last = (self._p[number * SYMBOL_WIDTH + place] for place in (FIRST, LAST))
        return last / first - 1.0 if first > 0.0 else math.nan

    def _places(self) -> range:
        return range(0, self.state.resting * ORDER_WIDTH, ORDER_WIDTH)

    def _given(self, k: int) -> bool:
        return is_order(self._r, k)

    def position(self, number: int, side: int) -> dict[str, float | None]:
        """What is held on a side of a symbol: quantity in contracts, entry, and the mark that liquidates it."""
        p, at = self._p, number * SYMBOL_WIDTH
        if self.state.cross and len(self.symbols) > 1:  # the others' marks have gone on since its own last row
            set_levels(self.state, p, at, self._tiers[0], self._tiers[1])
        h = at if side > 0 else at + SHORT
        line, entry = p[at + (LOWER if side > 0 else UPPER)], p[h + ENTRY]
        there = p[h + LOTS] > 0.0
        inverse = self.terms.contract == "inverse"
        return {
            "quantity": p[h + CONTRACTS],
            "entry": (1.0 / entry if inverse else entry) if there else None,
            "liquidation_price": line if there and math.isfinite(line) else None,
        }

    @property
    def digest(self) -> str:
        """Of all rows so far: 32 hexadecimal digits."""
        s = self.state
        return digest(f"{s.periods} {s.of_log} {s.of_equity}")

    def of_symbol(self, number: int, place: int) -> float:
        """What stands at a place of a symbol's row, see blocks.py."""
        return self._p[number * SYMBOL_WIDTH + place]

    def lowest_rate(self, number: int) -> float:
        """The maintenance rate of a symbol's first tier."""
        return self._brackets[number].rates[0]

    def room(self, number: int, side: int, price: float) -> float:
        """The largest quantity, contracts, that margin and bracket leave to a side of a symbol at a price."""
        s, p, at = self.state, self._p, number * SYMBOL_WIDTH
        lots = min(room_by_bracket(s, p, at, side, price), room_by_margin(s, p, at, price))
        return units(lots, p[at + LOT_NUM], p[at + LOT_DEN])

    def change(self, said: array[float]) -> None:
        """Carry out an order that sets leverage or margin now, between two runs; the log has what came of it."""
        s, p, r, log = self.state, self._p, self._r, self._log
        k, at = s.resting * ORDER_WIDTH, int(said[O_SYMBOL]) * SYMBOL_WIDTH
        r[k : k + ORDER_WIDTH] = said + array("d", bytes(8 * (ORDER_WIDTH - ORDER_SAID)))
        r[k + O_LEFT] = -1.0
        s.logged = 0
        s.now = s.moment = float_of(s.last_ts)
        rates, cums, caps, most = self._tiers
        if said[O_ACTION] == SET_LEVERAGE:
            set_leverage(s, p, r, log, self._tally, k, at, most, caps)
        else:
            set_margin(s, p, r, log, self._tally, k, at)
            set_levels(s, p, at, rates, cums)
        log_positions(s, p, log)
        self.logged = s.logged

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> list[Any]:
        """What is needed to go on: the record, the symbols, the orders that wait or rest, and how others ended."""
        rows = self.state.resting * ORDER_WIDTH
        return [
            self.cell.save(),
            self.symbols,
            self._p.tobytes(),
            self._r[:rows].tobytes(),
            self._tally.tobytes(),
            self.fills,
        ]

    def kept(self) -> tuple[array[int], array[float], array[float], array[int]]:
        """All that a run changes, for `put_back`."""
        return array("q", self.state.whole), self._p[:], self._r[:], self._tally[:]

    def put_back(self, kept: tuple[array[int], array[float], array[float], array[int]]) -> None:
        """Be as `kept` found it, after a run that was to show something."""
        self.state.whole[:], self._p[:], self._r[: len(kept[2])], self._tally[:] = kept

    def load(self, saved: Any) -> None:
        """Take up what `save` gave, under this account's terms and brackets; its symbols have been added."""
        record, symbols, p, r, tally, self.fills = shaped(saved, SHAPE)
        rows = len(r) // (8 * ORDER_WIDTH)
        if symbols != self.symbols or len(p) != 8 * SYMBOL_WIDTH * len(symbols) or len(r) % (8 * ORDER_WIDTH):
            raise Damaged("account: its symbols or orders have another length than their rows")
        if len(tally) != 8 * TALLY:
            raise Damaged("account: the tally of its orders has another length")
        self.cell.load(record)
        s = self.state
        if s.symbols != len(symbols) or s.resting != rows:
            raise Damaged(f"account: it has {s.symbols} symbols and {s.resting} orders")
        self._p = array("d", p)
        self._enough = -1
        self._r = array("d", r)
        self._r.frombytes(bytes(8 * ORDER_WIDTH * (64 + ROWS_PER_ORDER * rows)))
        self._tally = array("q", tally)
        for name, column in (("p", self._p), ("r", self._r), ("tally", self._tally)):
            self.cell.buffer(name, column)
        self._check(rows)
        self._settle()
        for number, brackets in enumerate(self._brackets):
            self.use(number, brackets)

    def _check(self, rows: int) -> None:
        """Nothing that leads the kernel out of its memory, and counts that are some: the report is made of them."""
        s = self.state
        for k in range(0, rows * ORDER_WIDTH, ORDER_WIDTH):
            row = self._r[k : k + ORDER_WIDTH]
            if not (row[O_SYMBOL] in range(len(self.symbols)) and row[O_STATUS] in range(GOING + 1)):
                raise Damaged("account: an order of it is none")
            if not (row[O_ACTION] in range(SET_MARGIN + 1) and row[O_TYPE] in range(TRAIL + 1)):
                raise Damaged("account: an order of it is none")
            if not (
                -1.0 <= row[O_LEFT] <= MOST
                and 0.0 <= row[O_DONE] <= MOST
                and row[O_WORD] in range(MANY_REASONS)
                and row[O_CUT] in range(MANY_REASONS)
            ):
                raise Damaged("account: an order of it is none")
        wrong = next((name for name in COUNTS if not 0 <= getattr(s, name) <= MOST), "")
        if s.downside < 0.0:
            wrong = "downside"
        if s.periods and not s.first_ts <= s.peak_ts <= s.last_ts:
            wrong = "peak_ts"
        if s.dd_frac > 0.0 and not s.first_ts <= s.dd_start_ts <= s.dd_trough_ts <= s.last_ts:
            wrong = "dd_start_ts"
        if wrong:
            raise Damaged(f"account: {wrong} is {getattr(s, wrong)}")
