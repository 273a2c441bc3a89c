"""Rows whose key comes again, and rows that are still out of order: in blocks that hold all rows of each ts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hq_core import kinds
from hq_core.formats.records import PLACE, alike
from hq_core.options.imports import DROP, EXACT, LAST, SaidOptions, ask
from hq_core.say import iso_text, listed, say_back

if TYPE_CHECKING:
    from hq_core.errors import Phrase
    from hq_core.formats.records import Array, RecordLayout

    Found = tuple[Any, Phrase]  # the rows up to the first that is wrong, and what is wrong with it

EQUAL, REPLACED = "repeated, equal in all columns", "replaced by a later row with the same key"
OVERLAPS = "overlaps the bar before"


class Cleaner:
    """What one series' rows must be once they lie in order; remembers the last row from block to block.

    how      'error', EXACT or LAST: what becomes of rows whose key was there
    invalid  what becomes of bars that overlap;  loose: ns by which they may, -1: nobody looks
    told     the period was given, not found from the first two rows
    dropped  reason -> rows
    """

    def __init__(
        self, layout: RecordLayout, how: str, invalid: str, loose: int, told: bool, dropped: dict[str, int]
    ) -> None:
        self.layout = layout
        self.how = how
        self.invalid = invalid
        self.loose = loose
        self.told = told
        self.dropped = dropped
        # of each symbol, or of the series: whether a complete row came, ts, key and place of the last one
        self._last = np.zeros((0, 4), dtype=np.int64)

    @property
    def last(self) -> list[int]:
        """What is remembered of the rows before."""
        found: list[int] = self._last.ravel().tolist()
        return found

    @last.setter
    def last(self, saved: list[int]) -> None:
        self._last = np.array(saved, dtype=np.int64).reshape(-1, 4)

    def clean(self, records: Array) -> Found:
        """The rows that stay, and what is wrong with the next one."""
        kept, wrong = self.repeats(records)
        good, more = self.check(kept)
        return good, more or wrong

    # -- keys --------------------------------------------------------------------------------------------
    def _keyed(self, records: Array) -> Array:
        """The rows that have a key."""
        layout = self.layout
        there = layout.closed(records)
        if layout.ids:
            there &= layout.column(records, layout.key) > 0
        found: Array = np.flatnonzero(there)
        return found

    def repeats(self, records: Array) -> Found:
        layout = self.layout
        if not layout.key:
            return records, ""
        at = self._keyed(records)
        ts, key, code = layout.ts(records)[at], layout.column(records, layout.key)[at], layout.codes(records)[at]
        order = np.lexsort((key, code, ts))
        ts, key, code, at = ts[order], key[order], code[order], at[order]
        same = (ts[1:] == ts[:-1]) & (key[1:] == key[:-1]) & (code[1:] == code[:-1])
        if not same.any():
            return records, ""
        before, again = at[:-1][same], at[1:][same]
        differ = np.ones(len(again), dtype=bool)
        if self.how == EXACT:
            differ = ~alike(records, before, again)
        wrong = ""
        if self.how != LAST and differ.any():
            first = int(np.argmin(np.where(differ, again, len(records))))
            wrong = self._twice(records, before[first], again[first])
            stop = again[first]
            before, again = before[again < stop], again[again < stop]
            records = records[:stop]
        gone, reason = (before, REPLACED) if self.how == LAST else (again, EQUAL)
        if len(gone):
            self._count(reason, len(gone))
        return np.delete(records, gone), wrong

    def _twice(self, records: Array, a: int, b: int) -> str:
        layout = self.layout
        key = layout.text(layout.key, layout.column(records, layout.key)[b])
        told = f"{self._named(records, b)}: {key} is there twice, in rows {records[PLACE][a]} and {records[PLACE][b]}"
        names = [
            name
            for i, name in enumerate(layout.schema.names)
            if records[str(i)][[a]].tobytes() != records[str(i)][[b]].tobytes()
        ]
        if not names:
            return f"{told}, equal in all columns; --dedupe exact drops such rows"
        added = [name for name in names if name not in kinds.of(layout.schema.of).names]
        asked = "" if layout.schema.panel or not added else f" (of another symbol? --columns symbol={added[0]})"
        return f"{told}, which differ in {listed(names)}{asked}; --dedupe last keeps the last one"

    def rising(self, records: Array) -> Found:
        """Rows up to the first complete one whose ts goes back."""
        layout = self.layout
        at = np.flatnonzero(layout.closed(records))
        ts = layout.ts(records)[at]
        back = np.flatnonzero(ts[1:] < ts[:-1])
        if not len(back):
            return records, ""
        a, b = at[back[0]], at[back[0] + 1]
        ts, place = layout.ts(records), records[PLACE]
        return records[:b], self._later(place[b], ts[b], ts[a], place[a])

    def newest(self, records: Array) -> int:
        """From where on the rows are those of the last complete row's ts, or forming ones after it."""
        at = np.flatnonzero(self.layout.closed(records))
        if not len(at):
            return len(records)
        ts = self.layout.ts(records)[at]
        return int(at[len(at) - int(np.argmin(np.append(ts[::-1] == ts[-1], False)))])

    # -- order -------------------------------------------------------------------------------------------
    def check(self, records: Array) -> Found:
        """Rows up to the first whose time or key goes back, without bars that overlap where these are dropped."""
        layout = self.layout
        at = np.flatnonzero(layout.closed(records))
        if not len(at):
            return records, ""
        ts = layout.ts(records)[at]
        key = layout.column(records, layout.key)[at] if layout.key else ts
        place, code = records[PLACE][at], layout.codes(records)[at]
        if len(self._last) <= code.max():
            self._last = np.concatenate([self._last, np.zeros((code.max() + 1 - len(self._last), 4), dtype=np.int64)])
        ts_before, key_before, place_before = self._before(ts, key, place, code)
        bad = ts < ts_before
        if layout.ids:
            bad |= (ts == ts_before) & (key <= key_before) & (key > 0)
        elif layout.key:
            bad |= key <= key_before
        over = np.zeros(len(at), dtype=bool)
        if self.loose >= 0:
            over = (key < ts_before - self.loose) & ~bad
        gone: list[int] = []
        if over.any() and self.invalid == DROP and self.told:
            bad, gone = self._overlapping(ts, key, code)
            over[:] = False
            over[gone] = True
        wrong: Phrase = ""
        stop = len(records)
        amiss = bad | over if not gone else bad
        if amiss.any():
            i = int(np.argmax(amiss))
            stop = int(at[i])
            named = self._named(records, stop)
            wrong = (
                self._overlap(ts[i], key[i])
                if over[i]
                else self._back(named, ts[i], key[i], ts_before[i], key_before[i], place[i], place_before[i])
            )
        gone = [int(at[i]) for i in gone if at[i] < stop]
        if gone:
            self._count(OVERLAPS, len(gone))
        kept = np.delete(records[:stop], gone)
        rest = kept[layout.closed(kept)]
        if len(rest):
            newest = np.ones(len(rest), dtype=np.int64), layout.ts(rest), layout.column(rest, layout.key or "ts")
            self._last[layout.codes(rest)] = np.stack([*newest, rest[PLACE]], axis=1)
        return kept, wrong

    def _before(self, ts: Array, key: Array, place: Array, code: Array) -> tuple[Array, Array, Array]:
        """ts, key and place of the complete row before each, of the same symbol; of a first one what fits before it."""
        order = np.argsort(code, kind="stable")
        code = code[order]
        first = np.append(True, code[1:] != code[:-1])
        seen = self._last[code[first]]
        found = []
        for i, column in enumerate((ts, key, place), 1):
            before = np.empty_like(column)
            column = column[order]
            shifted = np.append(column[:1], column[:-1])
            none = column[first] if i != 1 or self.layout.ids else np.minimum(column[first], key[order][first])
            shifted[first] = np.where(seen[:, 0] != 0, seen[:, i], none - 1)
            before[order] = shifted
            found.append(before)
        return found[0], found[1], found[2]

    def _overlapping(self, ts: Array, key: Array, code: Array) -> tuple[Array, list[int]]:
        """Bars that go back, and bars that overlap the last one of their symbol that stayed."""
        bad = np.zeros(len(ts), dtype=bool)
        gone: list[int] = []
        ends, starts, _ = self._before(ts, key, ts, code)
        stayed: dict[int, tuple[int, int]] = {}
        for i, (end, start, of) in enumerate(zip(ts.tolist(), key.tolist(), code.tolist())):
            ts_before, key_before = stayed.setdefault(of, (int(ends[i]), int(starts[i])))
            if end < ts_before:
                bad[i] = True
                break
            if start <= key_before or start < ts_before - self.loose:
                gone.append(i)
            else:
                stayed[of] = end, start
        return bad, gone

    def _named(self, records: Array, at: int) -> str:
        """The series of a row."""
        schema, code = self.layout.schema, self.layout.codes(records)[at]
        return f"{schema.key}: {self.layout.texts[code]}" if schema.panel else schema.key

    def _back(self, of: str, ts: Any, key: Any, ts_before: Any, key_before: Any, place: int, before: int) -> Phrase:
        layout = self.layout
        if ts < ts_before:
            return self._later(place, ts, ts_before, before)
        where = f"{of}: row {place}"
        now, then = layout.shown(layout.key, key), layout.shown(layout.key, key_before)
        return f"{where}: {say_back(layout.key, then, now, before)}, and it must rise (ts {iso_text(int(ts))})"

    def _later(self, place: int, ts: Any, ts_before: Any, before: int) -> Phrase:
        back = say_back("ts", iso_text(int(ts_before)), iso_text(int(ts)), before)
        return f"{self.layout.schema.key}: row {place}: {back}; hq-import --order sort puts rows in order"

    def _overlap(self, ts: Any, open_time: Any) -> Phrase:
        period = self.layout.schema.period
        told = f"the bar of {iso_text(int(open_time))} overlaps the one before it: the period is {period}"
        if self.told:
            return f"{told}; ", ask(SaidOptions.invalid, " drop or keep")
        return f"{told}, as two rows of the file have it; ", ask(SaidOptions.period)

    def _count(self, reason: str, n: int) -> None:
        self.dropped[reason] = self.dropped.get(reason, 0) + n
