"""Orders at every bar, most of which come to nothing: as the slow account has them, and as calls of one bar each do.

A call of one bar never looks beyond it, so that each of these orders goes the whole way there.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import Any

from fast_account import run_fast
from flows import STEP, Flow, flow
from slow_account import SlowAccount
from test_flows import EDGE, bits, compare

TRIALS = 300


def at_every_bar(seed: int) -> Flow:
    """A flow whose orders are at the market, at most bars one or several, some of them with a short life."""
    rng = random.Random(f"{seed} void")
    latency = {"latency": rng.choice([0, 0, 0, STEP]), "latency_bars": rng.choice([0, 0, 0, 1])}
    given = flow(seed, volume_share=rng.choice([None, None, 0.3]), size="2", **latency)
    name = next(iter(given.symbols))
    bars = [bar for bar in given.bars if bar["symbol"] == name]
    if rng.random() < 0.3 and not given.quotes:
        for bar in bars:
            bar["open_time"] = bar["ts"] - rng.choice([STEP, STEP, 3 * STEP // 2])  # some begin before one has ended
    orders: list[dict[str, Any]] = []
    side = 1
    for bar in bars:
        side = -side if rng.random() < 0.1 else side
        for _ in range(rng.choice([0, 1, 1, 2, 3])):
            row: dict[str, Any] = {"ts": bar["ts"], "symbol": name, "order": len(orders) + 1, "type": "market"}
            if rng.random() < 0.02:
                row["ts"] -= STEP // 4  # no bar ends there
            row["action"] = rng.choice(["open", "close"])
            row["side"] = side if row["action"] == "open" else -side
            row |= {"quantity": 1.0, "unit": "contracts", "tif": rng.choices(["gtc", "ioc", "gtd"], [8, 1, 1])[0]}
            if row["tif"] == "gtd":
                row["expire"] = row["ts"] + rng.randint(0, 3) * STEP // 2
            row["reduce_only"] = row["action"] == "open" and rng.random() < 0.05
            orders.append(row)
    funding = [row for row in given.funding if row["symbol"] == name]
    quotes = [row for row in given.quotes if row["symbol"] == name]
    orders.sort(key=lambda row: row["ts"])
    symbols = {name: given.symbols[name]}
    return replace(given, symbols=symbols, bars=bars, orders=orders, funding=funding, quotes=quotes)


def test_orders_that_come_to_nothing() -> None:
    came = Counter[str]()
    for seed in range(TRIALS):
        given = at_every_bar(seed)
        fast = run_fast(given)
        singly = run_fast(given, tuple(range(1, len(given.bars))))
        assert bits(fast) == bits(singly), seed
        assert fast["account"].digest == singly["account"].digest, seed
        slow = SlowAccount(given.options, given.symbols).run(
            given.bars, given.orders, given.funding, given.close_at_end, given.quotes
        )
        if slow["closest"] >= EDGE:
            compare(given, slow, fast)
        came += Counter(row["reason"] for row in fast["states"])
    assert came["flat"] > TRIALS
    assert came["pyramid"] > TRIALS
