"""What hq-merge needs of its inputs: stdin only where it is named, and first bytes in time."""

from __future__ import annotations

import os
import pty
import subprocess

import pytest
from panel_runs import bars, merged, said

from hq_core.errors import DATA, NOINPUT, TEMP, USAGE

ONE, TWO = bars("A", {0: 1.0, 1: 2.0}), bars("B", {0: 1.0, 1: 2.0})


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a").write_bytes(ONE)
    (tmp_path / "b").write_bytes(TWO)
    return tmp_path


@pytest.fixture
def silent():
    """A pipe that somebody holds open and never writes to."""
    ends = os.pipe()
    yield ends[0]
    for fd in ends:
        os.close(fd)


def start(line, folder, env, stdin):
    return subprocess.run(line.split(), cwd=folder, env=env, stdin=stdin, capture_output=True, timeout=60, check=False)


def test_files_are_merged_where_stdin_is_a_terminal(folder, command_env):
    ours, theirs = pty.openpty()
    try:
        ran = start("hq-merge a b", folder, command_env, theirs)
        alone = start("hq-merge", folder, command_env, theirs)
        named = start("hq-merge a -", folder, command_env, theirs)
    finally:
        os.close(ours)
        os.close(theirs)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert said(ran.stdout) == said(merged(ONE, TWO))
    for refused in (alone, named):
        assert refused.returncode == USAGE
        assert b"stdin is a terminal" in refused.stderr


def test_files_are_merged_where_stdin_is_closed(folder, run):
    ran = run("hq-merge a b <&- > t; echo $?; hq-merge a b < /dev/null | hq-diff t -", cwd=folder)
    assert (ran.text.split()[0], ran.code, ran.stderr) == ("0", 0, "")
    assert run("hq-merge a - <&-", cwd=folder).code == NOINPUT


@pytest.mark.parametrize("command", ["hq-merge - -", "hq-merge a - b -", "hq-import - -"])
def test_stdin_is_read_once(command, folder, run):
    ran = run(f"{command} < a", cwd=folder)
    assert (ran.code, ran.stderr.count("\n")) == (USAGE, 1)
    assert "- is named twice, and stdin can be read once" in ran.stderr


@pytest.mark.parametrize("timeout", ["500us", "100ms"])
@pytest.mark.parametrize("line", ["hq-merge a -", "hq-merge - a", "hq-merge a named", "hq-merge named a"])
def test_an_input_that_never_begins_ends_the_merge(line, timeout, folder, command_env, silent):
    os.mkfifo(folder / "named")
    ran = start(f"{line} --timeout {timeout}", folder, command_env, silent)
    assert ran.returncode == TEMP
    assert b"an input was silent for" in ran.stderr


@pytest.mark.parametrize("timeout", ["500us", "100ms"])
@pytest.mark.parametrize("begun", [b"ts,open,hi", ONE[:100], ONE[:-5]])
def test_an_input_that_stops_ends_the_merge(begun, timeout, folder, command_env):
    there, to = os.pipe()
    try:
        os.write(to, begun)
        ran = start(f"hq-merge b - --timeout {timeout}", folder, command_env, there)
    finally:
        os.close(there)
        os.close(to)
    assert ran.returncode == TEMP
    assert b"an input was silent for" in ran.stderr


def test_patience_changes_no_row(folder, run):
    line = "mkfifo named; (sleep 0.3; cat b) > named & hq-merge --timeout 50s a named > t; hq-merge a b | hq-diff t -"
    ran = run(line, cwd=folder)
    assert (ran.code, ran.stderr) == (0, "")


@pytest.mark.parametrize("name", ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"])
@pytest.mark.parametrize("command", ["hq-merge a {} | hq-diff - ab", "hq-import a {} | hq-diff - ab"])
def test_stdin_has_several_names(command, name, folder, run):
    (folder / "ab").write_bytes(ONE + TWO)
    for given in ("< b", "< <(cat b)"):
        line = command.format(name)
        first, _, rest = line.partition(" | ")
        ran = run(f"{first} {given} | {rest}", cwd=folder)
        assert (ran.code, ran.stderr) == (0, ""), line
    twice = run(f"{command.partition(' ')[0]} - {name} < b", cwd=folder)
    assert twice.code == USAGE
    assert "stdin can be read once" in twice.stderr


@pytest.mark.parametrize("command", ["hq-merge", "hq-merge --timeout 9s", "hq-import"])
def test_a_folder_is_refused_in_one_sentence(command, folder, run):
    ran = run(f"{command} a .", cwd=folder)
    assert ran.code == NOINPUT
    assert ran.stderr.endswith(": .: is a folder; name its files\n")


def test_the_input_that_was_silent_is_named(folder, silent, command_env):
    os.mkfifo(folder / "p")
    held = os.open(folder / "p", os.O_RDWR)
    os.write(held, ONE[: len(ONE) // 2])
    for line, name in (("hq-merge --timeout 300ms b p", b"p"), ("hq-merge --timeout 300ms b -", b"-")):
        ran = start(line, folder, command_env, silent)
        assert ran.returncode == TEMP
        assert b"hq-merge: %s: an input was silent for 0.3 s" % name in ran.stderr
    os.close(held)


@pytest.mark.parametrize(
    ("symbol", "hint"),
    [("", "neither has a symbol: hq-import --symbol NAME FILE gives it one"), ("A", "cat puts parts of a series")],
)
def test_a_series_in_two_inputs_is_told_what_to_do(symbol, hint, folder, run):
    for name, bar in (("a", 0), ("b", 1)):
        (folder / name).write_bytes(bars(symbol, {bar: 1.0}))
    ran = run("hq-merge a b", cwd=folder)
    assert ran.code == DATA
    assert f"hq-merge: b: bar/{symbol}/1m is in a too; {hint}" in ran.stderr
