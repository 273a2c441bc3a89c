"""Two moving averages on a stock's days, as backtesting.py traded them: every trade and every row of equity.

backtesting.py closes what is open at the OPEN of the last bar, --close-at-end closes at its close: so one order is
added to those of the strategy, given on the last bar but one, that closes there.
"""

from __future__ import annotations

import csv
import json
from datetime import datetime
from pathlib import Path

import promises
import pytest
from places import ROOT
from test_backtest import BARS, INF, report_of, table
from test_order_rows import texts

from hq_core.batch import Schema
from hq_core.futures.terms import Terms
from hq_core.stages.backtest import BacktestStage
from hq_core.stages.signal import Signal

DAY = 86_400_000_000_000
PLAIN = Schema("bar", "GOOG", "1d", BARS)
CLOSE = 1  # of an order
OPEN_LONG, CLOSE_LONG, OPEN_SHORT, CLOSE_SHORT = 1, 2, 3, 4  # of fills


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def begun(date):
    """The bar's beginning, ns."""
    return int(datetime.fromisoformat(date + "T00:00:00+00:00").timestamp()) * 1_000_000_000


@pytest.fixture(scope="module")
def known(shared):
    """The bars, and what backtesting.py 0.6.6 made of them."""
    folder = Path(shared) / "data/backtest"
    if not (folder / "goog_1d.csv").exists():
        pytest.skip("the days of GOOG are not here")
    stats = json.loads((folder / "goog_smacross_expected.json").read_text())["stats"]
    names = ("goog_1d.csv", "goog_smacross_trades.csv", "goog_smacross_equity.csv")
    return *(rows_of(folder / name) for name in names), stats


@pytest.fixture(scope="module")
def out(known):
    """What hq-signal examples/smacross.hq | hq-backtest writes, with the order that closes at the last open."""
    bars = []
    for one in known[0]:
        prices = (float(one[name]) for name in ("Open", "High", "Low", "Close", "Volume"))
        bars.append((begun(one["date"]) + DAY, begun(one["date"]), *prices, 1))
    text = (ROOT / "examples/smacross.hq").read_text()
    signals = promises.run(Signal([("smacross", text, "smacross.hq")]), promises.stream([(PLAIN, bars)]))
    orders = [tuple(one.values()) for one in table(signals, "order")]
    series = next(item.schema for what, item in promises.items(signals) if what == "rows" and item.schema.of == "order")
    last = dict(zip(series.names, orders[-1])) | {"ts": bars[-2][0], "id": len(orders) + 1, "quantity": INF}
    last |= {"side": 1, "action": CLOSE, "rule": 0}
    pieces = [(series, []), (PLAIN, []), texts("smacross", series=series)]
    pieces += [(series, [*orders, tuple(last.values())]), (PLAIN, bars)]
    terms = Terms(size="99.99%", leverage=1, lot="1", initial_margin=10_000.0, taker_fee=0.0)
    return promises.run(BacktestStage(terms, per_year=252.0), promises.stream(pieces))


def test_every_trade_is_the_same(known, out):
    fills = table(out, "fill")
    opened = [one for one in fills if one["action"] in (OPEN_LONG, OPEN_SHORT)]
    closed = [one for one in fills if one["action"] in (CLOSE_LONG, CLOSE_SHORT)]
    trades = known[1]
    assert (len(trades), len(opened), len(closed), len(fills)) == (66, 66, 66, 132)
    for trade, entry, end in zip(trades, opened, closed):
        assert entry["side"] * entry["quantity"] == end["side"] * end["quantity"] == float(trade["Size"])
        assert (entry["price"], end["price"]) == (float(trade["EntryPrice"]), float(trade["ExitPrice"]))
        assert [one["fill_time"] for one in (entry, end)] == [begun(trade["EntryTime"]), begun(trade["ExitTime"])]
        assert end["realised"] == pytest.approx(float(trade["PnL"]), abs=1e-9)


def test_every_row_of_equity_is_the_same(known, out):
    equity = table(out, "equity")
    assert len(equity) == len(known[2]) == 2148
    for one, want in zip(equity, known[2]):
        assert one["ts"] == begun(want["date"]) + DAY
        assert one["equity"] == pytest.approx(float(want["Equity"]), rel=1e-12)


def test_the_final_figures_are_the_same(known, out):
    stats, report = known[3], report_of(out)
    assert report["final_equity"] == pytest.approx(stats["Equity Final [$]"], rel=1e-12)
    assert report["return_frac"] * 100 == pytest.approx(stats["Return [%]"], rel=1e-12)
    assert report["max_drawdown"]["frac"] * -100 == pytest.approx(stats["Max. Drawdown [%]"], rel=1e-12)
    assert report["win_rate"] * 100 == pytest.approx(stats["Win Rate [%]"], rel=1e-12)
    assert report["trades"] == stats["# Trades"] == 66
    assert report["return_ann"] * 100 == pytest.approx(stats["CAGR [%]"], rel=1e-9)
    assert report["periods_per_year"] == 252.0
    # backtesting.py counts the bar of an exit as one with a position; here it counts what ends with one, and all
    # exits but the last turn round
    rows = report["exposure"] * report["rows"] + 1
    assert 100 * rows / report["rows"] == pytest.approx(stats["Exposure Time [%]"], rel=1e-12)
