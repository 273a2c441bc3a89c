"""hq-diff: what two streams say, compared series by series whatever their framing."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import msgpack

from hq_core.batch import Batch, Schema
from hq_core.compare.pairs import alike, key_columns
from hq_core.compare.values import EXACT, column, free_texts, maps, same_bytes, texts, ulps
from hq_core.errors import DATA, HqError, did_you_mean
from hq_core.memory import MOST_WAITING
from hq_core.options.diff import NearOptions
from hq_core.roles import Map
from hq_core.stream.beside import the_period
from hq_core.stream.gather import at_once
from hq_core.stream.handover import split

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.compare.values import Difference, Near
    from hq_core.roles import Item, Source

AT_THE_END = 2**63  # sorts after every ts
NAMED = ("kind", "of", "symbol", "period", "strategy", "account")  # what tells a map from others of its kind
MADE = ("made_by", "card")  # what a map says of the commands that made it, which are not compared


class Waiting:
    """What rows that wait own, and the bytes of them all, as they stood before some were paired."""

    __slots__ = ("memory", "size")

    def __init__(self, rows: Batch) -> None:
        self.memory = rows.keep
        self.size = rows.size


class Side:
    """One of the streams: where it stands and what waits of it."""

    def __init__(self, name: str, source: Source) -> None:
        self.name = name
        self.source = source
        self.items: Iterator[Item] = split(source, at_once(source))
        self.done = False
        self.rows = 0
        self.maps = 0
        self.held = 0  # bytes that wait
        self.common = 0  # of these, what belongs to series that both have
        self.columns: dict[str, None] = {}
        self.periods: dict[tuple[str, str], list[str]] = {}  # kind and symbol -> in what periods they came
        self.full: dict[str, str] = {}  # key without a period -> the other side's, which it is compared with

    def check(self, chosen: bool) -> None:
        """Refuse a side of which nothing, or not all, was compared; `chosen`: the user said which columns matter."""
        if self.source.passed:
            told = ", ".join(f"{n} x {what}" for what, n in self.source.passed.items())
            raise HqError(f"{self.name}: not all of it can be compared, passed over: {told}", DATA)
        unread = () if chosen else self.source.unread
        if unread:
            names = ", ".join(unread)
            what = f"nothing is made of its {names}, so equal cannot be said"
            raise HqError(what, subject=self.name, hint=("choose ", NearOptions.columns))
        if not self.columns and not self.maps:
            raise HqError(f"{self.name}: announces no series and says nothing that could be compared", DATA)

    def next(self) -> Item | None:
        try:
            return next(self.items)
        except StopIteration:
            self.done = True
            return None
        except HqError as error:
            raise error.within(self.name) from None


class Compared:
    """A series, or the maps of one kind: what waits of each side, and how much each side has had."""

    def __init__(self, key: str, what: str = "row") -> None:
        self.key = key
        self.what = what  # a row of it in words
        self.there = [False, False]
        self.schemas: list[Schema | None] = [None, None]
        self.named = False  # whether a side has one of the columns that were asked for
        self.waiting: tuple[deque[Any], deque[Any]] = deque(), deque()
        self.held = [0, 0]
        self.counts = [0, 0]
        self.compared = 0
        self.differ = 0  # of those compared; of rows the columns are counted
        self.alone = [0, 0]  # rows that have no counterpart
        self.over: tuple[int, int, int] | None = None  # ts, row and side of the first that the other side lacks

    def read(self, at: int) -> int:
        """How many rows of a side are done with: all that came without those that wait."""
        return self.counts[at] - sum(one.n if isinstance(one, Batch) else 1 for one in self.waiting[at])


class Diff:
    """Compares two sources.  `run` returns whether they are equal; then `first`, `differ` and `apart` tell more.

    near      how far floats may lie apart
    columns   compare these alone, and neither maps nor series without them; empty: all
    first     where they differ first, by ts, then series, row and column; a series or column that only one has is
              before all rows
    """

    def __init__(
        self, names: tuple[str, str], sources: tuple[Source, Source], near: Near = EXACT, columns: tuple[str, ...] = ()
    ) -> None:
        self.sides = Side(names[0], sources[0]), Side(names[1], sources[1])
        self.near = near
        self.only = columns
        self.series: dict[str, Compared] = {}
        self.maps: dict[str, Compared] = {}
        self.first: dict[str, Any] | None = None
        self.rows_differ = 0
        self.differ: dict[str, dict[str, int]] = {}  # series -> column -> rows
        self._first_at: tuple[Any, ...] = ()
        self._pairs: dict[tuple[int, int], tuple[Schema, Schema, list[tuple[str, str, int, int]]]] = {}
        self._keys: dict[tuple[int, int], tuple[Schema, Schema, list[tuple[int, int]]]] = {}

    def run(self) -> bool:
        a, b = self.sides
        while not (a.done and b.done):
            at = int(a.done or (not b.done and (a.common, a.rows + a.maps) > (b.common, b.rows + b.maps)))
            item = self.sides[at].next()
            if item is None:
                self._ended(at)
            else:
                self._take(at, item)
        self._ended(0)
        self._ended(1)
        for side in self.sides:
            side.check(bool(self.only))
        self._check_columns()
        if self.only:
            self.series = {key: one for key, one in self.series.items() if one.named}
        for one in (*self.series.values(), *self.maps.values()):
            self._count(one)
        return self.first is None

    # -- what comes --------------------------------------------------------------------------------------
    def _take(self, at: int, item: Item) -> None:
        side = self.sides[at]
        if isinstance(item, Schema):
            self._announced(at, item)
        elif isinstance(item, Batch):
            side.rows += item.n
            self._rows(at, item)
        elif isinstance(item, Map) and item["kind"] not in ("section", "strings"):  # batches have their texts
            side.maps += 1
            if not self.only:
                self._map(at, item)

    def _announced(self, at: int, schema: Schema) -> None:
        periods = self.sides[at].periods.setdefault((schema.of, schema.symbol), [])
        if schema.period not in periods:
            periods.append(schema.period)
            self._join(schema.of, schema.symbol)
        series = self._series(at, schema)
        if not series.there[at]:
            series.there[at] = True
            if all(series.there):
                for side, held in zip(self.sides, series.held):
                    side.common += held
        series.schemas[at] = schema
        self.sides[at].columns.update(dict.fromkeys(schema.names))
        series.named |= any(schema.has(name) for name in self.only)

    def _series(self, at: int, schema: Schema) -> Compared:
        key = self.sides[at].full.get(schema.key, schema.key)
        series = self.series.get(key)
        if series is None:
            series = self.series[key] = Compared(key)
        return series

    def _join(self, kind: str, symbol: str) -> None:
        """Let a series whose form has no place for a period (csv) be that one of the other side which has one."""
        key = Schema(kind, symbol, "").key
        both = [side.periods.get((kind, symbol), []) for side in self.sides]
        for side, mine, theirs in zip(self.sides, both, both[::-1]):
            fits = side.source.bare and mine == [""] and theirs and "" not in theirs
            if fits or key in side.full:
                try:
                    period = the_period(key, [Schema(kind, symbol, one).key for one in theirs])
                except HqError as error:
                    raise error.within(side.name) from None
                full = side.full[key] = Schema(kind, symbol, period).key
                if key in self.series:
                    self.series[full] = self.series.pop(key)
                    self.series[full].key = full

    def _rows(self, at: int, batch: Batch) -> None:
        series = self._series(at, batch.schema)
        others = series.waiting[1 - at]
        start = 0
        while others and start < batch.n:
            waiting = others[0]
            n = min(waiting.n, batch.n - start)
            pair = batch.slice(start, start + n), waiting.slice(0, n)
            if at:
                pair = pair[::-1]
            both, only_a, only_b = self._alike(*pair)
            if both:
                self._compare(series, pair[0].slice(0, both), pair[1].slice(0, both))
            mine, theirs = (only_b, only_a) if at else (only_a, only_b)
            self._alone(series, at, batch.slice(start + both, start + both + mine), series.counts[at] + start + both)
            self._alone(series, 1 - at, waiting.slice(both, both + theirs), series.read(1 - at) + both)
            start += both + mine
            if both + theirs < waiting.n:
                others[0] = waiting.slice(both + theirs, waiting.n)
            else:
                others.popleft()
                self._hold(series, 1 - at, -waiting.keep.size)
        if start < batch.n:
            if self.sides[1 - at].done:
                self._alone(series, at, batch.slice(start, batch.n), series.counts[at] + start)
            else:
                waits = batch.slice(start, batch.n).copied()
                kept = waits.keep = Waiting(waits)
                self._hold(series, at, kept.size)
                series.waiting[at].append(waits)
        series.counts[at] += batch.n

    def _map(self, at: int, frame: dict[str, Any]) -> None:
        key = "/".join(str(frame[name]) for name in NAMED if frame.get(name))
        group = self.maps.get(key)
        if group is None:
            group = self.maps[key] = Compared(key, f"{frame['kind']} frame")
        others = group.waiting[1 - at]
        said = {name: value for name, value in frame.items() if name not in MADE}
        ts, row, packed = _ts(said), group.counts[at], msgpack.packb(said)
        group.counts[at] += 1
        while others and others[0][0] < ts:
            self._alone_map(group, 1 - at, others[0][0], group.read(1 - at))
            self._hold(group, 1 - at, -len(others.popleft()[1]))
        if others and others[0][0] == ts:
            _, other = others.popleft()
            self._hold(group, 1 - at, -len(other))
            if other != packed:
                both = said, msgpack.unpackb(other)
                self._compare_maps(group, row, *(both if at == 0 else both[::-1]))
            group.compared += 1
        elif others or self.sides[1 - at].done:
            self._alone_map(group, at, ts, row)
        else:
            self._hold(group, at, len(packed))
            group.waiting[at].append((ts, packed))

    def _hold(self, series: Compared, at: int, size: int) -> None:
        side = self.sides[at]
        series.held[at] += size
        side.held += size
        if all(series.there):
            side.common += size
        if side.held > MOST_WAITING:
            most = max((*self.series.values(), *self.maps.values()), key=lambda one: one.held[at])
            raise HqError(
                f"{side.name}: {most.key} is more than {MOST_WAITING >> 20} MiB ahead of {self.sides[1 - at].name}; "
                "compare streams whose series come in a like order",
                DATA,
            )

    def _ended(self, at: int) -> None:
        """What waits for a side that has ended is what it lacks."""
        if not self.sides[at].done:
            return
        for series in (*self.series.values(), *self.maps.values()):
            waiting = series.waiting[1 - at]
            row = series.read(1 - at)
            for first in waiting:
                if isinstance(first, Batch):
                    self._alone(series, 1 - at, first, row)
                    row += first.n
                else:
                    self._alone_map(series, 1 - at, first[0], row)
                    row += 1
            waiting.clear()
            self._hold(series, 1 - at, -series.held[1 - at])

    # -- rows --------------------------------------------------------------------------------------------
    def _alike(self, a: Batch, b: Batch) -> tuple[int, int, int]:
        """How many rows pair up, and how many after them only a, only b has; without a ts rows pair by their place."""
        at = id(a.schema), id(b.schema)
        known = self._keys.get(at)
        if known is None:
            if len(self._keys) > 4096:
                self._keys.clear()
            known = self._keys[at] = a.schema, b.schema, key_columns(a.schema, b.schema)
        return alike(a, b, known[2]) if known[2] else (a.n, 0, 0)

    def _alone(self, series: Compared, at: int, rows: Batch, row: int) -> None:
        """Rows that the other side lacks, the first of which is that side's row number `row`."""
        if rows.n:
            series.alone[at] += rows.n
            has_ts = rows.schema.has("ts") and rows.schema.kind("ts") == "i8"
            self._over(series, rows.view("ts")[0] if has_ts else AT_THE_END, row, at)

    def _compare(self, series: Compared, a: Batch, b: Batch) -> None:
        row, series.compared = series.compared, series.compared + a.n
        found: list[tuple[str, str, Difference]] = []
        for name, kind, i, j in self._common(series.key, a.schema, b.schema):
            at, other = a.addresses[i], b.addresses[j]
            said = [one.texts.get(name, []) if kind == "s4" else [] for one in (a, b)]
            if same_bytes(at, other, a.n * a.schema.widths[i]) and said[0] == said[1]:
                continue
            if kind == "text":
                apart = free_texts(at, other, a.n)
            else:
                apart = texts(said, at, other, a.n) if any(said) else column(kind, a.n, at, other, self.near)
            if apart is not None:
                found.append((name, kind, apart))
        if not found:
            return
        rows = found[0][2].rows.copy()
        counts = self.differ.setdefault(series.key, {})
        for name, _, apart in found:
            rows |= apart.rows
            counts[name] = counts.get(name, 0) + int(apart.rows.sum())
        self.rows_differ += int(rows.sum())
        at = min(apart.first for _, _, apart in found)
        for order, (name, _, apart) in enumerate(found):
            if apart.first == at:
                has_ts = a.schema.has("ts") and a.schema.kind("ts") == "i8"
                ts = a.view("ts")[at] if has_ts else None
                self._note(
                    (AT_THE_END if ts is None else ts, series.key, row + at, order),
                    {
                        "series": series.key,
                        "ts": ts,
                        "row": row + at,
                        "column": name + apart.place,
                        "a": apart.a,
                        "b": apart.b,
                        "ulp": apart.ulp,
                    },
                )

    def _common(self, key: str, a: Schema, b: Schema) -> list[tuple[str, str, int, int]]:
        """The columns that both have with one type: name, type, where in a, where in b.  The others are told."""
        known = self._pairs.get((id(a), id(b)))
        if known is not None:
            return known[2]
        found = []
        for name in dict.fromkeys((*a.names, *b.names)):
            if self.only and name not in self.only:
                continue
            kinds = [schema.kind(name) if schema.has(name) else None for schema in (a, b)]
            if kinds[0] == kinds[1]:
                found.append((name, str(kinds[0]), a.index(name), b.index(name)))
            else:
                self._structure(key, name, *kinds)
        for name in () if self.only else dict.fromkeys((*a.extra, *b.extra)):
            for path, one, other in maps(a.extra.get(name, ...), b.extra.get(name, ...), self.near, name):
                self._structure(key, f"schema {path}", *(None if value is ... else value for value in (one, other)))
        if len(self._pairs) > 4096:
            self._pairs.clear()
        self._pairs[id(a), id(b)] = a, b, found  # holding both keeps their ids theirs
        return found

    # -- maps --------------------------------------------------------------------------------------------
    def _compare_maps(self, group: Compared, row: int, a: dict[str, Any], b: dict[str, Any]) -> None:
        found = list(maps(a, b, self.near))
        if found:
            group.differ += 1
            path, one, other = found[0]
            apart = ulps(one, other) if isinstance(one, float) and isinstance(other, float) else None
            ts = _ts(a)
            self._note(
                (ts, group.key, row, 0),
                {
                    "series": group.key,
                    "ts": None if ts == AT_THE_END else ts,
                    "row": row,
                    "column": path,
                    "a": None if one is ... else one,
                    "b": None if other is ... else other,
                    "ulp": apart,
                },
            )

    def _alone_map(self, group: Compared, at: int, ts: int, row: int) -> None:
        """A map that the other side lacks."""
        group.alone[at] += 1
        self._over(group, ts, row, at)

    # -- what is told ------------------------------------------------------------------------------------
    def _note(self, at: tuple[Any, ...], what: dict[str, Any]) -> None:
        if self.first is None or at < self._first_at:
            self._first_at, self.first = at, what

    def _structure(self, key: str, name: str, a: Any, b: Any) -> None:
        self._note(
            (-AT_THE_END - 1, key, -1, 0),
            {"series": key, "ts": None, "row": None, "column": name, "a": a, "b": b, "ulp": None},
        )

    def _over(self, series: Compared, ts: int, row: int, at: int) -> None:
        if series.over is None or (ts, row) < series.over[:2]:
            series.over = ts, row, at

    def _count(self, series: Compared) -> None:
        if any(series.there) and not all(series.there):
            told = [f"{n} rows" if there else None for n, there in zip(series.counts, series.there)]
            self._structure(series.key, "", *told)
            return
        a, b = series.schemas
        if a is not None and b is not None and not series.compared:  # without rows that pair nobody has looked
            self._common(series.key, a, b)
        if series.over is not None:
            ts, row, at = series.over
            told = [f"a {series.what}" if at == side else None for side in (0, 1)]
            self._note(
                (ts, series.key, row, -1),
                {
                    "series": series.key,
                    "ts": None if ts == AT_THE_END else ts,
                    "row": row,
                    "column": "",
                    "a": told[0],
                    "b": told[1],
                    "ulp": None,
                },
            )

    def _check_columns(self) -> None:
        known = tuple({**self.sides[0].columns, **self.sides[1].columns})
        for name in self.only:
            if name not in known:
                raise HqError(f"column '{name}' is in neither stream{did_you_mean(name, known)}", DATA)

    @property
    def rows(self) -> int:
        """Rows that both had."""
        return sum(series.compared for series in self.series.values())

    @property
    def maps_differ(self) -> int:
        """Of the maps that both had, those that differ."""
        return sum(group.differ for group in self.maps.values())


def _ts(frame: dict[str, Any]) -> int:
    ts = frame.get("ts")
    return ts if isinstance(ts, int) else AT_THE_END
