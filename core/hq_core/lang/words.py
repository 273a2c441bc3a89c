"""What the language has besides indicators: operators, actions, columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.kinds import BAR, SUMS
from hq_core.series.rules import FLAGS, LIVES, PRICED, SIZES

if TYPE_CHECKING:
    from collections.abc import Collection

ARITHMETIC = {"+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod", "^": "power"}
RELATIONS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}
LOGIC = {"AND": "and_", "OR": "or_"}

VECTORS = {  # name -> (what stands in the brackets by place, and by key, what it gives), see vectors.py
    "VEC_STORE": (("name",), (), "the store of vectors that is given by that name"),
    "NORMALIZE": (("x",), ("length", "method"), "the last values of a series as a vector"),
    "SIMILARITY": (("of", "vector"), ("method", "k", "min"), "what of a store is most like a vector: a hit"),
}

ACTIONS = {  # name -> (name in the output, verbs): the last three are the account's older words
    "BUY": ("BUY", ("open_long", "close_short")),
    "SELL": ("SELL", ("open_short", "close_long")),
    "OPEN_LONG": ("OPEN_LONG", ("open_long",)),
    "CLOSE_LONG": ("CLOSE_LONG", ("close_long",)),
    "OPEN_SHORT": ("OPEN_SHORT", ("open_short",)),
    "CLOSE_SHORT": ("CLOSE_SHORT", ("close_short",)),
    "CLOSE": ("CLOSE", ("close_long", "close_short")),
    "TARGET": ("TARGET", ("target",)),
    "CANCEL": ("CANCEL", ("cancel_long", "cancel_short")),
    "SELL_LONG": ("CLOSE_LONG", ("close_long",)),
    "SELL_SHORT": ("CLOSE_SHORT", ("close_short",)),
    "BUY_SHORT": ("OPEN_SHORT", ("open_short",)),
}
_WORKS = (*LIVES, *FLAGS)
BUILT = {  # what actions take, by the beginning of their names; OPEN's is that of BUY and SELL too
    "OPEN": (*SIZES, *PRICED, *_WORKS),
    "CLOSE": (*(key for key in (*SIZES, *PRICED) if key not in ("risk", "stop", "take")), *_WORKS),
    "TARGET": tuple(SIZES)[:-1],
    "CANCEL": (),
}


def taken_by(action: str) -> tuple[str, ...]:
    """What an action takes."""
    return BUILT.get(action.partition("_")[0], BUILT["OPEN"])


def type_of(prices: Collection[str]) -> str:
    """The type of an order that is given these of the prices limit and trigger; trail is that of CLOSE alone."""
    limit, trigger = "limit" in prices, "trigger" in prices
    return "stop_limit" if limit and trigger else "limit" if limit else "stop" if trigger else "market"


PRICES = frozenset(BAR.of_unit("price"))
COLUMNS = PRICES | frozenset(SUMS)
TIMES = frozenset(BAR.of_unit("ns"))
SERIES = ("symbol", "period")  # texts that a series has in its name
