"""Statistics and oscillators that TA-Lib lacks, anew for every row: fractions where rounding matters, else floats."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import talib
from oracles import Columns, integers, mean, products, root, squares, windows

from hq_core.registry import MATYPES

Rows = list[list[float]]
nan = math.nan


def powers(window: list[Fraction], power: int) -> Fraction:
    values, whole = integers(window)
    n, total = len(values), sum(values)
    return Fraction(sum((n * value - total) ** power for value in values), (n * whole) ** power)


def each(values: np.ndarray, period: int, found: object) -> Rows:
    return [[nan if window is None else float(found(window)) for window in windows(values, period)]]  # type: ignore[operator]


def exact_zscore(columns: Columns, period: int, ddof: int) -> Rows:
    def score(window: list[Fraction]) -> Fraction:
        square = squares(window) / (period - ddof)
        return (window[-1] - mean(window)) / Fraction(root(square)) if square else Fraction(0)

    return each(columns["close"], period, score)


def exact_skew(columns: Columns, period: int, ddof: int) -> Rows:
    def shape(window: list[Fraction]) -> float:
        variance = powers(window, 2) / period
        if not variance:
            return 0.0
        third = powers(window, 3) / period
        plain = math.copysign(root(third * third / variance**3), third)
        return plain * math.sqrt(period * (period - 1)) / (period - 2) if ddof else plain

    return each(columns["close"], period, shape)


def exact_kurtosis(columns: Columns, period: int, ddof: int) -> Rows:
    def shape(window: list[Fraction]) -> Fraction:
        variance = powers(window, 2) / period
        if not variance:
            return Fraction(0)
        plain = powers(window, 4) / period / variance**2 - 3
        if not ddof:
            return plain
        return Fraction(period - 1, (period - 2) * (period - 3)) * ((period + 1) * plain + 6)

    return each(columns["close"], period, shape)


def exact_covariance(columns: Columns, period: int, ddof: int) -> Rows:
    found = []
    for one, other in zip(windows(columns["high"], period), windows(columns["low"], period)):
        known = one is not None and other is not None
        found.append(float(products(one, other) / (period - ddof)) if known else nan)
    return [found]


def left_by_line(window: list[Fraction]) -> Fraction:
    """The squares that are left beside the least squares line: of y - mean, less those of the slope times x - mean."""
    at = [Fraction(i) for i in range(len(window))]
    return squares(window) - products(at, window) ** 2 / squares(at)


def exact_r2(columns: Columns, period: int) -> Rows:
    """1 less the squares that are left beside the line over those beside the mean."""

    def share(window: list[Fraction]) -> Fraction:
        total = squares(window)
        return 1 - left_by_line(window) / total if total else Fraction(0)

    return each(columns["close"], period, share)


def exact_stderr(columns: Columns, period: int) -> Rows:
    return each(columns["close"], period, lambda window: root(left_by_line(window) / (period - 2)))


def before(values: np.ndarray, rows: int = 1) -> np.ndarray:
    found = np.full(len(values), nan)
    found[rows:] = values[: max(0, len(values) - rows)]
    return found


def average(values: np.ndarray, period: int) -> np.ndarray:
    """The plain mean of each window; added up by math.fsum."""
    found = np.full(len(values), nan)
    for at in range(period, len(values) + 1):
        window = values[at - period : at]
        if np.isfinite(window).all():
            found[at - 1] = math.fsum(window) / period
    return found


def smoothed(values: np.ndarray, period: int, weight: float) -> np.ndarray:
    """Mean of the first `period` known values, then towards each value by `weight` of the distance."""
    found = np.full(len(values), nan)
    start: list[float] = []
    for at, value in enumerate(values):
        if not math.isfinite(value):
            continue
        if len(start) < period:
            start.append(float(value))
            state = math.fsum(start) / len(start)
        else:
            state = (1.0 - weight) * state + weight * value
        if len(start) == period:
            found[at] = state
    return found


def divided(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """0 where whole is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole == 0.0, 0.0 * part, part / whole)


def slow_eom(columns: Columns, period: int, scale: float) -> Rows:
    high, low, volume = columns["high"], columns["low"], columns["volume"]
    middle = (high + low) / 2.0
    box = divided(volume / scale, high - low)
    ease = [
        0.0 if amount == 0.0 or top == bottom else move / ratio
        for move, ratio, amount, top, bottom in zip(middle - before(middle), box, volume, high, low)
    ]
    ease[:1] = [nan] * len(ease[:1])
    return [list(average(np.array(ease), period))]


def rate(values: np.ndarray, rows: int) -> np.ndarray:
    return 100.0 * divided(values - before(values, rows), before(values, rows))


def slow_kst(columns: Columns, signal: int, **spans: int) -> Rows:
    line = np.zeros(len(columns["close"]))
    for number in range(1, 5):
        line = line + number * average(rate(columns["close"], spans[f"roc{number}"]), spans[f"sma{number}"])
    slow = average(line, signal)
    return [list(np.where(np.isnan(slow), nan, line)), list(slow)]


