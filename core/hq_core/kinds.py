"""The kinds of rows, each once: its columns, what names a row, the words behind its codes, whose definition it is.

Schemas, importers, exporters, the order check and a chapter of hq-frames(5) derive from it; what is written down a
second time is found by tests/cli/test_kinds.py.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hq_core.columns import REST, Column, Kind, maybe, words

if TYPE_CHECKING:
    from collections.abc import Collection

TS = Column("ts", "i8", "ns", "when it was known")
OF_ACCOUNT = Column("account", "s4", "", "whose: the strategy's name in a backtest")
OF_FACTOR = Column("factor", "s4", "", "its name")
VERBS = ("open_long", "close_long", "open_short", "close_short")  # columns of orders, by what they order
ACTIONS = ("", *VERBS)
# numbers that only the account knows, when it has done a row: a strategy that reads them runs inside it
ACCOUNT = {
    "position": "contracts that are held, below 0 short, 0 none",
    "entry_price": "their mean price; nan where none are held",
    "bars_held": "bars at whose close they were held, this one among them; 0 where none are",
    "open_profit": "what they have gained or lost at the mark price",
    "equity": "the wallet with the open profit",
    "highest_since_entry": "highest price since the entry; nan where none are held",
    "lowest_since_entry": "lowest price since the entry; nan where none are held",
}
REASONS = (  # of a fill: why it happened, and in this quantity; of an order: why it stands where it does
    "signal",
    "cut by margin",
    "cut by bracket",
    "cut to position",
    "flip",
    "liquidation",
    "end of input",
    "target",
    "limit",
    "stop",
    "stop_limit",
    "take",
    "trail",
    "size",
    "notional",
    "margin",
    "bracket",
    "pyramid",
    "conflict",
    "flat",
    "bankrupt",
    "group",
    "cancel",
    "replaced",
    "tif",
    "expire",
    "post_only",
    "no such order",
    "not in this mode",
)
UNITS_OF = "units"  # key of a schema: the unit of a column whose name does not say it, ns of instants
META = "meta."  # before the name of a value that a rule gives with its orders
SIDES = {"1": "long", "-1": "short"}
UNITS = words("contracts", "base", "quote", "equity_frac", "risk_frac")
ACCOUNTS_UNIT = -1  # of an order whose quantity is in whatever unit its account says

# -- the market --------------------------------------------------------------------------------------------------
TRADE = Kind(
    "a trade, or what an exchange reports as one",
    (
        Column("ts", "i8", "ns", "its time"),
        Column("price", "f8", "price", "its price"),
        Column("qty", "f8", "base", "its quantity"),
        maybe("side", "i1", "code", "who took: 1 the buyer, -1 the seller, 0 unknown"),
        maybe("id", "i8", "id", "the exchange's number; below 1 it has none"),
        maybe("trades", "i4", "count", "exchange trades in the row; without the column 1 each"),
    ),
    key=("id",),
    rank=6,
    source="Binance, aggTrades and trades",
)

_BAR = (
    Column("ts", "i8", "ns", "end of the bar, exclusive"),
    maybe("open_time", "i8", "ns", "beginning of the bar"),
    Column("open", "f8", "price", "first price"),
    Column("high", "f8", "price", "highest price"),
    Column("low", "f8", "price", "lowest price"),
    Column("close", "f8", "price", "last price"),
    maybe("volume", "f8", "base", "quantity traded"),
    maybe("quote_volume", "f8", "quote", "value traded"),
    maybe("trades", "i8", "count", "trades"),
    maybe("buy_volume", "f8", "base", "quantity that buyers took"),
    maybe("buy_quote_volume", "f8", "quote", "value that buyers took"),
    maybe("sell_volume", "f8", "base", "quantity that sellers took"),
    maybe("sell_quote_volume", "f8", "quote", "value that sellers took"),
    maybe("vwap", "f8", "price", "quote_volume / volume"),
    maybe("complete", "b1", "", "0: still forming, or cut short by an end of the input"),
)
_SUMMED = tuple(c for c in _BAR if c.unit in ("base", "quote", "count"))
TOTALS = tuple(c.name for c in _SUMMED if not c.name.startswith(("buy_", "sell_")))
BY_SIDE = tuple(c.name for c in _SUMMED if c.name not in TOTALS)
SUMS = TOTALS + BY_SIDE
TIERS = tuple(
    maybe(f"t{tier}_{side}_{c.name}", c.type, c.unit, f"{c.name} that {side}ers took in trades of tier {tier}")
    for tier in (1, 2, 3, 4)
    for side in ("buy", "sell")
    for c in _SUMMED
    if c.name in TOTALS
)
LABEL = maybe("time_label", "i4", "count", "1 to 288: the 5 minutes of the UTC day in which the bar opens")
MARKS = tuple(
    maybe(f"mark_{c.name}", c.type, c.unit, c.meaning.replace("price", "mark price"))
    for c in _BAR
    if c.name in ("high", "low", "close")
)
ORDERS = tuple(
    maybe(
        verb,
        "f8",
        "",
        f"quantity ordered at the close to {verb.replace('_', ' ')}; inf: none named, NaN or 0: no order",
    )
    for verb in VERBS
)
BAR = Kind(
    "prices and volumes of a stretch of time",
    _BAR,
    behind=(LABEL, *TIERS, *MARKS, *ORDERS),
    key=("open_time",),
    rank=8,
    source="Binance, klines",
)
OHLC = tuple(c.name for c in _BAR if c.unit == "price" and not c.optional)
PLAIN = tuple(c.name for c in _BAR if c.unit in ("ns", "") or c.name in OHLC)  # neither sums nor means

QUALITY = words("good", "no bid", "no ask", "empty", "crossed", "unknown")  # of a book, from 0 on
_OF_BOOK = "whether both sides are there, none beyond the other's best, and no gap since the last snapshot"

QUOTE = Kind(
    "best bid and ask",
    (
        TS,
        Column("bid", "f8", "price", "best bid"),
        Column("bid_qty", "f8", "base", "quantity there"),
        Column("ask", "f8", "price", "best ask"),
        Column("ask_qty", "f8", "base", "quantity there"),
        maybe("quality", "i1", "code", f"of the book: {_OF_BOOK}"),
    ),
    codes={"quality": QUALITY},
    rank=4,
    source="Binance, bookTicker",
)

BOOK = Kind(
    "an event of an order book",
    (
        Column("ts", "i8", "ns", "when it was received (local_ts)"),
        Column("ev", "i8", "code", "what happened and on which side, as flags of hftbacktest"),
        Column("exch_ts", "i8", "ns", "when it happened at the exchange"),
        Column("px", "f8", "price", "price of the level, order or trade"),
        Column("qty", "f8", "base", "quantity that is there now; of a trade its own"),
        Column("order_id", "i8", "id", "the order, in books by order; else 0"),
        Column("ival", "i8", "", "further value of the event"),
        Column("fval", "f8", "", "further value of the event"),
    ),
    rank=5,
    source="hftbacktest, event of 64 bytes",
)

DEPTH = Kind(
    "the best levels of both sides of a book, when one of them changes",
    (TS, Column("quality", "i1", "code", _OF_BOOK)),
    behind=(
        maybe("bid_N", "f8", "price", "bid N, 1 the best one; NaN where there is none"),
        maybe("bid_qty_N", "f8", "base", "quantity there"),
        maybe("ask_N", "f8", "price", "ask N"),
        maybe("ask_qty_N", "f8", "base", "quantity there"),
    ),
    codes={"quality": QUALITY},
)

BOOK_UPDATE = Kind(
    "what an event did to a book",
    (
        TS,
        Column("exch_ts", "i8", "ns", "when it happened at the exchange"),
        Column("event", "i1", "code", "what happened"),
        Column("side", "i1", "code", "on which side"),
        Column("tick", "i8", "count", "its price in ticks"),
        Column("px", "f8", "price", "its price"),
        Column("prev_qty", "f8", "base", "quantity that was there"),
        Column("qty", "f8", "base", "quantity that is there now"),
        Column("prev_bid", "i8", "count", "best bid before, in ticks; the least int64 where there is none"),
        Column("prev_ask", "i8", "count", "best ask before, in ticks; the greatest int64 where there is none"),
        Column("bid", "i8", "count", "best bid now"),
        Column("ask", "i8", "count", "best ask now"),
        Column("quality", "i1", "code", _OF_BOOK),
    ),
    codes={
        "event": {"1": "depth", "3": "clear", "4": "snapshot", "5": "bbo"},
        "side": {"1": "bid", "-1": "ask", "0": "both"},
        "quality": QUALITY,
    },
)


def _index(meaning: str, value: str, unit: str, source: str, rank: int = REST, planned: bool = False) -> Kind:
    """What is not traded: its value at an instant or, of a series with a period, its bars."""
    said = maybe(value, "f8", unit, "at ts; of a series that has no period")
    bars = (maybe(c.name, c.type, unit, c.meaning.replace("price", "value")) for c in _BAR if c.name in OHLC)
    return Kind(meaning, (TS, said, *bars), rank=rank, planned=planned, source=source)


MARK_PRICE = _index("the price that an exchange liquidates by", "price", "price", "Binance, markPriceKlines", 2)
INDEX_PRICE = _index("the price that an exchange takes from others", "price", "price", "Binance, indexPriceKlines", 3)
PREMIUM = _index(
    "(mark price - index price) / index price", "value", "frac", "Binance, premiumIndexKlines", planned=True
)

MOST_RATE = 1.0  # of funding, upward and downward: beyond it, it is no share of the notional


def no_rate(value: float) -> bool:
    """Whether a number cannot be a rate of funding; nan can, which is one that is not known."""
    return abs(value) > MOST_RATE


def no_price(value: float) -> bool:
    """Whether a number cannot be a price; nan can."""
    return value <= 0.0 or value == math.inf


FUNDING = Kind(
    "a funding rate as it was paid",
    (
        Column("ts", "i8", "ns", "when it was paid"),
        Column("rate", "f8", "frac", "what longs pay to shorts, of the notional at the mark price"),
        maybe("mark_price", "f8", "price", "mark price of the payment"),
    ),
    key=("ts",),
    rank=1,
    source="Binance, fundingRate",
)

UNIVERSE = Kind(
    "what could be traded when: a row where it changes",
    (
        TS,
        Column("member", "b1", "", "1: the symbol is in from here on, 0: it is out"),
        maybe("tick", "f8", "price", "step of its prices"),
        maybe("lot", "f8", "base", "step of its quantities"),
    ),
    rank=0,
    planned=True,
)

OPTION = Kind(
    "an option's market",
    (
        TS,
        Column("strike", "f8", "price", "strike"),
        Column("expiry_time", "i8", "ns", "when it expires"),
        Column("right", "i1", "code", "call or put"),
        maybe("bid", "f8", "price", "best bid"),
        maybe("ask", "f8", "price", "best ask"),
        maybe("mark_price", "f8", "price", "the exchange's price of it"),
        maybe("underlying", "f8", "price", "price of what it is written on"),
        maybe("open_interest", "f8", "contracts", "open contracts"),
    ),
    codes={"right": words("call", "put")},
    planned=True,
)

# -- orders and the account --------------------------------------------------------------------------------------
ORDER = Kind(
    "an order of a strategy",
    (
        Column("ts", "i8", "ns", "ts of the bar that it was decided on"),
        Column("strategy", "s4", "", "whose; a fanned one is rsi[oversold=20]"),
        Column("id", "i8", "id", "counts per strategy and symbol"),
        Column("side", "i1", "code", "of the position"),
        Column("action", "i1", "code", "what is to be done"),
        Column("type", "i1", "code", "how"),
        Column("quantity", "f8", "", "how much, in the unit that follows; inf: all that can be"),
        Column("unit", "i1", "code", "of the quantity; account: the one that the account says (--size-unit)"),
        maybe("limit", "f8", "price", "the worst price that it takes"),
        maybe("trigger", "f8", "price", "the price at which it begins to work"),
        maybe("stop", "f8", "price", "of what opens: the price at which what it has opened is closed at a loss"),
        maybe("take", "f8", "price", "of what opens: the price at which what it has opened is closed at a gain"),
        maybe("trail", "f8", "price", "distance at which a stop follows the best price"),
        maybe("trail_frac", "f8", "frac", "the same as a share of the best price"),
        maybe("tif", "i1", "code", "how long it works"),
        maybe("expire", "i8", "ns", "until when, of gtd; 0: none"),
        maybe("reduce_only", "b1", "", "1: never opens"),
        maybe("post_only", "b1", "", "1: never takes"),
        maybe("group", "i8", "id", "one of a group that fills cancels the others"),
        maybe("ref", "i8", "id", "the order that is cancelled or replaced"),
        maybe("rule", "i4", "count", "rule of the strategy that gave it, from 1"),
    ),
    behind=(
        maybe(
            "meta.NAME",
            "f8",
            "",
            "META of the rule, a truth as 1 or 0; s4 where it is a text, i8 where it is a time or int",
        ),
    ),
    codes={
        "side": SIDES,
        "action": words("open", "close", "target", "cancel", "replace", "leverage", "margin"),
        "type": words("market", "limit", "stop", "stop_limit", "take", "trail"),
        "unit": {str(ACCOUNTS_UNIT): "account", **UNITS},
        "tif": words("gtc", "ioc", "fok", "gtd", "day"),
    },
    rank=7,
)

TRAILS = ("trail", "trail_frac")  # how far behind the best price, of which an order says one
# The prices that an order of each type cannot do without, the last of them the one at which it fills, and what it may
# have besides; a trail may have trail_frac in place of trail.  Limit and trigger of another type mean nothing.
TYPE_NEEDS: dict[str, tuple[str, ...]] = {
    "market": (),
    "limit": ("limit",),
    "stop": ("trigger",),
    "stop_limit": ("trigger", "limit"),
    "take": ("trigger",),
    "trail": ("trail",),
}
TYPE_MAY: dict[str, tuple[str, ...]] = {"trail": ("trigger", "trail_frac")}
UNTIL = "gtd"  # the tif whose orders have an expire, which no others have


def wrong_life(tif: str, expires: bool) -> str:
    """What is wrong with an order of a tif that has an expire or has none; '' if nothing is."""
    if (tif == UNTIL) == expires:
        return ""
    if expires:
        return f"has an expire, which is of an order whose tif is {UNTIL}; say tif {UNTIL}, or leave it out"
    return f"works until a time, tif {UNTIL}, and has no expire"


def expiry(ns: int) -> int:
    """An instant as `expire` says it, whose 0 is none: that of 1970 is the ns before, which no bar tells from it."""
    return ns or -1


ORDER_STATE = Kind(
    "what has become of an order",
    (
        TS,
        OF_ACCOUNT,
        Column("order", "i8", "id", "its id"),
        Column("state", "i1", "code", "where it stands"),
        Column("filled", "f8", "contracts", "filled so far"),
        Column("remaining", "f8", "contracts", "still to fill"),
        Column("price", "f8", "price", "mean price of what was filled; NaN before"),
        Column("reason", "i1", "code", "why"),
    ),
    codes={
        "state": words("accepted", "filled", "partly", "cancelled", "expired", "rejected"),
        "reason": words(*REASONS),
    },
)

FILL = Kind(
    "a fill of the account",
    (
        Column("ts", "i8", "ns", "end of the bar in which it happened"),
        Column("fill_time", "i8", "ns", "the instant of the fill itself"),
        OF_ACCOUNT,
        Column("id", "i8", "id", "counts per account"),
        Column("order", "i8", "id", "the order's; 0: a liquidation or the end"),
        Column("side", "i1", "code", "of the position"),
        Column("action", "i1", "code", "what it did"),
        Column("price", "f8", "price", "its price"),
        Column("quantity", "f8", "contracts", "its quantity"),
        Column("fee", "f8", "quote", "paid for it"),
        Column("realised", "f8", "quote", "result of what it closed"),
        Column("position", "f8", "contracts", "quantity of that side afterwards"),
        Column("liquidity", "i1", "code", "whether it rested or took"),
        Column("reason", "i1", "code", "why it happened, and in this quantity"),
    ),
    codes={"side": SIDES, "liquidity": words("maker", "taker"), "action": words(*ACTIONS), "reason": words(*REASONS)},
)

LIQUIDATION = Kind(
    "a liquidation of the account, or of a side of it",
    (
        Column("ts", "i8", "ns", "end of the bar in which it happened"),
        OF_ACCOUNT,
        Column("side", "i1", "code", "of the position"),
        Column("mark", "f8", "price", "adverse extreme of the mark price"),
        Column("liquidation_price", "f8", "price", "mark price that liquidates"),
        Column("price", "f8", "price", "price of its fill"),
        Column("quantity", "f8", "contracts", "quantity closed"),
        Column("loss", "f8", "quote", "what the wallet lost, its fee included"),
        Column("insurance", "f8", "quote", "what the insurance fund paid"),
        Column("row", "i8", "count", "row of the input, from 0"),
    ),
    codes={"side": SIDES},
)

EQUITY = Kind(
    "the account at the end of a complete bar, one row a ts",
    (
        Column("ts", "i8", "ns", "end of the bar"),
        OF_ACCOUNT,
        Column("equity", "f8", "quote", "wallet + unrealised"),
        Column("wallet", "f8", "quote", "what it is worth without open positions"),
        Column("unrealised", "f8", "quote", "result of the open positions at the mark price"),
        Column("realised", "f8", "quote", "results so far, before fees"),
        Column("fees", "f8", "quote", "fees so far"),
        Column("funding", "f8", "quote", "funding received so far; below 0 paid"),
        Column("insurance", "f8", "quote", "what the insurance fund has paid"),
        Column("margin_used", "f8", "quote", "margin of the open positions"),
        Column("gross", "f8", "quote", "notional of all positions"),
        Column("net", "f8", "quote", "notional of what is held long less that held short"),
        maybe("long", "f8", "contracts", "held long; this and the rest of an account of one symbol"),
        maybe("long_entry", "f8", "price", "mean entry price of it"),
        maybe("short", "f8", "contracts", "held short"),
        maybe("short_entry", "f8", "price", "mean entry price of it"),
        maybe("long_liquidation", "f8", "price", "mark price that liquidates when it falls"),
        maybe("short_liquidation", "f8", "price", "mark price that liquidates when it rises"),
        maybe("max_open", "f8", "contracts", "largest quantity that could be opened, with --max-open"),
    ),
)

PAYMENT = Kind(
    "funding that the account paid or received",
    (
        TS,
        OF_ACCOUNT,
        Column("rate", "f8", "frac", "the funding rate"),
        Column("quantity", "f8", "contracts", "held: above 0 long, below 0 short"),
        Column("amount", "f8", "quote", "received; below 0 paid"),
    ),
)

POSITION = Kind(
    "a position of the account",
    (
        TS,
        OF_ACCOUNT,
        Column("side", "i1", "code", "of the position"),
        Column("quantity", "f8", "contracts", "held"),
        Column("entry", "f8", "price", "mean entry price"),
        Column("mark_price", "f8", "price", "mark price"),
        Column("unrealised", "f8", "quote", "result at the mark price"),
        Column("margin", "f8", "quote", "margin that it holds"),
        Column("leverage", "f8", "", "leverage that is set"),
        Column("liquidation_price", "f8", "price", "mark price that liquidates it; NaN: none"),
    ),
    codes={"side": SIDES},
)

TARGET = Kind(
    "a position that an account shall have",
    (
        TS,
        OF_ACCOUNT,
        Column("quantity", "f8", "", "above 0 long, below 0 short, in the unit that follows"),
        Column("unit", "i1", "code", "of the quantity"),
        Column("reason", "i1", "code", "why it is not what was asked for"),
    ),
    codes={"unit": UNITS},
    planned=True,
)

WEIGHT = Kind(
    "a symbol's share in a portfolio",
    (
        TS,
        Column("calculator", "s4", "", "what computed it"),
        Column("weight", "f8", "frac", "of the equity; below 0 short"),
    ),
    planned=True,
)

# -- research ----------------------------------------------------------------------------------------------------
FACTOR = Kind(
    "factors of a symbol, a column each or, with the columns factor and value, a row each",
    (
        TS,
        Column("exch_ts", "i8", "ns", "when the event that it was computed at happened at the exchange"),
        maybe("factor", "s4", "", "its name"),
        maybe("value", "f8", "", "its value; nan where it is not valid"),
        Column("valid", "b1", "", "0: a value is missing, which is then nan"),
        Column("reason", "i1", "code", "why, of the first one that is"),
    ),
    behind=(maybe("NAME", "f8", "", "value of the factor of that name"),),
    codes={"reason": words("none", "warm-up", "no bid", "no ask", "empty", "crossed", "gap", "few")},
)

VECTOR = Kind(
    "a labelled vector",
    (
        Column("ts", "i8", "ns", "end of its window"),
        Column("id", "i8", "id", "its number in the store"),
        maybe("avail_ts", "i8", "ns", "end of the outcome that labels it: not to be known before"),
        Column("label", "i4", "", "what it stands for: 1 a rise, -1 a fall, 0 neither, or any whole number"),
        maybe("outcome", "f8", "frac", "the return that gave the label"),
        Column("vector", "f4xN", "", "its N values, the oldest first"),
    ),
    clock="avail_ts",
)

TRIAL = Kind(
    "one run of a search over parameters",
    (
        Column("ts", "i8", "ns", "last row of the data"),
        Column("n", "i8", "count", "which trial it is, from 1"),
        Column("id", "text", "id", "digest of what was run"),
        Column("state", "i1", "code", "how it ended"),
    ),
    behind=(maybe("p.NAME", "f8", "", "parameter of that name"), maybe("s.NAME", "f8", "", "statistic of that name")),
    codes={"state": words("done", "failed", "pruned")},
    planned=True,
)

IC = Kind(
    "information coefficient: how a factor ranks with what came",
    (
        TS,
        OF_FACTOR,
        Column("horizon", "i4", "count", "bars ahead"),
        Column("pearson", "f8", "", "correlation with the returns"),
        Column("spearman", "f8", "", "correlation of the ranks"),
        Column("n", "i8", "count", "symbols"),
    ),
    planned=True,
    source="Grinold and Kahn, Active Portfolio Management",
)

QUANTILE = Kind(
    "returns by quantile of a factor",
    (
        TS,
        OF_FACTOR,
        Column("horizon", "i4", "count", "bars ahead"),
        Column("quantile", "i4", "count", "from 1, the lowest values"),
        Column("mean", "f8", "frac", "mean return"),
        Column("stderr", "f8", "frac", "standard error of the mean"),
        Column("n", "i8", "count", "symbols"),
    ),
    planned=True,
)

IV = Kind(
    "implied volatility of an option",
    (
        TS,
        Column("strike", "f8", "price", "strike"),
        Column("expiry_time", "i8", "ns", "when it expires"),
        Column("right", "i1", "code", "call or put"),
        Column("forward", "f8", "price", "forward of what it is written on"),
        Column("iv", "f8", "frac", "volatility a year"),
    ),
    codes={"right": words("call", "put")},
    planned=True,
    source="Black 1976, The Pricing of Commodity Contracts",
)

TEXT = Kind(
    "news, posts: a text",
    (
        Column("ts", "i8", "ns", "when it was published"),
        Column("source", "s4", "", "where"),
        Column("id", "text", "id", "its name there"),
        Column("text", "text", "", "what it says"),
    ),
    planned=True,
)

SENTIMENT = Kind(
    "how texts sound",
    (
        TS,
        Column("source", "s4", "", "of which texts"),
        Column("score", "f8", "", "-1 bad to 1 good"),
        Column("n", "i4", "count", "texts"),
    ),
    planned=True,
    source="Hutto and Gilbert 2014, VADER",
)

# -- what is told of rows ----------------------------------------------------------------------------------------
FINDING = Kind(
    "what a check found: a gap, a bad book, an order refused, an alert",
    (
        TS,
        Column("of", "s4", "", "name of the series"),
        Column("stage", "s4", "", "command that found it"),
        Column("rule", "s4", "", "rule that was broken"),
        Column("severity", "i1", "code", "how bad it is"),
        Column("value", "f8", "", "what was found"),
        Column("bound", "f8", "", "what is allowed"),
        Column("from_ts", "i8", "ns", "first ts of it"),
        Column("to_ts", "i8", "ns", "last ts of it"),
        Column("first_id", "i8", "id", "first id of it; 0 none"),
        Column("last_id", "i8", "id", "last id of it; 0 none"),
    ),
    codes={"severity": words("info", "warning", "error")},
)

READY = Kind(
    "all of a panel's bars up to ts are there",
    (
        TS,
        Column("periods", "s4", "", "of the bars, as 1m:15m"),
        Column("symbols", "i4", "count", "symbols that have them"),
    ),
    planned=True,
)

KINDS = {
    "bar": BAR,
    "trade": TRADE,
    "fill": FILL,
    "liquidation": LIQUIDATION,
    "equity": EQUITY,
    "quote": QUOTE,
    "book": BOOK,
    "depth": DEPTH,
    "book_update": BOOK_UPDATE,
    "funding": FUNDING,
    "mark_price": MARK_PRICE,
    "index_price": INDEX_PRICE,
    "premium": PREMIUM,
    "universe": UNIVERSE,
    "option": OPTION,
    "order": ORDER,
    "order_state": ORDER_STATE,
    "payment": PAYMENT,
    "position": POSITION,
    "weight": WEIGHT,
    "target": TARGET,
    "factor": FACTOR,
    "vector": VECTOR,
    "trial": TRIAL,
    "ic": IC,
    "quantile": QUANTILE,
    "iv": IV,
    "text": TEXT,
    "sentiment": SENTIMENT,
    "finding": FINDING,
    "ready": READY,
}
WRITTEN = frozenset(name for name, kind in KINDS.items() if not kind.planned)
MAPS = ("report",)  # what hq writes as maps and not as rows
_UNKNOWN = Kind("", ())


def of(kind: str) -> Kind:
    """What is known of a kind; a kind of somebody else's has no columns and no key."""
    return KINDS.get(kind, _UNKNOWN)


def extra_of(kind: str, times: Collection[str] = ()) -> dict[str, object]:
    """The further keys of a kind's schema: the words behind its codes, and which columns are `times` without a name
    that says so."""
    codes = of(kind).codes
    found: dict[str, object] = {}
    if codes:
        found["codes"] = {column: dict(said) for column, said in codes.items()}
    unsaid = [name for name in times if not named_time(kind, name)]
    if unsaid:
        found[UNITS_OF] = dict.fromkeys(unsaid, "ns")
    return found


def named_time(kind: str, name: str) -> bool:
    """Whether whole numbers of a column are instants, ns since 1970 UTC, by its name."""
    return name in ("ts", f"{META}ts") or name.endswith(("_time", "_ts")) or name in of(kind).of_unit("ns")
