"""hq-signal: orders on the rows, other periods and symbols as of ts, cuts, state, maps."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import lang_oracle as oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signal_runs import COLUMNS, SECOND, Run, bar, bars, bits, strategy

from hq_core.batch import Schema
from hq_core.errors import HqError
from hq_core.kinds import VERBS
from hq_core.lang.format import format_text
from hq_core.lang.source import LangError
from hq_core.stages.signal import Signal

NAN, INF = math.nan, math.inf
FUZZ = int(os.environ.get("HQ_FUZZ", "25"))


def same(found: list[float], wanted: list[float]) -> bool:
    return bits(found) == bits(wanted)


def test_orders_by_hand() -> None:
    rows = bars([5, 1, 3, 9, 9])
    run = (
        Run(strategy("IF close < 2 THEN BUY(size=100)\nIF close > 8 THEN SELL"))
        .announce("15m")
        .feed("15m", rows)
        .finish()
    )
    assert same(run.column("open_long"), [NAN, 100, NAN, NAN, NAN])
    assert same(run.column("close_short"), [NAN, 100, NAN, NAN, NAN])
    assert same(run.column("open_short"), [NAN, NAN, NAN, INF, INF])
    assert same(run.column("close_long"), [NAN, NAN, NAN, INF, INF])
    assert run.rows["bar/X/15m"] == rows
    assert not run.maps
    first = {"strategy": "s", "type": 0, "unit": -1}
    assert run.orders() == [
        {"ts": ts * 900 * SECOND, "id": i, "side": side, "action": action, "quantity": size, "rule": rule, **first}
        for i, (ts, rule, action, side, size) in enumerate(
            [
                (2, 1, "close", "short", 100),
                (2, 1, "open", "long", 100),
                (4, 2, "close", "long", INF),
                (4, 2, "open", "short", INF),
                (5, 2, "close", "long", INF),
                (5, 2, "open", "short", INF),
            ],
            1,
        )
    ]


def test_first_rule_of_the_file_wins_a_verb() -> None:
    text = "IF close > 2 THEN OPEN_LONG(size=1)\nIF close > 1 THEN BUY(size=2)"
    run = Run(strategy(text)).announce("15m").feed("15m", bars([1, 2, 3])).finish()
    assert same(run.column("open_long"), [NAN, 2, 1])
    assert same(run.column("close_short"), [NAN, 2, 2])
    assert same(run.column("open_short"), [NAN, NAN, NAN])


def test_relative_strength_on_a_hand_series() -> None:
    """Wilder's RSI(2) of 10 11 12 11 10 11: means of the moves by hand give nan nan 100 50 25 62.5."""
    text = "r = RSI(2)\nIF r < 30 THEN BUY\nIF r > 70 THEN SELL"
    run = Run(strategy(text, keep=["r"])).announce("15m").feed("15m", bars([10, 11, 12, 11, 10, 11])).finish()
    assert same(run.column("r"), [NAN, NAN, 100, 50, 25, 62.5])
    assert same(run.column("open_long"), [NAN, NAN, NAN, NAN, INF, NAN])
    assert same(run.column("open_short"), [NAN, NAN, INF, NAN, NAN, NAN])


def test_history_and_crossing_by_hand() -> None:
    text = "old = close[2]\nup = CROSSOVER(close, 3)\ndown = CROSSUNDER(close, 3)\nwas = (close > 3)[1]"
    run = Run(strategy(text, keep=["old", "up", "down", "was"])).announce("15m")
    run.feed("15m", bars([2, 3, 4, 3, 5, NAN, 1, 4])).finish()
    assert same(run.column("old"), [NAN, NAN, 2, 3, 4, 3, 5, NAN])
    assert run.column("up") == [0, 0, 1, 0, 1, 0, 0, 1]
    assert run.column("down") == [0, 0, 0, 0, 0, 0, 0, 0]
    assert same(run.column("was"), [0, 0, 0, 1, 0, 1, 0, 0])


def test_nan_compares_false_and_division_by_zero_is_nan() -> None:
    text = "ratio = close / open\nne = close != close[1]\nless = NOT close < 1"
    rows = [bar(900, 4.0, open=0.0), bar(1800, 0.0, open=0.0), bar(2700, NAN), bar(3600, 2.0)]
    run = Run(strategy(text, keep=["ratio", "ne", "less"])).announce("15m").feed("15m", rows).finish()
    assert same(run.column("ratio"), [NAN, NAN, NAN, 1])
    assert run.column("ne") == [0, 1, 0, 0]
    assert run.column("less") == [1, 0, 1, 1]


