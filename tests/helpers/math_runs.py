"""Our elementary functions in kernels, all of them over one column."""

from __future__ import annotations

import hashlib
import math
import random
from array import array
from collections.abc import Iterable

from hq_core.jit import F8, Cell, kernel
from hq_core.kernels.maths.arc import acos, asin, atan
from hq_core.kernels.maths.exp import exp
from hq_core.kernels.maths.hyperbolic import cosh, sinh, tanh
from hq_core.kernels.maths.log import ln, log10
from hq_core.kernels.maths.power import pow
from hq_core.kernels.maths.trig import cos, sin, tan

ONE = {f.__name__: f for f in (exp, ln, log10, sin, cos, tan, asin, acos, atan, sinh, cosh, tanh)}


@kernel()
def every(
    x: F8,
    out_exp: F8,
    out_ln: F8,
    out_log10: F8,
    out_sin: F8,
    out_cos: F8,
    out_tan: F8,
    out_asin: F8,
    out_acos: F8,
    out_atan: F8,
    out_sinh: F8,
    out_cosh: F8,
    out_tanh: F8,
) -> None:
    for i in range(len(x)):
        out_exp[i] = exp(x[i])
        out_ln[i] = ln(x[i])
        out_log10[i] = log10(x[i])
        out_sin[i] = sin(x[i])
        out_cos[i] = cos(x[i])
        out_tan[i] = tan(x[i])
        out_asin[i] = asin(x[i])
        out_acos[i] = acos(x[i])
        out_atan[i] = atan(x[i])
        out_sinh[i] = sinh(x[i])
        out_cosh[i] = cosh(x[i])
        out_tanh[i] = tanh(x[i])


@kernel()
def powers(x: F8, y: F8, out: F8) -> None:
    for i in range(len(x)):
        out[i] = pow(x[i], y[i])


def run(x: Iterable[float]) -> dict[str, array[float]]:
    """Each function's values over the column."""
    column = array("d", x)
    cell = Cell(every)
    cell.buffer("x", column)
    found = {name: array("d", bytes(8 * len(column))) for name in ONE}
    for name, out in found.items():
        cell.buffer(f"out_{name}", out)
    cell.run()
    return found


def raised(pairs: Iterable[tuple[float, float]]) -> array[float]:
    """pow(x, y) of each pair."""
    x, y = (array("d", column) for column in zip(*pairs))
    out = array("d", bytes(8 * len(x)))
    cell = Cell(powers)
    for name, column in (("x", x), ("y", y), ("out", out)):
        cell.buffer(name, column)
    cell.run()
    return out


def spread(rng: random.Random, low: int, high: int, count: int) -> list[float]:
    """Numbers of both signs, of all sizes from 2^low to 2^high alike."""
    return [rng.choice((1, -1)) * math.ldexp(rng.uniform(0.5, 1), rng.randint(low, high)) for _ in range(count)]


SPECIAL = [0.0, 1.0, 0.5, 2.0, 5e-324, 2.0**-1022, 1e308, 709.7, 745.0, 1e22, math.inf]
SPECIAL += [-value for value in SPECIAL] + [math.nan]


def sample() -> list[float]:
    rng = random.Random(3)
    return SPECIAL + spread(rng, -1073, 1024, 400) + spread(rng, -8, 10, 400)


def sample_pairs() -> list[tuple[float, float]]:
    rng = random.Random(4)
    near = [(abs(x), y) for x, y in zip(spread(rng, -20, 20, 400), spread(rng, -9, 5, 400))]
    return [(x, y) for x in SPECIAL for y in SPECIAL] + near


def digest() -> str:
    """Of the bits of all functions over both samples."""
    columns = [*run(sample()).values(), raised(sample_pairs())]
    return hashlib.sha256(b"".join(column.tobytes() for column in columns)).hexdigest()
