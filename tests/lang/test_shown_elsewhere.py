"""Strategies that papers and other systems' pages show, in the language: those that examples/ has not got."""

from __future__ import annotations

from signal_runs import COLUMNS, Run, bars, strategy
from strategies import values

QUARTER_PAST = 900 * 10**9


def ordered(run: Run) -> list[tuple[int, str, str, float]]:
    """Row, action, side and quantity of the orders on the bars of 15m."""
    return [(one["ts"] // QUARTER_PAST, one["action"], one["side"], one["quantity"]) for one in run.finish().orders()]


def test_one_unit_is_bought_above_a_price() -> None:
    run = Run(strategy("IF close > 100 THEN OPEN_LONG(size=1)")).announce("15m")
    assert ordered(run.feed("15m", bars([99.0, 101.0, 100.0, 100.5]))) == [
        (2, "open", "long", 1.0),
        (4, "open", "long", 1.0),
    ]


def test_values_of_the_book_come_as_columns_of_the_bars() -> None:
    text = "IF depth_imbalance > 0.3 AND spread / close < 0.001 THEN OPEN_LONG"
    book = [(0.4, 0.05), (0.4, 0.2), (0.2, 0.05), (-0.4, 0.05), (0.31, 0.0999)]
    rows = [
        {**row, "depth_imbalance": lean, "spread": wide} for row, (lean, wide) in zip(bars([100.0] * len(book)), book)
    ]
    run = Run(strategy(text)).announce("15m", columns=(*COLUMNS, ("depth_imbalance", "f8"), ("spread", "f8")))
    assert [row for row, *_ in ordered(run.feed("15m", rows))] == [1, 5]


def test_how_far_the_ratio_of_two_prices_is_from_what_is_usual() -> None:
    text = "param usual = 15\nx = (close / close@Y - usual) / usual\n"
    text += "IF x > 0.1 THEN OPEN_SHORT\nIF x < -0.1 THEN OPEN_LONG"
    run = Run(strategy(text, keep=["x"])).announce("15m").announce("15m", symbol="Y")
    run.feed("15m", bars([2.0, 2.0, 4.0, 1.0]), symbol="Y").feed("15m", bars([30.0, 36.0, 48.0, 15.0]))
    run.stage.mark(5 * QUARTER_PAST)
    assert ordered(run) == [(2, "open", "short", float("inf")), (3, "open", "long", float("inf"))]
    assert run.column("x") == [0.0, (18.0 - 15.0) / 15.0, (12.0 - 15.0) / 15.0, 0.0]


def test_a_comment_of_either_kind_and_a_likeness_that_is_looked_at_by_nobody() -> None:
    text = """# of the present
average = EMA(close, period=2)  // a line of its own
shape = NORMALIZE(average, length=3)
x = SIMILARITY(
    shape,  // beside itself it is always 1
    shape,
    method="cosine",
)
"""
    assert [round(one, 6) for one in values(text, [5.0, 1.0, 3.0, 9.0, 4.0])[3:]] == [1.0, 1.0]
