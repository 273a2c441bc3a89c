"""Panels with further columns of coded texts, through stages that are given the series of their symbols."""

from __future__ import annotations

import tempfile
from itertools import pairwise

import frames
import panel_runs
from hypothesis import given, settings
from hypothesis import strategies as st

import hq_core
from hq_core.batch import Schema
from hq_core.flow import State

MINUTE, START = panel_runs.MINUTE, panel_runs.START
COLS = [*panel_runs.BAR[:1], ("symbol", "s4"), ("venue", "s4"), *panel_runs.BAR[1:], ("note", "s4")]
STAGES = {
    "indicators": lambda: hq_core.Indicators(["sma:2", "sma:2(close@A)"], missing="warn"),
    "signal": lambda: hq_core.Signal([("s", "IF close > close[1] THEN BUY(size=1)", "s.hq")]),
}
Row = tuple[int, str, str, str]  # minute, symbol, venue, note
words = st.sampled_from(["okx", "größte", "", "x y"])


def section(rows: list[Row], order: list[str]) -> bytes:
    """One section of a panel, whose codes lie in that order."""
    key = "bar//1m"
    symbols = sorted({row[1] for row in rows}, key=lambda one: order.index(one) if one in order else -1)
    told = {"symbol": symbols, "venue": order, "note": order[::-1]}
    made = []
    for minute, symbol, venue, note in rows:
        ts = START + MINUTE * (minute + 1)
        price = 10.0 + minute
        codes = [told["symbol"].index(symbol), told["venue"].index(venue)]
        made.append((ts, *codes, ts - MINUTE, price, price, price, price, 1.0, told["note"].index(note)))
    maps = [{"kind": "strings", "of": key, "col": name, "values": texts} for name, texts in told.items()]
    return frames.frames(*maps, (Schema("bar", "", "1m", COLS), made))


def read(data: bytes) -> list[Row]:
    """The same of what a stage wrote, as panel or series, in the order of minute and symbol."""
    found = []
    for kind, item in frames.items(data):
        if kind == "rows" and item.schema.of == "bar":
            symbols = item.words("symbol") if item.schema.panel else [item.schema.symbol] * item.n
            minutes = [(ts - START) // MINUTE - 1 for ts in item.view("ts")]
            found += zip(minutes, symbols, item.words("venue"), item.words("note"))
    return sorted(found)


@settings(max_examples=12)
@given(
    rows=st.dictionaries(
        st.tuples(st.integers(0, 9), st.sampled_from("ABC")), st.tuples(words, words), min_size=1, max_size=20
    ),
    cuts=st.lists(st.integers(0, 10), max_size=2),
    orders=st.lists(st.permutations(["okx", "größte", "", "x y"]), min_size=3, max_size=3),
    pieces=st.lists(st.integers(1, 9), max_size=3),
)
def test_texts_keep_their_rows(rows, cuts, orders, pieces):
    rows = {**{(minute, "A"): ("okx", "x y") for minute in range(10)}, **rows}  # all that read A have its row
    whole = sorted((minute, symbol, *two) for (minute, symbol), two in rows.items())
    ends = sorted({0, *cuts, 10})
    parts = [[row for row in whole if low <= row[0] < high] for low, high in pairwise(ends)]
    sections = [section(part, order) for part, order in zip(parts, orders) if part]
    data = b"".join(sections)
    for make in STAGES.values():
        given_ = panel_runs.through(make, panel_runs.recut(data, pieces) if pieces and len(sections) == 1 else data)
        assert read(given_) == whole
    with tempfile.TemporaryDirectory() as folder:
        for name, make in STAGES.items():
            one, several = (State(f"{folder}/{name}{i}", 0, {}) for i in range(2))
            want = read(panel_runs.through(make, data, one))
            assert whole[: len(want)] == want
            runs = []
            for part in sections:
                several = State(f"{folder}/{name}1", 0, {}) if runs else several
                runs.append(panel_runs.through(make, part, several))
            assert read(b"".join(runs)) == want


def alone(rows: list[Row], order: list[str]) -> list[object]:
    """The pieces of a stream that give rows of A as a series by itself, whose codes lie in that order."""
    key, told = "bar/A/1m", {"venue": order, "note": order[::-1]}
    made = []
    for minute, _, venue, note in rows:
        ts, price = START + MINUTE * (minute + 1), 10.0 + minute
        codes = told["venue"].index(venue), told["note"].index(note)
        made.append((ts, codes[0], ts - MINUTE, price, price, price, price, 1.0, codes[1]))
    maps = [{"kind": "strings", "of": key, "col": name, "values": texts} for name, texts in told.items()]
    return [*maps, (Schema("bar", "A", "1m", [col for col in COLS if col[0] != "symbol"]), made)]


def together(rows: list[Row], order: list[str]) -> list[object]:
    """The same of a panel of A and B."""
    key, told = "bar//1m", {"symbol": ["A", "B"], "venue": order, "note": order[::-1]}
    made = []
    for minute, symbol, venue, note in rows:
        ts, price = START + MINUTE * (minute + 1), 10.0 + minute
        codes = told["symbol"].index(symbol), told["venue"].index(venue)
        made.append((ts, *codes, ts - MINUTE, price, price, price, price, 1.0, told["note"].index(note)))
    maps = [{"kind": "strings", "of": key, "col": name, "values": texts} for name, texts in told.items()]
    return [*maps, (Schema("bar", "", "1m", COLS), made)]


@settings(max_examples=30)
@given(
    forms=st.permutations(["panel", "series", "panel"]),
    sections=st.lists(st.booleans(), min_size=2, max_size=2),
    words_of=st.lists(st.tuples(words, words), min_size=12, max_size=12),
    orders=st.lists(st.permutations(["okx", "größte", "", "x y"]), min_size=3, max_size=3),
    stage=st.sampled_from(sorted(STAGES)),
    stopped=st.booleans(),
)
def test_texts_follow_a_symbol_out_of_panels_and_back(forms, sections, words_of, orders, stage, stopped):
    """A symbol in a panel, by itself, and in a panel again: in one section or in several, in one run or in two."""
    pieces, want, told = [], [], set()
    for number, form in enumerate(forms):
        minutes = range(2 * number, 2 * number + 2)
        rows = [(m, s, *words_of[2 * m + (s == "B")]) for m in minutes for s in ("A" if form == "series" else "AB")]
        want += rows
        if not number or sections[number - 1]:
            pieces.append([])
            told = set()
        made = alone(rows, orders[0]) if form == "series" else together(rows, orders[1])
        pieces[-1] += made[-1:] if form in told else made  # its texts stand there already
        told.add(form)
    parts = [frames.frames(*piece) for piece in pieces]
    make = STAGES[stage]
    if not stopped:
        found = read(panel_runs.through(make, b"".join(parts)))
    else:
        with tempfile.TemporaryDirectory() as folder:
            runs = [panel_runs.through(make, part, State(f"{folder}/s", 0, {})) for part in parts]
            found = read(b"".join(runs))
    assert found == sorted(want)
