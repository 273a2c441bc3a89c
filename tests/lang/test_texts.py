"""Texts in expressions: those of a series' name, and columns of texts, compared with what is written."""

from __future__ import annotations

from array import array

import pytest
from signal_runs import CODES, Run, bars, strategy

from hq_core.batch import Batch, Schema
from hq_core.lang.source import LangError
from hq_core.lang.strategy import Strategy
from hq_core.stages.signal import Signal

COLS = [("ts", "i8"), ("close", "f8"), ("venue", "s4")]
TABLE = ["b", "a", ""]


class Kept:
    """What a stage writes, as columns by name."""

    def __init__(self, text: str) -> None:
        self.stage = Signal([("s", text, "s.hq")])

    def over(self, venues: list[str], symbol: str = "BTCUSDT") -> dict[str, list[float]]:
        from hq_core.api.pipe import pipe  # the public way, rows by a reader

        rows = bars([1.0] * len(venues))
        schema = Schema("bar", symbol, "15m", COLS)
        memory = [
            array("q", [row["ts"] for row in rows]),
            array("d", [row["close"] for row in rows]),
            array("i", [TABLE.index(venue) for venue in venues]),
        ]
        batch = Batch(schema, len(rows), [one.buffer_info()[0] for one in memory], memory, {"venue": TABLE})
        found: dict[str, list[float]] = {}
        for item in pipe(self.stage).run([schema, batch]):
            if isinstance(item, Batch) and item.schema.of == "bar":
                for name in item.schema.names:
                    values = item.words(name) if name in item.texts else item.view(name).tolist()
                    found.setdefault(name, []).extend(values)
        return found


def test_a_column_of_texts_is_compared_with_what_is_written() -> None:
    text = 'PLOT(a, venue == "a")\nPLOT(n, venue != "a")\nPLOT(of, venue IN ("b", "never"))\nPLOT(c, venue == "c")'
    found = Kept(text).over(["a", "b", "", "a"])
    assert found["a"] == [1, 0, 0, 1]
    assert found["n"] == [0, 1, 1, 0]
    assert found["of"] == [0, 1, 0, 0]
    assert found["c"] == [0, 0, 0, 0]


def test_the_empty_text_and_one_with_odd_characters() -> None:
    found = Kept('PLOT(a, venue == "")\nPLOT(b, venue IN ("", "b"))\nPLOT(c, venue != "a\tb\vc\fd")').over(
        ["a", "b", ""]
    )
    assert (found["a"], found["b"], found["c"]) == ([0, 0, 1], [0, 1, 1], [1, 1, 1])


@pytest.mark.parametrize("stopped", [False, True])
def test_rows_that_wait_for_another_series_keep_their_texts(stopped: bool) -> None:
    """Also in a state."""
    text = 'x = venue == "a" AND close@Y > 0'
    rows = [{**row, "venue": i % 2} for i, row in enumerate(bars([1.0] * 4))]

    def fed(told: Run, symbol: str) -> None:
        told.stage.rows(Batch(told.schemas[symbol, "15m"], 4, *_memory(rows), {"venue": TABLE}))

    told = Run(strategy(text, keep=["x"])).announce("15m", columns=COLS).announce("15m", symbol="Y", columns=COLS)
    fed(told, "X")
    if stopped:
        saved = told.finish(more=True).stage.save()
        told = Run(strategy(text, keep=["x"]), saved)
        told.announce("15m", columns=COLS).announce("15m", symbol="Y", columns=COLS)
    for symbol in ("X", "Y"):
        told.stage.other({"kind": "strings", "of": f"bar/{symbol}/15m", "col": "venue", "values": TABLE})
    fed(told, "Y")
    told.stage.mark(10**18)
    assert told.finish().column("x") == [0, 1, 0, 1]


def _memory(rows: list[dict[str, float]]) -> tuple[list[int], list[array[float]]]:
    columns = [array(CODES[kind], [row[name] for row in rows]) for name, kind in COLS]
    return [one.buffer_info()[0] for one in columns], columns


def test_symbol_and_period_are_those_of_the_series() -> None:
    text = 'PLOT(s, symbol IN ("ETHUSDT", "BTCUSDT"))\nPLOT(p, period == "15m" AND symbol != "BTCUSDT")'
    found = Kept(text).over(["a", "b"])
    assert (found["s"], found["p"]) == ([1, 1], [0, 0])
    assert Kept(text).over(["a"], "ETHUSDT")["p"] == [1]


@pytest.mark.parametrize(
    ("text", "wrong", "reason"),
    [
        ('x = symbol < "a"', "<", "'<' compares text with text"),
        ('x = close == "a"', "==", "'==' compares price with text"),
        ('x = close IN (1, "a")', '"a"', "IN compares price with text"),
        ('x = symbol IN (1, "a")', "1", "IN compares text with number"),
        ('x = symbol + "a"', "+", "'+' joins text with text"),
    ],
)
def test_what_does_not_go_together_is_told_at_its_place(text: str, wrong: str, reason: str) -> None:
    with pytest.raises(LangError) as error:
        Strategy("s", text, "s.hq").check_alone(strict=True)
    assert text[error.value.start : error.value.end] == wrong
    assert error.value.reason == reason
