"""Which of the rows that are joined is the latest one that each row may know."""

from __future__ import annotations

import math

from hq_core.batch import EVER
from hq_core.jit import F8, I1, I8, State, kernel

EXACT = 1 << 53  # whole numbers up to it are float64 as they are
NONE = -1  # no tolerance
NS = 1e9  # of a second


@kernel(state="n:i8 last:i8")
def latest(
    ts: I8, complete: I1, until: int, known: I8, before: int, tolerance: int, s: State, row: I8, age: F8
) -> None:
    """row[] = how many of `known` a row may know, of which it gets the last; 0: none, or one that is too old.

    ts, complete  (n,)  of the rows; complete 0: a forming one, of any ts, which counts as known when the complete ones
                  before it are; or empty: none is
    until         rows from here on are not looked at, as more of `known` may come; EVER: all are
    known         (m,)  ns UTC, ascending
    before        1: those of the row's own ts do not count
    tolerance     ns that one may be older than the row; or NONE
    age           (n,)  seconds, where row[] is above 0
    s             n: rows that were looked at; last: ts of the last complete one of them
    """
    last = s.last
    at = 0
    n = 0
    for i in range(len(ts)):
        now = max(ts[i], last)
        if now >= until and until != EVER:
            break
        here = at
        while here < len(known) and (known[here] < now or (before == 0 and known[here] == now)):
            here += 1
        row[i] = here
        if here > 0:
            since = now - known[here - 1]  # below 0: it does not fit
            if tolerance != NONE and (since < 0 or since > tolerance):
                row[i] = 0
            age[i] = float(since) / NS if since >= 0 else (float(now) - float(known[here - 1])) / NS
        if len(complete) == 0 or complete[i] != 0:
            last = now
            at = here
        n += 1
    s.n = n
    s.last = last


@kernel()
def ages(row: I8, age: F8, out: F8) -> None:
    """The age of what each row gets; nan where that is nothing."""
    for i in range(len(row)):
        out[i] = age[i] if row[i] > 0 else math.nan


@kernel(state="bad:i8")
def inexact(x: I8, s: State) -> None:
    """s.bad = the first value that no float64 is equal to, or -1."""
    s.bad = -1
    for i in range(len(x)):
        value = x[i]
        while (value > EXACT or value < -EXACT) and value % 2 == 0:
            value //= 2
        if value > EXACT or value < -EXACT:
            s.bad = i
            return
