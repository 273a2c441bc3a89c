"""hq-diff says equal only of what it has read, matches rows by ts and key, and takes tolerances."""

from __future__ import annotations

import json
import math
import random

import frames
import pytest
from test_diff import BARS, changed, compared

from hq_core.batch import Schema

KEY = "bar/BTCUSDT/15m"


@pytest.mark.parametrize("each", [1, 7, 50])
def test_one_missing_row_is_one_difference(each):
    schema, rows = BARS
    found = compared(frames.frames(BARS, each=each), frames.frames((schema, rows[:20] + rows[21:]), each=13))
    assert found.series[KEY].alone == [1, 0]
    assert (found.rows, found.rows_differ, found.differ) == (49, 0, {})
    assert found.first == {
        "series": KEY,
        "ts": rows[20][0],
        "row": 20,
        "column": "",
        "a": "a row",
        "b": None,
        "ulp": None,
    }


def test_rows_missing_on_both_sides_and_a_value_that_differs():
    schema, rows = BARS
    other = changed(BARS, 30, "close", 1.0)[1]
    found = compared(frames.frames((schema, rows[:10] + rows[12:])), frames.frames((schema, other[:40] + other[41:])))
    assert found.series[KEY].alone == [1, 2]
    assert (found.rows, found.rows_differ) == (47, 1)
    assert (found.first["row"], found.first["a"], found.first["b"]) == (10, None, "a row")


def test_matching_is_what_sets_say():
    """Random subsets of the same rows, in random frames: the rows alone are those of the set difference."""
    chance = random.Random(5)
    schema, rows = BARS
    for _ in range(60):
        a, b = ([row for row in rows if chance.random() < 0.8] for _ in range(2))
        found = compared(
            frames.frames((schema, a), each=chance.randint(1, 20)),
            frames.frames((schema, b), each=chance.randint(1, 20)),
        )
        assert found.series[KEY].alone == [len(set(a) - set(b)), len(set(b) - set(a))]
        assert found.rows == len(set(a) & set(b))
        assert (found.first is None) == (a == b)


def test_trades_of_one_instant_are_matched_by_their_id():
    schema = Schema("trade", "X", "", [("ts", "i8"), ("price", "f8"), ("id", "i8")])
    rows = [(10, 1.0, 1), (10, 2.0, 2), (10, 3.0, 3), (20, 4.0, 4)]
    found = compared(frames.frames((schema, rows)), frames.frames((schema, rows[:1] + rows[2:])))
    assert found.series["trade/X/"].alone == [1, 0]
    assert found.rows_differ == 0
    assert found.first["row"] == 1


def test_rows_without_a_time_are_matched_by_their_place():
    schema = Schema("x", "", "", [("v", "f8")])
    found = compared(frames.frames((schema, [(1.0,), (2.0,)])), frames.frames((schema, [(2.0,)])))
    assert (found.rows_differ, found.series["x//"].alone) == (1, [1, 0])


@pytest.mark.parametrize(
    ("a", "b", "near", "equal"),
    [
        (1.0, 1.0 + 1e-9, {"rtol": 1e-8}, True),
        (1.0, 1.0 + 1e-7, {"rtol": 1e-8}, False),
        (1e9, 1e9 + 0.5, {"rtol": 1e-9}, True),
        (0.0, 1e-12, {"rtol": 1e-3}, False),
        (0.0, 1e-12, {"atol": 1e-12}, True),
        (0.0, -0.0, {"atol": 0.0}, True),
        (math.inf, 1e308, {"rtol": 1.0}, False),
        (math.inf, math.inf, {"rtol": 0.1}, True),
        (math.nan, 1.0, {"atol": 1e300}, False),
        (1.0, 1.0 + 2**-52, {"rtol": 0.0, "ulp": 1}, True),
        (1e308, -1e308, {"rtol": 1.0}, False),
        (5.0, 5.05, {"atol": 0.1}, True),
        (5.0, 5.2, {"atol": 0.1}, False),
    ],
)
def test_tolerances(a, b, near, equal):
    schema = Schema("x", "S", "", [("ts", "i8"), ("v", "f8"), ("w", "f4x1")])
    for kind in ("v", "map"):
        one, other = (
            (
                frames.frames((schema, [(0, value, [1.0])]))
                if kind == "v"
                else frames.frames({"kind": "report", "v": value})
            )
            for value in (a, b)
        )
        assert (compared(one, other, **near).first is None) == equal, kind


