"""Strategies inside the account that they read: the pipe's bits, a slow account that decides by itself, refusals."""

from __future__ import annotations

import json
import math
import random
from fractions import Fraction

import promises
import pytest
from documents import examples_in
from filters import bars
from frames import items
from places import ROOT
from slow_thinking import Thinking, close_, open_

from hq_core.batch import Schema
from hq_core.errors import USAGE, HqError
from hq_core.futures.terms import Terms
from hq_core.kinds import ACCOUNT, BAR
from hq_core.lang.source import LangError
from hq_core.stages.backtest import BacktestStage
from hq_core.stages.signal import Signal

HOUR = 3_600_000_000_000
NEVER_HOLDS = "\nIF equity != equity AND equity == equity THEN CLOSE\n"
LIMITS = """
r = ATR(5)
IF CROSSOVER(close, SMA(close, 4))
  THEN OPEN_LONG(quote=300, limit=close - r / 4, stop=close - 2 * r, take=close + 2 * r)
IF CROSSUNDER(close, SMA(close, 4)) THEN OPEN_SHORT(size=1, META(r=r)), CLOSE_LONG(trigger=low - r / 2)
IF close > SMA(close, 9) AND close < open THEN BUY(equity=0.3, expire="5m")
IF close > 2 * SMA(close, 9) THEN CANCEL
"""
TERMS = (
    {},
    {"leverage": 50, "size": "all", "maintenance": 0.01},
    {"margin": "cross", "pyramid": 3, "slippage_bps": 3.0, "maker_fee": -0.0001},
    {"contract": "inverse", "contract_size": 10.0, "initial_margin": 20.0, "lot": "1", "leverage": 5},
    {"latency": "2m", "volume_share": 0.2, "impact": "sqrt", "cash_policy": "reject"},
    {"path": "optimistic", "latency_bars": 1, "size": "40%"},
)


def stream(*pieces):
    return promises.stream(pieces)


def said(data):
    """What a stream says, but for the commands that stand on the cards of its reports."""
    columns, maps, dropped = promises.said(data)
    return columns, [without_commands(one) for one in maps], dropped


def without_commands(report):
    return {**report, "card": {**report["card"], "made_by": []}}


def both(text, data, close_at_end=False, **terms):
    """What the pipe of two commands says and what the strategy inside does, forced in by a rule that never holds."""
    told = promises.run(Signal([("s", text, "s.hq")]), data)
    account = BacktestStage(Terms(**terms), close_at_end=close_at_end)
    piped = said(promises.run(account, told))
    return piped, said(promises.run(held(text + NEVER_HOLDS, close_at_end, **terms), data))


def held(text, close_at_end=False, python=(), **terms):
    from hq_core.api.pipe import Pipe

    account = BacktestStage(Terms(**terms), close_at_end=close_at_end)
    files = [("s", text, "s.hq")] if text else []
    return Pipe(Signal(files, python=python, desk=account), account)


# -- the bits of the pipe ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("terms", TERMS, ids=lambda terms: " ".join(terms) or "plain")
@pytest.mark.parametrize("seed", range(3))
def test_inside_gives_the_bits_of_the_pipe(seed, terms):
    schema, rows = bars(seed, 400)
    data = stream(*promises.cut(schema, rows, [37]))
    piped, inner = both(LIMITS, data, close_at_end=seed == 1, **terms)
    assert piped == inner
    assert len(piped[0]["fill/BTCUSDT/1m"]["ts"]) > 80


def test_funding_between_bars_is_paid_as_in_the_pipe():
    schema, rows = bars(5, 200)
    funding = Schema("funding", "BTCUSDT", "1m", (("ts", "i8"), ("rate", "f8")))
    pieces = []
    for at in range(0, len(rows), 10):
        part = rows[at : at + 10]
        pieces += [(schema, part[:4]), (funding, [(part[3][0] + 30, 0.0003)]), (schema, part[4:])]
    piped, inner = both(LIMITS, stream(*pieces), pyramid=2)
    assert piped == inner
    assert piped[0]["payment/BTCUSDT/1m"]["amount"]


