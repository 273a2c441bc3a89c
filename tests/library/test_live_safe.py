"""Nothing that a program is given can outlive what it runs on; what a program gives is checked at once."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from hq_core import Aggregator, HQuant
from hq_core.api.live import Live
from hq_core.errors import HqError

BAR = {"ts": 10, "open": 1.0, "high": 1.0, "low": 1.0, "close": 1.0}


def test_push_without_its_object_runs_on_what_is_still_there() -> None:
    """In a process of its own: it was a use after free, and a crash."""
    code = """
import gc
from hq_core.api.live import Live
pushes = [Live("sma:20", "bbands:20", "rsi:14").push for _ in range(50)]
gc.collect()
waste = [bytearray(b"\\xff" * 4096) for _ in range(4000)]
found = {tuple(push(float(i))[0] for i in range(40)) [-1] for push in pushes}
print(found)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "{29.5}\n"), ran.stderr


def test_what_a_call_runs_on_belongs_to_the_call() -> None:
    push = Live("sma:2").push
    gc.collect()
    assert [push(close)[0] for close in (1.0, 2.0, 4.0)][1:] == [1.5, 3.0]


def test_the_values_cannot_be_moved_away_from_under_the_call() -> None:
    live = Live("sma:2")
    with pytest.raises(BufferError):
        live.values.append(1.0)
    with pytest.raises(BufferError):
        live.push(1.0).extend([1.0] * 10_000)


def test_inputs_go_by_name_or_in_their_order() -> None:
    named, placed = Live("atr:2"), Live("atr:2")
    for row in ((3.0, 1.0, 2.0), (4.0, 2.0, 3.0), (6.0, 3.0, 5.0)):
        assert named.inputs == ("high", "low", "close")
        found = named.push(close=row[2], high=row[0], low=row[1])
        assert list(found) == pytest.approx(list(placed.push(*row)), nan_ok=True)
    assert list(placed.push(7.0, close=6.0, low=5.0)) == list(named.push(7.0, 5.0, 6.0))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda push: push(1.0), "missing 2 required positional arguments: 'low' and 'close'"),
        (lambda push: push(1.0, 2.0, 3.0, 4.0), "takes 3 positional arguments but 4 were given"),
        (lambda push: push(1.0, 2.0, clsoe=3.0), "unexpected keyword argument 'clsoe'"),
        (lambda push: push(1.0, 2.0, 3.0, high=3.0), "multiple values for argument 'high'"),
        (lambda push: push(1.0, 2.0, "x"), "must be real number"),
    ],
)
def test_a_wrong_number_or_name_of_inputs_is_said(call, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        call(Live("atr:14").push)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda push: push(1.0), "push takes a.b, class: 2 values, 1 given"),
        (lambda push: push(1.0, b=2.0), "push has no input 'b'"),
        (lambda push: push(1.0, 2.0, **{"a.b": 2.0}), "a.b is given twice"),
    ],
)
def test_inputs_whose_names_python_cannot_write_go_by_name_too(call, says: str) -> None:
    live = Live("sub(a.b,class)")
    assert live.push(3.0, **{"class": 1.0})[0] == live.push(3.0, 1.0)[0] == 2.0
    with pytest.raises(TypeError, match=says):
        call(live.push)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("IF clsoe > 1 THEN BUY", "unknown name 'clsoe', did you mean 'close'"),
        ("IF RSI(1) > 1 THEN BUY", "rsi: period is 1, must be 2 to 100000"),
        ("IF close@4h > 1 THEN BUY", "strategy1: reads bars of 4h; here are 15m, 1h"),
        ("IF close@ETHUSDT > 1 THEN BUY", "strategy1: reads bars of ETHUSDT; here are those of one symbol"),
        ("IF close >", "expected a value"),
    ],
)
def test_add_strategy_says_at_once_what_is_wrong(text: str, says: str) -> None:
    hq = HQuant(bar="15m", period=["1h"])
    with pytest.raises(HqError, match=says):
        hq.add_strategy(text)
    hq.add_strategy("IF close@1h > 1 THEN BUY")  # what was refused is not there


def test_two_strategies_of_one_name_are_refused_at_once() -> None:
    hq = HQuant()
    hq.add_strategy("a", "IF close > 1 THEN BUY")
    with pytest.raises(HqError, match="two strategies are called 'a'"):
        hq.add_strategy("a", "IF close > 2 THEN BUY")


@pytest.mark.parametrize(
    ("bar", "says"),
    [
        (BAR, "ts is 10, must be after that of the bar before, 10; update_last changes the newest bar"),
        ({**BAR, "ts": 9}, "ts is 9, must be after"),
        ({**BAR, "ts": "x"}, "ts is 'x', must be a whole number of ns"),
        ({**BAR, "ts": 10.5}, "ts is 10.5, must be a whole number of ns"),
        ({**BAR, "ts": float("nan")}, "ts is nan, must be"),
        ({**BAR, "ts": 10**30}, "is time_unit ns?"),
        ({"ts": 11, "open": 1.0}, "a bar needs open, high, low, close; this one has ts, open"),
        ({**BAR, "ts": 11, "close": None}, "close is None, must be a number"),
    ],
)
def test_a_bar_that_is_wrong_changes_nothing_and_is_said(bar, says: str) -> None:
    hq = HQuant()
    line = hq.add_indicator("sma:1")
    hq.push_kline(BAR)
    with pytest.raises(HqError, match=says):
        hq.push_kline(bar)
    hq.push_kline({**BAR, "ts": 11, "close": 3.0})
    assert list(line) == [1.0, 3.0]


def test_the_library_speaks_of_arguments_and_not_of_options() -> None:
    candle = {"open": 1.0, "high": 1.0, "low": 1.0, "close": 1.0}
    aggregator = Aggregator("5m", source="1m", time_unit="s", fill="flat", max_gap="1h")
    aggregator.push_kline({"open_time": 0, **candle})
    with pytest.raises(HqError, match="longer than max_gap 1h"):
        aggregator.push_kline({"open_time": 86_400, **candle})
    aggregator = Aggregator("5m", source="1m", time_unit="s")
    aggregator.push_kline({"open_time": 600, **candle})
    with pytest.raises(HqError, match="ts is 360, must not be before that of the one pushed before, 660"):
        aggregator.push_kline({"open_time": 300, **candle})
