"""The kernel that reads prices and quantities, which messages have as texts."""

from __future__ import annotations

from hq_core.formats.text_kernel import INDEX, POW10, POW10_WHOLE, digits, nearest
from hq_core.jit import F8, U1, State, kernel


@kernel(state="odd:i8 zeros:i8")
def numbers(text: U1, out: F8, s: State) -> None:
    """The number of each line of text.

    text  as many lines as `out` has places, each with its newline, and 64 bytes more
    s     odd: numbers that are not told here, of which `out` has -1: no digits and a point, or more than 18 digits;
          zeros: at even places, where prices stand, how many are 0
    """
    p, odd, zeros = 0, 0, 0
    for i in range(len(out)):
        d, q = 0, p
        m, p = digits(text, p, 0)
        n = p - q
        if text[p & INDEX] == 46:
            q = p + 1
            m, p = digits(text, q, m)
            d = p - q
            n += d
        v = -1.0
        if 0 < n <= 18 and text[p & INDEX] == 10:
            v = nearest(m, POW10[d], POW10_WHOLE[d])
        if v < 0.0:
            v = -1.0
            odd += 1
            while text[p & INDEX] != 10:
                p += 1
        zeros += v == 0.0 and i % 2 == 0
        out[i] = v
        p += 1
    s.odd = odd
    s.zeros = zeros
