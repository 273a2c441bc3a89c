"""param: bounds, steps, choices and texts; set and fanned from outside."""

from __future__ import annotations

from typing import Any

import pytest
from signal_runs import Run, bars, strategy
from strategies import form, refused, values

from hq_core.errors import DATA, USAGE, HqError
from hq_core.stages.signal import Signal

CLOSES = [5.0, 1.0, 3.0, 9.0]


def names(text: str, params: dict[str, Any], *more: tuple[str, str, str]) -> list[str]:
    return [one.name for one in Signal([("s", text, "s.hq"), *more], params=params).strategies]


@pytest.mark.parametrize(
    ("text", "params", "wanted"),
    [
        ("param k = 2\nx = close * k", {}, [10.0, 2.0, 6.0, 18.0]),
        ("param k = 2\nx = close * k", {"k": 3}, [15.0, 3.0, 9.0, 27.0]),
        ("param k = 2\nx = close * k", {"k": "3"}, [15.0, 3.0, 9.0, 27.0]),
        ("param k = 2\nx = close * k", {"s.k": "-.5"}, [-2.5, -0.5, -1.5, -4.5]),
        ("param k = -2 in -9..-1\nx = close * k", {"k": -9}, [-45.0, -9.0, -27.0, -81.0]),
        ("param k = 2 in 0..10 step 2\nx = close * k", {"k": 10}, [50.0, 10.0, 30.0, 90.0]),
        ("param k = 2 in (1, 2, 5)\nx = close * k", {"k": 5}, [25.0, 5.0, 15.0, 45.0]),
        ('param k = "a" in ("a", "b")\nx = IF(k == "b", close, 0)', {"k": "b"}, CLOSES),
        ('param k = "a"\nx = IF(k IN ("b", "c"), close, 0)', {"k": "c"}, CLOSES),
        ('param k = "sma" in ("sma", "wma")\nx = MA(close, 1 + 1, matype=k)[1]', {}, None),
        ("param n = 2\nx = close[n - 1]", {"n": 1}, CLOSES),
    ],
)
def test_values(text: str, params: dict[str, Any], wanted: list[float] | None) -> None:
    found = values(text, CLOSES, params=params)
    if wanted is None:
        assert repr(found) == repr(values("x = SMA(close, 2)[1]", CLOSES))
        assert repr(values(text, CLOSES, params={"k": "wma"})) == repr(values("x = WMA(close, 2)[1]", CLOSES))
    else:
        assert found == wanted


@pytest.mark.parametrize(
    ("given", "fanned"),
    [
        ("1..3", ["s[k=1]", "s[k=2]", "s[k=3]"]),
        ("1..3:2", ["s[k=1]", "s[k=3]"]),
        ("1..2:0.25", ["s[k=1]", "s[k=1.25]", "s[k=1.5]", "s[k=1.75]", "s[k=2]"]),
        ("0.1..0.3:0.1", ["s[k=0.1]", "s[k=0.2]", "s[k=0.3]"]),  # as people write them, not 0.30000000000000004
        ("-1..1", ["s[k=-1]", "s[k=0]", "s[k=1]"]),
        ("5,8,13", ["s[k=5]", "s[k=8]", "s[k=13]"]),
        ("1..2,7", ["s[k=1]", "s[k=2]", "s[k=7]"]),
        ("5", ["s"]),
        ("3..3", ["s"]),
        ([1, 2], ["s[k=1]", "s[k=2]"]),
        ((4,), ["s"]),
    ],
)
def test_fans(given: object, fanned: list[str]) -> None:
    assert names("param k = 2\nx = close * k\nIF x > 1 THEN BUY", {"k": given}) == fanned


def test_fans_of_two_params_and_of_two_strategies() -> None:
    text = 'param a = 1\nparam b = "x" in ("x", "y")\nIF close > a AND b == "x" THEN BUY'
    assert names(text, {"a": "1,2", "b": "x,y"}) == ["s[a=1,b=x]", "s[a=1,b=y]", "s[a=2,b=x]", "s[a=2,b=y]"]
    assert names(text, {"b": "x,y", "a": "1,2"}) == ["s[b=x,a=1]", "s[b=x,a=2]", "s[b=y,a=1]", "s[b=y,a=2]"]
    other = ("t", "param a = 7\nIF close > a THEN SELL", "t.hq")
    assert names(text, {"a": "1,2"}, other) == ["s[a=1]", "s[a=2]", "t[a=1]", "t[a=2]"]
    assert names(text, {"s.a": "1,2"}, other) == ["s[a=1]", "s[a=2]", "t"]


def test_each_of_a_fan_gives_what_it_would_alone() -> None:
    text = "param n = 2 in 2..9\nx = SMA(close, n)\nIF close > x THEN OPEN_LONG(size=n)"

    def orders(params: dict[str, Any]) -> list[Any]:
        run = Run(strategy(text, params=params)).announce("15m").feed("15m", bars(CLOSES * 4)).finish()
        return run.rows["order/X/15m"]

    together = orders({"n": "2..4"})
    for n in (2, 3, 4):
        alone = [{**row, "strategy": f"s[n={n}]"} for row in orders({"n": n})]
        assert [row for row in together if row["strategy"] == f"s[n={n}]"] == alone
        assert alone


