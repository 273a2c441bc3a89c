"""Cross-sections the slow way: what each symbol's value is among those of its ts, from their definitions."""

from __future__ import annotations

import math
from collections.abc import Callable

NAN = math.nan


def places(x: list[float]) -> list[float]:
    return [(sum(b < a for b in x) + (sum(b == a for b in x) + 1) / 2) / len(x) for a in x]


def mean(x: list[float]) -> float:
    total = 0.0
    for one in x:
        total += one
    return x[0] if min(x) == max(x) else total / len(x)


def scores(x: list[float]) -> list[float]:
    less = [one - mean(x) for one in x]
    squares = 0.0
    for one in less:
        squares += one * one
    return [one / math.sqrt(squares / (len(x) - 1)) if squares else NAN for one in less]


OF_GROUP: dict[str, Callable[[list[float]], list[float]]] = {
    "RANK": places,
    "DEMEAN": lambda x: [one - mean(x) for one in x],
    "ZSCORE_CS": scores,
    "CS_MEAN": lambda x: [mean(x)] * len(x),
    "CS_SUM": lambda x: [math.fsum(x)] * len(x),
    "CS_COUNT": lambda x: [float(len(x))] * len(x),
}


def over(what: str, now: list[tuple[str, float, float]]) -> dict[str, float]:
    """By symbol, of the rows (symbol, x, group) of one ts, which lie in the order of their symbols."""
    found = {symbol: NAN for symbol, _, _ in now}
    for group in {group for _, x, group in now if not math.isnan(group)}:
        members = [(symbol, x) for symbol, x, other in now if other == group and math.isfinite(x)]
        if members:
            found.update(zip((symbol for symbol, _ in members), OF_GROUP[what]([x for _, x in members])))
    return found