def test_size_that_is_no_quantity_orders_nothing_and_is_told() -> None:
    stage = strategy("IF close > 0 THEN BUY(size=volume - 1)")
    rows = [bar(900, 1.0, volume=v) for v in (3.0, 1.0, 0.0, NAN, INF, 2.0)]
    run = (
        Run(stage).announce("15m").feed("15m", [{**row, "ts": (i + 1) * SECOND} for i, row in enumerate(rows)]).finish()
    )
    assert same(run.column("open_long"), [2, NAN, NAN, NAN, NAN, 1])
    assert stage.notices == {"s: an order has no size above 0": 4}


# Other clocks


def test_other_period_is_the_last_closed_bar() -> None:
    """15m rows of two 4h bars: the 4h value is seen from its close on, at that very row, and never before."""
    fine = bars([float(i) for i in range(33)])
    coarse = bars([100.0, 200.0], step=14400)
    stage = strategy("x = close@4h\nprevious = close@4h[1]\nmean = SMA(close@4h, 2)", keep=["x", "previous", "mean"])
    run = Run(stage).announce("4h", "15m").feed("4h", coarse).feed("15m", fine).finish()
    assert same(run.column("x"), [NAN] * 15 + [100] * 16 + [200] * 2)
    assert same(run.column("previous"), [NAN] * 31 + [100] * 2)
    assert same(run.column("mean"), [NAN] * 31 + [150] * 2)
    assert len(run.rows["bar/X/4h"]) == 2
    assert "x" not in run.rows["bar/X/4h"][0]


def test_one_row_earlier_is_one_of_the_rows_that_it_is_computed_on() -> None:
    """As hq-dsl(7) has it: of the 4h bars where only they are read, else of the strategy's own."""
    text = "t = close@4h\na = t[1]\nb = (t + close - close)[1]\nc = SMA(t, 2)[1]\nd = CROSSOVER(t, 150)"
    run = Run(strategy(text, keep=["a", "b", "c", "d"])).announce("4h", "15m")
    run.feed("4h", bars([100.0, 200.0, 300.0], step=14400)).feed("15m", bars([1.0] * 49)).finish()
    assert same(run.column("a"), [NAN] * 31 + [100] * 16 + [200] * 2)
    assert same(run.column("b"), [NAN] * 16 + [100] * 16 + [200] * 16 + [300])
    assert same(run.column("c"), [NAN] * 47 + [150] * 2)
    assert run.column("d") == [0] * 31 + [1] * 16 + [0] * 2


def test_div_is_talib_s_and_the_sign_is_not() -> None:
    run = Run(strategy("a = close / open\nb = DIV(close, open)", keep=["a", "b"])).announce("15m")
    run.feed("15m", [bar(900, 4.0, open=0.0), bar(1800, 4.0, open=2.0)]).finish()
    assert same(run.column("a"), [NAN, 2])
    assert same(run.column("b"), [INF, 2])


def test_condition_of_another_period_stands_until_its_next_bar() -> None:
    stage = strategy("a = close@4h > 150\nb = NOT close@4h > 150\nboth = a OR close > 0", keep=["a", "b", "both"])
    run = (
        Run(stage)
        .announce("4h", "15m")
        .feed("4h", bars([100.0, 200.0], step=14400))
        .feed("15m", bars([1.0] * 32))
        .finish()
    )
    assert same(run.column("a"), [0] * 31 + [1])
    assert same(run.column("b"), [1] * 31 + [0])
    assert run.column("both") == [1] * 32


def test_coarse_row_after_the_fine_rows_that_had_to_know_it_is_refused() -> None:
    run = Run(strategy("x = close@4h", keep=["x"])).announce("4h", "15m").feed("15m", bars([1.0] * 16))
    with pytest.raises(
        HqError,
        match="bar/X/4h: the row of 1970-01-01T04:00:00Z comes after the row of bar/X/15m of 1970-01-01T04:00:00Z "
        "that had to know it; hq-merge FILE FILE puts the rows of several files in the order of their ts",
    ):
        run.feed("4h", bars([1.0], step=14400))


def test_own_period_by_name_is_the_base() -> None:
    run = (
        Run(strategy("x = close@15m + close@X - close@X:900s", keep=["x"]))
        .announce("15m")
        .feed("15m", bars([1, 2]))
        .finish()
    )
    assert run.column("x") == [1, 2]


def test_forming_coarse_bar_is_not_seen() -> None:
    forming = [{**bar(14400, 50.0), "complete": 0}, bar(14400, 60.0)]
    run = (
        Run(strategy("x = close@4h", keep=["x"]))
        .announce("4h", "15m")
        .feed("4h", forming)
        .feed("15m", bars([1.0] * 17))
        .finish()
    )
    assert same(run.column("x"), [NAN] * 15 + [60, 60])


