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
