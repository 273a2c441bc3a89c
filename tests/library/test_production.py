"""The loop of examples/production.py: it runs as it says, and a pipeline gives the same."""

from __future__ import annotations

import json
import sys

from documents import examples_in
from places import ROOT


def shown() -> list[str]:
    """The command lines of the example."""
    text = (ROOT / "examples" / "production.py").read_text().split('"""')[1]
    lines = "\n".join(line[4:] for line in text.splitlines() if line.startswith("    "))
    return lines.replace("\\\n", " ").splitlines()


def test_the_loop_and_the_pipeline_come_to_the_same(run, tmp_path) -> None:
    examples_in(tmp_path)
    made = [run(line.replace("python ", f"{sys.executable} ", 1)) for line in shown()]
    assert [one.code for one in made] == [0] * 5, [one.stderr for one in made]
    loop, piped = (json.loads(one.stdout) for one in made[3:])
    told_otherwise = ("account", "card")  # whose it is, and by which commands
    assert {**loop, **dict.fromkeys(told_otherwise)} == {**piped, **dict.fromkeys(told_otherwise)}
    assert loop["trades"] > 20
    assert loop["options"]["size"] == "100"
