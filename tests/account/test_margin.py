"""Liquidation prices, maintenance tiers and the largest order, against published and hand-computed figures."""

from __future__ import annotations

import json
import math
from array import array
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places import ROOT

from hq_core.api.backtest import Backtest
from hq_core.errors import CONFIG, NOINPUT, USAGE, HqError
from hq_core.futures.brackets import flat, read_brackets
from hq_core.futures.margin import joint_liquidation, liquidation_price, lots_within, maintenance, to_lots
from hq_core.futures.terms import Terms, step
from hq_core.jit import F8, I8, Cell, kernel

# The exchange's worked examples and freqtrade's tests of them:
# WB, TMM, UPNL, cum, side, quantity, entry, rate, price, tolerance
PUBLISHED = [
    (1535443.01, 0.0, 0.0, 135365.0, 1, 3683.979, 1456.84, 0.1, 1114.78, 0.005),
    (1535443.01, 0.0, 0.0, 16300.0, 1, 109.488, 32481.98, 0.025, 18778.73, 0.005),
    (1535443.01, 71200.81144, -56354.57, 135365.0, 1, 3683.979, 1456.84, 0.1, 1153.26, 0.005),
    (1535443.01, 356512.508, -448192.89, 16300.0, 1, 109.488, 32481.98, 0.025, 26316.89, 0.005),
    (2.0, 0.0, 0.0, 0.01, -1, 1.0, 10.0, 0.01, 11.89108910891089, 1e-9),
    (10 / 3, 0.0, 0.0, 0.01, -1, 1.0, 10.0, 0.01, 13.211221122079207, 1e-9),
    (1.6, 0.0, 0.0, 0.01, -1, 1.0, 8.0, 0.01, 9.514851485148514, 1e-9),
    (1.2, 0.0, 0.0, 0.01, -1, 0.6, 10.0, 0.01, 11.897689768976898, 1e-9),
    (2.0, 0.0, 0.0, 0.01, 1, 1.0, 10.0, 0.01, 8.070707070707071, 1e-9),
    (1.6, 0.0, 0.0, 0.01, 1, 1.0, 8.0, 0.01, 6.454545454545454, 1e-9),
    (10 / 3, 0.0, 0.0, 0.01, 1, 1.0, 10.0, 0.01, 6.723905723905723, 1e-9),
    (1.2, 0.0, 0.0, 0.01, 1, 0.6, 10.0, 0.01, 8.063973063973064, 1e-9),
    # isolated, 1000 on 1 at 10000 at 0.4 %; 5000 on 10 at 10000 at 0.5 % with cum 50
    (1000.0, 0.0, 0.0, 0.0, 1, 1.0, 10000.0, 0.004, 9036.144578313253, 0.0),
    (1000.0, 0.0, 0.0, 0.0, -1, 1.0, 10000.0, 0.004, 10956.175298804781, 0.0),
    (5000.0, 0.0, 0.0, 50.0, 1, 10.0, 10000.0, 0.005, 9542.713567839197, 0.0),
    (5000.0, 0.0, 0.0, 50.0, -1, 10.0, 10000.0, 0.005, 10452.736318407959, 0.0),
]
# BTCUSDT's first brackets: floor, cap, rate, cum
BTC = (
    (0.0, 300e3, 0.004, 0.0),
    (300e3, 800e3, 0.005, 300.0),
    (800e3, 3e6, 0.0065, 1500.0),
    (3e6, 12e6, 0.01, 12000.0),
    (12e6, 70e6, 0.02, 132000.0),
)


def columns(brackets):
    return array("d", [b[2] for b in brackets]), array("d", [b[3] for b in brackets])


@kernel()
def price_of(side: I8, base: F8, entry: F8, wallet: F8, others: F8, rate: F8, cum: F8, out: F8) -> None:
    """The helper as machine code; a tier a row, between one of another symbol before them and one behind them."""
    for i in range(len(out)):
        out[i] = liquidation_price(side[0], base[0], entry[0], wallet[0], others[0], rate, cum, 1, len(rate) - 2)


def price_by(side, base, entry, wallet, others, rate, cum):
    return liquidation_price(side, base, entry, wallet, others, rate, cum, 0, len(rate))


def native_price(side, base, entry, wallet, others, rate, cum):
    cell, out = Cell(price_of), array("d", [0.0])
    cell.buffer("side", array("q", [side]))
    for name, value in (("base", base), ("entry", entry), ("wallet", wallet), ("others", others)):
        cell.buffer(name, array("d", [value]))
    for name, column in (("rate", rate), ("cum", cum)):
        cell.buffer(name, array("d", [0.9, *column, 0.9]))
    cell.buffer("out", out)
    cell.run()
    return out[0]