def test_after_a_bankruptcy_as_in_the_pipe():
    rng, price, rows = random.Random(1), 100.0, []
    schema, _ = bars(0, 0)
    for i in range(300):
        close = price * (1.03 if i % 2 else 0.96)
        rows.append((HOUR * (i + 1), HOUR * i, price, max(price, close), min(price, close), close, rng.random(), 1))
        price = close
    piped, inner = both("IF close > 0 THEN OPEN_LONG", stream((schema, rows)), leverage=30, size="all")
    assert piped == inner
    assert piped[1][-1]["bankrupt"]


NOT_OF_BARS = ("VEC_STORE", "hq-factors")  # what such a strategy runs on is no bars alone
TEXTS = {one: one.read_text() for one in sorted((ROOT / "examples").glob("*.hq"))}
EXAMPLES = [one for one, text in TEXTS.items() if not any(word in text for word in NOT_OF_BARS)]
ALONE = [one for one in EXAMPLES if not any(f"{name}" in one.read_text().split() for name in ACCOUNT)]


@pytest.mark.parametrize("path", ALONE, ids=lambda path: path.stem)
def test_an_example_is_told_by_one_command_as_by_two(path, run, tmp_path):
    examples_in(tmp_path)
    line = path.read_text().splitlines()[4].removeprefix("# ")
    before, _, _ = line.partition(" | hq-signal")
    wide = "hq-merge" in line
    period = "" if wide else " --period 15m" if ":" in line else ""
    two = run(f"{before} | hq-signal{period} examples/{path.name} | hq-backtest --leverage 3 --json", cwd=tmp_path)
    one = run(f"{before} | hq-backtest{period} examples/{path.name} --leverage 3 --json", cwd=tmp_path)
    assert one.code == two.code == 0, one.stderr + two.stderr
    assert (*map(without_commands, map(json.loads, one.text.splitlines())),) == (
        *map(without_commands, map(json.loads, two.text.splitlines())),
    )


@pytest.mark.parametrize("name", ["minimal.py:MyStrategy", "breakout.py:Breakout"])
@pytest.mark.parametrize("within", [False, True])
def test_a_class_is_told_by_one_command_as_by_two(name, within, tmp_path):
    file, _, made = name.partition(":")
    text = (ROOT / "examples" / "strategies" / file).read_text()
    (tmp_path / "one.py").write_text(text)
    (tmp_path / "two.py").write_text(text.replace(f"class {made}:", f"class {made}:\n    account = True"))
    schema, rows = bars(2, 300)
    data = stream((schema, rows))
    told = promises.run(Signal(python=[f"{tmp_path}/one.py:{made}"]), data)
    piped = said(promises.run(BacktestStage(Terms()), told))
    inner = said(promises.run(held("", python=[f"{tmp_path}/{'two' if within else 'one'}.py:{made}"]), data))
    assert piped == inner
    assert len(piped[0]["fill/BTCUSDT/1m"]["ts"]) > 0


# -- a slow account that decides by itself ---------------------------------------------------------------------------
COLS = (*BAR.cols[:2], *((name, "f8") for name in ("open", "high", "low", "close", "range", "call")))
SLOW = {
    "stop": """
IF position == 0 AND call > 0.6 THEN OPEN_LONG(contracts=2)
IF position == 0 AND call < -0.6 THEN OPEN_SHORT(contracts=1.5)
IF position > 0 AND close < highest_since_entry - 2 * range THEN CLOSE_LONG
IF position < 0 AND close > lowest_since_entry + 2 * range THEN CLOSE_SHORT
IF position > 0 AND close < entry_price - range THEN CLOSE_LONG
""",
    "take": """
IF position == 0 AND call > 0.3 THEN OPEN_LONG(contracts=2, limit=close - range / 2)
IF open_profit > range OR bars_held >= 7 THEN CLOSE_LONG
IF bars_held == 3 AND open_profit > 0 THEN OPEN_LONG(contracts=1)
IF call < -0.8 THEN CANCEL
""",
    "turn": """
IF position <= 0 AND call > 0.4 THEN BUY(contracts=1)
IF position >= 0 AND call < -0.4 THEN SELL(contracts=1)
IF equity < 990 AND bars_held > 2 THEN CLOSE
""",
}


