"""An option is declared once, and an error that names one is worded for its reader."""

from __future__ import annotations

import inspect

import pytest
from documents import COMMANDS

import hq_core
from hq_cli._options import Made
from hq_core.errors import USAGE, HqError
from hq_core.futures.terms import Terms
from hq_core.options import Declared, Option, options_of
from hq_core.options.aggregate import AggregateOptions

GAP = AggregateOptions.max_gap


def test_an_error_calls_an_option_what_its_reader_calls_it() -> None:
    error = HqError("nothing came", subject="bar/X/1m", rule=("longer than ", GAP, " 1d"), hint=("raise ", GAP))
    assert str(error) == "bar/X/1m: nothing came, longer than max_gap 1d; raise max_gap"
    assert (
        error.worded(lambda option: option.flag) == "bar/X/1m: nothing came, longer than --max-gap 1d; raise --max-gap"
    )
    around = error.within("a.csv", USAGE)
    assert (str(around), around.code) == (f"a.csv: {error}", USAGE)
    assert around.worded(lambda option: option.flag).endswith("raise --max-gap")


def test_what_data_says_is_neither_an_option_nor_a_command_of_a_terminal() -> None:
    said = "\x1b[2J --max-gap {max_gap}"
    assert str(HqError(said, subject=said, hint=(said, GAP))).count(r"\x1b[2J --max-gap {max_gap}") == 3


def test_a_checked_value_is_data_of_its_error() -> None:
    with pytest.raises(HqError) as caught:
        Terms(leverage=151)
    error = caught.value
    assert (error.subject, error.value, error.rule, error.code) == (Terms.leverage, 151, "must be 1 to 150", USAGE)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"share": 2.0}, "share: 2, must be 0 to 1"),
        ({"share": float("nan")}, "share: nan, must be 0 to 1"),
        ({"share": "x"}, "share: 'x', must be a number"),
        ({"count": 0}, "count: 0, must be at least 1"),
        ({"count": 1.5}, "count: 1.5, must be a whole number"),
        ({"size": 0}, "size: 0, must be above 0"),
        ({"size": 11}, "size: 11, must be above 0 and at most 10"),
        ({"way": "up"}, "way: 'up', must be one of in, out"),
    ],
)
def test_each_rule_is_told_in_one_form(given, told: str) -> None:
    class Some(Declared):
        share = Option(0.5, least=0, most=1)
        count = Option(1, least=1)
        size: Option[float | None] = Option(None, kind=float, above=0, most=10)
        way = Option("in", choices=("in", "out"))

    assert vars(Some(count=2.0, share=1)) == {"share": 1.0, "count": 2, "size": None, "way": "in"}
    with pytest.raises(HqError) as caught:
        Some(**given)
    assert str(caught.value).startswith(told)
    with pytest.raises(TypeError, match="no keyword 'sise'; did you mean size?"):
        Some(sise=1)


def test_commands_and_library_take_what_is_declared() -> None:
    for name in ("hq-aggregate", "hq-backtest"):
        made = {param.name: param for param in COMMANDS[name].params if isinstance(param, Made)}
        declared = options_of(AggregateOptions if name == "hq-aggregate" else Terms)
        assert all(made[option].declared is one for option, one in declared.items())
        assert all(made[option].opts == [one.flag] for option, one in declared.items())
    taken = inspect.signature(hq_core.Aggregate).parameters
    assert list(taken) == ["periods", *options_of(AggregateOptions)]
    assert taken["max_gap"].default == GAP.default
    account = inspect.signature(hq_core.Backtest).parameters
    assert account["taker_fee"].default == Terms.taker_fee.default
    hq_core.Backtest(100.0, 5, taker_fee_rate=0.0)
    for wrong in ({"leverag": 5}, {"fill": "close"}):
        with pytest.raises(TypeError, match="takes no"):
            hq_core.Backtest(**wrong)
    with pytest.raises(TypeError, match="one leverage"):
        hq_core.Backtest(100.0, 5, leverage=5)
    with pytest.raises(TypeError, match="5 by place"):
        hq_core.Backtest(100.0, 5, 1.0, 0.0, 0.0, 0.0)
