"""Golden pipelines: tests/cases/COMMAND/CASE holds cmd, and what it must print and return.

HQ_ACCEPT=1 writes what a run gave in place of comparing; git diff shows it for reading.  A file that is absent
stands for nothing printed, or for exit code 0.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from places import ROOT

HERE = ROOT / "tests"
CASES = sorted(path.parent for path in HERE.glob("cases/*/*/cmd"))
LINES = 20  # what a reader looks through before accepting it


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_case(case: Path, run, tmp_path: Path) -> None:
    folder = tmp_path / "case"
    shutil.copytree(case, folder)
    (folder / "examples").symlink_to(ROOT / "examples")
    ran = run((case / "cmd").read_text(), cwd=folder)
    got = {"expout": ran.text, "experr": ran.stderr, "expcode": f"{ran.code}\n" if ran.code else ""}
    assert ran.text.count("\n") <= LINES
    if os.environ.get("HQ_ACCEPT"):
        for name, text in got.items():
            (case / name).unlink(missing_ok=True)
            if text:
                (case / name).write_text(text)
    kept = {name: (case / name).read_text() if (case / name).exists() else "" for name in got}
    assert got == kept
