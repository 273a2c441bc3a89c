#!/usr/bin/env python3
"""Measure every indicator against its oracle and write indicators/reference.json, which `--list --json` shows.

    python scripts/make_reference.py            write it
    python scripts/make_reference.py --check    fail if it is not what would be written, to a factor of two

The bars are those of `hq-gen bars --rows 2000 --seed 1`, so every machine measures the same thing. The measure is that
of tests/indicators/test_indicator_values.py: the largest difference over the larger of the value and the unit of its
row.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path

import numpy as np

from hq_core.api.period import VOLUMES
from hq_core.kinds import OHLC
from hq_core.registry import load, names

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "core" / "hq_core" / "indicators" / "reference.json"
ROWS = 2000

sys.path[:0] = [str(ROOT / "tests" / part) for part in ("helpers", "oracles", "indicators")]
oracles, runs, values = map(import_module, ("oracles", "indicator_runs", "test_indicator_values"))


def generated() -> dict[str, np.ndarray]:
    """The bars as columns of float64."""
    import io
    import subprocess

    python = sys.executable
    line = f"{python} -m hq_cli.gen bars --rows {ROWS} --seed 1 --period 1h | {python} -m hq_cli.export csv"
    paths = {**os.environ, "PYTHONPATH": str(ROOT / "core")}
    made = subprocess.run(line, shell=True, check=True, capture_output=True, text=True, cwd=ROOT, env=paths)
    names = made.stdout.partition("\n")[0].split(",")
    table = np.genfromtxt(io.StringIO(made.stdout), delimiter=",", skip_header=1, dtype=str)
    keys = (*OHLC, *VOLUMES)
    columns = {key: np.ascontiguousarray(table[:, names.index(key)].astype(float)) for key in keys}
    return columns | {"ts": runs.hours(ROWS), "periods": 2.0 + np.arange(ROWS) % 29}


def measured(name: str, columns: dict[str, np.ndarray]) -> dict[str, str | float]:
    one = load(name)
    if one.talib:
        return {
            "oracle": f"TA-Lib {oracles.talib.__ta_version__.decode().split()[0]}, {one.talib}",
            "max_diff": values.differ(name, {}, columns, values.by_talib(name, {}, columns)),
        }
    slow = oracles.SLOW.get(name) or oracles.EXACT[name]
    scaled = runs.within(columns, one.domain)
    where = f"tests/oracles/{slow.__module__}.py, {slow.__name__}"
    return {"oracle": where, "max_diff": values.differ(name, {}, scaled, slow(scaled, **one.bind()))}


def main() -> None:
    columns = generated()
    found = {name: measured(name, columns) for name in names()}
    for one in found.values():
        one["max_diff"] = float(f"{one['max_diff']:.1e}")
    if "--check" in sys.argv:
        kept = json.loads(REFERENCE.read_text())
        for name, one in found.items():
            was = kept.get(name, {"oracle": "nothing", "max_diff": 0.0})
            if was["oracle"] != one["oracle"] or one["max_diff"] > max(2.0 * was["max_diff"], 1e-15):
                sys.exit(f"{REFERENCE.name}: {name} was {was}, is {one}; run scripts/make_reference.py if right")
        return
    rows = [f"  {json.dumps(name)}: {json.dumps(one)}" for name, one in found.items()]
    REFERENCE.write_text("{\n" + ",\n".join(rows) + "\n}\n")


if __name__ == "__main__":
    main()
