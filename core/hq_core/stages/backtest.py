"""hq-backtest: orders against futures accounts, one for each strategy."""

from __future__ import annotations

import ctypes
import os
from functools import partial
from typing import TYPE_CHECKING, Any

from hq_core.batch import EVER, NEVER, SCHEMA, Batch, Schema, described, undescribed
from hq_core.durations import parse_duration
from hq_core.errors import DATA, USAGE, HqError, did_you_mean
from hq_core.files import read_beside
from hq_core.futures.account import account
from hq_core.futures.accounts import Accounts
from hq_core.futures.along import run_along
from hq_core.futures.bars import MAY_LACK, READ
from hq_core.futures.dues import Dues, dues_of
from hq_core.futures.equity import OF_ACCOUNT, OF_SYMBOL, WITH_ROOM
from hq_core.futures.finer import Finer
from hq_core.futures.given import Given, PerStrategy, order_columns, order_rows
from hq_core.futures.listing import ExchangeInfo, leverages
from hq_core.futures.marks import Marks
from hq_core.futures.quotes import Quotes
from hq_core.futures.report import summary
from hq_core.futures.rows import taken
from hq_core.futures.runs import WITHOUT_BAR, Runs
from hq_core.futures.tables import Tables
from hq_core.futures.timeline import Timeline
from hq_core.futures.traded import Traded
from hq_core.futures.written import Written
from hq_core.jit import rounds
from hq_core.kinds import BAR, VERBS
from hq_core.memory import stay
from hq_core.options.account import BY_QUOTES, AccountOptions, BracketOptions, FillOptions, FundingOptions, RunOptions
from hq_core.roles import Sink, Stage
from hq_core.saved import Count, digest, shaped
from hq_core.say import listed
from hq_core.stream.held import columns_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hq_core.futures.dues import Due
    from hq_core.futures.inside import Mind, Rounds
    from hq_core.futures.terms import Terms
    from hq_core.futures.trader import Trader
    from hq_core.jit import Kernel

MOST_FUNDING = 1 << 28  # bytes of a file: an hour's funding of a thousand symbols over ten years, packed
_INT = ctypes.c_int64
CTYPES: dict[str, Any] = {"i8": ctypes.c_int64, "f8": ctypes.c_double, "b1": ctypes.c_int8}
VIEWED = {name: CTYPES[kind] for name, kind in READ}
STATE = {
    "single": [str],
    "begun": bool,
    "period": str,
    "symbols": [str],
    "traders": [object],
    "lines": object,
    "quotes": object,
    "dues": object,
    "marks": object,
    "rows": Count,
    "finer": object,
    "early": [(SCHEMA, Count, [bytes], {str: [str]})],
}


