"""How every command behaves in a shell: pipes that close, full disks, terminals, locales."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from pathlib import Path

import pytest
from documents import LINES, READERS, furnished  # noqa: F401  the fixture desk

SWEEP = (
    {"LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Kolkata", "PYTHONHASHSEED": "0"},
    {
        "LC_ALL": "de_DE.UTF-8",
        "TZ": "America/New_York",
        "PYTHONHASHSEED": "4242",
        "PYTHONOPTIMIZE": "1",
        "COLUMNS": "40",
    },
)
FRAMES = {"hq-gen", "hq-merge", "hq-asof", "hq-import", "hq-aggregate", "hq-indicators", "hq-signal", "hq-backtest"}
FRAMES |= {"hq-book", "hq-factors", "hq-pairs"}
DIFFERS = {"hq-diff": 1}  # the others return 0


@pytest.mark.parametrize("name", LINES)
def test_bytes_depend_on_neither_locale_zone_nor_hash_seed(name: str, run, desk: Path) -> None:
    plain = run(LINES[name], cwd=desk)
    assert plain.code == DIFFERS.get(name, 0), plain.stderr
    assert plain.stdout
    for env in SWEEP:
        assert run(LINES[name], cwd=desk, env=env)[::2] == plain[::2]


@pytest.mark.parametrize("name", LINES)
def test_closed_pipe_is_silent(name: str, run, desk: Path) -> None:
    ran = run(f"({LINES[name]}) | head -c 1 > /dev/null", cwd=desk)
    assert not re.search("rror|Traceback|bug", ran.stderr)
    assert ran.code in (0, 141, DIFFERS.get(name, 0))


@pytest.mark.parametrize("name", LINES)
def test_full_disk_is_74_with_one_line(name: str, run, desk: Path) -> None:
    ran = run(f"{LINES[name]} > /dev/full", cwd=desk)
    assert ran.code == 74, ran.stderr
    errors = [line for line in ran.stderr.splitlines() if "cannot write" in line]
    assert len(errors) == 1
    assert errors[0].startswith(f"{name}: ")
    assert "No space left on device" in errors[0]


@pytest.mark.parametrize("name", LINES)
def test_closed_stdout_is_74(name: str, run, desk: Path) -> None:
    ran = run(f"{LINES[name]} >&-", cwd=desk)
    assert ran.code == 74, ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("name", LINES)
def test_closed_stderr_changes_nothing(name: str, run, desk: Path) -> None:
    plain, silent = run(LINES[name], cwd=desk), run(f"{LINES[name]} 2>&-", cwd=desk)
    assert silent[::2] == plain[::2]


@pytest.mark.parametrize("name", READERS)
def test_no_bytes_are_no_input(name: str, run, desk: Path) -> None:
    ran = run(re.sub(r"< \S+", "< /dev/null", LINES[name]), cwd=desk)
    assert (ran.stdout, ran.code) == (b"", 66)
    assert ran.stderr == f"{name}: no input: not a single byte came\n"


@pytest.mark.parametrize("name", READERS)
def test_nonsense_is_bad_data(name: str, run, desk: Path) -> None:
    (desk / "nonsense").write_bytes(bytes(range(7, 256)) * 20)
    ran = run(re.sub(r"< \S+", "< nonsense", LINES[name]), cwd=desk)
    assert ran.code == 65, ran.stderr
    assert re.match(rf"{name}: .+\n", ran.stderr)
    assert "bug" not in ran.stderr


@pytest.mark.parametrize("name", READERS)
def test_terminal_as_input_is_refused_at_once(name: str, desk: Path, command_env) -> None:
    ours, theirs = pty.openpty()
    try:
        ran = subprocess.run(
            ["bash", "-c", LINES[name].partition("<")[0]],
            stdin=theirs,
            capture_output=True,
            cwd=desk,
            text=True,
            env=command_env,
            timeout=30,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert (ran.stdout, ran.returncode) == ("", 2)
    assert ran.stderr == f"{name}: stdin is a terminal; pipe data into it, or see {name} --help\n"


@pytest.mark.parametrize("name", LINES)
def test_terminal_as_output_gets_text(name: str, desk: Path, on_terminal) -> None:
    ran = on_terminal(LINES[name], cwd=desk)
    assert ran.code == DIFFERS.get(name, 0), ran.stderr
    assert ran.text
    assert not re.search(r"[^\n\r\t -~\u00a0-\uffff]", ran.text), "control characters on a terminal"


@pytest.mark.parametrize("name", [*READERS, "hq-diff"])
def test_debug_shows_where_and_nothing_else_does(name: str, run, desk: Path) -> None:
    (desk / "nonsense").write_bytes(bytes(range(7, 256)) * 20)
    line = re.sub(r"< \S+", "< nonsense", LINES[name]).replace("bars.hqf", "nonsense")
    plain, shown = run(line, cwd=desk), run(line.replace(name, f"{name} --debug", 1), cwd=desk)
    assert "Traceback" not in plain.stderr
    assert shown.stderr.startswith(plain.stderr + "Traceback (most recent call last):\n")
    assert shown[::2] == plain[::2]


@pytest.mark.parametrize("name", LINES)
def test_no_escape_bytes_and_no_width_without_a_terminal(name: str, run, desk: Path) -> None:
    lines = [LINES[name], f"{LINES[name]} | hq-export table" if name in FRAMES else LINES[name]]
    for line in lines:
        wide, narrow = (run(line, cwd=desk, env={"COLUMNS": n, "TERM": "xterm-256color"}) for n in ("300", "30"))
        assert wide == narrow
    assert b"\x1b" not in wide.stdout + wide.stderr.encode()


def test_operands_after_two_dashes(run, desk: Path) -> None:
    (desk / "-odd.hq").write_text("IF close > 1 THEN BUY()\n")
    assert run("hq-signal --check -- -odd.hq", cwd=desk).code == 0
    assert run("hq-signal --check ./-odd.hq", cwd=desk).code == 0


def test_options_stand_before_or_after_operands(run, desk: Path) -> None:
    before = run("hq-signal --param=oversold=40 examples/rsi.hq < bars.hqf | hq-export csv", cwd=desk)
    after = run("hq-signal examples/rsi.hq --param oversold=40 < bars.hqf | hq-export csv", cwd=desk)
    assert before.code == 0
    assert before == after


def test_long_options_are_not_abbreviated(run, desk: Path) -> None:
    assert run("hq-gen bars --row 3 --seed 1", cwd=desk).code == 2


def test_home_may_be_absent(run, desk: Path) -> None:
    homeless = "env -u HOME -u HQ_CACHE hq-indicators rsi:14 < bars.hqf"
    ran = run(f"{homeless} | cmp - <(hq-indicators rsi:14 < bars.hqf)", cwd=desk)
    assert ran.code == 0, ran.stderr
