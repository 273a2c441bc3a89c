"""What stands after '@', a symbol, a period or both, is one thing in a list of indicators and in a strategy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from signal_runs import Run, bars, strategy

from hq_core import specs
from hq_core.errors import USAGE, HqError
from hq_core.lang.check import Checker
from hq_core.lang.format import format_text
from hq_core.lang.parse import parse
from hq_core.lang.scope import Scope
from hq_core.lang.source import LangError, StrategyText
from hq_core.series.expr import column
from hq_core.stages.indicators import Indicators

FUTURE = "ETH/USDT:USDT"
SYMBOLS = st.lists(
    st.text("ABXYZ12_/.-", min_size=1, max_size=6).filter(lambda part: not part[:1].isdigit()), min_size=1, max_size=3
).map(":".join)


def in_a_strategy(reference: str) -> tuple[str, int]:
    source = StrategyText(f'x = close@"{reference}"', "s.hq")
    found = Checker(Scope(source)).check(parse(source)).scope.names["x"]
    assert found.op == "column"
    assert found.clock is not None
    return found.clock


def in_a_list(reference: str) -> tuple[str, int]:
    (found,) = specs.parse(f"sma:3(close@{reference})").exprs(("", 0)).values()
    assert [one.data for one in found.args] == [column("close").data]
    assert found.clock is not None
    return found.clock


@pytest.mark.parametrize("read", [in_a_strategy, in_a_list])
@pytest.mark.parametrize(
    ("reference", "clock"),
    [
        ("4h", ("", 14_400_000_000_000)),
        ("ETHUSDT", ("ETHUSDT", 0)),
        ("ETHUSDT:4h", ("ETHUSDT", 14_400_000_000_000)),
        (FUTURE, (FUTURE, 0)),
        (f"{FUTURE}:4h", (FUTURE, 14_400_000_000_000)),
        ("BTC/USDT:USDT-250328", ("BTC/USDT:USDT-250328", 0)),
        ("XTKS:7203", ("XTKS:7203", 0)),
        ("A:B:C:15m", ("A:B:C", 900_000_000_000)),
    ],
)
def test_a_last_part_that_is_no_period_belongs_to_the_symbol(read, reference, clock):
    assert read(reference) == clock


@given(SYMBOLS, st.sampled_from(["", "15m", "4h", "1d"]))
def test_both_ways_in_read_the_same_reference(symbol, period):
    text = symbol + (period and ":") + period
    found = in_a_list(text)
    assert found == in_a_strategy(text)
    assert found[0] == symbol
    assert (found[1] > 0) == bool(period)


@pytest.mark.parametrize(
    "reference", ["4q", "ETH:0m", "ETH/USDT:USDT:4x", "ETH:", FUTURE + ":", "999999w", "ETH:999999w"]
)
def test_what_looks_like_a_period_and_is_none_is_refused_in_both(reference):
    with pytest.raises(HqError) as listed:
        in_a_list(reference)
    assert listed.value.code == USAGE
    with pytest.raises(LangError) as written:
        in_a_strategy(reference)
    assert written.value.reason.startswith("period is '")


@pytest.mark.parametrize("reference", ["4h", "ETHUSDT:4h", f'"{FUTURE}"', f'"{FUTURE}:4h"', '"X:USDT"'])
def test_the_canonical_form_can_be_read_again(reference):
    text = format_text(f"x = close@{reference}\n", "s.hq")
    assert text == f"x = close@{reference}\n"
    assert format_text(text, "s.hq") == text


def test_a_symbol_with_a_colon_without_quotes_is_told_of_them():
    with pytest.raises(LangError) as error:
        parse(StrategyText(f"x = close@{FUTURE}", "s.hq"))
    assert 'close@"ETH/USDT:USDT"' in error.value.reason


def test_a_future_is_read_in_both():
    def run(stage):
        told = Run(stage).announce("15m", symbol="X").announce("15m", symbol=FUTURE)
        return told.feed("15m", bars([5.0, 7.0]), FUTURE).feed("15m", bars([1.0, 2.0]), "X").finish()

    listed = run(Indicators([specs.parse(f"sma:1(close@{FUTURE})")]))
    assert listed.column(f"sma_1_close@{FUTURE}") == [5.0, 7.0]
    written = run(strategy(f'x = close@"{FUTURE}" * 1\nIF x > 6 THEN BUY', keep=["x"]))
    assert written.column("x") == [5.0, 7.0]
