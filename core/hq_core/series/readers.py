"""Who reads which series beside its own, and what is said of a series that never comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.batch import NEVER, Schema, period_ns, stretches, symbol_of
from hq_core.errors import DATA, HqError, nearest
from hq_core.options.settings import WARN, SettingsOptions
from hq_core.saved import taking
from hq_core.say import listed
from hq_core.series.feed import FEED, Feed, unmerged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hq_core.batch import Batch
    from hq_core.graph import Graph, GraphColumn
    from hq_core.roles import Out
    from hq_core.series.plan import Plan
    from hq_core.series.unit import Unit

    Where = tuple[str, int]  # symbol and period in ns


READERS = {"heard": [(str, int)], "announced": [str], "feeds": [(str, int, str, FEED)]}  # what `save` gives


class NeverCame(HqError):
    """A series that is read and never came; where: its symbol and period in ns."""

    where: Where


class Readers:
    """The units of a stage by the series that they read.

    who        what reads, for messages: "a strategy"
    missing    error or warn: what it is when a series that somebody reads is not in the input
    heard      series that have had rows: whoever reads them from the start must have been there
    announced  all bar series that have been announced, and the keys they go by
    """

    def __init__(self, who: str, missing: str = SettingsOptions.missing.default) -> None:
        SettingsOptions.missing.check(missing)
        self.who = who
        self.missing = missing
        self._units: list[Unit] = []
        self._readers: dict[Where, list[Unit]] = {}
        self._waits = False
        self._last = NEVER  # ts of the newest closed row of any bar series
        self.heard: set[Where] = set()
        self.announced: dict[Where, str] = {}
        self._feeds: dict[Where, dict[str, Feed]] = {}  # by what they compute
        self._saved: dict[tuple[str, int, str], dict[str, Any]] = {}

    def announce(self, schema: Schema) -> None:
        self.announced[schema.symbol, period_ns(schema.period)] = schema.key

    def add(self, unit: Unit, resumed: bool = False) -> None:
        """Tell a new unit of the rows that it reads; one that is resumed has had the earlier ones."""
        self._units.append(unit)
        self._waits |= unit.reads
        for where, cursor in unit.feeds.items():
            if where in self.heard and not resumed and not cursor.feed.whole:
                raise unmerged(f"{unit.schema.key}: comes after rows of {cursor.feed.key}, which it reads")
            self._readers.setdefault(where, []).append(unit)
            self._waits |= cursor.waits

    def rows(self, where: Where, batch: Batch, out: Out) -> None:
        """Rows of a series, for whoever reads it."""
        if not (self._waits or self._feeds or self._readers):
            return
        units, feeds = self._readers.get(where, ()), self._feeds.get(where, {})
        if feeds or self._waits:
            for part, closed in stretches(batch):
                if closed:
                    ts = part.view("ts")
                    for unit in units:
                        unit.check(batch.schema.key, ts[0])
                    for feed in feeds.values():
                        feed.rows(part)
                    self._last = max(self._last, ts[part.n - 1])
        for unit in units:
            unit.drain(out)

    def feed(self, where: Where, key: str, graph: Graph, asked: list[GraphColumn]) -> Feed:
        """What a series is read through: one for all that compute the same of it."""
        known = self._feeds.setdefault(where, {})
        what = graph.signature(asked)
        found = known.get(what)
        if found is None:
            found = known[what] = Feed(key, graph, asked, where not in self.heard)
            saved = self._saved.pop((*where, what), None)
            if saved is not None:
                found.whole = True
                with taking():
                    found.load(saved)
        return found

    def prepare(self, schema: Schema, plans: Iterable[Plan]) -> None:
        """Feeds of a series that others read by its symbol, from its first row on: who reads it may come later."""
        own = schema.symbol, period_ns(schema.period)
        for plan in plans:
            for (symbol, length), (graph, asked) in plan.others.items():
                if (symbol, length or own[1]) == own:
                    self.feed(own, schema.key, graph, asked)

    def finish(self, more: bool, out: Out, note: Callable[[str, int], None], drop: Callable[[str, int], None]) -> None:
        """The input ended.  Raises NeverCame where a series that is read was never announced.

        What still waits is computed up to the last ts of the input: later rows lie at or after it, so those of the
        last ts itself may still see some and are dropped.
        more   the next run carries on: what waits is kept, and what has not come may come then
        """
        lacking = [unit for unit in self._units if unit.seen and self._absent(unit)]
        if not more:
            for unit in self._units:
                if unit not in lacking:
                    unit.finish(self._last, out, drop)
            if lacking and self.missing == "error":
                raise self.refusal({at: unit.feeds[at].feed.key for unit in lacking for at in self._absent(unit)})
        for unit in lacking:
            if not more:
                unit.finish(self._last, out, drop, self._absent(unit))
            for where in self._absent(unit):
                so_far = "has not come so far" if more else "not in the input"
                note(f"{unit.feeds[where].feed.key} is read by {self.who} and {so_far}", unit.seen)

    def _absent(self, unit: Unit) -> list[Where]:
        return [where for where in unit.feeds if where not in self.announced]

    def refusal(self, absent: dict[Where, str], wanted: str = "read") -> NeverCame:
        """The error that names what never came and is wanted, what came, and what would make it come."""
        verb = "is" if len(absent) == 1 else "are"
        (symbol, length), key = next(iter(absent.items()))
        finer = [at for at in self.announced if at[0] == symbol and 0 < at[1] < length and length % at[1] == 0]
        symbols = sorted({one for one, _ in self.announced})
        if finer:
            fine, coarse = (one.rpartition("/")[2] for one in (self.announced[min(finer)], key))
            remedy = f"hq-aggregate {fine}:{coarse} makes the {coarse} bars"
        elif symbol in symbols:
            remedy = f"bars of {key.rpartition('/')[2]} must be made from trades or finer bars"
        else:
            meant = nearest(symbol, symbols)
            remedy = f"did you mean {meant}? Else " if meant else ""
            remedy += f"hq-merge puts the bars of {symbol} into the stream"
        found = NeverCame(
            f"{listed(list(absent.values()))} {verb} {wanted} by {self.who} and never came; the input has "
            f"{listed(list(self.announced.values()))}",
            DATA,
            hint=(f"{remedy}, or pass ", SettingsOptions.missing, f" {WARN}"),
        )
        found.where = symbol, length
        return found

    # State
    def save(self) -> dict[str, Any]:
        feeds = [[*at, feed] for at, feed in self._saved.items()]
        feeds += [[*where, what, feed.save()] for where, known in self._feeds.items() for what, feed in known.items()]
        return {
            "heard": [list(where) for where in sorted(self.heard)],
            "announced": list(self.announced.values()),
            "feeds": feeds,
        }

    def load(self, saved: dict[str, Any], own: bool = False) -> None:
        self.heard = {(symbol, period) for symbol, period in saved["heard"]}
        self._saved = {}
        for symbol, length, what, feed in saved["feeds"]:
            known = self._feeds.get((symbol, length), {}).get(what)
            if known is None:
                self._saved[symbol, length, what] = feed
            else:
                known.load(feed, own)
        for key in saved["announced"]:
            self.announced[symbol_of(key), period_ns(key.rpartition("/")[2])] = key


def elsewhere(schema: Schema) -> list[Schema]:
    """Series of another symbol, of the same and of no period: what reads `schema` by its symbol is planned on them."""
    return [Schema(schema.of, "\0", period, schema.cols, schema.extra) for period in (schema.period, "")]
