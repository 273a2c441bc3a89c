"""Files by name: written whole or not at all, over nobody's link or device, read within a bound, for one at a time."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import time

import frames
import pytest

from hq_core import files, statefile
from hq_core.errors import CONFIG, IO, HqError

BARS = "hq-gen bars --rows 60 --seed 1"
USE = f"{BARS} | hq-indicators sma:3 --state s > out.hqf"
WRITE = f"{BARS} | hq-export csv -o f"
STREAM = frames.frames(frames.flat_bars([100.0 + i % 7 for i in range(300)]), each=10)
OTHER = 4242  # a user that is neither root nor this one


def mode(path):
    return stat.S_IMODE(path.lstat().st_mode)


def given_to_another(path):
    try:
        os.chown(path, OTHER, OTHER, follow_symlinks=False)
    except PermissionError:
        pytest.skip("only root can give files away")


# -- how they are written --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("umask", "export"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_a_new_state_is_its_owner_s_alone_and_an_export_follows_the_umask(run, tmp_path, umask, export):
    assert run(f"umask {umask:03o}; {USE}; {WRITE}").code == 0
    assert (mode(tmp_path / "s"), mode(tmp_path / "f")) == (0o600, export)


def test_a_file_that_is_replaced_gives_its_mode_on(run, tmp_path):
    assert run(f"{USE}; {WRITE}; chmod 640 s; chmod 604 f; {USE}; {WRITE}").code == 0
    assert (mode(tmp_path / "s"), mode(tmp_path / "f")) == (0o640, 0o604)


@pytest.mark.parametrize(("line", "planted"), [(USE, "s.tmp"), (WRITE, "f.part"), (USE, ".s.tmp"), (WRITE, ".f.part")])
def test_no_link_under_a_name_that_can_be_foreseen_is_followed(run, tmp_path, line, planted):
    """Both were: a state wrote over what FILE.tmp led to, an export over what FILE.part led to."""
    (tmp_path / "theirs").write_text("theirs")
    (tmp_path / planted).symlink_to(tmp_path / "theirs")
    assert run(line).code == 0
    assert (tmp_path / "theirs").read_text() == "theirs"
    assert (tmp_path / planted).is_symlink()


def make(kind, path):
    """Something at `path` that is no regular file; what keeps it."""
    if kind == "a symbolic link":
        path.with_name("elsewhere").write_text("elsewhere")
        path.symlink_to("elsewhere")
    elif kind == "a folder":
        path.mkdir()
    elif kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a socket":
        with socket.socket(socket.AF_UNIX) as one, contextlib.chdir(path.parent):  # its name may have 107 bytes
            one.bind(path.name)
    else:
        try:
            os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 5))  # as /dev/zero
        except PermissionError:
            pytest.skip("only root makes devices")


KINDS = ["a symbolic link", "a folder", "a pipe", "a socket", "a device"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_that_is_no_file_is_refused_and_stays(run, tmp_path, kind):
    """As root, --state /dev/full replaced the device; /dev/zero and a pipe were read for ever."""
    make(kind, tmp_path / "s")
    before = (tmp_path / "s").lstat()
    for name, line in (("hq-indicators", USE), ("hq-state", "hq-state s")):
        ran = run(line)
        says = f"{name}: state s: is {kind}; a state is a file of its own, under its own name\n"
        assert (ran.code, ran.stderr) == (CONFIG, says)
    after = (tmp_path / "s").lstat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert sorted(os.listdir(tmp_path)) == sorted({"s", "out.hqf"} | ({"elsewhere"} if kind == KINDS[0] else set()))


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_to_what_is_no_file_is_refused(run, tmp_path, kind):
    make(kind, tmp_path / "f")
    ran = run(WRITE)
    assert (ran.code, ran.stderr) == (CONFIG, f"hq-export: f: is {kind}; leave -o away and write to stdout\n")
    assert (tmp_path / "f").lstat().st_mode
    if kind == KINDS[0]:
        assert (tmp_path / "elsewhere").read_text() == "elsewhere"


def test_a_dash_is_stdout(run, tmp_path):
    assert run(f"{BARS} | hq-export csv -o -").stdout == run(f"{BARS} | hq-export csv").stdout
    assert os.listdir(tmp_path) == []


def test_an_export_that_fails_leaves_the_old_file(run, tmp_path):
    (tmp_path / "f").write_text("old")
    ran = run("printf 'no frames' | hq-export csv -o f")
    assert ran.code == 65
    assert os.listdir(tmp_path) == ["f"]
    assert (tmp_path / "f").read_text() == "old"


@pytest.mark.parametrize("step", ["fsync", "rename"])
def test_what_could_not_be_finished_is_cleared_away(tmp_path, monkeypatch, step):
    def fails(*args, **rest):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, step, fails)
    with (
        pytest.raises(HqError, match="f: cannot write: No space left on device") as refused,
        files.replacing(str(tmp_path / "f"), 0o600, "f"),
    ):
        pass
    assert refused.value.code == IO
    assert os.listdir(tmp_path) == []


# -- said at the start -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("", 2, "--state is empty, must be the name of a file"),
        ("no/s", 66, "state no/s: there is no folder no"),
        ("file/s", 66, "state file/s: there is no folder file"),
        ("file/", 66, "state file/: there is no folder file"),
        ("n" * 250, 78, f"state {'n' * 250}: cannot be kept in folder .: File name too long"),
    ],
)
def test_a_state_that_cannot_be_kept_is_said_before_the_run(run, tmp_path, name, code, says):
    (tmp_path / "file").write_text("")
    ran = run(f"{BARS} | hq-indicators sma:3 --state '{name}'")
    assert (ran.code, ran.stderr, ran.stdout) == (code, f"hq-indicators: {says}\n", b"")


def test_a_folder_that_cannot_be_written_is_said_before_the_run(tmp_path, monkeypatch):
    real = os.open

    def denied(path, flags, *args, **rest):
        if flags & os.O_CREAT:
            raise PermissionError(13, "Permission denied")
        return real(path, flags, *args, **rest)

    monkeypatch.setattr(statefile.os, "open", denied)
    with pytest.raises(HqError, match=r"s: cannot be kept in folder .*: Permission denied") as refused:
        statefile.Lock(str(tmp_path / "s"))
    assert refused.value.code == CONFIG


@pytest.mark.parametrize(("name", "code"), [("", 2), ("no/f", 74)])
def test_an_export_that_cannot_be_kept_is_said_before_the_run(run, name, code):
    ran = run(f"{BARS} | hq-export csv -o '{name}'")
    assert ran.code == code
    assert len(ran.stderr.splitlines()) == 1


# -- whose it is -----------------------------------------------------------------------------------------------------
def test_a_state_of_another_user_is_refused(run, tmp_path):
    assert run(USE).code == 0
    given_to_another(tmp_path / "s")
    ran = run(USE)
    assert (ran.code, ran.stderr) == (
        78,
        (f"hq-indicators: state s: belongs to user {OTHER}, not to you or root, and may say anything\n"),
    )
    assert run("hq-state s").code == 0  # which only shows it


@pytest.mark.parametrize("open_to", [0o620, 0o602, 0o666])
def test_a_state_that_others_may_write_is_refused(run, tmp_path, open_to):
    assert run(USE).code == 0
    (tmp_path / "s").chmod(open_to)
    ran = run(USE)
    assert (ran.code, ran.stderr) == (
        78,
        (f"hq-indicators: state s: its mode {open_to:03o} lets others write it; chmod go-w it if you trust it\n"),
    )


def test_a_way_over_another_user_s_link_is_refused(run, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "mine").symlink_to("theirs")
    (tmp_path / "theirs").symlink_to("folder")
    assert run(USE.replace("--state s", "--state mine/s")).code == 0
    given_to_another(tmp_path / "theirs")
    ran = run(USE.replace("--state s", "--state mine/s"))
    assert ran.code == 78
    assert f"theirs, a symbolic link of user {OTHER}" in ran.stderr


def test_links_in_a_circle_end(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(HqError, match="too many symbolic links"):
        files.way_to(str(tmp_path / "a" / "s"), "state s")


# -- one process -----------------------------------------------------------------------------------------------------
def using(command_env, tmp_path):
    """A filter that has its state and waits for more input."""
    holder = subprocess.Popen(
        ["hq-indicators", "sma:3", "--state", "s", "--state-every", "1"],
        cwd=tmp_path,
        env=command_env,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    holder.stdin.write(STREAM[: len(STREAM) // 2])
    holder.stdin.flush()
    while not (tmp_path / "s").exists():
        assert holder.poll() is None
        time.sleep(0.01)
    return holder


def test_the_second_process_on_a_state_says_so(run, command_env, tmp_path):
    holder = using(command_env, tmp_path)
    try:
        ran = run(f"{BARS} | hq-indicators sma:3 --state s")
        assert (ran.code, ran.stdout) == (75, b"")
        assert ran.stderr == (
            f"hq-indicators: state s: is in use by process {holder.pid}; wait for its end, or name another file\n"
        )
        assert json.loads(run("hq-state s").stdout)["command"] == "hq-indicators"  # which only looks
    finally:
        holder.send_signal(signal.SIGTERM)
        holder.communicate()
    assert holder.returncode == 143
    assert os.listdir(tmp_path) == ["s"]


def test_a_process_that_was_killed_leaves_no_lock(run, command_env, tmp_path):
    holder = using(command_env, tmp_path)
    holder.kill()
    holder.communicate()
    (tmp_path / ".s.0123abcd").write_bytes(b"half a state")  # as if it was killed while it wrote
    (tmp_path / ".s.notes").write_bytes(b"somebody's")
    rest = run("hq-state s --input-bytes").text.strip()
    ran = run("hq-indicators sma:3 --state s --state-every 1 > out.hqf", STREAM[int(rest) :])
    assert ran.code == 0, ran.stderr
    assert sorted(os.listdir(tmp_path)) == [".s.notes", "out.hqf", "s"]


def test_a_lock_that_has_been_removed_meanwhile_is_taken_anew(tmp_path, monkeypatch):
    """Between the opening and the locking of its file the process that had it may have ended, and removed it."""
    import fcntl

    real, times = fcntl.flock, []

    def late(fd, how):
        if not times:
            (tmp_path / ".s.lockfile").unlink()
        times.append(how)
        return real(fd, how)

    monkeypatch.setattr(fcntl, "flock", late)
    lock = statefile.Lock(str(tmp_path / "s"))
    assert len(times) == 2
    with pytest.raises(HqError, match=f"in use by process {os.getpid()}"):
        statefile.Lock(str(tmp_path / "s"))
    lock.close()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("planted", ["link", "hard link", "theirs"])
def test_what_lies_where_the_lock_will_is_not_written_over(tmp_path, planted):
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "precious").chmod(0o600)
    lock = tmp_path / ".s.lockfile"
    if planted == "link":
        lock.symlink_to("precious")
    elif planted == "hard link":
        lock.hardlink_to(tmp_path / "precious")
    else:
        lock.write_text("")
        given_to_another(lock)
    with pytest.raises(HqError):
        statefile.Lock(str(tmp_path / "s"))
    assert (tmp_path / "precious").read_text() == "precious"


# -- how much is read ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("magic", [b"", statefile.MAGIC])
def test_a_state_of_two_gigabytes_is_refused_at_once(run, tmp_path, magic):
    with open(tmp_path / "s", "wb") as file:
        file.write(magic)
        file.truncate(2 << 30)
    (tmp_path / "s").chmod(0o600)
    for line in (USE, "hq-state s"):
        ran = run(f"ulimit -v 2000000; {line}")
        assert ran.code == 65
        assert "remove it to start anew" in ran.stderr
        assert len(ran.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "line", ["hq-signal /dev/zero", "hq-backtest --brackets /dev/zero", "hq-indicators --spec /dev/zero"]
)
def test_what_is_read_whole_is_read_within_a_bound(run, line):
    ran = run(f"ulimit -v 4000000; {BARS} | {line} > out.hqf")
    assert ran.code == 65
    assert "/dev/zero: has more than " in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


def test_a_strategy_may_come_from_a_pipe(run):
    ran = run(f"{BARS} | hq-signal <(echo 'IF close > SMA(close, 3) THEN BUY') | hq-export csv | head -n 1")
    assert ran.code in (0, 141)
    assert "--kind order gives the 72 order rows" in ran.stderr


def test_brackets_that_nest_too_deep_are_no_bug_of_ours():
    from hq_core.futures.brackets import parse_brackets

    with pytest.raises(HqError, match="brackets: b: not JSON") as refused:
        parse_brackets("b", "[" * 200_000, "BTCUSDT")
    assert refused.value.code == CONFIG
