"""The parsing kernel: bytes of delimited text to columns, driven by one table row per CSV field.

Every number that `text_kernel`'s divisions do not give goes on a list of (start, end, place) that float()
works off, so that each value is the one that float() gives, bit for bit.  A row that is not plain stops the kernel
at its first byte: the caller reads that row in Python, or says what is wrong with it.
"""

from __future__ import annotations

import math

from hq_core.formats.text_kernel import (
    BOOL,
    FACTOR,
    FULL,
    INDEX,
    ISO,
    MAKER,
    ODD,
    OTHER,
    PLAIN,
    POW10,
    POW10_WHOLE,
    REAL,
    SERIES,
    SKIP,
    SYMBOL,
    WHOLE,
    digits,
    iso,
    many_digits,
    nearest,
    side,
    spelled,
    truth,
    whole_told,
)
from hq_core.jit import F8, I1, I4, I8, U1, State, kernel


@kernel(state="pos:i8 rows:i8 stop:i8 hard:i8 begin:i8 past:i8")
def parse(
    text: U1,
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

    text       the bytes; text[end - 1] is a newline, so that no scan inside a row can leave them, and SLACK bytes more
               may be looked at
    delimiter  the byte between fields;  point: the byte before decimals
    op         per CSV field: SKIP REAL WHOLE MAKER SIDE BOOL ISO SERIES SYMBOL
    place      per CSV field: where the column's row 0 lies in the output block, counted in the column's own width
    times plus the stored value is v * times + plus (WHOLE, |v| <= most), v + plus (ISO)
    check      REAL: 1 where an empty field is NaN; WHOLE: the number of digits demanded, 0 for any; ISO: 1 with a zone,
               0 without
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
                if quoted:
                    c = text[p & INDEX]
                    while c != 34 and c != 10:
                        p += 1
                        c = text[p & INDEX]
                else:
                    c = text[p & INDEX]
                    while c != delimiter and c != 10 and c != 13:
                        p += 1
                        c = text[p & INDEX]
            elif kind == REAL:
                begin = p
                negative = text[p & INDEX] == 45
                if negative:
                    p += 1
                d, q = 0, p
                m, p = digits(text, p, 0)
                n = p - q
                if text[p & INDEX] == point:
                    q = p + 1
                    m, p = digits(text, q, m)
                    d = p - q
                    n += d
                c = text[p & INDEX]
                ends_it = c == delimiter or c == 10 or c == 13
                v, told = 0.0, False
                if 0 < n <= 18:
                    v = nearest(m, POW10[d], POW10_WHOLE[d])
                    told = v >= 0.0 and (ends_it or c == 34)
                elif p == begin and check[f & INDEX] == 1:
                    v, told = math.nan, ends_it and not quoted
                if told:
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
                q = p
                m, p = many_digits(text, p)
                n = p - q
                if not whole_told(m, n, check[f & INDEX], most[f & INDEX]):
                    good = False
                    break
                if negative:
                    m = -m
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
                number = spelled(text, begin, p, mixed, names, ends, slots)
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
