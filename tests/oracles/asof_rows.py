"""Rows for joins as of ts, with ties on both sides, gaps, and symbols that one side lacks."""

from __future__ import annotations

import random

CASES = [(seed, strictly, tolerance) for seed in range(4) for strictly in (False, True) for tolerance in (None, 0, 3)]


def times(rng: random.Random, n: int) -> list[int]:
    found, ts = [], rng.randrange(6)
    for _ in range(n):
        ts += rng.choice((0, 1, 1, 2, 6))
        found.append(ts)
    return found


def left(seed: int) -> list[tuple[int, str, int]]:
    """(number, symbol, ts), each symbol's by ts."""
    rng = random.Random(seed)
    found = [(symbol, ts) for symbol in "ABC" for ts in times(rng, 12)]
    return [(row, *one) for row, one in enumerate(found)]


def right(seed: int) -> list[tuple[str, int, float]]:
    """(symbol, ts, x), each symbol's by ts; x counts."""
    rng = random.Random(seed + 1000)
    found = [(symbol, ts) for symbol in "ABD" for ts in times(rng, 12)]
    return [(*one, float(row)) for row, one in enumerate(found)]
