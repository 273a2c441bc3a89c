"""Seeded bars: smooth, rough, flat; with a column of the right type for whatever an indicator reads."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hq_core.kinds import OHLC

if TYPE_CHECKING:
    from hq_core.registry import Indicator

Column = NDArray[Any]
Columns = dict[str, Column]
DTYPES = {"f8": np.float64, "i8": np.int64, "i4": np.int32, "i1": np.int8, "b1": np.bool_}
ROWS = 260  # of rough bars


def bars(rows: int, seed: int = 0, price: float = 100.0, of: Indicator | None = None) -> Columns:
    """A seeded random walk as bars, with what `of` reads beside them."""
    rng = np.random.default_rng(seed)
    close = price * np.exp(np.cumsum(rng.normal(0, 0.01, rows)))
    opening = close * np.exp(rng.normal(0, 0.005, rows))
    spread = np.abs(rng.normal(0, 0.01, (2, rows)))
    volume = rng.exponential(10, rows)
    return _with_own(
        of,
        rows,
        {
            "open": opening,
            "close": close,
            "volume": volume,
            "high": np.maximum(opening, close) * (1 + spread[0]),
            "low": np.minimum(opening, close) * (1 - spread[1]),
            "buy_volume": volume * rng.uniform(0, 1, rows),
            "ts": hours(rows),
            "periods": lengths(rows),
        },
    )


def hours(rows: int) -> Column:
    """The close times of hourly bars, ns UTC."""
    return 1_735_689_600e9 + 3_600e9 * np.arange(1.0, rows + 1.0)


def lengths(rows: int) -> Column:
    """A window's length for each row, 2 to 30."""
    return 2.0 + np.arange(rows) % 29


def flat_bars(column: Column, of: Indicator | None = None) -> Columns:
    """The same values as every column."""
    columns = {key: np.array(column, dtype=float) for key in (*OHLC, "volume", "buy_volume")}
    return _with_own(of, len(column), columns | {"ts": hours(len(column)), "periods": lengths(len(column))})


def rough(of: Indicator | None = None) -> Columns:
    """Bars with nan, infinity, a 1e17 tick, a flat stretch and zero volumes among them."""
    found = bars(ROWS, 3, of=of)
    for key, column in found.items():
        if key == "ts" or column.dtype != np.float64:
            continue
        column[[20, 21, 150 + len(key) % 20]] = np.nan
        column[90] = np.inf
        column[120] = 1e17
        column[180:200] = 7.25
    found["volume"][185:195] = 0.0
    return found


def overflowing(of: Indicator | None = None) -> Columns:
    """Bars on which sums and products overflow, with infinities of both signs and foreign nans among them."""
    found = bars(ROWS, 5, of=of)
    for key, column in found.items():
        if key == "ts" or column.dtype != np.float64:
            continue
        at = len(key)
        column[40 + at : 50 + at] = [1e308, -1e308] * 5
        column[80 + at : 84 + at] = [np.inf, -np.inf, np.inf, np.inf]
        column[120 + at : 122 + at] = np.array([0xFFF8000000000000, 0x7FF80000000007A2], np.uint64).view(np.float64)
        column[150:180] = 1e308
        column[200 + at] = -np.inf
    return found


def within(columns: Columns, domain: float) -> Columns:
    """The columns, scaled down so that three times their median size is at most `domain`."""
    if math.isinf(domain):
        return columns
    found = {}
    for key, column in columns.items():
        known = np.abs(column[np.isfinite(column)])
        size = 3.0 * float(np.median(known)) if len(known) else 0.0
        found[key] = column * (domain / size) if size > domain and column.dtype == np.float64 else column
    return found


def _with_own(of: Indicator | None, rows: int, columns: Columns) -> Columns:
    """The columns, those that `of` reads in a type of its own in that type, and any further ones that it reads."""
    for name, kind in zip(of.inputs, of.reads) if of is not None else ():
        if kind == "f8" and name in columns:
            continue
        if name in ("ts", "open_time"):
            columns[name] = (hours(rows) - (3_600e9 if name == "open_time" else 0.0)).astype(DTYPES[kind])
            continue
        rng = np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]))
        made = rng.exponential(10, rows) if kind == "f8" else rng.integers(0, 2 if kind == "b1" else 100, rows)
        columns[name] = made.astype(DTYPES[kind])
    return columns
