"""The account in a program against hq-backtest: the same bars and orders give the same bits."""

from __future__ import annotations

import math
import random
import struct

import panel_runs
import promises
import pytest

from hq_core import Backtest, Signal, generate, pipe
from hq_core.batch import Batch, Schema
from hq_core.futures.terms import Terms
from hq_core.kinds import VERBS, of
from hq_core.stages.backtest import BacktestStage

STRATEGY = "IF RSI(5) < 35 THEN BUY\nIF RSI(5) > 65 THEN SELL"
KINDS = ("fill", "order_state", "liquidation", "position")


def bits(values):
    return [struct.pack("d", float(value)) for value in values]


def collected(items):
    """Columns by kind, with words for codes as the library has them, and the report."""
    found: dict[str, dict[str, list]] = {}
    report = None
    for item in items:
        if isinstance(item, dict) and item.get("kind") == "report":
            report = item
        if not isinstance(item, Batch):
            continue
        kind = item.schema.of
        for name in item.schema.names:
            values = list(item.words(name) if item.schema.kind(name) == "s4" else item.view(name))
            codes = of(kind).codes.get(name)
            if codes and name != "side":
                values = [codes[str(value)] for value in values]
            found.setdefault(kind, {}).setdefault(name, []).extend(values)
    return found, report


def rows_of(columns):
    return [dict(zip(columns, row)) for row in zip(*columns.values())]


def decided(seed, rows=1500, strategy=STRATEGY):
    """Bars, and the orders of each ts."""
    found, _ = collected(pipe(Signal([("s", strategy, "s")])).run(generate("bar", rows, seed=seed, period="15m")))
    orders: dict[int, list] = {}
    for order in rows_of(found["order"]):
        orders.setdefault(order["ts"], []).append(order)
    return rows_of(found["bar"]), orders


def piped(seed, terms, rows=1500, strategy=STRATEGY):
    stages = Signal([("s", strategy, "s")]), BacktestStage(Terms(**terms))
    return collected(pipe(*stages).run(generate("bar", rows, seed=seed, period="15m")))


def same(account, found):
    """Every column of every kind, to the bit."""
    for kind, columns in zip(KINDS, (account.fills(), account.orders(), account.liquidations(), account.positions())):
        theirs = found.get(kind, {})
        for name, values in columns.items():
            if name == "symbol" and len(account.symbols) == 1:
                continue
            expected = theirs.get(name, [])
            assert len(values) == len(expected), (kind, name)
            if values and isinstance(values[0], str):
                assert values == expected, (kind, name)
            else:
                assert bits(values) == bits(expected), (kind, name)
    for name, values in account.equity_curve().items():
        assert bits(values) == bits(found["equity"][name]), name


def unnamed(report):
    """The report of the library, which has no strategy's name."""
    return {**report, "account": ""}


def without_digest(report):
    """Where a call is a row of positions of its own, as one at once is, the digest is another one too."""
    card = {name: value for name, value in report["card"].items() if name != "digest"}
    return {**report, "account": "", "card": card}


def told(account, bar):
    account.mark(bar["ts"], bar["high"], bar["low"], bar["close"], bar["open"], volume=bar["volume"])


TERMS = [
    {},
    {"leverage": 40, "size": "all", "slippage_bps": 5.0, "maintenance": 0.005},
    {"position_mode": "hedge", "margin": "cross", "pyramid": 3, "leverage": 20},
    {"volume_share": 0.2, "impact": "sqrt", "spread_bps": 2.0, "size": "3"},
    {"latency": "20m", "pyramid": 1, "size_unit": "quote", "size": "700"},
    {"latency_bars": 2, "cash_policy": "reject", "size": "0.2"},
    {"contract": "inverse", "contract_size": 100.0, "lot": "1", "initial_margin": 1.0, "size": "all"},
]


@pytest.mark.parametrize("terms", TERMS, ids=lambda terms: ",".join(terms) or "none")
def test_orders_of_the_next_open_are_those_of_the_filter(terms):
    bars, orders = decided(3)
    found, report = piped(3, terms)
    account = Backtest(**terms, symbol="BTCUSDT", period="15m")
    for bar in bars:
        told(account, bar)
        for order in orders.get(bar["ts"], ()):
            account.order(side=order["side"], action=order["action"], quantity=order["quantity"])
    assert len(account.fills()["ts"]) > 20
    same(account, found)
    assert account.backtest_result() == unnamed(report)


