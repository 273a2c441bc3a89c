"""Steps of prices and quantities: of a market, told by hand or by its exchange."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hq_core.errors import USAGE, HqError
from hq_core.options import Option

if TYPE_CHECKING:
    from hq_core.errors import Phrase


class StepOptions:
    """The steps of a book."""

    tick: Option[str | None] = Option(
        None, "Step of the prices, such as 0.1; otherwise that of the first snapshot.", kind=str
    )
    lot: Option[str | None] = Option(
        None, "Step of the quantities: less than half of one is none. Books by order need it.", kind=str
    )


class ListingOptions:
    """Where the exchange says them, of all its symbols."""

    exchange_info = Option(
        "",
        "Tick, lot and least notional of each symbol, the exchange's answer of exchangeInfo as JSON; in place of "
        "the options that say them.",
        unit="FILE",
    )


def step(option: Phrase, text: str) -> tuple[int, int]:
    """A step written in decimals as a fraction of whole numbers: '0.001' is (1, 1000)."""
    whole, _, decimals = text.partition(".")
    if not (whole + decimals).isascii() or not (whole + decimals).isdigit() or int(whole + decimals) == 0:
        raise HqError(subject=option, value=text, rule="must be a decimal number above 0, such as 0.001", code=USAGE)
    over, under = int(whole + decimals), 10 ** len(decimals)
    common = math.gcd(over, under)
    if over // common > 10**12 or under // common > 10**12:
        raise HqError(
            subject=option, value=text, rule="must have at most 12 digits before and after the point", code=USAGE
        )
    return over // common, under // common