FEES = {"leverage": 10, "pyramid": 1, "taker_fee": 0.0005, "maker_fee": 0.00025}


def stop(row, known):
    far = Fraction(row["range"])
    close, call, position = Fraction(row["close"]), row["call"], known["position"]
    if position == 0 and call > 0.6:
        yield open_(1, 2)
    if position == 0 and call < -0.6:
        yield open_(-1, Fraction(3, 2))
    if position > 0 and (close < known["top"] - 2 * far or close < known["entry"] - far):
        yield close_(1)
    if position < 0 and close > known["bottom"] + 2 * far:
        yield close_(-1)


def take(row, known):
    far, close = Fraction(row["range"]), Fraction(row["close"])
    if known["position"] == 0 and row["call"] > 0.3:
        yield open_(1, 2, type="limit", limit=row["close"] - row["range"] / 2)
    if known["profit"] > far or known["bars"] >= 7:
        yield close_(1)
    if known["bars"] == 3 and known["profit"] > 0:
        yield open_(1, 1)
    if row["call"] < -0.8:
        yield {"action": "cancel", "side": 1}
        yield {"action": "cancel", "side": -1}
    assert close


def turn(row, known):
    out = known["equity"] < 990 and known["bars"] > 2
    buys = known["position"] <= 0 and row["call"] > 0.4
    sells = known["position"] >= 0 and row["call"] < -0.4
    if buys or out:
        yield close_(-1) if not buys else close_(-1) | {"quantity": 1}
    if sells or out:
        yield close_(1) if not sells else close_(1) | {"quantity": 1}
    if sells:
        yield open_(-1, 1)
    if buys:
        yield open_(1, 1)


def made(seed, n=250):
    rng, price, rows = random.Random(seed), 100.0, []
    for i in range(n):
        open_, price = price, round(max(1.0, price * (1 + rng.gauss(0, 0.01))), 2)
        row = (open_, max(open_, price) + rng.random(), min(open_, price) * (1 - 0.005 * rng.random()), price)
        rows.append((HOUR * (i + 1), HOUR * i, *row, 0.5 + rng.random(), rng.uniform(-1, 1)))
    return rows


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("decide", [stop, take, turn], ids=lambda one: one.__name__)
def test_what_a_slow_account_decides_by_itself(decide, seed):
    rows = made(seed)
    names = [name for name, _ in COLS]
    slow = Thinking({"initial_margin": 1000.0, **FEES}, {"S": {}})
    out = slow.think([dict(zip(names, row)) | {"symbol": "S"} for row in rows], decide)
    data = stream(*promises.cut(Schema("bar", "S", "1h", COLS), rows, [41]))
    columns = columns_of(promises.run(held(SLOW[decide.__name__], maintenance=0.0, **FEES), data))
    fills = columns["fill/S/1h"]
    assert fills["ts"] == [one["ts"] for one in out["fills"]]
    assert fills["price"] == pytest.approx([float(one["price"]) for one in out["fills"]], rel=1e-12)
    assert fills["quantity"] == pytest.approx([float(one["quantity"]) for one in out["fills"]], rel=1e-12)
    assert columns["equity/S/1h"]["equity"] == pytest.approx([float(one["equity"]) for one in out["equity"]], rel=1e-9)
    assert len(fills["ts"]) > 20


def columns_of(data):
    found = {}
    for kind, item in items(data):
        if kind == "rows":
            held_ = found.setdefault(item.schema.key, {name: [] for name in item.schema.names})
            for name in item.schema.names:
                held_[name] += item.view(name).tolist()
    return found


