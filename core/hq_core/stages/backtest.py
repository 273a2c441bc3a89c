"""hq-backtest: the orders of hq-signal against a futures account."""

from __future__ import annotations

import ctypes
import math
import struct
from typing import TYPE_CHECKING, Any

from hq_core.batch import NEVER, SCHEMA, Schema, described, fits, symbol_of, undescribed
from hq_core.errors import CONFIG, DATA, USAGE, HqError, did_you_mean
from hq_core.futures.account import account
from hq_core.futures.brackets import Brackets, flat, parse_brackets, read_text
from hq_core.futures.engine import READ, Account
from hq_core.futures.placed import SAVED, Placed, beside_bars, check_strategy, market_orders, several
from hq_core.futures.report import LISTED, summary
from hq_core.kinds import BAR, LIQUIDATION, OHLC, VERBS, extra_of, of
from hq_core.options.account import BracketOptions, RunOptions
from hq_core.roles import Stage
from hq_core.saved import Count, Damaged
from hq_core.say import iso_text, listed
from hq_core.stream.held import columns_of, rows_of

if TYPE_CHECKING:
    from hq_core.batch import Batch
    from hq_core.futures.engine import KernelRows
    from hq_core.futures.terms import Terms
    from hq_core.jit import Kernel
    from hq_core.wire import OpenSeries

HELD = 64 << 20  # bytes of rows that may wait for the first order
NO_ORDER = struct.pack("d", math.nan)
NO_BAR = "orders whose bar is not there"
AT_ONCE = 2048  # rows: more make no larger frames worth having

_move = ctypes.memmove


