"""The parsing kernel: bytes of delimited text to columns, driven by one table row per CSV field.

Exactness: a decimal whose at most 18 digits make an integer m <= 2^53 is m / 10^k with k <= 18, both exact, and one
division is correctly rounded (Clinger 1990).  Every other number goes on a list of (start, end, place) that float()
works off, so that each value is the one that float() gives, bit for bit.  A row that is not plain stops the kernel
at its first byte: the caller reads that row in Python, or says what is wrong with it.
"""

from __future__ import annotations

from hq_core.jit import F8, I1, I4, I8, U1, State, inline, kernel

SKIP, REAL, WHOLE, MAKER, SIDE, BOOL, ISO, SERIES, SYMBOL = range(9)  # what to do with a field
PLAIN, ODD, OTHER, FULL = range(4)  # why it stopped: no more, a row it cannot read, another or a new symbol, full

POW10 = tuple(10.0**k for k in range(19))
POW10_WHOLE = tuple(10**k for k in range(10))
EXACT = 1 << 53
INDEX = (1 << 62) - 1  # p & INDEX is p >= 0, which tells numba's wrap-around of negative indices to go: 20 %
HIGH, SIXES, THREES, ZEROS = -0x0F0F0F0F0F0F0F10, 0x0606060606060606, 0x3333333333333333, 0x3030303030303030
PAIRS, PAIR_1, PAIR_2 = 0x000000FF000000FF, 0x000F424000000064, 0x0000271000000001
TOP = -(1 << 63)
FACTOR, LOW = 0x100000001B3, 0xFFFFFFFF  # of a symbol's hash: FNV's prime, which spreads the bytes of short names
DAY, HOUR, MINUTE, SECOND = 86_400_000_000_000, 3_600_000_000_000, 60_000_000_000, 1_000_000_000
FAR = 9_214_646_400_000_000_000  # 2262-01-01: int64 nanoseconds end in that year
DAYS_IN = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@inline
def digit(byte: int) -> bool:
    return 48 <= byte <= 57


@inline
def eight(digits: int) -> int:
    """The number that eight ASCII digits make, the first one in the lowest byte: pairs, then fours, then all."""
    v = digits - ZEROS
    v = v * 10 + (v >> 8)
    return (((v & PAIRS) * PAIR_1) + (((v >> 16) & PAIRS) * PAIR_2)) >> 32


@inline
def two(text: U1, p: int) -> int:
    """The number that two digits at p make, or -1."""
    tens, ones = int(text[p]) - 48, int(text[p + 1]) - 48
    return 10 * tens + ones if 0 <= tens <= 9 and 0 <= ones <= 9 else -1