@pytest.mark.parametrize("case", PUBLISHED)
@pytest.mark.parametrize("price", [price_by, native_price])
def test_published_liquidation_prices(case, price):
    wallet, others_margin, others_gain, cum, side, base, entry, rate, expected, tolerance = case
    found = price(side, base, entry, wallet, others_gain - others_margin, array("d", [rate]), array("d", [cum]))
    assert abs(found - expected) <= tolerance


def test_examples_of_the_shared_file(shared):
    file = shared / "data" / "brackets" / "liquidation_price_examples.json"
    cases = json.loads(file.read_text())["cases"]
    assert len(cases) == 12
    for case in cases:
        i = case["inputs"]
        rate, cum = array("d", [i["mmr"]]), array("d", [i["cum"]])
        found = price_by(i["side"], i["pos"], i["ep"], i["WB"], i["UPNL"] - i["TMM"], rate, cum)
        assert abs(found - case["expected"]) <= case["abs_tolerance"], case["name"]


def test_account_reaches_the_published_prices():
    for margin in ("isolated", "cross"):
        long = Backtest(1000.0, 10, taker_fee_rate=0.0, margin=margin)
        long.open_long(10_000.0, 1.0)
        assert long.liquidation_price("long") == 9036.144578313253
        assert long.liquidation_price("short") is None
        short = Backtest(1000.0, 10, taker_fee_rate=0.0, margin=margin)
        short.buy_short(10_000.0, 1.0)
        assert short.liquidation_price("short") == 10956.175298804781
        assert short.liquidation_price("long") is None


def test_maintenance_in_every_tier():
    # 250000 * 0.004 = 1000; 500000 * 0.005 - 300 = 2200; 1e6 * 0.0065 - 1500 = 5000;
    # 5e6 * 0.01 - 12000 = 38000; 20e6 * 0.02 - 132000 = 268000; at 300000 both 0.4 % and 0.5 % - 300 give 1200
    rate, cum = columns(BTC)
    for notional, margin in (
        (0.0, 0.0),
        (250e3, 1000.0),
        (300e3, 1200.0),
        (500e3, 2200.0),
        (1e6, 5000.0),
        (5e6, 38000.0),
        (20e6, 268000.0),
    ):
        assert maintenance(notional, rate, cum, 0, len(rate)) == pytest.approx(margin, rel=1e-14)


def test_liquidation_price_is_of_the_tier_where_the_notional_lies_then():
    rate, cum = columns(BTC)
    # long 10 at 31000 is 310000, tier 2; with 15500 it is liquidated below 300000, in tier 1:
    # (15500 - 310000) / (10 * 0.004 - 10) = 29568.27..., notional 295682.7
    assert price_by(1, 10.0, 31000.0, 15500.0, 0.0, rate, cum) == pytest.approx(294500 / 9.96, rel=1e-14)
    # short 10 at 79000 is 790000, tier 2; with 40000 it is liquidated above 800000, in tier 3:
    # (40000 + 1500 + 790000) / (10 * 0.0065 + 10) = 82613.02, notional 826130
    assert price_by(-1, 10.0, 79000.0, 40000.0, 0.0, rate, cum) == pytest.approx(831500 / 10.065, rel=1e-14)
    # tier 2 all along: long 20 at 30000 with 30000: (30000 + 300 - 600000) / (20 * 0.005 - 20)
    assert price_by(1, 20.0, 30000.0, 30000.0, 0.0, rate, cum) == pytest.approx(569700 / 19.9, rel=1e-14)


@settings(max_examples=300)
@given(
    side=st.sampled_from([1, -1]),
    base=st.floats(0.01, 400.0),
    entry=st.floats(100.0, 100_000.0),
    share=st.floats(0.02, 1.5),
)
def test_at_the_liquidation_price_margin_balance_equals_maintenance(side, base, entry, share):
    rate, cum = columns(BTC)
    wallet = base * entry * share
    price = price_by(side, base, entry, wallet, 0.0, rate, cum)
    if math.isinf(price):
        assert share >= 1.0
        return
    notional = base * price
    tier = next(b for b in BTC if b[0] <= notional < b[1] or b is BTC[-1])
    balance = wallet + side * base * (price - entry)
    assert balance == pytest.approx(notional * tier[2] - tier[3], abs=1e-9 * base * max(entry, price))


