"""Promise 6: memory does not grow with the stream.  Ten times the rows, the same peak."""

from __future__ import annotations

import subprocess
import sys

import pytest
from peak import PEAK

SPREAD = 1536  # KiB: buffers fill up at different moments
LIMIT = 40 * 1024
COMMANDS = {
    "hq-aggregate 1m:15m:4h": "hq-gen trades --rows {} --seed 1",
    "hq-aggregate 1m --lateness 2s": "hq-gen trades --rows {} --seed 1",
    "hq-aggregate 1s --fill flat": "hq-gen trades --rows {} --seed 1 | hq-export csv",
    "hq-indicators rsi:14 ema:20 macd bbands atr vri": "hq-gen bars --rows {} --seed 1",
    "hq-signal STRATEGY": "hq-gen bars --rows {} --seed 1",
    "hq-backtest": "hq-gen bars --rows {} --seed 1 | hq-signal STRATEGY",
    "hq-export csv": "hq-gen bars --rows {} --seed 1",
    "hq-import": "hq-gen bars --rows {} --seed 1 | hq-export csv",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_ten_times_the_rows_take_the_same_memory(command, run, command_env, tmp_path):
    (tmp_path / "s.hq").write_text("IF RSI(14) < 30 AND close > EMA(close, 20)[3] THEN BUY\nIF RSI(14) > 70 THEN SELL")
    peaks = []
    for rows in (1_000, 30_000, 300_000):  # the first run compiles
        made = COMMANDS[command].format(rows).replace("STRATEGY", "s.hq")
        assert run(f"{made} > input").code == 0
        ran = subprocess.run(
            [sys.executable, "-S", "-c", PEAK, "input", command.replace("STRATEGY", "s.hq")],
            env=command_env,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        peak, code = map(int, ran.stdout.split())
        assert code == 0, ran.stderr
        peaks.append(peak)
    assert peaks[2] <= peaks[1] + SPREAD
    assert peaks[2] < LIMIT
