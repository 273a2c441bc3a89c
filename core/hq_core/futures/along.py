"""An account that runs along finer rows: its rows of equity stay those of the bars that they are in."""

from __future__ import annotations

import ctypes
from array import array
from functools import partial
from typing import TYPE_CHECKING

from hq_core.futures.blocks import FIRST
from hq_core.futures.runs import AT_ONCE
from hq_core.futures.written import Part
from hq_core.jit import address_of
from hq_core.memory import after

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any, Protocol

    from hq_core.futures.accounts import Accounts
    from hq_core.futures.finer import Finer, Piece
    from hq_core.futures.marks import Marks
    from hq_core.futures.runs import Runs
    from hq_core.futures.trader import Trader

    class Asked(Protocol):
        """Who decides at the end of a bar."""

        def happened(self, account: int, columns: dict[str, dict[str, array[Any]]]) -> None:
            """What has in an account since it was told last, by its number."""

        def decide(self, at: int, found: dict[str, list[Part]]) -> None:
            """All accounts have come to the end of a bar, which is the row before `at`; what comes of it is added."""


BETWEEN = 2000  # rows between two ends of bars that are run in one turn
NAN = float("nan")
NOWHERE = 0, 0, 0, 0  # where rows of equity go of which there are none


class Walk:
    """One account, with room for the rows of equity of so many bars.

    code   the account's
    names  of the columns of equity
    """

    def __init__(self, trader: Trader, code: int, bars: int, names: Sequence[str]) -> None:
        self.trader, self.code = trader, code
        self._names, self._done = names, 0
        self._block, self._starts = _columns(len(names), bars)
        self._fell = False  # between the end of the last bar and now
        self._between: tuple[array[float], list[int]] = array("d"), []

    def go(self, piece: Piece, first: int, stop: int, last: bool) -> int:
        """Run rows from `first` up to `stop`, or as far as there is room; the next one.  last: the account ends there.

        Rows between two ends of bars are no periods of the statistics, and no orders are decided at them.
        """
        trader, account = self.trader, self.trader.account
        s = account.state
        if piece.counts:
            account.cell.set(counted=1)
            trader.lose(piece.ts)
            account.bind(piece.columns, stop)
            addresses = after(self._starts, [8] * len(self._starts), self._done)
            if self._fell:
                at = self._end_of_fall(first, stop, addresses)
            else:
                at = trader.run(first, stop, addresses, first if last else -1)
                self._done += account.equities
            return at
        if s.bankrupt:
            return stop
        if not self._between[1]:
            self._between = _columns(len(self._names), BETWEEN)
        stop = min(stop, first + BETWEEN)
        account.cell.set(counted=0)
        account.bind(piece.columns, stop)
        bankrupt_rows = s.rows_after
        at = trader.run(first, stop, self._between[1], decided=False)
        s.rows_after = bankrupt_rows  # those of bars are counted
        self._fell = bool(s.bankrupt)
        if not s.periods:
            account.places[FIRST] = NAN  # the first close is a bar's
        return at

    def _end_of_fall(self, first: int, stop: int, addresses: Sequence[int]) -> int:
        """The end of the bar in which the account went bankrupt: its last period, whose orders are refused."""
        trader, s = self.trader, self.trader.account.state
        s.bankrupt = 0
        at = trader.run(first, stop, addresses, decided=False)
        s.bankrupt = 1
        self._fell = False
        self._done += trader.account.equities
        if not s.error:
            at_close, s.at_close = s.at_close, 0  # as those that come late are
            trader.run(stop, stop, NOWHERE)
            s.at_close = at_close
        return at

    def equity(self) -> Part:
        return Part(self.code, self._done, dict(zip(self._names, self._starts)), self._block)


def run_along(runs: Runs, finer: Finer, bars: array[int], ends: bool, marks: Marks, asked: Asked | None = None) -> None:
    """Run the finer rows of whole bars on every account.

    bars   ts of each
    ends   the last of them is the end of the accounts
    marks  rows of mark_price, if there are any
    asked  who decides at the end of each bar before the next one
    """
    traders, names = runs.accounts.every(), runs.written.schemas["equity"].names
    for start in range(0, len(bars), AT_ONCE):
        some = bars[start : start + AT_ONCE]
        runs.give(traders, some[0], some[-1], partial(finer.edges, some[-1]))
        walks = [Walk(one, code, len(some), names) for code, one in enumerate(traders)]
        found, before = runs.nothing(), runs.counts(traders)
        try:
            pieces = finer.pieces(some[-1])
            for piece in _marked(list(pieces), marks, finer) if marks.given else pieces:
                last = piece.counts and ends and piece.ts == bars[-1]
                for first, stop in _stretches(runs.accounts, piece):
                    for walk in walks:
                        at, begun = first, False
                        while not begun or (at < stop and not walk.trader.account.state.error):
                            at, begun = walk.go(piece, at, stop, last), True
                            told: dict[str, dict[str, array[float]]] | None = None if asked is None else {}
                            runs.take_log(walk.trader, walk.code, found, told)
                            if asked is not None and told is not None:
                                asked.happened(walk.code, told)
                        if walk.trader.account.state.error:
                            raise walk.trader.account.complaint(finer.done + at, at)
                if piece.counts and asked is not None:
                    asked.decide(piece.stop, found)
        finally:
            found["equity"] = [walk.equity() for walk in walks]
            runs.write(found, traders, before)
    finer.drop()


def _marked(pieces: list[Piece], marks: Marks, finer: Finer) -> Iterator[Piece]:
    """Pieces with the marks that have come between each row and the one before; of the first one since it began."""
    if not pieces:
        return
    ts = array("q")
    for piece in pieces:
        ts.extend((ctypes.c_int64 * piece.stop).from_address(piece.columns["ts"])[piece.first :])
    columns = {"ts": address_of(ts)} | dict.fromkeys(finer.marks, 0)
    if not marks.begun(finer.symbol):
        one = pieces[0]
        at = one.columns.get("open_time", one.columns["ts"]) + 8 * one.first
        opened = array("q", [ctypes.c_int64.from_address(at).value, *ts[:-1]])
        columns["open_time"] = address_of(opened)
    laid = marks.laid(columns, len(ts), [finer.symbol], finer.period)
    marks.run = max(marks.run, ts[-1])
    row = 0
    for piece in pieces:
        places = {name: at + 8 * (row - piece.first) for name, at in laid.items()}
        row += piece.stop - piece.first
        yield piece._replace(columns={**piece.columns, **places})


def _stretches(accounts: Accounts, piece: Piece) -> Iterator[tuple[int, int]]:
    """A piece by the bracket tables that hold."""
    first = piece.first
    while first < piece.stop:
        stop = piece.stop
        if accounts.tables is not None:
            ts = memoryview((ctypes.c_int64 * stop).from_address(piece.columns["ts"])).cast("B").cast("q")
            stop = accounts.switch(ts, first, stop)
        yield first, stop
        first = stop


def _columns(columns: int, rows: int) -> tuple[array[float], list[int]]:
    """Memory for columns of so many rows, and where each begins."""
    block = array("d", bytes(8 * columns * rows))
    first = block.buffer_info()[0]
    return block, [first + 8 * rows * i for i in range(columns)]
