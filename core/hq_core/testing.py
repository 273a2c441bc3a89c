"""For tests of factors, ours and your own: a book that is set by hand, trades one by one, and what the factor says.

>>> tester = FactorTester("mid", tick="0.1")
>>> tester.set_book(bids=[(100.0, 10.0)], asks=[(100.2, 10.0)])
>>> tester.value(), tester.valid
(100.1, True)
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from hq_core.batch import CODES, Batch, Schema
from hq_core.book.flags import BBO, BOTH_VIEWS, BUY, CLEAR, DEPTH, SELL, SNAPSHOT, TRADE
from hq_core.errors import USAGE, HqError
from hq_core.jit import address_of
from hq_core.kinds import BOOK, FACTOR
from hq_core.stages.factors import Factors

if TYPE_CHECKING:
    from collections.abc import Sequence

    Level = tuple[float, float]

SIDES = {"buy": BUY, "sell": SELL, "": 0}


class _Last:
    """Takes what a stage writes and keeps the last row."""

    def __init__(self) -> None:
        self.row: dict[str, Any] = {}

    def series(self, schema: Schema) -> Schema:
        return schema

    def rows(self, series: Schema, n: int) -> list[int]:
        self._memory = bytearray(series.blob(n))
        self._places = list(series.places(address_of(self._memory), n))
        return self._places

    def commit(self, series: Schema, n: int) -> None:
        batch = Batch(series, n, self._places)
        self.row = {name: batch.view(name)[n - 1] for name in series.names}

    def copy(self, batch: Batch, series: Any = None) -> None:
        raise NotImplementedError

    def map(self, frame: dict[str, Any]) -> None:
        raise NotImplementedError

    def mark(self, ts: int) -> None:
        raise NotImplementedError

    def flush(self) -> None:
        raise NotImplementedError


class FactorTester:
    """One factor on a book of its own, as hq-factors computes it.

    factor  as hq-factors takes it, `tfi:1s,least=2`; of your own: found in HQ_PATH, or by factoring.own.load_file
    tick    step of prices; lot: of quantities, which books by order need

    Times are ns, and may be left out: each event then comes 1 ms after the one before.
    """

    def __init__(self, factor: str, tick: str = "0.1", lot: str | None = None) -> None:
        self._stage = Factors(factor, tick=tick, lot=lot)
        self._out = _Last()
        self._stage.begin(self._out)
        self._schema = Schema("book", "", "", BOOK.cols)
        self._stage.schema(self._schema)
        self._ts = 0
        self._levels: dict[int, dict[float, float]] = {BUY: {}, SELL: {}}

    def set_book(self, bids: Sequence[Level], asks: Sequence[Level], ts: int | None = None) -> None:
        """The book as a whole, each level (price, quantity)."""
        self._levels = {BUY: dict(bids), SELL: dict(asks)}
        rows = [(CLEAR, 0.0, 0.0)]
        rows += [(SNAPSHOT | BUY, price, qty) for price, qty in bids]
        rows += [(SNAPSHOT | SELL, price, qty) for price, qty in asks]
        self._give(rows, ts)

    def depth(self, side: str, price: float, qty: float, ts: int | None = None) -> None:
        """What a level has from now on; 0: it is gone.  side: buy or sell."""
        if flag := self._side(side):
            self._levels[flag].pop(price, None)
            self._levels[flag] |= {price: qty} if qty else {}
        self._give([(DEPTH | flag, price, qty)], ts)

    def trigger_bbo(self, ts: int | None = None) -> bool:
        """Tell the best levels of `set_book` and `depth` once more, as a change of them; whether there is a value."""
        sides = [(side, best, self._levels[side]) for side, best in ((BUY, max), (SELL, min))]
        self._give([(BBO | side, best(levels), levels[best(levels)]) for side, best, levels in sides if levels], ts)
        return self.valid

    def trade(self, side: str, price: float, qty: float, ts: int | None = None) -> None:
        """A trade; side: who took, buy, sell or nothing."""
        self._give([(TRADE | self._side(side), price, qty)], ts)

    def value(self, output: int = 0) -> float:
        """The factor's value, or a further output of it; nan where it has none."""
        return float(self._out.row[self._stage.asked.names[output]]) if self._out.row else float("nan")

    @property
    def valid(self) -> bool:
        return bool(self._out.row and self._out.row["valid"])

    @property
    def reason(self) -> str:
        """Why it is not valid, as hq-factors says it."""
        return FACTOR.codes["reason"][str(self._out.row["reason"] if self._out.row else 0)]

    def _side(self, side: str) -> int:
        if side not in SIDES:
            raise HqError(subject="side", value=side, rule="must be buy or sell", code=USAGE)
        return SIDES[side]

    def _give(self, rows: Sequence[tuple[int, float, float]], ts: int | None) -> None:
        self._ts = self._ts + 1_000_000 if ts is None else ts
        said: dict[str, Any] = {
            "ts": [self._ts] * len(rows),
            "ev": [BOTH_VIEWS | event for event, _, _ in rows],
            "exch_ts": [self._ts] * len(rows),
            "px": [price for _, price, _ in rows],
            "qty": [qty for _, _, qty in rows],
        }
        columns = [array(CODES[kind], said.get(name, [0] * len(rows))) for name, kind in BOOK.cols]
        self._stage.rows(Batch(self._schema, len(rows), [one.buffer_info()[0] for one in columns], columns))
