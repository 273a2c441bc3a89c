"""Panels whose rows of one ts come in any order of their symbols, as in most files: put in the order that panels have.

A row waits until a later ts has come, so that all rows of its ts are there; a state keeps those that wait at its end.
A later ts of its own panel, as others of the same file come at their own pace; or, once its file has ended, of any
panel of its name, since the file that goes on may have other columns.
"""

from __future__ import annotations

from heapq import merge
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from hq_core.batch import Batch, Schema, described, undescribed
from hq_core.errors import HqError
from hq_core.jit import I1, I4, I8, Cell, State, kernel
from hq_core.memory import move
from hq_core.roles import End, Head
from hq_core.saved import Damaged
from hq_core.say import iso_text
from hq_core.stream.held import rows_of
from hq_core.stream.rows import Kept, Numbers, Permutation, Room, by_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hq_core.roles import Item, Source

# behind the columns of a row that waits: its instant, and which row of its panel it was (no column has such a name)
IN_ORDER, BY_COUNT, BY_TIME = range(3)  # how rows come into their order
MORE = (" instant", "i8"), (" row", "i8")


@kernel(state="seen:i8 last:i8 rows:i8 back:i8")
def instants(ts: I8, complete: I1, instant: I8, row: I8, s: State) -> None:
    """instant[] = the ts at whose end a row is in its place: its own, of a forming row at least the last complete one's

    complete  (n,)  0: a forming row; or empty: none is
    row       (n,)  out: which row of its panel each is, from 0 on
    s         last, seen: ts of the last complete row; rows so far; back: the first complete row before it, or -1
    """
    s.back = -1
    for i in range(len(ts)):
        at = ts[i]
        if len(complete) == 0 or complete[i] != 0:
            if s.seen != 0 and at < s.last:
                s.back = i
                return
            s.seen = 1
            s.last = at
        elif s.seen != 0:
            at = max(at, s.last)
        instant[i] = at
        row[i] = s.rows
        s.rows += 1


@kernel(state="ready:i8")
def due(instant: I8, until: int, s: State) -> None:
    """s.ready = rows of an instant before `until`."""
    s.ready = 0
    for i in range(len(instant)):
        s.ready += instant[i] < until


@kernel(state="how:i8")
def ranked(instant: I8, symbol: I4, ranks: I8, rank: I8, counts: I8, spare: I8, free: I8, order: I8, s: State) -> None:
    """rank[] = the place of each row's symbol among all; order[] = the rows by instant and rank, as they came in both.

    ranks   (m,)  by code;  counts  (m + 1,), or empty where `by_time` is the cheaper way
    spare, free  (n,)
    s.how   IN_ORDER: they lie so already, order[] is not written; BY_COUNT: two counting sorts made it; BY_TIME: the
            instants do not rise, so it is left to `by_time`
    """
    n = len(instant)
    rises = n
    same = n
    for i in range(n):
        rank[i] = ranks[symbol[i]]
        if i > 0:
            rises -= instant[i] < instant[i - 1]
            same -= instant[i] < instant[i - 1] or (instant[i] == instant[i - 1] and rank[i] < rank[i - 1])
    if same == n:
        s.how = IN_ORDER
        return
    if rises < n or len(counts) == 0:
        s.how = BY_TIME
        return
    s.how = BY_COUNT
    for c in range(len(counts)):
        counts[c] = 0
    for i in range(n):
        counts[rank[i] + 1] += 1
    for c in range(1, len(counts)):
        counts[c] += counts[c - 1]
    for i in range(n):
        spare[counts[rank[i]]] = i
        counts[rank[i]] += 1
    start = 0
    for i in range(n):  # rank[] comes to be where the rows of its instant begin
        if i > 0 and instant[i] != instant[i - 1]:
            start = i
        rank[i] = start
        free[i] = i
    for k in range(n):
        start = rank[spare[k]]
        order[free[start]] = spare[k]
        free[start] += 1


