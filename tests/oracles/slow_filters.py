"""Averages and transforms that TA-Lib lacks, from their formulas."""

from __future__ import annotations

import math

from oracles import Columns

Rows = list[list[float]]
nan = math.nan


def alma(columns: Columns, period: int, offset: float, sigma: float) -> Rows:
    weights = [math.exp(-((i - offset * (period - 1)) ** 2) / (2 * (period / sigma) ** 2)) for i in range(period)]
    total = math.fsum(weights)
    close = [float(v) for v in columns["close"]]
    out = [nan] * min(period - 1, len(close))
    for end in range(period, len(close) + 1):
        out.append(math.fsum(w / total * v for w, v in zip(weights, close[end - period : end])))
    return [out]


def fisher(columns: Columns, period: int) -> Rows:
    price = [(h + low) / 2 for h, low in zip(columns["high"], columns["low"])]
    place = last = 0.0
    fishers, triggers = [], []
    for i in range(len(price)):
        part = price[max(0, i - period + 1) : i + 1]
        if len(part) < period or any(v != v for v in part):
            fishers.append(nan)
            triggers.append(nan)
            continue
        span = max(part) - min(part)
        place = 0.66 * ((price[i] - min(part)) / span - 0.5 if span else 0.0) + 0.67 * place
        if abs(place) > 0.99:
            place = math.copysign(0.999, place)
        triggers.append(last)
        last = math.atanh(place) + 0.5 * last
        fishers.append(last)
    return [fishers, triggers]


def frama(columns: Columns, period: int) -> Rows:
    high, low = ([float(v) for v in columns[key]] for key in ("high", "low"))
    half = math.ceil(period / 2)
    dimension, mean = 0.0, None
    out = []
    for i in range(len(high)):
        tops, bottoms = high[max(0, i - 2 * half + 1) : i + 1], low[max(0, i - 2 * half + 1) : i + 1]
        if len(tops) < 2 * half or any(v != v for v in tops + bottoms):
            out.append(nan)
            continue
        older = (max(tops[:half]) - min(bottoms[:half])) / half
        newer = (max(tops[half:]) - min(bottoms[half:])) / half
        whole = (max(tops) - min(bottoms)) / (2 * half)
        if older > 0 and newer > 0 and whole > 0:
            dimension = (math.log(older + newer) - math.log(whole)) / math.log(2)
        share = min(max(math.exp(-4.6 * (dimension - 1)), 0.01), 1.0)
        price = (high[i] + low[i]) / 2
        mean = price if mean is None else share * price + (1 - share) * mean
        out.append(mean)
    return [out]


SLOW = {"alma": alma, "fisher": fisher, "frama": frama}
