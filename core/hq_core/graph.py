"""A graph of kernels over one series: equal nodes are one node, all state lies in one arena.

A node is known by its kernel, its parameters and its inputs, so MACD's fast average and a lone EMA of the same
length are computed once where both are asked for.  One native call runs all nodes over a piece of a batch.
"""

from __future__ import annotations

import ctypes
from array import array
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hq_core import registry
from hq_core.batch import WIDTHS
from hq_core.errors import DATA, USAGE, HqError
from hq_core.jit import (
    ARRAYS,
    COLUMNS,
    ArgumentBlock,
    Kernel,
    address,
    address_of,
    check,
    engine,
    engine_apart,
    load,
    row_by_row,
    slots_of,
)
from hq_core.kernels import ops, variable
from hq_core.kernels.one_nan import one_nan
from hq_core.options.settings import SettingsOptions
from hq_core.saved import Damaged, digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

PIECE = 2048  # rows a run: scratch columns of 16 KiB stay in the cache
WHOLE_PIECES = 2048  # such columns: 32 MiB; where a graph has more, they are shorter

IN = "\v"  # in a source's key between the name of a column of times and the zone on whose clock it is read
IS = "\f"  # in a source's key between the name of a column of texts and the text that it is compared with
AS = "\t"  # in a source's key between its name and a type of its own; no column's name has one

PROBES = "probes"  # argument of a kernel that calls others at each of its rows: their entries and argument blocks

NO_TABLES: Mapping[str, Any] = MappingProxyType({})

_move = ctypes.memmove


class GraphColumn:
    """One column of the graph: output `index` of `node`, a source column of the input, or a constant.

    kind   its column type: f8, and what a kernel declares of others
    """

    __slots__ = ("before", "constant", "index", "kind", "node", "number", "source")

    def __init__(
        self,
        number: int,
        node: Node | None = None,
        index: int = 0,
        source: str = "",
        constant: float = 0.0,
        kind: str = "f8",
    ) -> None:
        self.number = number
        self.kind = kind
        self.node = node
        self.index = index
        self.source = source
        self.constant = constant
        self.before = 0  # rows of a source that have no value yet

    @property
    def warmup(self) -> int:
        return self.node.warmup if self.node is not None else self.before

    def __repr__(self) -> str:
        if self.node is None:
            return self.source.partition(AS)[0] or repr(self.constant)
        name = self.node.outputs[self.index]
        return f"{self.node}.{name}" if len(self.node.outputs) > 1 else repr(self.node)


class Node:
    """A kernel with its parameters and inputs; `outs` are its columns.

    shown   how it is written: a name, what stands in its brackets, and its parameters
    recall  of one that remembers: the node that gives its last value, whose memory it writes
    host    the node whose kernel calls this one at each of its rows, whose tables it reads too
    tables  memory that is neither of its rows nor its state, by the names of the kernel's arguments: a store, scratch
    of      what the tables hold, as a short text
    """

    __slots__ = (
        "host",
        "inputs",
        "kernel",
        "number",
        "of",
        "outputs",
        "outs",
        "params",
        "recall",
        "ring",
        "shown",
        "tables",
        "warmup",
    )

    def __init__(
        self,
        number: int,
        kernel: Kernel,
        inputs: tuple[GraphColumn, ...],
        params: tuple[tuple[str, float], ...],
        ring: int,
        outputs: tuple[str, ...],
        warmup: int,
        tables: Any,
        of: str,
        host: Node | None,
    ) -> None:
        self.number = number
        self.host = host
        self.tables = tables
        self.of = of
        self.kernel = kernel
        self.inputs = inputs
        self.params = params
        self.ring = ring
        self.outputs = outputs
        self.warmup = warmup + max((one.warmup for one in inputs), default=0)
        self.outs: list[GraphColumn] = []
        self.recall: Node | None = None
        self.shown: tuple[str, Sequence[GraphColumn], list[str]] = (
            kernel.name,
            inputs,
            [f"{value:g}" for _, value in params],
        )

    def out(self, index: int = 0) -> GraphColumn:
        return self.outs[index]

    def __repr__(self) -> str:  # only when asked for: a chain of names is as long as all its links
        name, inputs, words = self.shown
        return f"{name}({', '.join([*map(repr, inputs), *words])})"


