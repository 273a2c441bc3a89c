"""What the kernels that read text have in common: what a field can be, digits, times, sides, symbols by their bytes.

Exactness: a decimal whose at most 18 digits make an integer m <= 2^53 is m / 10^k with k <= 18, both exact, and one
division is correctly rounded (Clinger 1990); of a larger m `quotient` looks at what the division gave.  Every other
number goes on a list that Python works off.
"""

from __future__ import annotations

from hq_core.jit import I8, U1, bits_of, float_of, inline, load8, upper_product

SKIP, REAL, WHOLE, MAKER, SIDE, BOOL, ISO, SERIES, SYMBOL = range(9)  # what to do with a field
PLAIN, ODD, OTHER, FULL = range(4)  # why it stopped: no more, a row it cannot read, another or a new symbol, full
SLACK = 64  # bytes behind the last one that may be looked at
HARD = 4096  # numbers that wait for float() at most

POW10 = tuple(10.0**k for k in range(19))
POW10_WHOLE = tuple(10**k for k in range(19))
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
def all_digits(v: int) -> bool:
    """Whether eight bytes are digits."""
    return ((v & HIGH) | (((v + SIXES) & HIGH) >> 4)) == THREES


@inline
def eight(digits: int) -> int:
    """The number that eight ASCII digits make, the first one in the lowest byte: pairs, then fours, then all."""
    v = digits - ZEROS
    v = v * 10 + (v >> 8)
    return (((v & PAIRS) * PAIR_1) + (((v >> 16) & PAIRS) * PAIR_2)) >> 32


@inline
def whole_told(m: int, n: int, demanded: int, most: int) -> bool:
    """Whether n digits are a number that may be so; m is what they gave, below 0 where 19 of them have wrapped.

    demanded  how many digits it must have, 0 for any;  most: the largest m
    """
    return 0 < n <= 19 and (demanded == 0 or n == demanded) and 0 <= m <= most


@inline
def above(high: int, low: int, other_high: int, other_low: int) -> bool:
    """Whether one number of 128 bits is more than another; their lower halves have no sign."""
    return high > other_high or (high == other_high and (low ^ TOP) > (other_low ^ TOP))


@inline
def quotient(found: float, m: int, ten: int) -> float:
    """The float nearest to m / ten for 2**53 < m < 10**18 and ten one of 10**0, ... 10**18; -1.0: not told here.

    found  float(m) / float(ten), of which m alone is rounded before: less than 1.5 units in the last place off, and so
           at most one float

    found is c * 2**q, and m * 2**(1 - q) against (2 * c +- 1) * ten says on which side of the two halfway points about
    it the number lies; both have at most 120 bits.  A power of two, whose neighbours are not equally far, the float
    before one, and what is above 2**53 are left to float().  The caller looks `ten` up: a look-up may raise, for all
    the compiler knows, and a helper that raises and is not inlined leaves the exception in the machine code, which no
    image can hold.
    """
    bits = bits_of(found)
    c = (bits & ((1 << 52) - 1)) | (1 << 52)
    shift = 1076 - (bits >> 52)  # 1 - q: at most 60, as found > 2**53 / 10**18
    if shift < 1 or c == 1 << 52 or c == (1 << 53) - 1:
        return -1.0
    high, low = m >> (64 - shift), m << shift
    more, less = 2 * c + 1, 2 * c - 1
    more_high, more_low = upper_product(more, ten), more * ten
    less_high, less_low = upper_product(less, ten), less * ten
    odd = c & 1 == 1  # a tie goes to the even one
    if above(high, low, more_high, more_low) or (odd and high == more_high and low == more_low):
        return float_of(bits + 1)
    if above(less_high, less_low, high, low) or (odd and high == less_high and low == less_low):
        return float_of(bits - 1)
    return found


@inline
def digits(text: U1, p: int, m: int) -> tuple[int, int]:
    """The number that m and the digits from p on behind it make, and where they end; 19 of them may wrap."""
    x = int(text[p & INDEX]) - 48
    while 0 <= x <= 9:
        m = m * 10 + x
        p += 1
        x = int(text[p & INDEX]) - 48
    return m, p


@inline
def many_digits(text: U1, p: int) -> tuple[int, int]:
    """As `digits`, where eight of them are likely."""
    v = load8(text, p)
    return digits(text, p + 8, eight(v)) if all_digits(v) else digits(text, p, 0)


@inline
def nearest(m: int, ten: float, whole_ten: int) -> float:
    """The float nearest to m / ten for m < 10**18, ten one of 10**0, ... 10**18 in both forms; -1.0: not told here.

    The caller looks them up without INDEX, with which it takes half as long again.
    """
    found = float(m) / ten
    return quotient(found, m, whole_ten) if m > EXACT else found


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
    c = text[p]  # as it stands: with bit 32 set a control character would be a digit
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
    c = text[p]
    if c == 45 and text[p + 1] == 49:
        return -1, p + 2
    return (1 if c == 49 else 0), (p + 1 if c == 48 or c == 49 else -1)


@inline
def spelled(text: U1, begin: int, past: int, mixed: int, names: U1, ends: I8, slots: I8) -> int:
    """The number, from 1 on, of the spelling text[begin:past] among those of `symbols.Spellings`; 0 for none.

    mixed  its hash, for which mixed = (mixed ^ byte) * FACTOR has been done for each byte from 0 on
    """
    at = (mixed ^ ((mixed >> 32) & LOW)) & (len(slots) - 1)
    number = slots[at & INDEX]
    while number > 0:
        q = ends[(number - 1) & INDEX]
        n = ends[number & INDEX] - q
        i = 0
        if n == past - begin:
            while i < n and names[(q + i) & INDEX] == text[(begin + i) & INDEX]:
                i += 1
            if i == n:
                break
        at = (at + 1) & (len(slots) - 1)
        number = slots[at & INDEX]
    return number
