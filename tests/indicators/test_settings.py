"""Unstable periods against TA-Lib's own; the rules of Metastock and of Pine against slow forms of their formulas."""

from __future__ import annotations

import math

import numpy as np
import oracles
import pytest
import talib
from indicator_runs import NAMES, bars, run_with
from talib import abstract

from hq_core.errors import USAGE, HqError
from hq_core.graph import Settings
from hq_core.registry import load
from hq_core.specs import rows_of

TALIB = [name for name in NAMES if load(name).talib]
FLAG = "Function has an unstable period"
UNSTABLE = [name for name in TALIB if FLAG in abstract.Function(load(name).talib).info["function_flags"]]
BARS = bars(400, 1)
NAN = math.nan
Series = list[float]


def by_talib(name: str) -> list[np.ndarray]:
    one = load(name)
    return oracles.by_talib(str(one.talib), [BARS[key] for key in one.inputs], one.bind())


def agree(ours: list[np.ndarray], theirs: list[np.ndarray] | list[Series]) -> bool:
    return all(np.allclose(a, b, rtol=1e-9, atol=1e-9, equal_nan=True) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("rows", [1, 7, 40])
@pytest.mark.parametrize("name", UNSTABLE)
def test_an_unstable_period_reaches_every_function_that_talibs_reaches(name: str, rows: int) -> None:
    function = str(load(name).talib)
    stable = {other: by_talib(other) for other in TALIB}
    reached = []
    try:
        talib.set_unstable_period(function, rows)
        for other in TALIB:
            theirs = by_talib(other)
            if not agree(theirs, stable[other]):
                reached.append(other)
                assert agree(run_with(Settings("talib", {name: rows}), other, BARS), theirs), other
    finally:
        talib.set_unstable_period(function, 0)
    assert name in reached


def test_an_unstable_period_is_a_name_and_rows() -> None:
    assert rows_of(["EMA=50", "rsi=3"]) == {"ema": 50, "rsi": 3}
    for word in ("ema", "ema=", "ema=-1", "ema=1.5"):
        with pytest.raises(HqError, match="is not NAME=ROWS") as caught:
            rows_of([word])
        assert caught.value.code == USAGE
    with pytest.raises(HqError, match="unknown indicator 'emma'"):
        rows_of(["emma=3"])


# Pine's functions as its reference describes them, over lists in which nan is na.
def start(values: Series) -> int:
    return next((i for i, value in enumerate(values) if not math.isnan(value)), len(values))


def average(values: Series, length: int, alpha: float) -> Series:
    """ta.ema and ta.rma: nan before the first `length` values, their mean, then alpha * x + (1 - alpha) * before."""
    first = start(values) + length - 1
    found = [NAN] * min(first, len(values))
    for i in range(first, len(values)):
        mean = math.fsum(values[i - length + 1 : i + 1]) / length
        found.append(mean if i == first else alpha * values[i] + (1 - alpha) * found[-1])
    return found


def ema(values: Series, length: int) -> Series:
    return average(values, length, 2 / (length + 1))


def rma(values: Series, length: int) -> Series:
    return average(values, length, 1 / length)


def changes(values: Series) -> Series:
    return [NAN] + [b - a for a, b in zip(values, values[1:])]


def ranges(high: Series, low: Series, close: Series) -> Series:
    rows = zip(high[1:], low[1:], close)
    return [NAN] + [max(h - lo, abs(h - c), abs(lo - c)) for h, lo, c in rows]


def atr(high: Series, low: Series, close: Series, length: int) -> Series:
    return rma([high[0] - low[0], *ranges(high, low, close)[1:]], length)


def rsi(close: Series, length: int) -> Series:
    up = rma([max(c, 0.0) if c == c else NAN for c in changes(close)], length)
    down = rma([max(-c, 0.0) if c == c else NAN for c in changes(close)], length)
    return [NAN if d != d else 100.0 if d == 0 else 100 - 100 / (1 + u / d) for u, d in zip(up, down)]


def macd(close: Series, fast: int, slow: int, signal: int) -> list[Series]:
    line = [a - b for a, b in zip(ema(close, fast), ema(close, slow))]
    mean = ema(line, signal)
    return [[a + (b - b) for a, b in zip(line, mean)], mean, [a - b for a, b in zip(line, mean)]]


def cmo(close: Series, length: int) -> Series:
    moves, found = changes(close), [NAN] * length
    for i in range(length, len(close)):
        window = moves[i - length + 1 : i + 1]
        found.append(100 * sum(window) / sum(abs(move) for move in window))
    return found


def kc(high: Series, low: Series, close: Series, length: int, factor: float) -> list[Series]:
    middle, span = ema(close, length), ema(ranges(high, low, close), length)
    rows = list(zip(middle, span))
    return [[m + factor * s for m, s in rows], [m + (s - s) for m, s in rows], [m - factor * s for m, s in rows]]


def dmi(high: Series, low: Series, close: Series, length: int) -> list[Series]:
    """ta.dmi(length, length): both indicators, the index and its average."""
    plus, minus = [NAN], [NAN]
    for i in range(1, len(high)):
        up, down = high[i] - high[i - 1], low[i - 1] - low[i]
        plus.append(up if up > down and up > 0 else 0.0)
        minus.append(down if down > up and down > 0 else 0.0)
    span = rma(ranges(high, low, close), length)
    plus_di = [100 * p / s for p, s in zip(rma(plus, length), span)]
    minus_di = [100 * m / s for m, s in zip(rma(minus, length), span)]
    index = [100 * abs(p - m) / (p + m) for p, m in zip(plus_di, minus_di)]
    return [plus_di, minus_di, index, rma(index, length)]


def supertrend(high: Series, low: Series, close: Series, length: int, factor: float) -> list[Series]:
    """ta.supertrend, its direction with the sign turned: 1 is up."""
    span = atr(high, low, close, length)
    line, direction = [NAN] * (length - 1), [NAN] * (length - 1)
    upper = lower = 0.0
    for i in range(length - 1, len(close)):
        above, below = (high[i] + low[i]) / 2 + factor * span[i], (high[i] + low[i]) / 2 - factor * span[i]
        before_upper = upper
        lower = below if below > lower or close[i - 1] < lower else lower
        upper = above if above < upper or close[i - 1] > upper else upper
        if i == length - 1:
            direction.append(-1)
        elif line[-1] == before_upper:
            direction.append(1 if close[i] > upper else -1)
        else:
            direction.append(-1 if close[i] < lower else 1)
        line.append(lower if direction[-1] == 1 else upper)
    return [line, direction]


HLC = tuple(BARS[key].tolist() for key in ("high", "low", "close"))
CLOSE = HLC[2]
PINE = {
    "ema": [ema(CLOSE, 30)],
    "rma": [rma(CLOSE, 30)],
    "atr": [atr(*HLC, 14)],
    "rsi": [rsi(CLOSE, 14)],
    "natr": [[100 * a / c for a, c in zip(atr(*HLC, 14), CLOSE)]],
    "macd": macd(CLOSE, 12, 26, 9),
    "cmo": [cmo(CLOSE, 14)],
    "kc": kc(*HLC, 20, 2.0),
    "plus_di": dmi(*HLC, 14)[:1],
    "minus_di": dmi(*HLC, 14)[1:2],
    "dx": dmi(*HLC, 14)[2:3],
    "adx": dmi(*HLC, 14)[3:],
    "supertrend": supertrend(*HLC, 10, 3.0),
}
SAME = ("ema", "rma", "rsi")  # Pine's seeds are TA-Lib's here; its rsi differs where nothing has moved


@pytest.mark.parametrize("name", PINE)
def test_pines_rules(name: str) -> None:
    found = run_with(Settings("tv"), name, BARS)
    assert agree(found, PINE[name])
    assert agree(found, run_with(Settings(), name, BARS)) == (name in SAME)


def test_the_rsi_of_a_flat_series_is_100_in_pine() -> None:
    flat = {"close": np.full(30, 5.0)}
    assert run_with(Settings("tv"), "rsi", flat)[0][14:].tolist() == [100.0] * 16


def test_metastocks_ema_starts_at_the_first_row() -> None:
    mean, wanted = CLOSE[0], []
    for value in CLOSE:
        mean += (value - mean) * 2 / 31
        wanted.append(mean)
    wanted[:29] = [NAN] * 29
    assert agree(run_with(Settings("metastock"), "ema", BARS), [wanted])


@pytest.mark.parametrize("name", ["rsi", "cmo"])
def test_metastocks_first_value_is_one_row_earlier_and_the_others_are_the_same(name: str) -> None:
    moves = np.diff(BARS["close"][:14])
    up, down = moves[moves > 0].sum(), -moves[moves < 0].sum()
    first = 100 * (up / (up + down) if name == "rsi" else (up - down) / (up + down))
    (found,), (plain,) = (run_with(Settings(word), name, BARS) for word in ("metastock", "talib"))
    assert np.isnan(found).nonzero()[0].tolist() == list(range(13))
    assert found[13] == pytest.approx(first, rel=1e-12)
    assert found[14:].tolist() == plain[14:].tolist()


def test_a_setting_is_an_option(run) -> None:
    line = "hq-gen bars --rows 60 --seed 1 | hq-indicators {} rsi:14 | hq-export csv | cut -d, -f16"
    plain = run(line.format("")).text.splitlines()
    early = run(line.format("--compat metastock")).text.splitlines()
    late = run(line.format("--unstable rsi=3")).text.splitlines()
    assert (plain[14], plain[15]) == ("", early[15])
    assert early[14] != ""
    assert late[15:18] == [""] * 3
    assert late[18:] == plain[18:]
    assert run("hq-indicators --unstable rsi rsi:14 < /dev/null").code == 2


def test_a_strategy_follows_the_setting(run, tmp_path) -> None:
    (tmp_path / "s.hq").write_text("r = RSI(14)\nv = VWAP_SESSION()\nw = v.vwap")
    line = "hq-gen bars --rows 60 --seed 1 | hq-signal {} --keep r,w s.hq | hq-export csv --columns r"
    plain, early = (run(line.format(word)).text.splitlines() for word in ("", "--compat metastock"))
    assert (plain[14], plain[15]) == ("BTCUSDT,", early[15])
    assert early[14] != "BTCUSDT,"
