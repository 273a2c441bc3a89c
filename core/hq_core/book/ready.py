"""Rows of one series in the order of their view, from where the tick is known on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.book.at_exchange import HELD, AtExchange
from hq_core.book.fractions import NO_STEP, step_text
from hq_core.book.told import TOLD, Told
from hq_core.saved import Damaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hq_core.batch import Batch, Schema

READY = {"tick": (int, int), "told": [TOLD], "waits": HELD}  # what `save` gives


class Ready:
    """Rows wait where others of the exchange may come before them, and until the first snapshot has told the tick.

    lateness  of the exchange's view, ns; below 0: it is the local one
    tick      as a fraction; NO_STEP until it is known;  told: whether the snapshot is to tell it
    drop      counts rows that are left out
    """

    def __init__(self, schema: Schema, tick: tuple[int, int], lateness: int, drop: Callable[[str, int], None]) -> None:
        self._key = schema.key
        view = "local" if lateness < 0 else "exch"
        self._sorter = None if lateness < 0 else AtExchange(schema, lateness, drop)
        self._told = None if tick != NO_STEP else Told(schema, view, drop)
        self._tick = tick

    @property
    def tick(self) -> tuple[int, int]:
        return self._tick if self._told is None else self._told.tick

    @property
    def told(self) -> bool:
        return self._told is not None

    def rows(self, batch: Batch) -> Iterator[Batch]:
        """The rows that are ready, each valid until the next ones."""
        for one in [batch] if self._sorter is None else self._sorter.rows(batch):
            yield from [one] if self._told is None else self._told.rows(one)

    def rest(self) -> Iterator[Batch]:
        """All that wait: no more come."""
        for one in [] if self._sorter is None else self._sorter.rest():
            yield from [one] if self._told is None else self._told.rows(one)
        if self._told is not None:
            yield from self._told.rest()

    def remarks(self) -> list[str]:
        return [] if self._told is None else [self._told.remark]

    def save(self) -> dict[str, Any]:
        return {
            "tick": list(self.tick),
            "told": [] if self._told is None else [self._told.save()],
            "waits": [] if self._sorter is None else self._sorter.save(),
        }

    def load(self, saved: Mapping[str, Any]) -> None:
        if len(saved["told"]) != self.told:
            raise Damaged(f"{self._key}: a tick that was told, or was not")
        if self._told is not None:
            self._told.load(saved["told"][0])
        if tuple(saved["tick"]) != self.tick:
            over, under = saved["tick"]
            was = step_text((over, under or 1))
            raise Damaged(f"{self._key}: has a tick of {was}, now {step_text(self.tick)}")
        if self._sorter is not None:
            self._sorter.load(saved["waits"])
        elif saved["waits"]:
            raise Damaged(f"{self._key}: rows wait for others of the exchange")