def slow_ulcer(columns: Columns, period: int) -> Rows:
    close = columns["close"]
    highest = [max(close[at - period + 1 : at + 1]) if at >= period - 1 else nan for at in range(len(close))]
    for at in range(len(close)):
        if not np.isfinite(close[max(0, at - period + 1) : at + 1]).all():
            highest[at] = nan
    below = 100.0 * divided(close - np.array(highest), np.array(highest))
    return [[math.sqrt(value) for value in average(below**2, period)]]


def slow_psy(columns: Columns, period: int) -> Rows:
    close = columns["close"]
    up = np.where(np.isnan(close - before(close)), nan, close > before(close))
    return [list(100.0 * average(up.astype(float), period))]


def slow_rolling_vwap(columns: Columns, period: int) -> Rows:
    price = (columns["high"] + columns["low"] + columns["close"]) / 3.0
    if period == 1:
        return [list(price)]
    held = zip(windows(price, period), windows(columns["volume"], period))
    found = []
    for prices, volumes in held:
        known = prices is not None and volumes is not None and sum(volumes) != 0
        found.append(float(sum(p * v for p, v in zip(prices, volumes)) / sum(volumes)) if known else nan)
    return [found]


def slow_disparity(columns: Columns, period: int, matype: str) -> Rows:
    """About TA-Lib's averages, which hq's are held to elsewhere."""
    close = columns["close"]
    if not len(close):
        return [[]]
    line = talib.MA(close, period, MATYPES.index(matype)) if period > 1 and matype != "none" else close
    return [list(100.0 * divided(close - line, line))]


def slow_stc(columns: Columns, fast: int, slow: int, period: int, factor: float) -> Rows:
    """About hq's own exponential averages, which TA-Lib is held against: a small range makes 100 of their last bit."""
    from indicator_runs import once

    line = once("ema", columns, {"period": fast})[0] - once("ema", columns, {"period": slow})[0]
    for _ in range(2):
        found = np.full(len(line), nan)
        place, mean = 0.0, nan
        for at in range(period - 1, len(line)):
            window = line[at - period + 1 : at + 1]
            if not np.isfinite(window).all():
                continue
            if min(window) < max(window):
                place = (line[at] - min(window)) / (max(window) - min(window)) * 100.0
            mean = place if math.isnan(mean) else (1.0 - factor) * mean + factor * place
            found[at] = mean
        line = found
    return [list(line)]


def slow_pgo(columns: Columns, period: int) -> Rows:
    close = columns["close"]
    span = smoothed(true_range(columns), period, 2.0 / (period + 1.0))
    return [list(divided(close - average(close, period), span))]


def true_range(columns: Columns) -> np.ndarray:
    last = before(columns["close"])
    spans = (columns["high"] - columns["low"], np.abs(columns["high"] - last), np.abs(columns["low"] - last))
    return np.max(spans, axis=0) if len(last) else last


def slow_tmf(columns: Columns, period: int) -> Rows:
    last = before(columns["close"])
    top, bottom = np.maximum(columns["high"], last), np.minimum(columns["low"], last)
    volume = np.where(np.isnan(last), nan, columns["volume"])
    flow = divided(2.0 * columns["close"] - top - bottom, np.maximum(top - bottom, 0.0)) * volume
    return [list(divided(smoothed(flow, period, 1.0 / period), smoothed(volume, period, 1.0 / period)))]


def slow_vri5d(columns: Columns, days: int, offset: int) -> Rows:
    """The volume of every day is added up anew at every row."""
    minute, day = 60 * 10**9, 86_400 * 10**9
    pairs = list(zip(columns["ts"], columns["volume"]))
    rows = [(int(ts) - offset * minute - 1, float(volume)) for ts, volume in pairs if math.isfinite(ts + volume)]
    found = [nan] * (len(pairs) - len(rows))  # the tests have nan only in the first rows
    for at, (now, _) in enumerate(rows):
        volumes: dict[int, float] = {}
        for ts, volume in rows[: at + 1]:
            volumes[ts // day] = volumes.get(ts // day, 0.0) + volume
        today = now // day
        first = min(volumes)
        past = [volumes[number] for number in sorted(volumes) if first < number < today][-days:]
        pace = volumes[today] / ((now + 1 - today * day) / minute)
        usual = sum(past) / (len(past) * 1440.0) if past else pace
        found.append(1.0 if not past else (pace / usual if usual else nan))
    return [found]


TOLERANCE = {
    "disparity": (1e-11, "TA-Lib's averages run their sums, 4.5e-12 of a percentage"),
    "kst": (1e-11, "sums of rates of 1e5 percent that nearly cancel where prices have both signs, 1.1e-12"),
    "tmf": (1e-11, "volumes of both signs that nearly cancel, 1.8e-12"),
}
SLOW = {
    "zscore": exact_zscore,
    "skew": exact_skew,
    "kurtosis": exact_kurtosis,
    "covariance": exact_covariance,
    "linearreg_r2": exact_r2,
    "linearreg_stderr": exact_stderr,
    "disparity": slow_disparity,
    "eom": slow_eom,
    "kst": slow_kst,
    "ulcer": slow_ulcer,
    "psy": slow_psy,
    "rolling_vwap": slow_rolling_vwap,
    "pgo": slow_pgo,
    "stc": slow_stc,
    "tmf": slow_tmf,
    "vri5d": slow_vri5d,
}
