"""Windows of bars as vectors, labelled by what came after them."""

from __future__ import annotations

from hq_core.jit import F4, F8, I4, I8, State, inline, kernel
from hq_core.kernels.normal import vector_of
from hq_core.kernels.smooth import finite

WAITS, GONE = 1, 0  # whether a vector of which the place is not free yet waits for its outcome


@inline
def outcome_of(base: float, close: float, high: float, low: float, rise: float, fall: float) -> float:
    """The return since `base` where a barrier is reached, else 0; where both are, in one bar, it is the fall."""
    if low <= base * (1.0 - fall):
        return -fall
    return rise if high >= base * (1.0 + rise) else 0.0


@kernel(
    state="head:i8<length seen:i8<=length first:i8<places waiting:i8<=horizon bars:i8 id:i8 at:i8 found:i8 "
    "flat:i8 beyond:i8 odd:i8 farthest"
)
def labelled(
    x: F8,
    close: F8,
    high: F8,
    low: F8,
    ts: I8,
    length: int,
    norm: int,
    horizon: int,
    threshold: float,
    rise: float,
    fall: float,
    places: int,
    start: int,
    s: State,
    ring: F8,
    w_ts: I8,
    w_bar: I8,
    w_base: F8,
    w_waits: I8,
    w_vector: F4,
    o_ts: I8,
    o_id: I8,
    o_avail: I8,
    o_label: I4,
    o_outcome: F8,
    o_vector: F4,
) -> None:
    """The vectors of bars from `start` on whose outcomes are known, as they come to be known, then in the order of the
    bars; s.at: the next bar.

    x, norm, length   what a vector is made of, how it is normalised (kernels/normal.py), and how many values it has
    horizon           bars until the outcome: the return of the close over them, 1 from threshold on, -1 down from
                      its minus, 0 of a close that is the same
    rise, fall        0: that; else the barriers, of which the first one reached within the horizon is the outcome: 1,
                      -1, and 0 where neither is
    s       head, seen: of the ring; first, waiting: of the vectors from the oldest that waits on; bars: so far; id:
            given so far; found: vectors written; flat, beyond, odd: vectors that are all 0 as nothing moved, vectors
            that float32 cannot hold, bars without a price; farthest: the largest return, of either sign
    ring    (length,) the last values of x
    w_...   (places,) vectors from the oldest that waits on, which lies at first: ts, bar, close, and WAITS or GONE
    o_...   (room,) what is written: there is room for all that wait
    """
    head, seen, first, waiting = s.head, s.seen, s.first, s.waiting
    k = 0
    i = start
    while i < len(x) and k + waiting < len(o_ts):
        price = close[i]
        if not (finite(price) and price > 0.0):
            s.odd += 1
            i += 1
            continue
        s.bars += 1
        for j in range(waiting):
            w = first + j if first + j < places else first + j - places
            if w_waits[w] == GONE:
                continue
            outcome = 0.0
            label = 0
            known = s.bars - w_bar[w] == horizon
            if rise > 0.0:
                outcome = outcome_of(w_base[w], price, high[i], low[i], rise, fall)
                label = 1 if outcome > 0.0 else -1 if outcome < 0.0 else 0
            if label == 0 and known:
                outcome = price / w_base[w] - 1.0
                s.farthest = max(s.farthest, abs(outcome))
                if rise == 0.0 and outcome != 0.0 and abs(outcome) >= threshold:
                    label = 1 if outcome > 0.0 else -1
            if known or label != 0:
                s.id += 1
                o_ts[k] = w_ts[w]
                o_id[k] = s.id
                o_avail[k] = ts[i]
                o_label[k] = label
                o_outcome[k] = outcome
                for q in range(length):
                    o_vector[k * length + q] = w_vector[w * length + q]
                k += 1
                w_waits[w] = GONE
            if rise == 0.0:
                break  # only the oldest one can have come to its horizon
        while waiting > 0 and w_waits[first] == GONE:
            first = first + 1 if first + 1 < places else 0
            waiting -= 1
        if finite(x[i]):
            ring[head] = x[i]
            head = head + 1 if head + 1 < length else 0
            seen = min(seen + 1, length)
            if seen == length:
                w = first + waiting if first + waiting < places else first + waiting - places
                formed = vector_of(ring, 0, length, head, norm, w_vector, w * length)
                held = True
                for j in range(length):
                    held = held and finite(w_vector[w * length + j])
                if held:
                    s.flat += 0 if formed else 1
                    w_ts[w] = ts[i]
                    w_bar[w] = s.bars
                    w_base[w] = price
                    w_waits[w] = WAITS
                    waiting += 1
                else:
                    s.beyond += 1
        i += 1
    s.head, s.seen, s.first, s.waiting = head, seen, first, waiting
    s.at = i
    s.found = k
