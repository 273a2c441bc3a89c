"""kill -9 at any moment, then resume from the state file: the same rows as a run that nobody disturbed.

HQ_KILLS sets how often each filter is killed; a long run is for a night, not for every change.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import promises
import pytest
from filters import bars, ordered_bars, trades
from places import ROOT

from hq_core import statefile

KILLS = int(os.environ.get("HQ_KILLS", "3"))
COMMANDS = {
    "aggregate": (["1m:5m:1h", "--fill", "flat"], trades),
    "indicators": (["rsi:14", "ema:20", "bbands:20", "macd:12,26,9", "atr:14", "vri:5", "stddev:9", "sma:3"], bars),
    "signal": (["examples/rsi.hq"], bars),
    "backtest": (["--position-mode", "hedge", "--margin", "cross"], ordered_bars),
}


def start(command, args, state, output, append):
    env = {**os.environ, "PYTHONPATH": str(ROOT / "core")}
    with open(output, "ab" if append else "wb") as out:
        return subprocess.Popen(
            [sys.executable, "-m", f"hq_cli.{command}", *args, "--state", str(state), "--state-every", "20"],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env=env,
        )


def feed(process, data, rng):
    """Write data in pieces, so that the filter comes to write its state between them."""
    try:
        for at in range(0, len(data), 8192):
            process.stdin.write(data[at : at + 8192])
            process.stdin.flush()
            if rng.random() < 0.3:
                time.sleep(0.002)
    except BrokenPipeError:
        pass


@pytest.mark.parametrize("command", COMMANDS)
def test_killed_and_resumed_is_undisturbed(command, tmp_path):
    args, make = COMMANDS[command]
    schema, rows = make(5, 3000)
    data = promises.stream(promises.cut(schema, rows, [7, 30, 1, 64]))
    undisturbed = tmp_path / "undisturbed"
    process = start(command, args, tmp_path / "s0", undisturbed, append=False)
    _, told = process.communicate(data)
    assert process.returncode == 0, told
    expected = promises.said(undisturbed.read_bytes())
    for number in range(KILLS):
        rng = random.Random(number)
        state, output = tmp_path / f"state{number}", tmp_path / f"output{number}"
        taken = 0
        for _ in range(2):  # killed twice, then left in peace
            process = start(command, args, state, output, append=True)
            feed(process, data[taken : taken + rng.randrange(1, len(data) - taken)], rng)
            time.sleep(rng.random() * 0.15)
            process.kill()
            process.communicate()
            assert process.returncode == -signal.SIGKILL
            content = statefile.read(str(state)) or {"input": {"bytes": 0}, "output": {"bytes": 0}}
            taken = content["input"]["bytes"]
            os.truncate(output, content["output"]["bytes"])
        process = start(command, args, state, output, append=True)
        _, told = process.communicate(data[taken:])
        assert process.returncode == 0, told
        assert promises.said(output.read_bytes()) == expected


def test_whoever_reads_from_a_killed_writer_says_so(tmp_path):
    """The writer before the last filter is killed; what came must not be taken for the whole."""
    env = {**os.environ, "PYTHONPATH": str(ROOT / "core")}

    def filter_(name, *args, **pipes):
        return subprocess.Popen([sys.executable, "-m", f"hq_cli.{name}", *args], cwd=ROOT, env=env, **pipes)

    output = tmp_path / "output"
    with open(output, "wb") as out:
        first = filter_("aggregate", "1s", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        last = filter_("indicators", "rsi:14", stdin=first.stdout, stdout=out, stderr=subprocess.PIPE)
        first.stdout.close()
        schema, rows = trades(1, 2000)
        feed(first, promises.stream(promises.cut(schema, rows, [50]), whole=False), random.Random(0))
        while not output.stat().st_size:  # rows have come through both
            time.sleep(0.01)
        first.kill()
        told = last.communicate()[1].decode()
        first.stdin.close()
        first.wait()
    assert last.returncode == 65
    assert told.startswith("hq-indicators: the input stops")
    assert "writer died" in told
    assert sum(len(one["ts"]) for one in promises.said_before_it_breaks(output.read_bytes()).values()) > 0
