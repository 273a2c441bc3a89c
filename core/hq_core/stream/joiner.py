"""Panels put together: the rows of series in one, by ts and symbol, with the texts of its codes."""

from __future__ import annotations

from bisect import bisect_left
from itertools import groupby
from typing import TYPE_CHECKING, Any

from hq_core.batch import SCHEMA, Batch, Schema, described, rank, symbol_of, told_texts, undescribed
from hq_core.errors import DATA, HqError
from hq_core.memory import move
from hq_core.saved import Count, Damaged
from hq_core.stream.held import rows_of
from hq_core.stream.laid import Laid
from hq_core.stream.rows import Kept
from hq_core.stream.splitter import SYMBOL

if TYPE_CHECKING:
    from collections.abc import Callable

    from hq_core.roles import Out

HELD = {"held": [(SCHEMA, Count, [bytes])], "maps": [(int, str, str, {str: object})]}  # what `save` gives


def panel_of(series: Schema, texts: bool = False) -> Schema:
    """The panel that rows of a series stand in: the symbol comes behind ts.

    texts  the codes of its texts are those of all series of the panel
    """
    at = 1 + (series.names.index("ts") if series.has("ts") else -1)
    if any((kind == "s4" and not texts) or name == "symbol" for name, kind in series.cols):
        raise HqError(f"{series.key}: has a column of texts of its own, so its rows stand in no panel", DATA)
    return Schema(series.of, "", series.period, (*series.cols[:at], SYMBOL, *series.cols[at:]), series.extra)


class OpenPanel:
    """One panel that is written: its symbols' rows that wait, and the texts that the stream has been given."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.kept: dict[str, Kept] = {}  # by symbol
        self.untold: list[str] = []  # symbols whose texts the open section has not been given
        self.laid = Laid(schema)


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
        self._codes: dict[str, dict[str, int]] = {}  # of the open section, by the panels' name
        self._of: dict[Schema, Kept] = {}
        self._maps: list[tuple[int, str, str, dict[str, Any]]] = []  # ts, symbol, period, frame
        self._waiting: list[Batch] = []

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
            panel.untold.append(schema.symbol)
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
            symbol, period = named(frame)
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
        self._codes = {}
        for panel in self._panels.values():
            panel.untold = list(panel.kept)

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
        panels = sorted(self._panels.values(), key=lambda panel: rank(panel.schema))
        for panel in panels:
            self._lay(panel, limits[panel.schema.of, panel.schema.period])
        for ts, frames in groupby(told, key=lambda one: one[0]):
            for panel in panels:
                panel.laid.write(self.out, ts + 1)
            for one in frames:
                self.out.map(one[3])
        for panel in panels:
            panel.laid.write(self.out)

    def _lay(self, panel: OpenPanel, before: int | None) -> None:
        """Rows with a ts before that one are to be written."""
        taken: list[tuple[str, Kept, int]] = []
        for symbol, kept in panel.kept.items():
            if kept.n:
                ready = kept.n if before is None else bisect_left(kept.times(), before)
                if ready:
                    taken.append((symbol, kept, ready))
        if not taken:
            return
        taken.sort(key=lambda one: one[0])
        self._tell(panel)
        panel.laid.lay(taken, self._codes[panel.schema.key])

    def tell(self) -> None:
        """Give the texts of all symbols that are known: readers then know of them before their first rows."""
        for panel in self._panels.values():
            self._tell(panel)

    def _tell(self, panel: OpenPanel) -> None:
        """The texts of new codes, before the first row that uses them; panels of one name share their codes."""
        codes = self._codes.setdefault(panel.schema.key, {})
        texts = [symbol for symbol in panel.untold if symbol not in codes]
        panel.untold = []
        if texts:
            codes.update(zip(texts, range(len(codes), len(codes) + len(texts))))
            self.out.series(panel.schema)
            for frame in told_texts(panel.schema.key, "symbol", texts):
                self.out.map(frame)

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


def named(frame: dict[str, Any]) -> tuple[str, str]:
    """Symbol and period of the series that a frame is about."""
    of = str(frame.get("of") or f"bar/{frame.get('symbol', '')}/{frame.get('period', '')}")
    return symbol_of(of), of.rpartition("/")[2]
