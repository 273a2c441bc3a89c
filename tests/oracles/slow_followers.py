"""Slow forms of averages that adapt, filters, stops and turning points, from their published formulas."""

from __future__ import annotations

import math

import numpy as np
from oracles import Columns
from slow_sessions import Lists, from_first_row


def seeded(values: list[float], period: int, weight: float) -> list[float]:
    """The average seeded by the mean of the first `period` known values, nan before; leading nan are skipped."""
    skipped = sum(map(math.isnan, values))
    known = values[skipped:]
    if len(known) < period:
        return [math.nan] * len(values)
    found = [math.nan] * (skipped + period - 1) + [math.fsum(known[:period]) / period]
    for value in known[period:]:
        found.append(found[-1] + weight * (value - found[-1]))
    return found


def mcginley(columns: Columns, period: int, k: float) -> Lists:
    def compute(columns: Columns) -> Lists:
        close = columns["close"].tolist()
        found = [math.nan] * min(period - 1, len(close))
        if len(close) >= period:
            found.append(math.fsum(close[:period]) / period)
        for value in close[period:]:
            before = found[-1]
            slow = k * period * math.pow(value / before, 4) if before else 0.0
            found.append(before + (value - before) / max(slow, 1.0))
        return [found]

    return from_first_row(columns, 1, compute)


def vidya(columns: Columns, period: int, length: int, index: str, long: int) -> Lists:
    def speed(close: list[float], row: int) -> float:
        if index == "cmo":
            if row < length:
                return math.nan
            moves = np.diff(close[row - length : row + 1])
            return abs(math.fsum(moves)) / math.fsum(abs(moves)) if moves.any() else 0.0
        if row < max(length, long) - 1:
            return math.nan
        wide = np.std(np.array(close[row - long + 1 : row + 1]) - close[row])
        narrow = np.std(np.array(close[row - length + 1 : row + 1]) - close[row])
        return float(narrow / wide) if wide else 0.0

    def compute(columns: Columns) -> Lists:
        close = columns["close"].tolist()
        found: list[float] = []
        for row, value in enumerate(close):
            share = speed(close, row)
            if math.isnan(share):
                found.append(math.nan)
            else:
                before = close[row - 1] if math.isnan(found[row - 1]) else found[row - 1]
                weight = min(share * 2 / (period + 1), 1.0)
                found.append(weight * value + (1 - weight) * before)
        return [found]

    return from_first_row(columns, 1, compute)


def zigzag(columns: Columns, threshold: float) -> Lists:
    def compute(columns: Columns) -> Lists:
        high, low = columns["high"], columns["low"]
        pivots, directions, marks = [], [], []
        since, direction, pivot = 0, 0, (high[0] + low[0]) / 2 if len(high) else 0.0
        for row in range(len(high)):
            top, bottom = high[since : row + 1].max(), low[since : row + 1].min()
            mark = 0
            if direction >= 0 and row > since and high[row] <= high[since:row].max():
                mark = int(low[row] <= top - abs(top) * (threshold / 100))
            if mark == 0 and direction <= 0 and row > since and low[row] >= low[since:row].min():
                mark = -int(high[row] >= bottom + abs(bottom) * (threshold / 100))
            if mark:
                pivot, direction, since = (top if mark > 0 else bottom), -mark, row
            pivots.append(float(pivot))
            directions.append(float(direction))
            marks.append(float(mark))
        return [pivots, directions, marks]

    return from_first_row(columns, 3, compute)


def volume_force(columns: Columns) -> list[float]:
    """Klinger's volume force; nan in the first row."""
    totals = columns["high"] + columns["low"] + columns["close"]
    spans = (columns["high"] - columns["low"]).tolist()
    trends = [0] + [1 if now > before else -1 for before, now in zip(totals, totals[1:])]
    found = [math.nan] * min(1, len(spans))
    for row in range(1, len(spans)):
        first = row
        while first > 1 and trends[first - 1] == trends[row]:
            first -= 1
        reach = sum(spans[first - 1 : row + 1])
        share = abs(2 * (spans[row] / reach) - 1) if reach else 0.0
        found.append(float(columns["volume"][row]) * share * trends[row] * 100)
    return found


def klinger(columns: Columns, fast: int, slow: int, signal: int) -> Lists:
    def compute(columns: Columns) -> Lists:
        force = volume_force(columns)
        lines = [seeded(force, period, 2 / (period + 1)) for period in sorted((fast, slow))]
        line = [a - b for a, b in zip(*lines)]
        average = seeded(line, signal, 2 / (signal + 1))
        return [[a + 0 * b for a, b in zip(line, average)], average]

    return from_first_row(columns, 2, compute)


