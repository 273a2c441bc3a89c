"""Slow forms of what belongs to a session, an anchor or the flow of orders: every row from all rows before it."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
from oracles import Columns

Lists = list[list[float]]


def from_first_row(columns: Columns, outputs: int, compute: Callable[[Columns], Lists]) -> Lists:
    """What `compute` gives for the rows after the leading nan; nan before them."""
    skipped = int(np.isnan(columns["close"]).sum())
    found = compute({key: column[skipped:] for key, column in columns.items()})
    assert len(found) == outputs
    return [[math.nan] * skipped + column for column in found]


def sessions(columns: Columns, session: float, offset: float) -> list[float]:
    return [float(np.ceil((ts - offset * 3600e9) / (session * 3600e9))) for ts in columns["ts"]]


def weighted(columns: Columns, numbers: list[float], nbdev: float) -> Lists:
    """Mean typical price by volume since the number last changed, and the bands, exact but for the root."""
    found = []
    sums = [Fraction(0)] * 3
    prices = (columns["high"] + columns["low"] + columns["close"]) / 3.0
    for row, volume in enumerate(columns["volume"]):
        if row and numbers[row] != numbers[row - 1]:
            sums = [Fraction(0)] * 3
        price, size = Fraction(float(prices[row])), Fraction(max(float(volume), 0.0))
        sums = [total + size * price**power for power, total in enumerate(sums)]
        mean = sums[1] / sums[0] if sums[0] else price
        square = sums[2] / sums[0] - mean**2 if sums[0] else Fraction(0)
        scale = max(abs(mean), Fraction(1, 10**300))
        apart = nbdev * math.sqrt(square / scale**2) * float(scale)
        found.append((float(mean), float(mean) + apart, float(mean) - apart))
    return [list(column) for column in zip(*found)]


def vwap_session(columns: Columns, session: float, offset: float, nbdev: float) -> Lists:
    return from_first_row(columns, 3, lambda rest: weighted(rest, sessions(rest, session, offset), nbdev))


def vwap_anchored(columns: Columns, anchor: float, nbdev: float) -> Lists:
    def compute(columns: Columns) -> Lists:
        before = columns["ts"] <= anchor * 1e9
        lines = weighted(columns, before.astype(float).tolist(), nbdev)
        return [np.where(before, math.nan, line).tolist() for line in lines]

    return from_first_row(columns, 3, compute)


def bars_before(columns: Columns, session: float, offset: float) -> list[tuple[float, ...]]:
    """Open, high, low and close of the last whole session; of the first one so far, while there is none."""
    numbers = sessions(columns, session, offset)
    found = []
    for row, number in enumerate(numbers):
        earlier = [n for n in numbers[:row] if n != number]
        wanted = earlier[-1] if earlier else number
        rows = [i for i in range(row + 1) if numbers[i] == wanted]
        opening, high, low, close = (columns[key][rows] for key in ("open", "high", "low", "close"))
        found.append((float(opening[0]), float(high.max()), float(low.min()), float(close[-1])))
    return found


def pivots(columns: Columns, kind: str, session: float, offset: float) -> Lists:
    def of(high: float, low: float, close: float) -> tuple[float, ...]:
        span = high - low
        if kind == "camarilla":
            p = (high + low + close) / 3
            steps = [span * 1.1 / part for part in (12, 6, 4)]
            return p, *(close + step for step in steps), *(close - step for step in steps)
        if kind == "fibonacci":
            p = (high + low + close) / 3
            steps = [span * part for part in (0.382, 0.618, 1.0)]
            return p, *(p + step for step in steps), *(p - step for step in steps)
        p = (high + low + close) / 3 if kind == "classic" else (high + low + close + close) / 4
        return p, 2 * p - low, p + span, 2 * p - low + span, 2 * p - high, p - span, 2 * p - high - span

    def compute(columns: Columns) -> Lists:
        found = [of(*bar[1:]) for bar in bars_before(columns, session, offset)]
        return [list(column) for column in zip(*found)]

    return from_first_row(columns, 7, compute)


def pivots_demark(columns: Columns, session: float, offset: float) -> Lists:
    def compute(columns: Columns) -> Lists:
        found = []
        for opening, high, low, close in bars_before(columns, session, offset):
            if close < opening:
                x = high + 2 * low + close
            elif close > opening:
                x = 2 * high + low + close
            else:
                x = high + low + 2 * close
            found.append((x / 4, x / 2 - low, x / 2 - high))
        return [list(column) for column in zip(*found)]

    return from_first_row(columns, 3, compute)


def delta(columns: Columns) -> Lists:
    bought, volume = columns["buy_volume"], columns["volume"]
    return [[float(b - (v - b)) for b, v in zip(bought, volume)]]


def cumulative_delta(columns: Columns) -> Lists:
    moved = 2 * columns["buy_volume"] - columns["volume"]
    return from_first_row(columns | {"moved": moved}, 1, lambda rest: [np.cumsum(rest["moved"]).tolist()])


def session_delta(columns: Columns, session: float, offset: float) -> Lists:
    def compute(columns: Columns) -> Lists:
        numbers = sessions(columns, session, offset)
        moved = 2 * columns["buy_volume"] - columns["volume"]
        found: list[float] = []
        for row, number in enumerate(numbers):
            goes_on = row > 0 and numbers[row - 1] == number
            found.append((found[-1] if goes_on else 0.0) + float(moved[row]))
        return [found]

    return from_first_row(columns, 1, compute)


def buy_ratio(columns: Columns, period: int) -> Lists:
    def compute(columns: Columns) -> Lists:
        bought, volume = ([Fraction(v) for v in columns[key].tolist()] for key in ("buy_volume", "volume"))
        found = [math.nan] * min(period - 1, len(volume))
        for row in range(period - 1, len(volume)):
            whole = sum(volume[row - period + 1 : row + 1])
            found.append(float(sum(bought[row - period + 1 : row + 1]) / whole) if whole else 0.5)
        return [found]

    return from_first_row(columns, 1, compute)


SLOW = {
    "vwap_session": vwap_session,
    "vwap_anchored": vwap_anchored,
    "pivots": pivots,
    "pivots_demark": pivots_demark,
    "delta": delta,
    "cumulative_delta": cumulative_delta,
    "session_delta": session_delta,
    "buy_ratio": buy_ratio,
}
