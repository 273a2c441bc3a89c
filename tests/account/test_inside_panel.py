"""Strategies inside an account of several symbols: the pipe's bits, a slow account that decides, cuts and states."""

from __future__ import annotations

import contextlib
import itertools
import random

import panel_runs
import promises
import pytest
from filters import MINUTE, START, bars
from frames import frames, items
from inputs import descriptor
from places import ROOT
from slow_thinking import Thinking, close_, open_
from test_inside import HOUR, NEVER_HOLDS

from hq_core import statefile
from hq_core.api.pipe import Pipe
from hq_core.batch import Schema
from hq_core.errors import DATA, HqError
from hq_core.flow import Flow, State
from hq_core.futures.terms import Terms
from hq_core.kinds import BAR
from hq_core.lang.source import LangError
from hq_core.roles import IDLE
from hq_core.stages.backtest import BacktestStage
from hq_core.stages.signal import Signal
from hq_core.wire import Reader

PLAIN = """
r = ATR(5)
IF CROSSOVER(close, SMA(close, 4))
  THEN OPEN_LONG(quote=300, limit=close - r / 4, stop=close - 2 * r, take=close + 2 * r)
IF CROSSUNDER(close, SMA(close, 4)) THEN OPEN_SHORT(size=1, META(r=r)), CLOSE_LONG(trigger=low - r / 2)
IF close > 2 * SMA(close, 9) THEN CANCEL
"""
READS = """
PLOT(held, position)
PLOT(worth, equity)
PLOT(five, 5)
IF position == 0 AND CROSSOVER(close, SMA(close, 4)) THEN OPEN_LONG(quote=100)
IF position > 0 AND (close < 0.97 * entry_price OR bars_held >= 9) THEN CLOSE
IF position == 0 AND close < SMA(close, 9) AND equity > 950 THEN OPEN_SHORT(quote=50, limit=close * 1.01)
IF position < 0 AND close > 1.02 * lowest_since_entry THEN CLOSE
"""
WITH_ANOTHER = READS + "IF close > close@S03 AND position == 0 THEN OPEN_LONG(size=1, META(at=close))\n"
TERMS = (
    {},
    {"leverage": 50, "size": "all", "maintenance": 0.01},
    {"margin": "cross", "pyramid": 3, "slippage_bps": 3.0, "maker_fee": -0.0001},
    {"latency": "2m", "volume_share": 0.2, "impact": "sqrt", "cash_policy": "reject"},
)


def streams(symbols, n, forming=False, period="1m"):
    """A stream for each symbol, with rows that lack; forming: some are."""
    found = []
    for k in range(symbols):
        schema, rows = bars(k, n, period)
        rng = random.Random(100 + k)
        rows = [row for row in rows if rng.random() > 0.05 and (forming or row[-1])]
        found.append(frames((Schema("bar", f"S{k:02d}", period, schema.cols), rows)))
    return found


def held(text, close_at_end=False, python=(), symbol="", **terms):
    account = BacktestStage(Terms(**terms), close_at_end=close_at_end, symbol=symbol)
    files = [("s", text, "s.hq")] if text else []
    return Pipe(Signal(files, python=python, desk=account), account)


def said(data):
    columns, maps, dropped = promises.said(data)
    return columns, [without_commands(one) for one in maps], dropped


def apart(data):
    rows, maps = panel_runs.said(data)
    return rows, [without_commands(one) for one in maps]


def without_commands(report):
    return {**report, "card": {**report["card"], "made_by": []}}


def piped(text, data, close_at_end=False, **terms):
    told = promises.run(Signal([("s", text, "s.hq")]), data)
    return promises.run(BacktestStage(Terms(**terms), close_at_end=close_at_end), told)


# -- the bits of the pipe ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("terms", TERMS, ids=lambda terms: " ".join(terms) or "plain")
@pytest.mark.parametrize("forming", [False, True], ids=["closed", "forming"])
def test_inside_gives_the_bits_of_the_pipe(forming, terms):
    data = panel_runs.merged(*streams(20, 500 if not terms else 120, forming))
    two = said(piped(PLAIN, data, forming, **terms))
    one = said(promises.run(held(PLAIN + NEVER_HOLDS, forming, **terms), data))
    assert one == two
    assert len(one[0]["fill//1m"]["ts"]) > 500


def test_several_series_are_traded_as_their_panel():
    every = streams(6, 200, forming=True)
    panel, series = panel_runs.merged(*every), panel_runs.merged(*every, series=True)
    assert apart(promises.run(held(PLAIN + NEVER_HOLDS), series)) == apart(piped(PLAIN, panel))
    for text in (READS, WITH_ANOTHER):
        assert apart(promises.run(held(text), series)) == apart(promises.run(held(text), panel))


