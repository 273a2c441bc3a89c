"""What looks back at rows, and operators row by row, with values worked out by hand."""

from __future__ import annotations

import math
import re

import pytest
from signal_runs import bits
from strategies import form, refused, values

NAN, INF = math.nan, math.inf
CLOSES = [5.0, 1.0, 3.0, 9.0, 4.0, 6.0]


def same(found: list[float], wanted: list[float]) -> bool:
    return bits([value + 0.0 for value in found]) == bits(wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("BARSSINCE(close > 4)", [0.0, 1.0, 2.0, 0.0, 1.0, 0.0]),
        ("BARSSINCE(close == 3)", [NAN, NAN, 0.0, 1.0, 2.0, 3.0]),
        ("BARSSINCE(close > 100)", [NAN] * 6),
        ("VALUEWHEN(close > 4, close)", [5.0, 5.0, 5.0, 9.0, 9.0, 6.0]),
        ("VALUEWHEN(close > 4, close, 2)", [NAN, NAN, NAN, 5.0, 5.0, 9.0]),
        ("VALUEWHEN(close > 4, close, n=3)", [NAN, NAN, NAN, NAN, NAN, 5.0]),
        ("VALUEWHEN(close > 4, close[1], 1)", [NAN, NAN, NAN, 3.0, 3.0, 4.0]),
        ("COUNT(close > 4, 3)", [NAN, NAN, 1.0, 1.0, 1.0, 2.0]),
        ("COUNT(close > 4, 1)", [1.0, 0.0, 0.0, 1.0, 0.0, 1.0]),
        ("HIGHEST(close, 3)", [NAN, NAN, 5.0, 9.0, 9.0, 9.0]),
        ("LOWEST(close, 3)", [NAN, NAN, 1.0, 1.0, 3.0, 4.0]),
        ("HIGHEST(close, 1)", CLOSES),
        ("CHANGE(close)", [NAN, -4.0, 2.0, 6.0, -5.0, 2.0]),
        ("CHANGE(close, 2)", [NAN, NAN, -2.0, 8.0, 1.0, -3.0]),
        ("RISING(close, 1)", [0.0, 0.0, 1.0, 1.0, 0.0, 1.0]),
        ("RISING(close, 2)", [0.0, 0.0, 0.0, 1.0, 0.0, 0.0]),
        ("FALLING(close, 1)", [0.0, 1.0, 0.0, 0.0, 1.0, 0.0]),
        ("FALLING(close, 3)", [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        ("close[2]", [NAN, NAN, 5.0, 1.0, 3.0, 9.0]),
        ("(close > 4)[2]", [0.0, 0.0, 1.0, 0.0, 0.0, 1.0]),
        ("NOT (close > 4)[2]", [1.0, 1.0, 0.0, 1.0, 1.0, 0.0]),
        ("NA(close[2])", [1.0, 1.0, 0.0, 0.0, 0.0, 0.0]),
        ("NZ(close[2])", [0.0, 0.0, 5.0, 1.0, 3.0, 9.0]),
        ("NZ(close[2], -close)", [-5.0, -1.0, 5.0, 1.0, 3.0, 9.0]),
        ("SIGN(close - 4)", [1.0, -1.0, -1.0, 1.0, 0.0, 1.0]),
        ("SIGN(-(close - close)) ^ -1", [math.inf] * 6),  # a zero without a sign
        ("SIGN(close[1] - 4)", [NAN, 1.0, -1.0, -1.0, 1.0, 0.0]),
        ("IF(close > 4, close, -1)", [5.0, -1.0, -1.0, 9.0, -1.0, 6.0]),
        ("IF(condition=close > 4, b=1, a=2)", [2.0, 1.0, 1.0, 2.0, 1.0, 2.0]),
        ("IF(close > 4, close > 5, close > 2)", [0.0, 0.0, 1.0, 1.0, 1.0, 1.0]),
        ("IF(close[1] > 4, 1, 0)", [0.0, 1.0, 0.0, 0.0, 1.0, 0.0]),
        ("2 < close <= 5", [1.0, 0.0, 1.0, 0.0, 1.0, 0.0]),
        ("1 < close != 5 < 8", [0.0, 0.0, 1.0, 1.0, 1.0, 1.0]),
        ("(close > 1) == (close > 4) == TRUE", [1.0, 0.0, 0.0, 1.0, 0.0, 1.0]),
        ("close IN (5, 9, 6.0)", [1.0, 0.0, 0.0, 1.0, 0.0, 1.0]),
        ("close[1] IN (5,)", [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]),
        ("-close IN (-5, -1)", [1.0, 1.0, 0.0, 0.0, 0.0, 0.0]),
        ("close % 4", [1.0, 1.0, 3.0, 1.0, 0.0, 2.0]),
        ("-close % 4", [3.0, 3.0, 1.0, 3.0, 0.0, 2.0]),
        ("close % -4", [-3.0, -3.0, -1.0, -3.0, 0.0, -2.0]),
        ("close % (close - 3)", [1.0, -1.0, NAN, 3.0, 0.0, 0.0]),
        ("close ^ 2", [25.0, 1.0, 9.0, 81.0, 16.0, 36.0]),
        ("POW(close, 2)", [25.0, 1.0, 9.0, 81.0, 16.0, 36.0]),
        ("-close ^ 2", [-25.0, -1.0, -9.0, -81.0, -16.0, -36.0]),
        ("(-close) ^ 2", [25.0, 1.0, 9.0, 81.0, 16.0, 36.0]),
        ("(3 - close) ^ 0.5", [NAN, 2.0**0.5, 0.0, NAN, NAN, NAN]),
        ("0 * close + 2 ^ 3 ^ 2", [512.0] * 6),
        ("0 * close + 2 ^ -1", [0.5] * 6),
        ("close / (close - 3)", [2.5, -0.5, NAN, 1.5, 4.0, 2.0]),
        ("MIN(close, 4, close[1])", [NAN, 1.0, 1.0, 3.0, 4.0, 4.0]),
        ("MAX(close, 4.0)", [5.0, 4.0, 4.0, 9.0, 4.0, 6.0]),
        ('IF(symbol == "X", close, 0)', CLOSES),
        ('IF(period IN ("1h", "4h"), close, 0)', [0.0] * 6),
        ("NOT close > 4 AND close > 2 OR close == 9", [0.0, 0.0, 1.0, 1.0, 1.0, 0.0]),
    ],
)
def test_by_hand(text: str, wanted: list[float]) -> None:
    assert same(values(f"x = {text}", CLOSES), wanted)


def test_a_nan_row() -> None:
    closes = [5.0, NAN, 3.0, 9.0, 4.0]
    for text, wanted in (
        ("BARSSINCE(NA(close))", [NAN, 0.0, 1.0, 2.0, 3.0]),
        ("VALUEWHEN(close != 9, close)", [5.0, 5.0, 3.0, 3.0, 4.0]),
        ("VALUEWHEN(NOT close > 4, close)", [NAN, NAN, 3.0, 3.0, 4.0]),
        ("HIGHEST(close, 2)", [NAN, NAN, NAN, 9.0, 9.0]),
        ("COUNT(close > 4, 2)", [NAN, 1.0, 0.0, 1.0, 1.0]),
        ("RISING(close, 1)", [0.0, 0.0, 0.0, 1.0, 0.0]),
        ("close IN (5, 3)", [1.0, 0.0, 1.0, 0.0, 0.0]),
        ("close != 5", [0.0, 0.0, 1.0, 1.0, 1.0]),
        ("(close > 4) == (close > 2)", [1.0, 1.0, 0.0, 1.0, 0.0]),
        ("SIGN(close)", [1.0, NAN, 1.0, 1.0, 1.0]),
        ("close % 2", [1.0, NAN, 1.0, 1.0, 0.0]),
        ("close ^ 0", [1.0] * 5),
        ("IF(close > 4, 1, 0)", [1.0, 0.0, 0.0, 1.0, 0.0]),
    ):
        assert same(values(f"x = {text}", closes), wanted), text


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("close@4h", NAN, 15.0),
        ("NA(close@4h)", 1.0, 0.0),
        ("NOT NA(close@4h)", 0.0, 1.0),
        ("NZ(close@4h, 7)", 7.0, 15.0),
        ("NZ(close@4h, 7) + 1", 8.0, 16.0),
        ("NZ(close@4h, open@4h)", NAN, 15.0),
        ("IF(close@4h > 3, 1, 0)", 0.0, 1.0),
        ("IF(close@4h > 3, 1, open@4h)", NAN, 1.0),
        ("NOT close@4h > 3", 1.0, 0.0),
        ("(NOT close > 3)@4h", 1.0, 0.0),
        ("(close > 3)@4h == (open > 3)@4h", 1.0, 1.0),
        ("close@4h IN (15, 31)", 0.0, 1.0),
        ("close@4h ^ 0", 1.0, 1.0),
        ("BARSSINCE(NA(close)[0])@4h", NAN, NAN),
        ("NA(close@4h)[1]", 0.0, 0.0),
    ],
)
def test_before_the_first_row_of_another_series(text: str, before: float, after: float) -> None:
    """A value of what is not there is the same on whichever rows it is computed."""
    closes = [float(i) for i in range(20)]
    wanted = [before] * 15 + [after] * 5
    assert same(values(f"x = {text}", closes), wanted)
    if "[" not in text and ")@4h" not in text:
        here = re.sub(r"\w+@4h", r"(\g<0> + 0 * close)", text)
        assert same(values(f"x = {here}", closes), wanted)