def test_forming_row_is_computed_and_leaves_no_trace() -> None:
    """The closed row after any number of updates is what it would be without them."""
    text = "IF CROSSOVER(close, close[1]) THEN BUY(META(c=close))\nm = SMA(close, 2)"
    closed = bars([3.0, 1.0, 4.0, 1.0, 5.0])
    plain = Run(strategy(text, keep=["m"])).announce("15m").feed("15m", closed).finish()
    rows: list[dict[str, float]] = []
    for row in closed:
        rows += [{**row, "close": 7.0, "complete": 0}, {**row, "close": row["close"], "complete": 0}, row]
    for cut in (0, 1, 4):
        run = Run(strategy(text, keep=["m"])).announce("15m").feed("15m", rows, cut=cut).finish()
        found = run.rows["bar/X/15m"]
        for name in ("m", *VERBS):
            assert same(run.column(name)[2::3], plain.column(name))
        assert same([row["m"] for row in found[1::3]], plain.column("m"))
        assert same([row["m"] for row in found[::3]], [NAN, 5, 4, 5.5, 4])
        assert run.orders() == plain.orders() != []


def test_other_symbol_is_waited_for() -> None:
    stage = strategy("x = close@Y", keep=["x"], period="15m")
    run = Run(stage).announce("15m").announce("15m", symbol="Y")
    run.feed("15m", bars([1.0, 2.0, 3.0, 4.0]))
    other = bars([10.0, 20.0, 30.0])
    run.feed("15m", other, symbol="Y").finish()
    assert same(run.column("x"), [10, 20, 30])  # of the last ts a row of Y may still come
    assert same([row["x"] for row in run.rows["bar/Y/15m"]], [10, 20, 30])


def test_rows_that_wait_are_bounded() -> None:
    run = Run(strategy("x = close@Y", keep=["x"])).announce("15m")
    rows = bars([1.0] * 16384)
    for i in range(4):
        run.feed("15m", [{**row, "ts": row["ts"] + i * 16384 * 900 * SECOND} for row in rows])
    with pytest.raises(HqError, match="bar/X/15m: 65536 rows wait for bar/Y/15m"):
        run.feed("15m", [bar(10**9)])


def test_mark_releases_rows_with_an_earlier_ts() -> None:
    stage = strategy("x = close@Y", keep=["x"], missing="warn")
    run = Run(stage).announce("15m").feed("15m", bars([1.0, 2.0, 3.0]))
    stage.mark(1800 * SECOND)
    (unit,) = [symbol.unit for symbol in stage._symbols.values()]
    assert unit is not None
    assert unit.passed == 900 * SECOND
    run.finish()
    assert len(run.rows["bar/X/15m"]) == 3
    assert run.maps == [{"kind": "mark", "ts": 1800 * SECOND}]
    assert stage.notices == {"bar/Y/15m is read by a strategy and not in the input": 3}


# Any cut, any interleaving, resumed anywhere


def events(world: oracle.World, draw: Any) -> list[tuple[str, list[dict[str, float]]]]:
    """The rows as coarse and fine batches: coarse rows come no later than the fine row of their ts."""
    found: list[tuple[str, list[dict[str, float]]]] = []
    sent = 0
    i = 0
    while i < len(world.base):
        size = draw(st.integers(1, len(world.base) - i))
        part = world.base[i : i + size]
        due = [row for row in world.coarse if row["ts"] <= part[-1]["ts"]][sent:]
        sent += len(due)
        if due:
            found.append(("4h", due))
        found.append(("15m", part))
        i += size
    return found


@st.composite
def worlds(draw: Any) -> oracle.World:
    price = st.integers(1, 9) | st.just(NAN)
    base = []
    for i in range(draw(st.integers(1, 24))):
        row = bar(3600 * (i + 1), 0.0)
        base.append({**row, **{name: float(draw(price)) for name in ("open", "high", "low", "close", "volume")}})
    coarse = []
    for i in range(draw(st.integers(0, 6))):
        row = bar(14400 * (i + 1), 0.0)
        coarse.append({**row, **{name: float(draw(price)) for name in ("open", "high", "low", "close", "volume")}})
    return oracle.World(base, coarse)


