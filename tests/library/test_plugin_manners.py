"""What an indicator of the user's own may not do to the command that runs it: talk into the stream, outlive signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import frames
import pytest
from places import ROOT
from plugin_files import declared

ENV = {"PYTHONPATH": str(ROOT / "core")}
BARS = "hq-gen bars --rows 100 --seed 1"
TALKS = 'import os; print("told by print"); os.write(1, b"told by write\\n")'
C_TALKS = "from ctypes import CDLL; CDLL(None).puts(b'told by puts')"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "plugin"
    made.mkdir(mode=0o700)
    tmp_path.chmod(0o700)
    return made


def put(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.py").write_text(text)
    (folder / f"{name}.py").chmod(0o600)


# -- what it prints ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("head", [TALKS, C_TALKS])
def test_what_it_prints_when_it_is_imported_goes_to_stderr(run, folder, head):
    put(folder, "mine", declared("mine", "out[i] = 1.0"))
    quiet = run(f"{BARS} | HQ_PATH=plugin hq-indicators mine")
    put(folder, "mine", declared("mine", "out[i] = 1.0", head=head))
    loud = run(f"{BARS} | HQ_PATH=plugin hq-indicators mine")
    assert (loud.code, repr(frames.read(loud.stdout).rows)) == (0, repr(frames.read(quiet.stdout).rows))
    assert "told by p" in loud.stderr
    for option in ("--list", "--list --json", "--list mine"):
        assert "told by" not in run(f"HQ_PATH=plugin hq-indicators {option}").text


def test_what_it_prints_later_does_too(run, folder):
    """A function of its declaration, and its kernel, which prints by C."""
    put(folder, "mine", declared("mine", "print(close[i]); out[i] = 1.0", warmup="lambda period: print('asked') or 0"))
    found = run(f"{BARS} | HQ_PATH=plugin hq-indicators mine | hq-export csv --columns close,mine_5")
    assert (found.code, found.text.count("\n")) == (0, 101), found.stderr
    assert "asked" in found.stderr
    closes = [line.split(",")[1] for line in found.text.splitlines()[1:]]
    assert [line for line in found.stderr.splitlines() if line in closes] == closes


# -- what it raises, and what it is ------------------------------------------------------------------------
@pytest.mark.parametrize("raised", ["GeneratorExit('x')", "KeyboardInterrupt", "type('X', (BaseException,), {})('x')"])
def test_whatever_it_raises_is_65(run, folder, raised):
    put(folder, "mine", f"raise {raised}\n")
    for command in ("--list", "mine < /dev/null", "--test mine"):
        found = run(f"HQ_PATH=plugin hq-indicators {command}")
        assert found.code == 65, found.stderr
        assert f"hq-indicators: {folder}/mine.py, line 1: " in found.stderr.splitlines()[0]


def test_in_a_program_an_interrupt_stays_one(run, folder):
    put(folder, "mine", "import signal; signal.raise_signal(signal.SIGINT)\n")
    text = "import hq_core\ntry: hq_core.Live('mine')\nexcept KeyboardInterrupt: print('interrupted')"
    assert run(f'HQ_PATH=plugin python -c "{text}"').text == "interrupted\n"


def test_only_files_are_indicators(run, folder):
    put(folder, "mine", declared("mine", "out[i] = 1.0"))
    os.mkfifo(folder / "pipe.py")
    (folder / "place.py").mkdir()
    (folder / "gone.py").symlink_to(folder / "nowhere")
    listed = run("HQ_PATH=plugin timeout 60 hq-indicators --list | grep yours")
    assert listed.text.split() == ["yours:", f"{folder}/mine.py"]


def test_a_pipe_beside_it_is_no_module(run, folder):
    os.mkfifo(folder / "_steps.py")
    put(folder, "mine", "from . import _steps\n")
    found = run("HQ_PATH=plugin timeout 60 hq-indicators --list")
    assert (found.code, "line 1: ImportError" in found.stderr) == (65, True)


# -- signals -----------------------------------------------------------------------------------------------
ENDLESS = declared("endless", "while close[i] > 100.0: out[i] += 1.0")


@contextmanager
def started(folder: Path, *words: str, before: str = "pass") -> Iterator[subprocess.Popen[bytes]]:
    text = f"import sys; sys.argv = ['hq-indicators', *sys.argv[1:]]; {before}; from hq_cli import indicators, _filter"
    line = [sys.executable, "-P", "-c", f"{text}; _filter.run(indicators.main)", *words]
    process = subprocess.Popen(
        line,
        env={**os.environ, **ENV, "HQ_PATH": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=heard,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def heard() -> None:
    """A process hears what its parent may ignore."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def computing(process: subprocess.Popen[bytes]) -> None:
    """Wait until it has computed for a while."""
    begun = None
    while process.poll() is None:
        ticks = int(Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11])
        begun = ticks if begun is None else begun
        if ticks - begun > os.sysconf("SC_CLK_TCK") // 2:
            return
        time.sleep(0.01)


def in_the_kernel(process: subprocess.Popen[bytes]) -> None:
    """Give it rows that are fine, and when they have come out a row with which its kernel never ends."""
    assert process.stdin is not None
    assert process.stdout is not None
    data = frames.frames(frames.flat_bars([50.0] * 5), frames.flat_bars([150.0], start_s=1_800_000_000), whole=False)
    first = len(frames.frames(frames.flat_bars([50.0] * 5), whole=False))
    process.stdin.write(data[:first])
    process.stdin.flush()
    assert process.stdout.read(24)
    process.stdin.write(data[first:])
    process.stdin.flush()
    computing(process)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_a_kernel_that_does_not_end(folder, number):
    put(folder, "endless", ENDLESS)
    with started(folder, "endless") as process:
        in_the_kernel(process)
        process.send_signal(number)
        assert process.wait(120) == 128 + number


def test_a_second_signal_ends_it_without_waiting(folder):
    put(folder, "endless", ENDLESS)
    with started(folder, "endless", before="import hq_core.plugins.watch as w; w.PATIENCE = 1e9") as process:
        in_the_kernel(process)
        process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 128 + signal.SIGTERM


def test_a_signal_that_is_looked_at_ends_a_run_as_ever(folder):
    """The rows that came are written, and the end; however often its reads were interrupted meanwhile."""
    put(folder, "endless", ENDLESS)
    with started(folder, "endless") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(frames.frames(frames.flat_bars([50.0] * 5), whole=False))
        process.stdin.flush()
        head = process.stdout.read(24)
        process.send_signal(signal.SIGTERM)
        rows = frames.read(head + process.stdout.read()).rows
        assert process.wait(120) == 128 + signal.SIGTERM
    (columns,) = rows.values()
    assert columns["endless_5"] == [0.0] * 5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_test_of_it(folder, number):
    put(folder, "endless", ENDLESS)
    with started(folder, "--test", "endless") as process:
        computing(process)
        process.send_signal(number)
        assert process.wait(120) == 128 + number


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_an_import_that_does_not_end(folder, number):
    put(folder, "endless", "while True: pass\n")
    with started(folder, "--list") as process:
        computing(process)
        process.send_signal(number)
        assert process.wait(120) == 128 + number
