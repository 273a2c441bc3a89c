"""Our elementary functions against mpmath, their special values against C99, and the same bits on every way."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
from array import array
from collections.abc import Iterable

import mpmath
import pytest
from math_runs import ONE, digest, raised, run, sample, sample_pairs, spread
from mpmath import mp, mpf
from places import ROOT

from hq_core.jit import bits_of, float_of
from hq_core.kernels.maths.power import pow

COUNT = 500
# The largest difference found over 60 000 arguments each, in units in the last place, rounded up.
WITHIN = {
    "exp": 0.76,
    "ln": 0.66,
    "log10": 0.60,
    "sin": 0.60,
    "cos": 0.56,
    "tan": 0.59,
    "asin": 0.66,
    "acos": 0.64,
    "atan": 0.52,
    "sinh": 0.78,
    "cosh": 0.56,
    "tanh": 0.66,
}
TURNING = ("sin", "cos", "tan")
WORST = 6381956970095103 * 2.0**797  # of all float64 the nearest to a multiple of pi / 2


def between(low: float, high: float, rng: random.Random) -> list[float]:
    return [rng.uniform(low, high) for _ in range(COUNT)]


def arguments(name: str) -> list[float]:
    """Of all sizes, around where the method changes, and near zeros."""
    rng = random.Random(name)
    if name in TURNING:
        quarters = [float(mp.pi / 2 * n) for n in range(-200, 200) if n]
        large = [math.ldexp(float(mp.pi / 2 * n), 30) for n in range(1, 50)]
        near = between(-4, 4, rng) + between(-1e6, 1e6, rng) + [0.7853981633974483, 0.7853981633974484]
        return spread(rng, -1073, 1024, COUNT) + near + quarters + large + [WORST]
    if name in ("ln", "log10"):
        near = between(0.5, 2, rng) + between(0.99, 1.01, rng) + between(0.7, 0.715, rng)
        return [abs(x) for x in spread(rng, -1073, 1024, COUNT)] + near + [5e-324, 2.0**-1022]
    if name in ("asin", "acos"):
        ends = [s * (1.0 - 2.0**-n) for n in range(1, 54) for s in (1, -1)]
        return spread(rng, -1073, 0, COUNT) + between(-1, 1, rng) + between(0.49, 0.51, rng) + ends
    if name == "atan":
        return spread(rng, -1073, 1024, COUNT) + between(-4, 4, rng) + [0.4375, 0.6875, 1.1875, 2.4375, 1e17]
    low, high = (-745.1, 709.78) if name == "exp" else (-710.4, 710.4)
    return spread(rng, -60, 9, COUNT) + between(low, high, rng) + between(-1, 1, rng) + between(low, low + 40, rng)


def apart(found: float, true: mpf) -> float:
    """The difference in units in the last place of the true value."""
    return float(abs(mpf(found) - true) / mpf(math.ulp(float(true))))


@pytest.mark.parametrize("name", ONE)
def test_a_function_is_within_one_unit_in_the_last_place(name: str) -> None:
    column = arguments(name)
    exact = getattr(mpmath, "log" if name == "ln" else name)
    for x, found in zip(column, run(column)[name]):
        with mp.workprec(1300 if name in TURNING and abs(x) > 1e5 else 160):
            assert apart(found, exact(mpf(x))) < WITHIN[name], x


def test_a_power_is_within_one_unit_in_the_last_place() -> None:
    rng = random.Random(7)
    pairs = [(rng.uniform(0, 200), rng.uniform(-5, 5)) for _ in range(COUNT)]
    for x in [abs(x) for x in spread(rng, -1073, 1024, COUNT)] + between(0.5, 2, rng):
        pairs.append((x, rng.uniform(-1, 1) * 744 / abs(math.log(x))))
    for n in range(1, 50):
        x = 1 + rng.choice((1, -1)) * 2.0**-n
        pairs.append((x, rng.uniform(-700, 700) / abs(math.log(x))))
    for (x, y), found in zip(pairs, raised(pairs)):
        with mp.workprec(200):
            true = mpf(x) ** mpf(y)
            if true > sys.float_info.max:
                assert found == math.inf
            else:
                assert apart(found, true) < 0.75, (x, y)


@pytest.mark.parametrize("name", ["exp", "ln", "log10", "asin", "atan", "sinh", "tanh"])
def test_a_rising_function_never_falls_between_neighbours(name: str) -> None:
    column = []
    seams = (0.4375, 0.5, 0.6875, 1.0, 1.1875, 2.4375, math.sqrt(0.5), math.sqrt(2), math.log(2) / 2)
    for middle in seams:
        x = middle - 60 * math.ulp(middle)
        while x < middle + 60 * math.ulp(middle):
            column.append(x)
            x = math.nextafter(x, math.inf)
    column = sorted(x for x in column if name != "asin" or x <= 1)
    found = run(column)[name]
    assert len(column) > 500
    assert all(a <= b for a, b in zip(found, found[1:]))


def same(found: Iterable[float], wanted: Iterable[float]) -> bool:
    """Equal, also in the sign of 0; any nan equals any other."""
    return [repr(x) for x in found] == [repr(x) for x in wanted]


NAN, INF = math.nan, math.inf
FIRST = [0.0, -0.0, INF, -INF, NAN, 1.0, -1.0, 1.5, 1e300]
# C99, annex F.9; None where it is no special value
C99 = {
    "exp": [1.0, 1.0, INF, 0.0, NAN, None, None, None, INF],
    "ln": [-INF, -INF, INF, NAN, NAN, 0.0, NAN, None, None],
    "log10": [-INF, -INF, INF, NAN, NAN, 0.0, NAN, None, 300.0],
    "sin": [0.0, -0.0, NAN, NAN, NAN, None, None, None, None],
    "cos": [1.0, 1.0, NAN, NAN, NAN, None, None, None, None],
    "tan": [0.0, -0.0, NAN, NAN, NAN, None, None, None, None],
    "asin": [0.0, -0.0, NAN, NAN, NAN, math.pi / 2, -math.pi / 2, NAN, NAN],
    "acos": [math.pi / 2, math.pi / 2, NAN, NAN, NAN, 0.0, math.pi, NAN, NAN],
    "atan": [0.0, -0.0, math.pi / 2, -math.pi / 2, NAN, math.pi / 4, -math.pi / 4, None, math.pi / 2],
    "sinh": [0.0, -0.0, INF, -INF, NAN, None, None, None, INF],
    "cosh": [1.0, 1.0, INF, INF, NAN, None, None, None, INF],
    "tanh": [0.0, -0.0, 1.0, -1.0, NAN, None, None, None, 1.0],
}


@pytest.mark.parametrize("name", ONE)
def test_special_values_are_those_of_c99(name: str) -> None:
    pairs = [(found, wanted) for found, wanted in zip(run(FIRST)[name], C99[name]) if wanted is not None]
    assert same(*zip(*pairs)), pairs


@pytest.mark.parametrize("name", ["sin", "tan", "asin", "atan", "sinh", "tanh"])
def test_an_odd_function_is_odd_and_small_numbers_are_their_own_value(name: str) -> None:
    column = [x for x in arguments(name) if x == x]
    assert same(run(column)[name], [-x for x in run([-x for x in column])[name]])
    small = [5e-324, 1e-310, 1e-30, -1e-12]
    assert same(run(small)[name], small)


def test_special_powers_are_those_of_c99() -> None:
    table = [
        (NAN, 0.0, 1.0),
        (INF, -0.0, 1.0),
        (1.0, NAN, 1.0),
        (1.0, INF, 1.0),
        (NAN, 1.0, NAN),
        (2.0, NAN, NAN),
        (-1.0, INF, 1.0),
        (-1.0, -INF, 1.0),
        (-1.0, 1e300, 1.0),
        (-1.0, 3.0, -1.0),
        (-8.0, 1 / 3, NAN),
        (0.0, 3.0, 0.0),
        (-0.0, 3.0, -0.0),
        (-0.0, 2.0, 0.0),
        (-0.0, 0.5, 0.0),
        (0.0, -3.0, INF),
        (-0.0, -3.0, -INF),
        (-0.0, -2.0, INF),
        (0.0, INF, 0.0),
        (0.0, -INF, INF),
        (-0.0, -INF, INF),
        (INF, 2.0, INF),
        (INF, -2.0, 0.0),
        (-INF, 3.0, -INF),
        (-INF, 2.0, INF),
        (-INF, 0.5, INF),
        (-INF, -3.0, -0.0),
        (-INF, -2.0, 0.0),
        (-INF, INF, INF),
        (INF, -INF, 0.0),
        (0.5, INF, 0.0),
        (0.5, -INF, INF),
        (2.0, INF, INF),
        (-2.0, INF, INF),
        (-2.0, -INF, 0.0),
        (-2.0, 3.0, -8.0),
        (2.0, 1024.0, INF),
        (-2.0, 1025.0, -INF),
        (2.0, -1074.0, 5e-324),
        (-2.0, -1075.0, -0.0),
        (2.0, -1100.0, 0.0),
        (10.0, 308.0, 1e308),
        (3.0, 5.0, 243.0),
        (2.0, 1e300, INF),
        (0.5, 1e300, 0.0),
        (1 + 2.0**-52, 1e300, INF),
        (3.0, 5e-324, 1.0),
        (5e-324, 1.0, 5e-324),
        (1.7976931348623157e308, 1.0, 1.7976931348623157e308),
        (49.0, 0.5, 7.0),
    ]
    found = raised([(x, y) for x, y, _ in table])
    wrong = [(row, value) for row, value in zip(table, found) if not same([value], row[2:])]
    assert not wrong


def test_logarithms_of_powers_of_ten_are_whole() -> None:
    whole = range(-300, 309)
    assert list(run([float(f"1e{n}") for n in range(23)])["log10"]) == list(range(23))
    assert same(run([float(f"1e{n}") for n in whole])["log10"], [float(n) for n in whole])


def test_plain_python_gives_the_same_bits_as_the_kernels() -> None:
    column = sample()
    for name, found in run(column).items():
        assert same(found, [ONE[name](x) for x in column]), name
    pairs = sample_pairs()
    assert same(raised(pairs), [pow(x, y) for x, y in pairs])


def test_numba_and_the_images_give_the_same_bits() -> None:
    paths = os.pathsep.join(str(ROOT / part) for part in ("tests/helpers", "core"))
    done = subprocess.run(
        [sys.executable, "-c", "import math_runs; print(math_runs.digest())"],
        env=os.environ | {"HQ_JIT": "numba", "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == digest()


def test_the_bits_of_a_float_in_python() -> None:
    assert bits_of(1.0) == 0x3FF0000000000000
    assert bits_of(-0.0) == -(2**63)
    assert float_of(bits_of(-1.5e-310)) == -1.5e-310
    assert array("d", [math.pi]).tobytes() == bits_of(math.pi).to_bytes(8, "little", signed=True)