@given(st.data(), worlds(), oracle.CONDITIONS, oracle.NUMBERS)
@settings(max_examples=FUZZ)
def test_against_the_slow_meaning_under_any_cut(data: Any, world: oracle.World, condition: Any, number: Any) -> None:
    if number.clock == "":
        number = oracle._column("close", "")
    text = f"n = {number.text}\nc = {condition.text}\nIF c THEN OPEN_LONG(size=3, META(n=n))"
    batches = events(world, data.draw)
    run = Run(strategy(text, keep=["n", "c"], period="15m")).announce("4h", "15m")
    for period, rows in batches:
        run.feed(period, rows)
    run.finish()
    n, c = oracle.on(number, "base"), oracle.on(condition, "base")
    wanted = [n(world, i) for i in range(len(world.base))]
    fired = [c(world, i) == 1.0 for i in range(len(world.base))]
    plus_zero = [value + 0.0 for value in run.column("n")]
    assert same(plus_zero, [value + 0.0 if value == value else NAN for value in wanted]), text
    assert [value == 1.0 for value in run.column("c")] == fired, text
    assert same(run.column("open_long"), [3.0 if one else NAN for one in fired])
    told = [(row["ts"], value + 0.0) for row, one, value in zip(world.base, fired, wanted) if one]
    assert [one["ts"] for one in run.meta()] == [ts for ts, _ in told]
    assert same([one["n"] + 0.0 for one in run.meta()], [value if value == value else NAN for _, value in told])

    cut = data.draw(st.integers(0, len(batches)))
    first = Run(strategy(text, keep=["n", "c"], period="15m")).announce("4h", "15m")
    for period, rows in batches[:cut]:
        first.feed(period, rows)
    saved = first.finish(more=True).stage.save()
    second = Run(strategy(text, keep=["n", "c"], period="15m"), saved).announce("4h", "15m")
    for period, rows in batches[cut:]:
        second.feed(period, rows)
    second.finish()
    for key in ("bar/X/15m", "bar/X/4h", "order/X/15m"):
        both = first.rows.get(key, []) + second.rows.get(key, [])
        assert repr(both) == repr(run.rows.get(key, []))


@given(st.data(), worlds(), oracle.POINTWISE)
@settings(max_examples=FUZZ)
def test_a_condition_is_the_same_on_whichever_clock_it_is_computed(
    data: Any, world: oracle.World, condition: oracle.Expr
) -> None:
    """Adding a zero of the base to each number takes the whole condition to the base's rows."""
    here = condition.text.replace("@4h", "@4h + zero")
    text = f"zero = ts_zero - ts_zero\nthere = {condition.text}\nhere = {here}\nIF there THEN OPEN_LONG\n"
    run = Run(strategy(text + "IF here THEN OPEN_SHORT", keep=["there", "here"], period="15m"))
    run.announce("4h").announce("15m", columns=(*COLUMNS, ("ts_zero", "f8")))
    for period, rows in events(world, data.draw):
        run.feed(period, [{**row, "ts_zero": 1.0} for row in rows])
    run.finish()
    assert same(run.column("there"), run.column("here")), text
    assert same(run.column("open_long"), run.column("open_short"))


@given(st.data(), st.lists(st.booleans(), min_size=2, max_size=16))
@settings(max_examples=FUZZ)
def test_two_symbols_in_any_interleaving_and_resumed(data: Any, turns: list[bool]) -> None:
    """Rows of X read Y as of ts, whichever comes first; the values are those of Y's last row up to the ts."""
    text = "x = close@Y[1] + close"
    left, right = bars([float(i) for i in range(8)]), bars([10.0 * i for i in range(9)], step=800)
    wanted = []
    for row in left:
        seen = [other["close"] for other in right if other["ts"] <= row["ts"]]
        wanted.append(seen[-2] + row["close"] if len(seen) > 1 else NAN)
    cut = data.draw(st.integers(0, len(turns)))
    queue = {True: list(left), False: list(right)}
    saved, found = None, []
    for part in (turns[:cut], [*turns[cut:], *[True] * 8, *[False] * 9]):
        run = Run(strategy(text, keep=["x"], period="15m"), saved).announce("15m").announce("15m", symbol="Y")
        for turn in part:
            if queue[turn]:
                run.feed("15m", [queue[turn].pop(0)], symbol="X" if turn else "Y")
        found += run.finish(more=saved is None).rows.get("bar/X/15m", [])
        saved = run.stage.save()
    assert same([row["x"] for row in found], wanted)


# The base, columns, strategies side by side


def test_finest_announced_period_is_the_base_of_each_symbol() -> None:
    run = Run(strategy("IF close > 0 THEN BUY")).announce("4h", "15m").announce("1h", symbol="Y")
    run.feed("4h", bars([1.0], step=14400)).feed("15m", bars([1.0])).feed("1h", bars([1.0]), symbol="Y").finish()
    assert run.rows.keys() == {"bar/X/4h", "bar/X/15m", "order/X/15m", "bar/Y/1h", "order/Y/1h"}


