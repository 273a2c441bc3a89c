"""hq-backtest --exchange-info and --leverage-of: what holds for single symbols."""

from __future__ import annotations

import json

import promises
import pytest
from test_backtest import INF, NAN, SIGNALS, bracket, command, flat, report_of, table

from hq_core.batch import Schema
from hq_core.errors import CONFIG, DATA, USAGE, HqError
from hq_core.futures.listing import ExchangeInfo, Filters
from hq_core.futures.terms import Terms
from hq_core.stages.backtest import BacktestStage

OPENS = (INF, NAN, NAN, NAN)
BARS = [flat(0, 100.0, *OPENS), flat(1, 100.0), flat(2, 100.0)]


def entry(symbol, tick="0.10", lot="0.001", market="0.001", least="5"):
    filters = [
        {"filterType": "PRICE_FILTER", "minPrice": "0.10", "maxPrice": "1000000", "tickSize": tick},
        {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": lot},
        {"filterType": "MARKET_LOT_SIZE", "minQty": "0.001", "maxQty": "100", "stepSize": market},
        {"filterType": "MIN_NOTIONAL", "notional": least},
    ]
    return {"symbol": symbol, "pricePrecision": 7, "filters": filters}


def info(tmp_path, *entries, text=None):
    file = tmp_path / "info.json"
    file.write_text(json.dumps({"timezone": "UTC", "symbols": list(entries)}) if text is None else text)
    return str(file)


def run(pieces, **options):
    terms = options.pop("terms", {})
    return promises.run(BacktestStage(Terms(taker_fee=0.0, **terms), **options), promises.stream(pieces))


def refused(pieces, **options):
    with pytest.raises(HqError) as error:
        run(pieces, **options)
    return error.value.code, str(error.value)


def test_steps_are_those_of_the_filters_and_not_of_the_precision(tmp_path):
    file = info(tmp_path, entry("BTCUSDT", "0.10000000", "0.00100000", "0.01000000", "100"), entry("ETHUSDT"))
    assert ExchangeInfo(file).of("BTCUSDT") == Filters((1, 10), (1, 100), 100.0)
    coin = {**entry("BTCUSD_PERP"), "filters": entry("")["filters"][:2]}
    assert ExchangeInfo(info(tmp_path, coin)).of("BTCUSD_PERP") == Filters((1, 10), (1, 1000), 0.0)


def test_each_symbol_has_its_own_lot_tick_and_least_notional(tmp_path):
    file = info(
        tmp_path,
        entry("BTCUSDT", lot="3", market="1"),
        entry("ETHUSDT", lot="0.5", market="0.5"),
        entry("XRPUSDT", least="1001"),
    )
    other = [Schema("bar", symbol, "1m", SIGNALS.cols) for symbol in ("ETHUSDT", "XRPUSDT")]
    pieces = [(one, made) for made in ([], BARS) for one in (SIGNALS, *other)]
    out = run(pieces, exchange_info=file, terms={"margin": "cross"})
    said = {one["symbol"]: one["quantity"] for one in report_of(out)["open_positions"]}
    assert said == {"BTCUSDT": 9.0, "ETHUSDT": 10.0}
    assert report_of(out)["orders"]["rejected"]["notional"] == 1
    options = report_of(out)["options"]
    assert [options[name] for name in ("tick", "lot", "min_notional", "exchange_info")] == [None, None, None, file]
    wrong = [flat(0, 100.0, *OPENS), flat(1, 100.25)]
    code, text = refused([(SIGNALS, wrong)], exchange_info=file)
    assert (code, text.endswith("not all are multiples of the tick 0.1")) == (DATA, True)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("[]", 'has no list "symbols", as the exchange\'s answer has'),
        ('{"symbols": [1]}', 'has no list "symbols", as the exchange\'s answer has'),
        (json.dumps({"symbols": [entry("BTCUSD")]}), "no entry for symbol 'BTCUSDT' among 1; did you mean BTCUSD?"),
        ('{"symbols": [{"symbol": "BTCUSDT"}]}', "BTCUSDT: stepSize of LOT_SIZE is missing"),
        (
            json.dumps({"symbols": [entry("BTCUSDT", tick="0")]}),
            "BTCUSDT: tickSize of PRICE_FILTER is '0', must be a decimal above 0",
        ),
        (
            json.dumps({"symbols": [entry("BTCUSDT", least="x")]}),
            "BTCUSDT: notional of MIN_NOTIONAL is no number from 0",
        ),
    ],
)
def test_a_file_that_does_not_say_it_is_refused(tmp_path, text, says):
    file = info(tmp_path, text=text)
    code, said = refused([(SIGNALS, BARS)], exchange_info=file)
    assert code == CONFIG
    assert said.removeprefix(f"exchange_info: {file}: ") == says


