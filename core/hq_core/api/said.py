"""One order as a program says it, in words, made into a row of the account's block of orders."""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING, Any

from hq_core.batch import NEVER
from hq_core.columns import numbers
from hq_core.errors import USAGE, HqError, did_you_mean
from hq_core.futures.blocks import (
    O_ACTION,
    O_ID,
    O_LIMIT,
    O_QUANTITY,
    O_SIDE,
    O_SYMBOL,
    O_TRAIL_FRAC,
    O_UNIT,
    ORDER_SAID,
)
from hq_core.futures.given import NO_TIF, WORDS, order_rows
from hq_core.jit import Cell
from hq_core.kinds import ACCOUNTS_UNIT, ORDER, SIDES, TRAILS

if TYPE_CHECKING:
    from collections.abc import Mapping

CODES = {name: numbers(said) for name, said in ORDER.codes.items()}
PRICES = (*ORDER.of_unit("price"), *ORDER.of_unit("frac"))
OF_ENTRIES = ("stop", "take")  # what an order that closes has no use for
READ = [(name, kind) for name, kind in order_rows.args if name in dict(ORDER.cols)]
TYPES = {"I8": "q", "I4": "i", "I1": "b", "U1": "B", "F8": "d"}


def code(name: str, word: Any) -> int:
    """The number of a word of an order's column; HqError USAGE for another one."""
    known = CODES[name]
    if isinstance(word, str) and word in known:
        return known[word]
    if name == "side" and str(word) in SIDES:
        return int(word)
    hint = did_you_mean(word, tuple(known)) if isinstance(word, str) else ""
    raise HqError(subject=name, value=word, rule=f"must be one of {', '.join(known)}{hint}", code=USAGE)


def number(name: str, value: Any) -> float:
    """A number as it was said; HqError USAGE for what is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise HqError(subject=name, value=value, rule="must be a number", code=USAGE) from None


def at_market(whose: int, id: int, side: int, action: int, quantity: float) -> array[float]:
    """The row of an order at the market of what its account's unit says."""
    row = array("d", bytes(8 * ORDER_SAID))
    for place in range(O_LIMIT, O_TRAIL_FRAC + 1):
        row[place] = math.nan
    row[O_ID], row[O_SYMBOL], row[O_SIDE], row[O_ACTION] = id, whose, side, action
    row[O_QUANTITY], row[O_UNIT] = quantity, ACCOUNTS_UNIT
    return row


class Said:
    """Takes orders in words, by the rules for rows of kind order."""

    def __init__(self) -> None:
        self._cell = Cell(order_rows)
        self._one: dict[str, array[Any]] = {name: array(TYPES[kind], [0]) for name, kind in READ if name != "symbol"}
        self._ts, self._row = array("q", [0]), array("d", bytes(8 * ORDER_SAID))
        for name, memory in (*self._one.items(), ("o_ts", self._ts), ("o", self._row)):
            self._cell.buffer(name, memory)
        self._cell.column("symbol", 0, 0)
        self._cell.column("numbers", 0, 0)
        self._cell.set(texts=1, ours=0, last=NEVER)

    def row(self, whose: int, id: int, words: Mapping[str, Any]) -> array[float]:
        """The row of an order of the account's symbol number `whose`.

        words   columns of kind order by name, codes as their words; None or absent: not said
        """
        said = {name: value for name, value in words.items() if value is not None}
        action = code("action", said.get("action", "open"))
        replaces = action == CODES["action"]["replace"]
        kind = said.get("type", "market")
        if action == CODES["action"]["close"]:
            spare = [name for name in said if name in (OF_ENTRIES if kind == "trail" else (*OF_ENTRIES, *TRAILS))]
            if spare:
                hint = "say type trail, or leave it out" if spare[0] in TRAILS else "it is of one that opens"
                raise HqError(f"an order of type {kind} that closes has no {spare[0]}", USAGE, hint=hint)
        if all(name in said for name in TRAILS):
            raise HqError(f"{' and '.join(TRAILS)} both say how far behind; give one of them", USAGE)
        quantity = math.inf if action <= CODES["action"]["close"] else math.nan
        one = self._one
        one["id"][0] = id
        one["side"][0] = code("side", said["side"]) if "side" in said else 0
        one["action"][0] = action
        one["type"][0] = code("type", kind)
        one["quantity"][0] = number("quantity", said.get("quantity", quantity))
        one["unit"][0] = code("unit", said.get("unit", "account"))
        for name in PRICES:
            one[name][0] = number(name, said.get(name, math.nan))
        one["tif"][0] = code("tif", said["tif"]) if "tif" in said else int(NO_TIF) if replaces else 0
        one["expire"][0] = said.get("expire", 0)
        one["reduce_only"][0] = bool(said.get("reduce_only", False))
        one["post_only"][0] = bool(said.get("post_only", False))
        for name in ("group", "ref"):
            one[name][0] = whole(name, said.get(name, 0))
        self._cell.set(number=whose)
        self._cell.run()
        state = self._cell.state
        if state.wrong >= 0:
            raise HqError(f"an order of type {kind} {WORDS[state.why]}", USAGE)
        return self._row[:]


def whole(name: str, value: Any) -> int:
    """An order's id or that of a group; HqError USAGE for what is none."""
    if not hasattr(value, "__index__") or not 0 <= int(value) < 1 << 53:
        raise HqError(subject=name, value=value, rule="must be a whole number from 1", code=USAGE)
    return int(value)