@pytest.mark.parametrize("terms", [{}, {"leverage": 50, "size": "all", "initial_margin": 50.0}, {"margin": "cross"}])
def test_orders_at_once_are_those_of_the_filter_that_fills_at_the_close(terms):
    bars, orders = decided(4)
    found, report = piped(4, {**terms, "fill": "close"})
    account = Backtest(**terms, symbol="BTCUSDT", period="15m")
    verbs = {("open", 1): account.open_long, ("close", 1): account.sell_long}
    verbs |= {("open", -1): account.buy_short, ("close", -1): account.sell_short}
    for bar in bars:
        told(account, bar)
        for order in sorted(orders.get(bar["ts"], ()), key=lambda one: one["action"]):  # what closes goes first
            verbs[order["action"], order["side"]](bar["close"], order["quantity"])
    curve, fills, theirs = account.equity_curve(), account.fills(), found["fill"]
    for name in ("equity", "wallet", "fees", "long", "short", "long_liquidation", "short_liquidation"):
        assert bits(curve[name]) == bits(found["equity"][name]), name
    for name in ("ts", "side", "price", "quantity", "fee", "realised", "position"):
        assert bits(fills[name]) == bits(theirs[name]), name
    assert len(fills["ts"]) > 20
    assert without_digest(account.backtest_result()) == without_digest(report)


BRACKETS = """IF RSI(5) < 35 THEN BUY(stop=close*0.999, take=close*1.001)
IF RSI(5) > 65 THEN SELL(stop=close*1.001, trail=close*0.001)"""


def test_stops_targets_and_trails_are_those_of_the_filter():
    bars, orders = decided(5, strategy=BRACKETS)
    found, report = piped(5, {"leverage": 3}, strategy=BRACKETS)
    account = Backtest(leverage=3, symbol="BTCUSDT", period="15m")
    names = ("stop", "take", "trail")
    for bar in bars:
        told(account, bar)
        for order in orders.get(bar["ts"], ()):
            opens = order["action"] == "open"  # BUY closes too, and its row has the prices of what it opens
            prices = {name: order[name] for name in names if opens and order[name] == order[name]}
            account.order(side=order["side"], action=order["action"], quantity=order["quantity"], **prices)
    assert {"stop", "take", "trail"} <= set(account.fills()["reason"])
    same(account, found)
    assert account.backtest_result() == unnamed(report)


MINUTE = 60_000_000_000
BARS = ("ts", "open_time", "open", "high", "low", "close")


def walk(symbol, seed, rows=400):
    """Bars of a symbol, with orders at the market at some of them."""
    chance = random.Random(f"{symbol}{seed}")
    price = 100.0
    for i in range(1, rows + 1):
        close = max(1.0, price * (1 + chance.gauss(0, 0.02)))
        high, low = max(price, close) * (1 + 0.01 * chance.random()), min(price, close) * (1 - 0.01 * chance.random())
        yield (
            i * MINUTE,
            (i - 1) * MINUTE,
            price,
            high,
            low,
            close,
            *(chance.choice((2.0, math.inf)) if chance.random() < 0.15 else math.nan for _ in VERBS),
        )
        price = close


@pytest.mark.parametrize(("margin", "size", "least"), [("isolated", "40%", 20), ("cross", "1000%", 2)])
def test_several_symbols_told_together_are_a_panel(margin, size, least):
    terms = {"margin": margin, "leverage": 40, "size": size, "pyramid": 2, "initial_margin": 500.0}
    cols = [(name, "i8" if name in BARS[:2] else "f8") for name in (*BARS, *VERBS)]
    symbols = {symbol: list(walk(symbol, 1)) for symbol in ("AAA", "BBB", "CCC")}
    pieces = [(Schema("bar", symbol, "1m", cols), rows) for symbol, rows in symbols.items()]
    data = panel_runs.merged(*(promises.stream([piece]) for piece in pieces))
    columns, maps, _ = promises.said(panel_runs.through(lambda: BacktestStage(Terms(**terms)), data))
    account = Backtest(**terms, symbols=list(symbols), period="1m")
    for rows in zip(*symbols.values()):
        account.marks(rows[0][0], {symbol: dict(zip(BARS[1:], row[1:])) for symbol, row in zip(symbols, rows)})
        for symbol, row in zip(symbols, rows):
            for verb, quantity in zip(VERBS, row[6:]):
                if quantity == quantity:
                    action, _, side = verb.partition("_")
                    account.order(side=side, action=action, quantity=quantity, symbol=symbol)
    curve = account.equity_curve()
    key = next(key for key in columns if key.startswith("equity/"))
    assert len(account.liquidations()["ts"]) > least
    for name, values in curve.items():
        assert values.tobytes() == columns[key][name], name
    fills, theirs = account.fills(), columns[key.replace("equity", "fill")]
    order = sorted(range(len(fills["ts"])), key=lambda i: (fills["ts"][i], fills["symbol"][i]))  # as a panel has them
    for name in ("ts", "fill_time", "id", "side", "price", "quantity", "fee", "realised", "position"):
        values = fills[name]
        assert type(values)(values.typecode, [values[i] for i in order]).tobytes() == theirs[name], name
    report = next(one for one in maps if one["kind"] == "report")
    mine = account.backtest_result()
    for name in ("net_result", "sharpe_ann", "trades", "max_drawdown", "exposure", "bankrupt"):
        assert mine[name] == report[name], name
    if not account.bankrupt:
        assert mine["orders"] == report["orders"]
