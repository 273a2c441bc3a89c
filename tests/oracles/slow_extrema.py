"""What windowed extremes and ranks must give, where TA-Lib is not exact or has no such function."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from fractions import Fraction

import numpy as np
from oracles import Columns, by_talib, windows


def distances(values: np.ndarray, period: int) -> list[tuple[Fraction, Fraction] | None]:
    """For each row its distance from the mean of the last `period`, and their mean distance from it."""
    found: list[tuple[Fraction, Fraction] | None] = []
    for window in windows(values, period):
        if window is None:
            found.append(None)
        else:
            mean = sum(window) / period
            found.append((window[-1] - mean, sum(abs(value - mean) for value in window) / period))
    return found


def exact_avgdev(columns: Columns, period: int) -> list[list[float]]:
    return [[float(pair[1]) if pair else math.nan for pair in distances(columns["close"], period)]]


def exact_cci(columns: Columns, period: int) -> list[list[float]]:
    """From the typical price as it is rounded."""
    price = (columns["high"] + columns["low"] + columns["close"]) / 3.0
    found = []
    for pair in distances(price, period):
        apart, deviation = pair or (0, 1)
        share = float(apart / deviation / Fraction(15, 1000)) if deviation else 0.0
        found.append(share if pair else math.nan)
    return [found]


def each(values: np.ndarray, period: int, of: Callable[[list[float]], float]) -> list[float]:
    """`of` the last `period` values of each row; nan where there are fewer or one is not finite."""
    rows = values.tolist()
    found = []
    for at in range(1, len(rows) + 1):
        window = rows[max(0, at - period) : at]
        known = len(window) == period and all(map(math.isfinite, window))
        found.append(of(window) if known else math.nan)
    return found


def slow_median(columns: Columns, period: int) -> list[list[float]]:
    return [each(columns["close"], period, statistics.median)]


def slow_mad(columns: Columns, period: int) -> list[list[float]]:
    def spread(window: list[float]) -> float:
        middle = statistics.median(window)
        return statistics.median(abs(value - middle) for value in window)

    return [each(columns["close"], period, spread)]


def slow_quantile(columns: Columns, period: int, share: float) -> list[list[float]]:
    return [each(columns["close"], period, lambda window: float(np.quantile(window, share)))]


def blank(columns: list[list[float]]) -> list[list[float]]:
    """All columns nan in a row where one of them is nan."""
    rows = [row if not any(map(math.isnan, row)) else [math.nan] * len(row) for row in zip(*columns)]
    return [list(column) for column in zip(*rows)] or [[] for _ in columns]


def slow_ichimoku(columns: Columns, tenkan: int, kijun: int, senkou: int, displacement: int) -> list[list[float]]:
    def middle(period: int) -> list[float]:
        highs, lows = each(columns["high"], period, max), each(columns["low"], period, min)
        return [(high + low) / 2 for high, low in zip(highs, lows)]

    def late(line: list[float]) -> list[float]:
        return ([math.nan] * displacement + line)[: len(line)]

    turning, base = middle(tenkan), middle(kijun)
    first = [(one + other) / 2 for one, other in zip(turning, base)]
    return blank([turning, base, late(first), late(middle(senkou))])


def wilder_index(moves: list[float], period: int) -> list[float]:
    """Relative strength index from its moves, the first one nan: Wilder's averages, the ratio as he has it."""
    found = [math.nan] * len(moves)
    known = [at for at, move in enumerate(moves) if not math.isnan(move)]
    rise = fall = 0.0
    for count, at in enumerate(known, 1):
        up, down = max(moves[at], 0.0), max(-moves[at], 0.0)
        if count <= period:
            rise, fall = rise + up / period, fall + down / period
        else:
            rise, fall = (rise * (period - 1) + up) / period, (fall * (period - 1) + down) / period
        if count >= period:
            found[at] = 0.0 if rise == 0 else 100 - 100 / (1 + rise / fall) if fall else 100.0
    return found


