"""Strategies inside the account with a finer path: bars decide, finer rows are traded, as in the pipe."""

from __future__ import annotations

import random

import panel_runs
import promises
import pytest
from test_backtest import MINUTE, START, table
from test_finer import COARSE, FINE, TRADE, coarse_bars, fine_bars
from test_inside import LIMITS, NEVER_HOLDS, said

from hq_core.api.pipe import Pipe
from hq_core.batch import Schema
from hq_core.errors import USAGE, HqError
from hq_core.futures.terms import Terms
from hq_core.stages.backtest import BacktestStage
from hq_core.stages.signal import Signal

FUNDING = Schema("funding", "BTCUSDT", "", (("ts", "i8"), ("rate", "f8")))
MARK = Schema("mark_price", "BTCUSDT", "", (("ts", "i8"), ("price", "f8")))
TERMS = ({}, {"leverage": 50, "size": "all", "maintenance": 0.01}, {"margin": "cross", "pyramid": 3, "latency": "2m"})


def market(seed, path, n=60, cuts=(7,), more=(), first=0, last=1 << 62):
    """Bars of five minutes, and their minutes or the trades in them behind them, as hq-merge lays rows of one ts."""
    chance = random.Random(seed)
    fine = fine_bars(chance, 5 * n)
    coarse = coarse_bars(fine)
    series, rows = FINE, fine
    if path == "trades":
        series = TRADE
        rows = [(one[1] + k * MINUTE // 4, one[2 + k], 1.0) for one in fine for k in range(4) if chance.random() < 0.8]
    every = [
        (one, [row for row in some if first < row[0] <= last])
        for one, some in ((COARSE, coarse), (series, rows), *more)
    ]
    pieces, start, i = [(one, []) for one, _ in every], 0, 0
    while start < coarse[-1][0] + MINUTE:
        end = START + (i := i + cuts[i % len(cuts)]) * MINUTE
        pieces += [(one, some) for one, rows in every if (some := [row for row in rows if start < row[0] <= end])]
        start = end
    return promises.stream(pieces)


def inside(text="", path="1m", close_at_end=False, python=(), keep=False, symbol="", **terms):
    account = BacktestStage(Terms(path=path, **terms), close_at_end=close_at_end, keep_input=keep, symbol=symbol)
    files = [("s", text, "s.hq")] if text else []
    return Pipe(Signal(files, python=python, period="5m", desk=account), account)


@pytest.mark.parametrize("terms", TERMS, ids=lambda terms: " ".join(terms) or "plain")
@pytest.mark.parametrize("path", ["1m", "trades"])
@pytest.mark.parametrize("close_at_end", [False, True])
def test_it_gives_the_bits_of_the_pipe(path, terms, close_at_end):
    chance = random.Random(1)
    funding = [(START + k * 7 * MINUTE, chance.gauss(0, 0.001)) for k in range(1, 40)]
    marks = [(START + k * 40 * 10**9, 100 + chance.gauss(0, 2)) for k in range(1, 400)] if not terms else []
    data = market(2, path, more=[(FUNDING, funding), *([(MARK, marks)] if marks else [])])
    told = promises.run(Signal([("s", LIMITS, "s.hq")], period="5m"), data)
    piped = said(promises.run(BacktestStage(Terms(path=path, **terms), close_at_end=close_at_end), told))
    inner = said(promises.run(inside(LIMITS + NEVER_HOLDS, path, close_at_end, **terms), data))
    assert inner == piped
    assert len(piped[0]["fill/BTCUSDT/5m"]["ts"]) > 30


READS = """
IF position == 0 AND close > close[1] THEN OPEN_LONG(size=1, META(held=position, bars=bars_held, worth=equity))
IF position > 0 THEN OPEN_SHORT(limit=1000, size=1, META(held=position, bars=bars_held, worth=equity))
IF bars_held >= 3 OR open_profit > 1 THEN CLOSE_LONG
"""


@pytest.mark.parametrize("path", ["1m", "trades"])
def test_what_it_reads_is_what_the_account_has_at_the_bars_end(path):
    out = promises.run(inside(READS, path, keep=True, fill="next-open"), market(3, path))
    worth = {one["ts"]: one["equity"] for one in table(out, "equity")}
    fills, ends = table(out, "fill"), sorted(worth)
    orders = [one for one in table(out, "order") if one["meta.worth"] == one["meta.worth"]]
    assert len(orders) > 30
    assert len(fills) > 10
    for one in orders:
        before = [fill for fill in fills if fill["ts"] < one["ts"] + (path == "1m")]  # a trade at its end is the next's
        held = before[-1]["position"] if before else 0.0
        assert (one["meta.worth"], one["meta.held"]) == (worth[one["ts"]], held)
        entered = before[-1]["fill_time"] if held else one["ts"]
        assert one["meta.bars"] == sum(entered < end <= one["ts"] for end in ends)  # bars, not the rows inside


class Hears:
    account = True

    def on_start(self, ctx):
        self.ctx, self.told, self.heard = ctx, [], HEARD
        self.heard.clear()

    def on_trade(self, fill):
        self.heard.append((fill.ts, fill.price, fill.quantity))

    def next(self, row):
        return "OPEN_LONG" if self.ctx.position == 0.0 and row.close > row.open else "CLOSE_LONG"


HEARD = []


def test_a_class_hears_of_each_fill_inside_its_bar():
    out = promises.run(inside(python=[Hears]), market(5, "1m"))
    fills = [(one["ts"], one["price"], one["quantity"]) for one in table(out, "fill")]
    assert len(fills) > 20
    assert fills == HEARD


@pytest.mark.parametrize("path", ["1m", "trades"])
def test_neither_cuts_nor_a_state_change_it(path, tmp_path):
    whole = promises.run(inside(READS, path), market(6, path))
    for cuts in ((1,), (3, 11), (300,)):
        assert said(promises.run(inside(READS, path), market(6, path, cuts=cuts))) == said(whole)
    one = promises.run(inside(READS, path), market(6, path), tmp_path / "one")
    for middle in (START + 52 * MINUTE, START + 100 * MINUTE):
        state = tmp_path / f"s{middle}"
        halves = [market(6, path, first=0, last=middle), market(6, path, first=middle)]
        two = b"".join(promises.run(inside(READS, path), half, state) for half in halves)
        for kind in ("fill", "order_state", "position", "equity"):
            assert repr(table(two, kind)) == repr(table(one, kind))


def test_of_a_panel_one_symbol_is_chosen():
    fine = [{at: 100.0 + (7 * at * at + k) % 11 for at in range(100)} for k in range(2)]
    streams = [panel_runs.bars(name, closes) for name, closes in zip("AB", fine)]
    fives = [{at: closes[5 * at + 4] for at in range(20)} for closes in fine]
    coarse = [panel_runs.bars(name, closes, "5m", 5 * panel_runs.MINUTE) for name, closes in zip("AB", fives)]
    alone = promises.run(inside(READS), panel_runs.merged(streams[0], coarse[0], series=True))
    both = panel_runs.merged(*streams, *coarse)
    assert repr(table(promises.run(inside(READS, symbol="A"), both), "fill")) == repr(table(alone, "fill")) != "[]"
    with pytest.raises(HqError, match="path 1m: takes one symbol, and there are A, B") as caught:
        promises.run(inside(READS), both)
    assert caught.value.code == USAGE
