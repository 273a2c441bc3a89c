"""What is held, by symbol and side, and what one fill does to it.

Quantities are whole lots.  A contract is worth its base times `worth` of the price: of linear contracts the price, in
quote; of inverse ones, whose base is a face value in quote, 1/price, in the coin.  The account is kept in that asset,
and in 1/price an inverse long is a linear short, so that one arithmetic serves both.
"""

from __future__ import annotations

import math

from hq_core.futures.blocks import (
    ADDS,
    BARS,
    BASE,
    CAP,
    CONTRACT,
    CONTRACTS,
    ENTRY,
    HIGHEST,
    LEVERAGE,
    LOT_DEN,
    LOT_NUM,
    LOTS,
    LOWEST,
    MARGIN,
    SHORT,
    STANDS,
    SYMBOL_WIDTH,
    TRIP,
)
from hq_core.futures.ledger import add, post
from hq_core.futures.margin import cost_of_one, lots_within, to_lots, units
from hq_core.jit import F8, State, apart, inline

# symbols: how many; way: 1, of inverse contracts -1; open: sides that hold something
HOLDINGS = (
    "symbols:i8 inverse:i8 hedge:i8 cross:i8 open:i8 taker maker liquidation_fee "
    "trades:i8 wins:i8 losses:i8 gross_profit gross_profit_low gross_loss gross_loss_low "
)
# What the fill just made came to, and what was there before it: lots of its side, their entry and margin, the wallet;
# met: the price that it met, before what a taker gives away
FILL = (
    "fill_price fill_quantity fill_fee fill_realised fill_insurance fill_position "
    "fill_met had had_entry had_margin had_wallet "
)
MOST_LOTS = 9_000_000_000_000_000


@inline
def side_at(at: int, side: int) -> int:
    """Where the position of a side begins in its symbol's row."""
    return at if side > 0 else at + SHORT


@inline
def held(p: F8, at: int, side: int) -> int:
    """Lots held on a side."""
    return int(p[side_at(at, side) + LOTS])


@inline
def valued(inverse: bool, price: float) -> float:
    """What one base of a contract is worth at a price, in the account's asset."""
    return 1.0 / price if inverse else price


@inline
def worth(s: State, price: float) -> float:
    """As `valued`, of the account's contracts."""
    return valued(s.inverse != 0, price)


@inline
def price_of(s: State, entry: float) -> float:
    """A mean worth as a price."""
    return 1.0 / entry if s.inverse != 0 else entry


@inline
def range_since_entry(p: F8, at: int, low: float, high: float) -> None:
    """Prices that came while a symbol's positions were held; of an entry inside a bar only the close is known to."""
    for which in range(2):
        h = at + which * SHORT
        if p[h + LOTS] > 0.0:
            p[h + HIGHEST] = max(p[h + HIGHEST], high)
            p[h + LOWEST] = min(p[h + LOWEST], low)


@inline
def count_bars(p: F8, at: int, many: float) -> None:
    """So many bars more have closed while a symbol's positions were held."""
    for which in range(2):
        h = at + which * SHORT
        if p[h + LOTS] > 0.0:
            p[h + BARS] += many


@inline
def gain(s: State, p: F8, at: int, side: int, price: float) -> float:
    """Result of a side's position at a price; 0 of none."""
    h = side_at(at, side)
    up = p[h + BASE] * (worth(s, price) - p[h + ENTRY])
    return up if (side > 0) != (s.inverse != 0) else -up


@apart
def gains(s: State, p: F8, place: int) -> float:
    """Result of all positions at the prices that stand at `place` of each symbol."""
    total = 0.0
    for k in range(s.symbols):
        at = k * SYMBOL_WIDTH
        if p[at + LOTS] > 0.0:
            total += gain(s, p, at, 1, p[at + place])
        if p[at + SHORT + LOTS] > 0.0:
            total += gain(s, p, at, -1, p[at + place])
    return total


@apart
def margin_used(s: State, p: F8) -> float:
    """Isolated: what is set aside; cross: initial margin at the marks at which the symbols stand."""
    used = 0.0
    for k in range(s.symbols):
        at = k * SYMBOL_WIDTH
        if s.cross == 0:
            used += p[at + MARGIN] + p[at + SHORT + MARGIN]
        elif p[at + BASE] + p[at + SHORT + BASE] > 0.0:
            used += (p[at + BASE] + p[at + SHORT + BASE]) * worth(s, p[at + STANDS]) / p[at + LEVERAGE]
    return used


@inline
def free_margin(s: State, p: F8) -> float:
    """What a new order may use; an isolated account's open profit is not for use."""
    up = gains(s, p, STANDS) if s.cross != 0 else 0.0
    free: float = s.wallet + up - margin_used(s, p)
    return free


@apart
def room_by_margin(s: State, p: F8, at: int, price: float) -> int:
    """The most lots that the free margin opens at a price, taker fee included."""
    leverage = p[at + LEVERAGE]
    each = cost_of_one(worth(s, price), p[at + CONTRACT], leverage, s.taker)
    return lots_within(free_margin(s, p) * leverage, each, p[at + LOT_NUM], p[at + LOT_DEN])


@apart
def room_by_bracket(s: State, p: F8, at: int, side: int, price: float) -> int:
    """The most lots that the leverage bracket's notional cap leaves to a side at a price."""
    if p[at + CAP] == math.inf:
        return MOST_LOTS
    each = worth(s, price)
    left = p[at + CAP] - p[side_at(at, side) + BASE] * each
    return lots_within(left, p[at + CONTRACT] * each, p[at + LOT_NUM], p[at + LOT_DEN])


