"""Operators of the strategy language, column by column.

A condition is 1.0 or 0.0; where it is not known (history before the first row, another stream before its
first row) it is false.  A comparison with nan is false, `!=` as well, and so NOT of it is true.
"""

from __future__ import annotations

import math

from hq_core.jit import B1, F8, I1, I4, I8, State, kernel
from hq_core.kernels.lag import keep_last, lagged
from hq_core.kernels.maths.modulo import modulo
from hq_core.kernels.maths.power import pow


@kernel()
def add(x: F8, y: F8, out: F8) -> None:
    for i in range(len(x)):
        out[i] = x[i] + y[i]


@kernel()
def sub(x: F8, y: F8, out: F8) -> None:
    for i in range(len(x)):
        out[i] = x[i] - y[i]


@kernel()
def mul(x: F8, y: F8, out: F8) -> None:
    for i in range(len(x)):
        out[i] = x[i] * y[i]


@kernel()
def div(x: F8, y: F8, out: F8) -> None:
    """x / y; nan where y is 0, as an infinite ratio would pass every threshold."""
    for i in range(len(x)):
        under = y[i]
        out[i] = x[i] / (under if under != 0.0 else math.nan)


@kernel()
def mod(x: F8, y: F8, out: F8) -> None:
    """x - y floor(x / y): of the sign of y; nan where y is 0."""
    for i in range(len(x)):
        out[i] = modulo(x[i], y[i])


@kernel()
def power(x: F8, y: F8, out: F8) -> None:
    for i in range(len(x)):
        out[i] = pow(x[i], y[i])


@kernel()
def neg(x: F8, out: F8) -> None:
    for i in range(len(x)):
        out[i] = -x[i]


@kernel()
def abs_(x: F8, out: F8) -> None:
    for i in range(len(x)):
        out[i] = abs(x[i])


@kernel()
def min_(x: F8, y: F8, out: F8) -> None:
    """The smaller one; nan where either is nan."""
    for i in range(len(x)):
        a, b = x[i], y[i]
        out[i] = a if a <= b or a != a else b


@kernel()
def max_(x: F8, y: F8, out: F8) -> None:
    """The larger one; nan where either is nan."""
    for i in range(len(x)):
        a, b = x[i], y[i]
        out[i] = a if a >= b or a != a else b


@kernel()
def lt(x: F8, y: F8, out: F8) -> None:
    for i in range(len(x)):
        out[i] = 1.0 if x[i] < y[i] else 0.0


@kernel()
def le(x: F8, y: F8, out: F8) -> None:
    for i in range(len(x)):
        out[i] = 1.0 if x[i] <= y[i] else 0.0


@kernel()
def gt(x: F8, y: F8, out: F8) -> None:
    for i in range(len(x)):
        out[i] = 1.0 if x[i] > y[i] else 0.0


@kernel()
def ge(x: F8, y: F8, out: F8) -> None:
    for i in range(len(x)):
        out[i] = 1.0 if x[i] >= y[i] else 0.0


@kernel()
def eq(x: F8, y: F8, out: F8) -> None:
    for i in range(len(x)):
        out[i] = 1.0 if x[i] == y[i] else 0.0


@kernel()
def ne(x: F8, y: F8, out: F8) -> None:
    for i in range(len(x)):
        out[i] = 1.0 if x[i] < y[i] or x[i] > y[i] else 0.0


@kernel()
def and_(x: F8, y: F8, out: F8) -> None:
    for i in range(len(x)):
        out[i] = 1.0 if (x[i] == 1.0) & (y[i] == 1.0) else 0.0


@kernel()
def or_(x: F8, y: F8, out: F8) -> None:
    for i in range(len(x)):
        out[i] = 1.0 if (x[i] == 1.0) | (y[i] == 1.0) else 0.0


@kernel()
def not_(x: F8, out: F8) -> None:
    for i in range(len(x)):
        out[i] = 0.0 if x[i] == 1.0 else 1.0


@kernel()
def where(condition: F8, x: F8, y: F8, out: F8) -> None:
    """x where the condition holds, else y."""
    for i in range(len(x)):
        out[i] = x[i] if condition[i] == 1.0 else y[i]


@kernel()
def nz(x: F8, y: F8, out: F8) -> None:
    """x, or y where x is nan."""
    for i in range(len(x)):
        out[i] = x[i] if x[i] == x[i] else y[i]


@kernel()
def na(x: F8, out: F8) -> None:
    for i in range(len(x)):
        out[i] = 1.0 if x[i] != x[i] else 0.0


@kernel()
def sign(x: F8, out: F8) -> None:
    """1, -1 or 0, which has no sign of its own; nan where x is."""
    for i in range(len(x)):
        value = x[i]
        out[i] = 1.0 if value > 0.0 else -1.0 if value < 0.0 else 0.0 if value == 0.0 else value


