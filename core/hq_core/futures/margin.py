"""Maintenance margin, liquidation price and the largest order of USDT-margined perpetuals.

Maintenance margin by tiers is piecewise linear, continuous and convex in the notional, so it is the largest of
the tiers' straight lines `notional * rate - cum`.  Each line gives one liquidation price by the exchange's formula
(Binance FAQ b3c689c1f50a44cabb3a84e663b81d93), and the one that counts is the first that the price reaches: the
highest for a long, the lowest for a short.  That is the price of the tier in which the notional then lies, found
without a search, and it stays on the safe side where a table's `cum` is rounded.

The helpers serve kernels and plain Python alike; `rate` and `cum` are columns, one entry a tier, of which those from
`first` on, `tiers` of them, are the symbol's.
"""

from __future__ import annotations

import math

from hq_core.jit import F8, inline

NEAR_ZERO = 1e-9  # of the entry price: nearer to zero a liquidation price is rounding, as at leverage 1


@inline
def maintenance(notional: float, rate: F8, cum: F8, first: int, tiers: int) -> float:
    """Maintenance margin, quote currency, of a position of `notional`, quote currency; 0 of none."""
    most = 0.0
    for i in range(first, first + tiers):
        most = max(most, notional * rate[i] - cum[i])
    return most


@inline
def liquidation_price(
    side: int, base: float, entry: float, wallet: float, others: float, rate: F8, cum: F8, first: int, tiers: int
) -> float:
    """Mark price at which margin balance and maintenance margin meet; -inf (long) or inf (short) if nowhere.

    side    +1 long, -1 short
    base    quantity in the base asset, > 0
    entry   mean entry price
    wallet  isolated: the position's margin; cross: the wallet balance; quote currency
    others  unrealised result less maintenance margin of all other positions; 0 when isolated
    """
    signed = side * base
    price = -math.inf * side
    for i in range(first, first + tiers):
        at = (wallet + others + cum[i] - signed * entry) / (base * rate[i] - signed)
        price = max(price, at) if side > 0 else min(price, at)
    if price <= NEAR_ZERO * entry:
        return -math.inf if side > 0 else 0.0
    return price


@inline
def joint_liquidation(
    wallet: float,
    long: float,
    long_entry: float,
    short: float,
    short_entry: float,
    rate: F8,
    cum: F8,
    first: int,
    tiers: int,
) -> tuple[float, float]:
    """The prices below and above which a cross account with a long and a short of one symbol is liquidated.

    long, short  quantities in the base asset, > 0.  -inf and inf where the account survives any price.
    The margin balance less both maintenance margins is the least of one straight line a pair of tiers.
    """
    below, above = -math.inf, math.inf
    for i in range(first, first + tiers):
        for j in range(first, first + tiers):
            slope = long * (1.0 - rate[i]) - short * (1.0 + rate[j])
            level = wallet + short * short_entry - long * long_entry + cum[i] + cum[j]
            if slope > 0.0:
                below = max(below, -level / slope)
            elif slope < 0.0:
                above = min(above, -level / slope)
            elif level <= 0.0:
                below = math.inf
    return (below if below > NEAR_ZERO * long_entry else -math.inf), above


@inline
def units(lots: int, lot_num: float, lot_den: float) -> float:
    """Lots as a quantity.  The lot is a fraction of two integers, so that 3 lots of 1/10 are 0.3 to the bit."""
    return lots * lot_num / lot_den


@inline
def to_lots(quantity: float, lot_num: float, lot_den: float) -> int:
    """Whole lots in a quantity >= 0, rounded down, but for a distance to the next lot that is float dust."""
    lots = min(quantity * lot_den / lot_num, 9e15)
    near = math.floor(lots + 0.5)
    if abs(lots - near) <= 1e-12 * max(1.0, near):
        return int(near)
    return int(math.floor(lots))


@inline
def lots_within(budget: float, each: float, lot_num: float, lot_den: float) -> int:
    """The most lots whose cost stays within a budget, at a cost of `each` a unit of quantity; no dust allowed."""
    if not budget > 0.0:
        return 0
    lots = int(math.floor(min(budget / each * lot_den / lot_num, 9e15)))
    if units(lots + 1, lot_num, lot_den) * each <= budget:
        lots += 1
    if units(lots, lot_num, lot_den) * each > budget:
        lots -= 1
    return max(lots, 0)


@inline
def cost_of_one(price: float, contract_size: float, leverage: float, fee: float) -> float:
    """What a free margin times the leverage must cover for one contract: its notional and, levered, its fee.

    The largest order of a free margin is then free * leverage / (price * (1 + fee * leverage)).
    """
    return contract_size * (price * (1.0 + fee * leverage))