@pytest.mark.parametrize("kind", ["funding", "mark_price"])
def test_what_an_account_reads_beside_a_panel_comes_before_its_instant(kind):
    rng, every = random.Random(3), streams(4, 150)
    times = [START + i * MINUTE for i in range(2, 140)]
    for k in range(4):
        if kind == "funding":
            schema = Schema("funding", f"S{k:02d}", "", (("ts", "i8"), ("rate", "f8")))
            rows = [(ts, rng.gauss(0, 0.001)) for ts in times[::7]]
        else:
            schema = Schema("mark_price", f"S{k:02d}", "1m", (("ts", "i8"), ("price", "f8")))
            rows = [(ts + 5, 100.0 + rng.random()) for ts in times]
        every.append(frames((schema, rows)))
    data = panel_runs.merged(*every)
    two, one = said(piped(PLAIN, data)), said(promises.run(held(PLAIN + NEVER_HOLDS), data))
    assert one == two
    if kind == "funding":
        assert len(one[0]["payment//1m"]["ts"]) > 10


def test_one_symbol_of_a_panel():
    data = panel_runs.merged(*streams(3, 200))
    told = promises.run(Signal([("s", PLAIN, "s.hq")]), data)
    two = apart(promises.run(BacktestStage(Terms(), symbol="S01"), told))
    one = apart(promises.run(held(PLAIN + NEVER_HOLDS, symbol="S01"), data))
    assert one == two
    assert one[0]["fill/S01/1m"]["ts"]


# -- a slow account that decides by itself ---------------------------------------------------------------------------
COLS = (*BAR.cols[:2], *((name, "f8") for name in ("open", "high", "low", "close", "call")))
RULE = """
IF position == 0 AND call > 0.6 AND equity > 900 THEN OPEN_LONG(contracts=2)
IF position == 0 AND call < -0.7 THEN OPEN_SHORT(contracts=1.5, limit=close * 1.005)
IF position > 0 AND close < entry_price * 0.98 THEN CLOSE_LONG
IF position < 0 AND (close > entry_price * 1.02 OR close > lowest_since_entry * 1.04) THEN CLOSE_SHORT
IF bars_held >= 6 AND open_profit < 1 THEN CLOSE
"""


def rule(row, known):
    call, close, position = row["call"], row["close"], known["position"]
    if position == 0 and call > 0.6 and known["equity"] > 900:
        yield open_(1, 2)
    if position == 0 and call < -0.7:
        yield open_(-1, 1.5, type="limit", limit=close * 1.005)
    late = known["bars"] >= 6 and known["profit"] < 1
    if late or (position > 0 and close < known["entry"] * 98 / 100):
        yield close_(1)
    far = position < 0 and (close > known["entry"] * 102 / 100 or close > known["bottom"] * 104 / 100)
    if late or far:
        yield close_(-1)


def rows_of(symbol, seed, n=160):
    rng, price, rows = random.Random(seed), 100.0, []
    for i in range(n):
        open_price, price = price, round(max(1.0, price * (1 + rng.gauss(0, 0.01))), 2)
        high, low = max(open_price, price) + rng.random(), min(open_price, price) * (1 - 0.005 * rng.random())
        if rng.random() > 0.1:
            rows.append((HOUR * (i + 1), HOUR * i, open_price, high, low, price, rng.uniform(-1, 1)))
    return rows


CLASS = """
class Rule:
    account = True
    orders = ("limit",)

    def on_start(self, ctx):
        self.ctx, self.heard = ctx, 0

    def on_trade(self, fill):
        self.heard += fill.quantity if fill.action.startswith("open") else -fill.quantity
        assert self.heard >= 0.0

    def next(self, row):
        ctx, found = self.ctx, []
        assert abs(ctx.position) == self.heard, (ctx.symbol, ctx.position, self.heard)
        if ctx.position == 0 and row.call > 0.6 and ctx.equity > 900:
            found.append({"action": "OPEN_LONG", "size": 2})
        if ctx.position == 0 and row.call < -0.7:
            found.append({"action": "OPEN_SHORT", "size": 1.5, "type": "limit", "price": row.close * 1.005})
        late = ctx.bars_held >= 6 and ctx.open_profit < 1
        if late or (ctx.position > 0 and row.close < ctx.entry_price * 0.98):
            found.append("CLOSE_LONG")
        far = ctx.position < 0 and (row.close > ctx.entry_price * 1.02 or row.close > ctx.lowest_since_entry * 1.04)
        if late or far:
            found.append("CLOSE_SHORT")
        return found or None

    def save(self):
        return self.heard

    def load(self, saved):
        self.heard = saved
"""


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("margin", ["isolated", "cross"])
@pytest.mark.parametrize("form", ["language", "python"])
def test_what_a_slow_account_decides_by_itself(form, margin, seed, tmp_path):
    names = [name for name, _ in COLS]
    every = {f"S{k}": rows_of(f"S{k}", 10 * seed + k) for k in range(5)}
    said_ = [dict(zip(names, row)) | {"symbol": symbol} for symbol, rows in every.items() for row in rows]
    fees = {"leverage": 10, "taker_fee": 0.0005, "maker_fee": 0.00025, "margin": margin}
    slow = Thinking({"initial_margin": 1000.0, **fees}, {symbol: {} for symbol in every})
    out = slow.think(sorted(said_, key=lambda row: (row["ts"], row["symbol"])), rule)
    data = panel_runs.merged(*(frames((Schema("bar", name, "1h", COLS), rows)) for name, rows in every.items()))
    (tmp_path / "rule.py").write_text(CLASS)
    text, python = (RULE, ()) if form == "language" else ("", [f"{tmp_path}/rule.py:Rule"])
    columns = columns_of(promises.run(held(text, python=python, maintenance=0.0, **fees), data))
    fills, equity = columns["fill//1h"], columns["equity//1h"]
    wanted = sorted(out["fills"], key=lambda one: (one["ts"], one["symbol"]))  # as they are written
    assert [*zip(fills["ts"], fills["symbol"])] == [(one["ts"], one["symbol"]) for one in wanted]
    assert fills["price"] == pytest.approx([float(one["price"]) for one in wanted], rel=1e-12)
    assert fills["quantity"] == pytest.approx([float(one["quantity"]) for one in wanted], rel=1e-12)
    assert equity["equity"] == pytest.approx([float(one["equity"]) for one in out["equity"]], rel=1e-9)
    assert len(wanted) > 50


