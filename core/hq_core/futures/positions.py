"""The account's positions and money: what one fill does to them.

Money is kept as compensated totals (realised, fees, insurance) from which the wallet follows, so that the ledger
identity `start + realised - fees + insurance = wallet` cannot drift.  Quantities are whole lots.
"""

from __future__ import annotations

import math

from hq_core.futures.margin import cost_of_one, joint_liquidation, liquidation_price, lots_within, to_lots, units
from hq_core.jit import F8, State, inline
from hq_core.kinds import ACTIONS, REASONS, VERBS

# Set once by the caller.  start: initial margin, quote currency; the lot is lot_num / lot_den contracts; cap: the
# largest notional of a side at this leverage; size: contracts, base or quote (size_unit 0, 1, 2), 0 = everything.
CONFIG = (
    "start leverage taker liquidation_fee contract_size lot_num lot_den tick_num tick_den cap size size_unit:i8 "
    "hedge:i8 cross:i8 at_close:i8 pyramid:i8 fail_on_conflict:i8 "
)
LEDGER = (
    "realised realised_low fees fees_low insurance insurance_low turnover turnover_low wallet lower upper "
    "long_lots:i8 long long_base long_entry long_margin long_adds:i8 long_pnl "
    "short_lots:i8 short short_base short_entry short_margin short_adds:i8 short_pnl "
    "trades:i8 wins:i8 losses:i8 gross_profit gross_profit_low gross_loss gross_loss_low "
)
# The fill just made, for the kernel to write out.
FILL = (
    "fill_side:i8 fill_action:i8 fill_price fill_quantity fill_fee fill_realised fill_insurance fill_position "
    "fill_reason:i8 "
)

OPEN_LONG, CLOSE_LONG, OPEN_SHORT, CLOSE_SHORT = map(ACTIONS.index, VERBS)
SIGNAL, CUT_MARGIN, CUT_BRACKET, CUT_POSITION, FLIP, LIQUIDATION, END = range(len(REASONS))


@inline
def add(total: float, low: float, value: float) -> tuple[float, float]:
    """A running sum and its low part after one more value (Neumaier 1974)."""
    after = total + value
    if abs(total) >= abs(value):
        return after, low + ((total - after) + value)
    return after, low + ((value - after) + total)


@inline
def post(s: State, realised: float, fee: float, insurance: float) -> None:
    """Book one fill's money, quote currency."""
    s.realised, s.realised_low = add(s.realised, s.realised_low, realised)
    s.fees, s.fees_low = add(s.fees, s.fees_low, fee)
    s.insurance, s.insurance_low = add(s.insurance, s.insurance_low, insurance)
    gained = (s.realised + s.realised_low) - (s.fees + s.fees_low)
    s.wallet = s.start + gained + (s.insurance + s.insurance_low)


@inline
def held(s: State, side: int) -> int:
    """Lots held on a side."""
    return int(s.long_lots if side > 0 else s.short_lots)


@inline
def hold(s: State, side: int, lots: int, entry: float, margin: float) -> None:
    """Set a side's position: lots, mean entry price, isolated margin."""
    contracts = units(lots, s.lot_num, s.lot_den)
    base = contracts * s.contract_size
    if side > 0:
        s.long_lots = lots
        s.long = contracts
        s.long_base = base
        s.long_entry = entry
        s.long_margin = margin
    else:
        s.short_lots = lots
        s.short = contracts
        s.short_base = base
        s.short_entry = entry
        s.short_margin = margin


@inline
def unrealised(s: State, mark: float) -> float:
    """Result of the open positions at a mark price, quote currency."""
    gain: float = s.long_base * (mark - s.long_entry) + s.short_base * (s.short_entry - mark)
    return gain


@inline
def margin_used(s: State, mark: float) -> float:
    """Isolated: what is set aside; cross: initial margin at the mark price; quote currency."""
    used: float = s.long_margin + s.short_margin
    if s.cross != 0:
        used = (s.long_base + s.short_base) * mark / s.leverage
    return used


@inline
def free_margin(s: State, mark: float) -> float:
    """What a new order may use, quote currency; an isolated account's open profit is not for use."""
    gain = unrealised(s, mark) if s.cross != 0 else 0.0
    free: float = s.wallet + gain - margin_used(s, mark)
    return free


@inline
def room_by_margin(s: State, price: float, mark: float) -> int:
    """The most lots that the free margin opens at a price, fee included."""
    each = cost_of_one(price, s.contract_size, s.leverage, s.taker)
    lots: int = lots_within(free_margin(s, mark) * s.leverage, each, s.lot_num, s.lot_den)
    return lots


@inline
def room_by_bracket(s: State, side: int, price: float) -> int:
    """The most lots that the leverage bracket's notional cap leaves to a side at a price."""
    if s.cap == math.inf:
        return 9_000_000_000_000_000
    left = s.cap - (s.long_base if side > 0 else s.short_base) * price
    lots: int = lots_within(left, s.contract_size * price, s.lot_num, s.lot_den)
    return lots