def test_longs_that_are_fully_paid_are_never_liquidated():
    rate, cum = columns(BTC)
    assert price_by(1, 1.0, 100.0, 100.0, 0.0, rate, cum) == -math.inf
    assert price_by(1, 1.0, 0.3, 0.1 + 0.2, 0.0, rate, cum) == -math.inf  # float dust is no price
    assert price_by(-1, 1.0, 100.0, -101.0, 0.0, rate, cum) == 0.0  # nothing left: at any price


def test_long_and_short_together_are_checked_jointly():
    rate, cum = array("d", [0.01]), array("d", [0.0])
    # 5 long at 100, 3 short at 90, wallet 60: 60 + 5(p-100) + 3(90-p) = 0.01 * 8 p -> 2p - 170 = 0.08 p
    below, above = joint_liquidation(60.0, 5.0, 100.0, 3.0, 90.0, rate, cum, 0, 1)
    assert (below, above) == (pytest.approx(170 / 1.92), math.inf)
    # the other way round: 60 + 3(p-90) + 5(100-p) = 0.08 p -> 290 - 2p = 0.08 p
    below, above = joint_liquidation(60.0, 3.0, 90.0, 5.0, 100.0, rate, cum, 0, 1)
    assert (below, above) == (-math.inf, pytest.approx(290 / 2.08))
    # even: only the maintenance margin grows: 60 + 0 = 0.01 * 10 p
    assert joint_liquidation(60.0, 5.0, 100.0, 5.0, 100.0, rate, cum, 0, 1) == (-math.inf, pytest.approx(600.0))


def test_largest_order_covers_margin_and_fee():
    # 1000 * 10 / (10000 * (1 + 0.00044 * 10)) = 0.99561927...
    account = Backtest(1000.0, 10, size="all")
    fill = account.open_long(10_000.0)[0]
    assert fill["quantity"] == 0.995
    assert fill["fee"] == pytest.approx(0.995 * 10_000 * 0.00044)
    assert Backtest(1000.0, 10, taker_fee_rate=0.0, size="all").open_long(10_000.0)[0]["quantity"] == 1.0
    assert Backtest(1000.0, 10, contract_size=0.01, size="all").open_long(10_000.0)[0]["quantity"] == 99.561


@settings(max_examples=300)
@given(st.integers(1, 10**7), st.sampled_from(["0.001", "0.1", "1", "0.005", "25"]), st.floats(1e-4, 1e5))
def test_lots_within_a_budget_is_the_most_that_fits(lots, lot, each):
    num, den = map(float, step("lot", lot))
    exact = Fraction(num) / Fraction(den)
    for budget in (float(lots * exact * Fraction(each)), float((lots + Fraction(1, 2)) * exact * Fraction(each))):
        found = lots_within(budget, each, num, den)
        assert abs(found - lots) <= 1
        assert float(found * exact) * each <= budget < float((found + 1) * exact) * each


@settings(max_examples=300)
@given(st.integers(0, 10**7), st.sampled_from(["0.001", "0.1", "1", "0.005", "25"]))
def test_a_decimal_size_on_the_grid_loses_no_lot(lots, lot):
    num, den = map(float, step("lot", lot))
    text = str(lots * Fraction(lot))
    assert to_lots(float(Fraction(text)), num, den) == lots
    assert to_lots(float(Fraction(text) + Fraction(lot) * Fraction(99, 100)), num, den) == lots


# -- files and terms -----------------------------------------------------------------------------------------
def write(tmp_path, text, name="b.json"):
    path = tmp_path / name
    path.write_text(text)
    return str(path)


def entry(symbol="XUSDT", since=None, **change):
    rows = [
        {
            "bracket": 1,
            "initialLeverage": 50,
            "notionalFloor": 0,
            "notionalCap": 5000,
            "maintMarginRatio": 0.01,
            "cum": 0,
        },
        {
            "bracket": 2,
            "initialLeverage": 20,
            "notionalFloor": 5000,
            "notionalCap": 9000,
            "maintMarginRatio": 0.02,
            "cum": 50,
            **change,
        },
    ]
    return {"symbol": symbol, "brackets": rows, **({"valid_from": since} if since else {})}


def test_json_and_csv_give_the_same_table(tmp_path):
    csv = (
        "symbol,bracket,initialLeverage,notionalFloor,notionalCap,maintMarginRatio,cum\n"
        "XUSDT,1,50,0.0,5000.0,0.01,0.0\nYUSDT,1,20,0,1,0.5,0\nXUSDT,2,20,5000.0,9000.0,0.02,50.0\n"
    )
    for path in (
        write(tmp_path, json.dumps([entry("A"), entry()])),
        write(tmp_path, json.dumps(entry())),
        write(tmp_path, csv, "b.csv"),
    ):
        (table,) = read_brackets(path, "XUSDT")
        assert (table.rates, table.cums, table.caps) == ([0.01, 0.02], [0.0, 50.0], [5000.0, 9000.0])
        assert [table.cap_at(lev) for lev in (50, 21, 20, 1)] == [5000.0, 5000.0, 9000.0, 9000.0]
        with pytest.raises(HqError, match="leverage: XUSDT: 51, must be 1 to 50") as error:
            table.cap_at(51)
        assert error.value.code == CONFIG


