"""Panels: rows of many symbols in one series, by ts, those of one ts by the text of their symbol.

A stage that computes symbols apart sees their series: `Apart` stands around it, gives it each symbol's rows, and puts
what it writes together again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.roles import Sink
from hq_core.saved import shaped
from hq_core.stream.joiner import HELD, Joiner
from hq_core.stream.splitter import Splitter

if TYPE_CHECKING:
    from hq_core.batch import Batch, Schema
    from hq_core.roles import Out, Stage

NEVER = -(1 << 63)
SHAPE = {"stage": object, "panels": [(str, str, int)], "symbols": {str: [str]}, **HELD}


class Apart(Sink):
    """Stands around a stage: panels are taken apart before it, and what it writes is put together behind it.

    joins   False: what it writes of a panel's symbols stays their series
    """

    def __init__(self, stage: Stage, out: Out, joins: bool = True) -> None:
        self.stage = stage
        self.joiner = Joiner(out, self._joined)
        self._joins = joins
        self._splitter = Splitter(stage)
        self._panels: dict[tuple[str, str], int] = {}  # kind and period of each panel -> ts of its last row
        self._symbols: set[str] = set()
        self._before_this: dict[str, list[str]] = {}  # symbols of a panel in the runs before
        self._plain: set[str] = set()
        stage.begin(self.joiner)

    def _joined(self, schema: Schema) -> bool:
        return self._joins and schema.symbol in self._symbols and schema.key not in self._plain

    def schema(self, schema: Schema) -> None:
        if schema.panel:
            self._panels.setdefault((schema.of, schema.period), NEVER)
        else:
            self._plain.add(schema.key)
        self._splitter.schema(schema)
        for symbol in self._before_this.pop(schema.key, ()):  # time goes on for them though they may not come again
            self._splitter.series(schema, symbol)

    def rows(self, batch: Batch) -> None:
        schema = batch.schema
        if not schema.panel:
            self.stage.rows(batch)
            return
        self._symbols.update(batch.texts.get("symbol", ()))
        self._splitter.rows(batch)
        last = batch.view("ts")[batch.n - 1]
        self._panels[schema.of, schema.period] = max(last, self._panels.get((schema.of, schema.period), NEVER))
        self.stage.advance(min(self._panels.values()))
        self.joiner.release(self._before)

    def _before(self, of: str, period: str) -> int:
        """Up to where all rows of a panel have come: of one that comes in, its last ts; of others, the slowest's."""
        return self._panels.get((of, period), min(self._panels.values(), default=NEVER))

    def mark(self, ts: int) -> None:
        self.stage.mark(ts)

    def other(self, frame: dict[str, Any]) -> None:
        if frame["kind"] == "strings" and frame["col"] == "symbol":
            self._symbols.update(frame["values"])
        self._splitter.other(frame)

    def flush(self) -> None:
        self.stage.flush()

    def finish(self, more: bool) -> None:
        self.stage.finish(more)
        if not more:
            self.joiner.release(lambda of, period: None)

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        return {
            "stage": self.stage.save(),
            "panels": [[*key, ts] for key, ts in self._panels.items()],
            "symbols": {**self._before_this, **self._splitter.symbols()},
            **self.joiner.save(),
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._panels = {(of, period): ts for of, period, ts in saved["panels"]}
        self._before_this = dict(saved["symbols"])
        self._symbols |= self.joiner.load(saved).union(*self._before_this.values())
        self.stage.load(saved["stage"] and shaped(saved["stage"], self.stage.SHAPE))
