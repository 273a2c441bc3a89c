"""A row sees of every other series what is known at its own ts, wherever the input is cut: also inside one instant."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import groupby
from typing import Any

import pytest
from signal_runs import Run, bar, strategy

from hq_core.roles import Stage
from hq_core.specs import parse
from hq_core.stages.indicators import Indicators

Row = tuple[str, str, dict[str, float]]  # symbol, period, bar
PERIODS = {"4m": 240, "1m": 60}
SPECS = (
    "sub(close,close@1m)",
    "sub(close,close@4m)",
    "sub(close,close@Y)",
    "sma:2(close@Y:1m)",
    "sub(close,close@X:4m)",
)


def stream(seed: int, swapped: bool) -> list[Row]:
    """Bars of two symbols and two periods in order of ts, coarse ones first, with holes; swapped: Y before X."""
    rng = random.Random(seed)
    rows = [
        (symbol, period, bar(step * (i + 1), float(rng.randint(1, 99))))
        for symbol in ("X", "Y")
        for period, step in PERIODS.items()
        for i in range(16 * 60 // step)
        if rng.random() < 0.85
    ]
    return sorted(rows, key=lambda row: (row[2]["ts"], -PERIODS[row[1]], (row[0] == "X") == swapped))


def fed(stage: Stage, rows: list[Row], saved: dict[str, Any] | None = None) -> Run:
    run = Run(stage, saved)
    for symbol in ("X", "Y"):
        run.announce(*PERIODS, symbol=symbol)
    for symbol, period, row in rows:
        run.feed(period, [row], symbol=symbol)
    return run


def said(run: Run) -> dict[str, list[str]]:
    """Every series' rows, comparable where they hold nan."""
    return {key: [repr(row) for row in rows] for key, rows in run.rows.items()} | {"": [repr(one) for one in run.maps]}


def indicators() -> Stage:
    return Indicators([parse(text) for text in SPECS])


def coarse_strategy() -> Stage:
    return strategy("x = close@1m\ny = close@Y\nIF x > 50 THEN BUY(META(x=x))", keep=["x", "y"], period="4m")


STAGES = {"indicators": indicators, "strategy on the coarse bars": coarse_strategy}
each = pytest.mark.parametrize("make", STAGES.values(), ids=STAGES)


@each
@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_the_output_of_every_prefix_is_a_prefix_also_inside_one_instant(
    make: Callable[[], Stage], swapped: bool, seed: int
) -> None:
    rows = stream(seed, swapped)
    whole = said(fed(make(), rows).finish())
    for k in range(len(rows)):
        for key, found in said(fed(make(), rows[:k]).finish()).items():
            assert found == whole.get(key, [])[: len(found)], (k, key)


@each
@pytest.mark.parametrize("seed", range(2))
def test_a_pause_inside_one_instant_changes_nothing(make: Callable[[], Stage], seed: int) -> None:
    rows = stream(seed, swapped=False)
    whole = said(fed(make(), rows).finish())
    for k in range(len(rows)):
        first = fed(make(), rows[:k])
        saved = first.finish(more=True).stage.save()
        before, after = said(first), said(fed(make(), rows[k:], saved).finish())
        for key, wanted in whole.items():
            assert before.get(key, []) + after.get(key, []) == wanted, (k, key)


def test_the_order_inside_one_instant_changes_no_row() -> None:
    rows = stream(5, swapped=False)
    turned = [row for _, group in groupby(rows, lambda row: row[2]["ts"]) for row in _turned(list(group))]
    assert rows != turned
    assert said(fed(indicators(), rows).finish()) == said(fed(indicators(), turned).finish())


def _turned(instant: list[Row]) -> list[Row]:
    """The rows of one ts, coarse ones still first, symbols the other way round."""
    return sorted(instant, key=lambda row: (-PERIODS[row[1]], row[0] == "X"))


def test_a_coarse_row_sees_the_finer_bar_that_closes_with_it() -> None:
    stage = strategy("x = close@1m", keep=["x"], period="4m")
    rows: list[Row] = [("X", "4m", bar(240, 1.0)), *(("X", "1m", bar(60 * i, float(i))) for i in (3, 4))]
    assert fed(stage, rows).finish().column("x", "bar/X/4m") == [4.0]


def test_rows_of_the_last_ts_that_still_wait_are_dropped_and_counted() -> None:
    stage = strategy("x = close@1m", keep=["x"], period="4m")
    run = fed(stage, [("X", "1m", bar(180, 3.0)), ("X", "4m", bar(240, 1.0))]).finish()
    assert "bar/X/4m" not in run.rows
    assert run.stage.dropped == {"bar/X/4m: still waiting for bar/X/1m when the input ended": 1}