class PanelInOrder:
    """One panel: its rows that wait.

    ended  the file that its rows came from has ended
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.ended = False
        self.wide = Schema(schema.of, "", schema.period, (*schema.cols, *MORE))
        self.kept = Kept(self.wide)
        self.texts: dict[str, list[str]] = {}
        self._took, self._due, self._ranked, self._sort = Cell(instants), Cell(due), Cell(ranked), Cell(by_time)
        self._ts, self._symbol = schema.index(schema.clock), schema.index("symbol")
        self._complete = schema.flag
        self._known = 0
        self._ranks, self._rank, self._counts = Numbers(), Numbers(), Numbers()
        self._order, self._spare, self._free = Numbers(), Numbers(), Numbers()
        self._other = Kept(self.wide)  # room for those that go on waiting, while the others are looked at
        self._moved, self._room = Permutation(), Room()

    def take(self, batch: Batch) -> int:
        """Rows that came; how many of them there are up to the first whose ts goes back."""
        n, kept, took = batch.n, self.kept, self._took
        self.ended = False
        if self.texts is not batch.texts:
            self.texts, self._known = batch.texts, 0
        to = kept.reserve(n)
        took.column("ts", batch.addresses[self._ts], n)
        took.column("complete", batch.addresses[self._complete], n if self._complete >= 0 else 0)
        took.column("instant", to[-2], n)
        took.column("row", to[-1], n)
        took.run()
        good: int = n if took.state.back < 0 else took.state.back
        move(to, batch.addresses, batch.schema.widths, good)
        kept.commit(good)
        return good

    @property
    def last(self) -> int:
        """The ts of the last complete row."""
        found: int = self._took.state.last
        return found

    def release(self, until: int, everything: bool = False) -> Batch | None:
        """The rows of all instants before `until`, by ts and symbol; valid until the next call."""
        kept, n, cell = self.kept, self.kept.n, self._due
        if not n:
            return None
        cell.column("instant", kept.starts[-2], n)
        cell.set(until=until)
        cell.run()
        count: int = n if everything else cell.state.ready
        if not count:
            return None
        widths = self.wide.widths
        order = self._sorted(n)
        if order:
            to = self._room.columns(widths, n)
            self._moved.take(order, n, widths, kept.starts, to)
            whole = Batch(self.wide, n, to, self._room)
        else:
            whole = Batch(self.wide, n, list(kept.starts), kept)
        rest = whole.slice(count, n)
        self.kept, self._other = self._other, kept
        self.kept.drop(self.kept.n)
        move(self.kept.reserve(rest.n), rest.addresses, widths, rest.n)
        self.kept.commit(rest.n)
        found = Batch(self.schema, count, whole.addresses[: -len(MORE)], whole.keep, self.texts)
        found.rows = whole.slice(0, count).view(MORE[1][0])
        return found

    def _sorted(self, n: int) -> int:
        """The address of the order of all rows by instant and symbol; 0 where they lie so already."""
        kept, cell = self.kept, self._ranked
        self._learn()
        counts = self._known + 1 if self._known < 4 * n else 0
        order, spare, rank = self._order.at(n), self._spare.at(n), self._rank.at(n)
        cell.column("instant", kept.starts[-2], n)
        cell.column("symbol", kept.starts[self._symbol], n)
        cell.column("ranks", self._ranks.at(self._known), self._known)
        cell.column("rank", rank, n)
        cell.column("counts", self._counts.at(counts), counts)
        for name, at in (("spare", spare), ("free", self._free.at(n)), ("order", order)):
            cell.column(name, at, n)
        cell.run()
        if cell.state.how == IN_ORDER:
            return 0
        if cell.state.how == BY_TIME:
            sort = self._sort
            for name, at in (("ts", kept.starts[-2]), ("rank", rank), ("order", order), ("spare", spare)):
                sort.column(name, at, n)
            sort.run()
        return order

    def _learn(self) -> None:
        """Where each symbol stands among all of them."""
        table = self.texts.get("symbol", [])
        if len(table) == self._known:
            return
        self._known = len(table)
        self._ranks.at(self._known)
        for rank, code in enumerate(sorted(range(len(table)), key=table.__getitem__)):
            self._ranks.memory[code] = rank

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> list[Any]:
        kept, state = self.kept, self._took.state
        columns = kept.columns() if kept.n else [b""] * len(self.wide.cols)
        codes = memoryview(columns[self._symbol]).cast("i").tolist()
        used = {code: i for i, code in enumerate(dict.fromkeys(codes))}
        columns[self._symbol] = b"".join(used[code].to_bytes(4, "little") for code in codes)
        table = self.texts.get("symbol", [])
        words = [table[code] for code in used]
        return [described(self.schema), kept.n, columns, words, [state.seen, state.last, state.rows], self.ended]

    def load(self, saved: list[Any], source: Source) -> Iterator[Item]:
        """Take up what `save` gave; what a stream must be told before these rows."""
        _, n, columns, words, (seen, last, before), self.ended = saved
        if len(columns) != len(self.wide.cols) or len(columns[self._symbol]) != 4 * n:
            raise Damaged(f"{n} rows of {self.schema.key} wait, in columns of another length")
        yield self.schema
        codes, told = source.take_up(self.schema.key, words) if words else ([], [])
        yield from told
        places = memoryview(columns[self._symbol]).cast("i").tolist()
        if places and not 0 <= min(places) <= max(places) < len(codes):
            raise Damaged(f"rows of {self.schema.key} wait whose symbols are not there")
        columns = list(columns)
        columns[self._symbol] = b"".join(codes[at].to_bytes(4, "little") for at in places)
        if n:
            rows = rows_of(self.wide, n, columns)
            move(self.kept.reserve(n), rows.addresses, self.wide.widths, n)
            self.kept.commit(n)
        self.texts = source.texts
        state = self._took.state
        state.seen, state.last, state.rows = seen, last, before


def _together(batches: list[Batch]) -> Iterator[Batch]:
    """Rows of panels of one name, each in its order, by ts and symbol: stretches of each."""
    keyed = []
    for at, batch in enumerate(batches):
        ts = batch.times().tolist()
        if batch.schema.flag >= 0:  # as `instants` has it: those before a forming row are not later than it
            ts = list(accumulate(ts, max))
        keyed.append([(*key, at) for key in zip(ts, batch.words("symbol"))])
    done = [0] * len(batches)
    stretch, of = 0, 0
    for *_, at in (*merge(*keyed), (0, "", -1)):
        if at != of and stretch:
            batch, start = batches[of], done[of]
            done[of] += stretch
            part = batch.slice(start, done[of])
            part.rows = batch.rows[start : done[of]]
            yield part
            stretch = 0
        of = at
        stretch += 1


class PanelsInOrder:
    """The panels of one input."""

    def __init__(self) -> None:
        self._panels: dict[Schema, PanelInOrder] = {}
        self._file = 0

    def through(self, source: Iterable[Item], more: bool = False) -> Iterator[Item]:
        """The items of a source, rows of its panels in their order; all that came before an HqError is given first.

        more  what waits still at the end goes on waiting
        """
        try:
            for item in source:
                if isinstance(item, Batch) and item.schema.panel:
                    yield from self._taken(item, getattr(source, "file", 0))
                    continue
                if isinstance(item, Head) or (isinstance(item, End) and not more):
                    yield from self.rest()
                yield item
            if not more:
                yield from self.rest()
        except HqError:
            yield from self.rest()
            raise

    def _taken(self, batch: Batch, file: int) -> Iterator[Batch]:
        panel = self._panels.get(batch.schema)
        if panel is None:
            panel = self._panels[batch.schema] = self._panel(batch.schema)
        if panel.texts and panel.texts is not batch.texts:  # other codes
            yield from self.rest()
        if file != self._file:
            self._file = file
            self._end_file()
        good = panel.take(batch)
        found = panel.release(panel.last, everything=good < batch.n)
        others = [] if good < batch.n else self._passed(panel)
        if others:
            yield from _together([*others, *([found] if found is not None else [])])
        elif found is not None:
            yield found
        if good < batch.n:  # as it came, for the order check to tell
            yield batch.slice(good, batch.n)

    def _end_file(self) -> None:
        for panel in self._panels.values():
            panel.ended = True

    def _passed(self, by: PanelInOrder) -> list[Batch]:
        """What waits of panels whose file has ended, and that rows of the same name have passed."""
        found = []
        for panel in self._panels.values():
            if panel.ended and panel.kept.n and panel is not by and panel.schema.key == by.schema.key:
                found.append(panel.release(by.last))
        return [batch for batch in found if batch is not None]

    def _panel(self, schema: Schema) -> PanelInOrder:
        for known, panel in self._panels.items():
            if known.same_as(schema):
                return panel
        return PanelInOrder(schema)

    @property
    def waiting(self) -> int:
        """How many rows wait."""
        return sum(panel.kept.n for panel in dict.fromkeys(self._panels.values()))

    def told(self) -> str:
        """How many rows wait and of which ts, in words; '' if none do."""
        times = [panel.last for panel in self._panels.values() if panel.kept.n]
        n = self.waiting
        if not times:
            return ""
        first, last = iso_text(min(times)), iso_text(max(times))
        of = first if first == last else f"{first} to {last}"
        return f"{n} row{'s' * (n != 1)} of {of} wait{'s' * (n == 1)} in the state for rows of a later ts"

    def rest(self) -> Iterator[Batch]:
        """All rows that wait."""
        waiting: dict[str, list[PanelInOrder]] = {}
        for panel in dict.fromkeys(self._panels.values()):
            if panel.kept.n:
                waiting.setdefault(panel.schema.key, []).append(panel)
        for panels in waiting.values():
            found = [batch for panel in panels if (batch := panel.release(panel.last, everything=True)) is not None]
            yield from _together(found) if any(panel.ended for panel in panels) else found

    def save(self) -> list[Any]:
        return [panel.save() for panel in dict.fromkeys(self._panels.values())]

    def load(self, saved: list[Any], source: Source, midway: bool) -> Iterator[Item]:
        """Take up what `save` gave; what a stream must be told before the rows that wait.

        midway  the file that was read goes on
        """
        for one in saved:
            schema = undescribed(one[0])
            if not schema.panel or not schema.has("ts") or schema.kind("ts") != "i8":
                raise Damaged(f"rows of {schema.key} wait, which is no panel")
            panel = self._panels[schema] = PanelInOrder(schema)
            yield from panel.load(one, source)
        if not midway:
            self._end_file()