CANONICAL = [
    ("x=if( close>1,2 ,3)", "x = IF(close > 1, 2, 3)"),
    ("x=close in(1,-2.50,)", "x = close IN (1, -2.50)"),
    ("x=1<close<=2!=3", "x = 1 < close <= 2 != 3"),
    ("x=valuewhen(close>1,high,n=2)", "x = VALUEWHEN(close > 1, high, n=2)"),
    ("x=close%2*3^2", "x = close % 2 * 3 ^ 2"),
    ("x=(close*2)%3", "x = close * 2 % 3"),
    ("x=close*(2%open)", "x = close * (2 % open)"),
]


@pytest.mark.parametrize(("text", "canonical"), CANONICAL)
def test_canonical_form(text: str, canonical: str) -> None:
    assert form(text) == canonical + "\n"
    assert form(canonical) == canonical + "\n"


REFUSED = [
    ("x = <IF(close > 1, 2)>", "IF lacks b: IF(condition, a, b)"),
    ("x = IF(<close>, 2, 3)", "IF wants a condition here, this is a price"),
    ("x = <IF(close > 1, 2, close > 3)>", "IF chooses between two numbers or two conditions, not one of each"),
    ("x = IF(close > 1, <'a'>, 2)", "a text is no number"),
    ("x = IF(close > 1, 2, 3, <4>)", "IF has no place for this: IF(condition, a, b)"),
    ("x = COUNT(<close>, 3)", "COUNT wants a condition here, this is a price"),
    ("x = COUNT(close > 1, <close>)", "n is a whole number of rows that is known beforehand, this is a price"),
    ("x = COUNT(close > 1, <0>)", "n is 0, must be 1 to 100000"),
    ("x = COUNT(close > 1, <1.5>)", "n is a whole number of rows that is known beforehand, this is a number"),
    ("x = COUNT(close > 1, <100001>)", "n is 100001, must be 1 to 100000"),
    ("x = COUNT(close > 1, <TRUE>)", "n is a whole number of rows that is known beforehand, this is a bool"),
    ("x = BARSSINCE(<close>)", "BARSSINCE wants a condition here, this is a price"),
    ("x = <BARSSINCE(TRUE)>", "BARSSINCE wants a series"),
    ("x = VALUEWHEN(close > 1, <close > 2>)", "a bool is no number"),
    ("x = NA(<close > 1>)", "a bool is no number"),
    ("x = SIGN(<MACD()>)", "a call with several outputs is no number; pick an output: .macd, .signal, .hist"),
    ("x = <MIN(1, 2, 3, 4, 5, 6, 7, 8, close)>", "MIN takes at most 8 values, got 9"),
    ("x = close IN (1, <'a'>)", "IN compares price with text"),
    ("x = symbol IN ('a', <1>)", "IN compares text with number"),
    ("x = (close > 1) IN (<1>, 2)", "IN compares bool with number"),
    ("x = 1 < close <<> (open > 1)", "'<' compares price with bool"),
    ("x = close <==> 'a'", "'==' compares price with text"),
    ("x = symbol <<> 'a'", "'<' compares text with text"),
    ("x = close <%> 'a'", "'%' joins price with text"),
    ("x = 7 % <0>", "division by 0"),
    ("x = close <^> (close > 1)", "'^' joins price with bool"),
    ("x = <symbol>[1]", "a text has no history"),
]


@pytest.mark.parametrize(("marked", "reason"), REFUSED)
def test_refused(marked: str, reason: str) -> None:
    assert refused(marked) == reason
