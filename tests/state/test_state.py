"""State files: damage is noticed, another command line is refused by name, and a crash leaves the old or the new."""

from __future__ import annotations

import json
import os

import frames
import pytest

from hq_core import VERSION, statefile
from hq_core.errors import CONFIG, DATA, IO, HqError

OLD = {
    "command": "hq-x",
    "version": VERSION,
    "options": {"period": 14, "fill": "flat"},
    "inputs": {"brackets": "ab12"},
    "input": {"bytes": 10, "rows": 1, "ended": False, "format": "Reader", "source": {}},
    "output": {"bytes": 20, "closed": False},
    "section": 20,
    "dropped": {},
    "holes": {},
    "waiting": [],
    "order": {"series": {}, "panels": {}},
    "apart": False,
    "stage": {"memory": b"\x00\xff" * 20, "seen": 7},
}
NEW = {**OLD, "stage": {"memory": b"\x01" * 9000, "seen": 8}}
CLOSES = [100.0 + (i * 7919 % 31) / 10 for i in range(300)]


@pytest.fixture
def path(tmp_path):
    statefile.write(str(tmp_path / "x.state"), OLD)
    return tmp_path / "x.state"


def test_what_is_written_is_read(path):
    assert statefile.read(str(path)) == OLD
    assert statefile.read(str(path) + ".none") is None


def test_a_flipped_bit_anywhere_is_noticed(path):
    whole = path.read_bytes()
    for at in range(len(whole)):
        for bit in range(8):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
            with pytest.raises(HqError) as refused:
                statefile.read(str(path))
            assert refused.value.code == DATA
            assert str(path) in str(refused.value)


def test_a_file_that_is_cut_or_longer_is_noticed(path):
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        with pytest.raises(HqError):
            statefile.read(str(path))
    path.write_bytes(whole + b"\x00")
    with pytest.raises(HqError, match="damaged"):
        statefile.read(str(path))


def test_another_version_of_the_format_is_named(path):
    path.write_bytes(b"hqstate2" + path.read_bytes()[8:])
    with pytest.raises(HqError, match="is not a state file of this version"):
        statefile.read(str(path))


@pytest.mark.parametrize(
    ("command", "options", "inputs", "says"),
    [
        ("hq-y", OLD["options"], OLD["inputs"], "belongs to hq-x"),
        ("hq-x", {"period": 15, "fill": "flat"}, OLD["inputs"], "option period was 14, now 15"),
        ("hq-x", {"period": 14}, OLD["inputs"], "option fill was flat, now None"),
        ("hq-x", {**OLD["options"], "tz": "UTC"}, OLD["inputs"], "option tz was None, now UTC"),
        ("hq-x", OLD["options"], {"brackets": "cd34"}, "content of brackets was ab12, now cd34"),
    ],
)
def test_a_state_of_something_else_is_refused_by_name(path, command, options, inputs, says):
    with pytest.raises(HqError, match=says) as refused:
        statefile.check(str(path), statefile.read(str(path)), command, options, inputs)
    assert refused.value.code == CONFIG


def test_the_state_of_another_version_is_refused(path):
    statefile.write(str(path), {"version": "0.0.9", "else": "of another structure"})
    with pytest.raises(HqError, match=r"was written by hq 0\.0\.9, this is hq .*; go on with that version") as refused:
        statefile.read(str(path))
    assert refused.value.code == CONFIG


def test_its_own_state_is_taken(path):
    statefile.check(str(path), statefile.read(str(path)), "hq-x", dict(OLD["options"]), dict(OLD["inputs"]))


class Crash(BaseException):
    """The process is gone: nothing may catch this."""


def crash_at(step, monkeypatch):
    """Let the first `step` calls that reach the disk through, then crash; the names of the calls so far."""
    calls = []

    def watched(name):
        real = getattr(os, name)

        def call(*args, **rest):
            if len(calls) == step:
                raise Crash
            calls.append(name)
            return real(*args, **rest)

        monkeypatch.setattr(os, name, call)

    for name in ("open", "fsync", "rename"):
        watched(name)
    return calls


