"""hq-backtest --explain-fill: what is told of a fill is what the rows of the run say before, in and after it."""

from __future__ import annotations

import json
import math
import random

import panel_runs
import promises
import pytest
from filters import bars
from test_backtest import columns as bar_columns
from test_backtest import command, rows, table
from test_finer import FINE, TRADE, coarse_bars, fine_bars, orders_at, stream_of
from test_inside import LIMITS, TERMS

from hq_cli._fill import readable
from hq_core.batch import Schema
from hq_core.errors import DATA, USAGE, HqError
from hq_core.futures.terms import Terms
from hq_core.kinds import FILL, REASONS
from hq_core.stages.backtest import BacktestStage
from hq_core.stages.signal import Signal

SIGNALS = Schema("bar", "BTCUSDT", "1m", bar_columns(""))
CLOSE = 1e-9


def explained(data, number, **terms):
    stage = BacktestStage(Terms(**terms), explain=number)
    promises.run(stage, data)
    return stage.explanation()


def near(one, other):
    return math.isclose(one, other, rel_tol=CLOSE, abs_tol=CLOSE)


def check(data, every=7, **terms):
    """Explain some fills of a run, and hold what is told against the rows of another one."""
    out = promises.run(BacktestStage(Terms(**terms)), data)
    fills, states, positions = (table(out, name) for name in ("fill", "order_state", "position"))
    fills.sort(key=lambda one: one["id"])
    assert len(fills) > every
    seen = set()
    for i in range(0, len(fills), every):
        found, fill = explained(data, i + 1, **terms), fills[i]
        told = found["fill"]
        for name in ("ts", "fill_time", "id", "order", "price", "quantity", "fee", "realised", "position"):
            assert told[name] == fill[name]
        assert told["reason"] == REASONS[fill["reason"]]
        assert told["liquidity"] == FILL.codes["liquidity"][str(fill["liquidity"])]
        before, after = found["before"], found["after"]
        assert after["position"] == fill["position"]
        mine = [one for one in fills[:i] if one["side"] == fill["side"] and one.get("symbol") == fill.get("symbol")]
        assert before["position"] == (mine[-1]["position"] if mine else 0.0)
        assert near(after["wallet"] - before["wallet"], fill["realised"] - fill["fee"])
        assert readable(found)
        seen |= {found["where"]["step"], told["reason"]}
        holds(found, fill, terms)
        last = [one for one in fills if one["ts"] == fill["ts"]][-1] is fill
        at_end = [one for one in positions if one["ts"] == fill["ts"] and one["side"] == fill["side"]]
        if last and at_end and terms.get("margin") != "cross" and "symbol" not in fill:
            line = at_end[-1]["liquidation_price"]
            assert after["liquidation_price"] == (None if math.isnan(line) else line)
            assert after["margin"] == at_end[-1]["margin"]
        if fill["order"]:
            assert found["order"]["began"] <= fill["fill_time"]
            assert any(one["order"] == fill["order"] for one in states)
    return seen


def holds(found, fill, terms):
    """The price follows from the one that was reached, by the rules as hq-account(7) has them."""
    order, bar, price = found["order"], found["bar"], found["price"]
    low, high = (bar["price"],) * 2 if "price" in bar else (bar["low"], bar["high"])
    assert low <= price["reached"] <= high
    assert price["given"] == fill["price"]
    buy = fill["action"] in (1, 4)
    if found["fill"]["liquidity"] == "taker" and order:
        away = (terms.get("slippage_bps", 0.0) + terms.get("spread_bps", 0.0) / 2) / 1e4
        want = min(max(price["reached"] * (1 + away if buy else 1 - away), low), high)
        if order["type"] == "limit":
            want = min(want, order["limit"]) if buy else max(want, order["limit"])
        assert near(price["sure"], want)
        assert (price["given"] >= price["reached"]) == buy or price["given"] == price["reached"]
    if order:
        assert order["buys"] == buy
        assert order["ts"] <= order["began"]
        if order["type"] in ("stop", "take", "limit") and found["where"]["step"] == "path":
            line = order["limit" if order["type"] == "limit" else "trigger"]
            assert price["reached"] == line or order["of_entry"]
    if "leg" in found["where"]:
        assert found["where"]["goal"] in (low, high, bar.get("close"))
    if found["fill"]["reason"] == "liquidation" and terms.get("margin") != "cross":
        had, side = found["before"], 1 if fill["side"] == 1 else -1
        if found["where"]["step"] == "path":
            assert bar["mark"] == had["liquidation_price"]  # it goes there and no further before the position is closed
        assert near(had["equity"], had["wallet"] + side * had["position"] * (bar["mark"] - had["entry"]))


