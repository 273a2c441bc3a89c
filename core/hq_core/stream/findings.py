"""Findings that a stage writes, in the series in which those of the stages before it pass."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from hq_core.batch import CODES, Batch, Schema
from hq_core.columns import numbers
from hq_core.kinds import FINDING, extra_of
from hq_core.saved import Damaged
from hq_core.stream.tables import Table
from hq_core.stream.told import Told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.roles import Out

SHAPE = {"series": [str], "texts": {str: [str]}}  # what `save` gives
SEVERITY = numbers(FINDING.codes["severity"])


class Findings:
    """Of one stage.  Whoever has one gives it the rows and texts of kind finding, and the sections, that come in.

    All series have the same texts, as they may stand in one panel.

    stage  the command that finds them
    """

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._tables = {name: Table() for name, kind in FINDING.cols if kind == "s4"}
        self._told = Told()
        self._series: dict[str, None] = {}

    def heard(self, frame: dict[str, Any]) -> bool:
        """Whether a frame gives texts of findings: they come with the rows, and are written anew."""
        return bool(frame["kind"] == "strings" and frame["of"].startswith("finding/"))

    def rows(self, batch: Batch, out: Out) -> None:
        """Pass findings on."""
        schema, addresses, kept = batch.schema, list(batch.addresses), []
        series = out.series(schema)
        self._series[schema.key] = None
        for name, table in self._tables.items():
            codes = array("i", table.take(batch.words(name), f"{schema.key}: column '{name}'"))
            addresses[schema.index(name)] = codes.buffer_info()[0]
            kept.append(codes)
        self._tell(schema.key, out)
        texts = {name: table.words for name, table in self._tables.items()}
        out.copy(Batch(schema, batch.n, addresses, (batch, kept), texts), series)

    def found(
        self, of: Schema, rule: str, severity: str, ts: Sequence[int], value: Sequence[float], bound: float, out: Out
    ) -> None:
        """Write findings of a series, one for each ts and value."""
        n = len(ts)
        schema = Schema("finding", of.symbol, "", FINDING.cols, extra_of("finding"))
        said: dict[str, Any] = {"ts": ts, "from_ts": ts, "to_ts": ts, "value": value, "bound": [bound] * n}
        said["severity"] = [SEVERITY[severity]] * n
        columns = [array(CODES[kind], said.get(name, [0] * n)) for name, kind in schema.cols]
        texts = {"of": [of.key], "stage": [self._stage], "rule": [rule]}
        self.rows(Batch(schema, n, [one.buffer_info()[0] for one in columns], columns, texts), out)

    def section(self, out: Out) -> None:
        """A section begins: texts are given anew."""
        self._told.forget()
        for key in self._series:
            self._tell(key, out)

    def _tell(self, key: str, out: Out) -> None:
        for name, table in self._tables.items():
            for frame in self._told.more(key, name, table.words):
                out.map(frame)

    def save(self) -> dict[str, Any]:
        return {"series": list(self._series), "texts": {name: table.words for name, table in self._tables.items()}}

    def load(self, saved: dict[str, Any]) -> None:
        self._series = dict.fromkeys(saved["series"])
        for name, words in saved["texts"].items():
            if len(self._tables[name].take(words, name)) != len(self._tables[name].words):
                raise Damaged(f"texts of findings, column '{name}', are there twice")