# -- what is read ----------------------------------------------------------------------------------------------------
def test_the_numbers_of_an_account_by_hand():
    text = (
        "\n".join(f'PLOT("{name}", {name})' for name in ACCOUNT)
        + """
IF close == 101 THEN OPEN_LONG(contracts=2)
IF close == 107 THEN OPEN_LONG(contracts=2)
IF close == 104 THEN CLOSE_LONG
"""
    )
    prices = [
        (100, 102, 99, 101),
        (102, 106, 101, 105),
        (105, 110, 100, 107),
        (108, 109, 103, 104),
        (104, 120, 90, 105),
    ]
    rows = [(HOUR * (i + 1), HOUR * i, *map(float, one), 1.0, 1) for i, one in enumerate(prices)]
    schema, _ = bars(0, 0)
    bar = columns_of(promises.run(held(text, taker_fee=0.0, pyramid=1), stream((schema, rows))))["bar/BTCUSDT/1m"]
    nan = math.nan
    for name, wanted in (
        ("position", [0, 2, 2, 4, 0]),
        ("entry_price", [nan, 102, 102, 105, nan]),
        ("bars_held", [0, 1, 2, 3, 0]),
        ("open_profit", [0, 6, 10, -4, 0]),
        ("equity", [1000, 1006, 1010, 996, 996]),
        ("highest_since_entry", [nan, 106, 110, 110, nan]),
        ("lowest_since_entry", [nan, 101, 100, 100, nan]),
    ):
        assert bar[name] == pytest.approx(wanted, nan_ok=True), name


def test_of_an_entry_inside_a_bar_only_the_close_is_known_to_come_after():
    text = """
PLOT("top", highest_since_entry)
PLOT("bottom", lowest_since_entry)
IF close == 101 THEN OPEN_LONG(contracts=1, limit=95)
"""
    prices = [(100, 102, 99, 101), (102, 130, 90, 97), (97, 98, 94, 96)]
    rows = [(HOUR * (i + 1), HOUR * i, *map(float, one), 1.0, 1) for i, one in enumerate(prices)]
    schema, _ = bars(0, 0)
    bar = columns_of(promises.run(held(text), stream((schema, rows))))["bar/BTCUSDT/1m"]
    assert bar["top"][1:] == [97.0, 98.0]
    assert bar["bottom"][1:] == [95.0, 94.0]


def test_each_strategy_reads_its_own_account():
    from hq_core.api.pipe import Pipe

    text = "param n = 2\nIF close > 0 AND position < n THEN OPEN_LONG(contracts=1)\nPLOT(held, position)"
    schema, rows = bars(3, 60)
    account = BacktestStage(Terms(pyramid=9))
    stage = Pipe(Signal([("s", text, "s.hq")], params={"n": "1,3"}, desk=account), account)
    found = columns_of(promises.run(stage, stream(*promises.cut(schema, rows, [7]))))
    assert found["bar/BTCUSDT/1m"]["s[n=1].held"][-1] == 1.0
    assert found["bar/BTCUSDT/1m"]["s[n=3].held"][-1] == 3.0
    accounts = found["equity/BTCUSDT/1m"]["account"]
    assert sorted(set(accounts)) == [0, 1]
    assert found["equity/BTCUSDT/1m"]["ts"] == sorted(found["equity/BTCUSDT/1m"]["ts"])


def test_what_a_class_hears_and_reads():
    heard = []

    class Listener:
        account = True

        def on_start(self, ctx):
            self.ctx = ctx

        def on_order(self, order):
            heard.append((order.ts, order.state, order.order, self.ctx.position))

        def on_trade(self, fill):
            heard.append((fill.ts, fill.action, fill.quantity, fill.price))

        def next(self, row):
            if self.ctx.bars_held == 2:
                return "CLOSE_LONG"
            if row.close == 101.0:
                return [{"action": "OPEN_LONG", "size": 2}, {"action": "CLOSE_SHORT", "size": 1}]
            return None

    prices = [(100, 102, 99, 101), (102, 106, 101, 105), (105, 110, 100, 107), (108, 109, 103, 104)]
    rows = [(HOUR * (i + 1), HOUR * i, *map(float, one), 1.0, 1) for i, one in enumerate(prices)]
    schema, _ = bars(0, 0)
    promises.run(held("", python=[Listener]), stream((schema, rows)))
    assert [one for one in heard if one[1] != "accepted"] == [
        (2 * HOUR, "rejected", 2, 2.0),
        (2 * HOUR, "open_long", 2.0, 102.0),
        (2 * HOUR, "filled", 1, 2.0),
        (4 * HOUR, "close_long", 2.0, 108.0),
        (4 * HOUR, "filled", 3, 0.0),
    ]


