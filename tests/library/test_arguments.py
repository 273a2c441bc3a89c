"""What the public classes take: several where several are natural, and one clear line for what is something else."""

from __future__ import annotations

import pytest

import hq_core
from hq_core import Settings
from hq_core.batch import Batch
from hq_core.errors import USAGE, HqError
from hq_core.specs import parse

STRATEGY = ("a", "param n = 3\nx = close * n\nIF x > 1 THEN BUY", "a.hq")


def columns(stage: hq_core.Indicators) -> list[str]:
    made = hq_core.pipe(stage).run(hq_core.generate("bar", 5, 1))
    names = next(item for item in made if isinstance(item, Batch)).schema.names
    return [name for name in names if name.partition("_")[0] in ("rsi", "ema", "sma")]


@pytest.mark.parametrize(
    "given",
    [
        ("rsi:14", "ema:20", "sma:3"),
        (["rsi:14", "ema:20", "sma:3"],),
        (["rsi:14", parse("ema:20")], "sma:3"),
        (parse("rsi:14"), ("ema:20", "sma:3")),
        ((text for text in ("rsi:14", "ema:20")), "sma:3"),
    ],
)
def test_indicators_are_named_one_by_one_or_in_sequences(given):
    assert columns(hq_core.Indicators(*given)) == ["rsi_14", "ema_20", "sma_3"]


def test_what_is_no_indicator_goes_by_its_name():
    stage = hq_core.Indicators("rsi:14", "ema:20", settings=Settings("tv"), missing="warn")
    assert stage.settings is not None
    assert stage.settings.compat == "tv"
    with pytest.raises(HqError, match="an indicator is a text such as 'rsi:14', not <hq_core"):
        hq_core.Indicators("rsi:14", Settings("tv"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "make",
    [
        lambda it: hq_core.Indicators("rsi:14", settings=it),
        lambda it: hq_core.Live("rsi:14", settings=it),
        lambda it: hq_core.Signal([STRATEGY], settings=it),
    ],
)
@pytest.mark.parametrize("wrong", ["tv", "", {"compat": "tv"}, 0, ["ema=50"]])
def test_settings_of_another_type_are_refused_where_they_are_given(make, wrong):
    with pytest.raises(HqError) as caught:
        make(wrong)
    assert caught.value.code == USAGE
    assert str(caught.value).startswith(f"settings: {wrong!r}, must be Settings, such as Settings(compat='tv')")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: Settings("pine"), "compat: 'pine', must be one of talib, metastock, tv"),
        (lambda: Settings(unstable={"emaa": 3}), "unknown indicator 'emaa'; did you mean ema?"),
        (lambda: Settings(unstable={"ema": -3}), "unstable: ema is -3, must be a whole number of rows"),
        (lambda: Settings(unstable="ema=3"), "unstable: 'ema=3', must be rows by names, such as {'ema': 50}"),
        (lambda: hq_core.Indicators(), "name at least one indicator, such as rsi:14"),
        (lambda: hq_core.Signal([STRATEGY], period=5), "period: 5, must be a text: PERIOD"),
        (lambda: hq_core.Signal([STRATEGY], params="n=3"), "params: 'n=3', must be numbers by names, such as {'n': 9}"),
        (lambda: hq_core.Signal([STRATEGY], params={"n": "x"}), "params: n is 'x', must be a number"),
        (
            lambda: hq_core.Aggregate("15m", tiers="1,2,3"),
            "tiers: '1,2,3', must be numbers, such as (40000, 200000, 1000000)",
        ),
        (lambda: hq_core.HQuant("15m"), "capacity: '15m', must be a whole number above 0"),
        (lambda: hq_core.HQuant(bar=15), "bar: 15, must be a text such as 15m"),
        (lambda: hq_core.HQuant(bar="15m", period=[4]), "period: 4, must be a text such as 15m"),
        (lambda: hq_core.HQuant(symbol=3), "symbol: 3, must be a text"),
        (lambda: hq_core.Aggregator("5m", source=5), "source: 5, must be a text such as 15m"),
        (lambda: hq_core.Aggregator("5m", fill="flatt"), "fill: 'flatt', must be one of none, flat"),
        (lambda: hq_core.Aggregator("5m", tz=3), "tz: 3, must be a text: ZONE"),
        (lambda: hq_core.Backtest(brackets=5), "brackets: 5, must be a path, Brackets or"),
        (lambda: hq_core.generate("bar", "x", 1), "rows: 'x', must be a number"),
        (lambda: hq_core.generate("bar", -1, 1), "rows: -1, must be at least 0"),
        (lambda: hq_core.generate("bar", 1, -1), "seed: -1, must be 0 to"),
        (lambda: hq_core.generate("bar", 1, 1, start=5), "start: 5, must be a text: TIME"),
        (lambda: hq_core.generate("bar", 1, 1, period=15), "period: 15, must be a text"),
        (lambda: hq_core.generate("bar", 1, 1, symbol=3), "symbol: 3, must be a text"),
    ],
)
def test_an_argument_of_another_type_is_told_by_its_name(wrong, says):
    with pytest.raises(HqError) as caught:
        wrong()
    assert caught.value.code == USAGE
    assert str(caught.value).startswith(says)


def test_a_second_strategy_by_place_is_no_period():
    with pytest.raises(TypeError, match="takes from 1 to 2 positional arguments"):
        hq_core.Signal([STRATEGY], [("b", "IF close > 1 THEN BUY", "b.hq")])  # type: ignore[misc]


def test_one_name_needs_no_list():
    assert list(hq_core.HQuant(bar="15m", period="4h").periods) == ["15m", "4h"]
    assert hq_core.Signal([STRATEGY], keep="x").keep == ("x",)
    assert list(hq_core.Signal([STRATEGY], keep=["x"]).keep) == ["x"]
