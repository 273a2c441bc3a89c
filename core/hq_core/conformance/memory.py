"""No kernel may leave its columns: one that does takes the process down, or worse, does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hq_core.conformance.checks import ends
from hq_core.conformance.made import DTYPES, ROWS, Columns, rough
from hq_core.conformance.runs import IndicatorRun, variants
from hq_core.graph import AS
from hq_core.jit.guarded import guarded
from hq_core.registry import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from hq_core.conformance.runs import Params
    from hq_core.graph import GraphColumn, Node
    from hq_core.jit import Kernel

    Guards = dict[Kernel, Callable[..., None]]

CUTS = (0, 0, 1, 2, 100, ROWS)  # an empty batch, single rows, longer ones


def inside(name: str) -> str:
    """Where a kernel leaves a column, its ring or its record, with any set of parameters."""
    guards: Guards = {}
    of = load(name)
    sets: list[Params] = [*variants(of), *({key: bound} for key, bound, _ in ends(of))]
    return next((said for params in sets if (said := _inside(name, params, guards))), "")


def _inside(name: str, params: Params, guards: Guards) -> str:
    run = IndicatorRun(name, params)
    columns = rough(run.of)
    nodes = [_Alone(node, guards) for node in run.graph.nodes]
    for start, stop in zip(CUTS, CUTS[1:]):
        made: dict[int, Any] = {}
        for one in nodes:
            try:
                one.run(made, columns, start, stop)
            except IndexError as error:
                return f"kernel {one.node.kernel.name} on rows {start} to {stop}, with {dict(one.node.params)}: {error}"
    return ""


class _Alone:
    """A node outside its graph: its own state and ring."""

    def __init__(self, node: Node, guards: Guards) -> None:
        self.node = node
        self.kernel = node.kernel
        if self.kernel not in guards:
            guards[self.kernel] = guarded(self.kernel)
        self.call = guards[self.kernel]
        self.state = np.zeros(1, [(name, kind) for name, kind in self.kernel.fields] or "f8")
        self.ring = np.zeros(node.ring)

    def run(self, made: dict[int, Any], columns: Columns, start: int, stop: int) -> None:
        """Compute the columns of some rows, for the nodes that read them."""
        for out in self.node.outs:
            made[out.number] = np.zeros(stop - start, DTYPES[out.kind])
        lying = iter(
            [
                *(_column(out, made, columns, start, stop) for out in self.node.inputs),
                *(made[out.number] for out in self.node.outs),
            ]
        )
        params = iter(self.node.params)
        given: list[Any] = []
        for name, kind in self.kernel.args:
            if kind == "State":
                given.append(self.state[0])
            elif name == "ring" and self.node.ring:
                given.append(self.ring)
            elif kind in ("int", "float"):
                value = next(params)[1]
                given.append(int(value) if kind == "int" else float(value))
            else:
                given.append(next(lying))
        self.call(*given)


def _column(out: GraphColumn, made: dict[int, Any], columns: Columns, start: int, stop: int) -> Any:
    if out.node is not None:
        return made[out.number]
    if not out.source:
        return np.full(stop - start, out.constant)
    return np.ascontiguousarray(columns[out.source.partition(AS)[0]][start:stop], dtype=DTYPES[out.kind])


RULES: tuple[tuple[str, Callable[[str], str]], ...] = (("no index leaves its column", inside),)
