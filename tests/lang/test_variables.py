"""VAR: values made of their own last one."""

from __future__ import annotations

import math

import pytest
from signal_runs import Run, bars, bits, strategy
from strategies import check, form, refused, values

from hq_core.lang.source import LangError

NAN = math.nan
CLOSES = [5.0, 1.0, 3.0, 9.0, 4.0, 6.0]


def same(found: list[float], wanted: list[float]) -> bool:
    return bits(found) == bits(wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("VAR x = x[1] + 1 SEED 0", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        ("VAR x = MAX(x[1], close) SEED 0", [5.0, 5.0, 5.0, 9.0, 9.0, 9.0]),
        ("VAR x = MIN(x[1], close) SEED close", [5.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        ("VAR x = close SEED 0", CLOSES),  # it need not read itself
        ("VAR x = 0.5 * x[1] + 0.5 * close SEED close", [5.0, 3.0, 3.0, 6.0, 5.0, 5.5]),
        ("VAR v = v[1] + close SEED 10\nx = v[1]", [NAN, 15.0, 16.0, 19.0, 28.0, 32.0]),  # behind it v[1] is plain
        ("VAR v = v[1] + close SEED 0\nVAR x = x[1] + v SEED 100", [105.0, 111.0, 120.0, 138.0, 160.0, 188.0]),
        ("param step = 2\nVAR x = x[1] + step SEED step", [4.0, 6.0, 8.0, 10.0, 12.0, 14.0]),
        ("VAR x = SMA(x[1], 2) + close SEED 0", [NAN, 1.0, 3.5, 11.25, 11.375, 17.3125]),
        ("VAR x = COUNT(x[1] > 1, 2) + close SEED 0", [NAN, 1.0, 3.0, 10.0, 6.0, 8.0]),
    ],
)
def test_numbers(text: str, wanted: list[float]) -> None:
    assert same(values(text, CLOSES), wanted)


def test_a_condition_holds_until_the_other_one_does() -> None:
    text = "VAR x = IF(close >= 5, TRUE, IF(close < 4, FALSE, x[1])) SEED FALSE"
    assert values(text, [4.0, 5.0, 4.0, 4.5, 3.0, 4.0]) == [0.0, 1.0, 1.0, 1.0, 0.0, 0.0]
    assert values("VAR x = NOT x[1] SEED close > 4", CLOSES) == [0.0, 1.0, 0.0, 1.0, 0.0, 1.0]
    assert values("VAR x = x[1] == (close > 4) SEED TRUE", CLOSES) == [1.0, 0.0, 1.0, 1.0, 0.0, 0.0]


def test_the_seed_stands_wherever_there_is_no_last_value() -> None:
    assert same(values("VAR x = x[1] + close SEED 100", [5.0, NAN, 3.0, 4.0]), [105.0, NAN, 103.0, 107.0])
    assert same(values("VAR x = x[1] + close SEED 10 * close", [5.0, NAN, 3.0, 4.0]), [55.0, NAN, 33.0, 37.0])
    assert same(values("VAR x = x[1] + close SEED close[1]", [5.0, 1.0, 3.0, 4.0]), [NAN, 6.0, 9.0, 13.0])


MORE = [
    ("VAR x = x[2] + 1 SEED 0", [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]),
    ("VAR x = x[1] + x[2] SEED 1", [2.0, 3.0, 5.0, 8.0, 13.0, 21.0]),
    ("VAR x = x[3] + x[1] SEED close", [10.0, 11.0, 14.0, 24.0, 35.0, 49.0]),  # the seed of the row that reads it
    ("VAR x = IF(close == 3, close / 0, x[2] + 1) SEED 10", [11.0, 11.0, NAN, 12.0, 11.0, 13.0]),  # for nan too
    ("VAR x = IF(close == 3, close / 0, x[2] + 1) SEED close", [6.0, 2.0, NAN, 3.0, 5.0, 4.0]),
    ("VAR v = NOT v[2] SEED TRUE\nx = IF(v, 1, 0)", [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]),
    ("VAR v = NOT v[2] SEED FALSE\nx = IF(v, 1, 0)", [1.0, 1.0, 0.0, 0.0, 1.0, 1.0]),
    ("VAR v = v[2] == v[1] SEED close > 2\nx = IF(v, 1, 0)", [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]),
    ("VAR v = v[2] + 0 SEED 7\nx = v[2]", [NAN, NAN, 7.0, 7.0, 7.0, 7.0]),  # behind it v[2] is plain
]


@pytest.mark.parametrize(("text", "wanted"), MORE)
def test_the_seed_stands_for_every_value_before_the_first(text: str, wanted: list[float]) -> None:
    assert same(values(text, CLOSES), wanted)


@pytest.mark.parametrize(
    "text",
    [
        "VAR x = x[1] + close@4h SEED 0",
        "VAR x = IF(close@4h > 0, x[1] + close@4h, x[1]) SEED 0",
        "VAR x = x[1] + 2 * (x[1] - x[1]) + close@4h SEED 0 * open@4h",
        "DEF f(a, b) = a + b\nVAR x = f(x[1], close@4h) SEED 0",
        "VAR x = SUM(x[1], 2) * 0 + x[1] + close@4h SEED 0",
    ],
)
def test_it_is_made_on_the_rows_of_what_it_reads(text: str) -> None:
    """Once a 4h bar, and carried to the rows of 15m until the next one."""
    closes = [float(i) for i in range(48)]
    found = values(text, closes)
    first = [NAN] if "SUM" in text else [15.0]
    wanted = [NAN] * 15 + first * 16 + [15.0 * (not math.isnan(first[0])) + 31.0] * 16
    assert same(found[:47], wanted), found
    assert same(found[47:], [wanted[-1] + 47.0])


def test_what_reads_the_own_rows_too_is_made_on_them() -> None:
    found = values("VAR x = x[1] + close@4h + 0 * close SEED 0", [1.0] * 34)
    assert same(found, [NAN] * 15 + [float(i) for i in range(1, 20)])


def test_a_forming_row_leaves_no_trace() -> None:
    rows = bars([1.0, 10.0, 3.0])
    rows[1]["complete"] = 0
    run = Run(strategy("VAR x = x[1] + close SEED 0", keep=["x"])).announce("15m").feed("15m", rows).finish()
    assert run.column("x") == [1.0, 11.0, 4.0]


@pytest.mark.parametrize("cut", range(1, 6))
def test_cut_and_taken_up_anywhere(cut: int) -> None:
    text = "VAR peak = MAX(peak[1], close) SEED 0\nVAR x = x[3] + peak - SMA(x[1], 2) SEED close"
    whole = values(text, CLOSES)
    rows = bars(CLOSES)
    first = Run(strategy(text, keep=["x"])).announce("15m").feed("15m", rows[:cut], cut=1).finish(more=True)
    second = Run(strategy(text, keep=["x"]), first.stage.save()).announce("15m").feed("15m", rows[cut:]).finish()
    assert same(first.column("x") + second.column("x"), whole)


@pytest.mark.parametrize("cut", [0, 1, 4095, 4097])
def test_more_rows_than_a_graph_runs_at_a_time(cut: int) -> None:
    """Loops, what they read, and what reads them, over several pieces of a batch and several batches."""
    closes = [float(i * 7919 % 1000) for i in range(10_000)]
    text = "VAR a = MAX(0.5 * a[1], close) SEED 0\nVAR b = b[1] + IF(a > b[3], 1, -1) + a[2] SEED 1\n"
    text += "VAR c = NOT c[1] AND a > 900 SEED FALSE\nx = b + IF(c, 1000, 0) + SMA(close, 2)"
    run = Run(strategy(text, keep=["x"])).announce("15m").feed("15m", bars(closes), cut=cut).finish()
    a: list[float] = []
    b: list[float] = []
    c, wanted = False, []
    for i, close in enumerate(closes):
        a.append(max(0.5 * a[-1] if a else 0.0, close))
        first = b[-1] if b and b[-1] == b[-1] else 1.0
        third = b[i - 3] if i >= 3 and b[i - 3] == b[i - 3] else 1.0
        b.append(first + (1 if a[i] > third else -1) + (a[i - 2] if i >= 2 else NAN))
        c = not c and a[i] > 900
        wanted.append(b[i] + (1000 if c else 0) + ((close + closes[i - 1]) / 2 if i else NAN))
    assert same(run.column("x"), wanted)
    assert len({one for one in wanted if one == one}) > 5000


def test_var_and_seed_are_names_where_two_names_do_not_stand_side_by_side() -> None:
    assert values("var = 2\nseed = 3\nVAR x = x[1] + seed SEED var", [1.0, 1.0]) == [5.0, 8.0]


def test_canonical_form() -> None:
    assert form("var peak=max( peak[1],close )seed 0") == "VAR peak = MAX(peak[1], close) SEED 0\n"


REFUSED = [
    ("VAR x = <x> + 1 SEED 0", "the value of 'x' is made here; x[1] is the one of the row before"),
    ("VAR x = <x[0]> + 1 SEED 0", "'x'[0] is made here; [1] is the value of the row before"),
    ("VAR x = x[<close>] SEED 0", "history wants a whole number of bars that is known beforehand, as in close[1]"),
    ("VAR x = <x[1] > 3> SEED 0", "the seed is a number and the value a bool"),
    (
        "VAR x = x[1] SEED <MACD()>",
        "a seed is a number, a series or a condition, this is a call with several outputs; ",
    ),
    ("VAR x = <MACD()> SEED 0", "the seed is a number and the value a call with several outputs; pick an output: "),
    ('VAR x = x[1] SEED <"a">', "a seed is a number, a series or a condition, this is a text"),
    ("VAR x = x[1] SEED <x>", "unknown name 'x'"),
    ("VAR <close> = 3 SEED 0", "'close' is a column of the input"),
    ("x = 1\nVAR <x> = x[1] SEED 0", "'x' is defined already; a name is given once"),
]


@pytest.mark.parametrize(("marked", "reason"), REFUSED)
def test_refused(marked: str, reason: str) -> None:
    assert refused(marked).startswith(reason)


def test_a_seed_is_not_left_out() -> None:
    with pytest.raises(LangError) as error:
        check("VAR x = x[1] + 1\ny = 2")
    assert (error.value.reason, error.value.start) == ("expected SEED, found end of line", 16)
