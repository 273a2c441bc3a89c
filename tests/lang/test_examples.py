"""The strategies under examples/: in canonical form, each with why it is as it is and a line that runs it."""

from __future__ import annotations

import csv

import pytest
from documents import examples_in
from places import ROOT

from hq_core.lang.format import format_text
from hq_core.lang.strategy import Strategy

STORES = ("vectors", "vectors_periods")
FILES = sorted((ROOT / "examples").glob("*.hq"))


def why(text: str) -> list[str]:
    """The comment that a file begins with."""
    lines = text.splitlines()
    return lines[: next(i for i, line in enumerate(lines) if not line.startswith("#"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_example_says_why_and_is_in_canonical_form(path) -> None:
    text = path.read_text()
    assert len(why(text)) == 5
    assert format_text(text, str(path)) == text
    if path.stem not in STORES:  # those of tests/similarity run with theirs
        assert not Strategy(path.stem, text, str(path)).check_alone(strict=False).warnings


def test_both_legs_of_a_pair_are_opened_and_closed_together(run) -> None:
    line = why((ROOT / "examples/legs.hq").read_text())[-1].removeprefix("# ")
    ended = run(line.replace(" --text", " | hq-export csv --kind fill"), cwd=ROOT)
    fills = list(csv.DictReader(ended.text.splitlines()))
    pairs = list(zip(fills[::2], fills[1::2]))
    assert len(pairs) > 50
    for one, other in pairs:
        assert one["fill_time"] == other["fill_time"]
        assert {one["symbol"], other["symbol"]} == {"BTCUSDT", "ETHUSDT"}
        assert {one["action"], other["action"]} in ({"open_long", "open_short"}, {"close_long", "close_short"})


@pytest.mark.parametrize("path", [one for one in FILES if one.stem not in STORES], ids=lambda path: path.stem)
def test_the_line_of_an_example_runs_and_gives_orders(path, run, tmp_path) -> None:
    line = why(path.read_text())[-1].removeprefix("# ")
    assert f"examples/{path.name}" in line
    examples_in(tmp_path)
    ended = run(line, cwd=tmp_path)
    assert ended.code == 0, ended.stderr
    kind = "order" if "hq-signal" in line else "fill"
    rows = run(f"{line.partition(path.name)[0]}{path.name} | hq-export csv --kind {kind}", cwd=tmp_path)
    assert len(rows.text.splitlines()) > 5, rows.stderr