def test_finer_period_after_rows_is_refused() -> None:
    run = Run(strategy("IF close > 0 THEN BUY")).announce("4h").feed("4h", bars([1.0], step=14400))
    with pytest.raises(
        HqError,
        match="bar/X/15m: comes after rows of bar/X/4h .* hq-merge FILE FILE announces all .*, or pass period 4h$",
    ):
        run.announce("15m")
    run = Run(strategy("IF close > 0 THEN BUY", period="4h")).announce("4h").feed("4h", bars([1.0], step=14400))
    run.announce("15m").feed("15m", bars([1.0])).finish()
    assert run.rows.keys() == {"bar/X/4h", "order/X/4h", "bar/X/15m"}


def test_rows_that_came_before_the_base_that_reads_them_are_refused_not_left_out() -> None:
    """The base's values were nan as though no 4h bar had been there."""
    run = Run(strategy("IF close > close@4h THEN BUY", period="15m")).announce("4h")
    run.feed("4h", bars([1.0, 2.0], step=14400))
    with pytest.raises(HqError, match="bar/X/15m: comes after rows of bar/X/4h, which it reads; hq-merge FILE FILE"):
        run.announce("15m")
    alone = Run(strategy("IF close > 1 THEN BUY", period="15m")).announce("4h").feed("4h", bars([1.0], step=14400))
    assert same(alone.announce("15m").feed("15m", bars([2.0])).finish().column("open_long"), [INF])


def test_base_coarser_than_what_it_reads_waits_for_the_finer_rows() -> None:
    stage = strategy("x = close@15m", keep=["x"], period="4h")
    run = Run(stage).announce("4h", "15m").feed("4h", bars([1.0, 2.0], step=14400))
    run.feed("15m", bars([float(i) for i in range(40)]), cut=7).finish()
    assert run.column("x", "bar/X/4h") == [15, 31]


def test_strategies_side_by_side_share_nodes_and_have_prefixes() -> None:
    files = [
        ("a", "e = EMA(close, 3)\nIF close > e THEN BUY", "a.hq"),
        ("b", "IF close < EMA(3) THEN SELL(size=2)", "b.hq"),
    ]
    stage = Signal(files, keep=["e"])
    run = Run(stage).announce("15m").feed("15m", bars([1, 2, 3, 4, 1])).finish()
    assert same(run.column("a.open_long"), [NAN, NAN, INF, INF, NAN])
    assert same(run.column("b.open_short"), [NAN, NAN, NAN, NAN, 2])
    assert run.column("a.e")[2:] == [2, 3, 2]
    (unit,) = [symbol.unit for symbol in stage._symbols.values()]
    assert unit is not None
    assert [repr(node) for node in unit.graph.nodes].count("ema(close, 3)") == 1


def test_columns_of_the_input_are_read_and_whole_numbers_too() -> None:
    columns = (*COLUMNS, ("rsi_14", "f8"), ("macd_12_26_9.hist", "f8"))
    rows = [{**bar(900, 1.0, trades=7), "rsi_14": 20.0, "macd_12_26_9.hist": -1.5}]
    stage = strategy("IF rsi_14 < 30 AND macd_12_26_9.hist < 0 THEN BUY(size=trades + 1)")
    run = Run(stage).announce("15m", columns=columns).feed("15m", rows).finish()
    assert run.column("open_long") == [8]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("IF rsi_15 < 30 THEN BUY", "s.hq:1:4: unknown name 'rsi_15', did you mean 'rsi_14'?"),
        ("IF vwap < 30 THEN BUY", "s.hq:1:4: the input has no column 'vwap'"),
        ("IF venue < 30 THEN BUY", "s.hq:1:10: '<' compares text with number"),
    ],
)
def test_column_that_the_input_lacks(text: str, message: str) -> None:
    run = Run(strategy(text)).announce("15m", columns=(*COLUMNS, ("rsi_14", "f8"), ("venue", "s4")))
    with pytest.raises(HqError) as error:
        run.feed("15m", [{**bar(900), "rsi_14": 1.0, "venue": 0}])
    assert str(error.value).startswith(message)


ODD = (
    "ema_10_close@4h",
    "close@4h",
    "sma_3_macd_12_26_9.hist@4h",
    "bbands_20_close@Y:4h.upper",
    "sar_0.02",
    "my col",
    "if",
)


