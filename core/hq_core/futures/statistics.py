"""Statistics and the fingerprint of an equity curve, as its values come, O(1) memory."""

from __future__ import annotations

from hq_core.futures.fingerprint import with_equity
from hq_core.jit import F8, I8, State, apart

# dd_*: the deepest drawdown so far; dd_open: 1 while the equity is still below its start; *_ts: ns UTC.
# days: UTC days on which rows ended, a row that ends at midnight on the day before; weekdays: a bit for each seen.
STATISTICS = (
    "periods:i8 in_market:i8 previous mean m2 downside peak peak_ts:i8 first_ts:i8 "
    "dd_frac dd_value dd_start_ts:i8 dd_trough_ts:i8 dd_recovery_ts:i8 dd_open:i8 days:i8 weekdays:i8 last_day:i8 "
)
DAY = 86_400_000_000_000


@apart
def observe(s: State, ts: I8, equity: F8, first: int, many: int) -> None:
    """Take in the equity at the end of the last so many of the periods, quote currency, in rows from `first` on.

    Mean and variance of the period returns by Welford's recursion; `downside` is the mean of min(return, 0)^2.
    """
    if many == 0:
        return
    seen = s.periods - many
    if seen == 0:
        s.previous = s.start
        s.peak = s.start
        s.peak_ts = ts[first]
        s.first_ts = ts[first]
    # in locals, as a column could overlie the record, for all the compiler knows
    previous, mean, m2, downside = s.previous, s.mean, s.m2, s.downside
    peak, peak_ts, deepest = s.peak, s.peak_ts, s.dd_frac
    print_ = s.of_equity  # here, where each row waits for the divisions of the one before
    until = (s.last_day + 1) * DAY if seen > 0 else ts[first] - 1
    for k in range(first, first + many):
        now, value = ts[k], equity[k]
        print_ = with_equity(print_, now, value)
        if not until - DAY < now <= until:
            day = (now - 1) // DAY
            s.days += 1
            s.weekdays |= 1 << (day % 7)
            s.last_day = day
            until = (day + 1) * DAY
        seen += 1
        change = value / previous - 1.0 if previous > 0.0 else 0.0
        previous = value
        away = change - mean
        mean += away / seen
        m2 += away * (change - mean)
        loss = min(change, 0.0)
        downside += (loss * loss - downside) / seen
        if value >= peak:
            if s.dd_open != 0:
                s.dd_open = 0
                s.dd_recovery_ts = now
            peak = value
            peak_ts = now
            continue
        depth = (peak - value) / peak
        if depth > deepest:
            deepest = depth
            s.dd_value = peak - value
            s.dd_start_ts = peak_ts
            s.dd_trough_ts = now
            s.dd_recovery_ts = 0
            s.dd_open = 1
    s.previous, s.mean, s.m2, s.downside = previous, mean, m2, downside
    s.peak, s.peak_ts, s.dd_frac = peak, peak_ts, deepest
    s.of_equity = print_
