"""Kernels of the strategy language against Python: % bit for bit, powers, times of 550 years against zoneinfo."""

from __future__ import annotations

import math
import random
import struct
from array import array
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from slow_language import modulo, power, time_value

from hq_core.jit import Cell, Kernel
from hq_core.kernels import clock, ops
from hq_core.zones import Clock

NAN, INF = math.nan, math.inf
TINY, LEAST, HUGE = 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308
EDGES = [
    0.0,
    1.0,
    2.0,
    3.0,
    0.1,
    0.3,
    7.5,
    2.0**52,
    2.0**53,
    2.0**53 + 2,
    2.0**60 + 2**9,
    1e16,
    1e22,
    1e300,
    HUGE,
    2.0**1023,
]
EDGES += [
    TINY,
    3 * TINY,
    LEAST,
    LEAST - TINY,
    1 - 2.0**-53,
    1 + 2.0**-52,
    2.0**-480,
    2.0**-400,
    2.0**400,
    2.0**480,
    INF,
    NAN,
]
EDGES += [-one for one in EDGES]
SECOND, DAY = 10**9, 86_400 * 10**9
FIRST, LAST = (
    int((datetime(year, 1, 1, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) for year in (1700, 2250)
)


def run(
    kernel: Kernel, kind: str = "d", /, *, params: dict[str, int] | None = None, **columns: array[Any]
) -> array[Any]:
    cell = Cell(kernel)
    n = len(next(iter(columns.values())))
    out = array(kind, bytes(8 * n))
    for name, column in {**columns, "out": out}.items():
        cell.buffer(name, column)
    cell.set(**(params or {}))
    cell.run()
    return out


def bits(values: list[float]) -> bytes:
    """By their bits, of nan one."""
    return array("d", [NAN if value != value else value for value in values]).tobytes()


def any_float(rng: random.Random) -> float:
    """All bit patterns, small whole numbers, ratios near 1 and far from it."""
    way = rng.randrange(5)
    if way == 0:
        found: float = struct.unpack("d", rng.randbytes(8))[0]
        return found
    if way == 1:
        return float(rng.randint(-50, 50))
    if way == 2:
        return rng.uniform(-100.0, 100.0)
    if way == 3:
        return math.ldexp(rng.uniform(-1.0, 1.0), rng.randint(-60, 60))
    return rng.randint(-(2**20), 2**20) / rng.choice((4.0, 10.0, 1e6))


def test_modulo_is_pythons_bit_for_bit() -> None:
    rng = random.Random(1)
    pairs = [(x, y) for x in EDGES for y in EDGES]
    while len(pairs) < 1_000_000:
        x = any_float(rng)
        pairs.append((x, any_float(rng) if rng.random() < 0.8 else x * rng.choice((1.0, 0.5, 1 / 3, 3.0, 0.1))))
    x, y = (array("d", column) for column in zip(*pairs))
    found = run(ops.mod, x=x, y=y)
    wanted = [modulo(a, b) for a, b in pairs]
    assert len(found) >= 1_000_000
    if bits(list(found)) != bits(wanted):
        wrong = [(a, b, one, other) for (a, b), one, other in zip(pairs, found, wanted) if bits([one]) != bits([other])]
        raise AssertionError(f"{len(wrong)} differ: x, y, found, wanted: {wrong[:5]}")


def test_power_is_within_an_ulp_of_the_exact_one() -> None:
    rng = random.Random(2)
    pairs = [(x, y) for x in EDGES for y in EDGES]
    pairs += [(abs(any_float(rng)), rng.uniform(-30.0, 30.0)) for _ in range(10_000)]
    pairs += [(any_float(rng), float(rng.randint(-9, 9))) for _ in range(10_000)]
    x, y = (array("d", column) for column in zip(*pairs))
    found = run(ops.power, x=x, y=y)
    for a, b, one in zip(x, y, found):
        exact = power(a, b)
        near = one == exact or (one != one and exact != exact) or abs(one - exact) <= math.ulp(exact)
        assert near, (a, b, one, exact)


# Times

WORDS = ("HOUR", "MINUTE", "MINUTE_OF_DAY", "WEEKDAY", "DAY", "MONTH", "YEAR")


def instants(rng: random.Random, n: int) -> array[int]:
    """ns over 550 years, each second one of the ends of a minute, a day or a year, or next to it."""
    found = []
    for i in range(n):
        seconds = rng.randrange(FIRST, LAST)
        if i % 4 == 1:
            seconds -= seconds % 86_400
        elif i % 4 == 2:
            seconds -= seconds % 60
        elif i % 4 == 3:
            moved = datetime(rng.randint(1700, 2249), rng.choice((1, 2, 3, 12)), rng.choice((1, 28)), tzinfo=UTC)
            seconds = int((moved - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
        found.append(seconds * SECOND + rng.choice((0, 0, 1, -1, SECOND - 1, rng.randrange(DAY))))
    return array("q", sorted(found))


@pytest.mark.parametrize("word", WORDS)
def test_times_of_550_years(word: str) -> None:
    ts = instants(random.Random(word), 20_000)
    found = run(getattr(clock, word.lower()), ts=ts)
    assert list(found) == [time_value(word, one, "UTC", None) for one in ts]


@pytest.mark.parametrize("minutes", [1, 5, 7 * 15 + 15, 240, 1440])
def test_stretches_of_a_day(minutes: int) -> None:
    ts = instants(random.Random(minutes), 20_000)
    found = run(clock.time_label, params={"minutes": minutes}, ts=ts)
    assert list(found) == [time_value("TIME_LABEL", one, "UTC", minutes) for one in ts]


@pytest.mark.parametrize("session", ["09:30-16:00", "22:00-02:00", "00:00-24:00", "18:00-00:00", "24:00-06:00"])
def test_sessions(session: str) -> None:
    first, last = (int(part[:2]) * 60 + int(part[3:]) for part in session.split("-"))
    ts = instants(random.Random(session), 20_000)
    found = run(clock.in_session, params={"first": first, "last": last}, ts=ts)
    assert list(found) == [float(time_value("IN_SESSION", one, "UTC", session)) for one in ts]


ZONES = (
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Africa/Casablanca",
    "Pacific/Apia",
)


@pytest.mark.parametrize("zone", ZONES)
def test_a_zones_clock_is_zoneinfos(zone: str) -> None:
    """Also around each change; Apia went to the other side of the date line."""
    rng, here, epoch = random.Random(zone), ZoneInfo(zone), datetime(1970, 1, 1, tzinfo=UTC)

    def ahead(ns: int) -> int:
        shift = (epoch + timedelta(seconds=ns // SECOND)).astimezone(here).utcoffset()
        assert shift is not None
        return int(shift.total_seconds()) * SECOND

    shown = Clock(zone)
    times = instants(rng, 5_000)
    shown.cover(times)
    near = [at + rng.choice((-SECOND, -1, 0, 1, SECOND)) for at in shown.since[1:]]
    times = array("q", sorted([*times, *near]))
    shown.cover(times)
    found = run(clock.local, "q", ts=times, since=shown.since, offset=shown.offset)
    assert list(found) == [one + ahead(one) for one in times]
    assert len(shown.since) > 3