@inline
def set_liquidation(s: State, rate: F8, cum: F8) -> None:
    """Recompute the prices `lower` and `upper` at which the account or a side of it is liquidated."""
    s.lower = -math.inf
    s.upper = math.inf
    if s.cross != 0 and s.long_lots > 0 and s.short_lots > 0:
        s.lower, s.upper = joint_liquidation(
            s.wallet, s.long_base, s.long_entry, s.short_base, s.short_entry, rate, cum
        )
        return
    if s.long_lots > 0:
        own = s.wallet if s.cross != 0 else s.long_margin
        s.lower = liquidation_price(1, s.long_base, s.long_entry, own, 0.0, rate, cum)
    if s.short_lots > 0:
        own = s.wallet if s.cross != 0 else s.short_margin
        s.upper = liquidation_price(-1, s.short_base, s.short_entry, own, 0.0, rate, cum)


@inline
def note_fill(s: State, side: int, opens: bool, price: float, lots: int, fee: float, reason: int) -> None:
    """Leave the fill where the kernel picks it up."""
    s.fill_side = side
    s.fill_action = (OPEN_LONG if side > 0 else OPEN_SHORT) if opens else (CLOSE_LONG if side > 0 else CLOSE_SHORT)
    s.fill_price = price
    s.fill_quantity = units(lots, s.lot_num, s.lot_den)
    s.fill_fee = fee
    s.fill_position = s.long if side > 0 else s.short
    s.fill_reason = reason


@inline
def open_side(s: State, side: int, lots: int, price: float, reason: int) -> None:
    """Open or add `lots` > 0 at a price; the fee comes out of the free margin."""
    before = held(s, side)
    entry = s.long_entry if side > 0 else s.short_entry
    margin = s.long_margin if side > 0 else s.short_margin
    base = s.long_base if side > 0 else s.short_base
    more = units(lots, s.lot_num, s.lot_den) * s.contract_size
    notional = more * price
    fee = notional * s.taker
    mean = price if before == 0 else (base * entry + more * price) / (base + more)
    if s.cross == 0:
        margin += notional / s.leverage
    hold(s, side, before + lots, mean, margin)
    post(s, 0.0, fee, 0.0)
    s.turnover, s.turnover_low = add(s.turnover, s.turnover_low, notional)
    adds = 0 if before == 0 else 1
    if side > 0:
        s.long_adds += adds
        s.long_pnl -= fee
    else:
        s.short_adds += adds
        s.short_pnl -= fee
    s.fill_realised = 0.0
    s.fill_insurance = 0.0
    note_fill(s, side, True, price, lots, fee, reason)


@inline
def close_side(s: State, side: int, lots: int, price: float, reason: int) -> None:
    """Close `lots` of a side at a price.

    A liquidated isolated position costs its margin at most, an account that holds nothing more cannot owe: what
    is missing is paid by the insurance.  A partial close that loses more than it releases eats its own margin.
    """
    before = held(s, side)
    left = before - lots
    entry = s.long_entry if side > 0 else s.short_entry
    margin = s.long_margin if side > 0 else s.short_margin
    other = s.short_margin if side > 0 else s.long_margin
    notional = units(lots, s.lot_num, s.lot_den) * s.contract_size * price
    realised = side * units(lots, s.lot_num, s.lot_den) * s.contract_size * (price - entry)
    fee = notional * (s.taker + s.liquidation_fee if reason == LIQUIDATION else s.taker)
    post(s, realised, fee, 0.0)
    s.turnover, s.turnover_low = add(s.turnover, s.turnover_low, notional)
    kept = margin * left / before
    insurance = 0.0
    if s.cross == 0 and reason == LIQUIDATION:
        insurance = max(0.0, fee - realised - margin)
    elif s.cross == 0:
        missing = max(0.0, kept + other - s.wallet)
        eaten = min(missing, kept)
        kept -= eaten
        insurance = missing - eaten
    elif left == 0 and held(s, -side) == 0:
        insurance = max(0.0, -s.wallet)
    if insurance > 0.0:
        post(s, 0.0, 0.0, insurance)
    hold(s, side, left, entry if left > 0 else 0.0, kept)
    if s.long_lots + s.short_lots == 0:
        s.wallet = max(s.wallet, 0.0)
    settle_trade(s, side, left, realised - fee + insurance)
    s.fill_realised = realised
    s.fill_insurance = insurance
    note_fill(s, side, False, price, lots, fee, reason)


@inline
def settle_trade(s: State, side: int, left: int, gain: float) -> None:
    """Add a closing fill to its round trip, and count the trip once nothing is left of it."""
    trip = (s.long_pnl if side > 0 else s.short_pnl) + gain
    if left == 0:
        s.trades += 1
        if trip > 0.0:
            s.wins += 1
            s.gross_profit, s.gross_profit_low = add(s.gross_profit, s.gross_profit_low, trip)
        elif trip < 0.0:
            s.losses += 1
            s.gross_loss, s.gross_loss_low = add(s.gross_loss, s.gross_loss_low, -trip)
        trip = 0.0
    if side > 0:
        s.long_pnl = trip
        s.long_adds = s.long_adds if left > 0 else 0
    else:
        s.short_pnl = trip
        s.short_adds = s.short_adds if left > 0 else 0


@inline
def order_lots(s: State, size: float, price: float) -> int:
    """Whole lots in an order's size at its fill price; 0 where the size is not above zero or below one lot."""
    if not size > 0.0:
        return 0
    contracts = size
    if s.size_unit == 1:
        contracts = size / s.contract_size
    elif s.size_unit == 2:
        contracts = size / (price * s.contract_size)
    lots: int = to_lots(contracts, s.lot_num, s.lot_den)
    return lots
