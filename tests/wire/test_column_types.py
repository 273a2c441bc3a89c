"""Columns that hq knows by name, of every type there is: computed as numbers, passed as they are, or refused (65).

A kernel takes an address and a type; where the column is narrower it reads what lies behind it.
"""

from __future__ import annotations

import os

import frames
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inputs import descriptor, exported
from panel_runs import MINUTE, START, merged, run, said, through

from hq_core.batch import Batch, Schema
from hq_core.errors import DATA, HqError
from hq_core.futures.terms import Terms
from hq_core.roles import Stage
from hq_core.stages.aggregate import Aggregate
from hq_core.stages.backtest import BacktestStage
from hq_core.stages.diff import Diff
from hq_core.stages.indicators import Indicators
from hq_core.stages.signal import Signal
from hq_core.wire import Reader

TYPES = ("i8", "f8", "i4", "s4", "i1", "b1", "f8x2", "text")
ROWS = 6
COLUMNS = {
    "bar": "ts i8, open_time i8, open f8, high f8, low f8, close f8, volume f8, trades i8, complete b1, open_long f8",
    "trade": "ts i8, price f8, qty f8, side i1, id i8, trades i4",
    "fill": "ts i8, fill_time i8, side i1, action i1, price f8",
    "note": "ts i8, complete b1, id i8, value f8",  # a kind that hq does not know
}
FIXED = {"bar": {"ts", "open_time", "complete"}, "trade": {"ts", "id"}, "fill": {"ts"}, "note": set()}
RULE = "IF close > close@B THEN BUY(META(at=ts))"


def _signal(**more: object) -> Signal:
    return Signal([("s", RULE, "s.hq")], missing="warn", **more)


STAGES = {
    "pass": Stage,
    "indicators": lambda: Indicators(["sma:2", "sma:2(volume)", "sma:2(trades)", "obv"]),
    "others": lambda: Indicators(["sma:2(close@B)", "sma:2(close@5m)"], missing="warn"),
    "aggregate": lambda: Aggregate("5m:15m", slack="0s"),
    "own period": lambda: Aggregate("1m:5m", partial="keep"),
    "fill": lambda: Aggregate("1m:5m", fill="flat"),
    "late": lambda: Aggregate("5m", lateness="3m"),
    "updates": lambda: Aggregate("5m", emit="updates"),
    "signal": _signal,
    "orders": lambda: _signal(signals=True),
    "backtest": lambda: BacktestStage(Terms()),
}
OTHERS = {
    **{f"export {one}": one for one in ("csv", "jsonl", "json", "table", "npz", "parquet", "arrow")},
    **{one: one for one in ("merge", "series", "between", "diff")},
}


def _value(name: str, kind: str, row: int) -> object:
    wide = {"ts": START + MINUTE * (row + 1), "fill_time": START, "open_time": START + MINUTE * row}
    plain = {"high": 9, "low": 1, "complete": 1, "side": 1, "action": 1, "id": row + 1, "ts": row, "open_time": row}
    value = plain.get(name, 2 + row % 5)
    if kind == "text":
        return str(value)
    if kind == "f8x2":
        return [float(value)] * 2
    if kind == "b1":
        return int(value > 0)
    if kind == "s4":
        return row % 2
    return wide.get(name, value) if kind in ("i8", "f8") else value


def stream(of: str, panel: bool, column: str = "", kind: str = "") -> bytes:
    """Rows of two symbols, of which `column` is of another type."""
    cols = [tuple(col.split()) for col in COLUMNS[of].split(", ")]
    cols = [(name, kind if name == column else has) for name, has in cols]
    symbols = [""] if panel else ["A", "B"]
    period = "1m" if of == "bar" else ""
    if panel:
        cols.insert(1, ("symbql", "s4"))
    pieces: list[object] = []
    for symbol in symbols:
        schema = Schema("q" + of[1:], symbol, period, cols)  # a kind and a column that nobody knows: named below
        rows = [
            tuple(code if name == "symbql" else _value(name, has, row) for name, has in cols)
            for row in range(ROWS)
            for code in range(2 if panel else 1)
        ]
        for name, has in cols:
            if has == "s4":
                pieces.append({"kind": "strings", "of": schema.key, "col": name, "values": ["A", "B"]})
        pieces.append((schema, rows))
    data = frames.frames(*pieces)
    return data.replace(b"q" + of[1:].encode(), of.encode()).replace(b"symbql", b"symbol")