class Loop:
    """The nodes between a variable's last value and its next one, which run together, row by row.

    members  their numbers, up to the `last` one
    leaves   the plan of what makes NaN one in those of their columns that are asked for
    """

    def __init__(self, last: Node, nodes: Sequence[Node]) -> None:
        assert last.recall is not None
        self.last = last.number
        self.members = {last.recall.number}
        for node in nodes:
            reads = {one.node.number for one in node.inputs if one.node is not None}
            if node.number <= last.number and not reads.isdisjoint(self.members):
                self.members.add(node.number)
        self.plan, self.moving, self.widths, self.leaves = array("q"), array("q"), array("q"), array("q")

    def bind(self, block: ArgumentBlock, slots: array[int]) -> None:
        tables = {"plan": self.plan, "slots": slots, "moving": self.moving, "widths": self.widths}
        for name, table in tables.items():
            block.column(name, table.buffer_info()[0], len(table))


def _memory(node: Node) -> int:
    """Bytes of its state and ring; what remembers writes that of the node which recalls it."""
    return 8 * (len(node.kernel.fields) + node.ring) if node.recall is None else 0


def _column_kinds(kernel: Kernel, ring: int, tables: Mapping[str, Any]) -> list[str]:
    """The column types of its inputs and outputs, in order."""
    others = {"ring", *tables} if ring else tables
    return [COLUMNS[kind] for name, kind in kernel.args if kind in COLUMNS and name not in others]


_ROWS = "rows by names, such as {'ema': 50}"


class Settings:
    """Rules that hold for every indicator of a graph, as TA-Lib has them for a process.

    compat    talib; metastock, which seeds EMA, RSI and CMO otherwise; tv, Pine's rules where they differ
    unstable  rows by the name of an indicator: so many more after its warm-up are nan

    Raises HqError USAGE for other words, names and numbers.
    """

    __slots__ = ("compat", "unstable")

    def __init__(self, compat: str = SettingsOptions.compat.default, unstable: Mapping[str, int] | None = None) -> None:
        SettingsOptions.compat.check(compat)
        given = {} if unstable is None else unstable
        if not hasattr(given, "items"):
            raise HqError(f"{given!r:.60}, must be {_ROWS}", USAGE, subject=SettingsOptions.unstable)
        self.compat = compat
        self.unstable: dict[str, int] = {}
        for name, rows in given.items():
            if not hasattr(rows, "__index__") or rows < 0:
                what = f"{name} is {rows!r:.40}, must be a whole number of rows"
                raise HqError(what, USAGE, subject=SettingsOptions.unstable)
            self.unstable[registry.load(name).name] = int(rows)


def settings_of(given: Settings | None) -> Settings:
    """What a program gives as settings; None are those that nobody changed.  HqError USAGE for another type."""
    if given is None:
        return Settings()
    if not isinstance(given, Settings):
        raise HqError(f"settings: {given!r:.60}, must be Settings, such as Settings(compat='tv')", USAGE)
    return given


class Scratch:
    """Columns for what lies between the nodes of a graph, as many rows as the graph runs at a time.

    Nothing in it outlives a run, so graphs of which only one runs at a time share it: many series then have one.
    """

    def __init__(self) -> None:
        self._columns: dict[tuple[int, int], array[float]] = {}
        self._constants: dict[tuple[str, int], array[float]] = {}

    def column(self, number: int, rows: int) -> int:
        """The address of a graph's column of this number."""
        found = self._columns.get((number, rows))
        if found is None:
            found = self._columns[number, rows] = array("d", bytes(8 * rows))
        return found.buffer_info()[0]

    def constant(self, value: float, rows: int) -> int:
        """The address of a column that holds one value."""
        found = self._constants.get((repr(value), rows))
        if found is None:
            found = self._constants[repr(value), rows] = array("d", [value]) * rows
        return found.buffer_info()[0]


