"""Trade statistics by money tier and side (tran_stats): volume, value and number of trades, 4 x 2 x 3 columns."""

from __future__ import annotations

from hq_core.bars.sums import grow
from hq_core.errors import USAGE, HqError
from hq_core.jit import F8, I1, I4, I8, State, inline, kernel
from hq_core.options.aggregate import AggregateOptions


def limits(amounts: tuple[float, ...], fx: float) -> list[float]:
    """Upper bounds of the first three tiers in quote currency, inclusive: amounts in another currency over `fx`."""
    if len(amounts) != 3 or not all(0 < a < b for a, b in zip(amounts, amounts[1:])):
        raise HqError(
            f"{', '.join(f'{a:g}' for a in amounts)}, must be three rising amounts above 0",
            USAGE,
            subject=AggregateOptions.tiers,
        )
    return [amount / fx for amount in amounts]


@inline
def _add(acc: F8, at: int, x: float) -> None:
    acc[at], acc[at + 1] = grow(acc[at], acc[at + 1], x)


@kernel(state="rows:i8")
def fold_tiers(
    price: F8,
    qty: F8,
    side: I1,
    trades: I4,
    stop: I8,
    closed: I8,
    cuts: int,
    bounds: F8,
    width: int,
    at: int,
    acc: F8,
    body: F8,
    s: State,
) -> None:
    """Add the rows to the open bar's tiers, and write them at every cut from place `at` of the body on.

    bounds  (3,)   a row of price * qty <= bounds[k] lies in tier k, else in the next
    acc     (48,)  24 pairs in the order of kinds.TIERS; rows without a side (0) are in none of them
    """
    start = 0
    for j in range(cuts + 1):
        end = stop[j] if j < cuts else len(price)
        for i in range(start, end):
            value = price[i] * qty[i]
            tier = (value > bounds[0]) + (value > bounds[1]) + (value > bounds[2])
            known = 1.0 if side[i] != 0 else 0.0
            place = 6 * (2 * tier + (side[i] < 0))
            _add(acc, place, known * qty[i])
            _add(acc, place + 2, known * value)
            _add(acc, place + 4, known * (trades[i] if len(trades) > 0 else 1))
        s.rows += end - start
        start = end
        if j < cuts:
            for k in range(len(acc)):
                body[j * width + at + k] = acc[k]
                if closed[j]:
                    acc[k] = 0.0