def _given(what: str, data: bytes) -> bytes:
    if what in STAGES:
        return through(STAGES[what], data)
    if what in ("merge", "series"):
        return merged(data, series=what == "series")
    if what == "between":
        return exported(data, "csv", since=START, until=START + 3 * MINUTE)
    if what == "diff":
        fds = descriptor(data), descriptor(data)
        assert Diff(("a", "b"), (Reader(fds[0]), Reader(fds[1]))).run()
        return b""
    return exported(data, what.split()[1])


@pytest.mark.parametrize("panel", [False, True], ids=["series", "panel"])
@pytest.mark.parametrize("of", COLUMNS)
@pytest.mark.parametrize("what", [*STAGES, *OTHERS])
def test_any_type_of_any_column_is_computed_passed_or_refused(what: str, of: str, panel: bool) -> None:
    try:
        usual = _given(what, stream(of, panel))
    except HqError:
        usual = b""  # an npz holds no text, a backtest one symbol
    for name, has in (col.split() for col in COLUMNS[of].split(", ")):
        for kind in TYPES:
            if kind == has:
                continue
            try:
                made = _given(what, stream(of, panel, name, kind))
            except HqError:
                continue
            assert name not in FIXED[of] or (name, kind) == ("complete", "i1"), (name, kind)
            if usual and kind in ("i8", "f8") and {has, kind} <= {"i8", "f8"} and what in STAGES:
                _same_numbers(usual, made, name, kind)


def _same_numbers(usual: bytes, made: bytes, name: str, kind: str) -> None:
    """What is computed of a column of whole numbers is what is computed of the same numbers as f8."""
    (before, _), (after, _) = said(usual), said(made)
    for key, columns in after.items():
        for column, values in columns.items():
            if column != name and values:
                assert values == before[key][column], (name, kind, column)


@pytest.mark.parametrize(("of", "name"), [(of, name) for of, names in FIXED.items() for name in sorted(names)])
def test_the_line_says_column_type_and_rule(of: str, name: str) -> None:
    with pytest.raises(HqError, match=rf"{of}/A/\w*: column '{name}' is f8x2, must be [ib]\d") as caught:
        through(Stage, stream(of, False, name, "f8x2"))
    assert caught.value.code == DATA


def test_no_schema_is_made_in_a_program_with_a_type_that_its_readers_do_not_take() -> None:
    with pytest.raises(HqError, match="column 'complete' is i8, must be b1"):
        Schema("bar", "A", "1m", [("ts", "i8"), ("complete", "i8")])


def test_complete_of_a_kind_that_hq_does_not_know_means_nothing() -> None:
    data = stream("note", False, "complete", "f8")
    assert said(through(Stage, data)) == said(data)


def test_a_panel_has_times() -> None:
    with pytest.raises(HqError, match="note//: column 'ts' of a panel is f8, must be i8"):
        through(Stage, stream("note", True, "ts", "f8"))


# -- truths ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("value", [2, -1, -128])
def test_a_truth_is_0_or_1(value: int) -> None:
    rows = [(START + MINUTE * (i + 1), START + MINUTE * i, 1.0, 1.0, 1.0, 1.0, 1.0, 1) for i in range(3)]
    rows.append((START + MINUTE * 4, START + MINUTE * 3, 1.0, 1.0, 1.0, 1.0, 1.0, value))
    with pytest.raises(HqError, match=f"row 4: column 'complete' is {value % 256}, must be 0 or 1") as caught:
        through(STAGES["aggregate"], frames.frames(frames.bars(rows, period="1m", symbol="A")))
    assert caught.value.code == DATA


