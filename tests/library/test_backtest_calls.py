"""The account in a program, a call at a time, against published and hand-computed figures."""

from __future__ import annotations

import csv
import json
import math
from datetime import UTC, datetime

import pytest

from hq_core import Backtest
from hq_core.errors import HqError
from hq_core.futures.brackets import Brackets
from hq_core.futures.margin import maintenance

MINUTE = 60_000_000_000
HOUR = 60 * MINUTE


def free(**terms):
    """An account without fees."""
    return Backtest(**{"initial_margin": 10_000.0, "leverage": 10, "taker_fee": 0.0, "maker_fee": 0.0, **terms})


# -- published figures -------------------------------------------------------------------------------------------------
def tier(i):
    return Brackets("", [i["mmr"]], [i["cum"]], [math.inf], [150])


def opened(account, i, price=None, **symbol):
    verb = account.open_long if i["side"] > 0 else account.open_short
    (fill,) = verb(price or i["ep"], i["pos"], **symbol)
    assert fill["quantity"] == i["pos"]


def test_published_liquidation_prices_of_isolated_positions(shared):
    cases = json.loads((shared / "data/brackets/liquidation_price_examples.json").read_text())["cases"]
    alone = [case for case in cases if case["inputs"]["TMM"] == 0]
    assert len(alone) == 10
    for case in alone:
        i = case["inputs"]
        leverage = math.ceil(i["pos"] * i["ep"] / i["WB"] - 1e-9)
        account = free(initial_margin=i["WB"], leverage=leverage, brackets=tier(i))
        opened(account, i)
        side = "long" if i["side"] > 0 else "short"
        rest = account.wallet - account.equity_curve()["margin_used"][-1]
        if rest > 1e-6:
            account.add_margin(side, rest)
        found = account.liquidation_price(side)
        assert abs(found - case["expected"]) <= case["abs_tolerance"], case["name"]


def test_published_liquidation_prices_of_a_cross_account(shared):
    cases = json.loads((shared / "data/brackets/liquidation_price_examples.json").read_text())["cases"]
    eth, btc = (case for case in cases if case["inputs"]["TMM"] != 0)
    for case, other, mark in ((eth, btc, 31967.27), (btc, eth, 1335.18)):  # the mark at which the other one stands
        i, o = case["inputs"], other["inputs"]
        account = free(
            initial_margin=i["WB"],
            leverage=9,
            margin="cross",
            symbols=["A", "B"],
            brackets={"A": tier(i), "B": tier(o)},
        )
        opened(account, i, symbol="A")
        opened(account, o, symbol="B")
        account.mark(MINUTE, mark, mark, mark, symbol="B")
        found = account.liquidation_price("long", symbol="A")
        assert abs(found - case["expected"]) <= 2 * case["abs_tolerance"], case["name"]


