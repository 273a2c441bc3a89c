"""hq-backtest --spread quotes: takers pay half of the last quote's spread, and at most its sizes fill."""

from __future__ import annotations

import bisect
import math
import random

import panel_runs
import promises
import pytest
from frames import frames
from test_backtest import command, report_of, table
from test_explain_fill import explained
from test_finer import COARSE, EACH, FINE, MARKET, ORDERS, coarse_bars, fine_bars, orders_at
from test_order_rows import texts

from hq_core.api.backtest import Backtest
from hq_core.batch import Schema
from hq_core.errors import DATA, USAGE, HqError
from hq_core.futures.terms import Terms
from hq_core.kinds import QUOTE
from hq_core.stages.backtest import BacktestStage
from hq_core.stages.signal import Signal

OHLCV = ("open", "high", "low", "close", "volume")
SECOND = 1_000_000_000
QUOTES = Schema("quote", "BTCUSDT", "", QUOTE.required)
LOT = 1000  # lots of a contract
MODES = {"one-way": {}, "hedge": {"position_mode": "hedge", "margin": "cross"}, "close": {"fill": "close"},
         "more": {"volume_share": 0.3, "slippage_bps": 2.0, "impact": "linear"}}  # fmt: skip


def market(seed, n=80, size=0.9):
    """Bars of 5 minutes with their minutes, orders at them, and quotes, the first of which comes before the bars."""
    chance = random.Random(seed)
    fine = fine_bars(chance, EACH * n)
    coarse = coarse_bars(fine)
    quotes = []
    for one in [fine[0], *fine]:
        at = one[1] + (chance.randrange(60) * SECOND if quotes else 0)
        half = one[2] * chance.choice((0.0, 1e-4, 3e-4)) * chance.random()
        sizes = [round(size * chance.random(), 4) for _ in range(2)]
        if not quotes or chance.random() < 0.7:
            quotes.append((at, one[2] - half, sizes[0], one[2] + half, sizes[1]))
    return fine, coarse, orders_at(coarse, chance), quotes


def stream_of(fine, coarse, orders, quotes, cuts=()):
    series = [(ORDERS["5m"], orders), (QUOTES, quotes), (FINE, fine), (COARSE, coarse)]
    pieces = [*((one, []) for one, _ in series), texts("s", series=ORDERS["5m"])]
    start = 0
    for end in (*sorted(coarse[0][0] + cut * SECOND for cut in cuts), math.inf):
        pieces += [(one, some) for one, rows in series if (some := [row for row in rows if start < row[0] <= end])]
        start = end
    return pieces


def run(pieces, state=None, **terms):
    stage = BacktestStage(Terms(**({"spread": "quotes", "leverage": 20, "pyramid": 2} | terms)))
    return promises.run(stage, promises.stream(pieces), state)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("path", ["pessimistic", "1m"])
def test_takers_pay_the_spread_of_the_last_quote_and_use_up_its_size(mode, path):
    fine, coarse, orders, quotes = market(3)
    terms = MODES[mode] | {"path": path}
    pieces = stream_of(fine, coarse, orders, quotes)
    data = promises.stream(pieces)
    out = run(pieces, **terms)
    times, used, taken, parts = [one[0] for one in quotes], {}, 0, 0
    for fill in table(out, "fill"):
        if not fill["order"] or not fill["liquidity"]:
            continue
        at = bisect.bisect_right(times, fill["fill_time"]) - 1
        _, bid, bid_qty, ask, ask_qty = quotes[at]
        buy = fill["action"] in (1, 4)
        used[at, buy] = used.get((at, buy), 0.0) + fill["quantity"]
        assert used[at, buy] <= (ask_qty if buy else bid_qty) + 1e-9
        parts += fill["quantity"] < 1.0
        taken += 1
        if taken % 5 == 0:
            found = explained(data, fill["id"], spread="quotes", leverage=20, pyramid=2, **terms)
            half = (ask - bid) / (ask + bid)
            assert (found["price"]["bid"], found["price"]["ask"]) == (bid, ask)
            away, bar = terms.get("slippage_bps", 0.0) / 1e4, found["bar"]
            if "impact" in terms:
                away += 0.1 * fill["quantity"] / bar["volume"]
            price = found["price"]["reached"] * (1 + away if buy else 1 - away)
            price = min(max(price, bar["low"]), bar["high"]) * (1 + half if buy else 1 - half)
            if found["order"]["type"] == "limit":
                price = min(price, found["order"]["limit"]) if buy else max(price, found["order"]["limit"])
            assert math.isclose(fill["price"], price, rel_tol=1e-12)
    assert taken > 30
    assert parts > 10
    assert len(table(out, "quote")) == len(quotes)


