"""Orders as text: what hq writes it reads back, codes, texts and columns of META of each type."""

from __future__ import annotations

import json

import pytest

STRATEGY = (
    "IF RSI(14) > 60 THEN SELL(size=0.5)\n"
    'IF RSI(14) < 40 THEN BUY(META(r=RSI(14), at=ts, up=close > open, why="low", none=close / (open - open)))\n'
)


@pytest.fixture
def orders(run, tmp_path):
    (tmp_path / "s.hq").write_text(STRATEGY)
    (tmp_path / "t.hq").write_text("IF close > open THEN OPEN_LONG")
    made = (
        "hq-gen bars --rows 400 --seed 1 > a; hq-gen bars --rows 400 --seed 2 --symbol B > b; "
        "hq-signal s.hq t.hq < a > one.hqf; hq-merge a b | hq-signal s.hq t.hq > panel.hqf"
    )
    assert run(made).code == 0


@pytest.mark.parametrize("stream", ["one", "panel"])
@pytest.mark.parametrize("form", ["jsonl", "json", "parquet", "arrow"])
def test_orders_come_back_as_they_were(run, orders, stream, form):
    ran = run(
        f"hq-export {form} --kind order < {stream}.hqf > x; "
        f"hq-signal --signals s.hq t.hq < <(hq-export jsonl --kind bar < {stream}.hqf | hq-import) > orders.hqf; "
        "hq-import < x | hq-diff -v orders.hqf -"
    )
    assert (ran.code, ran.stderr) == (0, ""), ran.stdout
    assert "equal: 0 rows" not in ran.text


def test_orders_and_bars_as_text_are_traded_as_they_were(run, orders):
    wanted = run("hq-backtest --strategy s --json < one.hqf")
    assert wanted.code == 0
    got = run("hq-export jsonl < one.hqf | hq-backtest --strategy s --json")
    told = [{**json.loads(one.stdout), "card": None} for one in (wanted, got)]  # which tells the commands
    assert told[0] == told[1]


def test_a_csv_of_the_columns_that_an_order_must_have_is_one_of_orders(run, orders):
    columns = "ts,strategy,id,side,action,type,quantity,unit"
    run(f"hq-export csv --kind order --columns {columns} < one.hqf > x; hq-export jsonl --kind order < one.hqf > y")
    ran = run(f"hq-diff -v --columns {columns} x y")
    assert (ran.code, ran.stderr) == (0, ""), ran.text
    wrong = run("sed '2s/open\\|close/sell/' x | hq-import > /dev/null")
    assert (wrong.code, "'action': 'sell' is none of open, close, target" in wrong.stderr) == (65, True), wrong.stderr


@pytest.mark.parametrize("first", [2, 62])
def test_a_csv_tells_the_types_of_meta_by_all_its_first_rows(run, orders, first):
    """A text is empty in the rows of other rules, a float is none that is whole, and neither is told by row 1 alone."""
    made = run(
        f"hq-export csv --kind order < one.hqf > x; (head -1 x; tail -n +{first} x) > y; hq-import < y > back.hqf"
    )
    assert (made.code, made.stderr) == (0, "")
    assert run("hq-export csv < back.hqf | cmp - y").code == 0
    row = json.loads(run("hq-export jsonl < back.hqf | grep low | head -1").text)
    assert [type(row[f"meta.{name}"]) for name in ("r", "at", "up", "why")] == [float, str, float, str]
