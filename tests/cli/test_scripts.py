"""The scripts that people run: they parse, and the bench measures what it says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from places import ROOT


@pytest.mark.parametrize("name", ["scripts/demo", "scripts/test", "scripts/_venv", ".ci/run"])
def test_parses(name: str) -> None:
    subprocess.run(["bash", "-n", ROOT / name], check=True)


def test_ci_calls_the_same_scripts_as_a_person() -> None:
    lines = (ROOT / ".ci/run").read_text().splitlines()
    assert lines[-2:] == ["scripts/test", "scripts/test --lowest"]


def test_lowest_pins_what_hq_needs_and_leaves_the_tools() -> None:
    pinned = subprocess.run(
        [sys.executable, ROOT / "scripts/lowest"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert pinned == [line.replace(">=", "==") for line in project["dependencies"]]
    assert not any("pytest" in line for line in pinned)


def test_lowest_refuses_a_dependency_without_a_lower_bound(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts/lowest").write_text((ROOT / "scripts/lowest").read_text())
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies = ["numpy"]\n')
    ran = subprocess.run([sys.executable, tmp_path / "scripts/lowest"], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (1, "pyproject.toml: numpy names no lowest version as name>=version\n")


def test_bench_measures_each_part(command_env, tmp_path: Path) -> None:
    told = tmp_path / "RESULTS.md"
    sizes = ["--trades", "30000", "--csv-rows", "3000", "--bars", "2000", "--repeat", "1", "--out", str(told)]
    sizes += ["--live-rows", "400", "--events", "3000", "--vectors", "1000"]
    subprocess.run([sys.executable, ROOT / "scripts/bench", *sizes], env=command_env, check=True, timeout=300)
    text = told.read_text()
    parts = ["Start", "Trades", "CSV", "Reading and writing", "One row live", "The nearest of many vectors"]
    parts += [
        "All indicators at once",
        "Over bars",
        "A strategy over many symbols",
        "A strategy in Python",
        "Ten indicators and twenty operators",
        "Ten indicators and twenty operators live",
        "Parameter sets",
        "The account",
        "Orders that rest",
        "Many accounts",
        "Memory of hq-backtest",
        "Strategies that read their account",
        "Books",
        "Factors",
        "The join as of ts",
        "Indicators",
    ]
    assert re.findall(r"^## (.+)$", text, re.M) == parts
    figures = json.loads(told.with_suffix(".json").read_text())
    assert len(figures["seconds"]) == 48
    assert all(0 < seconds < 300 for seconds in figures["seconds"].values())
    assert len(figures["peak_mib"]) == 5
    assert all(8 < peak < 200 for peak in figures["peak_mib"].values())
    assert text.count("Not measured, as --peers has none: ") == 8
    assert re.search(r"^\| rsi \| \d+\.\d\d \| \d+\.\d\d \| \d+\.\d\d \| \d+ \|$", text, re.M)
    peaks = [int(peak) for peak in re.findall(r"peak (\d+) MiB", text)]
    assert len(peaks) == 4
    assert all(8 < peak < 200 for peak in peaks)