@inline
def lots_of(p: F8, at: int, contracts: float) -> int:
    """Whole lots in a quantity; 0 where it is not above zero."""
    if not 0.0 < contracts < math.inf:
        return 0
    return to_lots(contracts, p[at + LOT_NUM], p[at + LOT_DEN])


@inline
def contracts_of(p: F8, at: int, lots: int) -> float:
    return units(lots, p[at + LOT_NUM], p[at + LOT_DEN])


@inline
def hold(s: State, p: F8, at: int, side: int, lots: int, entry: float, margin: float) -> None:
    """Set a side's position."""
    h = side_at(at, side)
    s.open += int(lots > 0) - int(p[h + LOTS] > 0.0)
    p[h + LOTS] = lots
    p[h + CONTRACTS] = contracts_of(p, at, lots)
    p[h + BASE] = p[h + CONTRACTS] * p[at + CONTRACT]
    p[h + ENTRY] = entry
    p[h + MARGIN] = margin


@inline
def note_before(s: State, p: F8, h: int) -> None:
    """What a side has before a fill."""
    s.had = p[h + LOTS]
    s.had_entry = p[h + ENTRY]
    s.had_margin = p[h + MARGIN]
    s.had_wallet = s.wallet


@inline
def told(s: State, p: F8, at: int, side: int, price: float, lots: int, fee: float) -> None:
    """Leave a fill where it is picked up."""
    s.fill_price = price
    s.fill_quantity = contracts_of(p, at, lots)
    s.fill_fee = fee
    s.fill_position = p[side_at(at, side) + CONTRACTS]


@apart
def open_side(s: State, p: F8, at: int, side: int, lots: int, price: float, rate: float, fresh: bool) -> None:
    """Open or add `lots` > 0 at a price for a fee of so much of the notional, which comes out of the free margin.

    fresh   the first fill of its order, which counts as one that adds where something is held
    """
    h = side_at(at, side)
    note_before(s, p, h)
    before = held(p, at, side)
    base = p[h + BASE]
    more = contracts_of(p, at, lots) * p[at + CONTRACT]
    each = worth(s, price)
    notional = more * each
    fee = notional * rate
    mean = each if before == 0 else (base * p[h + ENTRY] + more * each) / (base + more)
    margin = p[h + MARGIN] + notional / p[at + LEVERAGE] if s.cross == 0 else 0.0
    hold(s, p, at, side, before + lots, mean, margin)
    post(s, 0.0, fee, 0.0, 0.0)
    s.turnover, s.turnover_low = add(s.turnover, s.turnover_low, notional)
    if before > 0:
        p[h + ADDS] += 1.0 if fresh else 0.0
    else:
        p[h + HIGHEST] = price
        p[h + LOWEST] = price
        p[h + BARS] = 0.0
    p[h + TRIP] -= fee
    s.fill_realised = 0.0
    s.fill_insurance = 0.0
    told(s, p, at, side, price, lots, fee)


@apart
def close_side(s: State, p: F8, at: int, side: int, lots: int, price: float, rate: float, forced: bool) -> None:
    """Close `lots` of a side at a price for a fee of so much of the notional; forced: a liquidation.

    A liquidated isolated position costs its margin at most, an account that holds nothing more cannot owe: what
    is missing, to the other margins too, is paid by the insurance.  A partial close that loses more than it releases
    eats its own margin.
    """
    h = side_at(at, side)
    note_before(s, p, h)
    before = held(p, at, side)
    left = before - lots
    entry, margin = p[h + ENTRY], p[h + MARGIN]
    base = contracts_of(p, at, lots) * p[at + CONTRACT]
    each = worth(s, price)
    notional = base * each
    realised = base * (each - entry)
    if (side > 0) == (s.inverse != 0):
        realised = -realised
    fee = notional * rate
    post(s, realised, fee, 0.0, 0.0)
    s.turnover, s.turnover_low = add(s.turnover, s.turnover_low, notional)
    kept = margin * left / before
    insurance = 0.0
    if s.cross == 0 and forced:
        kept = max(0.0, margin + realised - fee) if left > 0 else 0.0
        insurance = max(0.0, fee - realised - margin)
    if s.cross == 0:
        others = margin_used(s, p) - margin
        missing = max(0.0, kept + others - s.wallet - insurance)
        eaten = min(missing, kept)
        kept -= eaten
        insurance += missing - eaten
    elif left == 0 and s.open == 1:
        insurance = max(0.0, -s.wallet)
    if insurance > 0.0:
        post(s, 0.0, 0.0, 0.0, insurance)
    hold(s, p, at, side, left, entry if left > 0 else 0.0, kept)
    if s.open == 0:
        s.wallet = max(s.wallet, 0.0)
    settle_trip(s, p, h, left, realised - fee + insurance)
    s.fill_realised = realised
    s.fill_insurance = insurance
    told(s, p, at, side, price, lots, fee)


@inline
def settle_trip(s: State, p: F8, h: int, left: int, gained: float) -> None:
    """Add what a close brought to its round trip, and count the trip once nothing is left of it."""
    trip = p[h + TRIP] + gained
    if left == 0:
        s.trades += 1
        if trip > 0.0:
            s.wins += 1
            s.gross_profit, s.gross_profit_low = add(s.gross_profit, s.gross_profit_low, trip)
        elif trip < 0.0:
            s.losses += 1
            s.gross_loss, s.gross_loss_low = add(s.gross_loss, s.gross_loss_low, -trip)
        trip = 0.0
        p[h + ADDS] = 0.0
    p[h + TRIP] = trip