class Graph:
    """Nodes over the columns of one series.  Build, `compile`, then `run` batch after batch.

    scratch   shared with other graphs, none of which runs at the same time
    """

    def __init__(self, settings: Settings | None = None, scratch: Scratch | None = None) -> None:
        self.settings = settings_of(settings)
        self._scratch = scratch or Scratch()
        self.sources: list[str] = []  # the input columns that the graph reads
        self.nodes: list[Node] = []
        self._outs: list[GraphColumn] = []
        self._known: dict[object, Any] = {}
        self._arena = bytearray(8)
        self._wanted: list[GraphColumn] = []
        self._what = ""

    # -- building ----------------------------------------------------------------------------------------
    def source(self, name: str, kind: str = "f8") -> GraphColumn:
        """A column of the input rows: float64, whole numbers too, or as it is where a kernel wants its own type."""
        key = name if kind == "f8" else f"{name}{AS}{kind}"
        found: GraphColumn | None = self._known.get(("source", key))
        if found is None:
            found = self._known["source", key] = self._column(GraphColumn(len(self._outs), source=key, kind=kind))
            self.sources.append(key)
        return found

    def call(self, name: str, out: GraphColumn) -> None:
        """From here on `source` of this name is that column."""
        self._known["source", name] = out

    def constant(self, value: float) -> GraphColumn:
        """A column that holds one value."""
        found: GraphColumn | None = self._known.get(("constant", repr(value)))
        if found is None:
            found = self._known["constant", repr(value)] = self._column(GraphColumn(len(self._outs), constant=value))
        return found

    def node(
        self,
        kernel: Kernel,
        inputs: Sequence[GraphColumn],
        params: Mapping[str, float] | None = None,
        ring: int = 0,
        outputs: int | Sequence[str] = 1,
        warmup: int = 0,
        tables: Mapping[str, Any] = NO_TABLES,
        of: str = "",
        host: Node | None = None,
    ) -> Node:
        """The node of this kernel, these inputs and these parameters, made if it is not there.

        tables, of, host   as Node has them; what has a host reads columns of it and of the input, no others
        """
        pairs = tuple((params or {}).items())
        kinds = _column_kinds(kernel, ring, tables) if kernel.typed else []
        if kinds or any(one.kind != "f8" for one in inputs):
            reads = kinds[: len(inputs)] or ["f8"] * len(inputs)
            inputs = [self._as(one, kind, kernel) for one, kind in zip(inputs, reads)]
        key = (kernel, tuple(one.number for one in inputs), tuple((k, repr(v)) for k, v in pairs), of)
        found: Node | None = None if kernel is variable.recall else self._known.get(key)  # each variable has its own
        if found is None:
            names = tuple(f"out{i}" for i in range(outputs)) if isinstance(outputs, int) else tuple(outputs)
            found = Node(len(self.nodes), kernel, tuple(inputs), pairs, ring, names, warmup, tables, of, host)
            gives = kinds[len(inputs) :] or ["f8"] * len(names)
            found.outs = [
                self._column(GraphColumn(len(self._outs), found, i, kind=kind)) for i, kind in enumerate(gives)
            ]
            self.nodes.append(found)
            self._known[key] = found
        return found

    def recall(self, seed: GraphColumn) -> GraphColumn:
        """The value one row before of a variable, which `remember` is given; the seed where there is none."""
        return self.node(variable.recall, [self.real(seed)]).out()

    def remember(self, last: GraphColumn, value: GraphColumn) -> GraphColumn:
        """A variable whose value is made of its last one; all on the way from one to the other runs row by row."""
        node = self.node(variable.remember, [last, self.real(value)])
        node.recall = last.node
        return node.out()

    def indicator(
        self, name: str, inputs: Sequence[GraphColumn] = (), params: Mapping[str, registry.Value] | None = None
    ) -> Sequence[GraphColumn]:
        """The columns of a registered indicator; without `inputs` it reads its default columns."""
        entry = registry.load(name)
        bound = entry.bind((), params)
        if inputs and len(inputs) != len(entry.inputs):
            takes = f"{len(entry.inputs)} inputs ({', '.join(entry.inputs)})"
            raise HqError(f"{name}: takes {takes}, {len(inputs)} given", DATA)
        given = list(inputs) or [self.source(column, kind) for column, kind in zip(entry.inputs, entry.reads)]
        before = len(self.nodes)
        outs = entry.build(self, given, bound)
        words = [f"{v:g}" if isinstance(v, float) else str(v) for v in bound.values()]
        for node in self.nodes[before:]:
            if any(out.node is node for out in outs):
                node.shown = entry.name, given, words
        rows = self.settings.unstable.get(entry.name, 0)
        if not rows:
            return outs
        return [self.node(ops.skip, [out], {"rows": rows}, warmup=rows).out() for out in outs]

    def signature(self, wanted: Sequence[GraphColumn]) -> str:
        """What these columns are, as a short text: graphs that compute the same have the same."""
        said = [
            [
                (
                    node.kernel.name,
                    [one.number for one in node.inputs],
                    node.params,
                    node.ring,
                    *([node.of] if node.of else []),
                )
                for node in self.nodes
            ],
            [(out.number, out.source, repr(out.constant)) for out in self._outs if out.node is None],
            [out.number for out in wanted],
        ]
        return digest(repr(said))

    def real(self, out: GraphColumn) -> GraphColumn:
        """The column as float64: itself if it is."""
        return out if out.kind == "f8" else self.node(ops.AS_FLOAT[out.kind], [out]).out()

    @property
    def what(self) -> str:
        """The signature of what `compile` was asked for: memories of graphs that have the same are alike."""
        if not self._what:
            self._what = self.signature(self._wanted)
        return self._what

    def _as(self, out: GraphColumn, kind: str, reader: Kernel) -> GraphColumn:
        """The column as a kernel reads it."""
        if out.kind == kind:
            return out
        if kind != "f8":
            raise HqError(f"{reader.name} reads a column of {kind} here; {out!r} is {out.kind}")
        return self.real(out)

    def _column(self, out: GraphColumn) -> GraphColumn:
        self._outs.append(out)
        return out

    # -- running -----------------------------------------------------------------------------------------
    def compile(self, wanted: Sequence[GraphColumn]) -> None:
        """Plan the nodes that `wanted` needs; `run` then writes one column for each of them."""
        self._wanted, self._what = list(wanted), ""
        needed = self._reachable()
        self.nodes = [node for node in self.nodes if node.number in needed]
        given = {out.number: i for i, out in reversed(list(enumerate(wanted))) if out.node is not None}
        self._given: dict[int, int] = given
        columns = sum(out.number not in given for node in self.nodes for out in node.outs)
        self.piece = max(1, PIECE * WHOLE_PIECES // max(WHOLE_PIECES, columns))
        self._arena = bytearray(max(8, sum(_memory(node) for node in self.nodes)))
        at = address_of(self._arena)
        self._between: dict[int, int] = {}  # columns in scratch: their numbers there
        self._called: list[Any] = []
        self.growing: list[tuple[Any, memoryview]] = []  # tables, and the record that says what they hold
        loops = {node.number: Loop(node, self.nodes) for node in self.nodes if node.recall is not None}
        whose = {number: loop for loop in loops.values() for number in loop.members}
        slots = sum(slots_of(node.kernel) for node in self.nodes) + len(loops) * slots_of(row_by_row)
        leaving = sum(wanted[i].kind == "f8" for i in given.values())
        self.slots = array("q", bytes(8 * (slots + leaving * slots_of(one_nan))))
        self._steps = array("q")  # the plan of what computes
        self._leaving = array("q")  # that of what makes NaN one in each column asked for
        self.plan = array("q")  # both, the latter while the column is still in the cache
        # of columns that are not in scratch: their slots, and the source that each is or which of `wanted`
        self._read: list[tuple[int, str]] = []
        self._written: list[tuple[int, int]] = []
        self._left = [i for i, out in enumerate(wanted) if out.node is None or given[out.number] != i]
        self._loops = list(loops.values())
        moving, widths, lengths = array("q"), array("q"), array("q")
        slot, behind = 0, slots
        states: dict[int, int] = {}
        self._probes = {node.host.number: array("q") for node in self.nodes if node.host is not None}
        hosts: dict[int, ArgumentBlock] = {}
        for node in self.nodes:
            block = hosts[node.number] = ArgumentBlock(node.kernel, self.slots, slot)
            slot += slots_of(node.kernel)
            states[node.number] = at if node.recall is None else states[node.recall.number]
            self._bind(node, block, states[node.number], moving, widths, lengths, whose.get(node.number))
            at += _memory(node)
            loop, step = whose.get(node.number), (address(node.kernel), block.address)
            leaves = array("q") if loop is None else loop.leaves
            for out in node.outs:
                if out.number in given and out.kind == "f8":
                    leaves.extend(self._leave(out, behind, moving, widths, lengths))
                    behind += slots_of(one_nan)
            if node.host is not None:
                self._probes[node.host.number].extend(step)
                self.plan.extend(leaves)
                self._leaving.extend(leaves)
                continue
            if loop is not None:
                loop.plan.extend(step)
                if node.number != loop.last:
                    continue
                block = ArgumentBlock(row_by_row, self.slots, slot)
                slot += slots_of(row_by_row)
                loop.bind(block, self.slots)
                lengths.append(block.starts["rows"])
                step = (address(row_by_row), block.address)
            self._steps.extend(step)
            self._leaving.extend(leaves)
            self.plan.extend((*step, *leaves))
        for node in self.nodes:
            if node.number in self._probes:
                node.tables[PROBES] = self._probes[node.number]  # there too, for tables that bind all anew
                hosts[node.number].buffer(PROBES, node.tables[PROBES])
        self._start = ArgumentBlock(engine)
        self._tables = {"plan": self.plan, "slots": self.slots, "moving": moving, "widths": widths, "lengths": lengths}
        for name, table in self._tables.items():
            self._start.column(name, table.buffer_info()[0], len(table))
        self._start.scalar("piece", self.piece)
        self._rows = self._start.starts["rows"]
        self._engine = load(engine)

    def _reachable(self) -> set[int]:
        needed: set[int] = set()
        waiting = [out.node for out in self._wanted if out.node is not None]
        while waiting:
            node = waiting.pop()
            if node.number not in needed:
                needed.add(node.number)
                waiting += [one.node for one in node.inputs if one.node is not None]
                if node.host is not None:
                    waiting.append(node.host)
        return needed

    def _bind(
        self,
        node: Node,
        block: ArgumentBlock,
        at: int,
        moving: array[int],
        widths: array[int],
        lengths: array[int],
        loop: Loop | None,
    ) -> None:
        """Fill in a node's argument block; state and ring lie at `at`."""
        columns = iter((*node.inputs, *node.outs))
        params = iter(node.params)
        ring_name = "ring" if node.ring else ""
        rows = self.piece if loop is None else 1
        for name, kind in node.kernel.args:
            if kind == "State":
                block.state(at)
            elif name == ring_name:
                block.column(name, at + node.kernel.state_bytes, node.ring)
            elif name in node.tables:
                block.buffer(name, node.tables[name])
            elif kind in COLUMNS:
                column, place = next(columns), block.starts[name]
                if loop is None:
                    lengths.append(place + 1)
                if column.node is None and not column.source:
                    block.column(name, self._scratch.constant(column.constant, self.piece), rows)
                    continue
                if column.source or column.number in self._given:
                    moving.append(place)
                    widths.append(ARRAYS[kind])
                    block.column(name, 0, rows)
                    if column.source:
                        self._read.append((place, column.source))
                    else:
                        self._written.append((place, self._given[column.number]))
                else:
                    number = self._between.setdefault(column.number, len(self._between))
                    block.column(name, self._scratch.column(number, self.piece), rows)
                if loop is not None:
                    loop.moving.append(place)
                    loop.widths.append(ARRAYS[kind])
            else:
                block.scalar(name, next(params)[1])
        if hasattr(node.tables, "blocks"):  # they grow, and tell of where they move to
            node.tables.blocks.append(block)
        if hasattr(node.tables, "check"):  # they are filled by calls that may fail
            self._called.append(node.tables)
        if hasattr(node.tables, "ready") and node.host is None:  # what they hold grows, and its record says of it
            start = (at - address_of(self._arena)) // 8
            self.growing.append((node.tables, memoryview(self._arena).cast("q")[start:]))

    def _leave(
        self, out: GraphColumn, slot: int, moving: array[int], widths: array[int], lengths: array[int]
    ) -> tuple[int, int]:
        """What the plan calls to make NaN one in a column asked for, its argument block from a slot on."""
        block = ArgumentBlock(one_nan, self.slots, slot)
        place = block.starts["x"]
        self._written.append((place, self._given[out.number]))
        moving.append(place)
        widths.append(ARRAYS["F8"])
        lengths.append(place + 1)
        return address(one_nan), block.address

    def run(self, sources: Mapping[str, int], n: int, wanted: Sequence[int], keep: bool = True) -> None:
        """Compute n rows.

        sources  address of each source column; wanted: address of each column asked of `compile`
        keep     False computes the rows and leaves the state as it was: a forming bar
        """
        before = b"" if keep else bytes(self._arena)
        for tables, record in self.growing:
            tables.ready(record, n)
        self.place(sources, n, wanted)
        self._engine(self._start.address)
        for one in self._called:
            one.check()
        self.fill(sources, n, wanted)
        if not keep:
            self._arena[:] = before

    def by_rows(self, sources: Mapping[str, int], n: int, wanted: Sequence[int]) -> tuple[int, int]:
        """As `run`, row by row: what is to be called for the next of n rows, see jit/engine.py's `rounds`.

        Columns that no node writes are there at once; who writes a source as the rows go calls `fill` behind them.
        """
        self.place(sources, 1, wanted)
        self.fill(sources, n, wanted)
        return address(engine), self._start.address

    @property
    def words(self) -> int:
        """Of 8 bytes, in the memory of all nodes."""
        return len(self._arena) // 8

    def run_apart(
        self, sources: Mapping[str, int], n: int, wanted: Sequence[int], arenas: int, size: int, groups: int, count: int
    ) -> None:
        """As `run`, of rows of several symbols, each of which has a memory of its own.

        arenas  address of those memories, `words` of 8 bytes for each, `size` in all
        groups  address of (the symbol's number, how many of the next rows are its, 0 where they are forming ones),
                `count` of them
        """
        self.place(sources, n, wanted)
        start = ArgumentBlock(engine_apart)
        for name, table in (self._tables | {"plan": self._steps, "last": self._leaving}).items():
            start.column(name, table.buffer_info()[0], len(table))
        start.column("arena", address_of(self._arena), self.words)
        start.column("arenas", arenas, size)
        start.column("groups", groups, 3 * count)
        start.scalar("piece", self.piece)
        load(engine_apart)(start.address)
        for one in self._called:
            one.check()
        self.fill(sources, n, wanted)

    def fill(self, sources: Mapping[str, int], n: int, wanted: Sequence[int]) -> None:
        """The columns asked for that no node writes: what is there already, under another name."""
        for i in self._left:
            out = self._wanted[i]
            if out.node is not None:
                _move(wanted[i], wanted[self._given[out.number]], WIDTHS[out.kind] * n)
            elif out.source:
                _move(wanted[i], sources[out.source], WIDTHS[out.kind] * n)
                if out.kind == "f8":
                    block = ArgumentBlock(one_nan)
                    block.column("x", wanted[i], n)
                    load(one_nan)(block.address)
            else:
                for start in range(0, n, self.piece):
                    constant = self._scratch.constant(out.constant, self.piece)
                    _move(wanted[i] + 8 * start, constant, 8 * min(self.piece, n - start))

    def fixed(self, sources: Mapping[str, int], values: array[float]) -> ArgumentBlock:
        """The arguments of the native loop for one row at these addresses each time: for a feed that brings row after
        row.  Who calls it keeps the graph, on whose memory it runs.

        values  where the columns asked for go, which are float64 and different ones
        """
        at, size = values.buffer_info()
        self.place(sources, 1, range(at, at + values.itemsize * size, values.itemsize))
        self._row = ArgumentBlock(one_nan)  # all values at once
        self._row.column("x", at, size)
        self._row_plan = array("q", (*self._steps, address(one_nan), self._row.address))
        start = ArgumentBlock(engine)
        for name, table in (self._tables | {"plan": self._row_plan}).items():
            start.column(name, table.buffer_info()[0], 0 if name == "moving" else len(table))
        start.scalar("rows", 1)
        start.scalar("piece", 1)
        return start

    def apart(
        self, sources: Mapping[str, int], n: int, wanted: Sequence[int]
    ) -> Iterator[tuple[Node, Callable[[], object]]]:
        """Each node that the plan calls, a variable's at the one that remembers, and what runs it alone over n rows."""
        self.place(sources, n, wanted)
        for slot in self._tables["lengths"]:  # once: a plan of many nodes would set all of them before each
            self.slots[slot] = n
        inside = {number for loop in self._loops for number in loop.members if number != loop.last}
        inside |= {node.number for node in self.nodes if node.host is not None}
        for i, node in enumerate(node for node in self.nodes if node.number not in inside):
            start = ArgumentBlock(engine)
            for name, table in (self._tables | {"plan": self._steps}).items():
                part = (16 * i, 2) if name == "plan" else (0, len(table) if name == "slots" else 0)
                start.column(name, table.buffer_info()[0] + part[0], part[1])
            start.scalar("rows", n)
            start.scalar("piece", n)
            yield node, partial(self._engine, start.address)

    def place(self, sources: Mapping[str, int], n: int, wanted: Sequence[int]) -> None:
        """Tell the argument blocks of the columns that `run` takes."""
        slots = self.slots
        for slot, source in self._read:
            slots[slot] = sources[source]
        for slot, at in self._written:
            slots[slot] = wanted[at]
        self._start.slots[self._rows] = n

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> bytes:
        """All state of all nodes."""
        return bytes(self._arena)

    def load(self, saved: bytes, own: bool = False) -> None:
        """Take up what `save` of a graph like this one gave; Damaged where a kernel could not run on it.

        own   it comes from this very process, which need not look at it again
        """
        if len(saved) != len(self._arena):
            raise Damaged(f"a graph's state has {len(saved)} bytes, {len(self._arena)} wanted")
        if not own:
            self._check(saved)
        self._arena[:] = saved

    def _check(self, saved: bytes) -> None:
        view = memoryview(saved)
        at = slot = 0
        for node in self.nodes:
            if node.recall is None:
                ring = at + node.kernel.state_bytes
                end = ring + 8 * node.ring
                check(ArgumentBlock(node.kernel, self.slots, slot), view[at:ring], view[ring:end])
                at = end
                slot += slots_of(node.kernel)
            else:
                slot += slots_of(node.kernel) + slots_of(row_by_row)

    def warmups(self) -> list[str]:
        """One line a node, in the order in which they run: what it computes and how many rows are NaN first."""
        return [f"{node!r}  warm-up {node.warmup} rows" for node in self.nodes]
