"""SIGINT, SIGTERM and SIGHUP end a filter whose downstream takes nothing or whose input pauses; nothing half stays."""

from __future__ import annotations

import array
import fcntl
import io
import os
import signal
import subprocess
import sys
import termios
import threading
import time
from contextlib import ExitStack, suppress

import frames
import numpy as np
import promises
import pytest
from places import ROOT

from hq_core import statefile
from hq_core.flow import Signals

ENV = {**os.environ, "PYTHONPATH": str(ROOT / "core")}
ROWS = 100_000
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture
def start():
    """Start a command; its pipes are closed at the end."""
    with ExitStack() as started:

        def one(name, *args, **pipes):
            line = [sys.executable, "-m", f"hq_cli.{name}", *args]
            pipes.setdefault("preexec_fn", heard)
            process = subprocess.Popen(line, env=ENV, stderr=subprocess.PIPE, **pipes)
            for pipe in filter(None, (process.stdin, process.stdout, process.stderr)):
                started.callback(closed, pipe)
            started.callback(process.kill)
            return process

        yield one


def heard():
    """A process hears what its parent may ignore, as nohup and & have it."""
    for number in ENDING:
        signal.signal(number, signal.SIG_DFL)


def closed(pipe):
    with suppress(BrokenPipeError):
        pipe.close()


def blocked(pipe):
    """Wait until whoever writes into a pipe can write no more; the bytes in it."""
    before, held = -1, array.array("i", [0])
    while not 0 < held[0] == before:
        before = held[0]
        time.sleep(0.15)
        fcntl.ioctl(pipe, termios.FIONREAD, held)
    return held[0]


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """More rows than pipes and the reads of a backlog hold."""
    path = tmp_path_factory.mktemp("many") / "bars.hqf"
    with open(path, "wb") as out:
        line = [sys.executable, "-m", "hq_cli.gen", "bars", "--rows", str(ROWS), "--seed", "1"]
        subprocess.run(line, stdout=out, env=ENV, check=True)
    return path


@pytest.mark.parametrize("number", ENDING)
@pytest.mark.parametrize("line", [["indicators", "sma:3"], ["export", "csv"]], ids=lambda line: line[0])
def test_a_signal_ends_what_nobody_reads_from(start, line, number, many, tmp_path):
    with open(many, "rb") as stdin:
        process = start(*line, stdin=stdin, stdout=subprocess.PIPE)
        blocked(process.stdout)
        process.send_signal(number)
        assert process.wait(timeout=120) == 128 + number
    told = process.stderr.read().decode()
    if line[0] == "indicators":
        assert told == f"hq-indicators: {number.name}: nobody takes the output, which stops without its end\n"
    else:
        assert told == ""


def test_a_run_that_was_ended_while_blocked_goes_on_to_the_same_rows(start, many, tmp_path):
    state, output = tmp_path / "s", tmp_path / "out"
    data = many.read_bytes()
    args = "indicators", "ema:20", "rsi:14", "--state", str(state), "--state-every", "3000"
    whole = subprocess.run(
        [sys.executable, "-m", "hq_cli.indicators", *args[1:3]], input=data, capture_output=True, env=ENV, check=True
    ).stdout
    with open(many, "rb") as stdin:
        process = start(*args, stdin=stdin, stdout=subprocess.PIPE)
        taken = process.stdout.read(6_000_000)
        blocked(process.stdout)
        process.terminate()
        assert process.wait(timeout=120) == 128 + signal.SIGTERM
    assert f"hq-state --output-bytes {state} to go on" in process.stderr.read().decode()
    output.write_bytes(taken + process.stdout.read())
    saved = statefile.read(str(state))
    assert 0 < saved["output"]["bytes"] <= output.stat().st_size
    os.truncate(output, saved["output"]["bytes"])
    with open(output, "ab") as out:
        process = start(*args, stdin=subprocess.PIPE, stdout=out)
        _, told = process.communicate(data[saved["input"]["bytes"] :])
        assert process.returncode == 0, told
    assert promises.said(output.read_bytes()) == promises.said(whole)


