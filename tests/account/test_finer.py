"""hq-backtest --path: finer bars or trades of the symbol are the path inside the bars that orders were decided on."""

from __future__ import annotations

import json
import math
import random

import panel_runs
import promises
import pytest
from frames import frames
from hypothesis import given, settings
from hypothesis import strategies as st
from test_backtest import BARS, INF, MINUTE, NAN, START, bracket, command, report_of, table
from test_order_rows import texts

from hq_core.api.backtest import Backtest
from hq_core.batch import Schema
from hq_core.errors import DATA, USAGE, HqError
from hq_core.futures.terms import Terms
from hq_core.kinds import ORDER, extra_of
from hq_core.say import iso_text
from hq_core.stages.backtest import BacktestStage

EACH = 5  # minutes of a bar
FINE, COARSE = (Schema("bar", "BTCUSDT", period, BARS) for period in ("1m", "5m"))
TRADE = Schema("trade", "BTCUSDT", "", (("ts", "i8"), ("price", "f8"), ("qty", "f8")))
COLS = [col for col in ORDER.cols if col in ORDER.required or col[0] in ("limit", "trigger", "stop", "take")]
ORDERS = {period: Schema("order", "BTCUSDT", period, COLS, extra_of("order")) for period in ("1m", "5m")}
MARKET, LIMIT, STOP = 0, 1, 2


def fine_bars(chance, n):
    price, made = 100.0, []
    for i in range(n):
        close = round(max(1.0, price * (1 + chance.gauss(0, 0.01))), 2)
        high, low = max(price, close) + chance.random(), min(price, close) - 0.5 * chance.random()
        made.append((START + (i + 1) * MINUTE, START + i * MINUTE, price, high, low, close, 5.0, 1))
        price = round(close * (1 + chance.gauss(0, 0.001)), 2)
    return made


def coarse_bars(fine):
    """Bars of EACH minutes, by the minutes that are in them."""
    found = {}
    for one in fine:
        found.setdefault(-(-(one[0] - START) // (EACH * MINUTE)), []).append(one)
    return [
        (
            START + k * EACH * MINUTE,
            START + (k - 1) * EACH * MINUTE,
            some[0][2],
            max(one[3] for one in some),
            min(one[4] for one in some),
            some[-1][5],
            sum(one[6] for one in some),
            1,
        )
        for k, some in found.items()
    ]


def an_order(ts, id_, price, chance):
    kind, side = chance.choice((MARKET, MARKET, LIMIT, STOP)), chance.choice((1, -1))
    away = 1 - side * 0.01 * chance.random() if kind == LIMIT else 1 + side * 0.01 * chance.random()
    limit, trigger = (round(price * away, 2) if kind == one else NAN for one in (LIMIT, STOP))
    closes = chance.random() < 0.2
    stop, take = (NAN, NAN) if closes else (round(price * (1 + side * x), 2) for x in (-0.015, 0.015))
    return (ts, 0, id_, side, int(closes), kind, INF if closes else 1.0, -1, limit, trigger, stop, take)


def orders_at(bars, chance):
    return [an_order(one[0], i + 1, one[5], chance) for i, one in enumerate(bars) if chance.random() < 0.5]


def run(pieces, path="1m", **terms):
    return promises.run(stage(path, **terms), promises.stream(pieces))


def stage(path="1m", close_at_end=False, **terms):
    return BacktestStage(Terms(path=path, leverage=20, pyramid=2, **terms), close_at_end=close_at_end)


def stream_of(fine, coarse, orders, cuts=(), period="5m"):
    """The series behind each other, cut anywhere, and bars by their ts as hq-merge has them."""
    pieces = [(FINE, []), (COARSE, []), (ORDERS[period], []), texts("s", series=ORDERS[period])]
    start = START
    for end in (*sorted(START + cut * MINUTE for cut in cuts), START + 10**6 * MINUTE):
        for series, rows in ((ORDERS[period], orders), (FINE, fine), (COARSE, coarse)):
            if some := [one for one in rows if start < one[0] <= end]:
                pieces.append((series, some))
        start = end
    return pieces


def without(rows, *names):
    return [{name: value for name, value in one.items() if name not in names} for one in rows]


MODES = {"one-way": {}, "hedge": {"position_mode": "hedge", "margin": "cross"}, "close": {"fill": "close"},
         "slow": {"latency": "3m", "volume_share": 0.1}}  # fmt: skip
HERE = settings(max_examples=20, deadline=None)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("close_at_end", [False, True])
@given(seed=st.integers(0, 10**6), n=st.integers(1, 30))
@HERE
def test_it_is_the_account_of_the_finer_bars_with_orders_where_bars_end(mode, close_at_end, seed, n):
    chance = random.Random(seed)
    fine = fine_bars(chance, EACH * n)
    coarse = coarse_bars(fine)
    orders = orders_at(coarse, chance)
    found = run(stream_of(fine, coarse, orders), close_at_end=close_at_end, **MODES[mode])
    want = run(stream_of(fine, [], orders, period="1m"), "pessimistic", close_at_end=close_at_end, **MODES[mode])
    for kind in ("fill", "order_state", "position", "liquidation"):
        assert repr(without(table(found, kind), "row")) == repr(without(table(want, kind), "row"))  # rows of bars
    ends = {one[0] for one in coarse}
    assert repr(table(found, "equity")) == repr([one for one in table(want, "equity") if one["ts"] in ends])
    assert len(table(found, "equity")) == report_of(found)["rows"] == len(coarse)
    low, high = ({one[0]: one[place] for one in coarse} for place in (4, 3))
    for one in table(found, "fill"):
        end = START - (START - one["ts"]) // (EACH * MINUTE) * EACH * MINUTE
        assert low[end] <= one["price"] <= high[end]


@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(1, 100), max_size=5))
@HERE
def test_statistics_are_those_of_the_rows_of_equity(seed, cuts):
    chance = random.Random(seed)
    fine = fine_bars(chance, 100)
    coarse = coarse_bars(fine)
    out = run(stream_of(fine, coarse, orders_at(coarse, chance), cuts))
    report, equity = report_of(out), [one["equity"] for one in table(out, "equity")]
    returns = [b / a - 1 for a, b in zip([1000.0, *equity], equity)]
    mean = sum(returns) / len(returns)
    deviation = math.sqrt(sum((one - mean) ** 2 for one in returns) / (len(returns) - 1))
    assert report["rows"] == 20
    assert report["periods_per_year"] == 365 * 288
    if deviation:
        assert math.isclose(report["vol_ann"], deviation * math.sqrt(365 * 288), rel_tol=0.01)
    assert report["buy_and_hold"] == coarse[-1][5] / coarse[0][5] - 1.0


