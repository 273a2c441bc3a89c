"""VAR: a value made of its own last one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.lang.scope import pick, word
from hq_core.series.expr import BASE, BOOL, OPEN, align, kept, recalled

if TYPE_CHECKING:
    from collections.abc import Callable

    from hq_core.lang import tree
    from hq_core.lang.scope import Scope
    from hq_core.series.expr import Expr


def variable(scope: Scope, expr: Callable[[tree.Syntax], Expr], node: tree.Variable) -> Expr:
    """The expression of a VAR, on the clock of what its value and its seed read."""
    seed = expr(node.seed)
    if not (seed.numeric or seed.dtype == BOOL):
        raise scope.wrong(
            node.seed, f"a seed is a number, a series or a condition, this is a {word(seed)}" + pick(seed)
        )
    clock = OPEN
    while True:  # first on any rows: what it reads besides its own last value says on which it is made
        own = recalled(seed, clock, node.name.name)
        scope.own = node.name.name, own
        try:
            value = expr(node.value)
        finally:
            scope.own = None
        if value.dtype != seed.dtype or value.outputs:
            what = f"the seed is a {word(seed)} and the value a {word(value)}"
            raise scope.wrong(node.value, what + pick(value))
        if clock != OPEN:
            return kept(own, value)
        wanted = align(seed, value)
        clock = BASE if wanted in (None, OPEN) else wanted
