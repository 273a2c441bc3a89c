"""What has been since a condition held: rows, and values at the rows where it did."""

from __future__ import annotations

import math

from hq_core.jit import F8, State, kernel


@kernel(state="rows:i8 held:i8")
def barssince(condition: F8, s: State, out: F8) -> None:
    """Rows since the condition held, 0 where it does; nan before it first did.

    s  rows: since then; held: 1 from the first time on
    """
    rows = s.rows
    held = s.held
    for i in range(len(condition)):
        now = condition[i] == 1.0
        held = 1 if now else held
        rows = 0 if now else rows + held
        out[i] = float(rows) if held == 1 else math.nan
    s.rows = rows
    s.held = held


@kernel(state="head:i8<back held:i8<=back")
def valuewhen(condition: F8, x: F8, back: int, s: State, ring: F8, out: F8) -> None:
    """x at the back-th last row at which the condition held, this row included: 1 is the last; nan before there is one.

    s     head: slot of the oldest of them; held: how many there are, up to back
    ring  (back,)  x at those rows
    """
    head = max(s.head, 0)
    held = s.held
    for i in range(len(condition)):
        if condition[i] == 1.0:
            ring[head] = x[i]
            head = head + 1 if head + 1 < back else 0
            held = held + 1 if held < back else held
        out[i] = ring[head] if held == back else math.nan
    s.head = head
    s.held = held
