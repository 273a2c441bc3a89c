"""The indicators' values, against TA-Lib, exact arithmetic, published and hand-computed figures.

The measure of a difference is the same everywhere: |ours - theirs| over the larger of |theirs| and the unit
of the row: the larger bound of an output with bounds, 1 for a ratio, and otherwise the largest input of the last
warm-up + 1 rows, its square or the largest price times the largest volume, as the output's range says.
"""

from __future__ import annotations

import csv
import json
import os
import re

import numpy as np
import oracles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from indicator_runs import (
    NAMES,
    VARIANTS,
    IndicatorRun,
    bars,
    each_of,
    flat_bars,
    lengths,
    once,
    rough,
    variants,
    within,
)

from hq_core.registry import Indicator, load

TALIB = [name for name in NAMES if load(name).talib]
EXACT = [name for name in NAMES if name in oracles.EXACT]
SLOW = [name for name in NAMES if name in oracles.SLOW]
PRICES = ("open", "high", "low", "close")
RECURSIVE = [name for name in TALIB if [node.ring for node in IndicatorRun(name).graph.nodes] == [0]]


def unit(indicator: Indicator, output: str, columns: oracles.Columns, warmup: int) -> np.ndarray:
    """What a difference is measured in, for each row."""
    span = indicator.outputs[output]
    rows = len(columns[indicator.inputs[0]])
    bounds = re.match(r"(-?[0-9.]+?)\.\.([0-9.]+)", span)
    if bounds or span.startswith("ratio"):
        return np.full(rows, max(abs(float(bound)) for bound in bounds.groups()) if bounds else 1.0)
    prices = [key for key in indicator.inputs if key in PRICES] or list(indicator.inputs)
    volumes = [key for key in indicator.inputs if "volume" in key]
    if span.startswith("volume"):
        return largest(columns, volumes, warmup)
    if span.startswith("price times volume"):
        return largest(columns, prices, warmup) * largest(columns, volumes, warmup)
    found = largest(columns, list(indicator.inputs), warmup)
    return found**2 if span.startswith("unit of the input squared") else found


def largest(columns: oracles.Columns, keys: list[str], warmup: int) -> np.ndarray:
    """The largest size of the columns `keys` among the last warmup + 1 rows."""
    rows = len(columns[keys[0]])
    size = np.max([np.abs(columns[key]) for key in keys], axis=0) if rows else np.empty(0)
    found = np.where(np.isfinite(size), size, 0.0)
    reach = 1
    while reach < min(warmup + 1, rows):  # windows of 1, 2, 4 ... rows, the last step overlapping
        step = min(reach, warmup + 1 - reach)
        found[step:] = np.maximum(found[step:], found[: rows - step].copy())
        reach += step
    return found


def differ(
    name: str, params: oracles.Params, columns: oracles.Columns, theirs: list[np.ndarray] | list[list[float]]
) -> float:
    """The largest difference in the module's measure; nan must be in the same rows."""
    run = IndicatorRun(name, params)
    worst = 0.0
    for output, ours, other in zip(run.of.outputs, run.push(columns), theirs, strict=True):
        wanted = np.asarray(other)
        assert np.isnan(ours).tolist() == np.isnan(wanted).tolist(), output
        size = np.maximum(np.abs(wanted), unit(run.of, output, columns, run.warmup))
        with np.errstate(invalid="ignore"):  # equal infinities, the logarithm of 0 say, are nan apart
            apart = np.abs(ours - wanted)
        known = ~np.isnan(wanted) & (apart > 0)
        worst = max(worst, float(np.max(apart[known] / size[known], initial=0.0)))
    return worst


def tolerance(name: str, params: oracles.Params) -> float:
    """TOLERANCE holds for an indicator, or for one with a certain word among its parameters: "stochrsi kama"."""
    keys = [name, *(f"{name} {value}" for value in params.values())]
    return max((oracles.TOLERANCE[key][0] for key in keys if key in oracles.TOLERANCE), default=1e-12)