@pytest.mark.parametrize("name", ODD)
def test_every_column_can_be_named(name: str) -> None:
    """As hq-indicators names it where that is a name of the language, else between backquotes."""
    columns = (*COLUMNS, *((one, "f8") for one in ODD))
    row = {**bar(900, 1.0), **{one: float(i) for i, one in enumerate(ODD)}}
    for written in (f"`{name}`", *([name] if name[-1] in "hr" else [])):
        run = Run(strategy(f"x = {written}", keep=["x"])).announce("15m", columns=columns).feed("15m", [row]).finish()
        assert run.column("x") == [ODD.index(name)]
        assert format_text(f"x={written}", "s.hq") == f"x = {written}\n"


def test_a_reference_is_one_where_the_base_has_no_column_of_just_that_name() -> None:
    stage = strategy("x = close@4h\ny = `close`@4h\nz = ema@4h", keep=["x", "y", "z"])
    run = Run(stage).announce("4h", "15m", columns=(*COLUMNS, ("ema", "f8")))
    run.feed("4h", [{**bar(900, 7.0), "ema": 5.0}]).feed("15m", [{**bar(900, 1.0), "ema": 3.0}]).finish()
    assert (run.column("x"), run.column("y"), run.column("z")) == ([7], [7], [5])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = ema_1@1h", "unknown name 'ema_1', did you mean 'ema_1@4h'?"),
        ("x = sar_0", "unknown name 'sar_0', did you mean '`sar_0.02`'?"),
        ("x = `sar_0.2`", "unknown name 'sar_0.2', did you mean '`sar_0.02`'?"),
        ("x = macd.hist@4h", "unknown name 'macd.hist@4h'"),
    ],
)
def test_what_is_meant_is_said_as_it_is_written(text: str, says: str) -> None:
    run = Run(strategy(text)).announce("15m", columns=(*COLUMNS, ("ema_1@4h", "f8"), ("sar_0.02", "f8")))
    with pytest.raises(LangError) as error:
        run.feed("15m", [{**bar(900), "ema_1@4h": 1.0, "sar_0.02": 1.0}])
    assert error.value.reason == says


def test_cross_is_either_crossing() -> None:
    text = "c = CROSS(close, open)\neither = CROSSOVER(close, open) OR CROSSUNDER(close, open)"
    rows = [bar(900 * (i + 1), float(c), open=2.0) for i, c in enumerate([2, 3, 1, 2, 1, NAN, 3, 2, 3, 1])]
    run = Run(strategy(text, keep=["c", "either"])).announce("15m").feed("15m", rows, cut=3).finish()
    assert run.column("c") == run.column("either") == [0, 1, 1, 0, 1, 0, 0, 0, 1, 1]


def test_column_that_is_there_already() -> None:
    run = Run(strategy("x = close", keep=["x"])).announce("15m", columns=(*COLUMNS, ("x", "f8")))
    with pytest.raises(HqError, match="duplicate column 'x': already exists in bar/X/15m"):
        run.feed("15m", [{**bar(900), "x": 1.0}])


def test_orders_of_a_run_before_are_refused_with_the_form_that_works() -> None:
    for first in (True, False):
        run = Run(strategy("IF close > 0 THEN BUY"))
        earlier = Schema("order", "X", "15m", [("ts", "i8")])
        run.announce("15m")
        steps = [lambda run=run: run.feed("15m", bars([1.0])), lambda run=run, one=earlier: run.stage.schema(one)]
        before, last = steps[::-1] if first else steps
        before()
        with pytest.raises(HqError, match="order/X/15m is in the input already, .* hq-signal A.hq B.hq") as error:
            last()
        assert error.value.code == 65


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"keep": ["y"]}, "keep: unknown name 'y'"),
        ({"params": {"z": 1.0}}, "unknown parameter 'z'"),
        ({"keep": ["x"], "signals": True}, "keep: there are no rows"),
    ],
)
def test_wrong_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(HqError, match=message) as error:
        strategy("x = close", **options)
    assert error.value.code == 2


def test_constants_are_columns_and_conditions_too() -> None:
    text = "k = 3\nyes = TRUE\nIF yes THEN OPEN_LONG(size=k, META(k=k, yes=yes))"
    run = Run(strategy(text, keep=["k", "yes"])).announce("15m").feed("15m", bars([1, 2])).finish()
    assert run.column("k") == run.column("open_long") == [3, 3]
    assert run.column("yes") == [1, 1]
    assert [(one["k"], one["yes"]) for one in run.meta()] == [(3.0, 1.0)] * 2


def test_conditions_that_never_change_are_conditions() -> None:
    text = (
        "always = 1 < 2\nIF always THEN OPEN_LONG\nIF NOT TRUE OR 2 == 1 THEN OPEN_SHORT\n"
        "IF always THEN CLOSE_LONG(size=close)"
    )
    run = Run(strategy(text, keep=["always"])).announce("15m").feed("15m", bars([5, 1])).finish()
    assert run.column("always") == [1, 1]
    assert same(run.column("open_long"), [INF, INF])
    assert same(run.column("open_short"), [NAN, NAN])
    assert same(run.column("close_long"), [5, 1])


