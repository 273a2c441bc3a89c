"""The kernel that finds where the elements of a JSON stream begin and end."""

from __future__ import annotations

from hq_core.jit import I8, U1, State, kernel

DEEP = 64  # levels of objects and arrays in one element
BAD, TOO_DEEP = 1, 2  # why the search for elements stopped


@kernel(state="pos:i8 depth:i8 count:i8 stop:i8")
def elements(text: U1, end: int, base: int, bounds: I8, s: State) -> None:
    """Find the objects and arrays that lie `base` deep: (start, past the end, colons) of each that has come whole.

    base   0: they follow each other; 1: they are the elements of an array, or of several
    s      pos: where the first one that is not whole begins; depth: how deep that is; stop: BAD at a byte that can
           not stand between two, TOO_DEEP at one that opens level DEEP
    """
    p, depth, n, pairs = s.pos, s.depth, 0, 0
    start, string = p, False
    s.stop = 0
    while p < end and n + 3 <= len(bounds):
        c = text[p]
        if string:
            if c == 92:
                p += 1
            elif c == 34:
                string = False
        elif c == 34 and depth > base:
            string = True
        elif c == 58 and depth > base:
            pairs += 1
        elif c == 123 or c == 91:
            if depth == base:
                start = p
                pairs = 0
            depth += 1
            if depth > base + DEEP:
                s.stop = TOO_DEEP
                break
        elif c == 125 or c == 93:
            depth -= 1
            if depth < 0:
                s.stop = BAD
                break
            if depth == base:
                bounds[n] = start
                bounds[n + 1] = p + 1
                bounds[n + 2] = pairs
                n += 3
                start = p + 1
        elif depth <= base and not (c == 32 or c == 10 or c == 13 or c == 9 or (c == 44 and depth == 1)):
            s.stop = BAD
            break
        p += 1
        if depth <= base:
            start = p
            s.depth = depth
    s.pos, s.count = start, n // 3
    if s.stop != 0:
        s.pos = p
