"""The writing kernel: rows of columns to bytes of text, driven by one table row per column.

Before each value stand bytes of its own (a delimiter, or a key of JSON), behind a row those of its end.  So csv and
JSON are the same loop.  What has no number as its text (NaN, codes, truths) is a word of a table.
"""

from __future__ import annotations

from hq_core.formats.shortest import few_decimals, shortest
from hq_core.jit import F8, I1, I4, I8, U1, State, inline, kernel, load8, store8

REAL, ISO, COUNT, EIGHT, FOUR, ONE = range(6)  # what a column holds; COUNT: an instant as so many of a unit
WIDEST = 32  # bytes of a number or an instant, at most
SLACK = 16  # bytes that are looked at or written behind a word, at most
INDEX = (1 << 62) - 1  # p & INDEX is p >= 0, which tells numba's wrap-around of negative indices to go
DAY, SECOND = 86_400_000_000_000, 1_000_000_000
AS_PLAIN = 16  # digits before the point up to which a number is written without an exponent, as repr() does
ZEROS = 0x3030303030303030
ALL = 1 << 60  # the length of memory as one column, from address 0 on


@inline
def two(v: int, p: int, out: U1) -> None:
    """Two digits of 0 <= v < 100."""
    ten = (v * 103) >> 10
    out[p & INDEX] = 48 + ten
    out[(p + 1) & INDEX] = 48 + v - 10 * ten


@inline
def four(v: int, p: int, out: U1) -> None:
    """Four digits of 0 <= v < 10_000."""
    upper = (v * 5243) >> 19
    two(upper, p, out)
    two(v - 100 * upper, p + 2, out)


@inline
def eight_digits(v: int) -> int:
    """The eight digits of 0 <= v < 100_000_000, a byte each, the first one lowest: fours, then pairs, then all."""
    upper = (v * 109951163) >> 40
    x = upper | (v - 10_000 * upper) << 32
    q = ((x * 10486) >> 20) & 0x0000007F0000007F
    y = q | (x - 100 * q) << 16
    t = ((y * 103) >> 10) & 0x000F000F000F000F
    return t | (y - 10 * t) << 8


@inline
def digits(v: int, p: int, n: int, out: U1) -> None:
    """The last n digits of v >= 0 to out[p], ... out[p + n - 1]: products, as divisions wait for each other."""
    p += n
    while n >= 8:
        rest = v // 100_000_000
        store8(out, p - 8, eight_digits(v - rest * 100_000_000) + ZEROS)
        v = rest
        p -= 8
        n -= 8
    if n >= 4:
        upper = (v * 109951163) >> 40
        four(v - 10_000 * upper, p - 4, out)
        v = upper
        p -= 4
        n -= 4
    if n >= 2:
        upper = (v * 5243) >> 19
        two(v - 100 * upper, p - 2, out)
        v = upper
        p -= 2
        n -= 2
    if n == 1:
        out[(p - 1) & INDEX] = 48 + v


@inline
def length(v: int) -> int:
    """How many digits v >= 0 has."""
    n = 1
    if v >= 100_000_000:
        v //= 100_000_000
        n += 8
        if v >= 100_000_000:
            v //= 100_000_000
            n += 8
    if v >= 10_000:
        v //= 10_000
        n += 4
    if v >= 100:
        v //= 100
        n += 2
    return n + (1 if v >= 10 else 0)


@inline
def whole(v: int, p: int, out: U1) -> int:
    """A whole number at p; the next p."""
    if v < 0:
        out[p & INDEX] = 45
        p += 1
        if v == -9223372036854775808:  # has no counterpart
            out[p & INDEX] = 57
            digits(223372036854775808, p + 1, 18, out)
            return p + 19
        v = -v
    n = length(v)
    digits(v, p, n, out)
    return p + n


@inline
def date(days: int, p: int, out: U1) -> None:
    """YYYY-MM-DDT of a day since 1970-01-01 at p (Hinnant, civil_from_days)."""
    z = days + 719468
    era = z // 146097
    of_era = z - era * 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month += 3 if month < 10 else -9
    four(year + era * 400 + (1 if month <= 2 else 0), p, out)
    two(month, p + 5, out)
    two(day, p + 8, out)
    out[(p + 4) & INDEX] = out[(p + 7) & INDEX] = 45
    out[(p + 10) & INDEX] = 84


@inline
def clock(ns: int, p: int, out: U1) -> int:
    """hh:mm:ss of ns since midnight, with the shortest exact fraction, and Z at p; the next p."""
    seconds = ns // SECOND
    part = ns - seconds * SECOND
    minutes = (seconds * 279621) >> 24  # seconds are below 86400
    hours = (minutes * 279621) >> 24
    two(hours, p, out)
    two(minutes - 60 * hours, p + 3, out)
    two(seconds - 60 * minutes, p + 6, out)
    out[(p + 2) & INDEX] = out[(p + 5) & INDEX] = 58
    p += 8
    if part > 0:
        out[p & INDEX] = 46
        digits(part, p + 1, 9, out)
        p += 10
        while out[(p - 1) & INDEX] == 48:
            p -= 1
    out[p & INDEX] = 90
    return p + 1