@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(1, 60), max_size=6), lost=st.lists(st.integers(0, 59)))
@HERE
def test_how_the_input_is_cut_and_which_minutes_lack_changes_no_promise(seed, cuts, lost):
    chance = random.Random(seed)
    fine = fine_bars(chance, 60)
    coarse = coarse_bars(fine)
    orders = orders_at(coarse, chance)
    fine = [one for i, one in enumerate(fine) if i not in lost] or fine
    whole = run(stream_of(fine, coarse, orders), close_at_end=True)
    assert traded(run(stream_of(fine, coarse, orders, cuts), close_at_end=True)) == traded(whole)
    assert [one["ts"] for one in table(whole, "equity")] == [one[0] for one in coarse]


def traded(out):
    kinds = ("fill", "order_state", "position", "liquidation", "equity")
    return [repr(table(out, kind)) for kind in kinds], report_of(out), promises.said(out)[2]


@given(seed=st.integers(0, 10**6), cut=st.integers(1, 59))
@HERE
def test_a_run_goes_on_with_what_waits(seed, cut, tmp_path_factory):
    folder = tmp_path_factory.mktemp("state")
    chance = random.Random(seed)
    fine = fine_bars(chance, 60)
    coarse = coarse_bars(fine)
    orders = orders_at(coarse, chance)
    until = START + cut * MINUTE
    whole = promises.run(stage(), promises.stream(stream_of(fine, coarse, orders)), folder / "whole", 0)
    found = b""
    for first in (True, False):
        part = [[one for one in rows if (one[0] <= until) == first] for rows in (fine, coarse, orders)]
        found += promises.run(stage(), promises.stream(stream_of(*part)), folder / "half", 0)
    for kind in ("fill", "order_state", "position", "equity"):
        assert repr(table(found, kind)) == repr(table(whole, kind))
    assert len(table(whole, "equity")) == 12


def by_hand(fine, order, path="1m", trades=()):
    bars = coarse_bars(fine)
    pieces = [(COARSE, []), (FINE, []), (TRADE, []), (ORDERS["5m"], []), texts("s", series=ORDERS["5m"])]
    pieces += [(FINE, fine), (TRADE, list(trades)), (ORDERS["5m"], [order]), (COARSE, bars)]
    return run(pieces, path, taker_fee=0.0)


