"""What the indicators must give, from outside: TA-Lib, and rational arithmetic where TA-Lib is not exact.

Nothing here is fast, and nothing here shares a form with hq_core: windows are added up anew for every row, as
fractions, and rounded once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from importlib import import_module
from pathlib import Path

import numpy as np
import talib
from talib import abstract

from hq_core.registry import MATYPES, ours

Columns = Mapping[str, np.ndarray]
Params = Mapping[str, int | float | str]

NOT_THEIRS = ("ddof", "compat")  # TA-Lib has no such parameter and does what our default does


def by_talib(function: str, inputs: Sequence[np.ndarray], params: Params) -> list[np.ndarray]:
    """Every output column of TA-Lib's `function`; nan before its first value."""
    called = abstract.Function(function)
    named = {}
    for theirs in called.parameters:
        value = params[ours(theirs)]
        named[theirs] = MATYPES.index(value) if isinstance(value, str) else value
    if function == "MAVP":  # it refuses a range from the larger to the smaller, and has no rule beyond 2^31
        named["minperiod"], named["maxperiod"] = sorted((named["minperiod"], named["maxperiod"]))
        inputs = [inputs[0], np.minimum(inputs[1], 1e9)]
    if not len(inputs[0]):
        return [np.empty(0)] * len(called.output_names)
    found = getattr(talib, function)(*inputs, **named)
    columns = list(found) if isinstance(found, (tuple, list)) else [found]
    called.parameters = named
    empty = np.isnan(inputs).any(axis=0)
    start = (int(np.argmin(empty)) if not empty.all() else len(empty)) + called.lookback
    for at, column in enumerate(columns):
        if column.dtype != float:  # whole numbers have 0 where there is none yet
            columns[at] = np.where(np.arange(len(column)) < start, np.nan, column)
    return columns


def windows(values: np.ndarray, period: int) -> list[list[Fraction] | None]:
    """For each row its last `period` values; None where there are fewer or one is not finite."""
    rows = [Fraction(float(v)) if math.isfinite(v) else None for v in values]
    return [
        None if at < period or None in rows[at - period : at] else rows[at - period : at]
        for at in range(1, len(rows) + 1)
    ]


def root(square: Fraction) -> float:
    """Square root, rounded once from at least 64 bits."""
    if not square:
        return 0.0
    shift = 130 - square.numerator.bit_length() + square.denominator.bit_length()
    shift = max(0, shift + shift % 2)
    return float(Fraction(math.isqrt((square.numerator << shift) // square.denominator), 1 << shift // 2))


def integers(window: list[Fraction]) -> tuple[list[int], int]:
    """The values times one number, as integers, and that number: sums of them need no common divisors."""
    whole = math.lcm(*(value.denominator for value in window))
    return [value.numerator * (whole // value.denominator) for value in window], whole


def mean(window: list[Fraction]) -> Fraction:
    values, whole = integers(window)
    return Fraction(sum(values), whole * len(values))


def products(first: list[Fraction], second: list[Fraction]) -> Fraction:
    """Sum of the products of the distances from the means."""
    (left, unit), (right, other) = integers(first), integers(second)
    n = len(left)
    total = n * sum(one * two for one, two in zip(left, right)) - sum(left) * sum(right)
    return Fraction(total, n * unit * other)


def squares(window: list[Fraction]) -> Fraction:
    """Sum of the squares of the distances from the mean."""
    return products(window, window)


def exact_sma(columns: Columns, period: int) -> list[list[float]]:
    return [[math.nan if w is None else float(mean(w)) for w in windows(columns["close"], period)]]


def exact_stddev(columns: Columns, period: int, nbdev: float, ddof: int) -> list[list[float]]:
    held = windows(columns["close"], period)
    return [[math.nan if w is None else root(squares(w) / (period - ddof)) * nbdev for w in held]]


def exact_bbands(columns: Columns, period: int, up: float, down: float, matype: str) -> list[list[float]]:
    """With the plain mean in the middle, the only one that is a window's."""
    assert matype == "sma"
    upper, middle, lower = [], [], []
    for window in windows(columns["close"], period):
        at = math.nan if window is None else mean(window)
        apart = math.nan if window is None else Fraction(root(squares(window) / period))
        upper.append(float(at + apart * Fraction(up)) if window else math.nan)
        middle.append(float(at))
        lower.append(float(at - apart * Fraction(down)) if window else math.nan)
    return [upper, middle, lower]


def exact_vri(columns: Columns, period: int, include_self: str) -> list[list[float]]:
    volume = columns["volume"]
    held = windows(volume, period)
    if include_self == "no":
        held = [None, *held[:-1]] if held else []
    found = []
    for value, window in zip(volume, held):
        known = window is not None and sum(window) != 0 and math.isfinite(value)
        found.append(float(Fraction(float(value)) / mean(window)) if known else math.nan)
    return [found]


# What TA-Lib lacks, and what is exact where TA-Lib is not.
Slow = Callable[..., list[list[float]]]
EXACT: dict[str, Slow] = {"sma": exact_sma, "stddev": exact_stddev, "bbands": exact_bbands, "vri": exact_vri}
SLOW: dict[str, Slow] = {}  # independent slow forms in floats
TOLERANCE: dict[str, tuple[float, str]] = {}  # where 1e-12 of TA-Lib cannot be: how far, and why
for _path in sorted(Path(__file__).parent.glob("slow_*.py")):
    _module = vars(import_module(_path.stem))
    EXACT |= _module.get("EXACT", {})
    SLOW |= _module.get("SLOW", {})
    TOLERANCE |= _module.get("TOLERANCE", {})
