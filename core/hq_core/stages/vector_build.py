"""hq-vector build: bars to labelled vectors."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from hq_core.batch import Schema, stretches
from hq_core.errors import DATA, USAGE, HqError, did_you_mean
from hq_core.jit import Cell
from hq_core.kernels.labelled import labelled
from hq_core.kernels.normal import METHODS
from hq_core.kinds import OHLC, VECTOR, extra_of
from hq_core.memory import Memory, move
from hq_core.options.vectors import BuildOptions
from hq_core.roles import Stage
from hq_core.saved import Damaged
from hq_core.series.making import Making

if TYPE_CHECKING:
    from hq_core.batch import Batch

PRICES = OHLC[1:]
ROOM = 1024  # vectors that are written together
COUNTED = {
    "flat": "nothing moved in the window, so its vector is all 0 and never a hit",
    "beyond": "the window has values that float32 cannot hold, so it gave no vector",
    "odd": "a bar without a close above 0 was passed over",
}
BUFFERS = ("ring", "w_ts", "w_bar", "w_base", "w_waits", "w_vector")
COLUMNS = ("o_ts", "o_id", "o_avail", "o_label", "o_outcome", "o_vector")  # as VECTOR has them


class Windows:
    """The windows of one series of bars, those that wait for their outcome among them."""

    def __init__(self, schema: Schema, options: BuildOptions) -> None:
        self.options = options
        self.announce(schema)
        cols = [(column.name, _type(column.type, options.length)) for column in VECTOR.columns]
        made = Making(options.column, options.normalize, schema.period, options.horizon).extra()
        self.written = Schema("vector", schema.symbol, schema.period, cols, {**extra_of("vector"), **made})
        self.cell = cell = Cell(labelled)
        places = options.horizon + 1
        sizes = {"ring": 8 * options.length, "w_vector": 4 * options.length * places}
        self.memory = {name: bytearray(sizes.get(name, 8 * places)) for name in BUFFERS}
        for name, memory in self.memory.items():
            cell.buffer(name, memory)
        cell.set(
            length=options.length,
            norm=METHODS.index(options.normalize),
            horizon=options.horizon,
            threshold=options.threshold,
            rise=options.take,
            fall=options.stop,
            places=places,
        )

    def announce(self, schema: Schema) -> None:
        """The bars are announced, perhaps with other columns than before.  HqError DATA for one that is not there."""
        for name in (self.options.column, *PRICES):
            if not schema.has(name):
                hint = did_you_mean(name, schema.names)
                what = f"column '{name}' is missing; {schema.key} has {', '.join(schema.names)}{hint}"
                raise HqError(what, DATA)
            if schema.kind(name) != "f8":
                raise HqError(f"column '{name}' of {schema.key} is {schema.kind(name)}, must be f8", DATA)
        self.bars = schema.cols

    @property
    def waiting(self) -> int:
        """Vectors that wait for their outcome."""
        state, places = self.cell.state, self.options.horizon + 1
        waits = array("q", self.memory["w_waits"])
        return sum(waits[(state.first + i) % places] for i in range(state.waiting))

    def save(self) -> list[Any]:
        return [self.cell.save(), [bytes(memory) for memory in self.memory.values()]]

    def load(self, saved: list[Any]) -> None:
        record, buffers = saved
        if [len(one) for one in buffers] != [len(one) for one in self.memory.values()]:
            raise Damaged(f"{self.written.key}: the vectors that wait have another length or horizon")
        self.cell.load(record)
        for memory, one in zip(self.memory.values(), buffers):
            memory[:] = one


class VectorBuild(Stage):
    """Makes labelled vectors of every series of bars, which are not passed on; other rows are.

    options  keywords of BuildOptions
    """

    panels = "apart"
    consumes = ("bar",)
    SHAPE = {"windows": {str: (str, str, [(str, str)], bytes, [bytes])}}

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.options = BuildOptions(**options)
        if (self.options.take > 0.0) != (self.options.stop > 0.0):
            lacks = BuildOptions.stop if self.options.take > 0.0 else BuildOptions.take
            raise HqError(("two barriers make an outcome: pass ", lacks, " too"), USAGE)
        if self.options.take > 0.0 and self.options.threshold > 0.0:
            raise HqError((BuildOptions.threshold, " is of outcomes without ", BuildOptions.take), USAGE)
        self._windows: dict[str, Windows] = {}
        self._memory = Memory(8)
        self._others = 0

    def schema(self, schema: Schema) -> None:
        if schema.of != "bar":
            self.out.series(schema)
            return
        windows = self._windows.get(schema.key)
        if windows is None:
            windows = self._windows[schema.key] = Windows(schema, self.options)
        windows.announce(schema)
        self.out.series(windows.written)

    def rows(self, batch: Batch) -> None:
        if batch.schema.of != "bar":
            self._others += batch.n
            self.out.copy(batch)
            return
        windows = self._windows[batch.schema.key]
        for part, closed in stretches(batch):
            if closed:
                self._make(windows, part)

    def _make(self, windows: Windows, batch: Batch) -> None:
        cell, written = windows.cell, windows.written
        room = ROOM + self.options.horizon + 1
        if self._memory.size < written.blob(room):
            self._memory = Memory(written.blob(room))
        places = written.places(self._memory.address, room)
        cell.column("x", batch.address(self.options.column), batch.n)
        for name in PRICES:
            cell.column(name, batch.address(name), batch.n)
        cell.column("ts", batch.address("ts"), batch.n)
        for name, at in zip(COLUMNS, places):
            cell.column(name, at, room * (self.options.length if name == "o_vector" else 1))
        start = 0
        while start < batch.n:
            cell.set(start=start)
            cell.run()
            start, found = cell.state.at, cell.state.found
            if found:
                series = self.out.series(written)
                move(self.out.rows(series, found), places, written.widths, found)
                self.out.commit(series, found)
        for name, what in COUNTED.items():
            self.note(what, getattr(cell.state, name))
            setattr(cell.state, name, 0)

    def finish(self, more: bool) -> None:
        if not self._windows:
            self.note("no bars in the input, so there are no vectors", self._others)
        if more:
            return
        made = sum(windows.cell.state.id for windows in self._windows.values())
        farthest = max((windows.cell.state.farthest for windows in self._windows.values()), default=0.0)
        if farthest < self.options.threshold:
            what = f"no outcome reached the threshold of {self.options.threshold:.15g}, the largest was {farthest:.6g}"
            self.note(f"{what}, so every label is 0", made)
        for windows in self._windows.values():
            self.note(f"{windows.written.key}: the input ended before the outcome was known", windows.waiting)

    def save(self) -> dict[str, Any]:
        return {
            "windows": {
                key: [one.written.symbol, one.written.period, [list(col) for col in one.bars], *one.save()]
                for key, one in self._windows.items()
            }
        }

    def load(self, saved: dict[str, Any]) -> None:
        for key, (symbol, period, cols, record, buffers) in saved["windows"].items():
            windows = Windows(Schema("bar", symbol, period, [(name, kind) for name, kind in cols]), self.options)
            windows.load([record, buffers])
            self._windows[key] = windows


def _type(kind: str, length: int) -> str:
    return f"f4x{length}" if kind == "f4xN" else kind
