"""The futures account for use in a program: bars and orders in, a call each."""

from __future__ import annotations

import math
import os
from array import array
from bisect import bisect_right
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hq_core.api.history import History
from hq_core.api.said import CODES, Said, at_market, code, number, whole
from hq_core.batch import NEVER
from hq_core.durations import parse_duration
from hq_core.errors import CONFIG, DATA, USAGE, HqError, did_you_mean
from hq_core.formats.times import instant
from hq_core.futures.account import NO_BAR, account
from hq_core.futures.blocks import LAST, MARK, O_SYMBOL
from hq_core.futures.brackets import Brackets
from hq_core.futures.engine import Account
from hq_core.futures.equity import OF_ACCOUNT, OF_SYMBOL
from hq_core.futures.report import LISTED, summary
from hq_core.futures.statistics import STATISTICS
from hq_core.futures.tables import Tables
from hq_core.futures.terms import Terms
from hq_core.jit import address_of
from hq_core.kinds import OHLC, expiry, no_rate
from hq_core.options import Keywords, options_of, refuse_no_text
from hq_core.options.account import BY_QUOTES, AccountOptions, FillOptions
from hq_core.say import iso_text, listed, say_length

if TYPE_CHECKING:
    from collections.abc import Iterable

# The terms by their options' names; an order says itself when it fills, and documents call the fees rates
KEYWORDS = {name: option for name, option in options_of(Terms).items() if name != "fill"}
ALIASES = {"maker_fee_rate": "maker_fee", "taker_fee_rate": "taker_fee"}
BY_PLACE = tuple(KEYWORDS)[:5]
MARKS = ("mark_high", "mark_low", "mark_close")
NAN = math.nan
_FIRST = account.places[STATISTICS.split(":")[0]][0]
PLACES = slice(_FIRST, _FIRST + len(STATISTICS.split()))  # of the statistics in the account's record
OPEN, CLOSE = CODES["action"]["open"], CODES["action"]["close"]
Time = int | str | datetime


