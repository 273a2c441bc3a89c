"""The rows of two series as rows of a pair: at each instant one, of what is known at its end."""

from __future__ import annotations

from hq_core.factoring.rows import FEW
from hq_core.jit import F8, I1, I4, I8, State, kernel


@kernel(state="ts:i8 exch_ts:i8 open:i8<=1 a b why_a:i8<=7 why_b:i8<=7 known:i8<=3 n:i8 back:i8", wraps=False)
def together(
    ts: I8,
    exch_ts: I8,
    value: F8,
    reason: I1,
    symbol: I4,
    first: int,
    second: int,
    upto: int,
    s: State,
    o_ts: I8,
    o_exch_ts: I8,
    o_a: F8,
    o_b: F8,
    o_given: I1,
) -> None:
    """A row of the pair for each instant that is over, from the first one on at which both are known.

    symbol         whose row it is, as codes; empty: all are of `first` where that is 1, else of `second`
    first, second  codes of the two
    upto           no further row comes before this instant
    s              the instant that is open (open 1), the last exch_ts in it; a, b: the last values, why_a, why_b: the
                   reasons with which they lack; known: 1 a, 2 b, 3 both; n: rows laid down; back: a row before the one
                   before it, or -1
    o_given        why one of them lacks a value; 0: both have one
    """
    n = 0
    s.back = -1
    open_, now, exch, a, b, known = s.open, s.ts, s.exch_ts, s.a, s.b, s.known
    why_a, why_b = s.why_a, s.why_b
    for i in range(len(ts) + 1):
        last = i == len(ts)
        if not last:
            if len(symbol) > 0:
                is_a = symbol[i] == first
                if not is_a and symbol[i] != second:
                    continue
            else:
                is_a = first == 1
        t = upto if last else ts[i]
        if known > 0 and t < now and not last:
            s.back = i
            break
        if open_ == 1 and t > now:
            if known == 3:
                o_ts[n] = now
                o_exch_ts[n] = exch
                o_a[n] = a
                o_b[n] = b
                o_given[n] = why_a if why_a != 0 else why_b
                n += 1
            open_ = 0
        if not last:
            x = value[i]
            why = 0
            if x != x:
                why = reason[i] if reason[i] > 0 else FEW
            if is_a:
                a = x
                why_a = why
                known |= 1
            else:
                b = x
                why_b = why
                known |= 2
            exch = exch_ts[i] if open_ == 0 else max(exch, exch_ts[i])
            now = t
            open_ = 1
    s.open, s.ts, s.exch_ts, s.a, s.b, s.known = open_, now, exch, a, b, known
    s.why_a, s.why_b = why_a, why_b
    s.n = n


@kernel(wraps=False)
def lacks(x: F8, before: I1, reason: I1) -> None:
    """The reason that there is before, else FEW where x is nan."""
    for i in range(len(x)):
        lacking = FEW if x[i] != x[i] else 0
        reason[i] = before[i] if before[i] != 0 else lacking
