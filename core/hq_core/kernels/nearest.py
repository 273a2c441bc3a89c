"""The vectors of a store that are most like a given one: exact, whatever the order of the store.

Scores are of the float32 values as they stand, in float64, each sum from the first value to the last.  To be fast, a
block of rows is first weighed in float32, many rows at a time, with a bound for what that may be wrong by; only what
could come among the best by that bound is then scored.  So nothing that belongs there is missed.
"""

from __future__ import annotations

import math

from hq_core.jit import F4, F8, I2, I8, inline, kernel

METHODS = ("cosine", "correlation", "dot", "euclid")  # by the number that kernels know them by
COSINE, CORRELATION, DOT, EUCLID = range(4)
BLOCK = 256  # rows that are weighed together: with 30 values each they fill half of a first-level cache
STEP = 6  # values of a row that one loop takes: as many registers as hold them beside the rest
FAR = 1 << 40  # beyond any place: said to the compiler, which then needs to test no sign and takes rows together
ROUND = 2.0**-24  # what float32 rounds by, relative
COUNTS = 32767  # the largest value of a block in whole numbers of 16 bits


@inline
def real(value: float) -> float:
    """A float32 as float64, which `float` leaves as it is."""
    return 1.0 * value


@inline
def size_of(rows: F4, at: int, length: int, method: int) -> float:
    """The sum of squares of a vector, about its mean for correlation; 0 where it has none: it is never like another."""
    mean = mean_of(rows, at, length) if method == CORRELATION else 0.0
    plain = 0.0
    squares = 0.0
    alike = True
    for j in range(length):
        value = real(rows[at + j])
        alike = alike and value == rows[at]
        plain += value * value
        squares += (value - mean) * (value - mean)
    if method == CORRELATION and alike:
        return 0.0
    return squares if plain < math.inf else 0.0  # false of nan too


@inline
def mean_of(rows: F4, at: int, length: int) -> float:
    total = 0.0
    for j in range(length):
        total += real(rows[at + j])
    return total / length


@inline
def score_of(
    rows: F4, at: int, size: float, given: F4, start: int, wanted: float, length: int, method: int, mean: float
) -> float:
    """How like two vectors are; the higher the nearer.

    size, wanted  the sums of squares of rows[at] and of given[start];  mean: of given[start], for correlation

    cosine, correlation  -1 to 1;  dot: the sum of products;  euclid: 1 / (1 + distance), 0 to 1
    """
    total = 0.0
    if method == EUCLID:
        for j in range(length):
            apart = real(rows[at + j]) - real(given[start + j])
            total += apart * apart
        return 1.0 / (1.0 + math.sqrt(total))
    if method == CORRELATION:
        centre = mean_of(rows, at, length)
        for j in range(length):
            total += (real(rows[at + j]) - centre) * (real(given[start + j]) - mean)
    else:
        for j in range(length):
            total += real(rows[at + j]) * real(given[start + j])
        if method == DOT:
            return total
    return max(-1.0, min(1.0, total / math.sqrt(size * wanted)))


@inline
def weigh(laid: I2, base: int, given: F4, start: int, steps: int, weight: F4) -> None:
    """weight[r]: in float32, the sum of the products of row r of a block with given[start:].  laid: see `lay`."""
    for step in range(steps):
        a = given[start + STEP * step]
        b = given[start + STEP * step + 1]
        c = given[start + STEP * step + 2]
        d = given[start + STEP * step + 3]
        e = given[start + STEP * step + 4]
        f = given[start + STEP * step + 5]
        at = max(0, min(base + STEP * step * BLOCK, FAR))
        for r in range(BLOCK):
            more = (
                a * laid[at + r]
                + b * laid[at + r + BLOCK]
                + c * laid[at + r + 2 * BLOCK]
                + d * laid[at + r + 3 * BLOCK]
                + e * laid[at + r + 4 * BLOCK]
                + f * laid[at + r + 5 * BLOCK]
            )
            weight[r] = weight[r] + more if step > 0 else more


