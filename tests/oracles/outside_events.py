"""Events of a book that other programs are given too (make_hftbacktest.py)."""

from __future__ import annotations

import random

BUY, SELL, BOTH_VIEWS = 1 << 29, 1 << 28, 3 << 30


def made(seed: int = 7, n: int = 20_000) -> list[tuple[int, int, int]]:
    """Flags, ticks and lots of events as messages bring them: first bids, then asks, so that sides meet in between."""
    rng = random.Random(seed)
    middle, found = 50_000, []
    while len(found) < n:
        middle += rng.choice((-3, -1, -1, 0, 0, 0, 1, 1, 3))
        for side, way in ((BUY, -1), (SELL, 1)):
            for _ in range(rng.randint(0, 3)):
                away = rng.choice((0, 0, 1, 2, 5, 40, 3000))
                found.append(
                    (BOTH_VIEWS | side | 1, middle + way * (away + 1), rng.choice((0, 0, rng.randint(1, 900))))
                )
            for beyond in range(rng.randint(0, 3)):  # what the side has left
                found.append((BOTH_VIEWS | side | 1, middle - way * beyond, 0))
    return found[:n]