@inline
def real(value: float, powers: I8, p: int, out: U1) -> int:
    """A finite number as repr() writes it at p; the next p."""
    if value < 0.0 or (value == 0.0 and 1.0 / value < 0.0):
        out[p & INDEX] = 45
        p += 1
        value = -value
    few = few_decimals(value)
    if few >= 0:
        v = few // 100_000_000
        few -= v * 100_000_000
        n = length(v)
        store8(out, p, (eight_digits(v) + ZEROS) >> (64 - 8 * n))
        p += n
        out[p & INDEX] = 46
        p += 2
        decimals = eight_digits(few)
        store8(out, p - 1, decimals + ZEROS)
        decimals >>= 8
        while decimals != 0:  # up to the last one that is not 0
            p += 1
            decimals >>= 8
        return p
    v, e = shortest(value, powers)
    if v % 10 == 0 and v > 0:
        if v % 100_000_000 == 0:
            v //= 100_000_000
            e += 8
        if v % 10_000 == 0:
            v //= 10_000
            e += 4
        while v % 10 == 0:
            v //= 10
            e += 1
    n = length(v)
    point = n + e  # digits before the point
    if point > AS_PLAIN or point < -3:
        if n > 1:
            first = p
            digits(v, p + 1, n, out)
            out[first & INDEX] = out[(first + 1) & INDEX]
            out[(first + 1) & INDEX] = 46
            p += n + 1
        else:
            out[p & INDEX] = 48 + v
            p += 1
        out[p & INDEX] = 101
        point -= 1
        out[(p + 1) & INDEX] = 45 if point < 0 else 43
        point = abs(point)
        n = 3 if point >= 100 else 2
        digits(point, p + 2, n, out)
        return p + 2 + n
    if point <= 0:
        out[p & INDEX] = 48
        out[(p + 1) & INDEX] = 46
        p += 2
        for _ in range(-point):
            out[p & INDEX] = 48
            p += 1
        digits(v, p, n, out)
        return p + n
    if e >= 0:
        digits(v, p, n, out)
        p += n
        for _ in range(e):
            out[p & INDEX] = 48
            p += 1
        out[p & INDEX] = 46
        out[(p + 1) & INDEX] = 48
        return p + 2
    # all digits one place further on, then those before the point back
    digits(v, p + 1, n, out)
    for i in range(point):
        out[(p + i) & INDEX] = out[(p + i + 1) & INDEX]
    out[(p + point) & INDEX] = 46
    return p + n + 1


@inline
def word(number: int, texts: U1, ends: I8, p: int, out: U1) -> int:
    """A word of the table at p, and up to SLACK bytes behind it that have no meaning; the next p."""
    start = ends[number & INDEX]
    n = ends[(number + 1) & INDEX] - start
    i = 0
    while i < n:
        store8(out, p + i, load8(texts, start + i))
        i += 8
    return p + n


@kernel(state="row:i8 used:i8 wrong:i8")
def written(
    op: I8,
    place: I8,
    unit: I8,
    first: I8,
    low: I8,
    count: I8,
    texts: U1,
    ends: I8,
    powers: I8,
    eights: I8,
    reals: F8,
    fours: I4,
    ones: I1,
    n: int,
    most: int,
    out: U1,
    s: State,
) -> None:
    """Write rows from s.row on until n, or until a row of `most` bytes might not fit.

    op         per column: REAL ISO COUNT EIGHT FOUR ONE
    place      per column: where its row 0 lies in memory, counted in its own width
    unit       COUNT: ns of the unit; others: 1 where a value without a word is wrong
    first low count   the words of values low, low + 1, ...: number of the first, how many there are; others are numbers
    texts ends the words one behind the other and SLACK bytes, and where each ends, from 0 on: what stands before each
               column, what stands behind a row, NaN, inf, -inf, then those of the columns
    powers     of shortest.powers_of_ten
    eights reals fours ones   memory, seen as each type
    s          row: the next one; used: bytes of out; wrong: the column of that row that cannot be written, or -1
    """
    columns = len(op)
    p, k = 0, s.row
    room = len(out) - most
    day, day_at = -(1 << 62), 0  # the day that was written last, and where
    s.wrong = -1
    while k < n and p <= room:
        start = p
        for f in range(columns):
            p = word(f, texts, ends, p, out)
            kind = op[f & INDEX]
            at = place[f & INDEX] + k
            if kind == REAL:
                x = reals[at & INDEX]
                if x - x == 0.0:
                    p = real(x, powers, p, out)
                else:
                    p = word(columns + (1 if x != x else 2 if x > 0.0 else 3), texts, ends, p, out)
            elif kind == ISO:
                ns = eights[at & INDEX]
                days = ns // DAY
                if days != day:
                    date(days, p, out)
                    day, day_at = days, p
                else:
                    store8(out, p, load8(out, day_at))
                    store8(out, p + 8, load8(out, day_at + 8))
                p = clock(ns - days * DAY, p + 11, out)
            elif kind == COUNT:
                v = eights[at & INDEX]
                v_units = v // unit[f & INDEX]
                if v_units * unit[f & INDEX] != v:
                    s.wrong = f
                    break
                p = whole(v_units, p, out)
            else:
                v = (
                    eights[at & INDEX]
                    if kind == EIGHT
                    else int(fours[at & INDEX])
                    if kind == FOUR
                    else int(ones[at & INDEX])
                )
                v_word = v - low[f & INDEX]
                if 0 <= v_word < count[f & INDEX]:
                    p = word(first[f & INDEX] + v_word, texts, ends, p, out)
                elif unit[f & INDEX] == 1:
                    s.wrong = f
                    break
                else:
                    p = whole(v, p, out)
        if s.wrong >= 0:
            p = start
            break
        p = word(columns, texts, ends, p, out)
        k += 1
    s.row, s.used = k, p
