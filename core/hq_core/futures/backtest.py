"""The futures account for use in a program: orders at prices, one call each."""

from __future__ import annotations

import math
from array import array
from typing import Any

from hq_core.errors import DATA, USAGE, HqError, did_you_mean
from hq_core.futures.brackets import Brackets
from hq_core.futures.engine import Account
from hq_core.futures.report import LISTED, summary
from hq_core.futures.terms import Terms
from hq_core.jit import address_of
from hq_core.kinds import EQUITY, OHLC, VERBS
from hq_core.options import Keywords, options_of
from hq_core.say import iso_text, say_length

OF_ORDERS = ("tick", "size", "size_unit", "fill", "conflict")  # an order says here itself what they say of it
KEYWORDS = {
    f"{name}_rate" if name.endswith("_fee") else name: option
    for name, option in options_of(Terms).items()
    if name not in OF_ORDERS
}
_READ = "read_brackets(path, symbol) of hq_core.futures.brackets gives those of a file"
BY_PLACE = tuple(KEYWORDS)[:5]


class Backtest:
    """A USDT-margined account of one symbol, by the arithmetic of hq-backtest: the same kernel, a row a call.

    Its keywords are the options of that command, a fee as taker_fee_rate; the first five may be given by place.

    An order fills at the price it names.  `mark` tells the account a bar: it checks the liquidation price against
    the bar's extremes and is one period of the statistics.  Each call returns the fills it caused.

    >>> account = Backtest(initial_margin=1000, leverage=10, taker_fee_rate=0.0)
    >>> account.open_long(10_000.0, 1.0)[0]["quantity"]
    1.0
    >>> account.liquidation_price("long")
    9036.144578313253
    """

    __signature__ = Keywords(KEYWORDS, after=("brackets", "symbol", "period"))

    def __init__(
        self, *first: float, brackets: Brackets | None = None, symbol: str = "", period: str = "", **rest: Any
    ) -> None:
        if len(first) > len(BY_PLACE):
            raise TypeError(f"Backtest takes {len(BY_PLACE)} by place, not {len(first)}")
        given = dict(zip(BY_PLACE, first))
        for name in rest:
            if name in given or name not in KEYWORDS:
                raise TypeError(
                    f"Backtest takes {'one' if name in given else 'no'} {name}"
                    + did_you_mean(name, tuple(KEYWORDS)) * (name not in given)
                )
        terms = Terms(fill="close", **{KEYWORDS[name].name: value for name, value in (given | rest).items()})
        if brackets is not None and not isinstance(brackets, Brackets):
            raise HqError(subject="brackets", value=brackets, rule="must be Brackets", hint=_READ, code=USAGE)
        self.symbol = symbol
        self.period = period
        self._account = Account(terms, brackets)
        self._equity = KernelRows(EQUITY.cols, 1)
        self._times = {name: array("q", [0]) for name in ("ts", "open_time")}
        self._row = {name: array("d", [0.0]) for name in (*OHLC, *VERBS)}
        self._account.bind({name: address_of(one) for name, one in (*self._times.items(), *self._row.items())}, 1)
        self._liquidations: list[dict[str, Any]] = []

    # -- orders ------------------------------------------------------------------------------------------
    def open_long(self, price: float, quantity: float = math.inf, ts: int | None = None) -> list[dict[str, float]]:
        """Buy to open, in contracts; without a quantity, all that the margin allows."""
        return self._order("open_long", price, quantity, ts)

    def close_long(self, price: float, quantity: float = math.inf, ts: int | None = None) -> list[dict[str, float]]:
        """Sell to close; without a quantity, all of the position."""
        return self._order("close_long", price, quantity, ts)

    def open_short(self, price: float, quantity: float = math.inf, ts: int | None = None) -> list[dict[str, float]]:
        """Sell to open."""
        return self._order("open_short", price, quantity, ts)

    def close_short(self, price: float, quantity: float = math.inf, ts: int | None = None) -> list[dict[str, float]]:
        """Buy to close."""
        return self._order("close_short", price, quantity, ts)

    sell_long = close_long
    buy_short = open_short
    sell_short = close_short

    # -- the market --------------------------------------------------------------------------------------
    def mark(self, ts: int, high: float, low: float, close: float, open: float | None = None) -> list[dict[str, float]]:
        """A bar that ended at `ts`, ns UTC; without an open, the last price before it, as far as it lies inside."""
        before = self._account.state.mark or close
        self._bar(ts, min(max(before, low), high) if open is None else open, high, low, close)
        return self._run(1)

    def _order(self, name: str, price: float, quantity: float, ts: int | None) -> list[dict[str, float]]:
        if math.isnan(quantity):
            raise HqError(f"{name}: quantity is nan", USAGE)
        self._bar(self._account.state.last_ts if ts is None else ts, price, price, price, price)
        self._row[name][0] = quantity
        return self._run(0)

    def _bar(self, ts: int, open: float, high: float, low: float, close: float) -> None:
        last = self._account.state.last_ts
        if ts < last:
            raise HqError(f"ts goes back by {say_length(last - ts)}, from {iso_text(last)} to {iso_text(ts)}", DATA)
        row = self._row
        self._times["ts"][0], self._times["open_time"][0] = ts, last
        row["open"][0], row["high"][0], row["low"][0], row["close"][0] = open, high, low, close
        for name in VERBS:
            row[name][0] = math.nan

    def _run(self, counted: int) -> list[dict[str, float]]:
        account, row = self._account, self._row
        account.cell.set(counted=counted)
        account.run(0, self._equity.addresses, 1)
        prices = row["open"][0], row["high"][0], row["low"][0], row["close"][0]
        wrong = account.complaint(account.state.periods, self._times["ts"][0], prices)
        if wrong is not None:
            raise wrong
        if len(self._liquidations) < LISTED:
            self._liquidations += account.ends.maps(account.n_ends)
        return account.fills.maps(account.n_fills)

    # -- what it came to ---------------------------------------------------------------------------------
    @property
    def equity(self) -> float:
        """Wallet and unrealised result at the last price told, quote currency."""
        return float(self._account.state.equity)

    @property
    def wallet(self) -> float:
        """Initial margin, realised results and fees, quote currency."""
        return float(self._account.state.wallet)

    @property
    def bankrupt(self) -> bool:
        return bool(self._account.state.bankrupt)

    def position(self, side: str) -> float:
        """Contracts held on the side 'long' or 'short'."""
        return float(getattr(self._account.state, side))

    def liquidation_price(self, side: str) -> float | None:
        """The mark price that liquidates the side 'long' or 'short'; None if no price does or nothing is held."""
        s = self._account.state
        if s.long_lots + s.short_lots == 0:
            return None
        price = float(s.lower if side == "long" else s.upper)
        return price if math.isfinite(price) else None

    def backtest_result(self) -> dict[str, Any]:
        """The report of hq-backtest; `liquidations` names each node at which the account was liquidated."""
        return summary(self._account, self.symbol, self.period, self._liquidations)
