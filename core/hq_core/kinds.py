"""The kinds of rows, each once: its columns, what names a row, the words behind its codes, whose definition it is.

Schemas, importers, exporters, the order check and a chapter of hq-frames(5) derive from it.
"""
from __future__ import annotations

from hq_core.columns import Column, Kind, maybe, words

VERBS = ("open_long", "close_long", "open_short", "close_short")       # columns of orders, by what they order
ACTIONS = ("", *VERBS)
REASONS = ("signal", "cut by margin", "cut by bracket", "cut to position", "flip", "liquidation", "end of input")
SIDES = {"1": "long", "-1": "short"}

# -- the market --------------------------------------------------------------------------------------------------
TRADE = Kind("a trade, or what an exchange reports as one", (
    Column("ts", "i8", "ns", "its time"),
    Column("price", "f8", "price", "its price"),
    Column("qty", "f8", "base", "its quantity"),
    maybe("side", "i1", "code", "who took: 1 the buyer, -1 the seller, 0 unknown"),
    maybe("id", "i8", "id", "the exchange's number; below 1 it has none"),
    maybe("trades", "i4", "count", "exchange trades in the row; without the column 1 each"),
), key=("id",), rank=6, source="Binance, aggTrades and trades")

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
    for tier in (1, 2, 3, 4) for side in ("buy", "sell") for c in _SUMMED if c.name in TOTALS
)
LABEL = maybe("time_label", "i4", "count", "1 to 288: the 5 minutes of the UTC day in which the bar opens")
MARKS = tuple(
    maybe(f"mark_{c.name}", c.type, c.unit, c.meaning.replace("price", "mark price"))
    for c in _BAR if c.name in ("high", "low", "close")
)
ORDERS = tuple(
    maybe(verb, "f8", "", f"quantity ordered at the close to {verb.replace('_', ' ')}; inf: none named, NaN: no order")
    for verb in VERBS
)
BAR = Kind(
    "prices and volumes of a stretch of time", _BAR, behind=(LABEL, *TIERS, *MARKS, *ORDERS),
    key=("open_time",), rank=8, source="Binance, klines",
)
OHLC = tuple(c.name for c in _BAR if c.unit == "price" and not c.optional)
PLAIN = tuple(c.name for c in _BAR if c.unit in ("ns", "") or c.name in OHLC)      # neither sums nor means

# -- orders and the account --------------------------------------------------------------------------------------
FILL = Kind("a fill of the account", (
    Column("ts", "i8", "ns", "end of the bar in which it happened"),
    Column("fill_time", "i8", "ns", "the instant of the fill itself"),
    Column("side", "i1", "code", "of the position"),
    Column("action", "i1", "code", "what it did"),
    Column("price", "f8", "price", "its price"),
    Column("quantity", "f8", "contracts", "its quantity"),
    Column("fee", "f8", "quote", "paid for it"),
    Column("realised", "f8", "quote", "result of what it closed"),
    Column("position", "f8", "contracts", "quantity of that side afterwards"),
    Column("liquidity", "i1", "code", "whether it rested or took"),
    Column("reason", "i1", "code", "why it happened, and in this quantity"),
), codes={
    "side": SIDES, "liquidity": words("maker", "taker"), "action": words(*ACTIONS), "reason": words(*REASONS),
})

LIQUIDATION = Kind("a liquidation of the account, or of a side of it", (
    Column("ts", "i8", "ns", "end of the bar in which it happened"),
    Column("side", "i1", "code", "of the position"),
    Column("mark", "f8", "price", "adverse extreme of the mark price"),
    Column("liquidation_price", "f8", "price", "mark price that liquidates"),
    Column("price", "f8", "price", "price of its fill"),
    Column("quantity", "f8", "contracts", "quantity closed"),
    Column("loss", "f8", "quote", "what the wallet lost, its fee included"),
    Column("insurance", "f8", "quote", "what the insurance fund paid"),
    Column("row", "i8", "count", "row of the input, from 0"),
), codes={"side": SIDES})

EQUITY = Kind("the account at the end of a complete bar", (
    Column("ts", "i8", "ns", "end of the bar"),
    Column("equity", "f8", "quote", "wallet + unrealised"),
    Column("wallet", "f8", "quote", "what it is worth without open positions"),
    Column("realised", "f8", "quote", "results so far, before fees"),
    Column("fees", "f8", "quote", "fees so far"),
    Column("insurance", "f8", "quote", "what the insurance fund has paid"),
    Column("unrealised", "f8", "quote", "result of the open positions at the mark price"),
    Column("long", "f8", "contracts", "held long"),
    Column("long_entry", "f8", "price", "mean entry price of it"),
    Column("short", "f8", "contracts", "held short"),
    Column("short_entry", "f8", "price", "mean entry price of it"),
    Column("long_liquidation", "f8", "price", "mark price that liquidates when it falls"),
    Column("short_liquidation", "f8", "price", "mark price that liquidates when it rises"),
    Column("margin_used", "f8", "quote", "margin of the open positions"),
    Column("max_open", "f8", "contracts", "largest quantity that could be opened"),
))

KINDS = {
    "bar": BAR,
    "trade": TRADE,
    "fill": FILL,
    "liquidation": LIQUIDATION,
    "equity": EQUITY,
}
WRITTEN = frozenset(name for name, kind in KINDS.items() if not kind.planned)
MAPS = ("report", "signal", "meta")             # what hq writes as maps and not as rows
_UNKNOWN = Kind("", ())


def of(kind: str) -> Kind:
    """What is known of a kind; a kind of somebody else's has no columns and no key."""
    return KINDS.get(kind, _UNKNOWN)


def extra_of(kind: str) -> dict[str, object]:
    """The further keys of a kind's schema: the words behind its codes."""
    codes = of(kind).codes
    return {"codes": {column: dict(said) for column, said in codes.items()}} if codes else {}
