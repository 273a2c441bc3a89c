"""The native loop: every node of a graph over a batch in one call from Python."""

from __future__ import annotations

from hq_core.jit.declare import I8, inline, kernel


def hq_call(function: int, block: int) -> int:
    """Stands for the call of machine code; the compiler puts the real one in its place."""
    raise NotImplementedError


@inline
def run_rows(plan: I8, slots: I8, moving: I8, widths: I8, lengths: I8, rows: int, piece: int, told: int) -> int:
    """The rows of one memory, as `engine` has them; told: what the lengths say, before and after."""
    done = 0
    while done < rows:
        now = min(piece, rows - done)
        if now != told:
            for i in range(len(lengths)):
                slots[lengths[i]] = now
            told = now
        for i in range(0, len(plan), 2):
            hq_call(plan[i], plan[i + 1])
        for i in range(len(moving)):
            slots[moving[i]] += widths[i] * now
        done += now
    return told


@kernel()
def engine(plan: I8, slots: I8, moving: I8, widths: I8, lengths: I8, rows: int, piece: int) -> None:
    """Run every kernel over `rows` rows, `piece` of them at a time, so that what passes between kernels stays in cache.

    plan     (2k,)  address of a kernel's entry and of its argument block, k times, in the order to run
    slots    the argument blocks, one behind the other
    moving   numbers of the slots with the address of a column of all rows; they are moved on from piece to piece
    widths   bytes of a row of each of them
    lengths  numbers of the slots with the length of a column
    """
    run_rows(plan, slots, moving, widths, lengths, rows, piece, -1)


@kernel()
def engine_apart(
    plan: I8, slots: I8, moving: I8, widths: I8, lengths: I8, last: I8, arena: I8, arenas: I8, groups: I8, piece: int
) -> None:
    """As `engine`, over rows of which those of one symbol lie together, each symbol with a memory of its own.

    last    a plan that is run once over the rows of all symbols
    arena   the memory on which the kernels run
    arenas  (symbols, len(arena)) that of each symbol
    groups  (k, 3) the symbol's number, how many rows follow, and 0 where these leave its memory as it was
    """
    words = len(arena)
    told = -1
    rows = 0
    for g in range(0, len(groups), 3):
        base = groups[g] * words
        for i in range(words):
            arena[i] = arenas[base + i]
        told = run_rows(plan, slots, moving, widths, lengths, groups[g + 1], piece, told)
        rows += groups[g + 1]
        if groups[g + 2] != 0:
            for i in range(words):
                arenas[base + i] = arena[i]
    for i in range(len(moving)):
        slots[moving[i]] -= widths[i] * rows
    run_rows(last, slots, moving, widths, lengths, rows, rows, told)


@kernel()
def row_by_row(plan: I8, slots: I8, moving: I8, widths: I8, rows: int) -> None:
    """Kernels of which one reads what another gave at the row before: all of them over one row, then over the next.

    As `engine`'s, with columns of one row; moving: all that are no constants, put back when the rows are done.
    """
    for _ in range(rows):
        for i in range(0, len(plan), 2):
            hq_call(plan[i], plan[i + 1])
        for i in range(len(moving)):
            slots[moving[i]] += widths[i]
    for i in range(len(moving)):
        slots[moving[i]] -= widths[i] * rows


STOPS, BREAKS = 1, 2  # what a step may say of a row: it is the last one for now; it is not to be gone on with


@kernel()
def rounds(plan: I8, row: I8, stop: I8, until: int) -> None:
    """All steps over one row, then over the next: of which each reads what the others made of the row before.

    plan   as `engine`'s
    row    (1,) the row, which the steps read; in the end the next one to do
    stop   (1,) STOPS or BREAKS, as a step says
    """
    stop[0] = 0
    while row[0] < until and stop[0] == 0:
        for i in range(0, len(plan), 2):
            hq_call(plan[i], plan[i + 1])
            if stop[0] == BREAKS:
                return
        row[0] += 1
