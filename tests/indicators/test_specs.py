"""What to compute, as text and as JSON: both forms one result, columns named by what they hold, nodes shared."""

from __future__ import annotations

import json

import pytest

from hq_core import specs
from hq_core.errors import USAGE, HqError
from hq_core.graph import Graph
from hq_core.stages.indicators import Indicators

BARS = "hq-gen bars --rows 300 --seed 4"


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("rsi:14", ["rsi_14"]),
        ("RSI", ["rsi_14"]),
        ("ema:20(volume)", ["ema_20_volume"]),
        ("ema:20(rsi:14)", ["ema_20_rsi_14"]),
        ("macd", ["macd_12_26_9.macd", "macd_12_26_9.signal", "macd_12_26_9.hist"]),
        ("macd:fast=5", ["macd_5_26_9.macd", "macd_5_26_9.signal", "macd_5_26_9.hist"]),
        ("bbands:20", ["bbands_20.upper", "bbands_20.middle", "bbands_20.lower"]),
        ("bbands:20,2,2.5", ["bbands_20_2_2.5.upper", "bbands_20_2_2.5.middle", "bbands_20_2_2.5.lower"]),
        ("bbands:20,matype=ema", ["bbands_20_2_2_ema.upper", "bbands_20_2_2_ema.middle", "bbands_20_2_2_ema.lower"]),
        ("atr:14(high,low,close)", ["atr_14_high_low_close"]),
        ("macd.hist:12,26,9", ["macd_12_26_9.hist"]),
        ("sma:3(macd.hist)", ["sma_3_macd_12_26_9.hist"]),
        ("sub(ema:9,sma:9)", ["sub_ema_9_sma_9"]),
        ("sub(macd.hist:12,26,9,bbands.upper:20,up=3(volume))", ["sub_macd_12_26_9.hist_bbands_20_3_volume.upper"]),
        ("ema:timeperiod=20", ["ema_20"]),
        ("ma:20,1", ["ma_20_ema"]),
        ("sma:60(close@ETHUSDT)", ["sma_60_close@ETHUSDT"]),
        ("sma:60(rsi:14(close@ETHUSDT:4h))", ["sma_60_rsi_14_close@ETHUSDT:4h"]),
    ],
)
def test_columns_are_named_by_what_they_hold(text, columns):
    assert specs.parse(text).columns() == columns


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rsii:14", "unknown indicator 'rsii'; did you mean rsi?"),
        ("rsi:0", "rsi: period is 0, must be 2 to 100000"),
        ("rsi:2.5", "rsi: period is 2.5, must be a whole number"),
        ("rsi:x", "rsi: period is x, must be a whole number"),
        ("rsi:14,2", "rsi: 2 parameters given, it takes period"),
        ("rsi:periodd=3", "rsi: unknown parameter 'periodd'; did you mean period?"),
        ("macd:12,fast=3", "macd: fast is given twice"),
        ("macd:fast=3,4", "'macd:fast=3,4': '4' without a name follows a named parameter"),
        (
            "bbands:20,2,2,hull",
            "bbands: matype is hull, must be one of sma, ema, wma, dema, tema, trima, kama, mama, t3, hma, none, "
            "zlema, rma",
        ),
        ("ema:20(close", "'ema:20(close': the bracket at 7 is not closed at the end"),
        ("atr:14(high)", "atr: takes 3 inputs (high, low, close), 1 given"),
        ("../rsi", "unknown indicator '../rsi'; did you mean rsi?"),
        ("stddev:5,nan", "stddev: nbdev is nan, must be a number"),
        ("macd.histo:12,26,9", "macd: unknown output 'histo'; did you mean hist?"),
        ("sma:3(close@)", "'close@' is no column: COLUMN, COLUMN@SYMBOL, COLUMN@PERIOD or COLUMN@SYMBOL:PERIOD"),
        (
            "sma:3(close@Y:4x)",
            "'close@Y:4x' is no column: COLUMN, COLUMN@SYMBOL, COLUMN@PERIOD or COLUMN@SYMBOL:PERIOD",
        ),
        (
            "ma:3,77",
            "ma: matype is 77, must be one of sma, ema, wma, dema, tema, trima, kama, mama, t3, hma, none, zlema, rma",
        ),
    ],
)
def test_what_is_wrong_is_said(text, says):
    with pytest.raises(HqError) as caught:
        specs.parse(text)
    assert (str(caught.value), caught.value.code) == (says, USAGE)


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("ema:5..50:5", [f"ema_{period}" for period in range(5, 51, 5)]),
        ("ema:8..10", ["ema_8", "ema_9", "ema_10"]),
        ("macd:fast=5..6,slow=20..30:10", ["macd_5_20_9", "macd_5_30_9", "macd_6_20_9", "macd_6_30_9"]),
        ("bbands:20,1..2:0.5", ["bbands_20_1", "bbands_20_1.5", "bbands_20"]),
        ("sma:3(rsi:7..21:7)", ["sma_3_rsi_7", "sma_3_rsi_14", "sma_3_rsi_21"]),
        ("ema:20", ["ema_20"]),
    ],
)
def test_a_fan_is_one_spec_for_each_value(text, labels):
    assert [spec.label for spec in specs.expand(text)] == labels


