"""META(ts=...) is an instant: csv and jsonl write it as one, and read it back."""

from __future__ import annotations

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
