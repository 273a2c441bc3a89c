"""Panels and columns of coded texts through files of columns: what hq-export writes, hq-import gives again."""

from __future__ import annotations

import io

import frames
import numpy as np
import pyarrow as pa
import pytest
from panel_runs import MINUTE, START
from pyarrow import parquet

from hq_core.batch import Schema

COLS = (("ts", "i8"), ("symbol", "s4"), ("venue", "s4"), ("price", "f8"), ("qty", "f8"))
SYMBOLS, VENUES = ["B", "A"], ["okx", "größte", ""]
ROWS = [
    (START, 1, 0, 1.5, 2.0),
    (START, 0, 2, 2.5, 1.0),
    (START + MINUTE, 1, 1, 1.0, 1.0),
    (START + MINUTE, 0, 0, 2.0, 3.0),
]
FORMATS = ["parquet", "arrow", "npz"]


def panel(rows=ROWS, key="trade//"):
    told = [
        {"kind": "strings", "of": key, "col": col, "values": v} for col, v in (("symbol", SYMBOLS), ("venue", VENUES))
    ]
    return frames.frames(*told, (Schema("trade", "", "", COLS), rows))


def column(format_, data, name):
    if format_ == "npz":
        return np.load(io.BytesIO(data), allow_pickle=False)[name].tolist()
    table = parquet.read_table(io.BytesIO(data)) if format_ == "parquet" else pa.ipc.open_file(data).read_all()
    return table[name].to_pylist()


@pytest.mark.parametrize("format_", FORMATS)
def test_a_panel_comes_back_as_it_was(run, tmp_path, format_):
    (tmp_path / "panel").write_bytes(panel())
    ran = run(f"hq-export {format_} -o x < panel && hq-import < x > again && hq-diff again panel")
    assert (ran.code, ran.stderr) == (0, "")
    data = (tmp_path / "x").read_bytes()
    assert column(format_, data, "symbol") == ["A", "B", "A", "B"]
    assert column(format_, data, "venue") == ["okx", "", "größte", "okx"]
    found = [item for kind, item in frames.items((tmp_path / "again").read_bytes()) if kind == "rows"]
    assert [(item.schema.key, item.schema.cols) for item in found] == [("trade//", COLS)]
    assert [found[0].words(name) for name in ("symbol", "venue")] == [
        ["A", "B", "A", "B"],
        ["okx", "", "größte", "okx"],
    ]


@pytest.mark.parametrize("format_", FORMATS)
def test_columns_of_a_panel_keep_their_symbols_and_one_symbol_is_a_series(run, tmp_path, format_):
    (tmp_path / "panel").write_bytes(panel())
    got = run(f"hq-export {format_} --columns ts,price < panel | hq-export csv --time ns")
    assert (got.code, got.text.splitlines()[:2]) == (0, ["ts_ns,symbol,price", f"{START},A,1.5"])
    got = run(f"hq-export {format_} --symbol B < panel | hq-import | hq-export csv --columns ts,price --time ns")
    assert got.text.splitlines()[1] == f"B,{START},2.5"


@pytest.mark.parametrize("format_", FORMATS)
def test_a_panel_and_a_series_are_not_one_file(run, tmp_path, format_):
    series = Schema("trade", "C", "", (("ts", "i8"), ("price", "f8"), ("qty", "f8")))
    (tmp_path / "both").write_bytes(panel() + frames.frames((series, [(START + 9 * MINUTE, 1.0, 1.0)])))
    ran = run(f"hq-export {format_} -o x < both")
    assert (ran.code, ran.stderr.count("\n")) == (2, 1)
    assert "trade/C/ and trade// are a panel and a series, of other columns: without venue; put them" in ran.stderr


@pytest.mark.parametrize("format_", FORMATS)
def test_a_code_without_a_text_is_refused(run, tmp_path, format_):
    (tmp_path / "panel").write_bytes(panel([(START, 1, 3, 1.5, 2.0)]))
    ran = run(f"hq-export {format_} -o x < panel")
    assert (ran.code, ran.stderr.count("\n")) == (65, 1)
    assert "column 'venue' has code 3, of which the stream gives no text" in ran.stderr


@pytest.mark.parametrize("format_", FORMATS)
def test_symbols_of_a_changed_file_are_checked(run, tmp_path, format_):
    (tmp_path / "panel").write_bytes(panel())
    assert run(f"hq-export {format_} -o x < panel").code == 0
    data = (tmp_path / "x").read_bytes()
    if format_ == "npz":
        arrays = dict(np.load(io.BytesIO(data)))
        arrays["symbol"] = np.array(["A", "", "A", "B"])
        np.savez(tmp_path / "y.npz", **arrays)
    else:
        table = parquet.read_table(io.BytesIO(data)) if format_ == "parquet" else pa.ipc.open_file(data).read_all()
        changed = table.set_column(1, table.schema.field(1), pa.array(["A", "", "A", "B"]))
        parquet.write_table(changed, tmp_path / "y.npz")
    ran = run("hq-import < y.npz > z")
    assert (ran.code, ran.stderr.count("\n")) == (65, 1)
    assert "row 2: column 'symbol': is empty" in ran.stderr