# -- refusals --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("terms", "told"),
    [({"fill": "close"}, "fill close: a strategy that"), ({"position_mode": "hedge"}, "has one position")],
)
def test_terms_under_which_an_account_is_not_read(terms, told):
    with pytest.raises(HqError, match=told) as error:
        held("IF position > 0 THEN CLOSE", **terms)
    assert error.value.code == USAGE
    held("IF close > 0 THEN CLOSE", **terms)


def test_of_several_series_one_is_chosen():
    text = "IF position == 0 AND close > close@ETHUSDT THEN OPEN_LONG(contracts=1)"
    cols = BAR.cols[:7]
    series = [Schema("bar", name, "1h", cols) for name in ("BTCUSDT", "ETHUSDT")]
    pieces = [
        (one, [(HOUR * i, HOUR * (i - 1), 9.0 + k, 9.0 + k, 9.0 + k, 9.0 + k, 1.0)])
        for i in range(1, 9)
        for k, one in enumerate(series)
    ]
    pieces.sort(key=lambda piece: (piece[1][0][0], piece[0].symbol))
    from hq_core.api.pipe import Pipe

    account = BacktestStage(Terms(), symbol="BTCUSDT")
    found = columns_of(promises.run(Pipe(Signal([("s", text, "s.hq")], desk=account), account), stream(*pieces)))
    assert len(found["equity/BTCUSDT/1h"]["ts"]) == 8
    assert "equity/ETHUSDT/1h" not in found


def test_an_account_on_another_clock_is_refused():
    with pytest.raises(LangError, match="read at the strategy's own bars alone"):
        held("IF position@4h > 0 THEN CLOSE")


def test_a_class_that_fails_ends_the_run_with_its_own_words(run, tmp_path):
    (tmp_path / "bad.py").write_text(
        "class Bad:\n    account = True\n    def on_trade(self, fill):\n        return 1 / 0\n"
        "    def next(self, row):\n        return 'BUY'\n"
    )
    bars_ = "hq-gen bars --rows 50 --seed 1"
    ended = run(f"{bars_} | hq-backtest --python bad.py:Bad --json", cwd=tmp_path)
    assert ended.code == 65
    assert "bad.py, line 4: ZeroDivisionError" in ended.stderr
    assert 'bad.py", line 4, in on_trade' in ended.stderr  # its own part of the traceback, and nothing of hq's
    assert "hq_core" not in ended.stderr
    (tmp_path / "bad.py").write_text(
        "class Bad:\n    def on_start(self, ctx):\n        self.ctx = ctx\n"
        "    def next(self, row):\n        return 'BUY' if self.ctx.position else None\n"
    )
    ended = run(f"{bars_} | hq-backtest --python bad.py:Bad --json", cwd=tmp_path)
    assert ended.code == 65
    assert "ctx.position is of the account: say account = True in the class" in ended.stderr
    ended = run(f"{bars_} | hq-signal --python {ROOT}/examples/strategies/trailing.py:Trailing | cat", cwd=tmp_path)
    assert "on_trade: hq-signal has no account; hq-backtest --python runs such a class" in ended.stderr


@pytest.mark.parametrize(
    "option",
    ["--param fast=3", "--period 1m", "--keep x", "--store a=b.hqf", "--allow-timeless", "--compat tv",
     "--unstable RSI=9", "--missing warn"],
)  # fmt: skip
def test_options_of_strategies_want_one(run, option):
    ended = run(f"hq-gen bars --rows 5 --seed 1 | hq-backtest {option} --json")
    assert ended.code == USAGE
    told = "is for strategies; name one: STRATEGY.hq, or --python FILE:CLASS"
    assert ended.stderr == f"hq-backtest: {option.split()[0]}: {told}\n"
