"""The slow account's orders and bars: what an order is, when the price reaches it, the way of the price in a bar."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from slow_account_ledger import exact

DAY = 86_400_000_000_000
TRIGGERED = ("stop", "take", "trail")  # at the market once the price has come
ONE_WAY = (("close", 1), ("close", -1), ("open", 1), ("open", -1))
HEDGE = (("open", 1), ("close", -1), ("open", -1), ("close", 1))
NUMBERS = ("quantity", "limit", "trigger", "stop", "take", "trail", "trail_frac")
NAMES = (
    "order",
    "ts",
    "symbol",
    "side",
    "action",
    "type",
    "unit",
    "tif",
    "expire",
    "reduce_only",
    "post_only",
    "group",
    "ref",
)


@dataclass(eq=False)
class Order:
    """One order and what has become of it."""

    order: Any
    ts: int
    symbol: str
    side: int
    action: str
    type: str
    quantity: Any  # fraction or inf; None in a replace that leaves it
    unit: str | None
    limit: Fraction | None
    trigger: Fraction | None
    stop: Fraction | None
    take: Fraction | None
    trail: Fraction | None
    trail_frac: Fraction | None
    tif: str
    expire: int | None
    reduce_only: bool
    post_only: bool
    group: Any
    ref: Any
    given: dict[str, Any]  # the fields as they came
    place: int  # among the orders as they came
    word: str  # the reason of its fills
    day: int  # a ts of the day that tif day means
    child: bool = False  # brought along by an entry
    number: int = 0  # of arrival: when it began to work
    remaining: Any = None  # contracts; None until its size has been worked out, inf for what the room will be
    filled: Fraction = Fraction(0)
    bars: int = 0  # of its symbol that began since it was sent
    best: Fraction | None = None  # of a trail that follows
    alive: bool = True
    opened: bool = False  # has opened something
    stopped: int | None = None  # the bar in which it took all that there was: what is left goes on at the next open
    fresh: bool = True  # this is the open at which it begins to work

    @property
    def closes(self) -> bool:
        return self.action == "close"

    @property
    def buys(self) -> bool:
        return (self.side > 0) != self.closes

    @property
    def over(self) -> int | None:
        """When its time is over."""
        if self.tif == "day":
            return (self.day // DAY + 1) * DAY
        return self.expire if self.tif == "gtd" else None

    @property
    def level(self) -> Fraction | None:
        """The price that it waits for."""
        if self.type == "trail":
            if self.best is None:
                return None
            apart = self.trail if self.trail is not None else self.best * (self.trail_frac or 0)
            return self.best + apart if self.buys else self.best - apart
        return self.limit if self.type == "limit" else None if self.type == "market" else self.trigger

    def reached(self, price: Fraction, to: Fraction) -> Fraction | None:
        """The first price from `price` to `to` at which it is due; None where it is not."""
        level = self.level
        if level is None:
            return None
        if self.buys == (self.type in ("limit", "take")):  # the price has to come down
            return price if price <= level else level if to <= level else None
        return price if price >= level else level if to >= level else None

    def follow(self, price: Fraction) -> None:
        """A trail sees a price."""
        if self.type != "trail":
            return
        if self.best is not None:
            self.best = min(self.best, price) if self.buys else max(self.best, price)
        elif self.trigger is None or (price <= self.trigger if self.buys else price >= self.trigger):
            self.best = price


def order_of(row: dict[str, Any], place: int, hedge: bool) -> Order:
    """An order as it came; an opening one that is reduce_only, one-way, is the closing one of the other side."""
    given = {name: exact(row.get(name)) for name in NUMBERS}
    given |= {name: None if row.get(name) != row.get(name) else row.get(name) for name in NAMES}
    fields = dict(given)
    fields["order"] = place if fields["order"] is None else fields["order"]
    fields["type"] = fields["type"] or "market"
    fields["tif"] = fields["tif"] or "gtc"
    for flag in ("reduce_only", "post_only"):
        fields[flag] = bool(fields[flag])
    if fields["action"] == "open" and fields["reduce_only"] and not hedge:
        fields |= {"action": "close", "side": -fields["side"]}
    return Order(**fields, given=given, place=place, word=word_of(fields["action"], fields["type"]), day=fields["ts"])


def word_of(action: str, kind: str) -> str:
    """The reason of its fills."""
    return kind if kind != "market" else "target" if action == "target" else "signal"


def verb(order: Order, hedge: bool) -> int:
    """Its place among market orders that begin to work together."""
    verbs = HEDGE if hedge else ONE_WAY
    return len(verbs) if order.action == "target" else verbs.index((order.action, order.side))


@dataclass
class Bar:
    """A row: prices as fractions; the mark is the last price where it has no columns of its own."""

    ts: int
    symbol: str
    open_time: int | None
    open: Fraction
    high: Fraction
    low: Fraction
    close: Fraction
    mark_high: Fraction
    mark_low: Fraction
    mark_close: Fraction
    volume: Fraction | None
    filled: Fraction = Fraction(0)  # contracts, by orders

    def mark(self, price: Fraction) -> Fraction:
        return min(max(price, self.mark_low), self.mark_high)

    def within(self, price: Fraction) -> Fraction:
        return min(max(price, self.low), self.high)


def bar_of(row: dict[str, Any], before: int | None) -> Bar:
    prices = {name: exact(row[name]) for name in ("open", "high", "low", "close")}
    for name in ("high", "low", "close"):
        mark = exact(row.get("mark_" + name))
        prices["mark_" + name] = prices[name] if mark is None else mark
    opened = row.get("open_time")
    return Bar(
        row["ts"], row["symbol"], before if opened is None else opened, **prices, volume=exact(row.get("volume"))
    )


@dataclass
class Quote:
    """The best bid and ask, and what takers have taken of them."""

    ts: int
    half: Fraction  # of the spread, as a share of the middle
    sizes: dict[bool, Fraction]  # of the ask and the bid, base: by whether takers buy
    taken: dict[bool, Fraction] = field(default_factory=lambda: {True: Fraction(0), False: Fraction(0)})  # contracts


def quote_of(row: dict[str, Any]) -> Quote:
    bid, ask = exact(row["bid"]), exact(row["ask"])
    return Quote(row["ts"], (ask - bid) / (ask + bid), {True: exact(row["ask_qty"]), False: exact(row["bid_qty"])})


def touches(kind: str, bar: Bar, price: Fraction, long: bool, short: bool) -> list[str]:
    """Where the last price goes from `price`: the names of the extremes in their order, then the close."""
    if kind == "ohlc" or long == short:
        low_first = price - bar.low <= bar.high - price
    else:
        low_first = long
    if kind == "optimistic":
        low_first = not low_first
    return ["low", "high", "close"] if low_first else ["high", "low", "close"]