def test_whoever_reads_slowly_still_gets_the_end(start, many):
    with open(many, "rb") as stdin:
        process = start("indicators", "sma:3", stdin=stdin, stdout=subprocess.PIPE)
        blocked(process.stdout)
        process.terminate()
        came = []
        while piece := process.stdout.read1(40_000):
            came.append(piece)
            time.sleep(0.01)
        assert process.wait(timeout=120) == 128 + signal.SIGTERM
    assert process.stderr.read() == b""
    rows = frames.read(b"".join(came)).rows["bar/BTCUSDT/1m"]["ts"]
    assert 0 < len(rows) < ROWS


def test_a_signal_ends_a_filter_whose_input_pauses_within_a_file(start, tmp_path):
    """An npz is put down whole before its first row is given: no row comes, and no idle."""
    file = io.BytesIO()
    np.savez(file, ts=np.arange(9000), close=np.arange(9000.0))
    for name, first in (("npz", file.getvalue()[:40_000]), ("frames", frames.frames(frames.flat_bars([1.0]))[:150])):
        process = start("indicators", "sma:3", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.stdin.write(first)
        process.stdin.flush()
        time.sleep(0.5)  # it has read that, or will be ended before it does
        process.terminate()
        assert process.wait(timeout=120) in (128 + signal.SIGTERM, -signal.SIGTERM), name  # or before it began


def test_a_blocked_alarm_that_was_inherited_hinders_nothing(start, many):
    def blocking():
        heard()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})

    with open(many, "rb") as stdin:
        process = start("indicators", "sma:3", stdin=stdin, stdout=subprocess.PIPE, preexec_fn=blocking)
        blocked(process.stdout)
        process.terminate()
        assert process.wait(timeout=20) == 128 + signal.SIGTERM


@pytest.mark.parametrize("before", [set(), {signal.SIGALRM}])
def test_a_blocked_alarm_is_blocked_again_behind_a_run(before):
    mask = signal.pthread_sigmask(signal.SIG_SETMASK, before)
    try:
        with Signals():
            assert signal.SIGALRM not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
        assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def test_nohup_keeps_a_hangup_away(start, many):
    with open(many, "rb") as stdin:
        process = start(
            "indicators",
            "sma:3",
            stdin=stdin,
            stdout=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
        )
        blocked(process.stdout)
        process.send_signal(signal.SIGHUP)
        time.sleep(0.7)
        came = process.stdout.read()
        assert process.wait(timeout=120) == 0
    assert len(frames.read(came).rows["bar/BTCUSDT/1m"]["ts"]) == ROWS


@pytest.mark.parametrize("number", ENDING)
def test_an_export_that_is_ended_leaves_no_part_of_a_file(start, number, many, tmp_path):
    process = start("export", "csv", "-o", str(tmp_path / "bars.csv"), stdin=subprocess.PIPE, cwd=tmp_path)
    process.stdin.write(many.read_bytes()[:3_000_000])
    process.stdin.flush()
    while not any(one.stat().st_size for one in tmp_path.iterdir()):
        time.sleep(0.01)
    process.send_signal(number)
    assert process.wait(timeout=120) == 128 + number
    assert list(tmp_path.iterdir()) == []


def test_an_export_to_a_stdout_that_does_not_block_is_whole(start, many, tmp_path):
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    came = []

    def drain():
        time.sleep(0.5)  # until the pipe is full
        while piece := os.read(reading, 65536):
            came.append(piece)

    reader = threading.Thread(target=drain)
    with open(many, "rb") as stdin:
        process = start("export", "csv", stdin=stdin, stdout=writing)
    os.close(writing)
    reader.start()
    assert process.wait(timeout=60) == 0, process.stderr.read()
    reader.join()
    os.close(reading)
    assert b"".join(came).count(b"\n") == ROWS + 1


def test_the_timer_of_blocked_calls_stops_where_none_blocks_and_starts_again():
    """It goes on from call to call, as most end at once, and must not wake an idle process for ever."""
    code = """
import os, signal, time
from hq_core.flow import AGAIN, Signals
from hq_core.wire.frame import read_into
into, out = os.pipe()
with Signals() as signals:
    for _ in range(2):
        os.write(out, b"some")
        assert read_into(into, memoryview(bytearray(8))) == 4
        assert signal.getitimer(signal.ITIMER_REAL)[1] == AGAIN
        while signal.getitimer(signal.ITIMER_REAL)[1]:
            time.sleep(AGAIN)
    os.write(out, b"some")
    read_into(into, memoryview(bytearray(8)))
assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
"""
    subprocess.run([sys.executable, "-c", code], env=ENV, check=True, timeout=60)