def test_published_funding_fees(shared):
    data = json.loads((shared / "data/funding/funding_fee_examples.json").read_text())
    for case in data["simple"]:
        account = free()
        account.open_long(case["mark"], case["size"], ts=HOUR)
        (payment,) = account.funding(HOUR, case["rate"], case["mark"])
        assert payment["amount"] == pytest.approx(-case["fee_abs"], rel=1e-15)
    series = data["series"]
    for case in series["cases"]:
        account = free()
        begin = datetime.fromisoformat(series["start"])
        account.mark(begin, 2.77, 2.77, 2.77)
        times = [(case["open"], 0, None), (case["close"], 2, None)]
        times += [(one["time"], 1, one["rate"]) for one in series["funding"]]
        for when, what, rate in sorted((_utc(text), what, rate) for text, what, rate in times):
            price = series["marks_hourly"][int((when - begin).total_seconds() // 3600)]
            if what == 1:
                account.funding(when, rate, price)
            elif what == 0:
                account.open_short(price, case["size"], ts=when)
            else:
                account.close_short(price, ts=when)
        assert sum(account.payments()["amount"]) == pytest.approx(case["short_receives"], abs=1e-10)


def _utc(text):
    when = datetime.fromisoformat(text)
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def test_a_month_of_funding_of_a_real_symbol(shared):
    folder = shared / "data/funding"
    with (folder / "xrpusdt_um_mark_8h_20211118_20211218.csv").open() as file:
        marks = list(csv.DictReader(file))
    with (folder / "xrpusdt_um_funding_8h_20211118_20211218.csv").open() as file:
        rates = {int(row["calc_time"]) // 3_600_000: float(row["last_funding_rate"]) for row in csv.DictReader(file)}
    account = free(leverage=2, lot="1")
    expected, before = [], 0.0
    for bar in marks:
        hour = int(bar["open_time"]) // 3_600_000
        high, low, close, start = (float(bar[name]) for name in ("high", "low", "close", "open"))
        if account.position("long"):
            account.funding(hour * HOUR, rates[hour])  # at the mark where the last bar ended
            expected.append(-1000.0 * before * rates[hour])
        account.mark((hour + 8) * HOUR, high, low, close, start)
        if not account.position("long"):
            account.open_long(close, 1000)
        before = close
    found = account.payments()
    assert len(found["amount"]) > 80
    assert found["amount"].tolist() == expected
    assert account.equity == pytest.approx(10_000.0 + 1000.0 * (before - float(marks[0]["close"])) + sum(expected))


# -- a call at a time --------------------------------------------------------------------------------------------------
def test_what_is_traded_at_a_price_is_traded_at_once_and_the_fee_is_paid():
    account = Backtest(initial_margin=1000, leverage=10, contract_size=1, maker_fee_rate=0.0002, taker_fee_rate=0.0004)
    (fill,) = account.open_long(100.0, 5, ts=MINUTE)
    assert (fill["ts"], fill["fill_time"], fill["action"], fill["reason"]) == (MINUTE, MINUTE, "open_long", "signal")
    assert fill["fee"] == pytest.approx(0.2)
    (fill,) = account.sell_long(110.0, ts=2 * MINUTE)
    assert (fill["realised"], fill["position"], fill["action"]) == (50.0, 0.0, "close_long")
    assert account.wallet == account.equity == pytest.approx(1000 + 50 - 0.2 - 0.22)
    assert account.sell_long(110.0) == []
    assert account.orders()["state"][-1] == "rejected"
    assert account.orders()["reason"][-1] == "flat"


@pytest.mark.parametrize(
    ("size", "unit", "quantity"),
    [
        ("3", "contracts", 3.0),
        ("3", "base", 30.0),  # a contract is a tenth of a coin
        ("600", "quote", 60.0),
        ("0.5", "equity_frac", 500.0),
        ("0.02", "risk_frac", 200.0),  # 200 are lost over 10 a coin
        ("50%", "risk_frac", 500.0),
    ],
)
def test_a_size_is_in_the_unit_that_goes_with_it(size, unit, quantity):
    account = free(size=size, size_unit=unit, contract_size=0.1)
    account.mark(MINUTE, 100.0, 100.0, 100.0)
    account.order(side="long", stop=90.0)
    account.mark(2 * MINUTE, 100.0, 100.0, 100.0, 100.0)
    assert list(account.fills()["quantity"]) == [quantity]


def test_a_share_of_risk_is_none_without_a_stop():
    account = free(size="0.02", size_unit="risk_frac")
    account.mark(MINUTE, 100.0, 100.0, 100.0)
    account.order(side="long")
    account.mark(2 * MINUTE, 100.0, 100.0, 100.0, 100.0)
    assert (account.orders()["state"], account.orders()["reason"]) == (["rejected"], ["size"])
    assert not account.fills()["quantity"]


def test_prices_of_orders_go_to_the_tick():
    account = free(tick="0.5")
    account.mark(MINUTE, 100.0, 100.0, 100.0)
    account.order(side="long", quantity=1, type="limit", limit=99.9, stop=97.8)  # 99.5, and 98
    account.order(side="short", quantity=2, type="limit", limit=100.6)  # 101
    account.mark(2 * MINUTE, 101.5, 99.0, 99.0, 100.0)
    account.mark(3 * MINUTE, 102.0, 99.0, 100.0, 99.0)
    found = account.fills()
    assert list(zip(found["action"], found["price"])) == [
        ("open_long", 99.5),
        ("close_long", 101.0),
        ("open_short", 101.0),
    ]


def test_one_way_an_opening_order_turns_the_position_and_in_hedge_mode_both_are_held():
    account = free()
    account.open_long(100.0, 2)
    assert [(one["action"], one["reason"]) for one in account.buy_short(95.0, 3)] == [
        ("close_long", "flip"), ("open_short", "signal")
    ]  # fmt: skip
    assert (account.position("long"), account.position("short")) == (0.0, 3.0)
    hedge = free(position_mode="hedge")
    hedge.open_long(100.0, 2)
    hedge.open_short(100.0, 3)
    assert (hedge.position("long"), hedge.position("short")) == (2.0, 3.0)


def test_slippage_comes_on_top_of_a_named_price():
    assert free(slippage_bps=10.0).open_long(100.0, 1)[0]["price"] == pytest.approx(100.1)
    assert free(spread_bps=10.0).open_short(100.0, 1)[0]["price"] == pytest.approx(99.95)


def test_a_price_that_is_named_is_a_price_that_others_see():
    account = free()
    account.open_long(100.0, 10, ts=MINUTE)  # margin 100, liquidated at (1000 - 100) / (10 * 0.996)
    fills = account.open_long(90.0, 1, ts=2 * MINUTE)
    assert [one["reason"] for one in fills] == ["liquidation", "signal"]
    assert fills[0]["fill_time"] == 2 * MINUTE
    assert account.liquidations()["liquidation_price"][0] == pytest.approx(900 / 9.96)


def test_orders_work_from_the_next_bar_on():
    account = free(maker_fee=0.001)
    account.mark(MINUTE, 101.0, 99.0, 100.0)
    first = account.order(side="long", type="limit", limit=95.0, quantity=2, stop=90.0, take=105.0)
    assert (first, account.fills()["ts"].tolist()) == (1, [])
    assert account.mark(2 * MINUTE, 101.0, 96.0, 98.0) == []
    assert account.orders()["state"] == ["accepted"]
    (fill,) = account.mark(3 * MINUTE, 98.0, 94.0, 97.0)
    assert (fill["price"], fill["liquidity"], fill["fee"], fill["order"]) == (95.0, "maker", 0.19, 1)
    (fill,) = account.mark(4 * MINUTE, 106.0, 97.0, 106.0)
    assert (fill["price"], fill["reason"], account.position("long")) == (105.0, "take", 0.0)
    assert "group" in account.orders()["reason"]


def test_an_order_at_the_market_fills_at_the_next_open_and_a_verb_between_does_not_begin_it():
    account = free()
    account.mark(MINUTE, 101.0, 99.0, 100.0)
    account.order(side=1, quantity=1)
    assert account.open_long(100.5, 2, ts=MINUTE + 1)[0]["quantity"] == 2.0
    assert account.position("long") == 2.0
    account.close_long(100.5)
    (fill,) = account.mark(2 * MINUTE, 103.0, 100.0, 101.0, open=102.0)
    assert (fill["price"], fill["order"], fill["fill_time"]) == (102.0, 1, MINUTE + 1)


def test_latency_counts_bars_and_not_what_is_told_between_them():
    account = free(latency_bars=1)
    account.mark(MINUTE, 100.0, 100.0, 100.0)
    account.order(side="long", quantity=1)
    account.mark(2 * MINUTE, 100.0, 100.0, 100.0)
    for later in range(3):
        account.open_short(100.0, 0.001, ts=2 * MINUTE + later)
        account.close_short(100.0)
    assert account.position("long") == 0.0
    (fill,) = account.mark(3 * MINUTE, 100.0, 100.0, 100.0)
    assert fill["action"] == "open_long"


def test_orders_are_cancelled_and_replaced_by_their_ids():
    account = free()
    account.mark(MINUTE, 101.0, 99.0, 100.0)
    low = account.order(side="long", type="limit", limit=95.0, quantity=1)
    lower = account.order(side="long", type="limit", limit=94.0, quantity=1)
    account.mark(2 * MINUTE, 101.0, 99.0, 100.0)
    account.cancel(low)
    better = account.replace(lower, limit=97.0, quantity=3)
    (fill,) = account.mark(3 * MINUTE, 101.0, 90.0, 95.0)
    assert (fill["order"], fill["price"], fill["quantity"]) == (better, 97.0, 3.0)
    told = dict(zip(zip(account.orders()["order"], account.orders()["state"]), account.orders()["reason"]))
    assert told[low, "cancelled"] == "cancel"
    assert told[lower, "cancelled"] == "replaced"
    account.order(side="long", action="close", type="limit", limit=200.0)
    account.mark(4 * MINUTE, 96.0, 94.0, 95.0)
    account.cancel()
    account.mark(5 * MINUTE, 300.0, 94.0, 95.0)
    assert account.position("long") == 3.0
    assert account.backtest_result()["orders"]["cancelled"]["cancel"] == 2


def test_a_target_brings_the_position_to_a_quantity():
    account = free()
    account.mark(MINUTE, 100.0, 100.0, 100.0)
    for i, (quantity, held) in enumerate(((3.0, (3.0, 0.0)), (-2.0, (0.0, 2.0)), (0.0, (0.0, 0.0)))):
        account.target(quantity)
        account.mark((i + 2) * MINUTE, 100.0, 100.0, 100.0)
        assert (account.position("long"), account.position("short")) == held
    account.target(0.5, "equity_frac")
    account.mark(9 * MINUTE, 100.0, 100.0, 100.0)
    assert account.position("long") == 50.0


def test_margin_is_put_in_and_taken_out_and_the_liquidation_price_follows():
    account = free(initial_margin=2000.0)
    account.open_long(10_000.0, 1)
    assert account.liquidation_price("long") == 9036.144578313253
    account.add_margin("long", 500.0)
    assert account.liquidation_price("long") == pytest.approx((10_000 - 1500) / 0.996)
    assert account.equity_curve()["margin_used"].tolist() == [1500.0]
    assert account.positions()["margin"].tolist() == [1000.0, 1500.0]
    account.add_margin("long", -500.0)
    assert account.liquidation_price("long") == 9036.144578313253
    for amount, says in ((1001.0, "1001 to put into the margin is refused: it is more"), (-1.0, "-1 to take out of")):
        with pytest.raises(HqError, match=says):
            account.add_margin("long", amount)
    with pytest.raises(HqError, match="nothing is held"):
        account.add_margin("short", 1.0)
    with pytest.raises(HqError, match="cross account"):
        free(margin="cross").add_margin("long", 1.0)


def test_leverage_is_changed_for_what_is_opened_then():
    account = free(initial_margin=1000.0, size="all")
    account.set_leverage(5)
    assert account.max_open(100.0, "long") == 50.0
    assert account.open_long(100.0)[0]["quantity"] == 50.0
    with pytest.raises(HqError, match="leverage: 200, must be 1 to 150"):
        account.set_leverage(200)
    with pytest.raises(HqError, match="must be below 1/leverage"):
        free(maintenance=0.05).set_leverage(50)
    table = Brackets("", [0.01, 0.02], [0.0, 10.0], [1000.0, 5000.0], [50, 20])
    held = free(brackets=table)
    held.open_long(100.0, 30)
    with pytest.raises(HqError, match="leverage 50 is refused: the brackets"):
        held.set_leverage(50)
    assert held.max_open(100.0, "long") == 20.0  # 5000 less the 3000 that are held


def test_funding_waits_for_its_time_and_is_paid_at_once_where_that_has_come():
    account = free()
    account.open_long(100.0, 10, ts=HOUR)
    assert account.funding(2 * HOUR, 0.001) == []
    account.mark(2 * HOUR, 110.0, 100.0, 110.0)
    assert account.payments()["amount"].tolist() == [-1.1]  # at the end of the bar, at its close
    (payment,) = account.funding("1970-01-01T02:00:00Z", -0.001, 120.0)
    assert (payment["amount"], payment["ts"], account.wallet) == (1.2, 2 * HOUR, 10_000.1)
    assert account.equity_curve()["funding"][-1] == pytest.approx(0.1)


def test_what_is_traded_in_a_bar_is_of_the_bar_in_the_statistics():
    account = Backtest(initial_margin=1000, leverage=10)
    for i in range(1, 4):
        account.mark(i * MINUTE, 100.0, 100.0, 100.0)
        account.open_long(100.0, 1)
        account.close_long(100.0)
    curve, result = account.equity_curve(), account.backtest_result()
    assert curve["equity"].tolist() == pytest.approx([1000 - 0.088 * i for i in (1, 2, 3)])
    assert (result["rows"], result["trades"], result["exposure"]) == (3, 3, 0.0)
    assert result["max_drawdown"]["value"] == pytest.approx(3 * 0.088)


def test_several_symbols_share_a_wallet_and_a_cross_account_is_liquidated_whole():
    account = free(initial_margin=1000.0, margin="cross", symbols=["A", "B"])
    account.open_long(100.0, 40, symbol="A")
    account.open_short(50.0, 40, symbol="B")
    account.marks(MINUTE, {"A": {"high": 100, "low": 80, "close": 90}, "B": {"high": 60, "low": 50, "close": 55}})
    found = account.liquidations()
    assert sorted(zip(found["symbol"], found["side"])) == [("A", 1), ("B", -1)]
    assert (account.position("long", "A"), account.position("short", "B")) == (0.0, 0.0)
    alone = free(symbols=["A", "B"])
    alone.open_long(100.0, 40, symbol="A")
    alone.open_short(50.0, 40, symbol="B")
    alone.mark(MINUTE, 100.0, 80.0, 90.0, symbol="A")
    assert (alone.position("long", "A"), alone.position("short", "B")) == (0.0, 40.0)


def test_a_bracket_file_is_read_and_its_later_tables_apply(tmp_path):
    rows = ["symbol,initialLeverage,notionalFloor,notionalCap,maintMarginRatio,cum,valid_from"]
    rows += ["A,20,0,1000,0.01,0,1970-01-01", "A,20,0,300,0.02,0,1970-01-02"]
    path = tmp_path / "brackets.csv"
    path.write_text("\n".join(rows))
    account = free(brackets=path, symbol="A", size="all")
    account.mark(HOUR, 100.0, 100.0, 100.0)
    assert account.max_open(100.0, "long") == 10.0
    account.mark(30 * HOUR, 100.0, 100.0, 100.0)
    assert account.max_open(100.0, "long") == 3.0
    assert account.backtest_result()["options"]["brackets"] == str(path)


def test_times_are_ns_datetimes_or_texts():
    account = free()
    account.mark("2026-01-01", 1.0, 1.0, 1.0)
    account.mark(datetime(2026, 1, 1, 1), 1.0, 1.0, 1.0)
    account.mark(1_767_232_800_000_000_000, 1.0, 1.0, 1.0)
    assert [ts // HOUR % 24 for ts in account.equity_curve()["ts"]] == [0, 1, 2]


def test_a_bankrupt_account_trades_no_more():
    account = free(initial_margin=1000.0, margin="cross", size="all")
    account.open_short(100.0)
    account.mark(MINUTE, 300.0, 100.0, 200.0, open=200.0)
    assert (account.bankrupt, account.equity) == (True, 0.0)
    account.mark(2 * MINUTE, 200.0, 200.0, 200.0)
    assert account.open_long(100.0, ts=3 * MINUTE) == []
    result = account.backtest_result()
    assert (result["orders"]["ignored"]["bankrupt"], result["rows_after_bankruptcy"]) == (1, 1)
    assert len(result["liquidations"]) == result["liquidated"] == 1


def marked(account):
    account.mark(HOUR, 100.0, 100.0, 100.0)
    return account


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: free().open_long(math.nan), "open_long: price: nan, must be above 0"),
        (lambda: free().open_long(1.0, math.nan), "open_long: quantity: nan, must be 0 or more"),
        (lambda: free().open_long(1.0, "x"), "quantity: 'x', must be a number"),
        (
            lambda: free(brackets="b.csv"),
            "brackets: a file has them by symbol; say what is traded by symbol or symbols",
        ),
        (lambda: free(liquidation="tiers"), "liquidation tiers: there are no tiers; give them by brackets"),
        (
            lambda: free(maintenance=0.02, brackets=tier({"mmr": 0.01, "cum": 0})),
            "maintenance 0.02: the brackets say the",
        ),
        (
            lambda: free(impact_coefficient=0.5),
            "impact_coefficient 0.5: nothing has an impact; say linear or sqrt by im",
        ),
        (lambda: free(tick="0.5").open_long(1.2, 1), r"row 0 .*not all are multiples of the tick 0.5"),
        (lambda: free().mark(5, 1.0, 2.0, 1.5), "row 0 .*must be above 0, with low lowest"),
        (lambda: marked(free()).mark(4, 1.0, 1.0, 1.0), "ts goes back by .* from 1970-01-01T01:00:00"),
        (lambda: free().mark(1.5, 1.0, 1.0, 1.0), "ts: 1.5, must be ns since 1970"),
        (lambda: free().mark("noon", 1.0, 1.0, 1.0), "time 'noon' is not ISO 8601"),
        (lambda: free().order(side="long"), "order: no price is known; tell a bar by mark first"),
        (lambda: marked(free()).order(side="lang"), "side: 'lang', must be one of long, short; did you mean long?"),
        (lambda: marked(free()).order(), "an order of type market has no side"),
        (lambda: marked(free()).order(side="long", type="limit"), "an order of type limit has no limit"),
        (lambda: marked(free()).order(side="long", unit="lots"), "unit: 'lots', must be one of account, contracts"),
        (lambda: marked(free()).order(side="long", stop=-1.0), "an order of type market has a price that is none"),
        (
            lambda: marked(free()).order(side="long", limit=50),
            "an order of type market has a limit, which means nothing",
        ),
        (lambda: marked(free()).order(side="long", trigger=150), "an order of type market has a trigger, which means"),
        (lambda: marked(free()).order(side="long", type="limit", limit=5, trigger=5), "of type limit has a trigger"),
        (
            lambda: marked(free()).order(side="long", tif="gtd"),
            "an order of type market works until a time, tif gtd, and has no exp",
        ),
        (
            lambda: marked(free()).order(side="long", expire=HOUR),
            "of type market has an expire, which is of an order whose",
        ),
        (
            lambda: marked(free()).order(side="long", action="close", stop=5),
            "that closes has no stop; it is of one that",
        ),
        (lambda: marked(free()).order(side="long", action="close", trail=5), "closes has no trail; say type trail, or"),
        (
            lambda: marked(free()).order(side="long", trail=5, trail_frac=0.1),
            "both say how far behind; give one of them",
        ),
        (lambda: marked(free()).cancel(3), "id: there is no order 3; 0 were given"),
        (lambda: free().position("up"), "side: 'up', must be one of long, short"),
        (lambda: free().funding(1, math.nan), "rate: nan, must be a share from -1 to 1"),
        (lambda: free().funding(1, 1.5), "rate: 1.5, must be a share from -1 to 1"),
        (lambda: free(symbols=["A", "B"]).open_long(1.0), "symbol: say which one; there are A, B"),
        (lambda: free(symbols=["A", "B"]).open_long(1.0, symbol="C"), "symbol: 'C' is not traded here"),
        (lambda: free(symbols=["A", "A"]), "symbols: one is there twice"),
        (lambda: free(symbol="A", symbols=["B"]), "symbol and symbols: give one of them"),
        (
            lambda: free(symbols=["A", "B"], brackets={"A": tier({"mmr": 0.1, "cum": 0})}),
            "brackets: there are none of B",
        ),
        (lambda: free(symbols=["A", "B"]).marks(1, {"A": {"high": 1.0}}), "the bar of A has no low"),
        (lambda: free(latency="soon"), "latency"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(call, says):
    with pytest.raises(HqError, match=says) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_a_call_that_failed_has_changed_nothing():
    account = marked(free())
    account.open_long(100.0, 1)
    before = account.backtest_result()
    for wrong in (lambda: account.mark(2 * HOUR, 1.0, 2.0, 1.0), lambda: account.open_long(-1.0)):
        with pytest.raises(HqError):
            wrong()
    assert account.backtest_result() == before
    assert account.mark(2 * HOUR, 100.0, 100.0, 100.0) == []
    assert account.backtest_result()["rows"] == 2


def test_maintenance_of_a_bracket_decides_the_liquidation_price():
    rates, cums = [0.004, 0.005], [0.0, 50.0]
    account = free(initial_margin=5000.0, leverage=20, brackets=Brackets("", rates, cums, [50e3, 1e6], [50, 20]))
    account.open_long(10_000.0, 10)
    price = account.liquidation_price("long")
    assert price == pytest.approx(9542.713567839197, rel=1e-15)
    margin = 5000.0 + 10 * (price - 10_000)
    assert margin == pytest.approx(maintenance(10 * price, rates, cums, 0, 2), rel=1e-12)


def test_a_report_in_between_changes_nothing():
    account = marked(free())
    account.order(side="long", quantity=1)
    account.order(side="short", quantity=1)  # against the first: neither is done
    first, again = account.backtest_result(), account.backtest_result()
    assert first == again
    assert first["orders"]["ignored"] == {
        "conflict": 2, "pyramid": 0, "flat": 0, "bankrupt": 0, "end_of_input": 0
    }  # fmt: skip
    assert len(account.orders()["order"]) == 0
    account.open_long(100.0, 3)
    account.mark(2 * HOUR, 100.0, 100.0, 100.0)
    assert account.position("long") == 3.0
    assert account.orders()["reason"] == ["signal", "conflict", "conflict"]