def test_strategy_without_rules_orders_nothing() -> None:
    run = Run(strategy("# nothing\n")).announce("15m").feed("15m", bars([1, 2])).finish()
    assert run.rows.keys() == {"bar/X/15m"}
    assert "order/X/15m" in run.series


def test_input_that_no_strategy_can_run_on_is_told() -> None:
    stage = strategy("IF close > 0 THEN BUY", period="1h", missing="warn")
    run = Run(stage).announce("4h").feed("4h", bars([1.0], step=14400)).finish()
    assert run.rows["bar/X/4h"][0].keys() == {name for name, _ in COLUMNS}
    assert stage.notices == {"no 1h bars of bar/X, so no strategy ran": 1}


def test_series_that_is_announced_after_the_rows_that_it_reads_knows_them() -> None:
    text = "y = SMA(close, 2)@Y\nIF y > 1 THEN BUY"
    run = Run(strategy(text, keep=["y"])).announce("15m", symbol="Y").feed("15m", bars([1.0, 2.0]), symbol="Y")
    run.announce("15m").feed("15m", bars([5.0, 5.0, 5.0])[1:])
    run.feed("15m", bars([1.0, 2.0, 4.0])[2:], symbol="Y").finish()
    assert same(run.column("y"), [1.5, 3.0])


# META

RULES = """param limit = 2
IF close > limit THEN BUY(size=5, META(why="dip", c=close, up=close > 3, at=ts, n=limit, x=close / 0 * open))
IF close > 3 THEN SELL
"""


def test_meta_is_columns_of_the_orders() -> None:
    stage = strategy(RULES.replace(" / 0 * open", " / (open - open)"))
    run = Run(stage).announce("15m").feed("15m", bars([1, 3, 4])).finish()
    assert repr(run.meta()) == repr(
        [
            {"ts": i * at, "why": "dip", "c": c, "up": float(c > 3), "at": i * at, "n": 2.0, "x": NAN}
            for i, c, at in ((2, 3.0, 900 * SECOND), (3, 4.0, 900 * SECOND))
        ]
        + [{"ts": 2700 * SECOND, "why": "", "c": NAN, "up": NAN, "at": 0, "n": NAN, "x": NAN}]
    )
    types = dict(run.series["order/X/15m"].cols)
    assert [types[f"meta.{key}"] for key in ("why", "c", "up", "at", "n", "x")] == ["s4", "f8", "f8", "i8", "f8", "f8"]


def test_a_key_of_meta_has_one_type() -> None:
    for one, other in (('"dip"', "close"), ("ts", "close"), ("ts", '"dip"')):
        with pytest.raises(HqError, match="META: at is a .* in one rule and a .* in another; the column meta.at") as no:
            strategy(f"IF close > 1 THEN BUY(META(at={one}))\nIF close < 1 THEN SELL(META(at={other}))")
        assert no.value.code == 65


def test_signals_are_the_orders_alone() -> None:
    text = "IF close > 2 THEN BUY(META(ts=ts))\nIF close > 3 THEN SELL(size=7)"
    whole = Run(strategy(text)).announce("4h", "15m").feed("15m", bars([1, 3, 4])).finish()
    for cut in (0, 1):
        run = Run(strategy(text, signals=True)).announce("4h", "15m").feed("15m", bars([1, 3, 4]), cut=cut).finish()
        assert run.rows == {"order/X/15m": whole.rows["order/X/15m"]}
        assert run.series.keys() == {"order/X/15m"}


