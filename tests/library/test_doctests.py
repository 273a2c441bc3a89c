"""Every example in a docstring runs and gives what it shows."""

from __future__ import annotations

import doctest
import importlib

import pytest
from places import ROOT

SHOWN = [
    path.relative_to(ROOT / "core").with_suffix("").as_posix().removesuffix("/__init__").replace("/", ".")
    for path in sorted((ROOT / "core").glob("hq_*/**/*.py"))
    if ">>> " in path.read_text()
]


@pytest.mark.parametrize("name", SHOWN)
def test_examples_run(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted > 0
    assert found.failed == 0


def test_there_are_some() -> None:
    assert "hq_core.saved" in SHOWN
