"""Reference results that lie beside the checkout: values that TA-Lib 0.8.1 and other authors gave, from files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
from indicator_runs import NAMES, IndicatorRun, once
from test_indicator_values import differ, tolerance

from hq_core.registry import load

TALIB = {load(name).talib: name for name in NAMES if load(name).talib}


def rows_of(path: Path) -> dict[str, np.ndarray]:
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {key: np.array([float(row[key]) for row in rows]) for key in rows[0]}


def test_every_function_of_talib_on_the_exchanges_bars(shared: Path) -> None:
    """The table was made by another installation of TA-Lib than the one that the tests call."""
    columns = rows_of(Path(shared) / "data/klines/btcusdt_spot_1h.csv")
    columns["periods"] = 2.0 + np.arange(len(columns["close"])) % 29
    table = pyarrow.parquet.read_table(Path(shared) / "data/ta/talib081_all_btcusdt_spot_1h.parquet")
    with (Path(shared) / "data/ta/talib081_functions.json").open(encoding="utf-8") as file:
        functions = json.load(file)["functions"]
    assert len(functions) == 201
    far = {}
    for one in functions:
        name = TALIB[one["function"]]
        theirs = []
        for output in one["outputs"]:
            column = table[f"{one['function']}.{output}"].to_numpy()
            whole = column.dtype.kind == "i"
            theirs.append(np.where(whole & (np.arange(len(column)) < one["lookback"]), np.nan, column))
        run = IndicatorRun(name)
        if run.domain < np.inf:  # prices are beyond it: what matters is where nan and infinity are
            run.domain = np.inf
            for ours, other in zip(run.push(columns), theirs, strict=True):
                np.testing.assert_allclose(ours, other, rtol=1e-12)
        elif not differ(name, {}, columns, theirs) < tolerance(name, {}):
            far[name] = differ(name, {}, columns, theirs)
    assert far == {}


def test_wilders_own_sar(shared: Path) -> None:
    """The table of Wilder's book as TA-Lib's regression test has it, to the digits that it prints."""
    bars = rows_of(Path(shared) / "data/ta/ta_regtest_wilder_sar.csv")
    seen = 0
    with (Path(shared) / "data/ta/ta_regtest_expected.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["dataset"] == "wilder38":
                found = once("sar", bars, load("sar").bind((), json.loads(row["params"])))[0]
                assert found[int(row["bar"])] == pytest.approx(float(row["expected"]), abs=float(row["abs_tolerance"]))
                seen += 1
    assert seen == 5


def test_expected_values_of_talibs_authors(shared: Path) -> None:
    """Not TA-Lib's values, those that its authors took from elsewhere, to the digits that they print."""
    columns = rows_of(Path(shared) / "data/ta/ta_regtest_ohlcv252.csv")
    columns["medprice"] = (columns["high"] + columns["low"]) / 2
    missed, seen = [], 0
    with (Path(shared) / "data/ta/ta_regtest_expected.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["dataset"] != "daily252":
                continue
            one = load(TALIB[row["function"]])
            outputs = list(one.outputs)
            output = outputs.index(row["output"]) if row["output"] in outputs else int(row["output"])
            single = row["inputs"] in columns and len(one.inputs) == 1
            given = columns | {one.inputs[0]: columns[row["inputs"]]} if single else columns
            found = once(one.name, given, one.bind((), json.loads(row["params"])))[output][int(row["bar"])]
            seen += 1
            if not abs(found - float(row["expected"])) <= float(row["abs_tolerance"]):
                missed.append((one.name, int(row["bar"]), found, float(row["expected"]), row["talib_0_8_1"]))
    assert seen > 300
    assert missed == []