@pytest.mark.parametrize(("name", "value"), [("tick", "0.5"), ("lot", "0.01"), ("min_notional", 5.0)])
def test_what_the_file_says_is_said_once(tmp_path, name, value):
    code, said = refused([(SIGNALS, BARS)], terms={name: value}, exchange_info=info(tmp_path, entry("BTCUSDT")))
    text = f"{value:g}" if name == "min_notional" else value
    assert (code, said) == (USAGE, f"{name} {text}: that is said by exchange_info")


def test_a_symbol_has_its_own_leverage(tmp_path):
    out = run([(SIGNALS, BARS)], leverage_of=["BTCUSDT=4"])
    assert [one["leverage"] for one in table(out, "position")] == [4.0]
    assert table(out, "equity")[-1]["margin_used"] == 250.0
    assert report_of(out)["options"]["leverage_of"] == {"BTCUSDT": 4}
    alone = run([(SIGNALS, BARS)], terms={"leverage": 4})
    assert repr(table(out, "position")) == repr(table(alone, "position"))
    file = tmp_path / "brackets.json"
    file.write_text(json.dumps([bracket("BTCUSDT", 0.004)]))
    code, text = refused([(SIGNALS, BARS)], brackets=str(file), leverage_of=["BTCUSDT=50"])
    assert (code, text) == (CONFIG, "leverage: BTCUSDT: 50, must be 1 to 20 by its first bracket")


def test_leverage_that_is_none_or_nobodys_is_refused():
    for text in (
        "BTCUSDT",
        "=5",
        "BTCUSDT=0",
        "BTCUSDT=151",
        "BTCUSDT=2.5",
        "BTCUSDT=0000000012345",
        "BTCUSDT=" + "9" * 5000,
    ):
        code, said = refused([(SIGNALS, BARS)], leverage_of=[text])
        assert (code, "must be SYMBOL=N, N from 1 to 150" in said) == (USAGE, True)
    assert refused([(SIGNALS, BARS)], leverage_of=["A=1", "A=2"]) == (USAGE, "leverage_of: A is there twice")
    code, said = refused([(SIGNALS, BARS)], leverage_of=["BTCUSD=5"])
    assert (code, said) == (USAGE, "leverage_of: no BTCUSD is traded; did you mean BTCUSDT?")


def test_the_command_takes_both(tmp_path):
    file = info(tmp_path, entry("BTCUSDT"))
    data = promises.stream([(SIGNALS, BARS)])
    code, out, err = command(
        data, "--exchange-info", file, "--leverage-of", "BTCUSDT=3", "--leverage-of", "X=2", "--json"
    )
    assert (code, err) == (USAGE, "hq-backtest: --leverage-of: no X is traded\n")
    code, out, err = command(data, "--leverage-of", "BTCUSDT=3", "--text")
    assert (code, b"isolated, 3x," in out) == (0, True)
    code, out, err = command(data, "--exchange-info", file, "--leverage-of", "BTCUSDT=3", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["options"]["exchange_info"] == file
