"""Runs the joins as of ts of polars and DuckDB over the rows of asof_rows.py: tests/oracles/asof.json.

    pip install polars duckdb, into an environment of its own; then there  python tests/oracles/make_asof.py

What each gave is one list of values of x a case, in the order of the rows; null where there is none.
"""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import polars
from asof_rows import CASES, left, right

FILE = Path(__file__).with_name("asof.json")


def of_polars(seed: int, strictly: bool, tolerance: int | None) -> list[float | None]:
    ours = polars.DataFrame(left(seed), schema=["row", "symbol", "ts"], orient="row").sort("ts", maintain_order=True)
    theirs = polars.DataFrame(right(seed), schema=["symbol", "ts", "x"], orient="row").sort("ts", maintain_order=True)
    found = ours.join_asof(theirs, on="ts", by="symbol", tolerance=tolerance, allow_exact_matches=not strictly)
    return found.sort("row")["x"].to_list()


def of_duckdb(seed: int, strictly: bool, tolerance: int | None) -> list[float | None]:
    ours = polars.DataFrame(left(seed), schema=["row", "symbol", "ts"], orient="row")
    theirs = polars.DataFrame(right(seed), schema=["symbol", "ts", "x"], orient="row").with_columns(then="ts")
    line = f"""select r.x, l.ts - r.then from ours l asof left join theirs r
        on l.symbol = r.symbol and l.ts {">" if strictly else ">="} r.ts order by l.row"""
    db = duckdb.connect()
    db.register("ours", ours.to_arrow())
    db.register("theirs", theirs.to_arrow())
    rows = db.sql(line).fetchall()
    return [None if x is None or (tolerance is not None and age > tolerance) else x for x, age in rows]


if __name__ == "__main__":
    versions = {"polars": polars.__version__, "duckdb": duckdb.__version__}
    found = [{"case": case, "polars": of_polars(*case), "duckdb": of_duckdb(*case)} for case in CASES]
    lines = ",\n".join(f"  {json.dumps(one, separators=(',', ':'))}" for one in found)
    FILE.write_text(f'{{"versions": {json.dumps(versions)},\n "cases": [\n{lines}\n ]}}\n')