def by_talib(name: str, params: oracles.Params, columns: oracles.Columns) -> list[np.ndarray]:
    indicator = load(name)
    columns = within(columns, indicator.domain)
    whole = indicator.bind((), params)
    return oracles.by_talib(str(indicator.talib), [columns[key] for key in indicator.inputs], whole)


def known_to_talib(params: oracles.Params) -> bool:
    return not any(value for key, value in params.items() if key in oracles.NOT_THEIRS)


TALIB_VARIANTS = [(name, params) for name, params in VARIANTS if name in TALIB and known_to_talib(params)]
each_talib = each_of(TALIB_VARIANTS)

# Steps and spikes after which TA-Lib's running sums keep what they lost are in HOSTILE, not here.
TAME = {
    "walk": bars(500, 1),
    "small prices": bars(500, 2, 1e-8),
    "tiny": {key: column * 1e-100 for key, column in bars(300, 3).items()},
    "huge": {key: column * 1e100 for key, column in bars(300, 4).items()},
    "both signs": flat_bars(np.random.default_rng(5).normal(size=400)),
    "constant": flat_bars(np.full(300, 0.1)),
    "zero": flat_bars(np.zeros(200)),
    "then flat": flat_bars(np.concatenate([bars(60, 6)["close"], np.full(300, 55.5)])),
    "high below low": {**bars(200, 7), "high": bars(200, 8)["low"]},
    "leading nan": {key: np.append(np.full(17, np.nan), column) for key, column in bars(300, 9).items()},
}


@each_talib
def test_talib_agrees(name: str, params: oracles.Params) -> None:
    for series, columns in TAME.items():
        theirs = by_talib(name, params, columns)
        assert differ(name, params, columns, theirs) < tolerance(name, params), series


@each_talib
def test_talib_agrees_on_every_short_length(name: str, params: oracles.Params) -> None:
    start = IndicatorRun(name, params).warmup
    for rows in (*range(4), *range(max(0, start - 2), start + 4)):
        columns = bars(rows, rows)
        assert differ(name, params, columns, by_talib(name, params, columns)) < tolerance(name, params)


@pytest.mark.parametrize("name", TALIB)
@settings(max_examples=15, derandomize=True, database=None)
@given(data=st.data())
def test_talib_agrees_for_drawn_parameters(name: str, data: st.DataObject) -> None:
    params: dict[str, int | float | str] = {}
    for key, param in load(name).params.items():
        if param.choices:
            params[key] = data.draw(st.sampled_from(param.choices))
        elif isinstance(param.default, int):
            params[key] = data.draw(st.integers(int(param.low), min(int(param.high), 700)))
        else:
            params[key] = data.draw(st.floats(param.low, min(param.high, 10.0), allow_subnormal=False))
    params.pop("ddof", None)
    columns = bars(1600, data.draw(st.integers(0, 99)))
    assert differ(name, params, columns, by_talib(name, params, columns)) < tolerance(name, params)


@pytest.mark.parametrize("name", TALIB)
def test_talib_agrees_at_the_largest_periods(name: str) -> None:
    params = {key: int(p.high) for key, p in load(name).params.items() if p.high == 100_000}
    columns = bars(IndicatorRun(name, params).warmup + 150, 10)
    assert differ(name, params, columns, by_talib(name, params, columns)) < max(tolerance(name, params), 1e-10)


