"""Processor time that another process has taken: who compiles takes some, who is stopped or hangs takes none."""

from __future__ import annotations

import sys
from time import clock_gettime, monotonic

SCHED = 2  # Linux: which clock of a process, in the id of a clock; the bits above are those of ~process


def spent(process: int) -> float:
    """Seconds; 0.0 where there is no such process.  Elsewhere than on Linux it is taken to be always at work."""
    if sys.platform != "linux":
        return monotonic()
    try:
        return clock_gettime(~process << 3 | SCHED)
    except (OSError, OverflowError):
        return 0.0
