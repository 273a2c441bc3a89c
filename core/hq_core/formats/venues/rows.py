"""Rows of one block of a capture, as columns: of kind book, trade or quote, and the findings between them."""

from __future__ import annotations

import re
from array import array
from itertools import chain
from math import isfinite, nan
from typing import TYPE_CHECKING, Any

from hq_core import kinds
from hq_core.batch import Batch, Schema
from hq_core.book.flags import BBO, BOTH_VIEWS, BUY, CLEAR, DEPTH, EXCH, SELL, SNAPSHOT, TRADE, UNKNOWN
from hq_core.columns import numbers as numbers_of
from hq_core.formats.text_kernel import SLACK
from hq_core.formats.venues.lines import Odd
from hq_core.formats.venues.numbers import numbers
from hq_core.jit import Cell
from hq_core.kinds import extra_of
from hq_core.stream.told import Told
from hq_core.wire.frame import is_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hq_core.roles import Item

    Levels = Sequence[Sequence[str]]  # (price, quantity) as texts
    Best = tuple[str | None, str | None, str | None, str | None]

NEVER = 1 << 62
FEW_TURNS = 64  # of symbols in a block
TOGETHER = 256  # rows, fewer than a Writer writes as they are: it lays the series of one read side by side
NUMBER = re.compile(r"\d+(\.\d+)?([eE][+-]?\d+)?|\.\d+")
ONLY_LISTS, PAIRS = frozenset((list,)), frozenset((2,))  # what levels are
BEST = array("q", (BBO | BUY | BOTH_VIEWS, BBO | SELL | BOTH_VIEWS))
STAGE = "hq-import"
GAP = "sequence gap"
ERROR = numbers_of(kinds.FINDING.codes["severity"])["error"]


class Gap:
    """A hole in a sequence: between which times and which numbers."""

    __slots__ = ("at", "first", "last", "since", "symbol", "to")

    def __init__(self, at: int, symbol: str, since: int, to: int, first: int, last: int) -> None:
        self.at = at  # row of the block that it stands before
        self.symbol = symbol
        self.since, self.to = since, to
        self.first, self.last = first, last


