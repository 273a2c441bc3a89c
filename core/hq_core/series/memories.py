"""What is remembered of each series, once: it lies where its rows were computed last, and goes where they come next."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from hq_core.batch import NEVER
from hq_core.errors import DATA, HqError
from hq_core.graph import AS
from hq_core.saved import Damaged, taking

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.graph import Graph
    from hq_core.series.unit import Unit


class Room:
    """The memories of many series, of one plan: what a panel, or several of other columns, run on.

    graphs  those of the plan, each of which has a part of a memory; what is counted beside them is the last part
    words   of 8 bytes, in each part
    parts   (series, words) each
    here    whose memory does not lie elsewhere
    left    how often one has gone elsewhere
    """

    def __init__(self, graphs: Sequence[Graph], beside: int = 0) -> None:
        self.graphs = graphs
        self.words = [*(graph.words for graph in graphs), beside]
        self.parts = [array("q") for _ in self.words]
        self.left = 0
        self.slots: dict[str, int] = {}
        self.here: set[str] = set()

    def slot(self, key: str) -> int:
        """The place of a series' memory, which may be elsewhere."""
        found = self.slots.get(key)
        if found is None:
            found = self.slots[key] = len(self.slots)
            for part, words in zip(self.parts, self.words):
                part.frombytes(bytes(8 * words))
        return found

    def get(self, key: str) -> bytes:
        """All parts, one behind the other."""
        slot = self.slots[key]
        return b"".join(part[slot * n : (slot + 1) * n].tobytes() for part, n in zip(self.parts, self.words))

    def put(self, key: str, memory: bytes) -> None:
        slot, start = self.slot(key), 0
        for part, n in zip(self.parts, self.words):
            part[slot * n : (slot + 1) * n] = array("q", memory[8 * start : 8 * (start + n)])
            start += n
        self.here.add(key)

    def fresh(self, key: str) -> None:
        """A series of which nothing is remembered begins."""
        slot = self.slot(key)
        if self.left:  # its place may be one that a memory has left
            for part, n in zip(self.parts, self.words):
                part[slot * n : (slot + 1) * n] = array("q", bytes(8 * n))
        self.here.add(key)

    def taken(self, memory: bytes) -> None:
        """Damaged where a kernel could not run on a memory that comes from a state."""
        start = 0
        if len(memory) != 8 * sum(self.words):
            raise Damaged(f"a series' state has {len(memory)} bytes, {8 * sum(self.words)} wanted")
        for graph in self.graphs:
            graph.load(memory[start : start + 8 * graph.words])
            start += 8 * graph.words

    def saved(self, key: str) -> dict[str, Any]:
        """What a unit of the series would save."""
        memory = self.get(key)
        counts = 8 * self.words[-1]
        orders = array("q", memory[len(memory) - counts :]).tolist()
        graph = memory[: len(memory) - counts]
        return {"graph": graph, "passed": NEVER, "feeds": [], "pending": [], "orders": orders, "together": []}

    def leave(self, key: str) -> None:
        self.here.remove(key)
        self.left += 1


class Memories:
    """Those of a stage's series, whose units read no other series where panels come as they are.

    units  by the names of their series
    """

    def __init__(self, units: dict[str, Unit]) -> None:
        self._units = units
        self._saved: dict[str, Any] = {}  # of a state; nobody has asked for it so far
        self._rooms: dict[str, Room] = {}
        self._in: dict[str, Room] = {}  # series whose memory lies in a room

    def room(self, graphs: Sequence[Graph], beside: int = 0) -> Room:
        """That of all panels that compute the same."""
        what = _what(graphs)
        found = self._rooms.get(what)
        if found is None:
            found = self._rooms[what] = Room(graphs, beside)
        return found

    def has(self, key: str) -> bool:
        """Whether anything is remembered of a series."""
        return key in self._in or key in self._units or key in self._saved

    def begins(self, key: str) -> dict[str, Any] | None:
        """What a state has of a series that a unit is made for; once."""
        found: dict[str, Any] | None = self._saved.pop(key, None)
        return found

    def to_unit(self, key: str) -> None:
        """Rows of the series come by themselves.  Raises HqError DATA where that computes something else."""
        room = self._in.get(key)
        if room is not None:
            unit = self._units[key]
            memory = _taken(key, room.get(key), room.graphs, [unit.graph])
            graph = 8 * unit.graph.words
            unit.graph.load(memory[:graph], own=True)
            if unit.orders is not None:
                unit.orders.load(array("q", memory[graph:]).tolist())
            room.leave(key)
            del self._in[key]

    def to_room(self, key: str, room: Room) -> None:
        """Rows of the series come in a panel.  Raises HqError DATA where that computes something else."""
        other, unit, saved = self._in.get(key), self._units.get(key), self._saved.get(key)
        if other is room:  # another panel of this room has brought it
            return
        if other is not None:
            room.put(key, _taken(key, other.get(key), other.graphs, room.graphs))
            other.leave(key)
        elif unit is not None:
            counts = array("q", unit.orders.save()).tobytes() if unit.orders is not None else b""
            room.put(key, _taken(key, unit.graph.save() + counts, [unit.graph], room.graphs))
        elif saved is not None:
            with taking():
                if saved["feeds"] or saved["pending"]:
                    raise Damaged(f"{key}: waits for series that are not read here")
                memory = saved["graph"] + array("q", saved["orders"]).tobytes()
                room.taken(memory)
            room.put(key, memory)
            del self._saved[key]
        else:
            room.fresh(key)
        self._in[key] = room

    def save(self) -> dict[str, Any]:
        """What a unit of each series would save, by the series' names."""
        units = {key: unit.save() for key, unit in self._units.items() if key not in self._in}
        rooms = {key: room.saved(key) for key, room in self._in.items()}
        return {**self._saved, **units, **rooms}

    def load(self, saved: dict[str, Any]) -> None:
        self._saved = dict(saved)


def _what(graphs: Sequence[Graph]) -> str:
    return " ".join(graph.what for graph in graphs)


def _taken(key: str, memory: bytes, before: Sequence[Graph], now: Sequence[Graph]) -> bytes:
    """A memory for other graphs that compute the same; an empty one is one of any graph."""
    if _what(before) == _what(now):
        return memory
    words = [sum(graph.words for graph in graphs) for graphs in (before, now)]
    counts = memory[8 * words[0] :]
    if not any(memory[: 8 * words[0]]):
        return bytes(8 * words[1]) + counts
    was, reads = (
        ", ".join(dict.fromkeys(name.partition(AS)[0] for graph in graphs for name in graph.sources))
        for graphs in (before, now)
    )
    here = f"its indicators would go on with {reads} where they read {was}"
    raise HqError(f"{key}: has other columns than before, so that {here}; give it the same columns throughout", DATA)
