"""Files that have columns and no rows keep their series through hq-import and hq-export, in every format."""

from __future__ import annotations

import io

import inputs
import numpy as np
import pyarrow as pa
import pytest
from arrow_files import arrow_file
from frames import frames, items
from pyarrow import parquet
from test_import_order import imported

from hq_core.errors import HqError

NAMES = ["time", "open", "high", "low", "close", "volume", "note", "sma_9"]
COLS = [("ts", "i8"), ("open_time", "i8"), *((name, "f8") for name in NAMES[1:6]), ("sma_9", "f8")]
TABLE = pa.table(
    {name: pa.array([], {"time": pa.timestamp("ms"), "note": pa.string()}.get(name, pa.float64())) for name in NAMES}
)


def _parquet() -> bytes:
    out = io.BytesIO()
    parquet.write_table(TABLE, out)
    return out.getvalue()


def _npz(**types: str) -> bytes:
    out = io.BytesIO()
    np.savez(out, **{name: np.zeros(0, types.get(name, "f8")) for name in NAMES})
    return out.getvalue()


def _npy() -> bytes:
    out = io.BytesIO()
    np.save(out, np.zeros(0, [(name, "U3" if name == "note" else "f8") for name in NAMES]))
    return out.getvalue()


def series(data: bytes, **options) -> list:
    return announced(imported(data, **options))


def announced(stream: bytes) -> list:
    return [item for kind, item in items(stream) if kind == "schema"]


@pytest.mark.parametrize(
    "data",
    [_parquet(), arrow_file(TABLE), _npz(time="M8[ms]", note="U4"), _npy()],
    ids=["parquet", "arrow", "npz", "npy"],
)
def test_a_typed_table_of_no_rows_keeps_its_series(data):
    (found,) = series(data)
    assert (found.key, list(found.cols)) == ("bar//", COLS)
    (found,) = series(data, symbol="X", period="1m")
    assert found.key == "bar/X/1m"


@pytest.mark.parametrize(
    ("header", "key", "names"),
    [
        ("time,open,high,low,close,volume", "bar//", "ts open_time open high low close volume"),
        ("Date,Time,Open,High,Low,Close,Vol", "bar//", "ts open_time open high low close volume"),
        ("open_time,close,close_time,trades,rsi", "bar//", "ts open_time close trades rsi"),
        ("ts_ms,symbol,price,qty,side", "trade//", "ts symbol price qty side"),
        ("symbol,ts,price,qty,side", "trade//", "ts price qty side"),
        ("transact_time,price,quantity,is_buyer_maker", "trade//", "ts price qty side"),
        ("symbol,ts,note", "", ""),
    ],
)
def test_a_header_alone_keeps_its_series(header, key, names):
    if not key:
        with pytest.raises(HqError, match=r"neither bars \(close\) nor trades"):
            series(f"{header}\n".encode())
        return
    (found,) = series(f"{header}\n".encode())
    assert (found.key, " ".join(found.names)) == (key, names)


def test_the_header_of_a_kind_of_ours_keeps_its_series(run):
    signal = "hq-signal <(echo 'IF close > 0 THEN BUY(base=0.1)')"
    made = run(f"hq-gen bars --rows 9 --seed 1 | {signal} | hq-export csv --kind order")
    assert made.code == 0
    header = made.stdout[: made.stdout.index(b"\n") + 1]
    (found,) = series(header)
    assert found.of == "order"
    assert b"symbol," + inputs.exported(imported(header), "csv") == header


@pytest.mark.parametrize("format_", ["csv", "parquet", "arrow", "npz"])
def test_an_announced_series_without_rows_is_a_valid_file(format_):
    none = imported(b"time,open,high,low,close\n", symbol="X", period="1m")
    (found,) = series(inputs.exported(none, format_))
    assert found.names == ("ts", "open_time", "open", "high", "low", "close")
    assert found.key == ("bar//" if format_ == "csv" else "bar/X/1m")


@pytest.mark.parametrize("format_", ["parquet", "arrow", "npz"])
def test_a_file_of_no_columns_is_refused(format_):
    with pytest.raises(HqError, match="announces no series, so there are no columns to write") as caught:
        inputs.exported(frames(), format_)
    assert caught.value.code == 65


def test_a_file_without_rows_adds_no_series_to_those_of_other_files(run):
    run("hq-gen bars --rows 3 --seed 1 | hq-export csv > a.csv; head -1 a.csv > none.csv")
    for given in ("none.csv a.csv", "a.csv none.csv"):
        assert [found.key for found in announced(run(f"hq-import {given}").stdout)] == ["bar/BTCUSDT/1m"]
    assert [found.key for found in announced(run("hq-import none.csv none.csv").stdout)] == ["bar//"]