def test_quotes_as_wide_as_spread_bps_and_of_any_size_are_that():
    fine, coarse, orders, _ = market(5)
    coarse = [(*one[:3], one[3] + 5, one[4] - 5, *one[5:]) for one in coarse]  # the open is far within its bar
    orders = [one for one in orders if one[5] == MARKET]
    quotes = [(one[1], 0.9998 * one[2], 1e9, 1.0002 * one[2], 1e9) for one in coarse]
    by_quotes = run(stream_of(fine, coarse, orders, quotes))
    by_bps = run(stream_of(fine, coarse, orders, quotes), spread="bps", spread_bps=4.0)
    found, want = (table(out, "fill") for out in (by_quotes, by_bps))
    assert len(found) == len(want) > 20
    for one, other in zip(found, want):
        assert [one[name] for name in ("ts", "order", "action")] == [other[name] for name in ("ts", "order", "action")]
        assert math.isclose(one["price"], other["price"], rel_tol=1e-9)


@pytest.mark.parametrize("path", ["ohlc", "1m"])
def test_how_the_input_is_cut_changes_nothing(path, tmp_path):
    made = market(9)
    whole = run(stream_of(*made), path=path)
    for seed in range(4):
        cuts = random.Random(seed).choices(range(80 * EACH * 60), k=30)
        assert promises.said(run(stream_of(*made, cuts=cuts), path=path)) == promises.said(whole)
    pieces = stream_of(*made, cuts=(9000,))
    half = next(i for i, one in enumerate(pieces) if one[0] is COARSE and one[1]) + 1
    head = list(pieces[:5])
    state = tmp_path / "state"
    one = promises.run(
        BacktestStage(Terms(spread="quotes", path=path)), promises.stream(pieces), state.with_name("other")
    )
    two = b"".join(
        promises.run(BacktestStage(Terms(spread="quotes", path=path)), promises.stream(part), state)
        for part in (pieces[:half], [*head, *pieces[half:]])
    )
    assert promises.said(one) == promises.said(two)


def test_a_rest_goes_on_at_the_next_open_once_another_quote_has_come():
    fine, coarse, _, _ = market(1, n=8)
    order = (coarse[0][0], 0, 1, 1, 0, MARKET, 1.0, 0, *([math.nan] * 4))
    sizes = {0: 0.25, 3: 0.5, 5: 9.0}  # by the bar at whose open the quote has come
    quotes = [(coarse[k][1], 99.0, 1.0, 99.1, size) for k, size in sizes.items()]
    fills = table(run(stream_of(fine, coarse, [order], quotes)), "fill")
    assert [(one["quantity"], one["fill_time"]) for one in fills] == [
        (0.25, coarse[1][1]), (0.5, coarse[3][1]), (0.25, coarse[5][1])
    ]  # fmt: skip


def test_of_a_panel_each_symbol_has_its_own():
    chance, parts = random.Random(6), []
    for symbol, half in (("AAA", 0.1), ("BBB", 0.3)):
        closes = {at: round(100 + 5 * chance.random(), 2) for at in range(90)}
        quotes = [(panel_runs.START + at * panel_runs.MINUTE, 100 - half, 0.5, 100 + half, 0.5) for at in closes]
        parts += [panel_runs.bars(symbol, closes), frames((Schema("quote", symbol, "", QUOTE.cols), quotes))]
    orders = "IF close > 102 THEN BUY(size=1)\nIF close < 101 THEN CLOSE"
    told = promises.run(Signal([("s", orders, "s.hq")]), panel_runs.merged(*parts))
    out = promises.run(BacktestStage(Terms(spread="quotes", leverage=20)), told)
    opens = {(one["ts"], one["symbol"]): one["open"] for one in table(out, "bar")}
    fills = [one for one in table(out, "fill") if one["order"]]
    assert {one["symbol"] for one in fills} == {0, 1}
    assert len(fills) > 60
    for one in fills:
        half, away = (0.001, 0.003)[one["symbol"]], 1 if one["action"] == 1 else -1
        assert math.isclose(one["price"], opens[one["ts"], one["symbol"]] * (1 + away * half), rel_tol=1e-12)
        assert one["quantity"] == 0.5


def in_a_panel(a, b, quotes, opens=()):
    """What is paid for a contract that is ordered at the first bar of A and at that of B, which have bars at minutes.

    quotes  (minute, symbol, half of the spread);  opens: the column open_time
    """
    bar = Schema("bar", "", "1m", (("ts", "i8"), ("symbol", "s4"), *opens, *((name, "f8") for name in OHLCV)))
    order = Schema("order", "", "1m", (("ts", "i8"), ("symbol", "s4"), *ORDERS["1m"].cols[1:8]), ORDERS["1m"].extra)
    quote = Schema("quote", "", "", (("ts", "i8"), ("symbol", "s4"), *QUOTE.cols[1:]))
    given = [(at, 0, which, 100 - half, 9.0, 100 + half, 9.0) for at, which, half in quotes]
    pieces = [*((one, []) for one in (bar, order, quote)), texts("s", series=order)]
    words = {"kind": "strings", "col": "symbol", "values": ["A", "B"]}
    pieces += [({**words, "of": one.key},) for one in (bar, order, quote)]
    for minute in range(1, 10):
        at = minute * panel_runs.MINUTE
        mine = [(at, one[2], *one[3:]) for one in given if one[0] == minute]
        orders = [(at, k, 0, 1, 1, 0, MARKET, 1.0, 0) for k, has in enumerate((a, b)) if minute == min(has)]
        begins = [at - panel_runs.MINUTE for _ in opens]
        rows = [(at, k, *begins, *[100.0] * 4, 1.0) for k, has in enumerate((a, b)) if minute in has]
        pieces += [(one, some) for one, some in ((quote, mine), (order, orders), (bar, rows)) if some]
    return [(one["symbol"], one["price"]) for one in table(run(pieces, size="1"), "fill")]


