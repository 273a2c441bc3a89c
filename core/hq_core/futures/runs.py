"""Rows run on every account, and what becomes of them written: of one account as it is, of several in order of ts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.futures.written import Part, Shared

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hq_core.futures.accounts import Accounts
    from hq_core.futures.dues import Dues
    from hq_core.futures.quotes import Quotes
    from hq_core.futures.rows import Taker
    from hq_core.futures.trader import Trader
    from hq_core.futures.written import Written

AT_ONCE = 4100  # rows a turn: each costs as much in Python as 500 rows; columns 2^k bytes apart share a cache's set
TOGETHER, LEAST = 131_200, 500  # of all accounts: what they write is laid in order within the cache
WITHOUT_BAR = "orders whose bar is not there"


class Runs:
    """What the ways to run rows share: the accounts, what waits for them, what they write, and what they drop.

    several   an account trades more than one symbol
    drop      is told why rows are dropped, and how many
    rows      of the input that have been run
    """

    def __init__(
        self,
        accounts: Accounts,
        written: Written,
        dues: Dues,
        quotes: Quotes,
        several: bool,
        drop: Callable[[str, int], None],
    ) -> None:
        self.accounts, self.written, self.several = accounts, written, several
        self.rows = 0
        self._dues, self._quotes, self._drop = dues, quotes, drop
        self._shared: Shared | None = None  # of the rows of equity of several accounts
        self._takers: dict[str, Taker] = {}  # of what several accounts log, one behind the other

    def announce(self) -> None:
        """What is written, before rows of it."""
        self.written.announce(self.accounts.traders, self.accounts.numbers)

    def give(
        self, traders: Iterable[Trader], first: int, until: int, edges: Callable[[], Sequence[int]] | None = None
    ) -> None:
        """Give the accounts the rows of funding, and quotes, up to a ts.

        first   the ts of the bar that comes next;  edges: see Dues.until
        """
        numbers = self.accounts.numbers
        due = self._dues.until(first, until, numbers, None if self.several else next(iter(numbers), ""), edges)
        for trader in traders if due else ():
            when, whose, rates, marks = trader.funding
            for instant, symbol, rate, mark in due:
                when.append(instant)
                whose.append(numbers[symbol])
                rates.append(rate)
                marks.append(mark)
        quoted = self._quotes.until(until)
        for trader in traders if quoted else ():
            when, whose, rows = trader.quotes
            for instant, symbol, *row in quoted:
                when.append(instant)
                whose.append(numbers.get(symbol, -1))
                rows.extend(row)

    # -- bars --------------------------------------------------------------------------------------------
    def at_once(self, traders: Sequence[Trader]) -> int:
        """How many bars a turn takes."""
        return max(min(AT_ONCE, TOGETHER // max(len(traders), 1)), LEAST)

    def run(self, traders: list[Trader], start: int, stop: int, last: int) -> None:
        """Run the bars that are bound from `start` up to `stop`; the accounts end with row `last`, -1: they go on."""
        if len(traders) == 1 and not self.several:
            self._alone(traders[0], start, stop, last)
        else:
            self._together(traders, start, stop, last)

    def _alone(self, trader: Trader, start: int, stop: int, last: int) -> None:
        written = self.written
        while start < stop:
            before = self.counts([trader])
            addresses = written.equity(stop - start)
            start = trader.run(start, stop, addresses, last)
            written.commit_equity(addresses, trader.account.equities, 0)
            for kind, rows in trader.written():
                written.write(kind, rows.places(), rows.n, 0)
            self._count([trader], before)
            self.complain(trader, start)

    def _together(self, traders: list[Trader], start: int, stop: int, last: int) -> None:
        """The same of several accounts, whose rows are laid in order of ts, then of the accounts."""
        found = self.nothing()
        wrong: list[tuple[int, Trader]] = []
        shared = self._shared = self._shared or Shared(self.written.schemas["equity"].names)
        shared.begin(len(traders) * (stop - start))
        before = self.counts(traders)
        for code, trader in enumerate(traders):
            at = start
            row = first = code * (stop - start)
            while at < stop and not trader.account.state.error:
                at = trader.run(at, stop, shared.at(row), last)
                row += trader.account.equities
                self.take_log(trader, code, found)
            found["equity"].append(shared.part(code, first, row - first))
            if trader.account.state.error:
                wrong.append((at, trader))
        self.write(found, traders, before)
        if wrong:
            at, trader = min(wrong, key=lambda one: one[0])
            self.complain(trader, at)

    # -- what became of them -----------------------------------------------------------------------------
    def nothing(self) -> dict[str, list[Part]]:
        """Of each kind that is written no rows so far."""
        for taker in self._takers.values():
            taker.kept = 0
        return {kind: [] for kind in self.written.schemas}

    def take_log(
        self,
        trader: Trader,
        code: int,
        found: Mapping[str, list[Part]],
        told: dict[str, dict[str, array[float]]] | None = None,
    ) -> None:
        """Keep what happened in an account in its last run; told: takes its columns by kind."""
        for kind, rows in trader.written(self._takers):
            parts = found[kind]
            if parts and parts[-1].code == code:
                parts[-1].n += rows.n
            else:
                parts.append(Part(code, rows.n, {}, rows))
            if told is not None:
                told[kind] = rows.columns()
            rows.keep()

    def write(
        self, found: Mapping[str, list[Part]], traders: Iterable[Trader], before: Sequence[tuple[int, ...]]
    ) -> None:
        """Write what happened in several accounts, and count what they dropped meanwhile."""
        for kind, parts in found.items():
            first = 0
            for part in parts if kind in self._takers else ():  # where they lie, now that no more come
                part.places = self._takers[kind].places(first)
                first += part.n
            self.written.write_together(kind, parts, self.accounts.ranks)
        self._count(traders, before)

    def counts(self, traders: Iterable[Trader]) -> list[tuple[int, ...]]:
        """How many rows each has dropped so far, by reason."""
        return [trader.account.dropped() for trader in traders]

    def _count(self, traders: Iterable[Trader], before: Sequence[tuple[int, ...]]) -> None:
        for had, have in zip(before, self.counts(traders)):
            if had == have:
                continue
            for reason, was, now in zip(("provisional", "after bankruptcy", WITHOUT_BAR), had, have):
                if now > was:
                    self._drop(reason, now - was)

    def complain(self, trader: Trader, at: int) -> None:
        if trader.account.state.error:
            raise trader.account.complaint(self.rows + at, at)
