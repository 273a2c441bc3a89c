"""What columns are called: the names that exchanges, libraries and people give to what hq calls open, qty, side …"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# hq's name -> other names in order of preference, in lower case with everything but letters and digits left out
TIMES = ("ts", "timestamp", "time", "datetime", "date")
SYMBOLS = ("symbol", "pair", "ticker", "instrument", "instrumentid", "instid", "sym", "tic", "secid", "coin", "asset")
BAR_NAMES = {
    "open_time": ("opentime",),
    "close_time": ("closetime",),
    "ts": TIMES,
    "open": ("open", "o"),
    "high": ("high", "h"),
    "low": ("low", "l"),
    "close": ("close", "c"),
    "volume": ("volume", "vol", "v"),
    "quote_volume": ("quotevolume", "quoteassetvolume", "turnover"),
    "trades": ("trades", "count", "numberoftrades", "tradecount"),
    "buy_volume": ("buyvolume", "takerbuyvolume", "takerbuybaseassetvolume", "takerbuybasevolume"),
    "buy_quote_volume": ("buyquotevolume", "takerbuyquotevolume", "takerbuyquoteassetvolume"),
    "sell_volume": ("sellvolume",),
    "sell_quote_volume": ("sellquotevolume",),
    "vwap": ("vwap",),
    "complete": ("complete",),
    "symbol": SYMBOLS,
}
TRADE_NAMES = {
    "ts": ("transacttime", "tradetime", *TIMES),
    "price": ("price", "p"),
    "qty": ("qty", "quantity", "size", "amount", "vol", "volume", "q"),
    "side": ("side", "takerside"),
    "maker": ("isbuyermaker", "buyermaker"),
    "id": ("id", "tradeid", "aggtradeid"),
    "trades": ("trades",),
    "first": ("firsttradeid",),
    "last": ("lasttradeid",),
    "symbol": SYMBOLS,
}
# kinds of which exchanges tell a history; what names a time in IN_MS has it in ms
IN_MS = ("fundingtime", "calctime", "fundingratetimestamp", "transactiontime", "eventtime")
HISTORIES = {
    "funding": {
        "ts": (*IN_MS, *TIMES),
        "rate": ("rate", "fundingrate", "lastfundingrate"),
        "mark_price": ("markprice",),
        "symbol": SYMBOLS,
    },
    "quote": {
        "ts": ("transactiontime", "eventtime", *TIMES),
        "bid": ("bid", "bidprice", "bestbidprice", "bestbid"),
        "bid_qty": ("bidqty", "bidamount", "bidsize", "bestbidqty", "bestbidamount", "bestbidsize"),
        "ask": ("ask", "askprice", "bestaskprice", "bestask"),
        "ask_qty": ("askqty", "askamount", "asksize", "bestaskqty", "bestaskamount", "bestasksize"),
        "symbol": SYMBOLS,
    },
    "mark_price": {"ts": TIMES, "price": ("price", "markprice", "value"), "symbol": SYMBOLS},
    "index_price": {"ts": TIMES, "price": ("price", "indexprice", "value"), "symbol": SYMBOLS},
}
# Binance's message of a best bid and ask, whose short keys differ in their case alone
BOOK_TICKER = {
    "s": "symbol",
    "T": "transaction_time",
    "E": "event_time",
    "b": "bid",
    "B": "bid_qty",
    "a": "ask",
    "A": "ask_qty",
}
# what else stands beside quotes and says nothing of them
BESIDE_QUOTES = ("u", "e", "st", "ps", "updateid", "eventtime", "localtimestamp", "exchange", "kind")
UNSURE = ("turnover", "amount")  # other people's word for something else: told where they are taken for ours
IGNORED = ("ignore", "")
TICKS = ("tickvol", "tickvolume", "ticks")
SIDES = {"buy": 1, "b": 1, "1": 1, "sell": -1, "s": -1, "-1": -1, "0": 0}
TRUTH = {"true": 1, "t": 1, "1": 1, "false": 0, "f": 0, "0": 0}
UNIT_AT_END = re.compile(r"(.+)_(s|ms|us|ns)")

KLINE = (
    "open_time",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "close_time",
    "quote_volume",
    "count",
    "taker_buy_volume",
    "taker_buy_quote_volume",
    "ignore",
)
CANDLE = ("open_time", "open", "high", "low", "close", "volume")  # of ccxt and freqtrade: the time in ms
AGG_TRADE = (
    "agg_trade_id",
    "price",
    "quantity",
    "first_trade_id",
    "last_trade_id",
    "transact_time",
    "is_buyer_maker",
    "is_best_match",
)
SPOT_TRADE = ("id", "price", "qty", "quote_qty", "time", "is_buyer_maker", "is_best_match")

_EPOCH = re.compile(r"(\d{13}|\d{16})(\.0+)?")
_TRUTH = re.compile(r"true|false", re.IGNORECASE)


def squash(name: str) -> str:
    """A name in the form in which it is looked up.

    >>> squash("Taker buy base-asset Volume")
    'takerbuybaseassetvolume'
    """
    return "".join(c for c in name.lower() if c.isalnum())


def split_unit(name: str) -> tuple[str, str]:
    """A time column's name and the unit that it ends with: ts_ms is ts in ms."""
    found = UNIT_AT_END.fullmatch(name.strip().lower())
    return (found.group(1), found.group(2)) if found and squash(found.group(1)) in _TIME_NAMES else (name, "")


_TIME_NAMES = {name for role in ("ts", "open_time", "close_time") for name in BAR_NAMES[role]}


def series_form(names: Sequence[str]) -> bool:
    """Whether a header is that of series as hq-export writes it: symbol, then ts, which a panel has before symbol.

    >>> series_form(["symbol", "ts_ms", "open_time_ms", "close"]), series_form(["symbol", "ts", "close"])
    (True, False)
    """
    begun = [split_unit(name)[0] for name in names[:3]]
    return begun in (["symbol", "ts", "open_time"], ["symbol", "ts", "price"])


def symbol_first(names: Sequence[str]) -> bool:
    """Whether rows that say that they are hq's are of series: symbol stands before ts; of a panel it stands behind."""
    found = [split_unit(name)[0] for name in names]
    return "ts" in found and "symbol" in found[: found.index("ts")]


def without_header(first: list[str]) -> list[str] | None:
    """The column names of an exchange's file that has no header, by the shape of its first row; None if unknown."""
    n = len(first)

    def epoch(*at: int) -> bool:
        return all(_EPOCH.fullmatch(first[i]) for i in at)

    def truth(*at: int) -> bool:
        return all(_TRUTH.fullmatch(first[i]) for i in at)

    if n == 12 and epoch(0, 6):
        return list(KLINE)
    if n in (7, 8) and epoch(5) and truth(*range(6, n)) and first[3].isdecimal() and first[4].isdecimal():
        return list(AGG_TRADE[:n])
    if n == 7 and epoch(4) and truth(5, 6):
        return list(SPOT_TRADE)
    if n == 6 and epoch(4) and truth(5):
        return list(SPOT_TRADE[:6])
    if n == 5 and epoch(3) and truth(4):
        return ["id", "price", "qty", "time", "is_buyer_maker"]
    return None


KNOWN = frozenset(squash(name) for name in (*KLINE, *AGG_TRADE, *SPOT_TRADE))  # of the exchange's own files
