"""A graph of kernels over one series: equal nodes are one node, all state lies in one arena.

A node is known by its kernel, its parameters and its inputs, so MACD's fast average and a lone EMA of the same
length are computed once where both are asked for.  One native call runs all nodes over a piece of a batch.
"""
from __future__ import annotations

import ctypes
from array import array
from typing import TYPE_CHECKING, Any

from hq_core import registry
from hq_core.errors import DATA, HqError
from hq_core.jit import Block, Kernel, address, address_of, engine, load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PIECE = 4096            # rows a run: scratch columns of 32 KiB stay in the cache

_move = ctypes.memmove


class Out:
    """One column of the graph: output `index` of `node`, a source column of the input, or a constant."""

    __slots__ = ("constant", "index", "node", "number", "source")

    def __init__(self, number: int, node: Node | None = None, index: int = 0, source: str = "", constant: float = 0.0):
        self.number = number
        self.node = node
        self.index = index
        self.source = source
        self.constant = constant

    @property
    def warmup(self) -> int:
        return self.node.warmup if self.node is not None else 0

    def __repr__(self) -> str:
        if self.node is None:
            return self.source or repr(self.constant)
        name = self.node.outputs[self.index]
        return f"{self.node}.{name}" if len(self.node.outputs) > 1 else repr(self.node)


class Node:
    """A kernel with its parameters and inputs; `outs` are its columns."""

    __slots__ = ("inputs", "kernel", "number", "outputs", "outs", "params", "ring", "warmup")

    def __init__(
        self, number: int, kernel: Kernel, inputs: tuple[Out, ...], params: tuple[tuple[str, float], ...],
        ring: int, outputs: tuple[str, ...], warmup: int,
    ) -> None:
        self.number = number
        self.kernel = kernel
        self.inputs = inputs
        self.params = params
        self.ring = ring
        self.outputs = outputs
        self.warmup = warmup + max((one.warmup for one in inputs), default=0)
        self.outs: list[Out] = []

    def out(self, index: int = 0) -> Out:
        return self.outs[index]

    def __repr__(self) -> str:
        given = [repr(one) for one in self.inputs] + [f"{value:g}" for _, value in self.params]
        return f"{self.kernel.name}({', '.join(given)})"