def bar(i, open, high, low, close):
    return (START + (i + 1) * MINUTE, START + i * MINUTE, open, high, low, close, 1.0, 1)


CALM = [bar(i, 100.0, 100.0, 100.0, 100.0) for i in range(5)]
LONG = (START + 5 * MINUTE, 0, 1, 1, 0, MARKET, 1.0, -1, NAN, NAN, 97.0, 105.0)


def test_the_finer_path_says_which_of_stop_and_target_came_first():
    up = [bar(5, 100.0, 106.0, 100.0, 104.0), bar(6, 104.0, 104.0, 94.0, 96.0)]
    down = [bar(5, 100.0, 100.0, 94.0, 96.0), bar(6, 96.0, 106.0, 96.0, 104.0)]
    rest = [bar(i, 100.0, 100.0, 100.0, 100.0) for i in range(7, 10)]
    for minutes, price in ((up, 105.0), (down, 97.0)):
        fills = table(by_hand([*CALM, *minutes, *rest], LONG), "fill")
        assert [one["price"] for one in fills] == [100.0, price]
        assert fills[1]["ts"] == START + 6 * MINUTE
    worst = table(by_hand([*CALM, *up, *rest], LONG, "pessimistic"), "fill")
    assert [one["price"] for one in worst] == [100.0, 97.0]  # without it the bar's stop is taken to come first


def test_trades_are_a_path_and_one_at_a_bars_end_is_in_the_next():
    end = START + 5 * MINUTE
    first = [(START + 1, 100.0, 1.0), (end - 1, 101.0, 1.0)]
    then = [(end, 102.0, 1.0), (end + 7, 106.0, 2.0), (end + 8, 94.0, 1.0)]
    minutes = [*CALM, *(bar(i, 100.0, 106.0, 94.0, 100.0) for i in range(5, 10))]
    out = by_hand(minutes, LONG, "trades", [*first, *then])
    fills = table(out, "fill")
    assert [(one["ts"], one["price"]) for one in fills] == [(end, 102.0), (end + 7, 106.0)]
    equity = table(out, "equity")
    assert [one["ts"] for one in equity] == [end, end + 5 * MINUTE]
    assert [one["equity"] for one in equity] == [1000.0, 1004.0]


def test_where_no_minute_ends_with_a_bar_its_close_stands_there():
    minutes = [*CALM, bar(5, 100.0, 101.0, 99.0, 100.0)]
    bars = [*coarse_bars(CALM), (START + 10 * MINUTE, START + 5 * MINUTE, 100.0, 107.0, 99.0, 103.0, 1.0, 1)]
    bars += [(START + 15 * MINUTE, START + 10 * MINUTE, 103.0, 103.0, 96.0, 96.0, 1.0, 1)]
    pieces = stream_of(minutes, bars, [LONG])
    out = run(pieces, taker_fee=0.0)
    assert [one["equity"] for one in table(out, "equity")] == [1000.0, 1003.0, 996.0]
    late = run(stream_of(CALM, bars, [LONG]), taker_fee=0.0)
    assert [one["price"] for one in table(late, "fill")] == [103.0, 96.0]  # there was no price but the closes


def test_what_is_refused():
    minutes, orders = CALM, [LONG]
    bars = coarse_bars(minutes)
    code, text = refused_by(stream_of([], bars, orders))
    assert (code, text.partition(";")[0]) == (DATA, "path 1m: no bars of 1m of BTCUSDT came")
    code, text = refused_by(stream_of(minutes, bars, orders), "trades")
    assert "no trades of BTCUSDT came" in text
    code, text = refused_by(stream_of(minutes, bars, orders), "5m")
    assert (code, "must be finer than" in text) == (USAGE, True)
    with pytest.raises(HqError, match="pessimistic, optimistic, ohlc, trades or the period") as error:
        Terms(path="1x")
    assert error.value.code == USAGE
    with pytest.raises(HqError, match="finer bars are told by mark"):
        Backtest(path="1m")


def refused_by(pieces, path="1m"):
    with pytest.raises(HqError) as error:
        run(pieces, path)
    return error.value.code, str(error.value)


def as_merged(symbols, fine, coarse, orders):
    """What hq-merge makes of the bars of symbols that are alike and have the same orders: panels."""
    parts = []
    for symbol in symbols:
        minutes, bars, asked = (
            Schema(one.of, symbol, one.period, one.cols, one.extra) for one in (FINE, COARSE, ORDERS["5m"])
        )
        parts += [frames((minutes, fine)), frames((bars, coarse)), frames(texts("s", series=asked)[0], (asked, orders))]
    return panel_runs.merged(*parts)


