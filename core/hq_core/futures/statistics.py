"""Statistics of an equity curve, one value at a time, O(1) memory."""

from __future__ import annotations

from hq_core.jit import State, inline

# dd_*: the deepest drawdown so far; dd_open: 1 while the equity is still below its start; *_ts: ns UTC.
# days: UTC days on which rows ended, a row that ends at midnight on the day before; weekdays: a bit for each seen.
STATISTICS = (
    "periods:i8 in_market:i8 previous mean m2 downside peak peak_ts:i8 first_ts:i8 "
    "dd_frac dd_value dd_start_ts:i8 dd_trough_ts:i8 dd_recovery_ts:i8 dd_open:i8 days:i8 weekdays:i8 last_day:i8 "
)
DAY = 86_400_000_000_000


@inline
def observe(s: State, ts: int, equity: float, in_market: bool) -> None:
    """Take in the equity at the end of one bar, quote currency.

    Mean and variance of the period returns by Welford's recursion; `downside` is the mean of min(return, 0)^2.
    """
    if s.periods == 0:
        s.previous = s.start
        s.peak = s.start
        s.peak_ts = ts
        s.first_ts = ts
    day = (ts - 1) // DAY
    if s.periods == 0 or day != s.last_day:
        s.days += 1
        s.weekdays |= 1 << (day % 7)
        s.last_day = day
    s.periods += 1
    change = equity / s.previous - 1.0 if s.previous > 0.0 else 0.0
    s.previous = equity
    away = change - s.mean
    s.mean += away / s.periods
    s.m2 += away * (change - s.mean)
    loss = min(change, 0.0)
    s.downside += (loss * loss - s.downside) / s.periods
    s.in_market += int(in_market)
    if equity >= s.peak:
        if s.dd_open != 0:
            s.dd_open = 0
            s.dd_recovery_ts = ts
        s.peak = equity
        s.peak_ts = ts
        return
    depth = (s.peak - equity) / s.peak
    if depth > s.dd_frac:
        s.dd_frac = depth
        s.dd_value = s.peak - equity
        s.dd_start_ts = s.peak_ts
        s.dd_trough_ts = ts
        s.dd_recovery_ts = 0
        s.dd_open = 1
