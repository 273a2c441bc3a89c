"""The kernel that reads JSON elements of one form: their keys known, in any order, their values by a table.

A form is a list of steps, one for each key on all levels (for an array one for each place), with the bytes of its key.
What it takes is JSON, and means what the slow way (`jsonl`, `shapes`) makes of it; everything else, escapes, further,
missing and repeated keys, stops it at the element's first byte.  Behind the bytes that have come stands a zero, which
nothing here passes, so that no scan leaves them: an element that is cut is one that stops it.
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
    SIDE,
    SKIP,
    SYMBOL,
    WHOLE,
    digits,
    iso,
    many_digits,
    nearest,
    side,
    spelled,
    whole_told,
)
from hq_core.jit import F8, I1, I4, I8, U1, State, inline, kernel, load8

CONST, INSIDE, FOUR, ONE = range(9, 13)  # more: a text that must stand there, an object, WHOLE of 4 and 1 byte
NAKED, EITHER, QUOTED = range(3)  # whether a value may stand between quotes
EMPTY, TRUTH = 1, 2
ENTRY = 5  # numbers in `hard` for a value
MOST_SKIPPED = 200  # digits of a number that is not read: with an exponent of two digits it is no infinity


@inline
def alike(text: U1, p: int, pieces: I8, masks: I8, at: int, n: int) -> bool:
    """Whether the n bytes at p are those of the piece that begins at word `at`."""
    while n > 0:
        if load8(text, p) & masks[at & INDEX] != pieces[at & INDEX]:
            return False
        at += 1
        p += 8
        n -= 8
    return True


@inline
def blank(c: int) -> bool:
    return c == 32 or c == 10 or c == 13 or c == 9


@inline
def string_end(text: U1, p: int) -> int:
    """The closing quote of a string of plain characters at p, its first one; -1 where another stands in it."""
    c = text[p & INDEX]
    while c != 34:
        if c < 32 or c > 126 or c == 92:
            return -1
        p += 1
        c = text[p & INDEX]
    return p


@inline
def truth_of(text: U1, p: int) -> tuple[int, int]:
    """true or false at p: (1 or 0, next p); the next p is -1 when it is neither."""
    v = load8(text, p)
    if v & 0xFFFFFFFF == 0x65757274:
        return 1, p + 4
    return 0, (p + 5 if v & 0xFFFFFFFFFF == 0x65736C6166 else -1)


@kernel(state="pos:i8 rows:i8 stop:i8 hard:i8 begin:i8 stamp:i8")
def read(
    text: U1,
    limit: int,
    room: int,
    opener: int,
    comma: int,
    pieces: I8,
    masks: I8,
    key: I8,
    length: I8,
    first: I8,
    past: I8,
    outer: I8,
    op: I8,
    place: I8,
    times: I8,
    plus: I8,
    most: I8,
    check: I8,
    quotes: I8,
    word: I8,
    told: I8,
    names: U1,
    ends: I8,
    codes: I8,
    slots: I8,
    marks: I8,
    whole: I8,
    real: F8,
    four: I4,
    small: I1,
    hard: I8,
    s: State,
) -> None:
    """Read elements from s.pos on, until one begins at `limit`, until `room` rows are there, or until one is not plain.

    text            the bytes, with a zero behind the last one that has come and SLACK bytes more that may be looked at
    opener          the byte that begins an element: { or [;  comma: 1 where commas may stand between two
    pieces masks    texts to be compared, eight bytes at a time, and which of them count
    key length      per step: where its key with quotes and colon begins in pieces, and its bytes; none in an array
    first past outer   per object: its steps, and the step that it is the value of; object 0 is the element
    op              per step: SKIP REAL WHOLE MAKER SIDE BOOL ISO SERIES SYMBOL CONST INSIDE FOUR ONE
    place           as in `csv_kernel.parse`;  INSIDE: the object;  CONST, SERIES: where the text begins in pieces
    times plus      the stored value is v * times + plus (WHOLE, FOUR, ONE), v + plus (ISO)
    most            WHOLE, FOUR, ONE: the largest |v|;  CONST, SERIES: bytes of the text
    check           WHOLE: digits demanded, 0 for any;  ISO: 1 with a zone, 0 without;  REAL: EMPTY where null is NaN,
                    TRUTH where true is 1.0
    quotes          NAKED EITHER QUOTED
    word            per step and one more: its words in `told`; a text is that of a code
    told            per word: where it begins in pieces, its bytes, its code
    names ends codes slots   of `symbols.Spellings`
    marks           per step: scratch
    whole real four small    the output block, seen as int64, float64, int32 and int8
    hard            out: (start, end, step, row, start of the element) of each number that is left to Python
    s               pos rows stop hard as of `csv_kernel.parse`; begin: of the symbol of another series that stopped
                    it as OTHER, -1 if it was something else; stamp: of marks
    """
    steps = len(op)
    closer = opener + 2
    p, k, h, stamp = s.pos, s.rows, s.hard, s.stamp
    enough = len(hard) - ENTRY * steps
    stop = PLAIN
    while True:
        c = text[p & INDEX]
        while blank(c) or (c == 44 and comma == 1):
            p += 1
            c = text[p & INDEX]
        if p >= limit or k >= room:
            break
        if h > enough:
            stop = FULL
            break
        start, mark = p, h
        good = c == opener
        p += 1
        stamp += 1
        inside, expected, found = 0, first[0], 0
        while good:
            c = text[p & INDEX]
            while blank(c):
                p += 1
                c = text[p & INDEX]
            # the key
            last = past[inside & INDEX]
            f = expected
            if f >= last or not alike(text, p, pieces, masks, key[f & INDEX], length[f & INDEX]):
                f = first[inside & INDEX]
                while f < last and not alike(text, p, pieces, masks, key[f & INDEX], length[f & INDEX]):
                    f += 1
                if f >= last:
                    good = False
                    break
            if marks[f & INDEX] == stamp:
                good = False
                break
            marks[f & INDEX] = stamp
            found += 1
            expected = f + 1
            p += length[f & INDEX]
            c = text[p & INDEX]
            while blank(c):
                p += 1
                c = text[p & INDEX]
            # the value
            kind = op[f & INDEX]
            begin = p
            if kind in (CONST, SERIES):
                n = most[f & INDEX]
                if not alike(text, p, pieces, masks, place[f & INDEX], n):
                    s.begin = p if kind == SERIES else -1
                    stop = OTHER
                    good = False
                    break
                p += n
            elif kind == INSIDE:
                if c != 123:
                    good = False
                    break
                inside = place[f & INDEX]
                expected = first[inside & INDEX]
                p += 1
                continue
            elif kind in (MAKER, BOOL):
                v_bit, p = truth_of(text, p)
                if p < 0:
                    good = False
                    break
                small[(place[f & INDEX] + k) & INDEX] = v_bit if kind == BOOL else 1 - 2 * v_bit
            else:
                quoted = c == 34
                if (quoted and quotes[f & INDEX] == NAKED) or (not quoted and quotes[f & INDEX] == QUOTED):
                    good = False
                    break
                if quoted:
                    p += 1
                    c = text[p & INDEX]
                if kind == ISO:
                    v_ns, p = iso(text, p, check[f & INDEX])
                    if p < 0:
                        good = False
                        break
                    whole[(place[f & INDEX] + k) & INDEX] = v_ns + plus[f & INDEX]
                elif kind == SYMBOL:
                    mixed = 0
                    while c != 34 and c > 31:
                        mixed = (mixed ^ int(c)) * FACTOR
                        p += 1
                        c = text[p & INDEX]
                    number = spelled(text, begin + 1, p, mixed, names, ends, slots)
                    if number == 0:
                        s.begin = -1
                        stop = OTHER
                        good = False
                        break
                    four[(place[f & INDEX] + k) & INDEX] = codes[(number - 1) & INDEX]
                elif kind == SIDE:
                    v_bit, p = side(text, p)
                    if p < 0 or not (quoted or c == 45 or 48 <= c <= 57):
                        good = False
                        break
                    small[(place[f & INDEX] + k) & INDEX] = v_bit
                elif quoted and kind == SKIP:
                    p = string_end(text, p)
                    if p < 0:
                        good = False
                        break
                elif quoted and word[f & INDEX] < word[(f + 1) & INDEX]:
                    w = word[f & INDEX]
                    while w < word[(f + 1) & INDEX]:
                        n = told[(3 * w + 1) & INDEX]
                        if text[(p + n) & INDEX] == 34 and alike(text, p, pieces, masks, told[(3 * w) & INDEX], n):
                            break
                        w += 1
                    if w == word[(f + 1) & INDEX]:
                        good = False
                        break
                    p += told[(3 * w + 1) & INDEX]
                    m = told[(3 * w + 2) & INDEX]
                    if kind == WHOLE:
                        whole[(place[f & INDEX] + k) & INDEX] = m
                    elif kind == FOUR:
                        four[(place[f & INDEX] + k) & INDEX] = m
                    else:
                        small[(place[f & INDEX] + k) & INDEX] = m
                elif not quoted and c > 57:  # null, true, false
                    v_bit, p = truth_of(text, p)
                    null = load8(text, begin) & 0xFFFFFFFF == 0x6C6C756E
                    if kind == REAL and check[f & INDEX] & (EMPTY if null else TRUTH if p >= 0 else 0) != 0:
                        real[(place[f & INDEX] + k) & INDEX] = math.nan if null else float(v_bit)
                    elif kind != SKIP or (p < 0 and not null):
                        good = False
                        break
                    if null:
                        p = begin + 4
                else:
                    negative = c == 45
                    if negative:
                        p += 1
                    d, q = 0, p
                    m, p = many_digits(text, p) if kind == WHOLE else digits(text, p, 0)
                    n = p - q
                    point = text[p & INDEX] == 46
                    if not quoted and (n == 0 or (n > 1 and text[q & INDEX] == 48)):
                        good = False
                        break
                    if kind != REAL and kind != SKIP:
                        if not whole_told(m, n, check[f & INDEX], most[f & INDEX]):
                            good = False
                            break
                        if negative:
                            m = -m
                        m = m * times[f & INDEX] + plus[f & INDEX]
                        if kind == WHOLE:
                            whole[(place[f & INDEX] + k) & INDEX] = m
                        elif kind == FOUR:
                            four[(place[f & INDEX] + k) & INDEX] = m
                        else:
                            small[(place[f & INDEX] + k) & INDEX] = m
                    else:
                        if point:
                            q = p + 1
                            m, p = digits(text, q, m)
                            d = p - q
                            n += d
                            if d == 0 and not quoted:
                                good = False
                                break
                        c = text[p & INDEX]
                        if kind == SKIP:
                            if c | 32 == 101:  # E, e
                                c = text[(p + 1) & INDEX]
                                p += 2 if c == 43 or c == 45 else 1
                                q = p
                                while 48 <= text[p & INDEX] <= 57:
                                    p += 1
                                if p == q or p > q + 2:
                                    good = False
                                    break
                            if n > MOST_SKIPPED:
                                good = False
                                break
                        else:
                            v = -1.0
                            if 0 < n <= 18 and (c == 34 if quoted else c == 44 or c == 125 or c == 93 or c < 33):
                                v = nearest(m, POW10[d], POW10_WHOLE[d])
                            if v >= 0.0:
                                # JSON's -0 is the whole number 0
                                if negative and (m > 0 or quoted or point):
                                    v = -v
                                real[(place[f & INDEX] + k) & INDEX] = v
                            else:
                                if quoted:
                                    p = string_end(text, p)
                                    if p < 0:
                                        good = False
                                        break
                                else:
                                    while c != 44 and c != 125 and c != 93 and c > 32:
                                        p += 1
                                        c = text[p & INDEX]
                                hard[h & INDEX], hard[(h + 1) & INDEX] = begin, p + (1 if quoted else 0)
                                hard[(h + 2) & INDEX], hard[(h + 3) & INDEX], hard[(h + 4) & INDEX] = f, k, start
                                h += ENTRY
                if quoted:
                    if text[p & INDEX] != 34:
                        good = False
                        break
                    p += 1
            # what follows it
            c = text[p & INDEX]
            while blank(c):
                p += 1
                c = text[p & INDEX]
            while c == 125 and inside > 0:
                f = outer[inside & INDEX]
                expected = f + 1
                inside = 0
                while past[inside & INDEX] <= f:
                    inside += 1
                p += 1
                c = text[p & INDEX]
                while blank(c):
                    p += 1
                    c = text[p & INDEX]
            p += 1
            if c != 44:
                good = c == closer and inside == 0 and found == steps
                break
        if not good:
            if stop == PLAIN:
                stop = ODD
            p, h = start, mark
            break
        k += 1
    s.pos, s.rows, s.stop, s.hard, s.stamp = p, k, stop, h, stamp
