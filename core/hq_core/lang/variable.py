"""VAR: a value made of its own last one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hq_core.lang.scope import pick, word
from hq_core.series.expr import BASE, BOOL, OPEN, align, constant, kept, recalled, recalled_before, truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from hq_core.lang import tree
    from hq_core.lang.scope import Scope
    from hq_core.series.expr import Clock, Expr


class Own:
    """What the name of a VAR stands for where its value is checked.

    farthest  how many rows before it has been read
    """

    def __init__(self, name: str, seed: Expr, clock: Clock, bare: bool) -> None:
        self.name = name
        self.farthest = 1
        self._seed = seed
        self._bare = bare  # the last value is remembered without the seed, which changes from row to row
        self.last = recalled(constant(math.nan) if bare else seed, clock, name)

    def before(self, rows: int) -> Expr:
        """The value of so many rows before, from 1 on; the seed where there is none or it is nan."""
        self.farthest = max(self.farthest, rows)
        if rows == 1 and not self._bare:
            return self.last
        return recalled_before(self.last, rows - 1, self._seed)


def variable(scope: Scope, expr: Callable[[tree.Syntax], Expr], node: tree.Variable) -> Expr:
    """The expression of a VAR, on the clock of what its value and its seed read."""
    seed = expr(node.seed)
    if not (seed.numeric or seed.dtype == BOOL):
        raise scope.wrong(
            node.seed, f"a seed is a number, a series or a condition, this is a {word(seed)}" + pick(seed)
        )
    clock, bare = OPEN, False
    while True:  # first on any rows: what it reads besides its own last values says on which it is made
        own = scope.own = Own(node.name.name, seed, clock, bare)
        try:
            value = expr(node.value)
        finally:
            scope.own = None
        value = truth(value) if seed.dtype == BOOL else value
        if value.dtype != seed.dtype or value.outputs:
            what = f"the seed is a {word(seed)} and the value a {word(value)}"
            raise scope.wrong(node.value, what + pick(value))
        if clock != OPEN:
            return kept(own.last, value)
        wanted = align(seed, value)
        clock, bare = BASE if wanted in (None, OPEN) else wanted, own.farthest > 1 and seed.constant is None
