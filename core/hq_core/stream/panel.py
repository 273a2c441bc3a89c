"""Panels: rows of many symbols in one series, taken apart into series and put together from them.

A panel's rows lie by ts, those of one ts by the text of their symbol.  A stage that computes symbols apart sees their
series: `Apart` stands around it, gives it each symbol's rows, and puts what it writes together again.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from itertools import groupby
from typing import TYPE_CHECKING, Any

from hq_core.batch import NEVER, SCHEMA, Batch, Schema, described, period_ns, symbol_of, undescribed
from hq_core.errors import DATA, HqError
from hq_core.jit import Cell
from hq_core.memory import after, move
from hq_core.roles import Sink
from hq_core.saved import Count, Damaged, shaped
from hq_core.stream.held import rows_of
from hq_core.stream.rows import BySymbol, Kept, Numbers, Permutation, Room, by_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from hq_core.roles import Out, Stage

SYMBOL = ("symbol", "s4")
HELD = {"held": [(SCHEMA, Count, [bytes])], "maps": [(int, str, str, {str: object})]}
SHAPE = {"stage": object, "panels": [(str, str, int)], "symbols": {str: [str]}, **HELD}


def series_of(panel: Schema, symbol: str) -> Schema:
    """The series of one symbol of a panel."""
    cols = tuple(col for col in panel.cols if col != SYMBOL)
    return Schema(panel.of, symbol, panel.period, cols, panel.extra)


def panel_of(series: Schema, texts: bool = False) -> Schema:
    """The panel that rows of a series stand in: the symbol comes behind ts.

    texts  the codes of its texts are those of all series of the panel
    """
    at = 1 + (series.names.index("ts") if series.has("ts") else -1)
    if any((kind == "s4" and not texts) or name == "symbol" for name, kind in series.cols):
        raise HqError(f"{series.key}: has a column of texts of its own, so its rows stand in no panel", DATA)
    return Schema(series.of, "", series.period, (*series.cols[:at], SYMBOL, *series.cols[at:]), series.extra)


class Splitter(Sink):
    """Gives a sink the series of panels; all else passes as it is."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self._known: dict[str, dict[str, Schema]] = {}  # panel's key -> symbol -> its series
        self._panels: dict[str, Schema] = {}
        self._early: dict[str, list[dict[str, Any]]] = {}  # texts of symbols of what is not announced yet, by its key
        self._symbols: BySymbol | None = None
        self._moved: Permutation
        self._room = Room()

    def schema(self, schema: Schema) -> None:
        early = self._early.pop(schema.key, ())
        if not schema.panel:
            for frame in early:
                self.sink.other(frame)
            self.sink.schema(schema)
            return
        before = self._panels.get(schema.key)
        if before is None or before.cols != schema.cols or before.extra != schema.extra:
            self._panels[schema.key] = schema
            self._known[schema.key] = {}
        for frame in early:
            self.other(frame)

    def rows(self, batch: Batch) -> None:
        if not batch.schema.panel:
            self.sink.rows(batch)
            return
        if self._panels.get(batch.schema.key) is not batch.schema:
            self.schema(batch.schema)
        for one in self.parts(batch):
            self.sink.rows(one)

    def parts(self, batch: Batch) -> list[Batch]:
        """The rows of each symbol, in the order of their codes; valid until the next call."""
        schema, n = batch.schema, batch.n
        if self._symbols is None:
            self._symbols, self._moved = BySymbol(), Permutation()
        self._symbols.sort(batch)
        at = schema.index("symbol")
        widths = [w for i, w in enumerate(schema.widths) if i != at]
        given = [address for i, address in enumerate(batch.addresses) if i != at]
        to = self._room.columns(widths, n)
        self._moved.take(self._symbols.order, n, widths, given, to)
        table = batch.texts.get("symbol", [])
        texts = {name: words for name, words in batch.texts.items() if name != "symbol"}
        found, start = [], 0
        for symbol, stop in zip(table, self._symbols.stops):
            if stop > start:
                series = self.series(schema, symbol)
                found.append(Batch(series, stop - start, after(to, widths, start), self._room.memory, texts))
                start = stop
        return found

    def series(self, panel: Schema, symbol: str) -> Schema:
        """The series of a symbol, which is announced when it is new."""
        known = self._known.setdefault(panel.key, {})
        found = known.get(symbol)
        if found is None:
            found = known[symbol] = series_of(panel, symbol)
            self.sink.schema(found)
        return found

    def symbols(self) -> dict[str, list[str]]:
        """Those of each panel so far."""
        return {key: list(known) for key, known in self._known.items()}

    def mark(self, ts: int) -> None:
        self.sink.mark(ts)

    def other(self, frame: dict[str, Any]) -> None:
        """Texts are passed on but for those of symbols, which are announced as series."""
        if frame["kind"] != "strings" or frame["col"] != "symbol" or symbol_of(frame["of"]):
            self.sink.other(frame)
            return
        panel = self._panels.get(frame["of"])
        if panel is None:
            self._early.setdefault(frame["of"], []).append(frame)
            return
        for symbol in filter(None, frame["values"]):  # an empty one has no rows: the Reader sees to it
            self.series(panel, symbol)

    def flush(self) -> None:
        self.sink.flush()

    def finish(self, more: bool) -> None:
        self.sink.finish(more)