@inline
def weigh_apart(laid: I2, base: int, given: F4, start: int, steps: int, weight: F4) -> None:
    """As `weigh`, of the squares of what lies between them, with a minus."""
    for step in range(steps):
        a = given[start + STEP * step]
        b = given[start + STEP * step + 1]
        c = given[start + STEP * step + 2]
        d = given[start + STEP * step + 3]
        e = given[start + STEP * step + 4]
        f = given[start + STEP * step + 5]
        at = max(0, min(base + STEP * step * BLOCK, FAR))
        for r in range(BLOCK):
            u = laid[at + r] - a
            v = laid[at + r + BLOCK] - b
            w = laid[at + r + 2 * BLOCK] - c
            x = laid[at + r + 3 * BLOCK] - d
            y = laid[at + r + 4 * BLOCK] - e
            z = laid[at + r + 5 * BLOCK] - f
            more = -(u * u + v * v + w * w + x * x + y * y + z * z)
            weight[r] = weight[r] + more if step > 0 else more


@inline
def limit_of(score: float, unit: float, wanted: float, length: int, method: int) -> float:
    """What no row that reaches `score` weighs less than.

    unit  of what the block's rows are counted in;  wanted: the sum of squares of the vector that is given

    A row is counted wrong by at most half a unit in each value, so by half the root of their number along any
    direction; float32 rounds each product and each sum of what is at most COUNTS in each value.
    """
    root = math.sqrt(length)
    rounding = 1.5 * (length + 16) * ROUND
    if method == EUCLID:
        if not score > 0.0:
            return -math.inf
        apart = max(1.0 / score - 1.0, 0.0)
        apart += 1e-15 * (1.0 + apart)  # the scores of two distances that are nearly equal may be equal
        apart = apart / unit + root * (0.51 + 4.0 * ROUND * (COUNTS + math.sqrt(wanted) / unit))
        return -apart * apart * (1.0 + rounding)
    if method == DOT:
        score /= math.sqrt(wanted)
    return score / unit - root * (0.51 + rounding * COUNTS)


