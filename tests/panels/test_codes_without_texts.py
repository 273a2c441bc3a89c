"""Codes without texts are numbers, which pass; never the texts of another series."""

from __future__ import annotations

from itertools import permutations

import frames
import pytest
from panel_runs import merged, through
from test_merge_state import append, step

import hq_core
from hq_core.batch import Schema
from hq_core.errors import DATA, HqError

COLUMNS = (("ts", "i8"), ("w", "s4"))
MISSING = r"own/Y/: column 'w' has code 0, of which the stream gives no text"


def series(symbol, rows, words=()):
    schema = Schema("own", symbol, "", COLUMNS)
    told = [{"kind": "strings", "of": schema.key, "col": "w", "values": list(words)}] if words else []
    return frames.frames((schema, []), *told, (schema, rows))


def codes(data):
    return sorted(
        (ts, code)
        for kind, item in frames.items(data)
        if kind == "rows"
        for ts, code in zip(item.view("ts").tolist(), item.view("w").tolist())
    )


X = series("X", [(1, 0), (3, 1)], ["foo", "bar"])
Y = series("Y", [(2, 0), (4, 1)])
EARLY = series("Y", [(0, 0)])


@pytest.mark.parametrize("other", [Y, EARLY])
@pytest.mark.parametrize("turn", [*permutations(range(2))])
def test_codes_without_texts_are_refused_beside_texts(other, turn):
    inputs = (X, other)
    with pytest.raises(HqError, match=MISSING) as refused:
        merged(*(inputs[at] for at in turn))
    assert refused.value.code == DATA


def test_each_series_by_itself_is_what_it_was():
    found = merged(X, Y, series=True)
    assert codes(found) == [(1, 0), (2, 0), (3, 1), (4, 1)]
    told = [item for kind, item in frames.items(found) if kind == "map" and item["kind"] == "strings"]
    assert [(one["of"], one["values"]) for one in told] == [("own/X/", ["foo", "bar"])]


def test_numbers_pass_where_no_series_has_texts():
    assert codes(merged(Y, series("Z", [(1, 7)]))) == [(1, 7), (2, 0), (4, 1)]


def test_texts_that_come_after_numbers_were_given_are_refused(tmp_path):
    files = [tmp_path / "x", tmp_path / "y"]
    append(files[0], series("X", [(1, 0)]))
    append(files[1], series("Y", [(2, 0)]))
    step(files, tmp_path / "s", tmp_path / "out")
    append(files[0], series("X", [(3, 0)], ["foo"]))
    with pytest.raises(HqError, match="own//: column 'w' has had codes, of which the stream gave no text"):
        step(files, tmp_path / "s", tmp_path / "out", final=True)


def test_a_stage_that_is_given_the_symbols_of_panels_refuses_them_too():
    """A section whose panel has texts, and one that has none: what is written shares one table."""
    cols = (("ts", "i8"), ("symbol", "s4"), ("open_time", "i8"), *((n, "f8") for n in ("open", "high", "low", "close")))
    panel = Schema("bar", "", "1m", (*cols, ("w", "s4")))
    symbols = {"kind": "strings", "of": panel.key, "col": "symbol", "values": ["A"]}
    words = {"kind": "strings", "of": panel.key, "col": "w", "values": ["foo"]}
    minute = 60 * 10**9
    first, second = ((panel, [(at * minute, 0, at * minute - minute, *[1.0] * 4, 0)]) for at in (1, 2))
    begins = (panel, [])
    make = lambda: hq_core.Aggregate("1m")  # noqa: E731
    sound = frames.frames(begins, symbols, words, first) + frames.frames(begins, symbols, words, second)
    through(make, sound)
    for pieces in (((symbols, words), (symbols,)), ((symbols,), (symbols, words))):
        data = frames.frames(begins, *pieces[0], first) + frames.frames(begins, *pieces[1], second)
        with pytest.raises(HqError, match="column 'w' has code 0, of which the stream gives no text"):
            through(make, data)