@inline
def civil_days(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 in the proleptic Gregorian calendar (Hinnant, days_from_civil); year >= 1."""
    y = year - (1 if month <= 2 else 0)
    era = y // 400
    of_era = y - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


@inline
def iso(text: U1, p: int, zoned: int) -> tuple[int, int]:
    """ISO 8601 date or date-time at p: (ns, next p); the next p is -1 when it is not one.

    zoned  1: it ends in Z or +hh:mm, which is taken off; 0: no zone, and ns counts as if it were UTC
    """
    century, year, month, day = two(text, p), two(text, p + 2), two(text, p + 5), two(text, p + 8)
    if century < 0 or year < 0 or text[p + 4] != 45 or text[p + 7] != 45 or month < 1 or month > 12 or day < 1:
        return 0, -1
    year += 100 * century
    leap = 1 if month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 0
    if year < 1678 or year > 2261 or day > DAYS_IN[month] + leap:
        return 0, -1
    ns = civil_days(year, month, day) * DAY
    p += 10
    c = text[p]
    if (c == 84 or c == 32 or c == 116) and digit(text[p + 1]):
        hour, minute = two(text, p + 1), two(text, p + 4)
        if hour < 0 or hour > 23 or text[p + 3] != 58 or minute < 0 or minute > 59:
            return 0, -1
        ns += hour * HOUR + minute * MINUTE
        p += 6
        if text[p] == 58:
            second = two(text, p + 1)
            if second < 0 or second > 59:
                return 0, -1
            ns += second * SECOND
            p += 3
            if text[p] == 46:
                part, places = 0, 0
                while digit(text[p + 1 + places]):
                    if places == 9:
                        return 0, -1
                    part = part * 10 + int(text[p + 1 + places]) - 48
                    places += 1
                if places == 0:
                    return 0, -1
                ns += part * POW10_WHOLE[9 - places]
                p += 1 + places
    if zoned == 1:
        c = text[p]
        if c == 90 or c == 122:
            return ns, p + 1
        hour, minute = two(text, p + 1), two(text, p + 4)
        if (c != 43 and c != 45) or hour < 0 or hour > 23 or text[p + 3] != 58 or minute < 0 or minute > 59:
            return 0, -1
        shift = hour * HOUR + minute * MINUTE
        return (ns - shift if c == 43 else ns + shift), p + 6
    return ns, p


@inline
def truth(text: U1, p: int) -> tuple[int, int]:
    """true, false, t, f, 1 or 0 at p in any case: (1 or 0, next p); the next p is -1 when it is none of them."""
    c = text[p] | 32
    if c == 116:
        full = (text[p + 1] | 32) == 114 and (text[p + 2] | 32) == 117 and (text[p + 3] | 32) == 101
        return 1, p + (4 if full else 1)
    if c == 102:
        full = (text[p + 1] | 32) == 97 and (text[p + 2] | 32) == 108
        full = full and (text[p + 3] | 32) == 115 and (text[p + 4] | 32) == 101
        return 0, p + (5 if full else 1)
    return (1 if c == 49 else 0), (p + 1 if c == 48 or c == 49 else -1)


@inline
def side(text: U1, p: int) -> tuple[int, int]:
    """buy, sell, b, s, 1, -1 or 0 at p in any case: (+1, -1 or 0, next p); the next p is -1 when it is none of them."""
    c = text[p] | 32
    if c == 98:
        return 1, p + (3 if (text[p + 1] | 32) == 117 and (text[p + 2] | 32) == 121 else 1)
    if c == 115:
        full = (text[p + 1] | 32) == 101 and (text[p + 2] | 32) == 108 and (text[p + 3] | 32) == 108
        return -1, p + (4 if full else 1)
    if c == 45 and text[p + 1] == 49:
        return -1, p + 2
    return (1 if c == 49 else 0), (p + 1 if c == 48 or c == 49 else -1)


@kernel(state="pos:i8 rows:i8 stop:i8 hard:i8 begin:i8 past:i8")
def parse(
    text: U1,
    words: I8,
    end: int,
    room: int,
    delimiter: int,
    point: int,
    op: I8,
    place: I8,
    times: I8,
    plus: I8,
    most: I8,
    check: I8,
    series: U1,
    names: U1,
    ends: I8,
    codes: I8,
    slots: I8,
    whole: I8,
    real: F8,
    four: I4,
    small: I1,
    hard: I8,
    s: State,
) -> None:
    """Parse rows from s.pos until `end`, until `room` rows are there, or until something is not plain.

    text       the bytes; text[end - 1] is a newline, so that no scan inside a row can leave them, and 64 bytes more
               may be looked at
    words      the same bytes, eight at a time
    delimiter  the byte between fields;  point: the byte before decimals
    op         per CSV field: SKIP REAL WHOLE MAKER SIDE BOOL ISO SERIES SYMBOL
    place      per CSV field: where the column's row 0 lies in the output block, counted in the column's own width
    times plus the stored value is v * times + plus (WHOLE, |v| <= most), v + plus (ISO)
    check      WHOLE: the number of digits demanded, 0 for any; ISO: 1 with a zone, 0 without
    series     SERIES: the symbol that these rows must bear
    names ends codes   SYMBOL: the spellings one behind the other, where each ends, from 0 on, and its code
    slots      by hash, a power of two of them: the number of a spelling from 1 on, or 0
    whole real four small   the output block, seen as int64, float64, int32 and int8
    hard       out: (start, end, place) of each number that is left to float()
    s          pos: next byte; rows: rows in the block, counted on by this call; stop: why; hard: entries used; begin,
               past: where a symbol lies that no spelling fits
    """
    fields = len(op)
    last = fields - 1
    p, k, h = s.pos, s.rows, s.hard
    enough = len(hard) - 3 * fields
    stop = PLAIN
    while p < end and k < room:
        start, mark = p, h
        c = text[p & INDEX]
        if c == 10:
            p += 1
            continue
        if c == 13 and text[(p + 1) & INDEX] == 10:
            p += 2
            continue
        if h > enough:
            stop = FULL
            break
        good = True
        for f in range(fields):
            kind = op[f & INDEX]
            quoted = text[p & INDEX] == 34
            if quoted:
                p += 1
            if kind == SKIP:
                c = text[p & INDEX]
                if quoted:
                    while c != 34 and c != 10:
                        p += 1
                        c = text[p & INDEX]
                else:
                    while c != delimiter and c != 10 and c != 13:
                        p += 1
                        c = text[p & INDEX]
            elif kind == REAL:
                begin = p
                negative = text[p & INDEX] == 45
                if negative:
                    p += 1
                m, d, q = 0, 0, p
                x = int(text[p & INDEX]) - 48
                while 0 <= x <= 9:
                    m = m * 10 + x
                    p += 1
                    x = int(text[p & INDEX]) - 48
                n = p - q
                if text[p & INDEX] == point:
                    p += 1
                    q = p
                    x = int(text[p & INDEX]) - 48
                    while 0 <= x <= 9:
                        m = m * 10 + x
                        p += 1
                        x = int(text[p & INDEX]) - 48
                    d = p - q
                    n += d
                c = text[p & INDEX]
                if n > 0 and n <= 18 and m <= EXACT and (c == delimiter or c == 10 or c == 13 or c == 34):
                    v = float(m) / POW10[d]
                    real[(place[f & INDEX] + k) & INDEX] = -v if negative else v
                else:
                    while c != delimiter and c != 10 and c != 13 and c != 34:
                        p += 1
                        c = text[p & INDEX]
                    hard[h], hard[h + 1], hard[h + 2] = begin, p, place[f] + k
                    h += 3
            elif kind == WHOLE:
                negative = text[p & INDEX] == 45
                if negative:
                    p += 1
                m, q = 0, p
                w, shift = (p >> 3) & INDEX, (p & 7) * 8
                v8 = ((words[w] >> shift) & (-1 ^ (TOP >> shift << 1))) | (words[w + 1] << 1 << (63 - shift))
                if ((v8 & HIGH) | (((v8 + SIXES) & HIGH) >> 4)) == THREES:
                    m = eight(v8)
                    p += 8
                x = int(text[p & INDEX]) - 48
                while 0 <= x <= 9:
                    m = m * 10 + x
                    p += 1
                    x = int(text[p & INDEX]) - 48
                n = p - q
                if negative:
                    m = -m
                demanded = check[f & INDEX]
                if n == 0 or n > 18 or (demanded > 0 and n != demanded) or abs(m) > most[f & INDEX]:
                    good = False
                    break
                whole[(place[f & INDEX] + k) & INDEX] = m * times[f & INDEX] + plus[f & INDEX]
            elif kind == MAKER:
                v_bit, p = truth(text, p)
                if p < 0:
                    good = False
                    break
                small[(place[f & INDEX] + k) & INDEX] = 1 - 2 * v_bit
            elif kind == ISO:
                v_ns, p = iso(text, p, check[f])
                if p < 0:
                    good = False
                    break
                whole[(place[f & INDEX] + k) & INDEX] = v_ns + plus[f]
            elif kind == SERIES:
                for i in range(len(series)):
                    if text[p & INDEX] != series[i]:
                        good = False
                        break
                    p += 1
                c = text[p & INDEX]
                if not good or not (c == delimiter or c == 10 or c == 13 or c == 34):
                    stop = OTHER
                    good = False
                    break
            elif kind == SYMBOL:
                begin = p
                stopper = 34 if quoted else delimiter
                mixed = 0
                c = text[p & INDEX]
                while c != stopper and c != 10 and c != 13:
                    mixed = (mixed ^ int(c)) * FACTOR
                    p += 1
                    c = text[p & INDEX]
                at = (mixed ^ ((mixed >> 32) & LOW)) & (len(slots) - 1)
                number = slots[at & INDEX]
                while number > 0:
                    q = ends[(number - 1) & INDEX]
                    n = ends[number & INDEX] - q
                    i = 0
                    if n == p - begin:
                        while i < n and names[(q + i) & INDEX] == text[(begin + i) & INDEX]:
                            i += 1
                        if i == n:
                            break
                    at = (at + 1) & (len(slots) - 1)
                    number = slots[at & INDEX]
                if number == 0:
                    s.begin, s.past = begin, p
                    stop = OTHER
                    good = False
                    break
                four[(place[f & INDEX] + k) & INDEX] = codes[(number - 1) & INDEX]
            else:
                v_bit, p = truth(text, p) if kind == BOOL else side(text, p)
                if p < 0:
                    good = False
                    break
                small[(place[f & INDEX] + k) & INDEX] = v_bit
            if quoted:
                if text[p & INDEX] != 34:
                    good = False
                    break
                p += 1
            if f < last:
                if text[p & INDEX] != delimiter:
                    good = False
                    break
                p += 1
        if good:
            if text[p & INDEX] == 13:
                p += 1
            good = text[p & INDEX] == 10
            p += 1
        if not good:
            if stop == PLAIN:
                stop = ODD
            p, h = start, mark
            break
        k += 1
    s.pos, s.rows, s.stop, s.hard = p, k, stop, h
