"""The account's money: compensated totals from which the wallet follows, so that the ledger identity cannot drift.

start + realised - fees + funding + insurance = wallet
"""

from __future__ import annotations

from hq_core.jit import State, inline

LEDGER = (
    "start realised realised_low fees fees_low funding funding_low insurance insurance_low "
    "turnover turnover_low wallet "
)


@inline
def add(total: float, low: float, value: float) -> tuple[float, float]:
    """A running sum and its low part after one more value (Neumaier 1974)."""
    after = total + value
    if abs(total) >= abs(value):
        return after, low + ((total - after) + value)
    return after, low + ((value - after) + total)


@inline
def post(s: State, realised: float, fee: float, funding: float, insurance: float) -> None:
    """Book what one event brings, in the asset that the account is kept in."""
    s.realised, s.realised_low = add(s.realised, s.realised_low, realised)
    s.fees, s.fees_low = add(s.fees, s.fees_low, fee)
    s.funding, s.funding_low = add(s.funding, s.funding_low, funding)
    s.insurance, s.insurance_low = add(s.insurance, s.insurance_low, insurance)
    gained = (s.realised + s.realised_low) - (s.fees + s.fees_low)
    s.wallet = s.start + gained + (s.funding + s.funding_low) + (s.insurance + s.insurance_low)