@each_talib
def test_talib_agrees_on_real_bars(name: str, params: oracles.Params, shared: os.PathLike[str]) -> None:
    with open(os.path.join(shared, "data", "klines", "btcusdt_spot_1h.csv"), encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    keys = ("open", "high", "low", "close", "volume")
    columns = {key: np.array([float(row[key]) for row in rows]) for key in keys} | {"periods": lengths(len(rows))}
    assert differ(name, params, columns, by_talib(name, params, columns)) < tolerance(name, params)


@pytest.mark.parametrize("name", RECURSIVE)
def test_a_recursive_indicator_passes_over_what_is_not_finite(name: str) -> None:
    """TA-Lib has no rule for nan: it must give what it gives on the rows that are left."""
    columns = rough()
    inputs = [columns[key] for key in load(name).inputs]
    whole = np.isfinite(inputs).all(axis=0)
    theirs = []
    for part in by_talib(name, {}, {key: column[whole] for key, column in columns.items()}):
        theirs.append(np.full(260, np.nan))
        theirs[-1][whole] = part
    assert differ(name, {}, columns, theirs) < 1e-14


def damped() -> np.ndarray:
    wave = np.linspace(0, 9 * np.pi, 300)
    found = np.sin(wave) * np.exp(-wave)
    return np.asarray((found - found.min()) / (found - found.min()).max())


_rng = np.random.default_rng(11)
HOSTILE = {
    "walk": bars(300, 12)["close"],
    "1e8 and a variance of 1e-6": 1e8 + 1e-3 * _rng.normal(size=300),
    "step to 1e8": np.append(np.ones(45), 1e8 + 1e-3 * _rng.normal(size=200)),
    "one 1e17 first": np.append(1e17, 100 + _rng.normal(size=250)),
    "1e17 again and again": np.where(np.arange(300) % 37 == 11, 1e17, 100 + _rng.normal(size=300)),
    "halving from 1e17": 1e17 * 0.5 ** np.arange(200.0),
    "doubling to 1e17": 1e17 * 0.5 ** np.arange(200.0)[::-1],
    "nan here and there": rough()["close"],
    "pandas 28244": np.array([9.54e8, 6.225e-01, np.nan, 0, 1.14, 0] * 10),
    "pandas 40448": np.array([5, 5, 6, 7, 5, 2, 5] * 10) * 1e-8,
    "pandas 42064": np.append(1000.0, np.zeros(200)),
    "pandas 44640": np.where(np.arange(60) == 5, -1.0, 0.0),
    "pandas 47721": np.array([1, -1, 0, 1, 3, 2, -2, 1e10, 1, 2, 0, -2, 1, 3, 0, 1] * 4),
    "pandas 48950": np.append(np.full(10, 100.0), _rng.normal(9e-6, 5e-6, 250)),
    "pandas 53289": damped(),
    "pandas 54518": np.array([1.2e3, 1.3e17, 1.5e17, 1.995e3, 1.990e3] * 10),
    "polars 5197": np.append(np.full(4, 1.2), np.full(70, 3.3)),
    "polars 21677": np.append([1.0, 1e-7], np.zeros(80)),
}


PERIODS = [
    (name, {"period": period} if period else {})
    for name in EXACT
    for period in ((2, 5, 14, 50) if "period" in load(name).params else (0,))
]


@each_of(PERIODS)
def test_windows_are_exact_on_hostile_series(name: str, params: oracles.Params) -> None:
    """The deviation is held to its own size, and never negative; TA-Lib's is off by up to 5e3 of it here."""
    params = load(name).bind((), params)
    for series, values in HOSTILE.items():
        columns = flat_bars(np.abs(values) if name == "vri" else values)
        if np.isinf(columns["close"]).any():
            columns = flat_bars(np.where(np.isinf(columns["close"]), np.nan, columns["close"]))
        theirs = oracles.EXACT[name](columns, **params)
        assert differ(name, params, columns, theirs) < 1e-13, series
        if name == "stddev":
            (ours,), wanted = once(name, columns, params), np.array(theirs[0])
            known = ~np.isnan(wanted)
            assert (ours[known] >= 0).all(), series
            assert (np.abs(ours - wanted)[known] <= 1e-13 * wanted[known]).all(), series


each_slow = each_of([(name, params) for name, params in VARIANTS if name in SLOW])


@each_slow
def test_an_independent_slow_form_agrees(name: str, params: oracles.Params) -> None:
    whole = load(name).bind((), params)
    rows = load(name).warmup(whole) + 120  # slow they are
    for series, values in TAME.items():
        columns = within({key: column[:rows] for key, column in values.items()}, load(name).domain)
        theirs = oracles.SLOW[name](columns, **whole)
        assert differ(name, whole, columns, theirs) < tolerance(name, params), series


@pytest.mark.parametrize("name", EXACT)
def test_windows_are_exact_for_every_variant(name: str) -> None:
    columns = bars(200, 13)
    for params in variants(load(name)):
        if params.get("matype", "sma") == "sma":
            whole = load(name).bind((), params)
            assert differ(name, whole, columns, oracles.EXACT[name](columns, **whole)) < 1e-13


def test_every_indicator_has_an_oracle() -> None:
    assert [name for name in NAMES if name not in TALIB + EXACT + SLOW] == []


def test_talib_regression_table(shared: os.PathLike[str]) -> None:
    """The rows of TA-Lib's own regression test, computed by TA-Lib 0.8.1, for the functions that hq has."""
    folder = os.path.join(shared, "data", "ta")
    with open(os.path.join(folder, "ta_regtest_ohlcv252.csv"), encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = {key: np.array([float(row[key]) for row in rows]) for key in ("open", "high", "low", "close", "volume")}
    columns["medprice"] = (columns["high"] + columns["low"]) / 2
    ours = {load(name).talib: name for name in TALIB}
    seen, listed = set(), set()
    with open(os.path.join(folder, "ta_regtest_expected.csv"), encoding="utf-8") as file:
        for row in csv.DictReader(file):
            called = json.loads(row["params"])
            function = row["function"]
            if row["dataset"] != "daily252" or function not in ours:
                continue
            name = ours[function]
            listed.add(name)
            params = load(name).bind((), called)
            outputs = list(load(name).outputs)
            output = outputs.index(row["output"]) if row["output"] in outputs else int(row["output"])
            given = columns
            if row["inputs"] in columns and len(load(name).inputs) == 1:
                given = columns | {load(name).inputs[0]: columns[row["inputs"]]}
            elif not set(load(name).inputs) <= set(row["inputs"].split(",")):
                continue
            found = once(name, given, params)[output]
            assert np.isnan(found).sum() == int(row["first_valid_bar"])
            assert found[int(row["bar"])] == pytest.approx(float(row["talib_0_8_1"]), rel=1e-12, abs=1e-12)
            seen.add(name)
    assert seen == listed  # not every function has rows in that table
    assert {"ma", "rsi", "stddev", "bbands", "macd", "atr"} <= seen


def closes(*values: float) -> dict[str, np.ndarray]:
    return flat_bars(np.array(values))


def test_sma_of_three_over_one_to_six() -> None:
    assert once("sma", closes(1, 2, 3, 4, 5, 6), {"period": 3})[0][2:].tolist() == [2, 3, 4, 5]


def test_a_tick_of_1e17_leaves_the_sma_without_a_trace() -> None:
    walk = bars(60, 14)["close"]
    broken = walk.copy()
    broken[20] = 1e17
    ours, clean = (once("sma", flat_bars(column), {"period": 10})[0] for column in (broken, walk))
    assert ours[30:].tobytes() == clean[30:].tobytes()
    assert np.abs(oracles.talib.SMA(broken, 10) - clean)[30:].min() > 1  # why TA-Lib is no oracle here


def test_an_ema_of_one_row_is_that_row() -> None:
    noise = np.random.default_rng(15).normal(size=500)
    assert once("ema", flat_bars(noise), {"period": 1})[0].tolist() == noise.tolist()


def test_rsi_of_a_flat_series_is_zero_as_in_talib() -> None:
    assert once("rsi", flat_bars(np.full(30, 5.0)), {"period": 3})[0][3:].tolist() == [0.0] * 27


def test_stddev_of_pandas_54518() -> None:
    found = once("stddev", closes(1.2e3, 1.3e17, 1.5e17, 1.995e3, 1.990e3), {"period": 2, "ddof": 1})[0]
    assert found[1:] == pytest.approx([9.192388e16, 1.414214e16, 1.060660e17, 3.535534], rel=1e-6)


def test_stddev_of_pandas_47721() -> None:
    values = (1, -1, 0, 1, 3, 2, -2, 10000000000, 1, 2, 0, -2, 1, 3, 0, 1)
    found = once("stddev", closes(*values), {"period": 6, "ddof": 1})[0]
    assert found[-1] == pytest.approx(1.6431676725154984, rel=1e-15)


def test_stddev_of_zeros_after_a_thousand_is_zero_pandas_42064() -> None:
    found = once("stddev", flat_bars(np.append(1000.0, np.zeros(999))), {"period": 10})[0]
    assert found[10:].tolist() == [0.0] * 990


def test_stddev_of_polars_21677_is_never_negative_or_nan() -> None:
    found = once("stddev", closes(1.0, 1e-7, *[0.0] * 8), {"period": 5, "ddof": 1})[0]
    assert found[4:] == pytest.approx([0.44721358, 4.472136e-8, 0, 0, 0, 0], rel=1e-6)
    assert found[6:].tolist() == [0.0] * 4


def test_stddev_of_distances_whose_squares_vanish_is_zero_and_not_nan() -> None:
    columns = flat_bars(np.where(np.arange(80) % 20 == 19, 1e-162, 0.0))
    found = once("stddev", columns, {"period": 20, "nbdev": 9.0})[0]
    assert found[19:].tolist() == [0.0] * 61


def test_vri_compares_with_the_rows_before() -> None:
    assert once("vri", closes(10, 20, 30, 60, 0, 45), {"period": 3})[0][3:].tolist() == [3.0, 0.0, 1.5]


def test_vri_may_include_its_own_row() -> None:
    found = once("vri", closes(10, 20, 30, 60, 0, 45), {"period": 3, "include_self": "yes"})[0]
    assert found[2:] == pytest.approx([1.5, 180 / 110, 0, 135 / 105], rel=1e-15)


def test_vri_over_no_volume_is_absent() -> None:
    found = once("vri", closes(0, 0, 5, 5), {"period": 2})[0]
    assert np.isnan(found[2])
    assert found[3] == 2.0


def test_the_bands_about_an_ema_have_the_ema_in_the_middle() -> None:
    middle = once("bbands", rough(), {"period": 9, "matype": "ema"})[1]
    known = ~np.isnan(middle)
    assert known.sum() > 150
    assert middle[known].tobytes() == once("ema", rough(), {"period": 9})[0][known].tobytes()


def test_the_bands_of_a_constant_series_meet() -> None:
    for column in once("bbands", flat_bars(np.full(50, 0.1)), {"period": 7}):
        assert column[6:].tolist() == [0.1] * 44


def test_typical_prices_that_differ_by_rounding_alone_have_not_moved() -> None:
    """On ticks of 0.1 the mean of three prices may be the same and rounded otherwise; TA-Lib's MFI sees no move."""
    rng = np.random.default_rng(16)
    close = np.round(300 + 0.1 * np.cumsum(rng.integers(-5, 6, 3000)), 1)
    columns = {
        "high": np.round(close + 0.1 * rng.integers(0, 6, 3000), 1),
        "low": np.round(close - 0.1 * rng.integers(0, 6, 3000), 1),
        "close": close,
        "volume": np.ones(3000),
    }
    assert differ("mfi", {}, columns, by_talib("mfi", {}, columns)) < 1e-12
    rounded = np.diff((columns["high"] + columns["low"] + close) / 3)
    assert ((rounded != 0) & (abs(rounded) < 1e-9)).sum() > 20
