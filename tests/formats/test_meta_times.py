"""A time in META, and when an order expires, is an instant: text has it as one, and it is read back."""

from __future__ import annotations

import json

import pytest

STRATEGY = 'IF close > 0 THEN BUY(META(ts=open_time, why="x"))'
WRITTEN = "hq-gen bars --rows 4 --seed 1 | hq-signal --signals s.hq > a.hqf; cat a.hqf"


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize("time", ["iso", "ms", "ns"])
def test_a_time_of_meta_is_written_as_one_and_read_back(run, tmp_path, form: str, time: str) -> None:
    (tmp_path / "s.hq").write_text(STRATEGY)
    text = run(f"{WRITTEN} | hq-export {form} --kind order --time {time} | tee a.txt").text
    assert ("2024-01-01T00:00:00Z" in text) == (time == "iso")
    assert (f"meta.ts_{time}" in text) == (time != "iso")
    shown = run("hq-export csv --kind order < a.hqf")
    assert run("hq-import < a.txt | hq-export csv --kind order") == shown
    assert "2024-01-01T00:00:00Z" in shown.text


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_files_with_the_numbers_are_read_as_before(run, tmp_path, form: str) -> None:
    (tmp_path / "s.hq").write_text(STRATEGY)
    run(f"{WRITTEN} | hq-export {form} --kind order --time ns | sed 's/meta.ts_ns/meta.ts/' > a.txt")
    shown = run("hq-export csv --kind order < a.hqf")
    assert run("hq-import < a.txt | hq-export csv --kind order") == shown


FORMS = [
    ("csv", "iso"),
    ("csv", "ms"),
    ("csv", "ns"),
    ("jsonl", "iso"),
    ("jsonl", "s"),
    ("json", "iso"),
    ("parquet", "iso"),
]
ENTERED = """
n = 3
IF close > open THEN BUY(limit=close, expire="4h", META(entered=open_time, wait_ms=n, why="x"))
IF close < open THEN CLOSE_LONG(META(wait_ms=1.5))
"""


@pytest.mark.parametrize(("form", "time"), FORMS)
@pytest.mark.parametrize("stream", ["one", "panel"])
def test_a_time_of_any_name_comes_back_as_it_was(run, tmp_path, form: str, time: str, stream: str) -> None:
    (tmp_path / "s.hq").write_text(ENTERED)
    made = "hq-gen bars --rows 40 --seed 1 > a; hq-gen bars --rows 40 --seed 2 --symbol B > b; "
    made += "hq-signal --signals s.hq < a > one; hq-merge a b | hq-signal --signals s.hq > panel; "
    ran = run(f"{made} hq-export {form} --time {time} < {stream} > x; hq-import < x > back; hq-export csv < {stream}")
    names, *rows = (line.split(",") for line in ran.text.splitlines())
    told = [row for row in (dict(zip(names, row)) for row in rows) if row["meta.why"]]
    assert ran.stderr == ""
    entered = {row["meta.entered"] for row in told}
    assert "2024-01-01T00:00:00Z" in entered
    assert len(entered) > 5
    assert {row["expire"] for row in told if row["ts"].startswith("2024-01-01T00:01:00Z")} == {"2024-01-01T04:01:00Z"}
    assert run(f"hq-export csv < {stream} > wanted; hq-export csv < back | cmp - wanted").code == 0
    if form != "csv":  # of which nothing says the period
        assert run(f"hq-diff {stream} back").code == 0


def test_the_column_says_its_unit_in_the_stream_and_a_difference_is_told_as_a_time(run, tmp_path) -> None:
    (tmp_path / "s.hq").write_text(ENTERED)
    (tmp_path / "t.hq").write_text(ENTERED.replace("entered=open_time", "entered=ts"))
    ran = run("hq-gen bars --rows 4 --seed 1 > a; for one in s t; do hq-signal --signals $one.hq < a > $one; done")
    assert ran.code == 0, ran.stderr
    told = run("hq-diff --columns meta.entered s t")
    assert (told.code, "meta.entered: 2024-01-01T00:00:00Z != 2024-01-01T00:01:00Z" in told.text) == (1, True), (
        told.text
    )


PYTHON = """
class S:
    reads = ("close",)
    meta = {"NAME": int}

    def next(self, row):
        return {"action": "BUY", "meta": {"NAME": 7}}
"""


def test_whole_numbers_of_a_class_stay_numbers(run, tmp_path) -> None:
    (tmp_path / "s.py").write_text(PYTHON.replace("NAME", "held_ms"))
    run("hq-gen bars --rows 4 --seed 1 | hq-signal --signals --python s.py:S > s")
    for time in ("iso", "s"):
        back = run(f"hq-export csv --time {time} < s > x; hq-import < x | hq-export jsonl --head 1")
        assert json.loads(back.text)["meta.held_ms"] == 7
    refused = run("hq-export csv --time ms < s")
    assert (refused.code, "'meta.held_ms': a column of whole numbers" in refused.stderr) == (65, True), refused.stderr


def test_one_key_is_no_time_here_and_a_whole_number_there(run, tmp_path) -> None:
    (tmp_path / "s.py").write_text(PYTHON.replace("NAME", "entered"))
    (tmp_path / "s.hq").write_text(ENTERED)
    ran = run("hq-gen bars --rows 4 --seed 1 | hq-signal --python s.py:S s.hq > /dev/null")
    assert (ran.code, "meta: entered is i8 here and a time in another strategy" in ran.stderr) == (65, True), ran.stderr