def test_the_same_series_without_rows_are_equal(run):
    run("hq-gen bars --rows 0 --seed 1 > a.hqf; hq-gen bars --rows 0 --seed 2 > b.hqf")
    assert run("hq-diff a.hqf b.hqf").code == 0
    run("hq-gen bars --rows 0 --seed 2 --symbol OTHER > c.hqf")
    assert run("hq-diff a.hqf c.hqf").code == 1


def test_equal_is_said_of_series_without_rows(run):
    assert run("echo ts,close > a; hq-diff a a").code == 0
    assert run("echo ts,close > a; echo ts,open,close > b; hq-diff a b").code == 1


def test_equal_is_not_said_where_nothing_was_read(run):
    run("""echo '{"e":"depthUpdate","x":1}' | tee a > b""")
    ran = run("hq-diff a b")
    assert (ran.code, ran.stdout) == (65, b"")
    assert ran.stderr.startswith("hq-diff: a: ")


STRATEGY = 'IF RSI(14) < 30 THEN BUY(META(why="dip"))\\nIF RSI(14) > 70 THEN SELL()\\n'


@pytest.mark.parametrize(
    ("line", "change"),
    [
        ("hq-backtest --json {} < s.hqf", "--size 30%"),
        ("hq-backtest {} < s.hqf | hq-export jsonl --kind equity", "--size 30%"),
        ("hq-backtest {} < s.hqf | hq-export jsonl --kind fill", "--size 30%"),
        ("hq-backtest {} < s.hqf | hq-export jsonl", "--lot 0.01"),
        ("hq-backtest {} < s.hqf | hq-export json", "--lot 0.01"),
        ("hq-export jsonl {} < s.hqf", "--tail 2900"),
        ("hq-backtest {} < s.hqf | hq-export csv --kind fill", "--size 30%"),
        ("hq-backtest {} < s.hqf | hq-export csv --kind equity", "--size 30%"),
    ],
)
def test_it_reads_all_that_hq_writes_as_text(run, line, change):
    """Two different reports were equal: 0 rows of 0 series."""
    run(f"printf '{STRATEGY}' > s.hq; hq-gen bars --rows 3000 --seed 1 | hq-signal s.hq > s.hqf")
    run(f"{line.format('')} > a; {line.format(change)} > b")
    assert run("hq-diff a a") == (b"", "", 0)
    ran = run("hq-diff a b")
    assert (ran.code, ran.stderr) == (1, "")
    assert ran.text


def test_orders_as_text_are_compared(run):
    made = "hq-gen bars --rows 3000 --seed 1 | hq-signal --signals s.hq {} | hq-export jsonl"
    run(f"printf 'param under = 30 in 1..49\\nIF RSI(14) < under THEN BUY()\\n' > s.hq; {made.format('')} > a")
    run(f"{made.format('--param under=29')} > b")
    assert json.loads(run("head -1 a").text)["kind"] == "order"
    assert run("hq-diff a a").code == 0
    assert run("hq-diff a b").code == 1


def signals(*at: int) -> list[dict]:
    return [{"kind": "signal", "ts": ts, "symbol": "X", "period": "1m", "strategy": "s", "action": "BUY"} for ts in at]


@pytest.mark.parametrize(
    ("a", "b", "alone"),
    [
        ((1, 2, 3, 4), (1, 3, 4), [1, 0]),
        ((2, 3), (1, 2, 3), [0, 1]),
        ((1, 2), (1, 2, 3), [0, 1]),
        ((1, 3, 5), (2, 3, 4), [2, 2]),
        ((1, 1, 2), (1, 2), [1, 0]),
        ((), (7, 8), [0, 2]),
    ],
)
def test_one_missing_signal_is_one_difference(a, b, alone):
    """They were matched by number: all after the missing one differed."""
    for sides, wanted in (((a, b), alone), ((b, a), alone[::-1])):
        found = compared(*(frames.frames(BARS, *signals(*side)) for side in sides))
        group = found.maps["signal/X/1m/s"]
        assert (group.alone, group.compared, found.maps_differ) == (wanted, len(sides[0]) - wanted[0], 0)
        assert found.first["a" if wanted[0] else "b"] == "a signal frame" or alone == [2, 2]


