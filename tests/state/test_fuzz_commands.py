"""A few of the runs of fuzz_commands.py; HQ_TRIALS=full makes all of them."""

from __future__ import annotations

import os

import fuzz_commands


def test_no_run_ends_in_a_signal_a_bug_a_hang_or_a_gigabyte() -> None:
    trials = fuzz_commands.FULL if os.environ.get("HQ_TRIALS") == "full" else fuzz_commands.FEW
    ends, found = fuzz_commands.run(trials, seed=7)
    assert sum(ends.values()) == trials
    assert not found, "\n".join(found)