def test_a_fan_in_the_dict_form():
    made = specs.from_dict({"type": "ema", "period": "5..15:5", "source": {"type": "rsi", "period": 14}})
    assert [spec.label for spec in made] == ["ema_5_rsi_14", "ema_10_rsi_14", "ema_15_rsi_14"]


def test_what_a_fan_shares_is_computed_once():
    nodes = Indicators(specs.expand("ema:5..50:5(rsi:14)")).explain()
    assert len(nodes) == 11
    assert sum(line.startswith("rsi(close, 14)") for line in nodes) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ema:9..5", "'ema:9..5': 9..5 must rise, by more than 0"),
        ("ema:5..9:0", "'ema:5..9:0': 5..9:0 must rise, by more than 0"),
        ("ema:1..90000", "'ema:1..90000': more than 10000 indicators"),
        ("macd:2..900,2..900", "'macd:2..900,2..900': more than 10000 indicators"),
        ("ema:0..3", "ema: period is 0, must be 1 to 100000"),
    ],
)
def test_what_is_wrong_with_a_fan_is_said(text, says):
    with pytest.raises(HqError) as caught:
        specs.expand(text)
    assert (str(caught.value), caught.value.code) == (says, USAGE)


def test_both_forms_give_the_same_bytes(run, tmp_path):
    (tmp_path / "spec.json").write_text(
        json.dumps(
            [
                {"type": "rsi", "period": 14},
                {"type": "macd", "fast": 12, "slow": 26, "signal": 9},
                {"type": "ema", "period": 20, "source": "volume"},
            ]
        )
    )
    inline = run(f"{BARS} | hq-indicators rsi:14 macd:12,26,9 'ema:20(volume)' | hq-export csv")
    by_file = run(f"{BARS} | hq-indicators --spec spec.json | hq-export csv")
    assert inline.code == by_file.code == 0
    assert inline.stdout == by_file.stdout
    added = [f"macd_12_26_9.{output}" for output in ("macd", "signal", "hist")]
    assert inline.text.splitlines()[0].endswith(",".join(["rsi_14", *added, "ema_20_volume"]))


def test_a_spec_file_that_changed_does_not_fit_its_state(run, tmp_path):
    spec = tmp_path / "spec.json"
    spec.write_text('{"type": "rsi", "period": 14}')
    assert run(f"{BARS} | hq-indicators --spec spec.json --state s > out").code == 0
    spec.write_text('{"type": "rsi", "period": 15}')
    ran = run(f"{BARS} | hq-indicators --spec spec.json --state s > out")
    assert ran.code == 78
    assert "content of spec was" in ran.stderr


def test_what_is_asked_for_twice_is_one_column_and_one_node(run):
    ran = run(f"{BARS} | hq-indicators rsi:14 RSI:14 | hq-export csv")
    assert ran.text.splitlines()[0].count("rsi_14") == 1
    assert Indicators([specs.parse(text) for text in ("ema:12", "ema:12", "sma:3(ema:12)")]).explain() == [
        "ema(close, 12)  warm-up 11 rows",
        "sma(ema(close, 12), 3)  warm-up 13 rows",
    ]


def test_nodes_are_known_by_kernel_parameters_and_inputs():
    graph = Graph()
    close, volume = graph.source("close"), graph.source("volume")
    (same,) = graph.indicator("ema", [close], {"period": 9})
    assert graph.indicator("ema", [close], {"period": 9}) == [same]
    assert graph.indicator("ema", [close], {"period": 10}) != [same]
    assert graph.indicator("ema", [volume], {"period": 9}) != [same]
    assert graph.source("close") is close
    assert graph.constant(0.0) is not graph.constant(-0.0)


def test_a_column_that_is_there_is_not_overwritten(run):
    ran = run(f"{BARS} | hq-indicators rsi:14 | hq-indicators rsi:14")
    assert ran.code == 65
    assert "duplicate column 'rsi_14': already exists in bar/BTCUSDT/1m" in ran.stderr