def kalman(columns: Columns, q: float, qslope: float, r: float) -> Lists:
    """The filter in matrices, with the covariance in Joseph's form."""
    step = np.array([[1.0, 1.0], [0.0, 1.0]])
    drift = np.diag([q, qslope])
    seen = np.array([[1.0, 0.0]])

    def compute(columns: Columns) -> Lists:
        close = columns["close"]
        found = [(math.nan, math.nan)] * min(1, len(close))
        state = np.zeros((2, 1))
        spread = np.zeros((2, 2))
        for row in range(1, len(close)):
            if row == 1:
                state = np.array([[close[1]], [close[1] - close[0]]])
                spread = np.array([[r, r], [r, 2 * r + q + qslope]])
            else:
                state = step @ state
                spread = step @ spread @ step.T + drift
                gain = spread @ seen.T / (seen @ spread @ seen.T + r)
                state = state + gain * (close[row] - (seen @ state)[0, 0])
                kept = np.eye(2) - gain @ seen
                spread = kept @ spread @ kept.T + r * (gain @ gain.T)
            found.append((float(state[0, 0]), float(state[1, 0])))
        return [list(column) for column in zip(*found)] or [[], []]

    return from_first_row(columns, 2, compute)


def super_smoother(columns: Columns, period: int) -> Lists:
    def compute(columns: Columns) -> Lists:
        a1 = math.exp(-math.sqrt(2) * math.pi / period)
        c2 = 2 * a1 * math.cos(math.sqrt(2) * math.pi / period)
        c3 = -a1 * a1
        c1 = 1 - c2 - c3
        close = columns["close"].tolist()
        found: list[float] = []
        for row, value in enumerate(close):
            first, second = ([close[0]] * 2 + found)[-1], ([close[0]] * 2 + found)[-2]
            found.append(c1 * (value + close[max(row - 1, 0)]) / 2 + c2 * first + c3 * second)
        return [found]

    return from_first_row(columns, 1, compute)


def true_ranges(columns: Columns) -> list[float]:
    high, low, before = columns["high"][1:], columns["low"][1:], columns["close"][:-1]
    ranges = np.max([high - low, abs(high - before), abs(low - before)], axis=0) if len(high) else np.empty(0)
    return [math.nan] * min(1, len(columns["high"])) + ranges.tolist()


def chandelier(columns: Columns, period: int, multiplier: float) -> Lists:
    def compute(columns: Columns) -> Lists:
        spans = seeded(true_ranges(columns), period, 1 / period)
        high, low = columns["high"], columns["low"]
        long, short = [], []
        for row, span in enumerate(spans):
            rows = slice(max(row - period + 1, 0), row + 1)
            long.append(float(high[rows].max() - multiplier * span))
            short.append(float(low[rows].min() + multiplier * span))
        return [long, short]

    return from_first_row(columns, 2, compute)


def chande_kroll_stop(columns: Columns, period: int, multiplier: float, stop: int) -> Lists:
    hanging, standing = (np.array(line) for line in chandelier(columns, period, multiplier))
    rows = range(len(hanging))
    windows = [slice(row - stop + 1, row + 1) if row >= stop - 1 else None for row in rows]
    return [
        [math.nan if window is None else float(standing[window].min()) for window in windows],
        [math.nan if window is None else float(hanging[window].max()) for window in windows],
    ]


def alligator(
    columns: Columns, jaw: int, jawshift: int, teeth: int, teethshift: int, lips: int, lipsshift: int
) -> Lists:
    def compute(columns: Columns) -> Lists:
        middle = ((columns["high"] + columns["low"]) / 2).tolist()
        lines = []
        for period, shift in ((jaw, jawshift), (teeth, teethshift), (lips, lipsshift)):
            lines.append(([math.nan] * shift + seeded(middle, period, 1 / period))[: len(middle)])
        return [[0 * (a + b) + c for a, b, c in zip(lines[i - 2], lines[i - 1], lines[i])] for i in range(3)]

    return from_first_row(columns, 3, compute)


def vzo(columns: Columns, period: int) -> Lists:
    def compute(columns: Columns) -> Lists:
        close, volume = columns["close"].tolist(), columns["volume"].tolist()
        moved = [v if b > a else -v for a, b, v in zip(close, close[1:], volume[1:])]
        parts = [seeded(line, period, 2 / (period + 1)) for line in (moved, volume[1:])]
        return [([math.nan] + [100 * a / b if b else 0.0 for a, b in zip(*parts)])[: len(close)]]

    return from_first_row(columns, 1, compute)


SLOW = {
    "mcginley": mcginley,
    "vidya": vidya,
    "zigzag": zigzag,
    "klinger": klinger,
    "kalman": kalman,
    "super_smoother": super_smoother,
    "chandelier": chandelier,
    "chande_kroll_stop": chande_kroll_stop,
    "alligator": alligator,
    "vzo": vzo,
}
