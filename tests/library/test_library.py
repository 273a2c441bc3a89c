"""The library on the engine of the filters: the same numbers, a bar at a time."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys

import numpy as np
import pytest
from places import ROOT

from hq_core import Aggregate, HQuant, Indicators, Live, read
from hq_core.errors import USAGE, HqError

talib = pytest.importorskip("talib")


def history(n, seed=1):
    rng = random.Random(seed)
    price, rows = 100.0, []
    for i in range(n):
        open_, price = price, max(1.0, price + rng.gauss(0, 1))
        rows.append(
            {
                "ts": (i + 1) * 60_000,
                "open": open_,
                "high": max(open_, price) + rng.random(),
                "low": min(open_, price) - rng.random(),
                "close": price,
                "volume": 1 + rng.random(),
            }
        )
    return rows


def test_indicators_are_talib_s_and_one_that_is_asked_for_twice_is_one():
    hq = HQuant(capacity=500, time_unit="ms")
    rsi = hq.add_indicator({"type": "rsi", "period": 14})
    macd = hq.add_indicator("macd:12,26,9")
    assert hq.add_indicator("rsi:14") is rsi
    rows = history(300)
    for row in rows:
        hq.push_kline(row)
    close = np.array([row["close"] for row in rows])
    np.testing.assert_allclose(rsi.view(), talib.RSI(close, 14), rtol=1e-10)
    for name, expected in zip(("macd", "signal", "hist"), talib.MACD(close, 12, 26, 9)):
        np.testing.assert_allclose(macd[name].view(), expected, rtol=1e-10, atol=1e-10)
    assert hq.close.view().tolist() == close.tolist()
    assert hq.close[-1] == close[-1]
    assert np.isnan(hq.buy_volume.view()).all()  # it was not given, and is not invented


def test_the_capacity_changes_how_much_is_held_and_no_value():
    small, large = HQuant(capacity=5), HQuant(capacity=1000)
    lines = [hq.add_indicator("ema:20") for hq in (small, large)]
    for row in history(100):
        small.push_kline(row)
        large.push_kline(row)
    assert len(lines[0]) == 5
    assert lines[0].view().tolist() == lines[1].view(5).tolist()


@pytest.mark.parametrize("spec", ["sma:5", "ema:5", "rsi:5", "stddev:5", "bbands:5", "macd:3,6,4", "atr:5", "vri:5"])
def test_push_then_update_last_is_push(spec):
    once, twice = HQuant(capacity=50), HQuant(capacity=50)
    a, b = once.add_indicator(spec), twice.add_indicator(spec)
    for row in history(40):
        once.push_kline(row)
        twice.push_kline({**row, "close": row["close"] * 1.5, "high": row["high"] * 2, "volume": 9.0})
        twice.update_last({"close": row["close"] + 0.1})
        twice.update_last(row)
    for name in a.outputs:
        assert a[name].view().tobytes() == b[name].view().tobytes()


def test_update_last_moves_high_and_low_with_the_close():
    hq = HQuant()
    hq.push_kline({"ts": 1, "open": 10, "high": 11, "low": 9, "close": 10, "volume": 5})
    hq.update_last({"close": 12.5, "volume": 7})
    assert (hq.high[-1], hq.low[-1], hq.close[-1], hq.volume[-1]) == (12.5, 9, 12.5, 7)
    hq.update_last({"close": 8})
    assert (hq.high[-1], hq.low[-1]) == (12.5, 8)


def test_signals_are_polled_once_with_their_meta():
    hq = HQuant(time_unit="ms")
    hq.add_strategy("cross", 'IF close > 101 THEN BUY(META(why="high"))\nIF close < 99 THEN SELL')
    for ts, close in enumerate((100.0, 102.0, 98.0), 1):
        hq.push_kline({"ts": ts, "open": close, "high": close, "low": close, "close": close})
    first, second = hq.poll_signals()
    assert (first["action"], first["meta"], first["ts"], first["strategy"]) == ("BUY", {"why": "high"}, 2, "cross")
    assert (second["action"], second["meta"], second["ts"]) == ("SELL", {}, 3)
    assert hq.poll_signals() == []


def test_a_bar_that_changes_changes_its_signals():
    hq = HQuant()
    hq.add_strategy("IF close > 101 AND close[1] < 101 THEN BUY")
    for ts, close in enumerate((100.0, 102.0), 1):
        hq.push_kline({"ts": ts, "open": close, "high": close, "low": close, "close": close})
    hq.update_last({"close": 100.5})
    assert hq.poll_signals() == []
    hq.update_last({"close": 103.0})
    assert [one["action"] for one in hq.poll_signals()] == ["BUY"]


def test_the_first_bar_may_change_too():
    once, twice = HQuant(), HQuant()
    for hq in (once, twice):
        hq.add_strategy("IF close > SMA(close, 2) THEN BUY")
    twice.push_kline({"ts": 1, "open": 9, "high": 9, "low": 9, "close": 9})
    twice.update_last({"open": 5, "high": 5, "low": 5, "close": 5})
    once.push_kline({"ts": 1, "open": 5, "high": 5, "low": 5, "close": 5})
    for hq in (once, twice):
        hq.push_kline({"ts": 2, "open": 6, "high": 6, "low": 6, "close": 6})
        hq.push_kline({"ts": 3, "open": 5, "high": 5, "low": 5, "close": 5})
    assert once.poll_signals() == twice.poll_signals() != []


def test_periods_are_built_and_strategies_read_them():
    hq = HQuant(bar="15m", period=["1h"], time_unit="ms")
    ema = hq.add_indicator("sma:2", period="1h")
    hq.add_strategy("IF close@1h > 3 THEN BUY(META(hour=close@1h))")
    for i in range(16):
        at = i * 900_000
        hq.push_kline({"open_time": at, "open": i, "high": i + 1, "low": i, "close": i + 0.5, "volume": 1})
    assert hq["1h"].columns["close"].view().tolist() == [3.5, 7.5, 11.5, 15.5]
    assert hq["1h"].columns["volume"].view().tolist() == [4.0] * 4
    assert math.isnan(ema[0])
    assert list(ema)[1:] == [5.5, 9.5, 13.5]
    signals = hq.poll_signals()
    assert [(s["ts"] // 900_000, s["meta"]["hour"]) for s in signals][:2] == [(4, 3.5), (5, 3.5)]


def test_an_indicator_reads_the_bars_of_a_coarser_period_as_a_filter_does():
    hq = HQuant(bar="15m", period=["1h"], time_unit="ms")
    hour = hq.add_indicator("sma:2(close@1h)")
    both = hq.add_indicator("sub(close,close@1h)")
    for i in range(12):
        at = i * 900_000
        hq.push_kline({"open_time": at, "open": i, "high": i + 1, "low": i, "close": i + 0.5, "volume": 1})
    assert np.isnan(hour.view()[:7]).all()
    assert hour.view()[7:].tolist() == [5.5] * 4 + [9.5]
    assert np.isnan(both.view()[:3]).all()
    assert both.view()[3:].tolist() == [0.0, 1.0, 2.0, 3.0, 0.0, 1.0, 2.0, 3.0, 0.0]


@pytest.mark.parametrize("spec", ["sma:2(close@4h)", "sma:2(close@15m)", "sma:2(close@ETHUSDT)"])
def test_an_indicator_of_bars_that_are_not_here_is_refused_at_once(spec):
    hq = HQuant(bar="15m", period=["1h"])
    with pytest.raises(HqError, match="reads bars of (4h|15m|ETHUSDT); here are 1h of one symbol"):
        hq.add_indicator(spec, period="1h")


@pytest.mark.parametrize(
    ("do", "says"),
    [
        (lambda hq: hq.update_last({"close": 1}), "no bar has been pushed"),
        (lambda hq: hq.add_indicator("rsii"), "did you mean rsi"),
        (lambda hq: hq.add_indicator({"period": 3}), "needs a 'type'"),
        (lambda hq: hq.push_kline({"open": 1, "high": 1, "low": 1, "close": 1}), "needs ts"),
        (lambda hq: hq["4h"], "unknown period '4h'"),
        (lambda hq: hq.add_indicator("rsi")["hist"], "has no output 'hist'"),
    ],
)
def test_mistakes_are_said(do, says):
    with pytest.raises(HqError, match=says):
        do(HQuant())


@pytest.mark.parametrize(
    ("do", "says"),
    [
        (lambda: Live({"type": "rsi"}), "a text such as 'rsi:14', not {'type': 'rsi'}"),
        (lambda: Live(5), "a text such as 'rsi:14', not 5"),
        (lambda: Live(["rsi"]), r"a text such as 'rsi:14', not \['rsi'\]"),
        (lambda: HQuant().add_indicator(None), "a text such as 'rsi:14', not None"),
        (lambda: HQuant().add_indicator(b"rsi"), "a text such as 'rsi:14', not b'rsi'"),
        *(
            (lambda it=it: Indicators(it), "a text such as 'rsi:14', not ")
            for it in (b"rsi:14", None, 5, {"type": "rsi"})
        ),
        (lambda: Indicators(["rsi", None]), "a text such as 'rsi:14', not None"),
        (lambda: Aggregate(None), "periods: None, must be a text such as 15m:4h"),
        (lambda: Aggregate(["5m"]), r"periods: \['5m'\], must be a text such as 15m:4h"),
        (lambda: Aggregate("5m", slack=-5), "slack: -5, must be a text: DURATION"),
        (lambda: Aggregate("5m", max_gap=7), "max_gap: 7, must be a text: DURATION"),
        (lambda: list(read(None)), "read: None is no path"),
        (lambda: list(read("a\0b")), "read: 'a.*b' is no path"),
        (lambda: Live("sma:period=2,period=3"), "'sma:period=2,period=3': period is given twice"),
        (lambda: Live("sma:period=2, period=2"), "period is given twice"),
    ],
)
def test_what_is_no_text_is_said_in_the_words_of_its_caller(do, says):
    with pytest.raises(HqError, match=says) as caught:
        do()
    assert caught.value.code == USAGE


def test_the_example_runs_and_says_the_same_every_time():
    root = ROOT
    env = {**os.environ, "PYTHONPATH": str(root / "core")}
    said = [
        subprocess.run([sys.executable, root / "examples" / "library.py"], capture_output=True, check=True, env=env)
        for _ in range(2)
    ]
    assert said[0].stdout == said[1].stdout
    lines = said[0].stdout.decode().splitlines()
    assert len(lines) == 5
    assert lines[0].endswith("of 1000 bars held")
    assert lines[3].startswith("days 21 ")
