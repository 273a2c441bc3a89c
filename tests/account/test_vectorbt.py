"""vectorbt keeps the same account: 100,000 random bars, market orders at the next open, a fee of the notional.

It has neither margin nor lots, so the account is one that they do not bind: cross, with more than it trades for.
"""

from __future__ import annotations

import math
import random
import warnings

import promises
import pytest
from test_backtest import MINUTE, NAN, SIGNALS, START, report_of, table

from hq_core.futures.terms import Terms
from hq_core.stages.backtest import BacktestStage

N, START_CASH, FEE, LOT = 100_000, 1e6, 0.00005, "0.001"


@pytest.fixture(scope="module")
def portfolio():
    """vectorbt's Portfolio; where it is not installed the test is not run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("vectorbt").Portfolio


def held_after(lots, verb, size):
    """What is held, in lots and below 0 short, after one order of --position-mode one-way."""
    way = 1 if verb in (0, 1) else -1  # open_long, close_long, open_short, close_short
    same = max(way * lots, 0)
    if verb in (0, 2):
        return way * (same + size)  # what is held the other way is closed first
    return way * max(same - size, 0) if same else lots


def flow(seed):
    """Rows of bars with orders; opens, closes, and what is to be held from each open on, NaN: as before."""
    chance = random.Random(seed)
    made, opens, closes, targets = [], [], [], []
    price, lots, target = 100.0, 0, NAN
    for i in range(N):
        first = price * math.exp(chance.gauss(0.0, 0.0005))
        close = first * math.exp(chance.gauss(0.0, 0.001))
        high, low = max(first, close) * (1 + chance.random() / 999), min(first, close) * (1 - chance.random() / 999)
        opens.append(first)
        closes.append(close)
        targets.append(target)
        orders, target = [NAN] * 4, NAN
        if chance.random() < 0.4:
            verb, size = chance.randrange(4), chance.randint(1, 200_000)
            orders[verb] = size / 1000
            lots = held_after(lots, verb, size)
            target = lots / 1000
        made.append((START + (i + 1) * MINUTE, START + i * MINUTE, first, high, low, close, 1.0, 1, *orders))
        price = close
    return made, opens, closes, targets


@pytest.mark.parametrize("seed", [1, 2])
def test_equity_of_every_bar_and_all_fees_are_the_same(portfolio, seed):
    made, opens, closes, targets = flow(seed)
    terms = Terms(initial_margin=START_CASH, leverage=20, margin="cross", taker_fee=FEE, lot=LOT, pyramid=1_000_000)
    out = promises.run(BacktestStage(terms), promises.stream(promises.cut(SIGNALS, made, [4096])))
    found, report = [one["equity"] for one in table(out, "equity")], report_of(out)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pandas

        other = portfolio.from_orders(
            pandas.Series(closes),
            size=pandas.Series(targets),
            size_type="targetamount",
            price=pandas.Series(opens),
            fees=FEE,
            init_cash=START_CASH,
            direction="both",
        )
        wanted, fees = other.value().to_list(), float(other.orders.fees.sum())
    assert (len(found), len(wanted)) == (N, N)
    assert report["orders"]["cut"]["margin"] == 0
    assert report["orders"]["filled"] > N / 5
    most = max(abs(one - START_CASH) for one in wanted)  # what was won or lost, so that the wallet hides nothing
    assert most > 0.01 * START_CASH
    worst = max(abs(one - want) for one, want in zip(found, wanted)) / most
    assert worst < 1e-9
    assert report["fees"] == pytest.approx(fees, rel=1e-9)