def test_signals_by_chance_match_as_sets_do():
    chance = random.Random(7)
    for _ in range(60):
        a, b = ([ts for ts in range(40) if chance.random() < 0.8] for _ in range(2))
        found = compared(frames.frames(BARS, *signals(*a)), frames.frames(*signals(*b), BARS))
        assert found.maps["signal/X/1m/s"].alone == [len(set(a) - set(b)), len(set(b) - set(a))]


def runs(run) -> None:
    """Runs a and b, c which trades as a and reports another fee, all orders, and all but the fifth."""
    run(f"printf '{STRATEGY}' > s.hq; hq-gen bars --rows 3000 --seed 1 | hq-signal s.hq > s.hqf")
    run("hq-backtest < s.hqf > a; hq-backtest --size 30% < s.hqf > b; hq-backtest --maker-fee 0.1 < s.hqf > c")
    run("hq-gen bars --rows 3000 --seed 1 | hq-signal --signals s.hq | hq-export jsonl > a.jsonl")
    run("sed 5d a.jsonl > a5.jsonl")


def test_a_missing_order_in_words(run):
    runs(run)
    run("sed 5,6d a.jsonl > a5.jsonl")
    first, total = run("hq-diff a.jsonl a5.jsonl").text.splitlines()
    assert first.startswith("order/BTCUSDT/1m ts 2024-01-01T"), first
    assert first.endswith("Z: a row, not in a5.jsonl"), first
    assert total == "order/BTCUSDT/1m has 2 rows only in a.jsonl"
    assert json.loads(run("hq-diff --json a.jsonl a5.jsonl").text)["only"] == {"order/BTCUSDT/1m": [2, 0]}


def test_columns_compare_neither_reports_nor_series_without_them(run):
    """Two runs with one equity and two reports could never be equal."""
    runs(run)
    assert run("hq-diff a c").code == 1
    assert run("hq-diff --columns equity,ts a c").code == 0
    ran = run("hq-diff --columns equity a b; hq-diff -v --columns equity a c")
    assert "report" not in ran.text
    assert ran.text.splitlines()[1:] == [
        "2969 of 3000 rows differ in 1 column",
        "equal: 3000 rows of 1 series, 0 other frames",
    ]
    assert run("hq-diff --columns equity a.jsonl a.jsonl").stderr.startswith(
        "hq-diff: column 'equity' is in neither stream"
    )


def test_a_series_without_the_columns_is_not_compared():
    one, other = (Schema(kind, "X", "", [("ts", "i8"), (name, "f8")]) for kind, name in (("p", "v"), ("q", "w")))
    a = frames.frames((one, [(1, 1.0)]), (other, [(1, 1.0), (2, 1.0)]))
    b = frames.frames((one, [(1, 1.0)]), (other, [(1, 2.0)]))
    assert compared(a, b, columns=("v",)).first is None
    assert compared(a, b, columns=("v", "w")).first["series"] == "q/X/"
    assert compared(a, frames.frames((one, [(1, 1.0)])), columns=("v",)).first is None
    assert compared(a, frames.frames((one, [(1, 1.0)])), columns=("w",)).first["a"] == "2 rows"


def test_the_words_leave_out_what_is_zero_and_ulp_that_say_nothing(run):
    runs(run)
    run("for fee in 1 2; do hq-backtest --json --maker-fee 0.000$fee < s.hqf > $fee; done")
    first, total = run("hq-diff 1 2").text.splitlines()
    assert total == "1 of 1 report frame differs"
    assert first == "report/BTCUSDT/1m/s options.maker_fee: 0.0001 != 0.0002 (0.0001 apart)"
    assert json.loads(run("hq-diff --json 1 2").text)["first"]["ulp"] > 10_000


