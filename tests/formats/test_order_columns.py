"""Columns of orders in files of others: a quantity, or a refusal; an order is never lost to a truth or a text."""

from __future__ import annotations

import io
import json

import pyarrow as pa
import pytest
from frames import read
from pyarrow import parquet
from test_import_order import imported

from hq_core.errors import HqError

ROWS = 4
NAMES = ("ts", "open", "high", "low", "close", "open_long", "sma.close_short")
WRONG = "an order is a quantity: how much, empty for none, inf for all; hq-import --drop 'open_long'"


def csv(*orders: str) -> bytes:
    lines = [f"2026-01-01T00:0{i}:00Z,1,1,1,1,{order},1" for i, order in enumerate(orders)]
    return "\n".join([",".join(NAMES), *lines, ""]).encode()


def jsonl(*orders: object) -> bytes:
    rows = ((f"2026-01-01T00:0{i}:00Z", 1.0, 1.0, 1.0, 1.0, order, 1.0) for i, order in enumerate(orders))
    return "".join(json.dumps(dict(zip(NAMES, row))) + "\n" for row in rows).encode()


def table(*orders: object) -> bytes:
    times = pa.array([i * 60_000 for i in range(len(orders))], pa.timestamp("ms", tz="UTC"))
    prices = pa.array([1.0] * len(orders))
    out = io.BytesIO()
    parquet.write_table(pa.table([times, *[prices] * 4, pa.array(orders), prices], names=NAMES), out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "row"),
    [
        (csv("true", "false", "", ""), "row 1 .*'true' is not a number"),
        (csv("", "", "True", ""), "row 3 .*'True' is not a number"),
        (csv("buy", "", "", ""), "row 1 .*'buy' is not a number"),
        (csv("1", "", "", "buy"), "row 4 .*'buy' is not a number"),
        (jsonl(True, False, None, None), "element 1 .*'true' is not a number"),
        (jsonl(1.0, None, False, None), "element 3 .*'false' is not a number"),
        (table(True, False, True, None), "row 1: .* is of bool"),
        (table("", "buy", "", ""), "row 2: .*'buy' is not a number"),
    ],
)
def test_what_is_no_quantity_is_refused(data, row):
    with pytest.raises(HqError, match=f"{row}; {WRONG}") as caught:
        imported(data, stamp="close", period="1m")
    assert caught.value.code == 65
    (bars,) = read(imported(data, stamp="close", period="1m", drop=["open_long"])).rows.values()
    assert bars["sma.close_short"] == [1.0] * ROWS


@pytest.mark.parametrize(
    "data", [csv("inf", "", "0.5", ""), jsonl("inf", None, 0.5, None), table("inf", "", "0.5", "")]
)
def test_quantities_are_read(data):
    (bars,) = read(imported(data, stamp="close", period="1m")).rows.values()
    assert [str(value) for value in bars["open_long"]] == ["inf", "nan", "0.5", "nan"]
