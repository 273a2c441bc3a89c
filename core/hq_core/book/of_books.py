"""What hq-book and hq-factors share: something is kept for every series of kind book, and written of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from hq_core.batch import SCHEMA, described, undescribed
from hq_core.errors import DATA, USAGE, HqError
from hq_core.kinds import BOOK
from hq_core.roles import Stage
from hq_core.stream.findings import SHAPE as FINDINGS
from hq_core.stream.findings import Findings

if TYPE_CHECKING:
    from hq_core.batch import Batch, Schema
    from hq_core.book.ready import Ready
    from hq_core.roles import Out


class Kept(Protocol):
    """What is kept for one series.

    upto    no event comes before ts any more;  finish: the input has ended
    """

    schema: Schema
    ready: Ready

    def rows(self, batch: Batch, out: Out) -> None: ...
    def upto(self, ts: int, out: Out) -> None: ...
    def finish(self, out: Out) -> None: ...
    def save(self) -> dict[str, Any]: ...
    def load(self, saved: dict[str, Any]) -> None: ...


K = TypeVar("K", bound=Kept)


class OfBooks(Stage, Generic[K]):
    """Rows of kind book are replaced by rows of kind `writes`, or pass before them; others pass.

    said   what is declared as ViewOptions, and more
    apart  what to do where a series comes in that would be written too

    Raises HqError USAGE for options that contradict each other.
    """

    panels = "apart"

    def __init__(self, command: str, said: Any, writes: str, apart: str = "send one of them") -> None:
        super().__init__()
        self.options = said
        if not said.keep_input:
            self.consumes = ("book",)
        elif said.view == "exch":
            declared = type(said)
            what = ("is in the order of exch_ts, the input in that of ts; leave out ", declared.keep_input)
            raise HqError(what, USAGE, subject=(declared.view, " exch"))
        if said.view == "exch":
            self.panels = "series"  # their rows are not in one order of ts
        self._writes, self._apart = writes, apart
        self._units: dict[str, K] = {}
        self._findings = Findings(command)
        self._others = 0  # rows of other kinds
        self._passed: set[str] = set()  # symbols of series that come in of the kind that is written
        self._books: set[str] = set()

    def _unit(self, schema: Schema) -> K:
        """What is kept for a series."""
        raise NotImplementedError

    def _announced(self, unit: K, schema: Schema) -> None:
        """The series of a unit is announced, perhaps anew."""

    def schema(self, schema: Schema) -> None:
        if schema.of == self._writes:
            self._passed.add(schema.symbol)
        if schema.of == "book":
            self._books.add(schema.symbol)
        for symbol in self._passed & self._books if self._writes != "book" else ():
            what = f"{self._writes}/{symbol}/ comes in, and would be written of book/{symbol}/ too"
            raise HqError(what, DATA, hint=self._apart)
        if schema.of != "book":
            self.out.series(schema)
            return
        schema.reads(BOOK.cols, BOOK.required)
        if schema.key not in self._units:
            self._units[schema.key] = self._unit(schema)
        if self.options.keep_input:
            self.out.series(schema)
        self._announced(self._units[schema.key], schema)

    def rows(self, batch: Batch) -> None:
        if batch.schema.of == "finding":
            self._findings.rows(batch, self.out)
            return
        if batch.schema.of != "book":
            self._others += batch.n
            self.out.copy(batch)
            return
        if self.options.keep_input:
            self.out.copy(batch)
        self._units[batch.schema.key].rows(batch, self.out)

    def other(self, frame: dict[str, Any]) -> None:
        if not self._findings.heard(frame):
            self.out.map(frame)

    def section(self) -> None:
        self._findings.section(self.out)

    def mark(self, ts: int) -> None:
        if self.options.view == "local":
            self.advance(ts)
            self.out.mark(ts)

    def advance(self, ts: int) -> None:
        if self.options.view == "local":
            for unit in self._units.values():
                unit.upto(ts, self.out)

    def finish(self, more: bool) -> None:
        if not more:
            for unit in self._units.values():
                unit.finish(self.out)

    def remarks(self) -> list[str]:
        return [line for unit in self._units.values() for line in unit.ready.remarks()]

    def save(self) -> dict[str, Any]:
        return {
            "findings": self._findings.save(),
            "units": [[described(unit.schema), unit.save()] for unit in self._units.values()],
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._findings.load(saved["findings"])
        for about, one in saved["units"]:
            schema = undescribed(about)
            unit = self._units[schema.key] = self._unit(schema)
            unit.load(one)


def shape(unit: Any) -> dict[str, Any]:
    """SHAPE of a stage whose units have this one."""
    return {"findings": FINDINGS, "units": [(SCHEMA, unit)]}
