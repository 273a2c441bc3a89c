"""examples/hftbacktest_strategy.py: factors inside a strategy of hftbacktest are those that hq-factors writes.

It runs where hftbacktest is installed (the extra of that name).
"""

from __future__ import annotations

import csv
import importlib.util
import io
import subprocess
import sys

import pytest
from places import ROOT

FACTORS = "mid spread micro imbalance:5 tfi:1s vwap:1s"
EXAMPLE = ROOT / "examples" / "hftbacktest_strategy.py"
CAPTURE = "data/l2/btcusdt_usdm_20240808_hftbacktest.npz"


def compared(path, run, env) -> int:
    """How many steps of the backtest have the very values of the last row of their ts, of those that have one."""
    inside = subprocess.run([sys.executable, EXAMPLE, path], env=env, capture_output=True, text=True)
    assert inside.returncode == 0, inside.stderr
    steps = {row["ts_ns"]: row for row in csv.DictReader(io.StringIO(inside.stdout))}
    ran = run(f"hq-import {path} | hq-factors --tick 0.1 --lot 0.001 {FACTORS} | hq-export csv --time ns")
    assert ran.code == 0, ran.stderr
    rows = {row["ts_ns"]: row for row in csv.DictReader(io.StringIO(ran.text))}
    both = [(steps[ts], row) for ts, row in rows.items() if ts in steps]
    for step, row in both:
        for name in step:
            mine, theirs = (float(one[name] or "nan") for one in (step, row))
            assert mine == theirs or (mine != mine and theirs != theirs), (step, row, name)
    assert set(rows) - set(steps) <= {max(rows, key=int)}  # with the last message its backtest ends
    return len(both)


@pytest.fixture(name="hftbacktest", scope="module")
def installed() -> None:
    if importlib.util.find_spec("hftbacktest") is None:
        pytest.skip("needs hftbacktest: pip install 'hq[hftbacktest]'")


def test_of_generated_events(hftbacktest, run, tmp_path, command_env):
    path = tmp_path / "made.npz"
    assert run(f"hq-gen books --rows 4000 --seed 5 | hq-export hftbacktest -o {path}").code == 0
    assert compared(path, run, command_env) > 1000


def test_of_a_real_capture(hftbacktest, run, shared, command_env):
    path = shared / CAPTURE
    if not path.exists():
        pytest.skip(f"needs {path}")
    assert compared(path, run, command_env) > 1000