class Rows:
    """The rows of a block of lines.

    KIND   what they are;  WIDE: prices and quantities in one
    flat   those of all rows as texts, one behind the other: prices at even places
    ts     (n,) when a row was known here
    pass_by  takes what is passed over
    firsts  row that each line of the block begins with
    early, least  messages that were received before the exchange's time, and the least ns by which one was behind it
    """

    KIND = ""
    WIDE = 2

    def __init__(self) -> None:
        self.pass_by: Callable[[str], None] = lambda what: None
        self.early, self.least = 0, NEVER
        self._schemas: dict[tuple[str, str], Schema] = {}
        self._told = Told()
        self.holes = 0  # gaps that were told so far
        self._cell = Cell(numbers)
        self._line = 1
        self._cols = self.columns()
        self._begin()

    def columns(self) -> list[tuple[str, str]]:
        return list(kinds.KINDS[self.KIND].cols)

    def _begin(self) -> None:
        self.flat: list[Any] = []
        self.ts = array("q")
        self._turns: list[tuple[int, str]] = []  # rows from there on are of that symbol
        self._symbol: str | None = None
        self._gaps: list[Gap] = []
        self.firsts: list[int] = []

    # -- what messages say --------------------------------------------------------------------------------
    def depth(self, symbol: str, ts: int, exch: int, bids: Levels, asks: Levels, views: int = BOTH_VIEWS) -> None:
        """Levels of a book as they are now."""

    def snapshot(self, symbol: str, ts: int, exch: int, bids: Levels, asks: Levels, deep: bool) -> None:
        """A whole book; deep: levels beyond its worst ones may be there, and stay."""

    def unknown(self, symbol: str, ts: int, exch: int) -> None:
        """What the book holds is not known until the next snapshot."""

    def trade(self, symbol: str, ts: int, exch: int, bought: bool, price: str, qty: str, id: int, old: bool) -> None:
        """A trade; bought: the buyer took; old: it happened before the capture listened."""

    def best(self, symbol: str, ts: int, exch: int, levels: Best) -> None:
        """The best bid, its quantity, the best ask, its quantity; None where a side is empty."""

    def gap(self, symbol: str, ts: int, since: int, first: int, last: int) -> None:
        """Messages between two numbers did not come."""
        self._gaps.append(Gap(len(self.ts), symbol, since, ts, first, last))

    # -- the block ------------------------------------------------------------------------------------------
    def begin(self, line: int) -> None:
        """The block's first line has that number."""
        self._line = line

    def timed(self, ts: int, exch: int) -> None:
        """A message that gives rows was received at ts, of what the exchange did at exch."""
        late = ts - exch
        if late < self.least:
            self.least = late
        if late < 0:
            self.early += 1

    def cut(self, row: int) -> None:
        """Leave out that row and those behind it."""
        del self.flat[self.WIDE * row :], self.ts[row:]
        self._turns = [turn for turn in self._turns if turn[0] < row]
        self._gaps = [gap for gap in self._gaps if gap.at < row]

    def of(self, symbol: str) -> None:
        """Rows from here on are of that symbol."""
        if symbol != self._symbol:
            if not symbol or not is_name(symbol):
                raise Odd(f"{symbol!r:.60} is no symbol")
            self._symbol = symbol
            self._turns.append((len(self.ts), symbol))

    def taken(self) -> tuple[list[Item], str]:
        """What the block gives, and what is wrong with the line behind it; another block begins."""
        row, wrong = self._read()
        if row >= 0:
            at = max(i for i, first in enumerate(self.firsts) if first <= row)
            wrong = f"line {self._line + at}: {wrong}"
            self.cut(self.firsts[at])
            self._read()
        found = list(self._items())
        self._begin()
        return found, wrong

    def _read(self) -> tuple[int, str]:
        """Read the numbers: the first row of which one is none, and what is wrong with it; -1."""
        flat = self.flat
        out = self.numbers = array("d", bytes(8 * len(flat)))
        try:
            text = ("\n".join(flat) + "\n" + SLACK * "\0").encode()
        except (TypeError, ValueError):
            text = b""
        if text.count(b"\n") != max(len(flat), 1):  # a text that is none, or has a newline in it
            return next((at // self.WIDE, wrong) for at, one in enumerate(flat) if (wrong := self._number(at, one)))
        cell = self._cell
        cell.buffer("text", bytearray(text))
        cell.column("out", out.buffer_info()[0], len(out))
        cell.run()
        odd, zeros = cell.state.whole
        if odd or zeros != self._zeros():
            for at, value in enumerate(out):
                if value <= 0.0 and (wrong := self._number(at, flat[at])):
                    return at // self.WIDE, wrong
        return -1, ""

    def _number(self, at: int, text: Any) -> str:
        """Read one as float() does; what is wrong with it."""
        what = "quantity" if at % 2 else "price"
        if not isinstance(text, str) or not NUMBER.fullmatch(text):
            return f"the {what} {text!r:.60} is no number written as a text"
        value = float(text)
        if not isfinite(value):
            return f"the {what} {text[:60]} is beyond float64"
        if value == 0.0 and not at % 2 and not self._priceless(at // self.WIDE):
            return f"the price {text[:60]} is not above 0"
        self.numbers[at] = value
        return ""

    def _zeros(self) -> int:
        """How many rows have no price."""
        return 0

    def _priceless(self, row: int) -> bool:
        return False

    def _items(self) -> Iterator[Item]:
        for symbol in dict.fromkeys(symbol for _, symbol in self._turns):
            if (self.KIND, symbol) not in self._schemas:  # all before the first row, or whoever merges them would go on
                yield self._announce(self.KIND, symbol, self._cols)
        n = len(self.ts)
        columns = self.filled(n) if n else {}
        kept: list[Any] = [columns[name] for name, _ in self._cols] if n else []
        turns = [*self._turns, (n, "")]
        if len(self._turns) > FEW_TURNS:
            kept, turns = _by_symbol(kept, turns)
            addresses = [column.ctypes.data for column in kept]
        else:
            addresses = [column.buffer_info()[0] for column in kept]
        gaps = iter(self._gaps)
        gap = next(gaps, None)
        for (start, symbol), (stop, _) in zip(turns, turns[1:]):
            while start < stop:
                while gap is not None and gap.at <= start:
                    yield from self._finding(gap)
                    gap = next(gaps, None)
                end = min(stop, gap.at) if gap is not None else stop
                yield Batch(self._schemas[self.KIND, symbol], n, addresses, kept).slice(start, end)
                start = end
        while gap is not None:
            yield from self._finding(gap)
            gap = next(gaps, None)

    def _announce(self, kind: str, symbol: str, cols: Sequence[tuple[str, str]]) -> Schema:
        found = self._schemas[kind, symbol] = Schema(kind, symbol, "", cols, extra_of(kind))
        return found

    def _finding(self, gap: Gap) -> Iterator[Item]:
        self.holes += 1
        schema = self._schemas.get(("finding", gap.symbol))
        if schema is None:
            schema = self._announce("finding", gap.symbol, kinds.FINDING.cols)
            yield schema
        texts = {"of": [f"book/{gap.symbol}/"], "stage": [STAGE], "rule": [GAP]}
        for name, values in texts.items():
            yield from self._told.more(schema.key, name, values)
        said: dict[str, Any] = {"ts": gap.to, "from_ts": gap.since, "to_ts": gap.to}
        said |= {"first_id": gap.first, "last_id": gap.last, "value": nan, "bound": nan, "severity": ERROR}
        codes = {"i8": "q", "f8": "d", "i1": "b", "s4": "i"}
        columns = [array(codes[kind], [said.get(name, 0)]) for name, kind in schema.cols]
        yield Batch(schema, 1, [column.buffer_info()[0] for column in columns], columns, texts)

    def filled(self, n: int) -> dict[str, array[Any]]:
        """The columns of n rows."""
        raise NotImplementedError

    # -- state ----------------------------------------------------------------------------------------------
    def save(self) -> list[list[str]]:
        return [list(key) for key in self._schemas]

    def load(self, saved: list[list[str]]) -> Iterator[Item]:
        """Announce the series of a state again."""
        for kind, symbol in saved:
            if kind not in (self.KIND, "finding"):
                raise Odd(f"a series of kind {kind}")
            yield self._announce(kind, symbol, self._cols if kind == self.KIND else kinds.FINDING.cols)


def _by_symbol(columns: list[array[Any]], turns: list[tuple[int, str]]) -> tuple[list[Any], list[tuple[int, str]]]:
    """The rows of each symbol together, among TOGETHER rows that follow each other: whoever merges the series must not
    wait long for any; thousands of turns would each cost as much as ten rows."""
    import numpy as np

    codes: dict[str, int] = {}
    starts = np.array([start for start, _ in turns])
    of = np.array([codes.setdefault(symbol, len(codes)) for _, symbol in turns[:-1]])
    each = np.repeat(of, np.diff(starts)) + np.arange(starts[-1]) // TOGETHER * len(codes)
    order = np.argsort(each, kind="stable")
    runs = each[order]
    ends = np.flatnonzero(np.diff(runs, prepend=-1))
    names = list(codes)
    made = [(start, names[run % len(names)]) for start, run in zip(ends.tolist(), runs[ends].tolist())]
    return [np.asarray(column)[order] for column in columns], [*made, turns[-1]]


class BookRows(Rows):
    """Rows of kind book."""

    KIND = "book"

    def _begin(self) -> None:
        super()._begin()
        self.ev = array("q")
        self.exch = array("q")
        self._clears: dict[int, int] = {}  # rows without a price -> their ival

    def cut(self, row: int) -> None:
        super().cut(row)
        del self.ev[row:], self.exch[row:]
        self._clears = {at: value for at, value in self._clears.items() if at < row}

    def depth(self, symbol: str, ts: int, exch: int, bids: Levels, asks: Levels, views: int = BOTH_VIEWS) -> None:
        self.of(symbol)
        self.timed(ts, exch)
        self._levels(ts, exch, DEPTH | BUY | views, bids)
        self._levels(ts, exch, DEPTH | SELL | views, asks)

    def _levels(self, ts: int, exch: int, ev: int, levels: Levels) -> None:
        if type(levels) is not list or not ONLY_LISTS.issuperset(map(type, levels)):
            raise Odd("levels are no list of lists")
        if not PAIRS.issuperset(map(len, levels)):
            raise Odd("a level is no price and quantity")
        n = len(levels)
        self.flat += chain.from_iterable(levels)
        self.ts += array("q", (ts,)) * n
        self.exch += array("q", (exch,)) * n
        self.ev += array("q", (ev,)) * n

    def _one(self, ts: int, exch: int, ev: int, price: str, qty: str) -> None:
        self.flat += (price, qty)
        self.ts.append(ts)
        self.exch.append(exch)
        self.ev.append(ev)

    def _clear(self, ts: int, exch: int, side: int, value: int = 0) -> None:
        self._clears[len(self.ts)] = value
        self._one(ts, exch, CLEAR | side | BOTH_VIEWS, "0", "0")

    def snapshot(self, symbol: str, ts: int, exch: int, bids: Levels, asks: Levels, deep: bool) -> None:
        self.of(symbol)
        self.timed(ts, exch)
        if not deep:
            self._clear(ts, exch, 0)
        for side, levels in ((BUY, bids), (SELL, asks)):
            if deep and levels:
                self._one(ts, exch, CLEAR | side | BOTH_VIEWS, levels[-1][0], "0")
            elif deep:
                self._clear(ts, exch, side)
            self._levels(ts, exch, SNAPSHOT | side | BOTH_VIEWS, levels)

    def unknown(self, symbol: str, ts: int, exch: int) -> None:
        self.of(symbol)
        self._clear(ts, exch, 0, UNKNOWN)

    def trade(self, symbol: str, ts: int, exch: int, bought: bool, price: str, qty: str, id: int, old: bool) -> None:
        self.of(symbol)
        self.timed(ts, exch)
        self._one(ts, exch, TRADE | (BUY if bought else SELL) | (EXCH if old else BOTH_VIEWS), price, qty)

    def best(self, symbol: str, ts: int, exch: int, levels: Best) -> None:
        self.of(symbol)
        self.timed(ts, exch)
        if None in levels:
            for side, price, qty in ((BUY, *levels[:2]), (SELL, *levels[2:])):
                if price is None or qty is None:
                    self._clear(ts, exch, side)
                else:
                    self._one(ts, exch, BBO | side | BOTH_VIEWS, price, qty)
            return
        self.flat += levels
        self.ts.extend((ts, ts))
        self.exch.extend((exch, exch))
        self.ev.extend(BEST)

    def _zeros(self) -> int:
        return len(self._clears)

    def _priceless(self, row: int) -> bool:
        return row in self._clears

    def filled(self, n: int) -> dict[str, array[Any]]:
        zeros = array("q", bytes(8 * n))
        value = array("q", zeros)
        for at, one in self._clears.items():
            value[at] = one
        numbers = self.numbers
        columns: dict[str, array[Any]] = {"ts": self.ts, "ev": self.ev, "exch_ts": self.exch, "ival": value}
        columns |= {"px": numbers[0::2], "qty": numbers[1::2]}
        return {name: columns.get(name, zeros) for name, _ in self._cols}


class TradeRows(Rows):
    """Rows of kind trade; of trades before the capture there are none."""

    KIND = "trade"

    def columns(self) -> list[tuple[str, str]]:
        return [col for col in super().columns() if col[0] != "trades"]

    def _begin(self) -> None:
        super()._begin()
        self._sides = array("b")
        self._ids = array("q")

    def cut(self, row: int) -> None:
        super().cut(row)
        del self._sides[row:], self._ids[row:]

    def trade(self, symbol: str, ts: int, exch: int, bought: bool, price: str, qty: str, id: int, old: bool) -> None:
        if old:
            self.pass_by("trades from before the capture")
            return
        self.of(symbol)
        self.timed(ts, exch)
        self.flat += (price, qty)
        self.ts.append(ts)
        self._sides.append(1 if bought else -1)
        self._ids.append(id)

    def filled(self, n: int) -> dict[str, array[Any]]:
        columns = self.ts, self.numbers[0::2], self.numbers[1::2], self._sides, self._ids
        return dict(zip((name for name, _ in self._cols), columns))


class QuoteRows(Rows):
    """Rows of kind quote."""

    KIND = "quote"
    WIDE = 4

    def columns(self) -> list[tuple[str, str]]:
        return list(kinds.QUOTE.required)  # how far a book is to be trusted no ticker says

    def best(self, symbol: str, ts: int, exch: int, levels: Best) -> None:
        if None in levels:
            self.pass_by("quotes of one side")
            return
        self.of(symbol)
        self.timed(ts, exch)
        self.flat += levels
        self.ts.append(ts)

    def filled(self, n: int) -> dict[str, array[Any]]:
        columns: list[array[Any]] = [self.ts, *(self.numbers[i::4] for i in range(4))]
        return dict(zip((name for name, _ in self._cols), columns))


ROWS: dict[str, type[Rows]] = {one.KIND: one for one in (BookRows, TradeRows, QuoteRows)}