@pytest.mark.parametrize("step", range(5))
def test_a_crash_at_any_step_leaves_the_old_or_the_new(path, monkeypatch, step):
    with monkeypatch.context() as patched:
        calls = crash_at(step, patched)
        patched.setattr(os, "unlink", lambda *args, **rest: None)  # nobody is there to clear up
        with pytest.raises(Crash):
            statefile.write(str(path), NEW)
    assert calls == ["open", "open", "fsync", "rename", "fsync"][:step]
    assert statefile.read(str(path)) == (NEW if "rename" in calls else OLD)
    statefile.write(str(path), NEW)  # what is left over is in nobody's way
    assert statefile.read(str(path)) == NEW
    assert len(list(path.parent.iterdir())) == 1 + (step in (2, 3))
    statefile.Lock(str(path)).close()  # the next run clears it away
    assert [one.name for one in path.parent.iterdir()] == ["x.state"]


def test_a_write_that_stops_half_way_leaves_the_old(path):
    """Only the temporary file is ever half written, so it stands for every cut of the write itself."""
    path.with_name(".x.state.0123abcd").write_bytes(path.read_bytes()[:50])
    assert statefile.read(str(path)) == OLD


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(HqError, match="cannot write: No such file") as refused:
        statefile.write(str(tmp_path / "no" / "x.state"), OLD)
    assert refused.value.code == IO


# -- hq-state ----------------------------------------------------------------------------------------------
def test_the_command_tells_what_a_filter_left(run, tmp_path):
    data = frames.frames(frames.flat_bars(CLOSES))
    made = run("hq-indicators ema:3 --state s", data)
    assert made.code == 0, made.stderr
    told = json.loads(run("hq-state s").stdout)
    assert (told["command"], told["options"]["specs"]) == ("hq-indicators", ["ema:3"])
    assert told["input"] == {"bytes": len(data), "rows": 300, "ended": True, "format": "Reader"}
    assert told["output"] == {"bytes": len(made.stdout), "closed": True}
    assert told["sizes"]["file"] == (tmp_path / "s").stat().st_size
    assert run("hq-state --input-bytes s").text == f"{len(data)}\n"
    assert run("hq-state s --output-bytes").text == f"{len(made.stdout)}\n"


def test_a_run_that_was_killed_goes_on_from_its_two_numbers(run, tmp_path):
    schema, rows = frames.flat_bars(CLOSES)
    data = frames.frames((schema, rows), each=10)
    (tmp_path / "in").write_bytes(data)
    whole = frames.read(run("hq-indicators ema:3 < in").stdout).rows
    killed = run(
        "(head -c 9000 in; until test -s s; do sleep 0.05; done; sleep 0.1; kill -9 $(cat pid)) |"
        " (echo $BASHPID > pid; exec hq-indicators ema:3 --state s --state-every 1) > out"
    )
    assert killed.code != 0
    told = json.loads(run("hq-state s").stdout)
    assert 0 < told["input"]["bytes"] <= 9000
    assert not told["input"]["ended"]
    ended = run(
        'truncate -s "$(hq-state --output-bytes s)" out; '
        "tail -c +$(( $(hq-state --input-bytes s) + 1 )) in | hq-indicators ema:3 --state s --state-every 1 >> out"
    )
    assert ended.code == 0, ended.stderr
    again = frames.read((tmp_path / "out").read_bytes()).rows
    assert repr(again) == repr(whole)


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (None, 66, "hq-state: state s: there is no such file\n"),
        (
            b"",
            65,
            "hq-state: state s: is not a state file of this version of hq; remove it to start anew, or name another "
            "file\n",
        ),
        (
            b"hqstate1" + bytes(40),
            65,
            "hq-state: state s: is damaged, its checksum does not match; remove it to start anew\n",
        ),
    ],
)
def test_the_command_refuses_what_is_no_state(run, tmp_path, content, code, says):
    if content is not None:
        (tmp_path / "s").write_bytes(content)
    ran = run("hq-state s")
    assert (ran.code, ran.stderr, ran.stdout) == (code, says, b"")