@kernel(state="below")
def crossover(x: F8, y: F8, s: State, out: F8) -> None:
    """True where x is above y and was at or below it one row before.  s.below: 1 if it was."""
    below = s.below
    for i in range(len(x)):
        out[i] = below if x[i] > y[i] else 0.0
        below = 1.0 if x[i] <= y[i] else 0.0
    s.below = below


@kernel(state="above")
def crossunder(x: F8, y: F8, s: State, out: F8) -> None:
    """True where x is below y and was at or above it one row before.  s.above: 1 if it was."""
    above = s.above
    for i in range(len(x)):
        out[i] = above if x[i] < y[i] else 0.0
        above = 1.0 if x[i] >= y[i] else 0.0
    s.above = above


@kernel(state="below above")
def cross(x: F8, y: F8, s: State, out: F8) -> None:
    """True where crossover or crossunder is.  s.below, s.above: 1 if x was at or below, at or above y."""
    below = s.below
    above = s.above
    for i in range(len(x)):
        out[i] = below if x[i] > y[i] else above if x[i] < y[i] else 0.0
        below = 1.0 if x[i] <= y[i] else 0.0
        above = 1.0 if x[i] >= y[i] else 0.0
    s.below = below
    s.above = above


@kernel(state="head:i8<bars seen:i8<=bars")
def lag(x: F8, bars: int, s: State, ring: F8, out: F8) -> None:
    """The value of `bars` rows before; nan for the first `bars` rows.

    s     head: slot of the oldest row; seen: rows so far, up to bars
    ring  (bars,)  the last rows (kernels/lag.py)
    """
    head = max(s.head, 0)
    seen = s.seen
    back = max(bars, 1)  # it is never below 1; said here, indexing tests no signs and the loop is a plain copy
    n = len(x)
    for i in range(min(n, back)):
        out[i] = lagged(ring, bars, head, seen, i)
    for i in range(n - back):
        out[i + back] = x[i]
    s.head = keep_last(x, ring, bars, head)
    s.seen = min(seen + n, bars)


@kernel()
def as_float(x: I8, out: F8) -> None:
    """Whole numbers as float64."""
    for i in range(len(x)):
        out[i] = float(x[i])


@kernel()
def as_float_i4(x: I4, out: F8) -> None:
    for i in range(len(x)):
        out[i] = float(x[i])


@kernel()
def as_float_i1(x: I1, out: F8) -> None:
    for i in range(len(x)):
        out[i] = float(x[i])


@kernel()
def as_float_b1(x: B1, out: F8) -> None:
    """A truth as 1.0 or 0.0."""
    for i in range(len(x)):
        out[i] = 1.0 if x[i] else 0.0


@kernel()
def is_code(codes: I4, code: int, out: F8) -> None:
    """1 where the code is this one."""
    for i in range(len(codes)):
        out[i] = 1.0 if codes[i] == code else 0.0


AS_FLOAT = {"i8": as_float, "i4": as_float_i4, "i1": as_float_i1, "b1": as_float_b1}


@kernel(state="at:i8<=known")
def asof(ts: I8, known: I8, s: State, row: I8) -> None:
    """How many values are known at each row's ts.

    ts      (n,)  ns UTC of the rows, ascending
    known   (m,)  ns UTC at which each value became known, ascending
    s       at: values known at the last row before
    row     (n,)  0..m
    """
    at = s.at
    for i in range(len(ts)):
        while at < len(known) and known[at] <= ts[i]:
            at += 1
        row[i] = at
    s.at = at


@kernel()
def take(row: I8, values: F8, out: F8) -> None:
    """The last of the first row[i] values; nan where there is none."""
    for i in range(len(row)):
        out[i] = values[row[i] - 1] if row[i] > 0 else math.nan


@kernel(state="seen:i8")
def skip(x: F8, rows: int, s: State, out: F8) -> None:
    """x, but nan in its first `rows` finite rows.  s.seen: finite rows so far, up to rows."""
    seen = s.seen
    for i in range(len(x)):
        value = x[i]
        finite = value - value == 0.0
        out[i] = value if seen >= rows else math.nan
        seen += 1 if finite and seen < rows else 0
    s.seen = seen


@kernel()
def together(x: F8, y: F8, out_x: F8, out_y: F8) -> None:
    """x and y, both nan in a row where one of them is not finite."""
    for i in range(len(x)):
        known = (x[i] - x[i]) + (y[i] - y[i]) == 0.0
        out_x[i] = x[i] if known else math.nan  # one nan: of two that are added the machine code chooses either
        out_y[i] = y[i] if known else math.nan


@kernel()
def together_three(x: F8, y: F8, z: F8, out_x: F8, out_y: F8, out_z: F8) -> None:
    """x, y and z, all nan in a row where one of them is not finite."""
    for i in range(len(x)):
        known = (x[i] - x[i]) + (y[i] - y[i]) + (z[i] - z[i]) == 0.0
        out_x[i] = x[i] if known else math.nan
        out_y[i] = y[i] if known else math.nan
        out_z[i] = z[i] if known else math.nan