class BacktestStage(Stage):
    """Trades bars by the orders that come with them; the bars pass, what becomes of the accounts comes behind them.

    A series of bars that has orders makes an account of one symbol, a panel or several series one of them all.  Bars of
    other periods than the orders' pass.

    terms        the account's options
    brackets     file of leverage brackets; empty: the flat maintenance rate of the terms
    strategy     which one to trade; empty: each on an account of its own
    close_at_end close what is open after the last row, at its close
    per_year     rows a year for annual figures; None: as the data shows
    symbol       which one to trade; empty: all
    max_open     write how much could be opened
    exchange_info  file of the exchange's steps of price and quantity; empty: those of the terms
    leverage_of  SYMBOL=N, of symbols that have another leverage than the terms'
    explain      the number of the one fill of which `explanation` is to tell what made it; 0: none
    funding      file of rows of funding beside the stream's; empty: none
    funding_missing  zero, or fail: what it is when funding was due and no row says it
    keep_input   pass rows of kind order, those of strategies inside too
    """

    SHAPE: Any = object

    def __init__(
        self,
        terms: Terms,
        *,
        brackets: str = "",
        strategy: str = "",
        close_at_end: bool = False,
        per_year: float | None = None,
        symbol: str = "",
        max_open: bool = False,
        exchange_info: str = "",
        leverage_of: Iterable[str] = (),
        explain: int = 0,
        funding: str = "",
        funding_missing: str = FundingOptions.funding_missing.default,
        keep_input: bool = False,
    ) -> None:
        super().__init__()
        terms.latency_ns = parse_duration(terms.latency, FillOptions.latency)
        terms.check_files(bool(brackets), bool(exchange_info))
        self.terms = terms
        self.close_at_end = close_at_end
        self.per_year = per_year
        self.max_open = max_open
        self.symbol = self.period = ""
        self._only = symbol
        self.keep_input = keep_input
        self.consumes = () if keep_input else ("order",)
        self._strict = funding_missing == "fail"
        tables = Tables(brackets) if brackets else None
        steps = ExchangeInfo(exchange_info) if exchange_info else None
        self._accounts = Accounts(terms, symbol, strategy, tables, steps, leverages(leverage_of), explain, self._strict)
        for name, one in (("brackets", tables), ("exchange_info", steps)):
            if one is not None:
                self.inputs[name] = digest(one.text)
        rows: Iterable[Due] = ()
        if funding:
            rows, self.inputs["funding"] = read_funding(funding)
        self._dues = Dues(funding, rows, watched=self._strict)
        self._timeline: Timeline | None = None
        self._single: Schema | None = None
        self._runs: Runs | None = None  # from the first bars on
        self._columns: list[tuple[str, int]] = []
        # places of a batch's columns, with those that are read and its ts: where rows come one by one, of all of them
        self._laid: tuple[list[int], Mapping[str, int], Any] | None = None
        self._bound: Schema | None = None
        self._waits: Batch | None = None  # what may be the last whole row
        self._quotes = Quotes()
        self._marks = Marks()
        self._other_rows = 0
        self._finer = Finer(terms.finer) if terms.finer else None
        self._traded = Traded(self._accounts, self._finer, terms.path)
        self._early: list[Batch] = []  # orders that came before any bars
        self.inside = False  # whether strategies ask for the rows
        self._from_inside: set[str] = set()  # periods of the orders that strategies give straight
        self._mind: Mind | None = None  # who asks for those that are being run
        self._per_strategy = PerStrategy()
        self._rounds: Rounds | None = None  # in which their rows are run

    def kernels(self) -> tuple[Kernel, ...]:
        inside: tuple[Kernel, ...] = ()
        if self.inside:
            from hq_core.futures.inside import account_at, known_at

            inside = account_at, known_at, rounds
        return order_rows, account, *inside, taken, order_columns

    # -- the stream --------------------------------------------------------------------------------------
    def section(self) -> None:
        if self._runs is not None:
            self._runs.written.section()

    def schema(self, schema: Schema) -> None:
        if self.keep_input or schema.of != "order":
            self.out.series(schema)
        if schema.of == "mark_price":
            self._marks.announced(schema)
        if schema.of != "order" or schema.period not in self._from_inside:
            self._announced(schema)

    def _announced(self, schema: Schema) -> None:
        for bars in self._traded.announced(schema):
            if self._single is not None and bars.key != self._single.key:
                what = f"{bars.key} was announced when {self._single.key} was traded already"
                raise HqError(what, DATA, hint=("hq-merge lays them together, or choose one with ", RunOptions.symbol))
            self.period = bars.period
            if self._timeline is not None:
                self._timeline.add(bars)

    def other(self, frame: dict[str, Any]) -> None:
        of_orders = frame["kind"] == "strings" and frame["of"].startswith("order/")
        if of_orders and frame["of"].rpartition("/")[2] not in self._from_inside:
            self._traded.told(frame)
        if self.keep_input or not of_orders:
            self.out.map(frame)

    def rows(self, batch: Batch) -> None:
        schema = batch.schema
        if schema.of == "order":
            if self.keep_input:
                self.out.copy(batch)
            if schema.period not in self._from_inside:
                self._ordered(batch)
            return
        if schema.key in self._traded.series:
            self._begin().announce()  # before the bars, so that whoever reads them knows what else there is
            self._dues.bars_come(self._accounts.numbers)
        self.out.copy(batch)
        if self.inside and schema.key in self._traded.series:
            return
        if schema.of == "funding":
            self._dues.add(dues_of(batch))
        if schema.of == "quote" and self.terms.spread == BY_QUOTES:
            self._quotes.add(batch)
        if schema.of == "mark_price":
            self._marks.take(batch)
        if self._finer is not None and self._finer.reads(schema) and schema.key not in self._traded.series:
            if self._finer.of == "bar":
                self._check_volume(batch)
            self._finer.take(batch, self._alone_traded)
            if self._runs is not None and not self.inside:
                self._along(NEVER)
            return
        if schema.key not in self._traded.series:
            self._other_rows += batch.n
            return
        prefixes = self._traded.prefixes(schema)
        number, numbers = self._accounts.numbers_of(batch)
        for prefix in prefixes:
            self._accounts.of(prefix[:-1]).given.take_columns(batch, prefix, number, numbers)
        if self._single is not None:
            self._bars(batch)
        else:
            assert self._timeline is not None
            if self._finer is None:
                self._check_volume(batch)
            self.leave_out(self._timeline.take(batch, number, numbers))
            self._run_until(self._timeline.whole())

    def _begin(self) -> Runs:
        """Before the first bar: whether the account trades one symbol or several."""
        if self._runs is not None:
            return self._runs
        traded = list(self._traded.series.values())
        if len(traded) == 1 and not traded[0].panel:
            self._single = traded[0]
            self.symbol = traded[0].symbol
            self._accounts.add(self.symbol)
        else:
            timed = all(one.has("open_time") for one in traded)
            needed = [col for col in READ if col[0] not in MAY_LACK or (col[0] == "open_time" and timed)]
            for one in traded:
                one.reads(READ, BAR.required)  # says what is missing, or of another type
            self._timeline = Timeline(tuple(needed))
            if self._only:
                self.symbol = self._only
                self._accounts.add(self.symbol)
            for one in traded:
                self._timeline.add(one)
        runs = self._open()
        early, self._early = self._early, []
        for batch in early:
            self._ordered(batch)
        self._accounts.every()
        return runs

    def _open(self) -> Runs:
        written = Written(self.out, self.symbol, self.period, self._width)
        self._accounts.columns = self._width
        self._runs = Runs(self._accounts, written, self._dues, self._quotes, self._several, self.drop)
        return self._runs

    @property
    def _width(self) -> int:
        """Columns of equity behind the account's."""
        return OF_ACCOUNT if self._several else WITH_ROOM if self.max_open else OF_SYMBOL

    @property
    def _several(self) -> bool:
        """Whether an account trades more than one symbol."""
        return self._single is None and not self._only

    @property
    def _alone_traded(self) -> str:
        """The one symbol that is traded, '' while that is not known."""
        if self._finer is not None and len(self._accounts.numbers) > 1:
            what = f"takes one symbol, and there are {listed(sorted(self._accounts.numbers))}"
            hint = "choose one with ", RunOptions.symbol
            raise HqError(what, USAGE, subject=(FillOptions.path, f" {self.terms.path}"), hint=hint)
        return self._only or next(iter(self._accounts.numbers), "")

    # -- what comes in -----------------------------------------------------------------------------------
    def _ordered(self, batch: Batch) -> None:
        """Rows of orders, which wait for their bars."""
        schema = batch.schema
        if self._only and not schema.panel and schema.symbol != self._only:
            return
        if self._runs is None:
            self._early.append(batch.copied())  # until the first bars say what the accounts trade
            return
        if self._single is not None and not schema.panel and schema.symbol != self._single.symbol:
            return
        number, numbers = self._accounts.numbers_of(batch)
        names = batch.texts.get("strategy", [])
        if not names:
            batch.slice(0, 1).words("strategy")  # says that there are none
        for code, (name, most) in enumerate(zip(names, self._per_strategy.counts(batch, len(names)))):
            if self._accounts.strategy in ("", name):
                self._accounts.name([name])
                trader = self._accounts.of(name)
                if most:
                    trader.given.take(batch, code, most, number, numbers, self._last(trader, schema))

    def _last(self, trader: Trader, schema: Schema) -> int:
        """The ts up to which orders come too late."""
        run = trader.account.state
        if not run.rows:
            return NEVER
        last: int = run.last_ts
        return last - 1 if self.inside else last  # those of the bar that it has done are in time

    # -- running -----------------------------------------------------------------------------------------
    def _bars(self, batch: Batch) -> None:
        """Rows of the one series that is traded."""
        if not self.close_at_end:
            self._run_batch(batch)
            return
        at = batch.last_whole()
        if at >= 0:
            if self._waits is not None:
                waits, self._waits = self._waits, None
                self._run_batch(waits)
            self._waits = batch.slice(at, batch.n).copied()
        self._run_batch(batch.slice(0, at) if at >= 0 else batch)

    def _bind(self, batch: Batch) -> None:
        """Rows of bars come that are traded: which of their columns are read."""
        self._bound, self._columns = batch.schema, batch.schema.reads(READ, BAR.required)
        self._laid = None
        if self._finer is None:
            self._check_volume(batch)

    def _check_volume(self, batch: Batch) -> None:
        """HqError DATA where bars that orders fill in have no volume, and the terms ask for it."""
        if batch.schema.has("volume"):
            return
        for option in (FillOptions.volume_share, FillOptions.impact):
            value = getattr(self.terms, option.name)
            if value != option.default:
                whose = f", of {listed(sorted(set(batch.symbols())))}," if batch.schema.panel else ""
                what = f"is of the bars' volume, and {batch.schema.key}{whose} has no column 'volume'"
                raise HqError(what, DATA, subject=(option, f" {value}"))

    def _run_batch(self, batch: Batch, last: int = -1) -> None:
        if not batch.n:
            return
        schema = batch.schema
        if schema is not self._bound:
            self._bind(batch)
        places, laid = batch.addresses, self._laid
        if laid is None or laid[0] is not places or len(laid[2]) != batch.n:
            laid = places, {name: places[at] for name, at in self._columns}, batch.view("ts")
            self._laid = laid if stay(places) and not self.inside else None
        self._run(laid[1], batch.n, laid[2], last)

    def _run_until(self, limit: int, ends: bool = False) -> None:
        """Run the bars before a ts; with `ends` they are the last ones."""
        assert self._timeline is not None
        n, columns = self._timeline.ready(limit, self._accounts.ranks)
        if n:
            ts = memoryview((_INT * n).from_address(columns["ts"])).cast("B").cast("q")
            self._run(columns, n, ts, n - 1 if ends else -1)
        self._timeline.drop(limit)

    def _run(self, columns: Mapping[str, int], n: int, ts: Any, last: int = -1) -> None:
        """Run n bars whose columns lie at these addresses; the accounts end with row `last` of them."""
        if self._finer is not None:
            there = {name: (kind * n).from_address(columns[name]) for name, kind in VIEWED.items() if name in columns}
            self._finer.take_bars(there)
            if self._rounds is not None and self._mind is not None:
                self._mind.see(columns, n)
                self._along(EVER, last >= 0)
            else:
                self._along(NEVER)
            return
        whole = self._whole(columns, n, n)
        if whole:
            self._marks.run = max(self._marks.run, ts[whole - 1])
        if self._marks.given:
            columns = {**columns, **self._marks.laid(columns, n, list(self._accounts.numbers), self.period)}
        runs = self._runs
        assert runs is not None
        traders = self._accounts.every()
        runs.announce()
        if self._mind is not None:
            self._mind.see(columns, n)
        start = 0
        while start < n:
            stop = min(n, start + runs.at_once(traders))
            if self._timeline is not None:
                while stop < n and ts[stop] == ts[stop - 1]:
                    stop += 1
            stop = self._accounts.switch(ts, start, stop)
            closed = whole if stop == n else self._whole(columns, n, stop)
            if closed > start:
                runs.give(traders, ts[start], ts[closed - 1], partial(_edges, columns, start, closed))
            for trader in traders:
                trader.account.bind(columns, stop)
            if self._rounds is not None and self._mind is not None:
                self._rounds.run(runs, self._mind, traders, start, stop, last)
            else:
                runs.run(traders, start, stop, last)
            start = stop
        runs.rows += n

    def _whole(self, columns: Mapping[str, int], n: int, stop: int) -> int:
        """The row behind the last one before `stop` that is not forming."""
        at = columns.get("complete")
        if at:
            flags = (ctypes.c_int8 * n).from_address(at)
            while stop and not flags[stop - 1]:
                stop -= 1
        return stop

    # -- along a finer path ------------------------------------------------------------------------------
    def _along(self, limit: int, ends: bool = False) -> None:
        """Run the finer rows of the bars that are whole, as no row comes any more that is before `limit`.

        ends   the last of them is the end of the accounts
        """
        finer, runs = self._finer, self._runs
        assert finer is not None
        assert runs is not None
        self._accounts.every()
        runs.announce()
        bars = finer.whole(self._alone_traded, limit)
        if self.close_at_end and not (ends or self.inside) and len(bars) == finer.waiting:
            del bars[-1:]  # which may be the last one
        asked = None
        if self._rounds is not None and self._mind is not None and bars:
            asked = self._rounds.along(runs, self._mind, self._accounts.every())
        run_along(runs, finer, bars, ends, self._marks, asked)

    # -- strategies inside -------------------------------------------------------------------------------
    @property
    def only(self) -> str:
        """The symbol that alone is traded; '' where any is."""
        return self._only

    def enter(self) -> None:
        """Strategies read their accounts: rows are run when they ask for it, not when they come.

        HqError USAGE for terms under which an account cannot be read.
        """
        for option, value, why in (
            (AccountOptions.fill, "close", "a strategy that reads its account has seen the close when it orders"),
            (AccountOptions.position_mode, "hedge", "a strategy that reads its account has one position, not two"),
        ):
            if getattr(self.terms, option.name) == value:
                raise HqError(why, USAGE, subject=(option, f" {value}"))
        from hq_core.futures.inside import Rounds  # few runs have strategies

        self.inside = True
        self._rounds = Rounds()

    def given(self) -> Sink:
        """What takes the orders of strategies inside; with `keep_input` they come a second time, to be passed on."""
        return Orders(self)

    def run(self, batch: Batch, mind: Mind, last: bool) -> None:
        """Run rows, with who decides at each before the next one; last: the first of them ends the accounts."""
        self._begin()
        self._mind = mind
        self._run_batch(batch, 0 if last else -1)

    def numbers_of(self, symbols: Iterable[str]) -> list[int]:
        """The accounts' number of each of several symbols, which go by how they are given first."""
        runs = self._begin()
        found = [self._accounts.add(symbol) for symbol in symbols]
        runs.announce()
        return found

    @property
    def reached(self) -> int:
        """Bars before this ts have all of their finer rows; EVER where there is no finer path."""
        return EVER if self._finer is None else self._finer.reached

    def known(self, number: int) -> dict[str, list[float]]:
        """kinds.ACCOUNT of a symbol as it is now, by the account's name."""
        return self._rounds.known(self._accounts.every(), number) if self._rounds is not None else {}

    def leave_out(self, forming: int) -> None:
        """Count so many rows of what is traded as forming ones, which are not."""
        self.drop("provisional", forming)
        for trader in self._accounts.traders.values():
            trader.account.state.provisional += forming

    def run_together(self, parts: Sequence[Batch], mind: Mind, limit: int, ends: bool) -> None:
        """Run the closed rows of several series, all that there are before `limit`, an instant at a time.

        ends   the last of them is the accounts' end
        """
        self._mind = mind
        if self._single is not None:
            (part,) = parts
            self._run_batch(part, part.n - 1 if ends else -1)
            return
        assert self._timeline is not None
        for part in parts:
            self._timeline.add(part.schema)
            self._check_volume(part)
            self.leave_out(self._timeline.take(part, *self._accounts.numbers_of(part)))
        self._run_until(limit, ends)

    # -- the end -----------------------------------------------------------------------------------------
    def mark(self, ts: int) -> None:
        if self._timeline is not None:
            self._run_until(ts)
            if self._timeline.waiting:
                ts = min(ts, self._timeline.earliest)
        if self._waits:
            ts = min(ts, self._waits.view("ts")[0])
        if self._finer is not None:
            if self._runs is not None and not self.inside:
                self._along(ts)
            ts = min(ts, self._finer.earliest)
        self.out.mark(ts)

    def finish(self, more: bool) -> None:
        if more:
            return
        if self._traded.series:
            self._begin()
        if self._waits is not None:
            waits, self._waits = self._waits, None
            self._run_batch(waits, 0)
        if self._timeline is not None and self._timeline.waiting:
            self._run_until(EVER, self.close_at_end)
        if self._finer is not None and self._runs is not None:
            self._finish_path(self._finer)
        for batch in self._early:
            self._without_bars(batch)
        for trader in self._accounts.traders.values():
            if trader.given.ts:
                self.drop(WITHOUT_BAR, len(trader.given.ts))
        found = self.reports() if self._runs is not None else []
        for symbol in self._accounts.leverages if found else ():
            if symbol not in self._accounts.numbers:
                what = f"no {symbol} is traded{did_you_mean(symbol, list(self._accounts.numbers))}"
                raise HqError(what, USAGE, subject=BracketOptions.leverage_of)
        for report in found:
            self.out.map(report)
        if found:
            self._dues.check(self._accounts.numbers)
        self.notices |= self._dues.told(self._accounts.numbers)
        if self._marks.late:
            self.notices["rows of mark_price came behind bars that end no earlier"] = self._marks.late
        if self._quotes.late:
            self.notices["quotes came behind bars that end no earlier, and no fill of theirs has seen them"] = (
                self._quotes.late
            )
        missed = sum(trader.account.state.missed for trader in self._accounts.traders.values())
        if missed:
            self.notices["times at which funding was due on a position and no row said it, taken as 0"] = missed
        if found:
            return
        if self._only and self._traded.bars:
            there = [one.symbol for one in self._traded.bars.values() if one.symbol]
            what = f"'{self._only}' has no orders; there are those of {listed(there)}{did_you_mean(self._only, there)}"
            raise HqError(what, USAGE, subject=RunOptions.symbol)
        if self._traded.bars:
            raise _missing(next(iter(self._traded.bars.values())))
        if self._other_rows:
            self.notices["no bars came, so nothing was traded; rows of other kinds"] = self._other_rows

    def _finish_path(self, finer: Finer) -> None:
        self._along(EVER, self.close_at_end)
        if finer.none:
            what = f"no {finer.of}s{f' of {finer.source}' if finer.of == 'bar' else ''} of {self._alone_traded} came"
            hint = "hq-merge lays them beside the others"
            raise HqError(what, DATA, subject=(FillOptions.path, f" {self.terms.path}"), hint=hint)
        if finer.without:
            self.notices["bars without a finer row, run by their close"] = finer.without

    def _without_bars(self, batch: Batch) -> None:
        """Rows of orders to which no bars came: what is no order is said all the same."""
        number, numbers = self._accounts.numbers_of(batch)
        for code, name in enumerate(batch.texts.get("strategy", [])):
            if self._accounts.strategy in ("", name):
                self.drop(WITHOUT_BAR, Given(name).take(batch, code, batch.n, number, numbers, NEVER))

    def explanation(self) -> dict[str, Any]:
        """What made the fill of the number `explain`; HqError where there is no such fill, or where several have it."""
        return self._accounts.explanation()

    def reports(self) -> list[dict[str, Any]]:
        """What each account came to so far; none before there is one."""
        found = []
        for trader in self._accounts.traders.values():
            report = summary(
                trader.account,
                self.symbol or (next(iter(self._accounts.numbers)) if len(self._accounts.numbers) == 1 else ""),
                self.period,
                trader.liquidations,
                self.per_year,
                trader.name,
                self.made_by,
                self._dues.given,
            )
            if self._accounts.tables is not None:
                report["options"] |= {"maintenance": None, "brackets": self._accounts.tables.path}
            if self._accounts.steps is not None:
                steps = dict.fromkeys(("tick", "lot", "min_notional"))
                report["options"] |= {**steps, "exchange_info": self._accounts.steps.path}
            if self._dues.given:
                policy = "fail" if self._strict else "zero"
                report["options"] |= {"funding": self._dues.file or None, "funding_missing": policy}
            if self._accounts.leverages:
                report["options"]["leverage_of"] = self._accounts.leverages
            found.append(report)
        return found

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        waits = self._early or self._dues.waiting or self._quotes.waiting or self._marks.given
        if self._runs is None and not waits and self._finer is None:
            return {}
        lines = self._timeline.save() if self._timeline is not None else []
        single = self._single
        return {
            "single": [single.symbol, single.period] if single is not None else [],
            "begun": self._runs is not None,
            "period": self.period,
            "symbols": list(self._accounts.numbers),
            "traders": [[name, *trader.save()] for name, trader in self._accounts.traders.items()],
            "lines": lines,
            "quotes": self._quotes.save(),
            "dues": self._dues.save(),
            "marks": self._marks.save(),
            "rows": self._runs.rows if self._runs is not None else 0,
            "finer": self._finer.save() if self._finer is not None else [],
            "early": [
                [described(one.schema), one.n, columns_of(one.schema, one.addresses, one.n), one.texts]
                for one in self._early
            ],
        }

    def load(self, saved: dict[str, Any]) -> None:
        """Take up a saved stage; its series are announced anew by the input."""
        if not saved:
            return
        saved = shaped(saved, STATE)
        self.period = saved["period"]
        self._quotes.load(saved["quotes"])
        self._dues.load(saved["dues"])
        self._marks.load(saved["marks"])
        for about, n, columns, texts in saved["early"]:
            one = rows_of(undescribed(about), n, columns)
            self._early.append(Batch(one.schema, n, one.addresses, one.keep, texts))
        if self._finer is not None:
            self._finer.load(saved["finer"])
        if saved["single"]:
            self.symbol = saved["single"][0]
            self._single = Schema("bar", saved["single"][0], saved["single"][1], BAR.cols)
        elif saved["begun"]:
            self.symbol = self._only
            self._timeline = Timeline(())
            self._timeline.load(saved["lines"])
        self._accounts.columns = self._width
        self._accounts.name(name for name, *_ in saved["traders"] if name)
        for name, *_ in saved["traders"]:
            self._accounts.of(name)
        for symbol in saved["symbols"]:
            self._accounts.add(symbol)
        for name, *rest in saved["traders"]:
            self._accounts.traders[name].load(rest)
        if saved["begun"]:
            self._open().rows = saved["rows"]
        self.reports()  # what they cannot be made of is found now, not at the end


