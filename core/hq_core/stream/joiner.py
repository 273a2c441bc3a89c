"""Panels put together: the rows of series in one, by ts and symbol, with the texts of its codes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from heapq import merge
from itertools import groupby
from typing import TYPE_CHECKING, Any

from hq_core.batch import SCHEMA, SYMBOL, Batch, Schema, described, rank, symbol_of, told_texts, undescribed
from hq_core.errors import DATA, HqError
from hq_core.memory import move
from hq_core.saved import Count, Damaged
from hq_core.stream.held import rows_of
from hq_core.stream.laid import Laid
from hq_core.stream.rows import Kept
from hq_core.stream.told import Told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hq_core.roles import Out

    Place = tuple[int, str]  # in the order of a panel: ts and symbol

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
        self.here = False  # something of the open section stands in it
        self.laid = Laid(schema)


class Joiner:
    """Puts series together: takes what a stage writes, as a Writer does, and writes panels.

    A series never waits in two places: what waits of it in a panel when rows of it come that pass, or that stand in a
    panel of other columns, goes out before them by itself.

    joined  which series stand in panels; the others pass at once
    come_to  up to where all rows of the panels of a kind and period have come
    texts   the codes of a column of texts are the same in all series of a panel, and whoever writes tells the texts
    parted  nothing is put together in this section, so that maps pass at once
    """

    def __init__(
        self,
        out: Out,
        joined: Callable[[Schema], bool],
        texts: bool = False,
        come_to: Callable[[str, str], Place | None] = lambda of, period: None,
    ) -> None:
        self.out = out
        self.joined = joined
        self.texts = texts
        self.come_to = come_to
        self.parted = False
        self._panels: dict[tuple[Any, ...], OpenPanel] = {}
        self._codes: dict[str, dict[str, int]] = {}  # of the open section, by the panels' name
        self._of: dict[Schema, Kept] = {}
        self._named: dict[str, list[Kept]] = {}  # by the series' name, those of other columns behind each other
        self._several: set[str] = set()  # names of which there are several
        self._maps: list[tuple[int, str, str, dict[str, Any]]] = []  # ts, symbol, period, frame
        # of the open section: texts of codes that a stage gave for a series, by column; how many of them whoever reads
        # has been given, by what is written; and as what the series is written
        self._given: dict[str, dict[str, list[str]]] = {}
        self._told = Told()
        self._stands: dict[str, str] = {}
        self._waiting: list[Batch] = []

    # -- what a stage writes -----------------------------------------------------------------------------
    def series(self, schema: Schema) -> Any:
        kept = self._of.get(schema)
        if kept is None and schema.symbol and self.joined(schema):
            kept = self._kept(schema)
        if kept is None:
            same = self._named.get(schema.key)
            if same is None:
                return self.out.series(schema)
            self._part(same)
            found = self.out.series(schema)
            self._stand(schema.key, schema.key)
            return found
        if schema.key in self._several:
            self._part([one for one in self._named[schema.key] if one is not kept])
        return kept

    def _kept(self, schema: Schema) -> Kept:
        """Where rows of a series wait."""
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
            same = self._named.setdefault(schema.key, [])
            same.append(kept)
            if len(same) > 1:
                self._several.add(schema.key)
        if len(self._of) > 65_536:  # a stage may make its schema anew
            self._of.clear()
        self._of[schema] = kept
        panel.here = True
        self._stand(schema.key, made.key)
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
        elif frame["kind"] == "strings":
            self._strings(frame)
        elif type(ts) is int and not self.parted:
            symbol, period = named(frame)
            self._maps.append((ts, symbol, period, frame))
        else:
            self.out.map(frame)

    def _strings(self, frame: dict[str, Any]) -> None:
        """Texts of codes that a stage gives for a series are, once, those of the panel in which it stands."""
        of = frame["of"]
        written = self._stands.get(of, of)
        if written == of:
            if symbol_of(of):
                self.heard(frame)
            self.out.map(frame)
        else:
            self._give(written, frame["col"], self._known(frame))

    def heard(self, frame: dict[str, Any]) -> None:
        """Texts of a series by itself that a stage has given in the open section, perhaps before a panel came."""
        self._told.know(frame["of"], frame["col"], len(self._known(frame)))

    def _known(self, frame: dict[str, Any]) -> list[str]:
        """All texts of a series' column, with those of a frame behind."""
        texts = self._given.setdefault(frame["of"], {}).setdefault(frame["col"], [])
        texts += frame["values"]
        return texts

    def _stand(self, name: str, written: str) -> None:
        """A series is written as itself or as a panel from here on, and so are the texts of its codes."""
        if self._stands.get(name) != written:
            self._stands[name] = written
            for column, texts in self._given.get(name, {}).items():
                self._give(written, column, texts)

    def _give(self, written: str, column: str, texts: list[str]) -> None:
        """The texts that whoever reads has not been given; all series of a panel have the same."""
        for frame in self._told.more(written, column, texts):
            self.out.map(frame)

    def mark(self, ts: int) -> None:
        self.release(lambda of, period: (ts, ""))
        self.out.mark(ts)

    def flush(self) -> None:
        self.out.flush()

    def section(self, frame: dict[str, Any]) -> None:
        """A section of the input begins: the texts of codes are given anew."""
        self.out.map(frame)
        self._codes, self.parted = {}, False
        self._of.clear()  # others may stand in panels from here on
        self._given, self._stands = {}, {}
        self._told.forget()
        for panel in self._panels.values():
            panel.untold, panel.here = list(panel.kept), False

    def forget(self) -> None:
        """Which series stand in panels is asked anew."""
        self._of.clear()

    def catch_up(self) -> None:
        """Write the rows up to where all panels have come."""
        self.release(self.come_to)

    # -- what is written ---------------------------------------------------------------------------------
    def release(self, upto: Callable[[str, str], Place | None]) -> None:
        """Write the rows of each panel up to the place given for its kind and period; None: all of them.

        upto  (ts, symbol): rows before ts, and of those of ts the ones of symbols up to that; '' for none of them
        """
        limits = {key: upto(*key) for key in {(one.schema.of, one.schema.period) for one in self._panels.values()}}
        waiting, self._maps = self._maps, []
        told: list[tuple[int, str, str, dict[str, Any]]] = []
        for one in waiting:
            limit = upto("bar", one[2])
            ready = limit is None or one[0] < limit[0] or (one[0] == limit[0] and "" < one[1] <= limit[1])
            (told if ready else self._maps).append(one)
        told.sort(key=lambda one: one[:2])
        panels = sorted(self._panels.values(), key=lambda panel: rank(panel.schema))
        for panel in panels:
            self._lay(panel, limits[panel.schema.of, panel.schema.period])
        for ts, frames in groupby(told, key=lambda one: one[0]):
            self._write(panels, ts + 1)
            for one in frames:
                self.out.map(one[3])
        self._write(panels)

    def _write(self, panels: Iterable[OpenPanel], before: int | None = None) -> None:
        """Write the rows that are laid, with a ts before that one; those of one name by ts and symbol."""
        for _, group in groupby(panels, key=lambda panel: panel.schema.key):
            laid = [panel.laid for panel in group if panel.laid.waiting]
            if len(laid) < 2:
                for one in laid:
                    one.write(self.out, before)
                continue
            # of panels of other columns too: what strategies order on them is one panel, which is written as they come
            places = merge(*([(*place, at) for place in one.places(before)] for at, one in enumerate(laid)))
            for at, run in groupby(places, key=lambda place: place[2]):
                laid[at].write_next(self.out, len(list(run)))

    def _lay(self, panel: OpenPanel, upto: Place | None) -> None:
        """Rows up to that place are to be written."""
        if panel.here and panel.schema.of == "order" and not self.parted:
            self._tell(panel)  # before rows of the bars, though there may be none yet
        taken: list[tuple[str, Kept, int]] = []
        for symbol, kept in panel.kept.items():
            if kept.n:
                if upto is None:
                    ready = kept.n
                else:
                    ready = (bisect_right if symbol <= upto[1] else bisect_left)(kept.times(), upto[0])
                if ready:
                    taken.append((symbol, kept, ready))
        if not taken:
            return
        taken.sort(key=lambda one: one[0])
        self._tell(panel)
        panel.laid.lay(taken, self._codes[panel.schema.key])

    def part(self) -> None:
        """Nothing is put together from here on: what waits goes out, each series by itself, and each in its order."""
        self.parted = True
        self._part([kept for same in self._named.values() for kept in same])
        waiting, self._maps = self._maps, []
        for one in sorted(waiting, key=lambda one: one[:2]):
            self.out.map(one[3])

    def _part(self, held: Iterable[Kept]) -> None:
        """Write all that waits of some series."""
        held = [kept for kept in held if kept.n]
        if not held:
            return
        if any(kind == "s4" for kept in held for _, kind in kept.schema.cols):  # the codes are those of the panel
            self.release(lambda of, period: None)
            return
        for kept in held:
            self.out.copy(Batch(kept.schema, kept.n, kept.starts), self.out.series(kept.schema))
            kept.drop(kept.n)
        about = {(kept.schema.symbol, kept.schema.period) for kept in held}
        waiting, self._maps = self._maps, []
        for one in sorted(waiting, key=lambda one: one[:2]):
            if one[1:3] in about:
                self.out.map(one[3])
            else:
                self._maps.append(one)

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
            kept = self._kept(batch.schema)
            move(kept.reserve(batch.n), batch.addresses, batch.schema.widths, batch.n)
            kept.commit(batch.n)
        self._waiting = []


def named(frame: dict[str, Any]) -> tuple[str, str]:
    """Symbol and period of the series that a frame is about."""
    of = str(frame.get("of") or f"bar/{frame.get('symbol', '')}/{frame.get('period', '')}")
    return symbol_of(of), of.rpartition("/")[2]
