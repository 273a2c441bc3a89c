"""However deep something nests, it is computed or refused with a reason, and never runs into Python's own limit."""

from __future__ import annotations

import json
from array import array

import pytest
from signal_runs import Run, bars, strategy

from hq_core import specs
from hq_core.api.live import Live
from hq_core.errors import DATA, USAGE, HqError
from hq_core.graph import Graph
from hq_core.kernels import ops
from hq_core.lang.source import LangError, StrategyText
from hq_core.lang.strategy import Strategy
from hq_core.stages.indicators import Indicators


def nested(depth: int) -> str:
    return "sma:3(" * depth + "close" + ")" * depth


def as_dicts(depth: int) -> dict:
    found: dict = {"type": "sma", "period": 3}
    for _ in range(depth - 1):
        found = {"type": "sma", "period": 3, "source": found}
    return found


@pytest.mark.parametrize("depth", [65, 3000, 100_000])
def test_specs_that_nest_too_deep_are_refused(depth: int) -> None:
    with pytest.raises(HqError, match="indicators nest deeper than 64") as caught:
        specs.expand(nested(depth))
    assert caught.value.code == USAGE
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("depth", [65, 900, 3000])
def test_specs_as_dicts_that_nest_too_deep_are_refused(depth: int) -> None:
    with pytest.raises(HqError, match="indicators nest deeper than 64") as caught:
        specs.from_dict(as_dicts(depth))
    assert caught.value.code == USAGE


def test_a_text_within_dicts_counts_too() -> None:
    with pytest.raises(HqError, match="nest deeper than 64"):
        specs.from_dict({"type": "sma", "source": nested(64)})


def test_what_is_allowed_to_nest_runs() -> None:
    deepest = nested(64)
    assert len(Indicators([specs.parse(deepest)]).explain()) == 64
    assert len(Live(deepest).columns) == 1
    assert specs.from_dict(as_dicts(64))[0].depth == 64


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sma:3(close)(close)", "the first bracket is closed at 12, before the end"),
        ("sma:3((close)", "1 bracket is not closed"),
        ("sma:3(close))", "the first bracket is closed at 12, before the end"),
    ],
)
def test_brackets_that_do_not_match_are_said(text: str, says: str) -> None:
    with pytest.raises(HqError, match=says):
        specs.parse(text)


@pytest.mark.parametrize(
    "given",
    [
        {"type": "rsi", "period": []},
        {"type": "rsi", "period": {}},
        {"type": "rsi", "period": None},
        {"type": "rsi", "period": True},
        {"type": "rsi", "source": 5},
        {"type": "rsi", "source": [[]]},
        {"type": "macd", "output": []},
        {"type": "ma", "matype": []},
        {"type": "ma", "matype": "9" * 5000},
        {"type": "rsi", "source": None},
        {},
        {"type": 3},
        {"type": "rsi", "source": {"period": 3}},
    ],
)
def test_a_file_of_specs_may_hold_anything(run, tmp_path, given: dict) -> None:
    (tmp_path / "s.json").write_text(json.dumps(given))
    with pytest.raises(HqError):
        specs.from_dict(given)


def test_files_that_nest_are_refused_by_the_command(run, tmp_path) -> None:
    (tmp_path / "deep.json").write_text('{"type": "sma", "source": ' * 900 + '"close"' + "}" * 900)
    (tmp_path / "deeper.json").write_text("[" * 100_000)
    for name, code in (("deep", 2), ("deeper", 65)):
        ran = run(f"hq-gen bars --rows 3 --seed 1 | hq-indicators --spec {name}.json > out")
        assert (ran.code, ran.stderr.count("\n")) == (code, 1)
    ran = run(f"hq-gen bars --rows 3 --seed 1 | hq-indicators '{nested(3000)}' > out")
    assert (ran.code, ran.stderr.count("\n")) == (2, 1)


def test_a_fan_of_huge_numbers_ends() -> None:
    low, high = "1" + "0" * 40, "1" + "0" * 39 + "5"
    with pytest.raises(HqError):
        specs.expand(f"ema:{low}..{high}")


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "(" * 3000 + "close" + ")" * 3000,
        "x = " + "ABS(" * 3000 + "close" + ")" * 3000,
        "x = " + "-" * 3000 + "close",
        "x = " + "NOT " * 3000 + "close > 1",
        "x = close" + "[1]" * 3000,
        "x = close" + " + 1" * 3000,
        "x = close > 1" + " AND close > 1" * 3000,
        "x = close" + "@4h" * 3000,
        "x = close" + ".a" * 3000,
    ],
)
def test_expressions_that_nest_too_deep_are_refused(text: str) -> None:
    with pytest.raises(LangError, match="deeper than") as caught:
        Strategy("s", text, "s.hq").check_alone(strict=True)
    assert caught.value.code == DATA


@pytest.mark.parametrize("column", ["close", "close@1h"])
def test_a_long_chain_of_names_is_computed(column: str) -> None:
    """It was a RecursionError, exit 70."""
    links = "".join(f"a{i} = a{i - 1} + 1\n" for i in range(1, 2001))
    run = Run(strategy(f"a0 = {column}\n{links}IF a2000 > 0 THEN BUY(size=a2000)")).announce("1h", "15m")
    run.feed("1h", bars([5], step=3600)).feed("15m", bars([1, 2, 3, 5])).finish()
    assert run.column("open_long")[-1] == 2005.0


def test_names_that_double_take_no_memory_for_their_text() -> None:
    """Each link was written out whole: 2 ** 40 characters here."""
    links = "".join(f"a{i} = a{i - 1} + a{i - 1}\n" for i in range(1, 41))
    run = Run(strategy(f"a0 = close\n{links}IF a40 > 0 THEN BUY(size=a40)")).announce("15m")
    assert run.feed("15m", bars([1])).finish().column("open_long") == [2.0**40]


def test_a_strategy_of_many_steps_takes_bounded_memory_and_gives_the_same_bits() -> None:
    """40,000 steps took 1.3 GB."""
    graph = Graph()
    line = graph.source("close")
    for i in range(5000):
        line = graph.node(ops.add, [line, graph.constant(float(i % 7))]).out()
    graph.compile([line])
    assert sum(8 * len(memory) for memory in graph._scratch._columns.values()) <= 80 << 20
    source, found = array("d", map(float, range(6000))), array("d", bytes(48_000))
    graph.run({"close": source.buffer_info()[0]}, 6000, [found.buffer_info()[0]])
    assert [found[0], found[-1] - found[0]] == [sum(float(i % 7) for i in range(5000)), 5999.0]


@pytest.mark.parametrize(
    ("text", "line", "caret"),
    [
        ("x = \u3000 + 1", "  x = \ufffd + 1", "      ^"),
        ("x = 'a\x1bb' + 1", "  x = 'a\ufffdb' + 1", "            ^"),
        ("x = '\u4f60' + 1", "  x = '\u4f60' + 1", "           ^"),
        ("x = 'e\ufe0f' + 1", "  x = 'e\ufe0f' + 1", "          ^"),
        ("x = '\u200b' + 1", "  x = '\ufffd' + 1", "          ^"),
    ],
)
def test_carets_stand_under_their_place_whatever_the_line_holds(text: str, line: str, caret: str) -> None:
    with pytest.raises(LangError) as caught:
        Strategy("s", text, "s.hq").check_alone(strict=True)
    assert str(caught.value).splitlines()[1:] == [line, caret]


def test_a_caret_is_as_wide_as_what_is_shown() -> None:
    source = StrategyText("a \u3000\u3000 b", "s.hq")
    assert source.caret(2, 4).splitlines()[1] == "    ^^"