def slow_connors_rsi(columns: Columns, period: int, streak: int, rank: int) -> list[list[float]]:
    close = columns["close"].tolist()
    moves = [math.nan] + [now - before for before, now in zip(close, close[1:])]
    changes = [math.nan] + [now / before - 1 if before else 0.0 for before, now in zip(close, close[1:])]
    runs = [math.nan] * len(close)
    for at in range(1, len(close)):
        if not math.isnan(moves[at]):
            back = at
            while back > 1 and moves[back - 1] * moves[at] > 0:
                back -= 1
            runs[at] = math.copysign(at - back + 1, moves[at]) if moves[at] else 0.0
    lasting = [math.nan] + [now - before for before, now in zip(runs, runs[1:])]
    parts = [wilder_index(moves[: len(close)], period), wilder_index(lasting[: len(close)], streak)]
    ranks = each(np.array(changes[: len(close)]), rank + 1, lambda w: 100 * sum(x < w[-1] for x in w[:-1]) / rank)
    return [[sum(three) / 3 for three in zip(*parts, ranks)]]


def bands(columns: Columns, period: int, up: float, down: float, matype: str) -> list[np.ndarray]:
    return by_talib("BBANDS", [columns["close"]], {"period": period, "up": up, "down": down, "matype": matype})


def slow_percent_b(columns: Columns, period: int, up: float, down: float, matype: str) -> list[list[float]]:
    upper, _, lower = bands(columns, period, up, down, matype)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (columns["close"] - lower) / (upper - lower)
    return [np.where(upper == lower, 0.5, share).tolist()]


def slow_bandwidth(columns: Columns, period: int, up: float, down: float, matype: str) -> list[list[float]]:
    upper, middle, lower = bands(columns, period, up, down, matype)
    with np.errstate(invalid="ignore", divide="ignore"):
        return [np.where(middle == 0, 0.0, (upper - lower) / middle).tolist()]


def slow_volume_profile(columns: Columns, period: int, bins: int, area: float) -> list[list[float]]:
    price = (columns["high"] + columns["low"] + columns["close"]) / 3.0
    volume = columns["volume"]
    found = []
    for at in range(1, len(price) + 1):
        prices, volumes = price[max(0, at - period) : at], volume[max(0, at - period) : at]
        if len(prices) < period or not np.isfinite(prices + volumes).all() or sum(volumes) <= 0:
            found.append([math.nan] * 3)
            continue
        width = (max(prices) - min(prices)) / bins
        steps = (prices - min(prices)) / width if width else np.zeros(period)
        places = np.minimum(steps.astype(int), bins - 1)
        held = [sum(volumes[places == k]) for k in range(bins)]
        poc = int(np.argmax(held))
        inside = [poc]
        while sum(held[k] for k in inside) < area * sum(volumes) and len(inside) < bins:
            sides = [k for k in (max(inside) + 1, min(inside) - 1) if 0 <= k < bins]
            inside.append(max(sides, key=lambda k: held[k]))
        found.append([min(prices) + place * width for place in (poc + 0.5, min(inside), max(inside) + 1)])
    return [list(column) for column in zip(*found)] or [[], [], []]


EXACT = {"avgdev": exact_avgdev, "cci": exact_cci}
SLOW = {
    "bandwidth": slow_bandwidth,
    "connors_rsi": slow_connors_rsi,
    "ichimoku": slow_ichimoku,
    "mad": slow_mad,
    "median": slow_median,
    "percent_b": slow_percent_b,
    "quantile": slow_quantile,
    "volume_profile": slow_volume_profile,
}
TOLERANCE: dict[str, tuple[float, str]] = {
    "bandwidth": (1e-10, "a middle near 0 magnifies the rounding of TA-Lib's bands; measured 1.2e-11"),
    "cci": (1e-9, "TA-Lib rounds the mean before it takes the distances from it"),
    "percent_b": (1e-11, "narrow bands magnify the rounding of TA-Lib's; measured 1.3e-12"),
    "stochrsi kama": (
        0.2,
        "TA-Lib's efficiency ratio keeps 1.4e-14 of %K's moves in its running path; where the index is flat this "
        "is more than it still moves: 0.31 in place of 1; measured 0.16",
    ),
    "stochrsi mama": (
        0.5,
        "where %K stands at 0 or 100 for some rows the phase is that of the last bits, TA-Lib's and ours; "
        "measured 0.35",
    ),
}