class Graph:
    """Nodes over the columns of one series.  Build, `compile`, then `run` batch after batch."""

    def __init__(self) -> None:
        self.sources: list[str] = []        # the input columns that the graph reads
        self.nodes: list[Node] = []
        self._outs: list[Out] = []
        self._known: dict[object, Any] = {}
        self._arena = bytearray(8)
        self._wanted: list[Out] = []

    # -- building ----------------------------------------------------------------------------------------
    def source(self, name: str) -> Out:
        """A column of the input rows, float64."""
        found: Out | None = self._known.get(("source", name))
        if found is None:
            found = self._known["source", name] = self._column(Out(len(self._outs), source=name))
            self.sources.append(name)
        return found

    def constant(self, value: float) -> Out:
        """A column that holds one value."""
        found: Out | None = self._known.get(("constant", repr(value)))
        if found is None:
            found = self._known["constant", repr(value)] = self._column(Out(len(self._outs), constant=value))
        return found

    def node(
        self, kernel: Kernel, inputs: Sequence[Out], params: Mapping[str, float] | None = None,
        ring: int = 0, outputs: int | Sequence[str] = 1, warmup: int = 0,
    ) -> Node:
        """The node of this kernel, these inputs and these parameters, made if it is not there."""
        pairs = tuple((params or {}).items())
        key = (kernel, tuple(one.number for one in inputs), tuple((k, repr(v)) for k, v in pairs))
        found: Node | None = self._known.get(key)
        if found is None:
            names = tuple(f"out{i}" for i in range(outputs)) if isinstance(outputs, int) else tuple(outputs)
            found = Node(len(self.nodes), kernel, tuple(inputs), pairs, ring, names, warmup)
            found.outs = [self._column(Out(len(self._outs), found, i)) for i in range(len(names))]
            self.nodes.append(found)
            self._known[key] = found
        return found

    def indicator(
        self, name: str, inputs: Sequence[Out] = (), params: Mapping[str, registry.Value] | None = None
    ) -> Sequence[Out]:
        """The columns of a registered indicator; without `inputs` it reads its default columns."""
        entry = registry.load(name)
        bound = entry.bind((), params)
        if inputs and len(inputs) != len(entry.inputs):
            takes = f"{len(entry.inputs)} inputs ({', '.join(entry.inputs)})"
            raise HqError(f"{name}: takes {takes}, {len(inputs)} given", DATA)
        return entry.build(self, list(inputs) or [self.source(column) for column in entry.inputs], bound)

    def _column(self, out: Out) -> Out:
        self._outs.append(out)
        return out

    # -- running -----------------------------------------------------------------------------------------
    def compile(self, wanted: Sequence[Out]) -> None:
        """Plan the nodes that `wanted` needs; `run` then writes one column for each of them."""
        self._wanted = list(wanted)
        needed = self._reachable()
        self.nodes = [node for node in self.nodes if node.number in needed]
        given = {out.number: i for i, out in reversed(list(enumerate(wanted))) if out.node is not None}
        self._given: dict[int, int] = given
        self._arena = bytearray(max(8, 8 * sum(len(n.kernel.fields) + n.ring for n in self.nodes)))
        at = address_of(self._arena)
        self._scratch: dict[int, Any] = {}
        self._blocks: list[Block] = []
        plan = array("q")
        self._moving: list[tuple[Block, int, int]] = []       # (block, slot, column) of columns not in scratch
        self._lengths: list[tuple[Block, int]] = []
        for node in self.nodes:
            block = Block(node.kernel)
            at = self._bind(node, block, at)
            plan.extend((address(node.kernel), block.address))
            self._blocks.append(block)
        self._plan = plan
        self._start = Block(engine)
        self._start.column("plan", plan.buffer_info()[0], len(plan))
        self._engine = load(engine)
        self._length = -1

    def _reachable(self) -> set[int]:
        needed: set[int] = set()
        waiting = [out.node for out in self._wanted if out.node is not None]
        while waiting:
            node = waiting.pop()
            if node.number not in needed:
                needed.add(node.number)
                waiting += [one.node for one in node.inputs if one.node is not None]
        return needed

    def _bind(self, node: Node, block: Block, at: int) -> int:
        """Fill in a node's argument block; state and ring lie at `at`.  Returns where the next node's lie."""
        columns = iter((*node.inputs, *node.outs))
        params = iter(node.params)
        state = at
        ring = at + node.kernel.state_bytes
        ring_name = "ring" if node.ring else ""
        for name, kind in node.kernel.args:
            if kind == "State":
                block.state(state)
            elif name == ring_name:
                block.column(name, ring, node.ring)
            elif kind == "F8":
                column = next(columns)
                self._lengths.append((block, block.starts[name] + 1))
                if column.node is None and not column.source:
                    block.column(name, self._memory(column, column.constant), PIECE)
                elif column.source or column.number in self._given:
                    self._moving.append((block, block.starts[name], column.number))
                else:
                    block.column(name, self._memory(column, 0.0), PIECE)
            else:
                block.scalar(name, next(params)[1])
        return ring + 8 * node.ring

    def _memory(self, column: Out, fill: float) -> int:
        found = self._scratch.get(column.number)
        if found is None:
            found = self._scratch[column.number] = array("d", [fill]) * PIECE
        return int(found.buffer_info()[0])

    def run(self, sources: Mapping[str, int], n: int, wanted: Sequence[int], keep: bool = True) -> None:
        """Compute n rows.

        sources  address of each source column; wanted: address of each column asked of `compile`
        keep     False computes the rows and leaves the state as it was: a forming bar
        """
        before = b"" if keep else bytes(self._arena)
        for start in range(0, n, PIECE):
            self._piece(sources, 8 * start, min(PIECE, n - start), wanted)
        if not keep:
            self._arena[:] = before

    def _piece(self, sources: Mapping[str, int], shift: int, n: int, wanted: Sequence[int]) -> None:
        outs, given = self._outs, self._given
        for block, slot, column in self._moving:
            at = given.get(column)
            block.slots[slot] = (sources[outs[column].source] if at is None else wanted[at]) + shift
        if n != self._length:
            self._length = n
            for block, slot in self._lengths:
                block.slots[slot] = n
        self._engine(self._start.address)
        for i, out in enumerate(self._wanted):
            if out.node is None:
                _move(wanted[i] + shift, sources[out.source] + shift if out.source else self._constant(out), 8 * n)
            elif given[out.number] != i:
                _move(wanted[i] + shift, wanted[given[out.number]] + shift, 8 * n)

    def _constant(self, out: Out) -> int:
        return self._memory(out, out.constant)

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> bytes:
        """All state of all nodes."""
        return bytes(self._arena)

    def load(self, saved: bytes) -> None:
        if len(saved) != len(self._arena):
            raise HqError(f"a graph's state has {len(saved)} bytes, {len(self._arena)} wanted", DATA)
        self._arena[:] = saved

    def explain(self) -> list[str]:
        """One line a node, in the order in which they run: what it computes and how many rows are NaN first."""
        return [f"{node!r}  warm-up {node.warmup} rows" for node in self.nodes]
