"""The order of rows holds within (kind, symbol, period), whether they come in a panel, in several, or as a series."""

from __future__ import annotations

import os

import panel_runs
import pytest
from frames import frames, items
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_order import first_wrong

from hq_core.batch import Batch, Schema
from hq_core.errors import HqError
from hq_core.flow import State
from hq_core.order import RowOrder
from hq_core.roles import Stage
from hq_core.saved import shaped
from hq_core.stages.indicators import Indicators
from hq_core.statefile import ORDER

MINUTE, START = panel_runs.MINUTE, panel_runs.START
MANY = settings(max_examples=4 * int(os.environ.get("HQ_FUZZ", "25")))
COLUMNS = (("ts", "i8"), ("open_time", "i8"), ("complete", "b1"))
WORDS = ["B", "A"]  # the codes of a panel's symbols are in another order than their texts
PANEL = Schema("bar", "", "1m", (*COLUMNS, ("symbol", "s4")))
OTHER = Schema("bar", "", "1m", (*COLUMNS, ("symbol", "s4"), ("mine", "f8")))
FORMS = {
    "panel": lambda symbol, row: (PANEL, [(*row, WORDS.index(symbol))]),
    "other": lambda symbol, row: (OTHER, [(*row, WORDS.index(symbol), 1.0)]),
    "series": lambda symbol, row: (Schema("bar", symbol, "1m", COLUMNS), [row]),
}
TEXTS = {"kind": "strings", "of": "bar//1m", "col": "symbol", "values": WORDS}

# form, symbol, minutes since the row before, how much earlier the bar opened, and whether it is complete
drawn = st.tuples(
    st.sampled_from([*FORMS]),
    st.sampled_from(WORDS),
    st.sampled_from([0, 0, 1, 1, 1, 2, -1]),
    st.sampled_from([1, 1, 1, 1, 2]),
    st.sampled_from([1, 1, 1, 0]),
)


def rows_of(steps):
    at = 0
    for form, symbol, step, before, complete in steps:
        ts = at + step + (4 if not complete else 0)  # a forming row may have any
        at += step if complete else 0
        yield form, symbol, (START + MINUTE * ts, START + MINUTE * (ts - before), complete)


def passed(rows) -> int:
    """How many rows are in order, by the words of hq-frames(5)."""
    of_symbol = {symbol: [] for symbol in WORDS}
    last = {}
    for number, (form, symbol, row) in enumerate(rows):
        if not row[2]:
            continue
        of_symbol[symbol].append(row)
        if first_wrong("bar", [name for name, _ in COLUMNS], of_symbol[symbol]) < len(of_symbol[symbol]):
            return number
        if form != "series" and (row[0], symbol) < last.get(form, (0, "")):
            return number
        last[form] = row[0], symbol
    return len(rows)


def found(data: bytes, again: bool = False) -> int:
    """How many rows the check passes; with `again` its memory is saved and loaded before each batch."""
    order, good = RowOrder(), 0
    for kind, item in items(data):
        if kind == "rows":
            assert isinstance(item, Batch)
            if again:
                before, order = order, RowOrder()
                saved = before.save()
                order.load(shaped({name: dict(one) for name, one in saved.items()}, ORDER))
            ready, wrong = order.check(item)
            good += ready
            if wrong:
                return good
    return good


@MANY
@given(steps=st.lists(drawn, max_size=14))
def test_any_form_and_any_cut_finds_what_a_slow_check_finds(steps):
    rows = list(rows_of(steps))
    pieces = [FORMS[form](symbol, row) for form, symbol, row in rows]
    together = []
    for schema, row in pieces:
        if together and together[-1][0].same_as(schema):
            together[-1] = schema, [*together[-1][1], *row]
        else:
            together.append((schema, row))
    announced = [(PANEL, []), TEXTS]
    for cut in (pieces, together):
        for again in (False, True):
            assert found(frames(*announced, *cut), again) == passed(rows)


BARS = dict.fromkeys(range(4), 1.0)
PIECES = {
    "panel": panel_runs.merged(panel_runs.bars("A", BARS), panel_runs.bars("B", BARS)),
    "series": panel_runs.bars("B", BARS),
    "later series": panel_runs.bars("B", dict.fromkeys(range(4, 8), 1.0)),
}


@pytest.mark.parametrize("make", [Stage, lambda: Indicators("sma:2")])
@pytest.mark.parametrize("first", ["panel", "series"])
@pytest.mark.parametrize("state", [False, True])
def test_rows_that_came_in_another_form_are_refused_the_second_time(make, first, state, tmp_path):
    kept = State(str(tmp_path / "s"), 0, {}) if state else None
    pieces = [PIECES[first], PIECES["series" if first == "panel" else "panel"]]
    if state:
        panel_runs.through(make, pieces.pop(0), kept)
        kept = State(str(tmp_path / "s"), 0, {})
    with pytest.raises(HqError, match=r"B.*: ts goes back from 2020-09-13T12:31:00Z to 2020-09-13T12:28:00Z"):
        panel_runs.through(make, b"".join(pieces), kept)
    later = pieces[0] + PIECES["later series"] if not state else PIECES["later series"]
    panel_runs.through(make, later, State(str(tmp_path / "s"), 0, {}) if state else None)


def test_bars_that_do_not_carry_their_opening_go_on_with_bars_that_do():
    """Of the first only ts is known, so it is compared: as a key it would be the opening of the next bar."""
    alone = Schema("bar", "A", "1m", (("ts", "i8"),))
    full = Schema("bar", "A", "1m", COLUMNS[:2])
    half = Schema("bar", "", "1m", (("ts", "i8"), ("symbol", "s4")))
    texts = {**TEXTS, "values": ["A"]}

    def bars(ats, opening=True):
        return [(START + MINUTE * at, *([START + MINUTE * (at - 1)] if opening else [])) for at in ats]

    for schema, rows in ((alone, bars(range(1, 4), False)), (half, [(*row, 0) for row in bars(range(1, 4), False)])):
        for then, good in ((range(4, 6), 5), (range(3, 5), 3)):
            assert found(frames((half, []), texts, (schema, rows), (full, bars(then)))) == good
            assert (
                found(
                    frames(
                        (full, bars(range(1, 4))), (half, []), texts, (half, [(*row, 0) for row in bars(then, False)])
                    )
                )
                == good
            )