def test_a_symbol_that_lacks_bars_sees_no_quote_of_after_its_open():
    """B's second bar begins with the end of its first one, though A has had bars since, and B quotes."""
    every, quotes = range(1, 8), [(1, 0, 0.0), (1, 1, 0.1), (3, 1, 0.2), (5, 1, 0.3), (6, 1, 0.4)]
    assert in_a_panel(every, (1, 6), quotes) == [(0, 100.0), (1, 100 * 1.001)]
    assert in_a_panel((1, 2), (1, 2), quotes) == [(0, 100.0), (1, 100 * 1.001)]


def test_what_came_since_its_last_bar_is_seen_at_its_end():
    """An order of B's second bar fills at the open of its third, which begins where that ended."""
    quotes = [(1, 0, 0.0), (1, 1, 0.1), (3, 1, 0.2), (5, 1, 0.3)]
    assert in_a_panel(range(1, 9), (4, 7), quotes) == [(0, 100.0), (1, 100 * 1.002)]


def test_a_bar_asks_for_the_quotes_of_its_own_symbol():
    """B's order waits from the first minute on, its first quote comes in the third, and its next bar after that."""
    opens, quotes = [("open_time", "i8")], [(1, 0, 0.0), (3, 1, 0.2)]
    assert in_a_panel(range(1, 6), (1, 5, 6), quotes, opens) == [(0, 100.0), (1, 100 * 1.002)]
    with pytest.raises(HqError, match="row 4 .*: orders work, and no quote of B has come"):
        in_a_panel(range(1, 6), (1, 3, 6), quotes, opens)


def test_what_cannot_be_is_said_in_one_line():
    fine, coarse, orders, quotes = market(4, n=10)
    late = [one for one in quotes if one[0] > coarse[5][0]]
    with pytest.raises(HqError, match=r"row \d+ \(.*\): orders work, and no quote of BTCUSDT has come") as caught:
        run(stream_of(fine, coarse, orders, late))
    assert caught.value.code == DATA
    told = "quote/BTCUSDT/: the quote of 1970-01-01T00:00:00.000000001Z has bid"
    for bad in ((1, 100.0, 1.0, 99.0, 1.0), (1, math.nan, 1.0, 99.0, 1.0), (1, 98.0, -1.0, 99.0, 1.0)):
        with pytest.raises(HqError, match=told) as caught:
            run(stream_of(fine, coarse, orders, [bad]))
        assert caught.value.code == DATA
    run(stream_of(fine, coarse, orders, [(1, 100.0, 1.0, 99.0, 1.0)]), spread="bps")  # whom they do not concern
    assert report_of(run(stream_of(fine, coarse, orders, quotes)))["options"]["spread"] == "quotes"
    code, _, said = command(b"", "--spread", "quotes", "--spread-bps", "1")
    assert (code, said) == (USAGE, "hq-backtest: --spread-bps 1: the quotes say how wide the spread is\n")
    with pytest.raises(HqError, match="spread: 'quotes', must be bps here"):
        Backtest(spread="quotes")


def test_quotes_that_come_behind_their_bars_are_told():
    _, coarse, orders, quotes = market(3)
    pieces = [*((one, []) for one in (QUOTES, ORDERS["5m"], COARSE)), texts("s", series=ORDERS["5m"])]
    start, behind = 0, 0
    for end in [bar[0] for bar in coarse]:
        every = {one: [row for row in rows if start < row[0] <= end] for one, rows in
                 ((ORDERS["5m"], orders), (COARSE, coarse), (QUOTES, quotes))}  # fmt: skip
        laid = [(QUOTES, every.pop(QUOTES)), *every.items()] if not start else every.items()
        behind += len(every.get(QUOTES, ()))
        pieces += [one for one in laid if one[1]]
        start = end
    stage = BacktestStage(Terms(spread="quotes", leverage=20))
    promises.run(stage, promises.stream(pieces))
    assert behind > 100
    told = "quotes came behind bars that end no earlier, and no fill of theirs has seen them"
    assert stage.notices == {told: behind}
