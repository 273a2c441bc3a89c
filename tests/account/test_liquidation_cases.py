"""A million random cases of liquidation: row, sides, prices and the marks that liquidate, as in whole numbers.

Isolated and cross, one-way and hedge, one symbol to four, tables of one tier to five, funding at the bars' ends, inside
and between them, marks of their own, bars that lack, linear and inverse contracts.  In units of two the account must
agree to the bit; there the worst moment of many a cross account leaves nothing, or a unit more or less.  In decimal
units it must to 1e-14 of its money, and a decision that hangs on less than 1e-9 is left out.

HQ_TRIALS=full runs the million, HQ_TRIALS=N runs N; HQ_SEED is the first seed, of liquidation_cases.EACH cases each.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

from liquidation_cases import EACH, Kept, cases, told
from slow_liquidation import INVERSE, Liquidations

FULL, FEW = 1_000_000, 16_000
TRIALS = FULL if os.environ.get("HQ_TRIALS") == "full" else int(os.environ.get("HQ_TRIALS") or FEW)
FIRST = int(os.environ.get("HQ_SEED") or 0)
NEAR = 1e-14  # of all money, in decimal units


def alike(wanted: list[tuple[Any, ...]], ours: list[tuple[Any, ...]], exact: bool) -> bool:
    """Whether the same is liquidated, at the same prices and by the same marks; None: by none of its own."""
    if [one[:3] for one in wanted] != [one[:3] for one in ours]:
        return False
    pairs = [(*pair, one[5]) for one, other in zip(wanted, ours) for pair in zip(one[3:5], other[3:])]
    return all(
        one is None or one == other or (not exact and abs(one - other) <= NEAR * loose * one)
        for one, other, loose in pairs
    )


def test_the_first_row_that_breaches_and_its_price() -> None:
    came, left_out = Counter[str](), 0
    seeds = range(FIRST, FIRST + -(-TRIALS // EACH))
    for seed in seeds:
        kept = None
        for place, (tables, case) in enumerate(cases(seed)):
            slow = Liquidations(case).run()
            if slow.near or slow.spoilt:
                left_out += 1
                continue
            kept = kept or Kept(tables)
            ours, wanted = kept.run(case), told(slow.found)
            assert alike(wanted, ours, case.grid.exact), (seed, place, wanted, ours)
            came[f"{'cross' if case.cross else 'isolated'} {'hedge' if case.hedge else 'one-way'}"] += bool(slow.found)
            came[f"symbols {len(case.tiers)}"] += bool(slow.found)
            came["inverse"] += case.grid is INVERSE and bool(slow.found)
            came["ties"] += slow.ties
            came["nothing"] += not slow.found
            came["funding"] += bool(case.funding and slow.found)
            for one in slow.found:
                came[f"at {one.step}"] += 1
                came[f"tier {one.tier}"] += one.tier >= 0
                came["beyond the bar"] += one.level is not None and one.step == "path" and one.price != one.level
    assert left_out <= TRIALS / 1000 + 3
    wanted = {f"{margin} {mode}" for margin in ("isolated", "cross") for mode in ("one-way", "hedge")}
    wanted |= {f"symbols {count}" for count in range(1, 5)} | {f"tier {place}" for place in range(5)}
    wanted |= {"inverse", "ties", "nothing", "funding", "at open", "at path", "beyond the bar"}
    if TRIALS >= FEW:
        assert not {name for name in wanted if came[name] < 20}
