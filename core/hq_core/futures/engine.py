"""The account kernel with its memory: columns in, rows of equity, fills and liquidations out."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from hq_core.batch import CODES, WIDTHS
from hq_core.errors import DATA, HqError
from hq_core.futures.account import BACKWARDS, BAD_BAR, CONFLICT, OFF_TICK, account
from hq_core.futures.brackets import flat
from hq_core.jit import Cell, address_of
from hq_core.kinds import BAR, EQUITY, FILL, LIQUIDATION, MARKS, OHLC, PLAIN
from hq_core.options.account import SIZE_UNITS, AccountOptions
from hq_core.saved import Damaged
from hq_core.say import iso_text, say_length

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hq_core.futures.brackets import Brackets
    from hq_core.futures.terms import Terms

READ = (*(col for col in BAR.cols if col[0] in PLAIN), *((mark.name, mark.type) for mark in MARKS))
INPUTS = [name for name, _ in account.args]
del INPUTS[INPUTS.index("rate") :]  # the columns of bars and of orders, which come first
SEEN = slice(account.places["rows"][0], account.places["provisional"][0] + 1)  # fields that lie together
FILLS_AT_ONCE = 1024  # that wait in memory before they are handed on
MOST = 1 << 53  # of anything that is counted; a lot count is a whole float64
SIGNED = {name for name, _ in account.fields if name.endswith("_ts")} | {"fill_side"}
_E, _F, _L = (  # the kernel's names of the columns that it writes
    [f"{letter}_{name}" for name in kind.names] for letter, kind in (("e", EQUITY), ("f", FILL), ("l", LIQUIDATION))
)


class KernelRows:
    """Columns in memory that the kernel writes and others read."""

    __slots__ = ("addresses", "columns", "names", "room")

    def __init__(self, cols: tuple[tuple[str, str], ...], room: int) -> None:
        self.names = [name for name, _ in cols]
        self.room = room
        self.columns = [array(CODES[kind], bytes(WIDTHS[kind] * room)) for _, kind in cols]
        self.addresses = [address_of(column) for column in self.columns]

    def maps(self, n: int) -> list[dict[str, float]]:
        """The first n rows as dicts."""
        return [{name: column[i] for name, column in zip(self.names, self.columns)} for i in range(n)]


class Account:
    """One account of one symbol.

    After `run`: `equities`, `n_fills` and `n_ends` rows were written, to the addresses given and to `fills` and
    `ends`; it returns the next row to read, which comes early where the fills were full.
    """

    __slots__ = (
        "_done",
        "_equity",
        "_tiers",
        "cell",
        "ends",
        "equities",
        "fills",
        "n_ends",
        "n_fills",
        "state",
        "terms",
    )

    def __init__(self, terms: Terms, brackets: Brackets | None = None) -> None:
        self.terms = terms
        self.cell = Cell(account)
        self.state = s = self.cell.state
        self._settle()
        s.wallet = s.equity = terms.initial_margin
        self.fills = KernelRows(FILL.cols, FILLS_AT_ONCE)
        self.ends = KernelRows(LIQUIDATION.cols, FILLS_AT_ONCE)
        self._done = array("q", bytes(32))
        self._equity: tuple[list[int], int] = [], 0  # where its rows were written last, and how many there was room for
        self._tiers: tuple[array[float], array[float]]
        self.equities = self.n_fills = self.n_ends = 0
        for names, rows in ((_F, self.fills), (_L, self.ends)):
            for name, column in zip(names, rows.columns):
                self.cell.buffer(name, column)
        self.cell.buffer("done", self._done)
        self.cell.set(counted=1)
        self.use(brackets or flat(terms.maintenance))

    def _settle(self) -> None:
        """What the terms say, in the record."""
        s, terms = self.state, self.terms
        s.start, s.leverage, s.contract_size = terms.initial_margin, float(terms.leverage), terms.contract_size
        s.taker, s.liquidation_fee = terms.taker_fee, terms.liquidation_fee
        s.lot_num, s.lot_den = map(float, terms.lots)
        s.tick_num, s.tick_den = map(float, terms.ticks)
        s.size, s.size_unit = terms.size or 0.0, SIZE_UNITS.index(terms.size_unit)
        s.hedge, s.cross = int(terms.position_mode == "hedge"), int(terms.margin == "cross")
        s.at_close, s.fail_on_conflict = int(terms.fill == "close"), int(terms.conflict == "error")
        s.pyramid = terms.pyramid

    def use(self, brackets: Brackets) -> None:
        """Apply a bracket table from here on."""
        self.terms.check_maintenance(brackets.rates[0])
        self.state.cap = brackets.cap_at(self.terms.leverage)
        self._tiers = array("d", brackets.rates), array("d", brackets.cums)
        self.cell.buffer("rate", self._tiers[0])
        self.cell.buffer("cum", self._tiers[1])
        self.state.stale = 1

    def bind(self, columns: Mapping[str, int], n: int) -> None:
        """Read n rows from these addresses; inputs that are not named are absent."""
        slots: list[int] = []
        for name in INPUTS:
            at = columns.get(name)
            slots += (at, n) if at else (0, 0)
        self.cell.give(*slots)

    @property
    def seen(self) -> list[int]:
        """How many rows were traded, came after the bankruptcy, and were forming ones."""
        return self.state.whole[SEEN].tolist()  # type: ignore[no-any-return]

    def run(self, first: int, equity: list[int], room: int, last: int = -1) -> int:
        """Run at most `room` rows from row `first` on, equity rows to these addresses; row `last` is the end.

        equity  a list that nobody changes: the very same one is not looked at again
        """
        if self._equity[0] is not equity or self._equity[1] != room:
            self._equity = equity, room
            for name, at in zip(_E, equity):
                self.cell.column(name, at, room)
        self.cell.set(first=first, last=last)
        self.cell.run()
        at, self.equities, self.n_fills, self.n_ends = self._done
        return at

    def complaint(self, row: int, ts: int, prices: tuple[float, float, float, float]) -> HqError | None:
        """What the kernel stopped at, given the row's number, instant, and open, high, low and close."""
        error = self.state.error
        where = f"row {row} ({iso_text(ts)})"
        shown = ", ".join(f"{name} {price!r}" for name, price in zip(OHLC, prices))
        if error == BAD_BAR:
            return HqError(f"{where}: {shown}: must be above 0, with low lowest and high highest", DATA)
        if error == OFF_TICK:
            num, den = self.terms.ticks
            return HqError(f"{where}: {shown}: not all are multiples of the tick {num / den:.12g}", DATA)
        if error == CONFLICT:
            what = "orders contradict each other (", AccountOptions.conflict, " none ignores both sides)"
            return HqError(what, DATA, subject=where)
        if error == BACKWARDS:
            return HqError(f"{where}: ts goes back by {say_length(self.state.last_ts - ts)}; sort the input", DATA)
        return None

    def save(self) -> bytes:
        return self.cell.save()

    def load(self, saved: bytes) -> None:
        """Take up a saved account under this one's terms and brackets."""
        cap = self.state.cap
        self.cell.load(saved)
        self._settle()
        self.state.cap = cap
        self._check()

    def _check(self) -> None:
        """Counts that are some, and times in their order: the report is made of them."""
        s = self.state
        counts = [name for name, kind in account.fields if kind == "i8" and name not in SIGNED]
        wrong = next((name for name in counts if not 0 <= getattr(s, name) <= MOST), "")
        if s.downside < 0.0:
            wrong = "downside"
        if s.periods and not s.first_ts <= s.peak_ts <= s.last_ts:
            wrong = "peak_ts"
        if s.dd_frac > 0.0 and not s.first_ts <= s.dd_start_ts <= s.dd_trough_ts <= s.last_ts:
            wrong = "dd_start_ts"
        if wrong:
            raise Damaged(f"account: {wrong} is {getattr(s, wrong)}")
