"""What is remembered of each series, once: it lies where its rows were computed last, and goes where they come next."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from hq_core.batch import NEVER
from hq_core.errors import DATA, HqError
from hq_core.graph import AS
from hq_core.saved import Damaged, taking

if TYPE_CHECKING:
    from hq_core.graph import Graph
    from hq_core.series.unit import Unit


class Room:
    """The memories of many series, of one plan: what a panel, or several of other columns, run on.

    graph   one of those that run on them
    arenas  (series, words)
    here    whose memory does not lie elsewhere
    left    how often one has gone elsewhere
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.words = graph.words
        self.arenas = array("q")
        self.left = 0
        self.slots: dict[str, int] = {}
        self.here: set[str] = set()

    def slot(self, key: str) -> int:
        """The place of a series' memory, which may be elsewhere."""
        found = self.slots.get(key)
        if found is None:
            found = self.slots[key] = len(self.slots)
            self.arenas.frombytes(bytes(8 * self.words))
        return found

    def get(self, key: str) -> bytes:
        at = self.words * self.slots[key]
        return self.arenas[at : at + self.words].tobytes()

    def put(self, key: str, memory: bytes) -> None:
        at = self.words * self.slot(key)
        self.arenas[at : at + self.words] = array("q", memory)
        self.here.add(key)

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

    def room(self, graph: Graph) -> Room:
        """That of all panels that compute the same."""
        what = graph.what
        found = self._rooms.get(what)
        if found is None:
            found = self._rooms[what] = Room(graph)
        return found

    def begins(self, key: str) -> dict[str, Any] | None:
        """What a state has of a series that a unit is made for; once."""
        found: dict[str, Any] | None = self._saved.pop(key, None)
        return found

    def to_unit(self, key: str) -> None:
        """Rows of the series come by themselves.  Raises HqError DATA where that computes something else."""
        room = self._in.get(key)
        if room is not None:
            graph = self._units[key].graph
            graph.load(_taken(key, room.get(key), room.graph, graph), own=True)
            room.leave(key)
            del self._in[key]

    def to_room(self, key: str, room: Room) -> None:
        """Rows of the series come in a panel.  Raises HqError DATA where that computes something else."""
        other, unit, saved = self._in.get(key), self._units.get(key), self._saved.get(key)
        if other is not None:
            room.put(key, _taken(key, other.get(key), other.graph, room.graph))
            other.leave(key)
        elif unit is not None:
            room.put(key, _taken(key, unit.graph.save(), unit.graph, room.graph))
        elif saved is not None:
            with taking():
                if saved["feeds"] or saved["pending"]:
                    raise Damaged(f"{key}: waits for series that are not read here")
                room.graph.load(saved["graph"])
            room.put(key, saved["graph"])
            del self._saved[key]
        else:
            room.put(key, bytes(8 * room.words))
        self._in[key] = room

    def save(self) -> dict[str, Any]:
        """What a unit of each series would save, by the series' names."""
        units = {key: unit.save() for key, unit in self._units.items() if key not in self._in}
        rooms = {
            key: {"graph": room.get(key), "passed": NEVER, "feeds": [], "pending": [], "orders": []}
            for key, room in self._in.items()
        }
        return {**self._saved, **units, **rooms}

    def load(self, saved: dict[str, Any]) -> None:
        self._saved = dict(saved)


def _taken(key: str, memory: bytes, before: Graph, now: Graph) -> bytes:
    """A memory for another graph that computes the same; an empty one is one of any graph."""
    if before.what == now.what:
        return memory
    if not any(memory):
        return bytes(8 * now.words)
    was, reads = (", ".join(dict.fromkeys(name.partition(AS)[0] for name in graph.sources)) for graph in (before, now))
    here = f"its indicators would go on with {reads} where they read {was}"
    raise HqError(f"{key}: has other columns than before, so that {here}; give it the same columns throughout", DATA)
