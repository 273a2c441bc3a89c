"""A stage as its input needs it: by itself, or with `Apart` around it from the first panel on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.batch import gives_symbols
from hq_core.roles import Sink
from hq_core.saved import shaped

if TYPE_CHECKING:
    from hq_core.batch import Batch, Schema
    from hq_core.roles import Out, Stage
    from hq_core.stream.panel import Apart

SHAPE = {"apart": bool, "stage": object}


class Around(Sink):
    """Begins a stage that writes to `out`, and gives it what comes: of panels the series, where it wants them."""

    def __init__(self, stage: Stage, out: Out) -> None:
        self.stage = stage
        self.out = out
        self._apart: Apart | None = None
        self._whole = False  # the stage has been given a panel as it is, and goes on so
        self._to: Sink = stage
        stage.begin(out)

    def schema(self, schema: Schema) -> None:
        self._look(schema.panel, schema.of)
        self._to.schema(schema)

    def rows(self, batch: Batch) -> None:
        self._to.rows(batch)

    def mark(self, ts: int) -> None:
        self._to.mark(ts)

    def other(self, frame: dict[str, Any]) -> None:
        kind = frame["kind"]  # a stream of signals has hundreds of thousands of others
        if kind == "section":
            self.section(frame)
            return
        if kind == "strings":
            self._look(gives_symbols(frame), frame["of"].partition("/")[0])
        self._to.other(frame)

    def section(self, frame: dict[str, Any]) -> None:
        """A section of the input begins."""
        if self._apart is None:
            self.stage.begin_section(frame)
        else:
            self._apart.section(frame)

    def flush(self) -> None:
        self._to.flush()

    def finish(self, more: bool) -> None:
        self._to.finish(more)

    def _look(self, panel: bool, of: str) -> None:
        """Whether a panel comes, of which the texts of its symbols may be the first that is seen."""
        if panel and self._apart is None and not self._whole:
            self._whole = self.stage.panels == "whole" and of not in self.stage.apart_with
            if not self._whole:
                self._stand_around()

    def _stand_around(self) -> Apart:
        from hq_core.stream.panel import Apart  # few inputs have panels

        self._to = self._apart = Apart(self.stage, self.out, self.stage.panels != "series")
        return self._apart

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        saved = self.stage.save() if self._apart is None else self._apart.save()
        return {"apart": self._apart is not None, "stage": saved}

    def load(self, saved: dict[str, Any], ended: bool) -> None:
        """ended  the input before had ended, so that what comes is a section of its own"""
        self.stage.resumed_after(ended)
        content = saved["stage"]
        if saved["apart"]:
            from hq_core.stream.panel import SHAPE

            self._stand_around().load(shaped(content, SHAPE), ended)
        else:
            self.stage.load(content and shaped(content, self.stage.SHAPE))

    def take_up(self) -> None:
        """The stream has begun: the rows that a state brought go where those of this run do."""
        if self._apart is not None:
            self._apart.take_up()
        else:
            self.stage.take_up()