class Backtest:
    """A margin account of one symbol or several, by the arithmetic of hq-backtest: the same kernel, a bar a call.

    Its keywords are the options of that command; the first five may be given by place, and the fees called
    maker_fee_rate and taker_fee_rate.

    symbol    what is traded, or symbols: several, on one wallet; calls then say which one by `symbol`
    brackets  leverage brackets: Brackets, or a map of them by symbol, or the path of a file as --brackets takes
    period    of the bars, such as '15m', for the annual figures; else as the bars show

    Times are ns UTC as whole numbers, or datetimes, or ISO 8601 texts; they never go back.  Prices are in the quote
    asset, quantities of positions and fills in contracts.

    Orders come in two ways.  open_long, close_long, open_short and close_short trade at once, at the price that they
    name: it becomes the last price, so what rests or is liquidated there goes first.  What `order` gives works from
    the next bar on, at its open or where the bar reaches it.  `mark` tells a bar; it is one period of the statistics,
    with all that is traded until time goes on.  These calls return the fills that they caused, a dict each.

    >>> account = Backtest(initial_margin=1000, leverage=10, taker_fee=0.0)
    >>> account.open_long(10_000.0, 1.0)[0]["quantity"]
    1.0
    >>> account.liquidation_price("long")
    9036.144578313253
    """

    __signature__ = Keywords(KEYWORDS, after=("brackets", "symbol", "symbols", "period"))

    def __init__(
        self,
        *first: float,
        brackets: Brackets | Mapping[str, Brackets] | str | os.PathLike[str] | None = None,
        symbol: str = "",
        symbols: Iterable[str] = (),
        period: str = "",
        **rest: Any,
    ) -> None:
        self._terms = terms = Terms(**_terms(first, rest))
        if terms.finer:
            rule = "must be a rule here, as finer bars are told by mark"
            raise HqError(subject="path", value=terms.path, rule=rule, code=USAGE)
        if terms.spread == BY_QUOTES:
            rule = "must be bps here, as no quotes are told"
            raise HqError(subject="spread", value=terms.spread, rule=rule, code=USAGE)
        terms.latency_ns = parse_duration(terms.latency, FillOptions.latency)
        terms.check_files(brackets is not None)
        self.symbol, self.period = symbol, period
        self.symbols = _symbols(symbol, symbols)
        self._account = Account(terms)
        self._tables: Tables | None = None
        self._open_symbols(brackets)
        self._columns = OF_SYMBOL if len(self.symbols) == 1 else OF_ACCOUNT
        self._history = History(self.symbols, self._columns)
        self._said = Said()
        many = len(self.symbols)
        self._bars: dict[str, array[Any]] = {name: array("q", bytes(8 * many)) for name in ("ts", "open_time")}
        self._bars |= {name: array("d", bytes(8 * many)) for name in (*OHLC, "volume", *MARKS)}
        self._whose = array("i", bytes(4 * many))
        self._bound = 0
        self._equity_ts, self._equity = array("q", [0]), array("d", bytes(8 * self._columns))
        self._pending: list[array[float]] = []  # orders that the next bar takes up
        self._funding = array("q"), array("i"), array("d"), array("d")
        self._symbol_of = array("i")  # of each order, by its id less 1
        self._marked = [False] * many  # whether the mark is another price than the last one
        self._begun = 0  # the time before the last one
        self._counted = NEVER  # ts of the last bar, and the statistics and the digest of equity before it
        self._before = array("q"), 0

    # -- orders at once ----------------------------------------------------------------------------------
    def open_long(
        self, price: float, quantity: float = math.inf, ts: Time | None = None, symbol: str | None = None
    ) -> list[dict[str, Any]]:
        """Buy to open at a price, now; without a quantity as much as `size` says, in `size_unit` as all quantities."""
        return self._trade("open_long", 1, OPEN, price, quantity, ts, symbol)

    def close_long(
        self, price: float, quantity: float = math.inf, ts: Time | None = None, symbol: str | None = None
    ) -> list[dict[str, Any]]:
        """Sell to close at a price, now; without a quantity all of the position."""
        return self._trade("close_long", 1, CLOSE, price, quantity, ts, symbol)

    def open_short(
        self, price: float, quantity: float = math.inf, ts: Time | None = None, symbol: str | None = None
    ) -> list[dict[str, Any]]:
        """Sell to open at a price, now."""
        return self._trade("open_short", -1, OPEN, price, quantity, ts, symbol)

    def close_short(
        self, price: float, quantity: float = math.inf, ts: Time | None = None, symbol: str | None = None
    ) -> list[dict[str, Any]]:
        """Buy to close at a price, now."""
        return self._trade("close_short", -1, CLOSE, price, quantity, ts, symbol)

    sell_long = close_long
    buy_short = open_short
    sell_short = close_short

    # -- orders that work from the next bar on -----------------------------------------------------------
    def order(
        self,
        *,
        side: str | int | None = None,
        action: str = "open",
        type: str = "market",
        quantity: float | None = None,
        unit: str | None = None,
        limit: float | None = None,
        trigger: float | None = None,
        stop: float | None = None,
        take: float | None = None,
        trail: float | None = None,
        trail_frac: float | None = None,
        tif: str | None = None,
        expire: Time | None = None,
        reduce_only: bool = False,
        post_only: bool = False,
        group: int | None = None,
        ref: int | None = None,
        symbol: str | None = None,
    ) -> int:
        """Give an order, a row of kind order as hq-frames(5) has it, decided now; its id, counting from 1.

        side      'long' or 'short', the position's;  action: open, close, target, cancel or replace
        type      market, limit, stop, stop_limit, take or trail
        quantity  in `unit`: contracts, base, quote, equity_frac, risk_frac; without it `size`, or all that is closed
        limit, trigger, stop, take, trail   prices;  trail_frac: a share of the best price
        tif       gtc, ioc, fok, gtd (until `expire`) or day
        group     orders of one group: one that fills cancels the others

        HqError USAGE for an order that cannot be; what becomes of one that can is in orders().
        """
        self._priced(self._number(symbol), "order")
        words = {name: value for name, value in locals().items() if name not in ("self", "symbol")}
        return self._give(self._number(symbol), words)

    def cancel(self, id: int | None = None, symbol: str | None = None) -> None:
        """Take back an order at the next bar's beginning; without an id all that were given before now, of a symbol
        or of all."""
        if id is not None:
            self._give(self._symbol_of[self._known(id)], {"action": "cancel", "ref": id})
            return
        for whose in range(len(self.symbols)) if symbol is None else (self._number(symbol),):
            if not math.isnan(self._account.of_symbol(whose, LAST)):
                self._give(whose, {"action": "cancel"})

    def replace(self, id: int, **anew: Any) -> int:
        """Let an order go on, from the next bar's beginning, under a new id with what is said anew: the keywords of
        `order` for quantity, unit, prices, tif and expire."""
        known = ("quantity", "unit", "limit", "trigger", "stop", "take", "trail", "trail_frac", "tif", "expire")
        for name in anew:
            if name not in known:
                raise TypeError(f"replace takes no {name}{did_you_mean(name, known)}")
        return self._give(self._symbol_of[self._known(id)], {**anew, "action": "replace", "ref": id})

    def target(self, quantity: float, unit: str | None = None, symbol: str | None = None) -> int:
        """Bring the position at the next bar's open to a quantity, below 0 short, 0 none; the order's id."""
        self._priced(self._number(symbol), "target")
        return self._give(self._number(symbol), {"action": "target", "quantity": quantity, "unit": unit})

    # -- the market --------------------------------------------------------------------------------------
    def mark(
        self,
        ts: Time,
        high: float,
        low: float,
        close: float,
        open: float | None = None,
        *,
        symbol: str | None = None,
        open_time: Time | None = None,
        volume: float | None = None,
        mark_high: float | None = None,
        mark_low: float | None = None,
        mark_close: float | None = None,
    ) -> list[dict[str, Any]]:
        """A bar that ended at `ts`; without an open the last price before it, as far as it lies inside.

        open_time   its beginning; else the time that was told before
        volume      base asset, for volume_share and impact;  mark_*: the mark price's, else the last price is the mark
        """
        bar = {
            "high": high, "low": low, "close": close, "open": open, "open_time": open_time, "volume": volume,
            "mark_high": mark_high, "mark_low": mark_low, "mark_close": mark_close,
        }  # fmt: skip
        return self._mark(ts, [(self._number(symbol), bar)])

    def marks(self, ts: Time, bars: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The bars of several symbols that ended at `ts`, by symbol, each a map of the arguments of `mark`.

        A cross account looks at them together; told one by one, each finds the others where they were before.
        """
        known = ("high", "low", "close", "open", "open_time", "volume", *MARKS)
        rows = []
        for symbol in sorted(bars):
            for name in bars[symbol]:
                if name not in known:
                    raise TypeError(f"a bar has no {name}{did_you_mean(name, known)}")
            for name in ("high", "low", "close"):
                if name not in bars[symbol]:
                    raise HqError(f"the bar of {symbol} has no {name}", USAGE)
            rows.append((self._number(symbol), bars[symbol]))
        return self._mark(ts, rows) if rows else []

    def funding(
        self, ts: Time, rate: float, mark_price: float | None = None, symbol: str | None = None
    ) -> list[dict[str, Any]]:
        """A funding rate that was paid at `ts`: longs pay `rate` of the notional at the mark price to shorts.

        It is paid when time comes to `ts`, inside that bar or at its end, or at once if it has come; without a mark
        price at the account's own.  The payments that were made at once, amounts in quote.
        """
        when, whose = self._time(ts), self._number(symbol)
        values = number("rate", rate), NAN if mark_price is None else _price("mark_price", mark_price)
        if math.isnan(values[0]) or no_rate(values[0]):
            raise HqError(subject="rate", value=rate, rule="must be a share from -1 to 1", code=USAGE)
        at = bisect_right(self._funding[0], when)
        columns: tuple[array[Any], ...] = self._funding
        for column, value in zip(columns, (when, whose, *values)):
            column.insert(at, value)
        first = self._history.many("payment")
        if when <= self._account.state.last_ts and self._account.state.rows:
            self._stand()
        return self._history.rows("payment", first)

    # -- margin and leverage -----------------------------------------------------------------------------
    def add_margin(self, side: str | int, amount: float, symbol: str | None = None) -> None:
        """Put so much more of the free margin, quote, into an isolated position now; below 0 take it out.

        HqError DATA where nothing is held, or it is more than is free, or than what the leverage asks for leaves.
        """
        whose, way = self._number(symbol), code("side", side)
        if self._terms.margin == "cross":
            raise HqError("add_margin: positions of a cross account have no margin of their own", USAGE)
        what = "take out of" if amount < 0 else "put into"
        reasons = {"flat": "nothing is held", "margin": "it is more than there is"}
        self._change("margin", whose, way, number("amount", amount), f"{amount:.15g} to {what} the margin", reasons)

    def set_leverage(self, leverage: int, symbol: str | None = None) -> None:
        """Change the leverage of what is opened from now on.

        HqError for one that the brackets do not have, or that does not allow what is held.
        """
        AccountOptions.leverage.check(leverage)
        whose = self._number(symbol)
        self._terms.check_maintenance(self._account.lowest_rate(whose), leverage)
        reasons = {"bracket": "the brackets do not have it, or not for what is held"}
        self._change("leverage", whose, 1, float(leverage), f"leverage {leverage}", reasons)

    # -- what happened -----------------------------------------------------------------------------------
    def fills(self) -> dict[str, Any]:
        """Columns of all fills so far, as kind fill of hq-frames(5) has them: arrays, of codes and symbols words.

        side is 1 or -1, of the position.
        """
        return self._history.of("fill")

    def orders(self) -> dict[str, Any]:
        """Columns of what became of orders so far, as kind order_state: order is the id, state and reason words."""
        return self._history.of("order_state")

    def payments(self) -> dict[str, Any]:
        """Columns of funding so far, as kind payment; amount in quote, received, below 0 paid."""
        return self._history.of("payment")

    def liquidations(self) -> dict[str, Any]:
        """Columns of liquidations so far, as kind liquidation; row counts the bars from 0."""
        return self._history.of("liquidation")

    def positions(self) -> dict[str, Any]:
        """Columns of positions wherever one changed, as kind position."""
        return self._history.of("position")

    def equity_curve(self) -> dict[str, array[Any]]:
        """Columns of equity, as kind equity, a row for each time told; positions among them of one symbol's account."""
        return self._history.equity()

    @property
    def equity(self) -> float:
        """Wallet and unrealised result at the mark price, quote."""
        return float(self._account.state.equity)

    @property
    def wallet(self) -> float:
        """Initial margin, realised results, fees and funding, quote."""
        return float(self._account.state.wallet)

    @property
    def bankrupt(self) -> bool:
        """Whether nothing is open and nothing could be opened any more; then nothing is traded either."""
        return bool(self._account.state.bankrupt)

    def position(self, side: str | int, symbol: str | None = None) -> float:
        """Contracts held on the side 'long' or 'short'."""
        return float(self._account.position(self._number(symbol), code("side", side))["quantity"] or 0.0)

    def liquidation_price(self, side: str | int, symbol: str | None = None) -> float | None:
        """The mark price that liquidates the side 'long' or 'short'; None if no price does or nothing is held."""
        return self._account.position(self._number(symbol), code("side", side))["liquidation_price"]

    def max_open(self, price: float, side: str | int, symbol: str | None = None) -> float:
        """The largest quantity, contracts, that could be opened on a side at a price, its fee included."""
        return self._account.room(self._number(symbol), code("side", side), _price("price", price))

    def backtest_result(self, periods_per_year: float | None = None) -> dict[str, Any]:
        """The report of hq-backtest; `liquidations` names each node at which the account was liquidated."""
        kept, history, pending = self._account.kept(), self._history, self._pending
        nodes = history.coded("liquidation", LISTED)
        self._history = History(self.symbols, self._columns)
        try:
            self._take_up()  # to see what the account would refuse of the orders that wait for a bar
            found = summary(self._account, self.symbol, self.period, nodes, periods_per_year)
        finally:
            self._account.put_back(kept)
            self._history, self._pending = history, pending
        if self._tables is not None:
            found["options"] |= {"maintenance": None, "brackets": self._tables.path}
        return found

    # -- how it is done ----------------------------------------------------------------------------------
    def _open_symbols(self, brackets: Any) -> None:
        if isinstance(brackets, str | os.PathLike):
            if "" in self.symbols:
                raise HqError("brackets: a file has them by symbol; say what is traded by symbol or symbols", CONFIG)
            self._tables = Tables(os.fspath(brackets))
        elif isinstance(brackets, Brackets) and len(self.symbols) == 1:
            brackets = {self.symbols[0]: brackets}
        elif brackets is not None and not (
            isinstance(brackets, Mapping) and all(isinstance(one, Brackets) for one in brackets.values())
        ):
            rule = "must be a path, Brackets or, of several symbols, a map of them"
            raise HqError(subject="brackets", value=brackets, rule=rule, code=USAGE)
        if isinstance(brackets, Mapping) and (lack := [one for one in self.symbols if one not in brackets]):
            raise HqError(f"brackets: there are none of {lack[0]}", USAGE)
        for symbol in self.symbols:
            table = self._tables.of(symbol) if self._tables is not None else brackets[symbol] if brackets else None
            self._account.add(symbol, table)

    def _number(self, symbol: str | None) -> int:
        """The account's number of a symbol; None: the only one."""
        if symbol is None and len(self.symbols) == 1:
            return 0
        if symbol is None:
            raise HqError(f"symbol: say which one; there are {listed(self.symbols)}", USAGE)
        if symbol not in self.symbols:
            hint = did_you_mean(symbol, self.symbols) if isinstance(symbol, str) else ""
            raise HqError(f"symbol: {symbol!r} is not traded here; there are {listed(self.symbols)}{hint}", USAGE)
        return self.symbols.index(symbol)

    def _time(self, ts: Time | None) -> int:
        """A time as ns; None: the last one told."""
        if ts is None:
            return int(self._account.state.last_ts)
        return _ns(ts)

    def _priced(self, whose: int, what: str) -> None:
        if math.isnan(self._account.of_symbol(whose, LAST)):
            name = f" of {self.symbols[whose]}" if self.symbols[whose] else ""
            raise HqError(f"{what}: no price{name} is known; tell a bar by mark first", USAGE)

    def _known(self, id: Any) -> int:
        if not 0 < whole("id", id) <= len(self._symbol_of):
            raise HqError(f"id: there is no order {id}; {len(self._symbol_of)} were given", USAGE)
        return int(id) - 1

    def _next_id(self, whose: int) -> int:
        self._symbol_of.append(whose)
        return len(self._symbol_of)

    def _give(self, whose: int, words: dict[str, Any]) -> int:
        """Let an order wait for the next bar; its id."""
        if words.get("expire") is not None:
            words["expire"] = expiry(_ns(words["expire"]))
        self._pending.append(self._said.row(whose, len(self._symbol_of) + 1, words))
        return self._next_id(whose)

    def _trade(
        self, verb: str, side: int, action: int, price: float, quantity: float, ts: Time | None, symbol: str | None
    ) -> list[dict[str, Any]]:
        whose, price, quantity = self._number(symbol), _price(f"{verb}: price", price), number("quantity", quantity)
        if not quantity >= 0.0:
            raise HqError(subject=f"{verb}: quantity", value=quantity, rule="must be 0 or more", code=USAGE)
        now = self._time(None if self.bankrupt else ts)  # after it time stands still, and orders are rejected
        self._go_on(now)
        if self._funding[0] and self._funding[0][0] <= now:
            self._stand(now)  # what is due by now was so before this trade
        self._account.terms.fill = "close"  # as the report is to say of orders at a price of their own choice
        first = self._history.many("fill")
        row = at_market(whose, self._next_id(whose), side, action, quantity)
        when = array("q", [now])
        self._account.orders(when, row)
        self._account.state.at_close = 1
        try:
            self._still(0, whose, now, price)
            self._run(1, now, False)
        finally:
            self._account.state.at_close = 0
            self._account.orders(array("q"), array("d"))
        return self._history.rows("fill", first)

    def _mark(self, ts: Time, bars: list[tuple[int, Mapping[str, Any]]]) -> list[dict[str, Any]]:
        now = self._time(ts)
        first = self._history.many("fill")
        self._go_on(now)
        opened = self._begun if self._account.state.rows else now
        for i, (whose, bar) in enumerate(bars):
            high, low, close = (number(name, bar[name]) for name in ("high", "low", "close"))
            before = self._account.of_symbol(whose, LAST)
            start = bar.get("open")
            if start is None:
                start = min(max(close if math.isnan(before) else before, low), high)
            marks = [NAN if bar.get(name) is None else number(name, bar[name]) for name in MARKS]
            volume = NAN if bar.get("volume") is None else number("volume", bar["volume"])
            begun = opened if bar.get("open_time") is None else _ns(bar["open_time"])
            self._bar(i, whose, now, begun, number("open", start), high, low, close, volume, *marks)
            self._marked[whose] = not math.isnan(marks[2])
        self._run(len(bars), now, True)
        return self._history.rows("fill", first) if self._history.many("fill") > first else []

    def _change(self, action: str, whose: int, side: int, amount: float, what: str, reasons: Mapping[str, str]) -> None:
        """Change leverage or margin between two bars."""
        first = self._history.many("order_state")
        words = {"action": action, "side": side, "quantity": amount}
        self._account.change(self._said.row(whose, self._next_id(whose), words))
        self._history.take(self._account, self._time(None))
        end = self._history.rows("order_state", first)[0]
        if end["state"] == "rejected":
            raise HqError(f"{what} is refused: {reasons.get(end['reason'], end['reason'])}", DATA)
        if self._account.state.rows:
            self._stand()

    # -- rows for the kernel -----------------------------------------------------------------------------
    def _go_on(self, now: int) -> None:
        """Before a row at `now`: what was said before it is done with."""
        s = self._account.state
        last = s.last_ts
        if now < last and s.rows:
            raise HqError(f"ts goes back by {say_length(last - now)}, from {iso_text(last)} to {iso_text(now)}", DATA)
        if now > last or not s.rows:
            self._take_up()
            self._begun = last
            if self._tables is not None:
                for symbol, table in self._tables.begun(self.symbols, now):
                    self._account.use(self.symbols.index(symbol), table)

    def _take_up(self) -> None:
        """Let the orders that were given since the last bar wait in the account, as those of its ts."""
        if not self._pending:
            return
        pending, self._pending = self._pending, []
        now = self._time(None)
        rows = array("d")
        for row in pending:
            rows.extend(row)
        when = array("q", [now] * len(pending))
        whose = sorted({int(row[O_SYMBOL]) for row in pending}, key=self.symbols.__getitem__)
        self._account.orders(when, rows)
        try:
            for i, one in enumerate(whose):
                self._still(i, one, now, self._account.of_symbol(one, LAST), 0.0)
            self._run(len(whose), now, False)
        finally:
            self._account.orders(array("q"), array("d"))

    def _stand(self, now: int | None = None) -> None:
        """A row at the last price: nothing but what is due happens, and the row of equity is made anew."""
        now = self._time(now)
        known = [i for i in range(len(self.symbols)) if not math.isnan(self._account.of_symbol(i, LAST))]
        if known:
            self._still(0, known[0], now, self._account.of_symbol(known[0], LAST), 0.0)
            self._run(1, now, False)

    def _still(self, i: int, whose: int, now: int, price: float, volume: float = NAN) -> None:
        """A row that is no bar: nothing begins at it, as its beginning is before all that was ordered."""
        mark = self._account.of_symbol(whose, MARK) if self._marked[whose] else NAN
        self._bar(i, whose, now, NO_BAR, price, price, price, price, volume, mark, mark, mark)

    def _bar(self, i: int, whose: int, ts: int, *values: float) -> None:
        self._whose[i] = whose
        for column, value in zip(self._bars.values(), (ts, *values)):
            column[i] = value

    def _run(self, n: int, now: int, bar: bool) -> None:
        """Run the account over the n rows at `now`; what happens at the ts of a bar is of the bar in the statistics."""
        run = self._account
        s = run.state
        if self._bound != n:
            columns = {name: address_of(column) for name, column in self._bars.items()}
            several = {"symbol": address_of(self._whose)} if len(self.symbols) > 1 else {}
            run.bind(columns | several, n)
            self._bound = n
        after, had = s.rows_after, (array("q", s.whole[PLACES]), s.of_equity)
        if bar and now != self._counted:
            self._before, self._counted = had, now
        elif now == self._counted and not s.bankrupt:
            s.whole[PLACES], s.of_equity = self._before
        run.cell.set(counted=now == self._counted)
        if self._funding[0]:
            run.funding(*self._funding)
        run.run(0, address_of(self._equity_ts), address_of(self._equity), 1, self._columns, 1)
        if s.error:
            wrong = run.complaint(s.periods, 0)
            s.error = 0
            s.whole[PLACES], s.of_equity = had
            raise wrong
        if run.logged:
            self._history.take(run, now)
        if run.equities:
            self._history.take_equity(now, self._equity)
        if s.paid:
            for column in self._funding:
                del column[: s.paid]
            run.funding(*self._funding)
        if not bar:
            s.rows_after = after


def _terms(first: tuple[float, ...], rest: Mapping[str, Any]) -> dict[str, Any]:
    """The terms as they were given, by place and by name."""
    if len(first) > len(BY_PLACE):
        raise TypeError(f"Backtest takes {len(BY_PLACE)} by place, not {len(first)}")
    given: dict[str, Any] = dict(zip(BY_PLACE, first))
    for said, value in rest.items():
        name = ALIASES.get(said, said)
        if name in given:
            raise TypeError(f"Backtest takes one {name}")
        if name not in KEYWORDS:
            raise TypeError(f"Backtest takes no {said}{did_you_mean(said, (*KEYWORDS, *ALIASES))}")
        given[name] = value
    return given


def _symbols(symbol: str, symbols: Iterable[str]) -> list[str]:
    refuse_no_text("symbol", symbol)
    several = [symbols] if isinstance(symbols, str) else list(symbols)
    for one in several:
        refuse_no_text("symbols", one, "BTCUSDT")
    if symbol and several:
        raise HqError("symbol and symbols: give one of them", USAGE)
    if len(set(several)) < len(several):
        raise HqError("symbols: one is there twice", USAGE)
    return several or [symbol]


def _price(name: str, value: Any) -> float:
    found = number(name, value)
    if not 0.0 < found < math.inf:
        raise HqError(subject=name, value=value, rule="must be above 0", code=USAGE)
    return found


def _ns(ts: Any) -> int:
    """A time as ns UTC; a datetime without a zone is UTC."""
    if isinstance(ts, str):
        return instant(ts)
    if isinstance(ts, datetime):
        when = ts if ts.tzinfo else ts.replace(tzinfo=UTC)
        return (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    if not hasattr(ts, "__index__") or not NEVER < int(ts) < 1 << 63:
        raise HqError(
            subject="ts", value=ts, rule="must be ns since 1970 as a whole number, a datetime or ISO 8601", code=USAGE
        )
    return int(ts)
