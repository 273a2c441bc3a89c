"""Columns of indicators are named by one rule, wherever they are asked for; a name in brackets is a column or else an
indicator."""

from __future__ import annotations

import pytest
from signal_runs import Run, bars

from hq_core import HQuant, registry, specs
from hq_core.api.live import Live
from hq_core.errors import HqError
from hq_core.stages.indicators import Indicators

COLUMNS = (("ts", "i8"), *((name, "f8") for name in ("open", "high", "low", "close", "volume")))


def label(text: str) -> str:
    return specs.parse(text).label


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("stddev:20", "stddev_20"),
        ("stddev:20,1,1", "stddev_20_1_1"),
        ("bbands:20", "bbands_20"),
        ("bbands:20,3", "bbands_20_3"),
        ("macd", "macd_12_26_9"),
        ("macd:5", "macd_5_26_9"),
        ("adosc", "adosc_3"),
        ("adosc:3,11", "adosc_3_11"),
        ("sar", "sar_0.02"),
        ("sar:0.02,0.3", "sar_0.02_0.3"),
        ("obv", "obv"),
        ("vri:5,yes", "vri_5_yes"),
        ("sma:3(stoch.k)", "sma_3_stoch_5.k"),
        ("bbands:20,2.0000001", "bbands_20_2.0000001"),
    ],
)
def test_a_name_has_the_parameters_up_to_the_last_that_is_not_its_default_and_at_least_the_first(
    text: str, name: str
) -> None:
    assert label(text) == name
    assert HQuant().add_indicator(text).label == name
    assert Live(text).columns[0].startswith(name)
    one = specs.parse(text)
    given = {"type": one.entry.name, **one.params} if not one.sources else text
    assert specs.single(given).label == name


def test_only_macd_shows_more_than_its_first_parameter_always() -> None:
    assert {name: registry.load(name).named for name in registry.names() if registry.load(name).named != 1} == {
        "macd": 3
    }


@pytest.mark.parametrize(
    ("text", "inputs", "name"),
    [
        ("sma:9(medprice)", ("high", "low"), "sma_9_medprice"),
        ("ema:5(obv)", ("close", "volume"), "ema_5_obv"),
        ("ema:5(RSI)", ("close",), "ema_5_rsi_14"),
        ("sub(close, typprice)", ("close", "high", "low"), "sub_close_typprice"),
        ("sma:9(vwap)", ("vwap",), "sma_9_vwap"),
        ("sma:9(trades)", ("trades",), "sma_9_trades"),
    ],
)
def test_an_indicator_s_name_in_brackets_is_that_indicator_unless_bars_have_such_a_column(
    text: str, inputs: tuple[str, ...], name: str
) -> None:
    live = Live(text)
    assert set(live.inputs) == set(inputs)
    assert live.columns == [name]
    assert specs.single({"type": "sma", "period": 9, "source": "medprice"}).label == "sma_9_medprice"


def test_a_name_in_brackets_gives_the_bits_of_the_indicator_with_its_inputs() -> None:
    run = Run(Indicators([specs.parse("sma:9(medprice)"), specs.parse("sma:9(medprice(high,low))")])).announce("15m")
    run.feed("15m", bars([float(i % 7) for i in range(30)])).finish()
    assert repr(run.column("sma_9_medprice")) == repr(run.column("sma_9_medprice_high_low"))


def test_a_column_of_the_input_comes_before_an_indicator_of_that_name() -> None:
    rows = [
        {"ts": i, **dict.fromkeys(("open", "high", "low", "close", "volume"), 1.0), "rsi": float(i)}
        for i in range(1, 6)
    ]
    stage = Indicators([specs.parse("sum:2(rsi)")])
    run = Run(stage).announce("15m", columns=(*COLUMNS, ("rsi", "f8"))).feed("15m", rows).finish()
    assert run.column("sum_2_rsi")[1:] == [3.0, 5.0, 7.0, 9.0]
    without = [{name: row[name] for name, _ in COLUMNS} for row in rows]
    run = Run(Indicators([specs.parse("sum:2(rsi)")])).announce("15m", columns=COLUMNS).feed("15m", without).finish()
    assert "sum_2_rsi_14" in run.rows["bar/X/15m"][0]