def test_rules_that_hold_are_told_in_row_and_rule_order_whatever_they_order() -> None:
    """Also the second rule that orders what the first one has ordered."""
    text = 'IF close > 2 THEN BUY(META(ts=ts, up=close > 3, x=close / (open - open), why=""))'
    text += "\nIF close > 3 THEN BUY(size=7)"
    for cut in (0, 1):
        told: list[dict[str, Any]] = []
        run = Run(strategy(text, tell=told.append)).announce("4h", "15m").feed("15m", bars([1, 3, 4]), cut=cut).finish()
        assert (run.rows, run.series) == ({}, {})
        assert [(one["ts"] // (900 * SECOND), one["action"], one["size"], one["meta"]) for one in told] == [
            (2, "BUY", None, {"ts": 1800 * SECOND, "up": False, "x": None, "why": ""}),
            (3, "BUY", None, {"ts": 2700 * SECOND, "up": True, "x": None, "why": ""}),
            (3, "BUY", 7, {}),
        ]
        assert list(told[0]) == ["ts", "symbol", "period", "strategy", "action", "size", "meta"]


def test_orders_lie_before_their_bars_and_bars_that_wait_wait_for_theirs() -> None:
    """However many rows come at once, and with rows that wait for another series."""
    for n, text in ((3, "IF close > 0 THEN BUY"), (5000, "IF close > 0 THEN BUY"), (700, "IF close@Y > 0 THEN BUY")):
        run = Run(strategy(text)).announce("15m").announce("15m", symbol="Y")
        run.feed("15m", bars([1.0] * n), cut=max(n // 3, 1)).feed("15m", bars([1.0] * n), symbol="Y").finish()
        done: set[int] = set()
        for key, ts in run.parts:
            if key == "bar/X/15m":
                done.update(ts)
            elif key == "order/X/15m":
                assert not done & set(ts)
        assert [row["id"] for row in run.orders()] == list(range(1, len(run.orders()) + 1))
        assert len(run.orders()) == 2 * len(run.rows["bar/X/15m"])


def test_meta_does_not_change_the_rows() -> None:
    rows = bars([1, 3, 4])
    with_meta = Run(strategy("IF close > 2 THEN BUY(META(c=close))")).announce("15m").feed("15m", rows).finish()
    without = Run(strategy("IF close > 2 THEN BUY")).announce("15m").feed("15m", rows).finish()
    assert repr(with_meta.rows["bar/X/15m"]) == repr(without.rows["bar/X/15m"])
    assert [one.pop("meta.c") for one in with_meta.rows["order/X/15m"]] == [3, 3, 4, 4]
    assert with_meta.rows["order/X/15m"] == without.rows["order/X/15m"]


def test_large_batch_spans_the_pieces_of_the_graph() -> None:
    closes = [float(i % 97) for i in range(16384)]
    text = "IF close - close[97] == 0 AND close@4h > 10 THEN BUY(size=close, META(c=close))"
    wanted = []
    for i, close in enumerate(closes):
        coarse = (i + 1) // 16 - 1
        wanted.append(close if i >= 97 and coarse >= 0 and closes[coarse] > 10 and close > 0 else NAN)
    for cut in (0, 1000):
        run = Run(strategy(text)).announce("4h", "15m").feed("4h", bars(closes[:1024], step=14400))
        run.feed("15m", bars(closes), cut=cut).finish()
        assert same(run.column("open_long"), wanted)
        assert [one["c"] for one in run.meta()] == [value for value in wanted if value == value]


# The command


def hq_signal(*arguments: str) -> tuple[int, str, str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-m", "hq_cli.signal", *arguments], env=environment, capture_output=True, text=True
    )
    return done.returncode, done.stdout, done.stderr


def test_command_checks_and_formats(tmp_path: Path) -> None:
    path = tmp_path / "s.hq"
    path.write_text("param a = 3 in 1..5\nclose > a\nif rsi(a)<30 then buy")
    name = str(path)
    warning = f"hq-signal: {name}:2:1: warning: the expression has no effect; give it a name or use it\n"
    assert hq_signal("--check", name) == (0, "", warning)
    canonical = "param a = 3 in 1..5\nclose > a\nIF RSI(close, period=a) < 30 THEN BUY()\n"
    assert hq_signal("--format", name) == (0, canonical, "")
    code, _, told = hq_signal("--check", "--param", "a=6", name)
    assert (code, told.splitlines()[0]) == (65, f"hq-signal: {name}:1:11: a is 6, must be 1 to 5")
    assert hq_signal("--check", "--param", "b=6", name)[0] == 2
    assert hq_signal("--check", "--param", "a", name)[0] == 2
    assert hq_signal("--check", "--period", "4q", name)[0] == 2


def test_command_refuses_a_wrong_file_before_any_input(tmp_path: Path) -> None:
    path = tmp_path / "s.hq"
    path.write_text("IF emma > 3 THEN BUYY\n")
    code, out, told = hq_signal(str(path))
    assert (code, out) == (65, "")
    assert told == (
        f"hq-signal: {path}:1:18: unknown action 'BUYY', did you mean 'BUY'?\n"
        "  IF emma > 3 THEN BUYY\n                   ^^^^\n"
    )
    assert hq_signal("--check", str(tmp_path / "none.hq"))[0] == 66
    path.write_bytes(b"x = \xff")
    assert hq_signal("--check", str(path)) == (65, "", f"hq-signal: {path}: byte 4 is not UTF-8\n")
    assert hq_signal()[0] == 2
