"""Rows whose key comes again, and rows that are still out of order: in blocks that hold all rows of each ts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hq_core.formats.records import PLACE, alike
from hq_core.options.imports import DROP, EXACT, LAST
from hq_core.say import iso_text, listed, say_back

if TYPE_CHECKING:
    from hq_core.formats.records import Array, RecordLayout

EQUAL, REPLACED = "repeated, equal in all columns", "replaced by a later row with the same key"
OVERLAPS = "overlaps the bar before"
Found = tuple[Any, str]  # the rows up to the first that is wrong, and what is wrong with it


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
        self.last: list[int] = []  # ts, key and place of the last complete row

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
        ts, key = layout.ts(records)[at], layout.column(records, layout.key)[at]
        order = np.lexsort((key, ts))
        ts, key, at = ts[order], key[order], at[order]
        same = (ts[1:] == ts[:-1]) & (key[1:] == key[:-1])
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
        told = f"{layout.schema.key}: {key} is there twice, in rows {records[PLACE][a]} and {records[PLACE][b]}"
        names = [
            name
            for i, name in enumerate(layout.schema.names)
            if records[str(i)][[a]].tobytes() != records[str(i)][[b]].tobytes()
        ]
        if not names:
            return f"{told}, equal in all columns; --dedupe exact drops such rows"
        return f"{told}, which differ in {listed(names)}; --dedupe last keeps the last one"

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
        place = records[PLACE][at]
        last = self.last or [int(min(ts[0], ts[0] if layout.ids else key[0])) - 1, int(key[0]) - 1, 0]
        ts_before, key_before = np.concatenate(([last[0]], ts[:-1])), np.concatenate(([last[1]], key[:-1]))
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
            bad, gone = self._overlapping(ts, key, last)
            over[:] = False
            over[gone] = True
        wrong, stop = "", len(records)
        amiss = bad | over if not gone else bad
        if amiss.any():
            i = int(np.argmax(amiss))
            stop = int(at[i])
            wrong = (
                self._overlap(ts[i], key[i])
                if over[i]
                else self._back(ts[i], key[i], ts_before[i], key_before[i], place[i], place[i - 1] if i else last[2])
            )
        gone = [int(at[i]) for i in gone if at[i] < stop]
        if gone:
            self._count(OVERLAPS, len(gone))
        kept = np.delete(records[:stop], gone)
        rest = kept[layout.closed(kept)]
        if len(rest):
            self.last = [
                int(layout.ts(rest)[-1]),
                int(layout.column(rest, layout.key or "ts")[-1]),
                int(rest[PLACE][-1]),
            ]
        return kept, wrong

    def _overlapping(self, ts: Array, key: Array, last: list[int]) -> tuple[Array, list[int]]:
        """Bars that go back, and bars that overlap the last one that stayed."""
        bad = np.zeros(len(ts), dtype=bool)
        gone: list[int] = []
        ts_before, key_before = last[0], last[1]
        for i, (end, start) in enumerate(zip(ts.tolist(), key.tolist())):
            if end < ts_before:
                bad[i] = True
                break
            if start <= key_before or start < ts_before - self.loose:
                gone.append(i)
            else:
                ts_before, key_before = end, start
        return bad, gone

    def _back(self, ts: Any, key: Any, ts_before: Any, key_before: Any, place: int, before: int) -> str:
        layout = self.layout
        if ts < ts_before:
            return self._later(place, ts, ts_before, before)
        where = f"{layout.schema.key}: row {place}"
        now, then = layout.shown(layout.key, key), layout.shown(layout.key, key_before)
        return f"{where}: {say_back(layout.key, then, now, before)}, and it must rise (ts {iso_text(int(ts))})"

    def _later(self, place: int, ts: Any, ts_before: Any, before: int) -> str:
        back = say_back("ts", iso_text(int(ts_before)), iso_text(int(ts)), before)
        return f"{self.layout.schema.key}: row {place}: {back}; hq-import --order sort puts rows in order"

    def _overlap(self, ts: Any, open_time: Any) -> str:
        period = self.layout.schema.period
        told = f"the bar of {iso_text(int(open_time))} overlaps the one before it: the period is {period}"
        if self.told:
            return f"{told}; pass --invalid drop or keep to hq-import"
        return f"{told}, as two rows of the file have it; pass --period to hq-import"

    def _count(self, reason: str, n: int) -> None:
        self.dropped[reason] = self.dropped.get(reason, 0) + n