def columns_of(data):
    found = {}
    for kind, item in items(data):
        if kind == "rows":
            names = [name for name in item.schema.names if name != "account"]
            kept = found.setdefault(item.schema.key, {name: [] for name in names})
            for name in names:
                kept[name] += item.words(name) if item.schema.kind(name) == "s4" else item.view(name).tolist()
    return found


# -- cuts and states -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("series", [False, True], ids=["panel", "series"])
@pytest.mark.parametrize("forming", [False, True], ids=["closed", "forming"])
@pytest.mark.parametrize("text", [READS, WITH_ANOTHER], ids=["own", "another"])
def test_cuts_and_states_change_no_bit(text, forming, series, tmp_path):
    data = panel_runs.merged(*streams(6, 120, forming), series=series)
    whole = said(promises.run(held(text), data))
    assert len(whole[0]["fill//1m"]["ts"]) > 100
    for seed, many in itertools.product(range(3), (3, 300)):
        rng = random.Random(seed)
        cut = panel_runs.recut(data, sorted(rng.sample(range(1, 700), many)))
        assert said(promises.run(held(text), cut)) == whole
        state, share, every = tmp_path / f"{seed}-{many}", rng.uniform(0.1, 0.9), rng.choice((1, 5, 20))
        lost = until_it_breaks(held(text), cut[: int(len(cut) * share)], state, every)
        there = statefile.read(str(state)) or {"input": {"bytes": 0}, "output": {"bytes": 0}}
        assert many == 3 or there["output"]["bytes"] > 0
        rest = promises.run(held(text), cut[there["input"]["bytes"] :], state, every)
        one = promises.run(held(text), cut, tmp_path / f"{seed}-{many}-one")
        assert promises.said(lost[: there["output"]["bytes"]] + rest) == promises.said(one)


class Pausing(Reader):
    """An input that pauses after each item."""

    def __iter__(self):
        for item in super().__iter__():
            yield item
            yield IDLE


Pausing.__name__ = Reader.__name__  # by which a state knows what was read


def until_it_breaks(stage, data, state, every):
    def go(fd):
        source = descriptor(data)
        with contextlib.suppress(HqError):
            Flow(stage, "test", [], source, fd).run(Pausing(source), State(str(state), every, {}))

    return promises.on_memory(go)


@pytest.mark.parametrize("at", [2, 37, 100])
def test_two_runs_of_a_panel_are_one(at, tmp_path):
    python = [str(ROOT / "examples/strategies/trailing.py:Trailing")]
    cols, every = bars(0, 0)[0].cols, [bars(k, 200)[1] for k in range(4)]

    def panel(first, last):
        here = [[row for row in rows if first <= (row[0] - START) // MINUTE < last] for rows in every]
        return panel_runs.merged(*(frames((Schema("bar", f"S{k}", "1m", cols), rows)) for k, rows in enumerate(here)))

    parts = panel(0, at), panel(at, 999)
    two = b"".join(promises.run(held(READS, python=python), part, tmp_path / "two") for part in parts)
    one = promises.run(held(READS, python=python), panel(0, 999), tmp_path / "one")
    assert apart_rows(one) == apart_rows(two)
    assert len(apart_rows(one)["fill/S1/1m"]["ts"]) > 100


def apart_rows(data):
    return panel_runs.said(data)[0]


# -- refusals --------------------------------------------------------------------------------------------------------
def test_a_cross_section_beside_account_names_is_refused():
    with pytest.raises(LangError, match="looks over the symbols of a panel; beside it no account is read") as error:
        held("IF RANK(close) > 0.5 AND position == 0 THEN OPEN_LONG")
    assert error.value.code == DATA


def test_the_example_runs_on_a_panel(run):
    made = "; ".join(f"hq-gen bars --rows 2000 --seed {k} --period 1h --symbol S{k} > s{k}.hqf" for k in range(3))
    ended = run(
        f"{made}; hq-merge s0.hqf s1.hqf s2.hqf | hq-backtest {ROOT}/examples/panel_stop.hq --leverage 3 --json"
    )
    assert ended.code == 0, ended.stderr
    assert '"symbols":["S0","S1","S2"]' in ended.text
