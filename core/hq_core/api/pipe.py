"""Stages one after the other in one process: what one writes, the next is given, without a wire between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core import holes
from hq_core.batch import Batch, Schema
from hq_core.errors import USAGE, HqError
from hq_core.order import ordered
from hq_core.roles import Head, Stage
from hq_core.stream import around
from hq_core.stream.around import Around
from hq_core.stream.handover import Handover, Taken, give

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hq_core.holes import Holes
    from hq_core.jit import Kernel
    from hq_core.roles import Item


class Pipe(Stage):
    """`a | b | c` in one process, itself a stage: the rows are those of the three filters in a shell's pipe.

    >>> from hq_core import Aggregate, Indicators, generate
    >>> for item in pipe(Aggregate("1h"), Indicators("sma:2")).run(generate("bar", 180, seed=1)):
    ...     if isinstance(item, Batch):
    ...         item.schema.period, item.view("close").tolist(), item.view("sma_2").tolist()
    ('1h', [30117.3, 29991.3, 29786.3], [nan, 30054.3, 29888.8])
    """

    SHAPE = {"stages": [around.SHAPE]}
    panels = "whole"  # each of its stages is given what it wants

    def __init__(self, *stages: Stage) -> None:
        if not stages:
            raise HqError("pipe: name at least one stage", USAGE)
        for stage in stages:
            _refuse_no_stage(stage)
        super().__init__()
        self.stages = stages
        self.any_order = stages[0].any_order
        self.inputs = {name: digest for stage in stages for name, digest in stage.inputs.items()}
        self._taken: list[Around] = []  # the stages as they are given what comes
        self._between: list[Handover] = []
        self._ended = False  # the input of the run before, where a state is taken up

    def kernels(self) -> Iterable[Kernel]:
        return [kernel for stage in self.stages for kernel in stage.kernels()]

    def made_of(self, made_by: Iterable[Any]) -> None:
        for stage in self.stages:
            stage.made_of(made_by)

    def begin(self, out: Any) -> None:
        if self._taken:
            raise HqError("pipe: its stages remember what they were given; make them anew for another run", USAGE)
        super().begin(out)
        for stage in reversed(self.stages):
            self._taken.insert(0, Around(stage, out))
            out = Handover(self._taken[0])
            self._between.insert(0, out)
        del self._between[0]

    def schema(self, schema: Schema) -> None:
        self._taken[0].schema(schema)
        self._hand_over()

    def rows(self, batch: Batch) -> None:
        self._taken[0].rows(batch)
        self._hand_over()
        self.dropped = _sum(stage.dropped for stage in self.stages)  # a state may be written after it

    def mark(self, ts: int) -> None:
        self._taken[0].mark(ts)
        self._hand_over()

    def other(self, frame: dict[str, Any]) -> None:
        self._taken[0].other(frame)
        self._hand_over()

    def finish(self, more: bool) -> None:
        for taken, to in zip(self._taken, [*self._between, self.out]):
            taken.finish(more)
            to.flush()
        self.dropped = _sum(stage.dropped for stage in self.stages)
        self.notices = _sum(stage.notices for stage in self.stages)
        self.holes: Holes = {}
        for stage in self.stages:
            holes.add(self.holes, stage.holes)

    def remarks(self) -> list[str]:
        return [line for stage in self.stages for line in stage.remarks()]

    def begin_section(self, frame: dict[str, Any]) -> None:
        self._taken[0].section(frame)
        self._hand_over()

    def resumed_after(self, ended: bool) -> None:
        self._ended = ended

    def take_up(self) -> None:
        for taken in self._taken:
            taken.take_up()

    def save(self) -> dict[str, Any]:
        return {"stages": [taken.save() for taken in self._taken]}

    def load(self, saved: dict[str, Any]) -> None:
        for taken, one in zip(self._taken, saved["stages"], strict=True):
            taken.load(one, self._ended)

    def run(self, source: Iterable[Item]) -> Iterator[Item]:
        """The items that come out; a Batch is valid until the next one.  HqError DATA where rows are out of order."""
        _refuse_text(source)
        taken = Taken()
        out = Handover(taken)
        self.begin(out)
        heads = 0
        for item in source if self.any_order else ordered(source):
            if isinstance(item, Head):
                heads += 1
                self.made_of(item.get("made_by", []))
                if heads > 1:
                    self.other({"kind": "section", "made_by": item.get("made_by", [])})
            else:
                give(item, self)
            out.flush()
            yield from taken.pop()
        self.finish(False)
        yield from taken.pop()

    def _hand_over(self) -> None:
        for to in self._between:
            to.flush()

    def __repr__(self) -> str:
        return " | ".join(type(stage).__name__ for stage in self.stages)


def pipe(*stages: Stage) -> Pipe:
    """Stages one after the other, as a shell's `|` has them."""
    return Pipe(*stages)


def _refuse_no_stage(given: object) -> None:
    if not isinstance(given, Stage):
        wanted = "a stage such as Aggregate('1h'), Indicators('rsi:14') or Signal([...])"
        raise TypeError(f"pipe: {given!r:.80} is a {type(given).__name__}, must be {wanted}")


def _refuse_text(source: object) -> None:
    """A path could be iterated, letter by letter."""
    if isinstance(source, (str, bytes)):
        raise TypeError(f"run: {source!r:.80} is a {type(source).__name__}; read(path) gives the items of a file")


def _sum(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in counts:
        for reason, n in one.items():
            found[reason] = found.get(reason, 0) + n
    return found
