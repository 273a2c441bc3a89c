"""polars' join_asof and DuckDB's ASOF JOIN gave the same: tests/oracles/asof.json has what, make_asof.py made it.

polars joins the last of several rows of one ts, as hq-asof does.  DuckDB leaves open which: in 16 of the 24 cases it is
another one somewhere, so of its answers the ts is compared.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from asof_rows import left, right
from asof_runs import SECOND, START, bar, got, in_stream
from frames import frames

from hq_core.batch import Schema

CASES = json.loads((Path(__file__).parents[1] / "oracles/asof.json").read_text())["cases"]


def ours(seed, strictly, tolerance):
    pieces = []
    for symbol in "ABCD":
        times = [ts for _, one, ts in left(seed) if one == symbol]
        pieces.append((bar(symbol), [(START + ts * SECOND, at, 1.0, 1.0, 1.0, 1.0) for at, ts in enumerate(times)]))
        rows = [(START + ts * SECOND, x) for one, ts, x in right(seed) if one == symbol]
        pieces.append((Schema("factor", symbol, "", (("ts", "i8"), ("x", "f8"))), rows))
    how = {"strictly_before": strictly, "tolerance": "" if tolerance is None else f"{tolerance}s"}
    if tolerance == 0:
        how["tolerance"] = "1ms"  # which no two rows are apart: a duration is not 0
    found = got(in_stream(frames(*pieces), columns="x", **how), ["x"])
    return [None if math.isnan(x) else x for symbol in "ABC" for (x,) in found[symbol]]


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case["case"])))
def test_theirs(case):
    found = ours(*case["case"])
    assert found == case["polars"]
    of = {x: (symbol, ts) for symbol, ts, x in right(case["case"][0])} | {None: None}
    assert [of[x] for x in found] == [of[x] for x in case["duckdb"]]
