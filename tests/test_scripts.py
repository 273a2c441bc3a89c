"""The scripts that people run: they parse, and the bench measures what it says."""
from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("name", ["scripts/demo", "scripts/test", "scripts/_venv", ".ci/run"])
def test_parses(name: str) -> None:
    subprocess.run(["bash", "-n", ROOT / name], check=True)


def test_ci_calls_the_same_script_as_a_person() -> None:
    assert "scripts/test" in (ROOT / ".ci/run").read_text()
    assert len((ROOT / ".ci/run").read_text().splitlines()) == 2


def test_bench_measures_each_part(command_env, tmp_path: Path) -> None:
    told = tmp_path / "RESULTS.md"
    sizes = ["--trades", "30000", "--csv-rows", "3000", "--bars", "2000", "--repeat", "1", "--out", str(told)]
    subprocess.run([sys.executable, ROOT / "scripts/bench", *sizes], env=command_env, check=True, timeout=300)
    text = told.read_text()
    assert re.findall(r"^## (.+)$", text, re.M) == [
        "Start", "Trades", "CSV", "All indicators at once", "Indicators",
    ]
    assert re.search(r"^\| rsi \| \d+\.\d\d \| \d+\.\d\d \| \d+\.\d\d \| \d+ \|$", text, re.M)
    peaks = [int(peak) for peak in re.findall(r"peak (\d+) MiB", text)]
    assert len(peaks) == 3
    assert all(8 < peak < 200 for peak in peaks)