@pytest.mark.parametrize("value", [2, 255, 128])
@pytest.mark.parametrize(("row", "place"), [(0, 0), (1, 2), (3, 4)])
def test_a_vector_of_truths_holds_0_and_1(row: int, place: int, value: int) -> None:
    def of(cells: list[int]) -> bytes:
        rows = [(START + i, cells[5 * i : 5 * i + 5]) for i in range(4)]
        return frames.frames((Schema("note", "A", "", (("ts", "i8"), ("seen", "b1x5"))), rows))

    cells = [i % 2 for i in range(20)]
    assert through(Stage, of(cells))
    cells[5 * row + place] = value if value < 128 else value - 256  # as pack wants its bytes
    wanted = f"row {row + 1}: column 'seen' is {value} at {place + 1}, must be 0 or 1"
    with pytest.raises(HqError, match=wanted) as caught:
        through(Stage, of(cells))
    assert caught.value.code == DATA


class Unchecked(Reader):
    """Rows as a program may give them, which no wire has brought."""

    def _check_truths(self, schema: Schema, n: int, addresses: list[int]) -> None:
        pass


def _unchecked(stage: Stage, flags: list[int]) -> dict[str, list[object]]:
    """What a stage makes of bars with these values of `complete`, which itself is told as a truth."""
    rows = [
        (START + MINUTE * (i + 1), START + MINUTE * i, 1.0 + i, 9.0, 1.0, 1.0 + i, 1.0, one)
        for i, one in enumerate(flags)
    ]
    fd = descriptor(frames.frames(frames.bars(rows, period="1m", symbol="A")))
    made = descriptor(run(stage, Unchecked(fd)))
    found: dict[str, list[object]] = {}
    for item in Unchecked(made):
        for name in item.schema.names if isinstance(item, Batch) else ():
            values = map(bool if name == "complete" else repr, frames.values(item, name))
            found.setdefault(f"{item.schema.key} {name}", []).extend(values)
    os.close(fd)
    os.close(made)
    return found


@pytest.mark.parametrize("what", ["others", "aggregate", "own period", "signal"])
@given(st.lists(st.sampled_from([0, 1, 2, -1, 127]), min_size=1, max_size=12))
def test_in_a_program_what_is_not_0_is_complete(what: str, flags: list[int]) -> None:
    assert _unchecked(STAGES[what](), flags) == _unchecked(STAGES[what](), [int(one != 0) for one in flags])


# -- symbols -----------------------------------------------------------------------------------------------
def _panel(*tables: list[str], symbol: str = "") -> bytes:
    cols = [("ts", "i8"), ("symbol", "s4"), ("close", "f8")]
    told = [{"kind": "strings", "of": f"note/{symbol}/", "col": "symbol", "values": table} for table in tables]
    return frames.frames(*told, (Schema("note", symbol, "", cols), [(START, 0, 1.0), (START + 1, 1, 2.0)]))


@pytest.mark.parametrize("tables", [(["A", "B", "A"],), (["A", "B"], ["A"]), (["A"], ["B", "C"], ["D", "B"])])
def test_a_symbol_has_one_code(tables: tuple[list[str], ...]) -> None:
    for read in (lambda: through(Stage, _panel(*tables)), lambda: exported(_panel(*tables), "csv")):
        with pytest.raises(HqError, match="note//: column 'symbol' has the text '[AB]' twice") as caught:
            read()
        assert caught.value.code == DATA


def test_a_section_begins_the_symbols_anew_and_other_columns_may_repeat_theirs() -> None:
    data = _panel(["A", "B"])
    assert said(through(Stage, data + data.replace(b"note", b"tote")))[0].keys() == {
        "note/A/",
        "note/B/",
        "tote/A/",
        "tote/B/",
    }
    through(Stage, _panel(["A", "B", "A"], symbol="X"))
