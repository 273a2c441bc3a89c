"""The last value of a VAR, and the keeping of it."""

from __future__ import annotations

from hq_core.jit import F8, State, kernel


@kernel(state="last seen:i8")
def recall(seed: F8, s: State, out: F8) -> None:
    """What `remember` kept at the row before; where there is none, or it is nan, the seed.

    s  last: that value; seen: 1 from the first one on
    """
    for i in range(len(seed)):
        out[i] = s.last if s.seen == 1 and s.last == s.last else seed[i]


@kernel(state="last seen:i8")
def remember(last: F8, x: F8, s: State, out: F8) -> None:
    """x, kept for the row after.  last: what its `recall` gave, whose s this is."""
    for i in range(len(x)):
        s.last = x[i]
        s.seen = 1
        out[i] = x[i]
