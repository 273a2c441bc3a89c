"""What is written as other languages have it is refused, with what stands for it here."""

from __future__ import annotations

import pytest
from strategies import check, refused

from hq_core.errors import HqError
from hq_core.lang.source import UnknownName
from hq_core.lang.strategy import Strategy
from hq_core.stages.signal import Signal

LARGER = "MAX is the larger of two values at a row; over 20 rows: HIGHEST"


@pytest.mark.parametrize(
    ("marked", "reason"),
    [
        ("x = <MAX(high, 20)>", f"{LARGER}(high, 20)"),
        ("x = <MAX(20, close@4h)>", f"{LARGER}(close@4h, 20)"),
        ("x = <MIN(low, 2)>", "MIN is the smaller of two values at a row; over 2 rows: LOWEST(low, 2)"),
        (
            "x = RANK(close, <20>)",
            "by= is a series whose numbers make groups of symbols, this is a number; the rank of x among its own last "
            "rows: PERCENTRANK(close, 20)",
        ),
        ("x = CS_MEAN(close, by=<3>)", "by= is a series whose numbers make groups of symbols, this is a number"),
        ("x = close + <1e400>", "the number is beyond the largest that there is, 1.79e308"),
        ("param x = <1e309>", "the number is beyond the largest that there is, 1.79e308"),
        ('x = MA(close, 20, <"ema">)', 'MA takes a text by its name: matype="ema"'),
        ('x = RSI(close, <"ema">)', "RSI has no place for this text; it takes close, period"),
        ("IF close > 3<:> BUY()", "':' is not part of the language; THEN stands between a condition and its actions"),
        ("IF close > 3 THEN<:> BUY()", "':' is not part of the language; actions stand behind THEN"),
        ("IF close > 3 THEN BUY\nELSE<:> SELL", "':' is not part of the language; actions stand behind ELSE"),
        (
            "x = 1\nIF close@A/USDT<:>USDT > 3 THEN BUY",
            "':' is not part of the language; such a symbol stands in quotes, as in close@\"ETH/USDT:USDT\"",
        ),
        ("x = close@4h<:>ETHUSDT", "':' is not part of the language here; the symbol comes first: @ETHUSDT:4h"),
        ("x = close > 3 <&> open > 3", "'&' is not part of the language; AND joins conditions"),
        ("x = close > 3 <|> open > 3", "'|' is not part of the language; OR joins conditions"),
        ("x = close *<*> 2", "expected a value, found '*'; a power is x ^ y"),
        ("x = ta.rsi<(>close, 14)", "expected end of line, found '('; a function stands alone: RSI(...)"),
        (
            "IF close > 3 THEN BUY ELSE <IF> close < 2 THEN SELL",
            "expected an action, found 'IF'; behind ELSE stand actions: a further condition is an IF of its own",
        ),
        (
            "IF close > 3 THEN BUY <elif> close < 2 THEN SELL",
            "expected end of line, found 'elif'; behind ELSE stand actions: a further condition is an IF of its own",
        ),
        ("x = close<@4H>", "period is '4H', must be a whole number and s, m, h, d or w, such as 15m; did you mean 4h?"),
        ("x = close<@1M>", "period is '1M', must be a whole number and s, m, h, d or w, such as 15m"),
        (
            'IF close > 3 THEN BUY(tif=<"week">)',
            "tif is 'week', must be one of gtc, ioc, fok, day; expire=\"4h\" is until so long after",
        ),
        (
            "VAR a = <b>[1] + 1 SEED 0\nVAR b = a[1] SEED 0",
            "'b' is given on line 2, and is read above it; a VAR sees itself alone: a[1]",
        ),
        ("x = <y> + 1\n\ny = 3", "'y' is given on line 3, and is read above it"),
    ],
)
def test_refused_with_what_stands_for_it(marked: str, reason: str) -> None:
    assert refused(marked) == reason


@pytest.mark.parametrize(
    "text",
    [
        "x = MAX(RSI(14), 20)",  # a clamp
        "x = MAX(volume, 20)",
        "x = MAX(high, 2.5)",
        "x = MAX(close - open, 20)",
        "x = MAX(high, low, 20)",
        "param n = 20\nx = MAX(high, n)",
        "x = RANK(close, by=volume)",
        "x = 1.7e308",
    ],
)
def test_what_is_meant_as_it_stands_is_taken(text: str) -> None:
    check(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = SMA(close, n)", "unknown name 'n'; of a column of the input: SMA has no place for this series"),
        (
            "nn = 3\nIF n THEN BUY",
            "unknown name 'n', did you mean 'nn'?; of a column of the input: IF wants a condition",
        ),
    ],
)
def test_an_unknown_name_is_told_as_one_where_no_column_would_do(text: str, told: str) -> None:
    with pytest.raises(UnknownName) as error:
        Strategy("s", text, "s.hq").check_alone(strict=False)
    assert error.value.reason.startswith(told)


def test_a_column_of_the_input_may_still_have_the_name() -> None:
    with pytest.raises(HqError, match="MACD|output"):
        Signal([("s", "x = rsi_14 + 1\nIF MACD() > rsi_14 THEN BUY", "s.hq")])
    Signal([("s", "IF rsi_14 > 3 THEN BUY", "s.hq")])
