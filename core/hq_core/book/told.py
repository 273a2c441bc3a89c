"""The tick that the first snapshot of a series tells, where nobody said it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.batch import NEVER, Batch
from hq_core.book.flags import CLEAR, KIND, SNAPSHOT
from hq_core.book.fractions import NO_STEP, step_of, step_text
from hq_core.book.intake import VIEWS
from hq_core.errors import DATA, HqError
from hq_core.memory import move
from hq_core.options.steps import StepOptions
from hq_core.saved import Damaged
from hq_core.stream.held import rows_of
from hq_core.stream.rows import Kept

if TYPE_CHECKING:
    from collections.abc import Callable

    from hq_core.batch import Schema

    Count = Callable[[str, int], None]

TOLD = {"tick": (int, int), "held": [bytes], "ts": int}  # what `save` gives
MOST_HELD = 1 << 20  # rows of a snapshot


class Told:
    """Rows of one series: those of the first snapshot wait until it is whole, those before it are left out.

    The CLEAR of the same ts directly before it, or one of each side, is the snapshot's own.

    tick   as a fraction; NO_STEP until it is told
    drop   counts rows that are left out
    """

    def __init__(self, schema: Schema, view: str, drop: Count) -> None:
        self.schema, self.drop = schema, drop
        self.tick = NO_STEP
        self._bit = VIEWS[view]
        self._held = Kept(schema)
        self._ts = NEVER  # of what is held
        self._clears = 0  # that are held and may be a snapshot's, until it begins
        self._begun = False  # the snapshot

    @property
    def remark(self) -> str:
        """What is worth a line."""
        if self.tick == NO_STEP:
            return f"{self.schema.key}: no snapshot came to tell the tick"
        return f"{self.schema.key}: the tick is {step_text(self.tick)}, as the first snapshot has it"

    def rows(self, batch: Batch) -> list[Batch]:
        """The rows that are ready, once the tick is known; each valid until the next ones.

        Raises HqError DATA where the snapshot tells no tick.
        """
        if self.tick != NO_STEP:
            return [batch]
        stop = self._hold(batch)
        return [] if stop == batch.n else [*self.rest(), batch.slice(stop, batch.n)]

    def rest(self) -> list[Batch]:
        """The snapshot, if one waits: it is whole."""
        if not self._begun:
            self._early(self._clears)
            self._held.drop(self._held.n)
            self._clears = 0
        if not self._held.n:
            return []
        self._tell()
        return [self._held.emptied({})]

    def _early(self, n: int) -> None:
        if n:
            self.drop("before the first snapshot, which tells the tick", n)

    def _hold(self, batch: Batch) -> int:
        """Keep what belongs to the snapshot: which row no longer does; the batch's end where all do, or none has."""
        ev, times = batch.view("ev"), batch.times()
        first = 0 if self._held.n else -1
        stop, early = batch.n, 0
        for i in range(batch.n):
            if not ev[i] & self._bit:
                continue
            kind = ev[i] & KIND
            joins = kind in (SNAPSHOT, CLEAR)
            goes_on = joins and first >= 0 and times[i] == self._ts
            if self._begun and not goes_on:
                stop = i
                break
            if not goes_on:  # what is held was no snapshot's
                early += self._clears + (not joins)
                if self._held.n:
                    self._held.drop(self._held.n)
                self._clears = 0
                first, self._ts = (i, times[i]) if joins else (-1, NEVER)
            self._begun = self._begun or kind == SNAPSHOT
            self._clears += joins and not self._begun
        self._early(early)
        if first >= 0:
            part = batch.slice(first, stop)
            move(self._held.reserve(part.n), part.addresses, part.schema.widths, part.n)
            self._held.commit(part.n)
        if self._held.n > MOST_HELD:
            raise self._wrong(f"the first snapshot has more than {MOST_HELD} rows, so that it tells no tick")
        return stop

    def _tell(self) -> None:
        batch = Batch(self.schema, self._held.n, self._held.starts)
        ev, px = batch.view("ev"), batch.view("px")
        prices = {px[i] for i in range(batch.n) if ev[i] & self._bit and ev[i] & KIND == SNAPSHOT}
        tick = step_of(prices) if len(prices) > 1 else NO_STEP  # one price is a multiple of itself
        if tick == NO_STEP:
            raise self._wrong("the prices of the first snapshot tell no tick")
        self.tick = tick

    def _wrong(self, what: str) -> HqError:
        return HqError(f"{self.schema.key}: {what}", DATA, hint=("pass ", StepOptions.tick))

    def save(self) -> dict[str, Any]:
        held = self._held.columns() if self._held.n else []
        return {"tick": list(self.tick), "held": held, "ts": self._ts}

    def load(self, saved: dict[str, Any]) -> None:
        over, under = saved["tick"]
        if (over, under) != NO_STEP and not (over > 0 and under > 0):
            raise Damaged(f"{self.schema.key}: a tick of {over} / {under}")
        self.tick, self._ts = (over, under), saved["ts"]
        if saved["held"]:
            n = len(saved["held"][0]) // 8
            part = rows_of(self.schema, n, saved["held"])
            move(self._held.reserve(n), part.addresses, part.schema.widths, n)
            self._held.commit(n)
            kinds = [one & KIND for one in part.view("ev") if one & self._bit]
            self._begun = SNAPSHOT in kinds
            self._clears = 0 if self._begun else len(kinds)
