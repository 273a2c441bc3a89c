"""Kernels that processes side by side compile before they are needed: the same code, and nobody is let down."""

from __future__ import annotations

import errno
import os
import pty
import resource
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest
from places import ROOT

from hq_core import hooks, registry
from hq_core.errors import HqError
from hq_core.flow import Signals
from hq_core.formats.names import AGG_TRADE
from hq_core.jit import F8, Cell, ahead, cache, kernel, machine, making, native
from hq_core.wire.frame import Stopped

pytestmark = pytest.mark.skipif(machine.route() != "image", reason="images are for Linux on x86-64")

PIPELINE = (
    "hq-gen bars --rows 40 --seed 1 | hq-indicators rsi:14 ema:20 | hq-signal examples/rsi.hq | hq-backtest --json"
)


@kernel()
def halves(x: F8, out: F8) -> None:
    for i in range(len(x)):
        out[i] = 0.5 * x[i]


@kernel()
def thirds(x: F8, out: F8) -> None:
    for i in range(len(x)):
        out[i] = x[i] / 3.0


@kernel()
def wrong(x: F8, out: F8) -> None:
    for i in range(len(x)):
        out[i] = no_such_function(x[i])  # noqa: F821


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A cache of this test's own, with nothing begun."""
    tmp_path.chmod(0o700)
    monkeypatch.setenv("HQ_CACHE", str(tmp_path))
    monkeypatch.setattr(cache, "notes", [])
    monkeypatch.setattr(making, "addresses", {})
    monkeypatch.setattr(native, "_loaded", {})
    monkeypatch.setattr(ahead, "_workers", None)
    monkeypatch.setattr(ahead, "_before", [])
    return tmp_path


def images(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.img")}


@pytest.mark.parametrize("apart", [False, True])
def test_side_by_side_gives_the_images_of_one_by_one(home, monkeypatch, apart):
    from hq_core.indicators.ema import ema_steps
    from hq_core.indicators.rsi import strength

    every = [strength, halves, ema_steps, thirds]
    monkeypatch.setattr(ahead, "processors", lambda: 3)
    workers = ahead.Workers(every, apart)
    while workers.wait():
        pass
    assert (workers.done, workers.left) == (4, {})
    made = images(home)
    assert len(made) == 4
    for path in home.glob("*.img"):
        path.unlink()
    making.addresses.clear()
    for one in reversed(every):  # in another order, and by this process
        native.address(one)
    assert images(home) == made


def test_what_is_begun_is_waited_for_and_not_compiled_again(home, monkeypatch):
    told = []
    ahead.begin([halves, halves, thirds])
    monkeypatch.setattr(hooks, "progress", lambda *what: told.append(what))
    monkeypatch.setattr(making, "compiled", lambda *what: pytest.fail("compiled here"))
    assert native.address(thirds)
    assert native.address(halves)
    assert (0, 2) in told  # of two, none was done at first
    assert told[-1] == (0, 0)
    ahead.begin([halves, thirds])  # of which nothing is missing
    assert ahead._workers.whole == 2


def test_a_worker_that_dies_leaves_its_kernels_to_whoever_needs_them(home, monkeypatch):
    monkeypatch.setattr(ahead, "_import", lambda: os.kill(os.getpid(), signal.SIGKILL))
    ahead.begin([halves, thirds])
    Cell(halves)
    assert [name.partition("-")[0] for name in images(home)] == ["halves"]


def test_a_kernel_that_is_wrong_is_told_by_whoever_needs_it(home):
    ahead.begin([wrong, halves])
    assert native.address(halves)
    with pytest.raises(HqError, match="kernel wrong: .*no_such_function"):
        native.address(wrong)


def test_a_kernel_that_another_process_compiles_is_left_to_it(home):
    with cache.lock(making.name_of(halves)):
        assert not making.make(halves)
    assert images(home) == {}
    assert making.make(halves)
    assert not making.make(halves)


def test_a_worker_holds_nothing_of_its_command_open(home, monkeypatch):
    read, write = os.pipe()
    seen = home / "seen"

    def look():
        links = [f"/proc/self/fd/{fd}" for fd in range(64)]
        seen.write_text(" ".join(os.readlink(link).partition(":")[0] for link in links if os.path.islink(link)))

    monkeypatch.setattr(ahead, "_import", look)
    workers = ahead.Workers([halves])
    os.close(write)
    assert os.read(read, 1) == b""  # it ends although the worker runs
    os.close(read)
    while workers.wait():
        pass
    assert seen.read_text() == "/dev/null /dev/null /dev/null pipe"


def test_workers_that_are_stopped_are_not_waited_for_nor_their_locks(home, monkeypatch):
    monkeypatch.setattr(ahead, "SILENT", 3)
    monkeypatch.setattr(cache, "LONGEST_S", 60.0)
    monkeypatch.setattr(ahead, "_import", lambda: hang(making.name_of(halves)))
    ahead.begin([halves, thirds])
    child = ahead._workers._child
    while not (home / "halves.lock").exists():
        time.sleep(0.01)
    try:
        assert native.address(halves)  # of which one has the lock
        assert native.address(thirds)
        assert set(images(home)) == {making.name_of(one) + ".img" for one in (halves, thirds)}
        assert not ahead._workers.wait()
    finally:
        os.kill(child, signal.SIGKILL)


def hang(name):
    with cache.lock(name):
        os.kill(os.getpid(), signal.SIGSTOP)


def test_workers_that_go_on_are_waited_for_again(home, monkeypatch):
    monkeypatch.setattr(ahead, "SILENT", 3)
    monkeypatch.setattr(ahead, "_import", lambda: os.kill(os.getpid(), signal.SIGSTOP))
    workers = ahead.Workers([halves])
    while workers.wait():
        pass
    assert workers.silent
    os.kill(workers._child, signal.SIGCONT)
    while workers.left:
        workers.wait()
    assert not workers.silent


def test_a_lock_that_another_command_never_lets_go_is_done_without(home, monkeypatch):
    monkeypatch.setattr(cache, "LONGEST_S", 0.1)
    holder = os.fork()
    if holder == 0:
        hang(making.name_of(halves))
    while not (home / "halves.lock").exists() or not (home / "halves.lock").read_text():
        time.sleep(0.01)
    try:
        assert native.address(halves)
    finally:
        os.kill(holder, signal.SIGKILL)
        os.waitpid(holder, 0)
    assert len(images(home)) == 1


def test_workers_that_are_slow_are_waited_for(home, monkeypatch):
    monkeypatch.setattr(ahead, "SILENT", 3)
    monkeypatch.setattr(ahead, "_import", lambda: [sum(range(1000)) for _ in range(50_000)])
    ahead.begin([halves])
    monkeypatch.setattr(making, "compiled", lambda *what: pytest.fail("compiled here"))
    assert native.address(halves)


def test_a_parent_that_ignores_its_children_hinders_nothing(home, monkeypatch):
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    monkeypatch.setattr(ahead, "processors", lambda: 2)
    try:
        workers = ahead.Workers([halves, thirds])
        while workers.wait():
            pass
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert workers.done == 2


def test_a_command_with_more_than_a_thousand_open_files(home):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(2048, hard), hard))
    many = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        workers = ahead.Workers([halves])
        while workers.wait():
            pass
    finally:
        for fd in many:
            os.close(fd)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert workers.done == 1