@pytest.mark.parametrize("terms", TERMS, ids=lambda terms: " ".join(terms) or "plain")
def test_what_is_told_is_what_the_rows_say(terms):
    schema, some = bars(3, 300)
    data = promises.run(Signal([("s", LIMITS, "s.hq")]), promises.stream([(schema, some)]))
    seen = check(data, **terms)
    assert {"open", "path"} <= seen


@pytest.mark.parametrize(
    "terms",
    [
        {"position_mode": "hedge", "margin": "cross", "pyramid": 2, "spread_bps": 4.0},
        {"fill": "close", "impact": "linear"},
        {"leverage": 100, "maintenance": 0.009, "size": "all", "liquidation_fee": 0.001},
    ],
    ids=["hedge", "close", "liquidated"],
)
def test_columns_of_orders_too(terms):
    data = promises.stream(promises.cut(SIGNALS, rows(4, 300), [23]))
    seen = check(data, every=5, **terms)
    assert ("close" in seen) == ("fill" in terms)
    assert ("liquidation" in seen) == ("liquidation_fee" in terms)


def test_on_a_panel():
    chance = random.Random(5)
    parts = []
    for symbol in ("AAA", "BBB", "CCC"):
        closes, price = {}, 100.0
        for at in range(150):
            price *= 1 + chance.gauss(0, 0.01)
            closes[at] = round(price, 2)
        parts.append(panel_runs.bars(symbol, closes))
    told = promises.run(Signal([("s", LIMITS, "s.hq")]), panel_runs.merged(*parts))
    check(told, every=11, margin="cross", leverage=3)


@pytest.mark.parametrize("path", ["1m", "trades"])
def test_along_finer_rows(path):
    chance = random.Random(8)
    fine = fine_bars(chance, 200)
    coarse = coarse_bars(fine)
    orders = orders_at(coarse, chance)
    pieces = stream_of(fine, coarse, orders)
    if path == "trades":
        trades = [(one[0] - 30 + k, price, 1.0) for one in fine for k, price in enumerate(one[2:6])]
        pieces = [(TRADE, trades) if one[0] is FINE and one[1] else one for one in pieces]
    data = promises.stream(pieces)
    found = check(data, every=3, path=path, leverage=20, pyramid=2)
    assert "open" in found


def test_what_is_not_there_is_said_in_one_line():
    schema, some = bars(3, 60)
    data = promises.stream([(schema, some)])
    told = promises.run(Signal([("s", LIMITS, "s.hq")]), data)
    many = len(table(promises.run(BacktestStage(Terms()), told), "fill"))
    with pytest.raises(HqError, match=f"there is no fill {many + 1}; the account made {many}") as caught:
        explained(told, many + 1)
    assert caught.value.code == DATA
    two = promises.run(Signal([("s", LIMITS, "s.hq"), ("t", LIMITS, "t.hq")]), data)
    with pytest.raises(
        HqError, match="each account numbers its fills, and there are s, t; choose one with strategy"
    ) as caught:
        explained(two, 1)
    assert caught.value.code == USAGE
    code, out, said = command(told, "--explain-fill", str(many + 1))
    assert (code, out) == (DATA, b"")
    assert said.splitlines()[-1] == f"hq-backtest: there is no fill {many + 1}; the account made {many}"
    code, out, said = command(told, "--explain-fill", "1", "--state", "x.state")
    assert code == USAGE
    assert "--explain-fill" in said
    code, out, said = command(told, "--explain-fill", "2", "--json")
    assert code == 0
    assert json.loads(out)["fill"]["id"] == 2
