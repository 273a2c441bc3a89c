"""Promise 6: memory does not grow with the stream.  Ten times the rows, the same peak."""

from __future__ import annotations

import subprocess
import sys

import pytest
from frames import flat_bars, frames
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


def peak_of(command, env, folder):
    """KiB of a command that reads the file `input`."""
    bare = [sys.executable, "-S", "-c", PEAK, "input", command]
    ran = subprocess.run(bare, env=env, cwd=folder, capture_output=True, text=True, check=True)
    peak, code = map(int, ran.stdout.split())
    assert code == 0, ran.stderr
    return peak


@pytest.mark.parametrize("command", COMMANDS)
def test_ten_times_the_rows_take_the_same_memory(command, run, command_env, tmp_path):
    (tmp_path / "s.hq").write_text("IF RSI(14) < 30 AND close > EMA(close, 20)[3] THEN BUY\nIF RSI(14) > 70 THEN SELL")
    peaks = []
    for rows in (1_000, 300_000, 3_000_000):  # the first run compiles
        made = COMMANDS[command].format(rows).replace("STRATEGY", "s.hq")
        assert run(f"{made} > input").code == 0
        peaks.append(peak_of(command.replace("STRATEGY", "s.hq"), command_env, tmp_path))
    assert peaks[2] <= peaks[1] + SPREAD
    assert peaks[2] < LIMIT


@pytest.mark.parametrize("format_", ["csv", "jsonl", "table"])
def test_the_texts_of_a_long_frame_are_not_all_held_at_once(format_, command_env, tmp_path):
    """A panel of hq-merge comes in frames of up to 16 MiB: the frame, and the texts of a piece of it."""
    (tmp_path / "input").write_bytes(frames(flat_bars([1.0, 2.0] * 100_000)))
    assert peak_of(f"hq-export {format_}", command_env, tmp_path) < LIMIT + 16 * 1024