def test_nothing_is_left_of_workers_that_nobody_waits_for(home):
    ahead.begin([halves])
    workers = ahead._workers
    child, told = workers._child, workers._told
    until = time.monotonic() + 60
    while workers._child and time.monotonic() < until:
        time.sleep(0.01)
    assert not os.path.exists(f"/proc/{child}")
    assert not os.path.exists(f"/proc/self/fd/{told}")
    assert signal.getsignal(signal.SIGCHLD) is signal.SIG_DFL
    assert making.there(halves)


def full(monkeypatch):
    """No image can be written any more."""

    def refuse(*what, **how):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    return refuse


def test_nothing_is_begun_where_nothing_can_be_kept(home, monkeypatch):
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", full(monkeypatch))
    ahead.begin([halves])
    assert ahead._workers is None
    assert native.address(halves)
    assert cache.notes[0] == f"nothing kept in {home}: [Errno 28] No space left on device"


def test_workers_end_with_the_first_kernel_that_cannot_be_kept(home, monkeypatch):
    log = home / "log"
    made = making.make
    monkeypatch.setattr(making, "make", lambda one: (log.open("a").write(one.name + " "), made(one))[1])
    monkeypatch.setattr(ahead, "processors", lambda: 1)
    full(monkeypatch)
    ahead.begin([halves, thirds])
    assert native.address(thirds)
    assert log.read_text() == "halves "
    assert list(home.glob(".*")) == []


def test_a_cache_that_can_be_written_is_left_as_it_was(home):
    assert cache.writable()
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("group", [False, True], ids=["the command", "its workers too"])
def test_a_signal_ends_the_wait_for_workers_and_what_they_leave(home, monkeypatch, group):
    monkeypatch.setattr(ahead, "_import", lambda: time.sleep(5))
    monkeypatch.setattr(making, "compiled", lambda *what: pytest.fail("compiled here"))
    with Signals():
        ahead.begin([halves])
        os.kill(os.getpid(), signal.SIGTERM)
        if group:
            os.kill(ahead._workers._child, signal.SIGTERM)
        with pytest.raises(Stopped) as stopped:
            native.address(halves)
    assert not stopped.value.reading
    assert hooks.stop is None