def test_versions_are_ordered_by_the_time_they_hold_from(tmp_path):
    text = json.dumps([entry(since="2026-02-01"), entry(since="2025-01-01T12:00:00+00:00")])
    first, second = read_brackets(write(tmp_path, text), "XUSDT")
    assert (first.valid_from, second.valid_from) == (1735732800 * 10**9, 1769904000 * 10**9)


@pytest.mark.parametrize(
    ("made", "says"),
    [
        ([entry("YUSDT")], "no entry for symbol 'XUSDT' among 1; did you mean YUSDT?"),
        (entry(notionalFloor=4000), "bracket 2: is from 4000 to 9000, must begin at 5000"),
        (entry(maintMarginRatio=0.01), "bracket 2: maintMarginRatio is 0.01, must be above 0.01"),
        (entry(maintMarginRatio=1.0, cum=4950), "maintMarginRatio is 1, must be above 0.01 and below 1"),
        (entry(cum=60), "bracket 2: cum is 60, must be 50 to continue the bracket before"),
        (entry(initialLeverage=0), "initialLeverage is 0, must be a whole number from 1"),
        (entry(cum="x"), "no number of a bracket"),
        (entry(since="yesterday"), "valid_from is 'yesterday'"),
        (entry(since=1700000000000), "valid_from is 1700000000000"),
        ([entry(), entry()], "there twice"),
        ({"symbol": "XUSDT", "brackets": []}, "has no bracket"),
        ({"symbol": "XUSDT"}, "an entry is"),
    ],
)
def test_wrong_tables_are_refused(tmp_path, made, says):
    with pytest.raises(HqError) as error:
        read_brackets(write(tmp_path, json.dumps(made)), "XUSDT")
    assert says in str(error.value)
    assert error.value.code == CONFIG


def test_a_missing_file_is_no_input(tmp_path):
    with pytest.raises(HqError, match="No such file") as error:
        read_brackets(str(tmp_path / "none.json"), "XUSDT")
    assert error.value.code == NOINPUT


def test_the_exchange_s_own_tables_are_accepted():
    folder = ROOT / "../shared/data/brackets"
    if not folder.exists():
        pytest.skip("the shared data is not there")
    for symbol in ("BTCUSDT", "0GUSDT", "ETHUSDT", "1000000BOBUSDT"):
        (from_json,) = read_brackets(str(folder / "binance_um_leverage_brackets.json"), symbol)
        (from_csv,) = read_brackets(str(folder / "binance_um_leverage_brackets.csv"), symbol)
        for name in ("rates", "cums", "caps", "leverages"):
            assert getattr(from_json, name) == getattr(from_csv, name)
    (btc,) = read_brackets(str(folder / "binance_um_leverage_brackets.json"), "BTCUSDT")
    assert [tuple(row) for row in zip(btc.caps, btc.rates, btc.cums)][:5] == [b[1:] for b in BTC]
    assert btc.cap_at(10) == 230e6


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"leverage": 151}, "leverage: 151, must be 1 to 150"),
        ({"leverage": 2.5}, "must be a whole number"),
        ({"initial_margin": 0.0}, "initial_margin: 0, must be above 0"),
        ({"initial_margin": math.nan}, "initial_margin"),
        ({"lot": "0"}, "lot: '0', must be a decimal number above 0"),
        ({"lot": "1e-3"}, "lot: '1e-3'"),
        ({"tick": "-1"}, "tick: '-1'"),
        ({"margin": "both"}, "margin: 'both', must be one of isolated, cross"),
        ({"taker_fee": 0.5}, "taker_fee: 0.5, must be 0 to 0.1"),
        ({"pyramid": -1}, "pyramid: -1"),
        ({"size": "-1"}, "size: '-1', must be a number above 0"),
    ],
)
def test_wrong_terms_are_refused(options, says):
    with pytest.raises(HqError) as error:
        Terms(**options)
    assert says in str(error.value)
    assert error.value.code == USAGE


def test_terms_by_which_nothing_survives_are_refused():
    with pytest.raises(HqError, match="every position is liquidated as it opens"):
        Terms(leverage=100, maintenance=0.01).check_maintenance(flat(0.01).rates[0])