class Orders(Sink):
    """Takes orders that strategies give straight to their accounts."""

    def __init__(self, stage: BacktestStage) -> None:
        self._stage = stage

    def schema(self, schema: Schema) -> None:
        self._stage._from_inside.add(schema.period)
        self._stage._announced(schema)

    def rows(self, batch: Batch) -> None:
        self._stage._ordered(batch)

    def other(self, frame: dict[str, Any]) -> None:
        self._stage._traded.told(frame)


def read_funding(path: str) -> tuple[list[Due], str]:
    """The rows of a file, hq-frames or whatever `hq-import --kind funding` reads, and the digest of its bytes.

    Raises HqError NOINPUT, DATA, USAGE for stdin.
    """
    content = read_beside(path, MOST_FUNDING, FundingOptions.funding)
    fd = os.memfd_create("funding")
    try:
        with open(fd, "wb", closefd=False) as file:
            file.write(content)
        os.lseek(fd, 0, os.SEEK_SET)
        return list(_funding_of(fd)), digest(content)
    except HqError as error:
        raise error.within((FundingOptions.funding, f" {path}")) from None
    finally:
        os.close(fd)


def _funding_of(fd: int) -> Iterable[Due]:
    from hq_core.formats import SourceOptions, open_source  # few runs read a file

    any_ = False
    for item in open_source(fd, b"", SourceOptions(kind="funding")):
        any_ |= isinstance(item, Schema) and item.of == "funding"
        if isinstance(item, Batch) and item.schema.of == "funding":
            yield from dues_of(item)
    if not any_:
        raise HqError("has no rows of kind funding", DATA)


def _edges(columns: Mapping[str, int], start: int, stop: int) -> list[int]:
    """When the bars of rows from `start` up to `stop` begin and end, in order."""
    there = [columns[name] for name in ("ts", "open_time") if name in columns]
    return sorted({one for at in there for one in (_INT * stop).from_address(at)[start:stop]})


def _missing(schema: Schema) -> HqError:
    return HqError(
        f"no orders came: {schema.key} has no column '{VERBS[0]}' and no rows of kind order are beside it",
        DATA,
        hint="hq-backtest STRATEGY.hq runs a strategy, or hq-signal STRATEGY.hq goes before",
    )