def test_times_in_reports_are_shown_as_times(run):
    report = '{{"kind":"report","first_ts":17040672{}000000000,"n":1}}'
    for name, digits in (("a", "00"), ("b", "10")):
        run(f"echo '{report.format(digits)}' > {name}")
    assert run("hq-diff a b").text == (
        "report first_ts: 2024-01-01T00:00:00Z != 2024-01-01T00:00:10Z\n1 of 1 report frame differs\n"
    )


def test_a_column_that_one_side_lacks_in_words(run):
    made = "hq-gen bars --rows 50 --seed 1"
    ran = run(f"{made} > a; {made} | hq-indicators ema:5 > b; hq-diff a b")
    assert ran.text == "bar/BTCUSDT/1m ema_5: f8, not in a\n0 of 50 rows differ\n"


@pytest.mark.parametrize("form", ["table", "csv"])
def test_a_format_without_a_place_for_reports_names_one_that_has(run, form):
    runs(run)
    ran = run(f"hq-export {form} --kind liquidation,report < a")
    assert (ran.code, ran.stderr) == (0, f"hq-export: {form} has no place for 1 report frame; jsonl has\n")


def test_a_format_of_one_kind_takes_the_bars_and_says_what_it_leaves(run):
    runs(run)
    ran = run("hq-export csv < s.hqf")
    assert (ran.code, len(ran.text.splitlines())) == (0, 3001)
    assert ran.stderr == "hq-export: csv holds one kind, here bar; --kind order gives the 464 order rows\n"
    assert run("hq-export csv --kind bar < s.hqf") == (ran.stdout, "", 0)
    assert run("hq-signal --signals s.hq < s.hqf | hq-export csv").code == 65  # orders of a run before
    orders = run("hq-gen bars --rows 3000 --seed 1 | hq-signal --signals s.hq | hq-export csv")
    assert orders == run("hq-export csv --kind order < s.hqf")
    assert len(orders.text.splitlines()) == 465


@pytest.mark.parametrize("kind", ["fill", "equity"])
def test_csv_which_has_no_period_is_compared_with_what_has_one(run, kind):
    """The csv and the jsonl of one run were two series that each side lacked."""
    runs(run)
    for form in ("csv", "jsonl"):
        run(f"hq-export {form} --kind {kind} < a > a.{form}; hq-export {form} --kind {kind} < b > b.{form}")
    for a, b in (("a.csv", "a.jsonl"), ("a.jsonl", "a.csv")):
        assert run(f"hq-diff {a} {b}") == (b"", "", 0)
    for one in ("a.jsonl b.csv", "a.csv b.jsonl"):
        ran = run(f"hq-diff {one}")
        assert ran.code == 1
        assert ran.text == run("hq-diff a.jsonl b.jsonl").text
        assert ran.text.startswith(f"{kind}/BTCUSDT/1m ts 2024-01-01T")


@pytest.mark.parametrize(
    ("periods", "code"), [(["1m"], 0), (["1m", "5m"], 65), (["5m", ""], 65), (["", "5m"], 1), ([""], 0)]
)
def test_a_series_without_a_period_is_never_guessed(run, periods, code):
    runs(run)
    run("hq-export csv --kind equity < a > a.csv; hq-export jsonl --kind equity < a > one")
    run(" ".join(f'sed \'s/"1m"/"{period}"/\' one >> both;' for period in periods))
    for one, other in (("a.csv", "both"), ("both", "a.csv")):
        ran = run(f"hq-diff {one} {other}")
        assert (ran.code, ran.stderr.count("\n")) == (code, int(code == 65)), ran
        if code == 65:
            assert ran.stderr.startswith(
                "hq-diff: a.csv: equity/BTCUSDT/ has no period, so nobody can tell which it "
                f"is of equity/BTCUSDT/{periods[0]}, equity/BTCUSDT/{periods[1]}; choose one"
            )


def test_frames_and_jsonl_without_a_period_are_a_series_of_their_own(run):
    one, other = (Schema("equity", "X", period, [("ts", "i8")]) for period in ("", "1m"))
    assert compared(frames.frames((one, [(1,)])), frames.frames((other, [(1,)]))).first is not None
    runs(run)
    run('hq-export jsonl --kind equity < a > a.jsonl; sed \'s/"1m"/""/\' a.jsonl > b.jsonl')
    assert run("hq-diff a.jsonl b.jsonl").code == 1
