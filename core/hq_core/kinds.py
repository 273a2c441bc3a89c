"""The kinds of rows that hq writes: their columns, what names a row of each, and the words behind its codes.

One list: the order check, the readers of hq's own text forms and the writers derive from it.
"""
from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

Columns = tuple[tuple[str, str], ...]

BAR: Columns = (
    ("ts", "i8"), ("open_time", "i8"), ("open", "f8"), ("high", "f8"), ("low", "f8"), ("close", "f8"),
    ("volume", "f8"), ("quote_volume", "f8"), ("trades", "i8"), ("buy_volume", "f8"), ("buy_quote_volume", "f8"),
    ("sell_volume", "f8"), ("sell_quote_volume", "f8"), ("vwap", "f8"), ("complete", "b1"),
)
TRADE: Columns = (("ts", "i8"), ("price", "f8"), ("qty", "f8"), ("side", "i1"), ("id", "i8"), ("trades", "i4"))
FILL: Columns = (
    ("ts", "i8"), ("fill_time", "i8"), ("side", "i1"), ("action", "i1"), ("price", "f8"), ("quantity", "f8"),
    ("fee", "f8"), ("realised", "f8"), ("position", "f8"), ("liquidity", "i1"), ("reason", "i1"),
)
LIQUIDATION: Columns = (
    ("ts", "i8"), ("side", "i1"), ("mark", "f8"), ("liquidation_price", "f8"), ("price", "f8"), ("quantity", "f8"),
    ("loss", "f8"), ("insurance", "f8"), ("row", "i8"),
)
EQUITY: Columns = (
    ("ts", "i8"), ("equity", "f8"), ("wallet", "f8"), ("realised", "f8"), ("fees", "f8"), ("insurance", "f8"),
    ("unrealised", "f8"), ("long", "f8"), ("long_entry", "f8"), ("short", "f8"), ("short_entry", "f8"),
    ("long_liquidation", "f8"), ("short_liquidation", "f8"), ("margin_used", "f8"), ("max_open", "f8"),
)

ACTIONS = ("", "open_long", "close_long", "open_short", "close_short")
VERBS = ACTIONS[1:]         # columns of orders, by what they order
REASONS = ("signal", "cut by margin", "cut by bracket", "cut to position", "flip", "liquidation", "end of input")
SIDES = {"1": "long", "-1": "short"}
FILL_CODES = {
    "side": SIDES, "liquidity": {"0": "maker", "1": "taker"},
    "action": {str(i): name for i, name in enumerate(ACTIONS) if name},
    "reason": {str(i): name for i, name in enumerate(REASONS)},
}


class Kind(NamedTuple):
    """A kind of rows.

    columns  the ones it may have, in their order; others may stand behind them (indicators, a user's own)
    key      the columns that, with the symbol, never repeat in a series; () where rows may be alike
    codes    column -> code as text -> word: what a schema says under "codes"
    """

    columns: Columns
    key: tuple[str, ...] = ()
    codes: Mapping[str, Mapping[str, str]] = MappingProxyType({})


KINDS: dict[str, Kind] = {
    "bar": Kind(BAR, ("open_time",)),           # of complete rows; a forming bar comes again and again
    "trade": Kind(TRADE, ("id",)),              # where ids are there
    "fill": Kind(FILL, codes=FILL_CODES),
    "liquidation": Kind(LIQUIDATION, codes={"side": SIDES}),
    "equity": Kind(EQUITY),
}
MAPS = ("report", "signal", "meta")             # what hq writes as maps and not as rows


def of(kind: str) -> Kind:
    """What is known of a kind; a kind of somebody else's has no columns and no key."""
    return KINDS.get(kind, Kind(()))


def extra_of(kind: str) -> dict[str, object]:
    """The further keys of a kind's schema: the words behind its codes."""
    codes = of(kind).codes
    return {"codes": {column: dict(words) for column, words in codes.items()}} if codes else {}