class BacktestStage(Stage):
    """Trades the one bar series that has orders; fills, equity and liquidations come out instead of bars and orders.

    Its orders are rows of kind `order` before its bars, or columns of the bars.  Of several series with orders, as of
    a panel, it is the one that has some; rows before the first order are held until it is known.

    terms      the account's options
    brackets   file of leverage brackets; empty: the flat maintenance rate of the terms
    strategy   which one to trade where the input carries the orders of several
    close_at_end   close what is open after the last row, at its close
    per_year   rows a year for annual figures; None: as the data shows
    symbol     whose orders, where several have some
    """

    panels = "series"
    consumes = ("bar", "order")
    SHAPE = {
        "symbol": str,
        "period": str,
        "account": bytes,
        "version": Count,
        "liquidations": [{name: float if kind == "f8" else int for name, kind in LIQUIDATION.cols}],
        "held": [(SCHEMA, Count, [bytes])],
        "orders": [SAVED],
    }

    def __init__(
        self,
        terms: Terms,
        brackets: str = "",
        strategy: str = "",
        close_at_end: bool = False,
        per_year: float | None = None,
        symbol: str = "",
    ) -> None:
        super().__init__()
        self.terms = terms
        self.strategy = strategy
        self.close_at_end = close_at_end
        self.per_year = per_year
        self.account: Account | None = None
        self.symbol = self.period = ""
        self.liquidations: list[dict[str, Any]] = []
        self._file = brackets
        self._text = read_text(brackets) if brackets else ""
        self._versions: list[Brackets] = []
        self._version = -1
        self._series: tuple[OpenSeries, OpenSeries, OpenSeries]
        self._without: Schema | None = None
        self._only = symbol
        self._passed: dict[str, None] = {}  # symbols that carry orders and are not the one that is asked for
        self._bound: Schema | None = None
        self._bars_of: dict[tuple[str, str], Schema] = {}  # series of bars
        self._orders_of: dict[tuple[str, str], Schema] = {}  # series of orders
        self._placed: dict[tuple[str, str], Placed] = {}  # their rows
        self._candidates: dict[tuple[str, str], Schema] = {}  # series of bars that have orders, or columns of them
        self._held: list[Batch] = []  # their rows, while none has had an order
        self._bytes = 0
        self._columns: list[tuple[str, int]] = []
        self._others = 0
        self._waits: tuple[int, Batch] | None = None  # what may be the last whole row, and its number
        if brackets:
            self.inputs = {"brackets": _digest(self._text)}

    def kernels(self) -> tuple[Kernel, ...]:
        return market_orders, account, beside_bars

    # -- the stream --------------------------------------------------------------------------------------
    def schema(self, schema: Schema) -> None:
        if schema.of == "order":
            self._orders_of[_place(schema)] = schema
            schema = self._bars_of.get(_place(schema), schema)
        if schema.of == "bar":
            self._bars_of[_place(schema)] = schema
            self._consider(schema)
        elif schema.of != "order":
            self.out.series(schema)

    def _consider(self, schema: Schema) -> None:
        """Whether a series of bars may be the one that is traded."""
        if not self._prefix(schema) and _place(schema) not in self._orders_of:
            self._without = schema
            return
        if self._only and schema.symbol != self._only:
            self._passed[schema.symbol] = None
            return
        self._candidates[_place(schema)] = schema
        if self.account is not None and _place(schema) == (self.symbol, self.period):
            self._announce()

    def other(self, frame: dict[str, Any]) -> None:
        if frame["kind"] != "strings" or not frame["of"].startswith("order/"):
            self.out.map(frame)
            return
        schema = self._orders_of.get((symbol_of(frame["of"]), frame["of"].rpartition("/")[2]))
        if schema is not None and frame["col"] == "strategy" and self._only in ("", schema.symbol):
            if self.strategy:
                check_strategy(self.strategy, frame["values"], schema)
            elif len(frame["values"]) > 1:
                raise several(schema, frame["values"])

    def rows(self, batch: Batch) -> None:
        schema = batch.schema
        if schema.of == "order":
            self._others += batch.n
            if self._only in ("", schema.symbol):
                self._ordered(batch)
            return
        if schema.of != "bar":
            self._others += batch.n
            self.out.copy(batch)
            return
        if _place(schema) not in self._candidates:
            return  # a coarser period, which the strategy has read already
        if self.account is None and len(self._candidates) == 1:
            self._choose(schema)
        if self.account is None:
            self._hold(batch)
            if self._orders(batch):
                self._choose(schema)
        elif _place(schema) == (self.symbol, self.period):
            self._bars(batch)
        elif self._orders(batch):
            raise _both((self.symbol, self.period), _place(schema))

    def _ordered(self, batch: Batch) -> None:
        """Rows of orders, which wait for their bars."""
        place = _place(batch.schema)
        placed = self._placed.get(place)
        if placed is None:
            placed = self._placed[place] = Placed(batch.schema.key, self.strategy, self.terms.size_unit)
        ours = self.account is not None and place == (self.symbol, self.period)
        run = self.account.state if ours and self.account is not None else None
        if not placed.take(batch, run.last_ts if run is not None and run.rows else NEVER):
            return
        before = (self.symbol, self.period) if self.account is not None else None
        other = before or next((one for one, had in self._placed.items() if had.had and one != place), place)
        if other != place:
            raise _both(other, place)

    def _bars(self, batch: Batch) -> None:
        """Rows of the series that is traded."""
        assert self.account is not None
        number = sum(self.account.seen)
        if not self.close_at_end:
            self._run(batch, number)
            return
        number += self._waits[1].n if self._waits else 0
        at = batch.last_whole()
        if at >= 0:
            self._release()
            self._waits = number + at, batch.slice(at, batch.n).copied()
        self._run(batch.slice(0, at) if at >= 0 else batch, number)

    def mark(self, ts: int) -> None:
        self.out.mark(min(ts, self._waits[1].view("ts")[0]) if self._waits else ts)

    def finish(self, more: bool) -> None:
        if not more and self.account is None and self._candidates:
            self._choose(next(iter(self._candidates.values())))
        self._release(ends=not more)
        if more:
            return
        for placed in self._placed.values():
            self._drop(NO_BAR, placed.waiting)
        report = self.report()
        if report is not None:
            self.out.map(report)
        elif self._passed:
            there = list(self._passed)
            what = f"'{self._only}' has no orders; there are those of {listed(there)}{did_you_mean(self._only, there)}"
            raise HqError(what, USAGE, subject=RunOptions.symbol)
        elif self._without is not None:
            raise self._missing(self._without)
        elif self._others:
            self.notices["no bars came, so nothing was traded; rows of other kinds"] = self._others

    def _release(self, ends: bool = False) -> None:
        """Run the row that waits; with `ends` it is the last one, after which all is closed."""
        if self._waits is not None:
            (number, batch), self._waits = self._waits, None
            self._run(batch, number, 0 if ends else -1)

    def _run(self, batch: Batch, number: int, last: int = -1) -> None:
        """Run rows of which the first is the input's row `number`; the account ends with row `last` of them."""
        schema, account = batch.schema, self.account
        assert account is not None
        if schema is not self._bound:
            self._bound, self._columns = schema, _columns(schema, self._prefix_of(schema))
        columns = {name: batch.addresses[at] for name, at in self._columns}
        placed = self._placed.get((self.symbol, self.period))
        if placed is not None:
            columns |= placed.place(batch)
            self._drop(NO_BAR, placed.lost)
            placed.lost = 0
        account.bind(columns, batch.n)
        start = 0
        while start < batch.n:
            stop = self._switch(batch, start) if self._file else batch.n
            start = self._trade(account, batch, start, min(stop, start + AT_ONCE), number, last)

    def report(self) -> dict[str, Any] | None:
        """What the account came to so far; None before there is one."""
        if self.account is None:
            return None
        report = summary(self.account, self.symbol, self.period, self.liquidations, self.per_year)
        if self._file:
            report["options"] |= {"maintenance": None, "brackets": self._file}
        return report

    # -- which series ------------------------------------------------------------------------------------
    def _choose(self, schema: Schema) -> None:
        """The series that is traded; its rows that were held are run."""
        self.symbol, self.period = _place(schema)
        self._open()
        self._announce()
        held, self._held, self._bytes = self._held, [], 0
        for batch in held:
            if _place(batch.schema) == (self.symbol, self.period):
                self._bars(batch)

    def _hold(self, batch: Batch) -> None:
        self._held.append(batch.copied())
        self._bytes += batch.n * sum(batch.schema.widths)
        if self._bytes > HELD:
            what = (
                f"{len(self._candidates)} series have columns of orders, and no order came in {HELD >> 20} MiB of rows"
            )
            raise HqError(what, DATA, hint=("choose one with ", RunOptions.symbol))

    def _orders(self, batch: Batch) -> bool:
        """Whether any row has an order."""
        placed = self._placed.get(_place(batch.schema))
        if placed is not None and placed.had:
            return True
        prefix = self._prefix_of(batch.schema)
        if prefix is None:
            return False
        for verb in VERBS:
            if batch.schema.has(prefix + verb):
                values = batch.view(prefix + verb)
                if bytes(values.cast("B")) != NO_ORDER * batch.n and any(value == value for value in values):
                    return True
        return False

    # -- the account -------------------------------------------------------------------------------------
    def _open(self) -> None:
        if self._file and not self.symbol:
            raise HqError(
                "the bars name no symbol (hq-import can name it)",
                CONFIG,
                subject=(BracketOptions.brackets, f": {self._file}"),
            )
        if self._file:
            self._versions = parse_brackets(self._file, self._text, self.symbol)
        else:
            self._versions = [flat(self.terms.maintenance)]
        self.account = Account(self.terms, self._versions[0])
        self._version = 0

    def _announce(self) -> None:
        made = [
            Schema(kind, self.symbol, self.period, of(kind).cols, extra_of(kind))
            for kind in ("fill", "liquidation", "equity")
        ]
        fill, liquidation, equity = (self.out.series(schema) for schema in made)
        self._series = fill, liquidation, equity

    def _switch(self, batch: Batch, start: int) -> int:
        """Apply the bracket version that holds at row `start`; the row before which the next one does."""
        ts = batch.view("ts")
        holding = [i for i, version in enumerate(self._versions) if version.valid_from <= ts[start]]
        if not holding:
            raise HqError(
                f"{self.symbol} is valid from {iso_text(self._versions[0].valid_from)}, the data begins at "
                f"{iso_text(ts[start])}",
                CONFIG,
                subject=(BracketOptions.brackets, f": {self._file}"),
            )
        if holding[-1] != self._version:
            self._version = holding[-1]
            assert self.account is not None
            self.account.use(self._versions[self._version])
        if self._version + 1 == len(self._versions):
            return batch.n
        until = self._versions[self._version + 1].valid_from
        return next((i for i in range(start, batch.n) if ts[i] >= until), batch.n)

    def _trade(self, account: Account, batch: Batch, start: int, stop: int, number: int, last: int) -> int:
        """Run rows `start` to `stop`, or as many as the room for fills takes; the next row to run."""
        fill, liquidation, equity = self._series
        _, after, provisional = account.seen
        reached = account.run(start, self.out.rows(equity, stop - start), stop - start, last)
        self.out.commit(equity, account.equities)
        self._write(fill, account.fills, account.n_fills)
        self._write(liquidation, account.ends, account.n_ends)
        if len(self.liquidations) < LISTED:
            self.liquidations += account.ends.maps(account.n_ends)[: LISTED - len(self.liquidations)]
        _, after_, provisional_ = account.seen
        self._drop("provisional", provisional_ - provisional)
        self._drop("after bankruptcy", after_ - after)
        if account.state.error:
            ts = batch.view("ts")[reached]
            o, h, low, c = (batch.view(name)[reached] for name in OHLC)
            wrong = account.complaint(number + reached, ts, (o, h, low, c))
            assert wrong is not None
            raise wrong
        return reached

    def _write(self, series: OpenSeries, rows: KernelRows, n: int) -> None:
        if n:
            for to, at, width in zip(self.out.rows(series, n), rows.addresses, series.schema.widths):
                _move(to, at, width * n)
            self.out.commit(series, n)

    def _drop(self, reason: str, n: int) -> None:
        if n:
            self.dropped[reason] = self.dropped.get(reason, 0) + n

    # -- columns -----------------------------------------------------------------------------------------
    def _prefix_of(self, schema: Schema) -> str | None:
        """What stands before the order columns of a series that is traded; None where its orders are rows."""
        found = self._prefix(schema)
        orders = self._orders_of.get(_place(schema))
        if found and orders is not None:
            what = f"{schema.key} has columns of orders, as '{found[0]}{VERBS[0]}', and there is {orders.key} too"
            raise HqError(f"{what}; trade one of them", DATA)
        if not found and orders is None:
            raise self._missing(schema)
        return found[0] if found else None

    def _prefix(self, schema: Schema) -> list[str]:
        """What stands before the order columns, as the only item; empty if the series carries no orders."""
        found = [
            name[: -len(verb)] for verb in VERBS for name in schema.names if name == verb or name.endswith("." + verb)
        ]
        prefixes = list(dict.fromkeys(found))
        names = [prefix[:-1] for prefix in prefixes if prefix]
        if not prefixes:
            return []
        if self.strategy:
            check_strategy(self.strategy, names, schema)
            return [self.strategy + "."]
        if len(prefixes) > 1:
            raise several(schema, names)
        return prefixes

    def _missing(self, schema: Schema) -> HqError:
        return HqError(
            f"column '{VERBS[0]}' is missing; {schema.key} has {', '.join(schema.names)} (run hq-signal first?)", DATA
        )

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        if self.account is None and not self._held and not self._placed:
            return {}
        held = [[described(one.schema), one.n, columns_of(one.schema, one.addresses, one.n)] for one in self._held]
        return {
            "symbol": self.symbol,
            "period": self.period,
            "account": self.account.save() if self.account is not None else b"",
            "version": max(self._version, 0),
            "liquidations": self.liquidations,
            "held": held,
            "orders": [[*place, *placed.save()] for place, placed in self._placed.items()],
        }

    def load(self, saved: dict[str, Any]) -> None:
        if not saved:
            return
        for about, n, columns in saved["held"]:
            if not n:
                raise Damaged("held: no rows")
            self._held.append(rows_of(undescribed(about), n, columns))
        for symbol, period, *orders in saved["orders"]:
            key = Schema("order", symbol, period).key
            self._placed[symbol, period] = Placed(key, self.strategy, self.terms.size_unit)
            self._placed[symbol, period].load(orders)
        if not saved["account"]:
            return
        self.symbol, self.period = saved["symbol"], saved["period"]
        self._open()
        assert self.account is not None
        self._version = saved["version"]
        self.account.use(self._versions[self._version])
        self.account.load(saved["account"])
        self.liquidations = list(saved["liquidations"])
        self.report()  # what it cannot be made of is found now, not at the end


def _place(schema: Schema) -> tuple[str, str]:
    return schema.symbol, schema.period


def _both(ours: tuple[str, str], theirs: tuple[str, str]) -> HqError:
    hint = ("choose one with ", RunOptions.symbol) if ours[0] != theirs[0] else ""
    keys = " and ".join(Schema("bar", *one).key for one in (ours, theirs))
    return HqError(f"{keys} both carry orders; one account trades one series", DATA, hint=hint)


def _columns(schema: Schema, prefix: str | None) -> list[tuple[str, int]]:
    """Where each column stands that the account reads.

    prefix  before the columns of orders; None: there are none
    """
    found = []
    for name, wanted in (*READ, *((prefix + verb, "f8") for verb in VERBS if prefix is not None)):
        if schema.has(name):
            if not fits(name, schema.kind(name), wanted):
                raise HqError(f"column '{name}' of {schema.key} is {schema.kind(name)}, must be {wanted}", DATA)
            found.append((name.removeprefix(prefix or ""), schema.index(name)))
        elif name in dict(BAR.required):
            schema.index(name)  # says what is missing
    return found


def _digest(text: str) -> str:
    from _blake2 import blake2b

    return blake2b(text.encode(), digest_size=16).hexdigest()