@pytest.mark.parametrize("symbols", [("BTCUSDT",), ("BTCUSDT", "ETHUSDT")])
def test_panels_as_hq_merge_makes_them(symbols):
    chance = random.Random(3)
    fine = fine_bars(chance, 60)
    coarse = coarse_bars(fine)
    orders = orders_at(coarse, chance)
    merged = as_merged(symbols, fine, coarse, orders)
    if len(symbols) > 1:
        with pytest.raises(HqError, match="path 1m: takes one symbol, and there are BTCUSDT, ETHUSDT") as error:
            promises.run(stage(), merged)
        assert error.value.code == USAGE
    one = BacktestStage(Terms(path="1m", leverage=20, pyramid=2), symbol="BTCUSDT")
    found, want = promises.run(one, merged), run(stream_of(fine, coarse, orders))
    assert table(found, "fill")
    for kind in ("fill", "order_state", "equity"):
        assert repr(without(table(found, kind), "symbol")) == repr(table(want, kind))


def test_the_command_as_its_page_shows_it():
    chance = random.Random(5)
    fine = fine_bars(chance, 60)
    coarse = coarse_bars(fine)
    code, out, err = command(as_merged(["BTCUSDT"], fine, coarse, orders_at(coarse, chance)), "--path", "1m", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["options"]["path"] == "1m"
    assert json.loads(out)["rows"] == len(coarse)
    code, _, err = command(as_merged(["BTCUSDT"], [], coarse, []), "--path", "1m", "--json")
    assert (code, err) == (
        DATA,
        "hq-backtest: --path 1m: no bars of 1m of BTCUSDT came; hq-merge lays them beside the others\n",
    )


def test_funding_brackets_and_several_strategies_go_along(tmp_path):
    chance = random.Random(11)
    fine = fine_bars(chance, 100)
    coarse = coarse_bars(fine)
    orders = [(*one[:1], chance.randrange(2), *one[2:]) for one in orders_at(coarse, chance)]
    rates = [(START + i * MINUTE + 3 * (i % 2), 0.001 * chance.gauss(0, 1)) for i in range(100)]
    file = tmp_path / "brackets.json"
    file.write_text(json.dumps([bracket("BTCUSDT", 0.004), bracket("BTCUSDT", 0.03, iso_text(START + 33 * MINUTE))]))

    def account(coarse, path, period):
        pieces = stream_of(fine, coarse, orders, period=period)
        pieces[3] = texts("s", "t", series=ORDERS[period])
        pieces.insert(4, (Schema("funding", "BTCUSDT", "", (("ts", "i8"), ("rate", "f8"))), rates))
        return promises.run(BacktestStage(Terms(path=path, leverage=20), brackets=str(file)), promises.stream(pieces))

    found, want = account(coarse, "1m", "5m"), account([], "pessimistic", "1m")
    ends = {one[0] for one in coarse}
    for kind in ("fill", "payment", "position"):
        assert table(found, kind)
        assert repr(table(found, kind)) == repr(table(want, kind))
    assert repr(table(found, "equity")) == repr([one for one in table(want, "equity") if one["ts"] in ends])
    assert {one["account"] for one in table(found, "fill")} == {0, 1}


def test_a_bankrupt_account_has_no_further_rows():
    fall = [bar(5, 100.0, 100.0, 100.0, 100.0), bar(6, 50.0, 50.0, 1.0, 1.0)]
    minutes = [*CALM, *fall, *(bar(i, 1.0, 1.0, 1.0, 1.0) for i in range(7, 20))]
    everything = (*LONG[:6], INF, *LONG[7:10], NAN, NAN)
    again = [(START + 5 * k * MINUTE, 0, k, *everything[3:]) for k in (2, 3)]
    pieces = stream_of(minutes, coarse_bars(minutes), [everything, *again])
    for fill in ("next-open", "close"):
        out = run(pieces, size="all", margin="cross", taker_fee=0.0, fill=fill)
        report = report_of(out)
        assert report["bankrupt"]
        assert (report["rows"], report["rows_after_bankruptcy"]) == (2, 2)
        assert [one["equity"] for one in table(out, "equity")] == [1000.0, 0.0]
        assert report["max_drawdown"]["frac"] == 1.0
        assert report["orders"]["ignored"]["bankrupt"] == 2