@inline
def search(
    rows: F4,
    laid: I2,
    sizes: F8,
    units: F8,
    rank: I8,
    length: int,
    method: int,
    k: int,
    least: float,
    given: F4,
    formed: F4,
    wanted: F8,
    means: F8,
    upto: I8,
    n: int,
    weight: F4,
    scaled: F4,
    limits: F4,
    scores: F8,
    places: I8,
    found: I8,
) -> None:
    """Of each of n vectors the k rows that are most like it and reach `least`: the nearest first, of equals by rank.

    rows     (m * length,) the store;  laid: its rows as they are weighed (`lay`);  sizes: (m,) `size_of` each
    units    what each block is counted in;  rank: (m,) what comes first of equals
    given    (n * length,);  formed: as they are weighed;  wanted: (n,) `size_of` each, 0: nothing is like it
    means    (n,) for correlation;  upto: (n,) so many rows of the store may be seen
    weight   (BLOCK,);  limits: (1,);  scaled: (values,)
    scores, places, found   (n * k,), (n * k,), (n,): what was found
    """
    steps = (length + STEP - 1) // STEP
    wide = STEP * steps
    most = 0
    for i in range(n):
        found[i] = 0
        if wanted[i] > 0.0:
            most = max(most, upto[i])
    for block in range((most + BLOCK - 1) // BLOCK):
        first = block * BLOCK
        for i in range(n):
            stop = min(upto[i] - first, BLOCK)
            if stop <= 0 or not wanted[i] > 0.0:
                continue
            if method == EUCLID:
                for j in range(wide):
                    scaled[j] = real(formed[i * wide + j]) / units[block]
                weigh_apart(laid, first * wide, scaled, 0, steps, weight)
            else:
                weigh(laid, first * wide, formed, i * wide, steps, weight)
            bar = scores[i * k + k - 1] if found[i] == k else least
            limits[0] = limit_of(bar, units[block], wanted[i], length, method)
            limit = limits[0]
            some = 0
            for r in range(BLOCK):
                some += 0 if weight[r] < limit else 1
            if some == 0:
                continue
            for r in range(stop):
                if weight[r] < limits[0]:
                    continue
                row = first + r
                if not sizes[row] > 0.0:
                    continue
                score = score_of(rows, row * length, sizes[row], given, i * length, wanted[i], length, method, means[i])
                if score >= least and add(scores, places, rank, i * k, found[i], k, score, row):
                    found[i] = min(found[i] + 1, k)
                    if found[i] == k:
                        bar = scores[i * k + k - 1]
                        limits[0] = limit_of(bar, units[block], wanted[i], length, method)


@inline
def add(scores: F8, places: I8, rank: I8, at: int, has: int, k: int, score: float, row: int) -> bool:
    """Put a row among the best so far, which lie at `at`; whether it belongs there."""
    j = has
    while j > 0 and (
        score > scores[at + j - 1] or (score == scores[at + j - 1] and rank[row] < rank[places[at + j - 1]])
    ):
        j -= 1
    if j == k:
        return False
    for i in range(min(has, k - 1), j, -1):
        scores[at + i] = scores[at + i - 1]
        places[at + i] = places[at + i - 1]
    scores[at + j] = score
    places[at + j] = row
    return True


@inline
def scale_of(size: float, method: int) -> float:
    """What the values of a vector of the store are divided by to be weighed: its length where that does not count."""
    return math.sqrt(size) if method < DOT else 1.0


@inline
def ready(given: F4, i: int, length: int, method: int, formed: F4, wanted: F8, means: F8) -> None:
    """Vector i of those that are given, for `search`: its size, its mean, and as it is weighed."""
    size = size_of(given, i * length, length, method)
    mean = mean_of(given, i * length, length) if method == CORRELATION else 0.0
    wanted[i] = size
    means[i] = mean
    scale = math.sqrt(size) if method != EUCLID and size > 0.0 else 1.0
    wide = (length + STEP - 1) // STEP * STEP
    for j in range(wide):
        formed[i * wide + j] = (real(given[i * length + j]) - mean) / scale if j < length else 0.0


@kernel()
def lay(rows: F4, length: int, method: int, start: int, sizes: F8, units: F8, laid: I2) -> None:
    """What `search` weighs rows by.

    laid   (blocks, values, BLOCK) the same value of many rows side by side, in whole numbers of the block's unit
    units  (blocks,);  start: the first one that is laid
    """
    wide = (length + STEP - 1) // STEP * STEP
    for block in range(start, len(units)):
        first = block * BLOCK
        stop = min(first + BLOCK, len(sizes))
        most = 0.0
        for i in range(first, stop):
            sizes[i] = size_of(rows, i * length, length, method)
            if not sizes[i] > 0.0:
                continue
            mean = mean_of(rows, i * length, length) if method == CORRELATION else 0.0
            for j in range(length):
                most = max(most, abs(real(rows[i * length + j]) - mean) / scale_of(sizes[i], method))
        unit = most / COUNTS if most > 0.0 else 1.0
        units[block] = unit
        for i in range(first, stop):
            if not sizes[i] > 0.0:
                continue
            mean = mean_of(rows, i * length, length) if method == CORRELATION else 0.0
            scale = scale_of(sizes[i], method) * unit
            for j in range(length):
                laid[(block * wide + j) * BLOCK + i - first] = round_off((real(rows[i * length + j]) - mean) / scale)


@inline
def round_off(value: float) -> int:
    return int(math.floor(value + 0.5))


@kernel()
def nearest(
    rows: F4,
    laid: I2,
    sizes: F8,
    units: F8,
    rank: I8,
    length: int,
    method: int,
    k: int,
    least: float,
    n: int,
    given: F4,
    upto: I8,
    formed: F4,
    wanted: F8,
    means: F8,
    weight: F4,
    scaled: F4,
    limits: F4,
    scores: F8,
    places: I8,
    found: I8,
) -> None:
    """`search` for the first n of the vectors that are given."""
    for i in range(n):
        ready(given, i, length, method, formed, wanted, means)
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


@kernel()
def nearest_of(
    rows: F4,
    sizes: F8,
    rank: I8,
    length: int,
    method: int,
    k: int,
    least: float,
    n: int,
    many: int,
    picked: I8,
    given: F4,
    upto: I8,
    scores: F8,
    places: I8,
    found: I8,
) -> None:
    """As `search`, among `many` rows of the store that somebody picked for each vector: picked, (n * many,), no row
    twice.  found: -1 where fewer than k of them may be seen, so that more must be looked at.
    """
    for i in range(n):
        wanted = size_of(given, i * length, length, method)
        mean = mean_of(given, i * length, length) if method == CORRELATION else 0.0
        found[i] = 0
        if not wanted > 0.0:
            continue
        seen = 0
        for j in range(many):
            row = picked[i * many + j]
            if row < 0 or row >= upto[i] or not sizes[row] > 0.0:
                continue
            seen += 1
            score = score_of(rows, row * length, sizes[row], given, i * length, wanted, length, method, mean)
            if score >= least and add(scores, places, rank, i * k, found[i], k, score, row):
                found[i] = min(found[i] + 1, k)
        if seen < k:
            found[i] = -1
