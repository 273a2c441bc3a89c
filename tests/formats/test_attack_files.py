"""The files with which hq was attacked, through every command that reads: no signal, no bug, no memory, no time."""

from __future__ import annotations

from pathlib import Path

import fuzz_commands
import pytest

LINES = (
    ("import", []),
    ("import", ["--order", "sort", "--dedupe", "exact"]),
    ("export", ["csv"]),
    ("export", ["jsonl"]),
    ("export", ["npz"]),
    ("export", ["table"]),
    ("indicators", ["rsi:3", "close@1h"]),
    ("aggregate", ["1m:15m"]),
    ("aggregate", ["5m", "--fill", "flat"]),
    ("aggregate", ["5m", "--lateness", "1h"]),
    ("backtest", ["--json"]),
    ("signal", ["plain.hq"]),
    ("diff", ["-", "bars.hqf"]),
)


@pytest.fixture(scope="module")
def attack(shared) -> Path:
    found = shared / "attack"
    if not found.is_dir():
        pytest.skip(f"needs the files in {found}")
    return found


def test_no_file_of_an_attack_gets_through(attack: Path, tmp_path: Path) -> None:
    (tmp_path / "plain.hq").write_text(fuzz_commands.STRATEGIES[0])
    places = {"plain.hq": str(tmp_path / "plain.hq"), "bars.hqf": str(attack / "bars.hqf")}
    found = []
    files = sorted(path for path in attack.iterdir() if path.suffix != ".state")
    assert len(files) > 20
    for path in files:
        for name, words in LINES:
            ended = fuzz_commands.once(name, [places.get(word, word) for word in words], path.read_bytes())
            what = fuzz_commands.wrong(ended)
            if what:
                found.append(f"{path.name} through hq-{name} {' '.join(words)}: {what}: {ended.said[-200:]}")
    assert not found, "\n".join(found)


def test_no_state_of_an_attack_gets_through(attack: Path, tmp_path: Path) -> None:
    """segv.state: a digest that fits, and indices that lead out of the memory."""
    bars = (attack / "bars.hqf").read_bytes()
    for path in attack.glob("*.state"):
        for words in (["rsi:14"], ["median:9"], ["sma:3"]):
            state = tmp_path / "x.state"
            state.write_bytes(path.read_bytes())
            state.chmod(0o600)
            ended = fuzz_commands.once("indicators", [*words, "--state", str(state)], bars)
            assert ended.code in (65, 78), (path.name, words, ended)