class OpenPanel:
    """One panel that is written: its symbols' rows that wait, and the texts that the stream has been given."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.kept: dict[str, Kept] = {}  # by symbol
        self.codes: dict[str, int] = {}
        self.told = 0  # how many of the codes' texts the open section has been given


class Joiner:
    """Puts series together: takes what a stage writes, as a Writer does, and writes panels.

    joined  which series stand in panels; the others pass at once
    texts   the codes of a column of texts are the same in all series of a panel, and whoever writes tells the texts
    """

    def __init__(self, out: Out, joined: Callable[[Schema], bool], texts: bool = False) -> None:
        self.out = out
        self.joined = joined
        self.texts = texts
        self._panels: dict[tuple[Any, ...], OpenPanel] = {}
        self._of: dict[Schema, Kept] = {}
        self._maps: list[tuple[int, str, str, dict[str, Any]]] = []  # ts, symbol, period, frame
        self._waiting: list[Batch] = []
        self._cell: Cell | None = None
        self._moved: Permutation
        self._order, self._spare, self._code = Numbers(), Numbers(), Numbers()
        self._room = Room()

    # -- what a stage writes -----------------------------------------------------------------------------
    def series(self, schema: Schema) -> Any:
        found = self._of.get(schema)
        if found is not None:
            return found
        if not schema.symbol or not self.joined(schema):
            return self.out.series(schema)
        made = panel_of(schema, self.texts)
        key = made.key, made.cols, repr(sorted(made.extra.items(), key=lambda one: one[0]))
        panel = self._panels.get(key)
        if panel is None:
            panel = self._panels[key] = OpenPanel(made)
            self.out.series(made)
        kept = panel.kept.get(schema.symbol)
        if kept is None:
            kept = panel.kept[schema.symbol] = Kept(schema)
            panel.codes.setdefault(schema.symbol, len(panel.codes))
        if len(self._of) > 65_536:  # a stage may make its schema anew
            self._of.clear()
        self._of[schema] = kept
        return kept

    def rows(self, series: Any, n: int) -> list[int]:
        return series.reserve(n) if isinstance(series, Kept) else self.out.rows(series, n)

    def commit(self, series: Any, n: int) -> None:
        if isinstance(series, Kept):
            series.commit(n)
        else:
            self.out.commit(series, n)

    def copy(self, batch: Batch, series: Any = None) -> None:
        series = series if series is not None else self.series(batch.schema)
        move(self.rows(series, batch.n), batch.addresses, batch.schema.widths, batch.n)
        self.commit(series, batch.n)

    def map(self, frame: dict[str, Any]) -> None:
        ts = frame.get("ts")
        if frame["kind"] == "section":
            self.section(frame)
        elif type(ts) is int:
            symbol, period = _named(frame)
            self._maps.append((ts, symbol, period, frame))
        else:
            self.out.map(frame)

    def mark(self, ts: int) -> None:
        self.release(lambda of, period: ts)
        self.out.mark(ts)

    def flush(self) -> None:
        self.out.flush()

    def section(self, frame: dict[str, Any]) -> None:
        """A section of the input begins: the texts of codes are given anew."""
        self.out.map(frame)
        for panel in self._panels.values():
            panel.told = 0

    # -- what is written ---------------------------------------------------------------------------------
    def release(self, before: Callable[[str, str], int | None]) -> None:
        """Write the rows of each panel with a ts before the one given for its kind and period; None: all of them."""
        limits = {key: before(*key) for key in {(one.schema.of, one.schema.period) for one in self._panels.values()}}
        waiting, self._maps = self._maps, []
        told: list[tuple[int, str, str, dict[str, Any]]] = []
        for one in waiting:
            limit = before("bar", one[2])
            (told if limit is None or one[0] < limit else self._maps).append(one)
        told.sort(key=lambda one: one[:2])
        panels = sorted(self._panels.values(), key=lambda panel: -period_ns(panel.schema.period))
        for ts, frames in groupby(told, key=lambda one: one[0]):
            for panel in panels:
                limit = limits[panel.schema.of, panel.schema.period]
                self._write(panel, ts + 1 if limit is None or ts < limit else limit)
            for one in frames:
                self.out.map(one[3])
        for panel in panels:
            self._write(panel, limits[panel.schema.of, panel.schema.period])

    def _write(self, panel: OpenPanel, before: int | None) -> None:
        """Rows with a ts before that one, by ts and symbol."""
        taken: list[tuple[str, Kept, int]] = []
        for symbol, kept in panel.kept.items():
            if kept.n:
                ready = kept.n if before is None else bisect_left(_times(kept), before)
                if ready:
                    taken.append((symbol, kept, ready))
        if not taken:
            return
        taken.sort(key=lambda one: one[0])
        schema = panel.schema
        self._tell(panel)
        out = self.out.series(schema)
        total = sum(n for _, _, n in taken)
        at = schema.index("symbol")
        widths = [w for i, w in enumerate(schema.widths) if i != at]
        to, order = self._laid(panel, taken, total, widths)
        places = self.out.rows(out, total)
        self._moved.take(
            order, total, [*widths, 4], [*to, self._code.at(total)], [*places[:at], *places[at + 1 :], places[at]]
        )
        self.out.commit(out, total)
        for _, kept, n in taken:
            kept.drop(n)

    def _laid(
        self, panel: OpenPanel, taken: list[tuple[str, Kept, int]], total: int, widths: list[int]
    ) -> tuple[list[int], int]:
        """The rows one symbol behind the other: where their columns lie, and in which order they are to be."""
        to = self._room.columns(widths, total)
        self._code.at(total)
        codes = memoryview(self._code.memory).cast("B").cast("i")
        done = 0
        for symbol, kept, n in taken:
            move(after(to, widths, done), kept.starts, widths, n)
            codes[done : done + n] = array("i", [panel.codes[symbol]]) * n
            done += n
        codes.release()
        if self._cell is None:
            self._cell, self._moved = Cell(by_time), Permutation()
        cell, order = self._cell, self._order.at(total)
        cell.column("ts", to[taken[0][1].schema.index("ts")], total)
        cell.column("order", order, total)
        cell.column("spare", self._spare.at(total), total)
        cell.run()
        return to, order

    def tell(self) -> None:
        """Give the texts of all symbols that are known: readers then know of them before their first rows."""
        for panel in self._panels.values():
            self._tell(panel)

    def _tell(self, panel: OpenPanel) -> None:
        """The texts of new codes, before the first row that uses them."""
        texts = list(panel.codes)[panel.told :]
        if texts:
            self.out.series(panel.schema)
            for start in range(0, len(texts), 4096):
                self.out.map(
                    {"kind": "strings", "of": panel.schema.key, "col": "symbol", "values": texts[start : start + 4096]}
                )
            panel.told = len(panel.codes)

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        """The rows and maps that wait."""
        held = [kept for panel in self._panels.values() for kept in panel.kept.values() if kept.n]
        rows = [[described(one.schema), one.n, one.columns()] for one in held]
        return {"held": rows, "maps": [list(one) for one in self._maps]}

    def load(self, saved: dict[str, Any]) -> set[str]:
        """Take up what `save` gave; the symbols of the rows that wait."""
        symbols = set()
        for about, n, columns in saved["held"]:
            schema = undescribed(about)
            if not schema.symbol or not n:
                raise Damaged(f"{n} rows of {schema.key} wait")
            symbols.add(schema.symbol)
            self._waiting.append(rows_of(schema, n, columns))
        self._maps = [(ts, symbol, period, frame) for ts, symbol, period, frame in saved["maps"]]
        return symbols

    def take_up(self) -> None:
        """Lay the rows that a state brought where those of this run go; the stream has begun."""
        for batch in self._waiting:
            self.copy(batch)
        self._waiting = []


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


def _times(kept: Kept) -> memoryview:
    return Batch(kept.schema, kept.n, kept.starts).view("ts")  # type: ignore[no-any-return]


def _named(frame: dict[str, Any]) -> tuple[str, str]:
    """Symbol and period of the series that a frame is about."""
    of = str(frame.get("of") or f"bar/{frame.get('symbol', '')}/{frame.get('period', '')}")
    return symbol_of(of), of.rpartition("/")[2]