def test_a_name_in_brackets_that_is_neither_says_what_was_meant() -> None:
    run = Run(Indicators([specs.parse("sma:9(medprise)")]))
    with pytest.raises(HqError, match="column 'medprise' is missing; .*; did you mean medprice?"):
        run.announce("15m", columns=COLUMNS)


def test_two_indicators_that_differ_are_never_one_column() -> None:
    with pytest.raises(HqError, match="two indicators that differ would both be column 'ma_20_ema'"):
        Indicators(
            [
                specs.parse("ma:20,ema"),
                specs.Spec(registry.load("ma"), registry.load("ma").bind([20]), (specs.ColumnName("ema"),)),
            ]
        )
    with pytest.raises(HqError, match="would both be column"):
        Live("ma:20,ema(close)", "ma:20(ema_close)")
    same = [specs.parse(text) for text in ("macd", "macd:12,26,9", "macd.hist")]
    assert [spec.columns() for spec in Indicators(same).specs] == [same[0].columns(), same[2].columns()]


def test_the_list_that_is_kept_is_the_registry_s(run) -> None:
    listed = run("hq-indicators --list --json").text
    import json

    found = {one["name"]: one for one in json.loads(listed)}
    assert list(found) == registry.names()
    for name in ("rsi", "bbands", "sar", "cdldoji", "kst"):
        wanted = registry.load(name).described()
        assert {key: found[name][key] for key in wanted} == wanted


def test_the_list_imports_no_indicator_and_shows_one_in_full(run) -> None:
    code = "import sys; from hq_cli._lists import indicators; indicators((), False)"
    assert run(f"python -c \"{code}; print('hq_core.registry' in sys.modules)\"").text == "False\n"
    assert run("hq-indicators --list BBANDS").text.splitlines() == [
        "bbands  Bollinger Bands",
        "  inputs    close",
        "  param     period=20  rows in the average and in the deviation (2 to 100000)",
        "  param     up=2.0  deviations from the middle to the upper band (0 to 1000)",
        "  param     down=2.0  deviations from the middle to the lower band (0 to 1000)",
        "  param     matype=sma  kind of the average in the middle (sma, ema, wma, dema,",
        "            tema, trima, kama, mama, t3, hma, none, zlema, rma)",
        "  column    bbands_20.upper  unit of the input",
        "  column    bbands_20.middle  unit of the input",
        "  column    bbands_20.lower  unit of the input",
        "  warm-up   19 rows with these parameters",
        "  oracle    TA-Lib 0.8.1, BBANDS; largest difference 2e-15",
        "  source    Bollinger 2001, Bollinger on Bollinger Bands, ch. 7",
    ]
    ran = run("hq-indicators --list rsii")
    assert (ran.code, ran.stderr) == (2, "hq-indicators: unknown indicator 'rsii'; did you mean rsi?\n")


def test_params_are_listed_and_set_by_the_short_option(run, tmp_path) -> None:
    import json

    (tmp_path / "s.hq").write_text("param least = 30 in 1..49\nparam any = 2\nIF RSI(14) < least THEN BUY(size=any)")
    assert json.loads(run("hq-signal --list-params s.hq").text) == [
        {"strategy": "s", "name": "least", "default": 30.0, "min": 1.0, "max": 49.0, "step": None, "choices": None},
        {"strategy": "s", "name": "any", "default": 2.0, "min": None, "max": None, "step": None, "choices": None},
    ]
    bars = "hq-gen bars --rows 200 --seed 1 | hq-signal"
    assert run(f"{bars} -p least=45 s.hq").stdout[200:] != run(f"{bars} s.hq").stdout[200:]
    short, long = (run(f"{bars} {word} least=45 s.hq | hq-export csv") for word in ("-p", "--param"))
    assert short.stdout == long.stdout
