"""Every factor against its form in plain Python, over random events of every kind and books of every state."""

from __future__ import annotations

import math
import os
import random
from fractions import Fraction

import pytest
import slow_factors
from book_runs import LOCAL, Market, some_events
from factor_runs import factors

from hq_core.factoring import FACTORS
from hq_core.factoring.specs import parse

TRIALS = 40 if os.environ.get("HQ_TRIALS") == "full" else 2
CASES = {  # of each factor, with parameters that small streams fill
    "imbalance": ["imbalance:1", "imbalance:5", "imbalance:200", "imbalance:levels=1", "imbalance:levels=5"],
    "wmid": ["wmid:1", "wmid:5", "wmid:40"],
    "pressure": ["pressure:1", "pressure:5"],
    "slope": ["slope:1", "slope:5"],
    "tfi": ["tfi:5ms,least=2", "tfi:10s,least=1"],
    "ofi": ["ofi:10s,least=3"],
    "vwap": ["vwap:5ms,least=1", "vwap:10s,least=2"],
    "ofi_cks": ["ofi_cks:3s", "ofi_cks:1us,least=2"],
    "rvar": ["rvar:3s", "rvar:1m,least=1"],
    "rvol": ["rvol:3s"],
    "kyle": ["kyle:1m,least=1", "kyle:3s,least=1"],
    "amihud": ["amihud:30s,least=2"],
    "roll": ["roll:20s,least=2"],
    "autocorr": ["autocorr:20s,least=2"],
    "trade_rate": ["trade_rate:1s", "trade_rate:30s"],
    "cancel_rate": ["cancel_rate:1s", "cancel_rate:30s"],
    "hawkes": ["hawkes:1s", "hawkes:100ms"],
    "vpin": ["vpin:0.0625,3", "vpin:1,1"],
    "markout": ["markout:1s", "markout:1us"],
    "realised": ["realised:1s"],
}
# as a share of the value, or of what it is made of: sums of a few hundred values, and the exact ones of the oracle
CLOSE = 1e-11
SCALE = {"roll": 50.0, "tfi": 1.0, "ofi": 1.0, "ofi_cks": 10.0, "cvd": 100.0, "kyle": 1.0, "autocorr": 1.0}
SIGNED = {"imbalance": 1.0, "queue": 1.0, "pressure": 1.0, "slope": 100.0}  # of what cancels in a difference


def close(name: str, mine: float, theirs: float | None) -> bool:
    if theirs is None or mine != mine:
        return theirs is None and mine != mine
    scale = SCALE.get(name, SIGNED.get(name, 0.0))
    if name == "roll":  # the root of a difference near 0
        return abs(mine**2 - theirs**2) <= CLOSE * scale**2 * 1e4
    return math.isclose(mine, theirs, rel_tol=CLOSE, abs_tol=CLOSE * scale)


def streams(by_order: bool) -> list[tuple[random.Random, Market]]:
    found = []
    for seed in range(TRIALS):
        rng = random.Random(f"{seed}{by_order}{os.environ.get('HQ_SEED', '')}")
        tick = rng.choice([Fraction(1, 10), Fraction(1, 4), Fraction(1)])
        found.append((rng, Market(tick, Fraction(1, 64), rng.choice([3, 20]), by_order)))
    return found


@pytest.mark.parametrize("name", FACTORS.names())
def test_a_factor_is_what_its_words_say(name):
    specs = CASES.get(name, [name])
    for by_order in (False, True):
        for rng, market in streams(by_order):
            events = some_events(rng, 250, market)
            rows = slow_factors.rows_of(events, market.tick, market.lot, LOCAL, by_order)
            mine = factors(events, *specs, tick=str(float(market.tick)), lot=str(float(market.lot)))
            assert [(one["ts"], one["exch_ts"]) for one in mine] == [(one.ts, one.exch_ts) for one in rows]
            for text in specs:
                spec = parse(text)
                given = {param: spec.entry.params[param].passed(value) for param, value in spec.params.items()}
                for at, row in enumerate(mine):
                    wanted = getattr(slow_factors, name)(rows[: at + 1], *given.values())
                    values = [row[column] for column in spec.columns]
                    right = all(close(name, x, y) for x, y in zip(values, wanted, strict=True))
                    assert right, (text, at, values, wanted, rows[at])


def test_no_factor_lacks_values():
    """The streams above are such that every factor has some: a test of nan against nan shows nothing."""
    for name in FACTORS.names():
        found = 0
        for rng, market in streams(False):
            events = some_events(rng, 250, market)
            for spec in CASES.get(name, [name]):
                column = parse(spec).columns[0]
                rows = factors(events, spec, tick=str(float(market.tick)), lot=str(float(market.lot)))
                found += sum(row[column] == row[column] for row in rows)
        assert found >= 20, name