def test_a_signal_ends_the_wait_for_another_command(home):
    with cache.lock(making.name_of(halves)), Signals():
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(Stopped):
            native.address(halves)
    assert images(home) == {}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_compiles_ends_by_a_signal(command_env, tmp_path, number):
    tmp_path.chmod(0o700)
    bars = subprocess.run(
        ["hq-gen", "bars", "--rows", "9", "--seed", "1"], check=True, env=command_env, capture_output=True
    ).stdout
    process = subprocess.Popen(
        ["hq-indicators", *registry.names()[:40]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=command_env | {"HQ_CACHE": str(tmp_path)},
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    )
    process.stdin.write(bars)
    process.stdin.flush()
    while not images(tmp_path):
        time.sleep(0.01)
    process.send_signal(number)
    said = process.communicate()[1].decode()
    assert process.returncode == 128 + number
    assert said == f"hq-indicators: {number.name}: not all is compiled for the output, which stops without its end\n"


def on_a_terminal(line, env):
    """What a command line says to its terminal."""
    ours, theirs = pty.openpty()
    going = subprocess.Popen(
        ["bash", "-c", f"set -o pipefail; {line}"], stdout=subprocess.DEVNULL, stderr=theirs, env=env, cwd=ROOT
    )
    os.close(theirs)
    said = b""
    with suppress(OSError):  # EIO: the last of them has closed it
        while some := os.read(ours, 65536):  # a terminal holds some kilobytes, and then its writers wait
            said += some
    os.close(ours)
    assert going.wait() == 0, said
    return said.decode()


def test_progress_is_one_line_on_a_terminal_and_nothing_elsewhere(command_env, run, tmp_path):
    tmp_path.chmod(0o700)
    bars = tmp_path / "bars.hqf"
    subprocess.run(f"hq-gen bars --rows 9 --seed 1 > {bars}", shell=True, check=True, env=command_env)
    for number, (flags, shown) in enumerate((("", True), ("-q", False), ("--log-json", False))):
        cold = command_env | {"HQ_CACHE": str(tmp_path / str(number))}
        said = on_a_terminal(f"hq-indicators {flags} sma:3 < {bars}", cold)
        assert ("kernels compiled, once on this machine" in said) == shown
        assert "\n" not in said
        assert said.endswith("\r\033[K") == shown  # it is cleared away
    ran = run(f"hq-indicators sma:3 < {bars} > /dev/null", env={"HQ_CACHE": str(tmp_path / "other")})
    assert (ran.code, ran.stderr) == (0, "")


def test_nothing_of_the_first_pipeline_is_compiled_where_it_is_needed(command_env, tmp_path):
    tmp_path.chmod(0o700)
    said = on_a_terminal(PIPELINE, command_env | {"HQ_CACHE": str(tmp_path)})
    assert [line for line in said.splitlines() if ": compiling " in line] == [
        "hq-gen: compiling bars, once on this machine (hq warm does all)"
    ]
    assert len(images(tmp_path)) == 14


@pytest.mark.parametrize(
    "line",
    [
        "hq-aggregate 1m < {trades}.csv",
        "hq-indicators sma:3 < {bars}.csv",
        "hq-export csv < {bars}.hqf",
        "hq-export jsonl < {bars}.csv",
        "hq-import {bars}.csv",
        "hq-import --symbol X {aggtrades}",
        "hq-merge {bars}.csv {trades}.csv",
        "hq-diff {bars}.csv {bars}.hqf",
    ],
)
def test_what_reads_and_writes_text_is_compiled_ahead(line, command_env, tmp_path):
    tmp_path.chmod(0o700)
    at = {"bars": tmp_path / "b", "trades": tmp_path / "t"}
    aggtrades = tmp_path / "aggtrades.csv"
    aggtrades.write_text(
        f"{','.join(AGG_TRADE[:7])}\n1,10.5,2,1,3,1700000000000,true\n2,10.6,2,4,4,1700000001000,false\n"
    )
    for what, path in at.items():
        made = f"hq-gen {what} --rows 40 --seed 1 > {path}.hqf"
        made += f"; hq-export csv < {path}.hqf > {path}.csv; hq-export jsonl < {path}.hqf > {path}.jsonl"
        subprocess.run(made, shell=True, check=True, env=command_env)
    line = line.format(**at, aggtrades=aggtrades) + " > /dev/null"
    said = on_a_terminal(line, command_env | {"HQ_CACHE": str(tmp_path / "cache")})
    assert [one for one in said.splitlines() if ": compiling " in one] == []


def test_more_is_begun_while_others_are_at_work(home, monkeypatch):
    ahead.begin([halves])
    first = ahead._workers
    ahead.begin([thirds])
    assert ahead._workers is not first
    assert set(ahead._workers.left) == {halves, thirds}
    monkeypatch.setattr(making, "compiled", lambda *what: pytest.fail("compiled here"))
    assert all(native.address(one) for one in (thirds, halves))  # of which the first workers may still be at one
    while not first.reap():
        time.sleep(0.01)