def test_kept_names_of_a_fan_are_called_by_their_strategies() -> None:
    run = Run(strategy("param k = 2\nx = close * k", params={"k": "1,2"}, keep=["x"])).announce("15m")
    run.feed("15m", bars(CLOSES)).finish()
    assert run.column("s[k=1].x") == CLOSES
    assert run.column("s[k=2].x") == [2 * one for one in CLOSES]


def test_they_are_listed() -> None:
    text = 'param a = 3 in 1..9 step 2\nparam b = "x" in ("x", "y")\nparam c = -1.5\nIF close > a THEN BUY'
    assert Signal([("s", text, "s.hq")]).parameters() == [
        {"strategy": "s", "name": "a", "default": 3.0, "min": 1.0, "max": 9.0, "step": 2.0, "choices": None},
        {"strategy": "s", "name": "b", "default": "x", "min": None, "max": None, "step": None, "choices": ["x", "y"]},
        {"strategy": "s", "name": "c", "default": -1.5, "min": None, "max": None, "step": None, "choices": None},
    ]


GIVEN_WRONG = [
    ("param k = 2", {"j": 3}, USAGE, "unknown parameter 'j'"),
    ("param fast = 2", {"fsat": 3}, USAGE, "unknown parameter 'fsat'; did you mean fast?"),
    ("x = 1", {"k": 3}, USAGE, "unknown parameter 'k'; there is none"),
    ("param k = 2", {"k": "two"}, USAGE, "k is 'two', must be a number"),
    ("param k = 2", {"k": "1,two"}, USAGE, "k is 'two', must be a number"),
    ("param k = 2", {"k": ""}, USAGE, "k is '', must be a number"),
    ("param k = 2", {"k": "nan"}, USAGE, "k is 'nan', must be a number"),
    ("param k = 2", {"k": "1_0"}, USAGE, "k is '1_0', must be a number"),
    ("param k = 2", {"k": "\u0661\u0660"}, USAGE, "k is '\u0661\u0660', must be a number"),
    ("param k = 2", {"k": "\u0661..\u0663"}, USAGE, "k is '\u0661..\u0663', must be a number"),
    ("param k = 2", {"k": True}, USAGE, "k is True, must be a number"),
    ("param k = 2", {"k": None}, USAGE, "k is None, must be a number"),
    ('param k = "a"', {"k": 3}, USAGE, "k is 3, must be a text"),
    ("param k = 2", {"k": "5..1"}, USAGE, "k=5..1: 5..1 must rise, by more than 0"),
    ("param k = 2", {"k": "1..5:0"}, USAGE, "k=1..5:0: 1..5:0 must rise, by more than 0"),
    ("param k = 2", {"k": "1..1000000"}, USAGE, "k=1..1000000: more than 10000 values"),
    ("param k = 2\nparam j = 2", {"k": "1..200", "j": "1..200"}, USAGE, "s: more than 10000 strategies"),
    ("param k = 2", {"k": "1,1"}, DATA, "two strategies are called 's[k=1]'"),
    ("param k = 2 in 1..9", {"k": 10}, DATA, "s.hq:1:11: k is 10, must be 1 to 9"),
    ("param k = 2 in (1, 2)", {"k": 3}, DATA, "s.hq:1:11: k is 3, must be one of 1, 2"),
    (
        'param k = "sma" in ("sma", "ema")',
        {"k": "eam"},
        DATA,
        "s.hq:1:11: k is eam, must be one of sma, ema; did you mean",
    ),
]


@pytest.mark.parametrize(("text", "params", "code", "says"), GIVEN_WRONG)
def test_what_is_given_wrong(text: str, params: dict[str, Any], code: int, says: str) -> None:
    with pytest.raises(HqError) as error:
        Signal([("s", f"{text}\nIF close > 1 THEN BUY", "s.hq")], params=params)
    assert says in str(error.value)
    assert error.value.code == code


REFUSED = [
    ("param k = 3 in 1..9 step <0>", "step is 0, must be above 0"),
    ("param k = 3 in 1..9 step <-1>", "step is -1, must be above 0"),
    ("param k = 3 in <9..1>", "the range 9..1 is empty"),
    ("param k = <3> in ('a', 'b')", "a parameter is a number or a text, and so are its choices"),
    ("param k = <'a'> in 1..3", "a parameter is a number or a text, and so are its choices"),
    ("param k = <3> in (1, 2)", "k is 3, must be one of 1, 2"),
    ("param k = <'c'> in ('a', 'b')", "k is c, must be one of a, b"),
    ("param k = 3\nparam <k> = 4", "'k' is defined already; a name is given once"),
    ("param <close> = 4", "'close' is a column of the input"),
    ("param k = 3 in 1..9 <stop> 2", "expected end of line, found 'stop'"),
    ("param k = <close>", "expected a number or a text, found 'close'"),
]


@pytest.mark.parametrize(("marked", "reason"), REFUSED)
def test_refused(marked: str, reason: str) -> None:
    assert refused(marked) == reason


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("PARAM k=3 IN 1 .. 9 STEP 2", "param k = 3 in 1..9 step 2"),
        ("param k = - 3 in - 9 .. - 1", "param k = -3 in -9..-1"),
        ("param k='a' in('a' ,\"b\",)", "param k = 'a' in ('a', \"b\")"),
    ],
)
def test_canonical_form(text: str, canonical: str) -> None:
    assert form(text) == canonical + "\n"
    assert form(canonical) == canonical + "\n"
