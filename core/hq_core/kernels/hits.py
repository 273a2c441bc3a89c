"""A series' last values as a vector, and what of a store is most like it: row by row."""

from __future__ import annotations

import math

from hq_core.jit import F4, F8, I2, I8, State, float_of, hq_call, inline, kernel
from hq_core.kernels.nearest import mean_of, ready, score_of, search, size_of
from hq_core.kernels.normal import vector_of
from hq_core.kernels.smooth import finite


@inline
def known_by(avail: I8, ts: int) -> int:
    """How many rows of a store may be seen at ts.  avail: (m,) ascending."""
    low = 0
    high = len(avail)
    while low < high:
        middle = (low + high) // 2
        if avail[middle] <= ts:
            low = middle + 1
        else:
            high = middle
    return low


@inline
def made(s: State, ring: F8, value: float, length: int, norm: int, given: F4, at: int) -> bool:
    """Take up a value; whether a vector of the last `length` finite ones, this one among them, now lies at `at`."""
    if not finite(value):
        return False
    ring[s.head] = value
    s.head = s.head + 1 if s.head + 1 < length else 0
    s.seen = min(s.seen + 1, length)
    if s.seen < length:
        return False
    vector_of(ring, 0, length, s.head, norm, given, at)
    return True


@kernel(state="head:i8<length seen:i8<=length")
def hit(
    x: F8,
    ts: I8,
    length: int,
    norm: int,
    method: int,
    k: int,
    least: float,
    s: State,
    ring: F8,
    rows: F4,
    laid: I2,
    sizes: F8,
    units: F8,
    rank: I8,
    avail: I8,
    times: I8,
    labels: F8,
    ids: I8,
    given: F4,
    formed: F4,
    wanted: F8,
    means: F8,
    upto: I8,
    weight: F4,
    scaled: F4,
    limits: F4,
    scores: F8,
    places: I8,
    found: I8,
    score: F8,
    label: F8,
    time: F8,
    id: F8,
    count: F8,
) -> None:
    """What of a store is most like the last `length` finite values; nan where nothing is, or no value came.

    norm    how they are normalised (kernels/normal.py);  method, k, least: what is near (kernels/nearest.py)
    s       head: slot of the oldest value; seen: finite values so far, up to length
    rows, laid, sizes, units, rank   the store;  avail: (m,) ns from which a row may be seen, ascending
    times, labels, ids               (m,) of its rows
    given ... found                  room for the vectors of len(upto) rows
    score, label, time, id, count    of the nearest its score, ts (the bits of an int64) and id; the mean label of those
                                     found, and how many
    """
    at_once = len(upto)
    for start in range(0, len(x), at_once):
        n = min(at_once, len(x) - start)
        for i in range(n):
            wanted[i] = 0.0
            upto[i] = 0
            if made(s, ring, x[start + i], length, norm, given, i * length):
                ready(given, i, length, method, formed, wanted, means)
                upto[i] = known_by(avail, ts[start + i])
        search(
            rows,
            laid,
            sizes,
            units,
            rank,
            length,
            method,
            k,
            least,
            given,
            formed,
            wanted,
            means,
            upto,
            n,
            weight,
            scaled,
            limits,
            scores,
            places,
            found,
        )
        for i in range(n):
            row = places[i * k]
            some = found[i]
            total = 0.0
            for j in range(some):
                total += labels[places[i * k + j]]
            score[start + i] = scores[i * k] if some > 0 else math.nan
            label[start + i] = total / some if some > 0 else math.nan
            time[start + i] = float_of(times[row]) if some > 0 else math.nan
            id[start + i] = float(ids[row]) if some > 0 else math.nan
            count[start + i] = float(some)


@kernel(state="head:i8<length seen:i8<=length")
def hit_outside(
    x: F8,
    ts: I8,
    length: int,
    norm: int,
    method: int,
    k: int,
    least: float,
    s: State,
    ring: F8,
    given: F4,
    wanted: F8,
    when: I8,
    call: I8,
    told: F8,
    score: F8,
    label: F8,
    time: F8,
    id: F8,
    count: F8,
) -> None:
    """As `hit`, of a store that is searched by somebody else, who is called for some rows at a time.

    given, wanted, when   the vectors of len(when) rows, `size_of` each (0: nothing is like it), and ts of the rows
    call    (2,) where the code of the one who searches begins, and how many rows there are for it
    told    (len(when) * 5,) what it answers: score, label, time, id and count of each row
    """
    at_once = len(when)
    for start in range(0, len(x), at_once):
        n = min(at_once, len(x) - start)
        for i in range(n):
            wanted[i] = 0.0
            when[i] = ts[start + i]
            if made(s, ring, x[start + i], length, norm, given, i * length):
                wanted[i] = size_of(given, i * length, length, method)
        call[1] = n
        hq_call(call[0], 0)
        for i in range(n):
            score[start + i] = told[5 * i]
            label[start + i] = told[5 * i + 1]
            time[start + i] = told[5 * i + 2]
            id[start + i] = told[5 * i + 3]
            count[start + i] = told[5 * i + 4]


@kernel(state="head:i8<length seen:i8<=length second:i8<length had:i8<=length")
def alike(
    x: F8, y: F8, length: int, norm: int, other: int, method: int, s: State, ring: F8, given: F4, score: F8
) -> None:
    """How like the last `length` finite values of two series are; nan where either is none, or has no new value.

    norm, other  how each is normalised;  ring: (2 * length,) the values of the one, then of the other
    s            head, seen: slot of the oldest of x, finite values of it up to length; second, had: of y
    given        (2 * length,)
    """
    head, seen, second, had = s.head, s.seen, s.second, s.had
    for i in range(len(x)):
        if finite(x[i]):
            ring[head] = x[i]
            head = head + 1 if head + 1 < length else 0
            seen = min(seen + 1, length)
        if finite(y[i]):
            ring[length + second] = y[i]
            second = second + 1 if second + 1 < length else 0
            had = min(had + 1, length)
        score[i] = math.nan
        if seen == length and had == length and finite(x[i]) and finite(y[i]):
            vector_of(ring, 0, length, head, norm, given, 0)
            vector_of(ring, length, length, second, other, given, length)
            one = size_of(given, 0, length, method)
            two = size_of(given, length, length, method)
            if one > 0.0 and two > 0.0:
                score[i] = score_of(given, 0, one, given, length, two, length, method, mean_of(given, length, length))
    s.head, s.seen, s.second, s.had = head, seen, second, had
