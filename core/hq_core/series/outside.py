"""Hits of stores that are not searched by the native loop itself: it calls back for some rows at a time."""

from __future__ import annotations

import math
from array import array
from ctypes import CFUNCTYPE, c_int, c_void_p, cast
from typing import TYPE_CHECKING, Any

from hq_core.series.stores import AT_ONCE

if TYPE_CHECKING:
    from hq_core.series.stores import Store

_CALLED = CFUNCTYPE(c_int, c_void_p)
_WORDS = 5  # of an answer: score, label, the bits of ts, id, count
_NONE = (math.nan, math.nan, math.nan, math.nan, 0.0)


class Answers(dict[str, Any]):
    """The tables of `hit_outside`: its questions, and what `store.search` answers.

    failed   what went wrong since `check` was last asked: rows computed since then have no hits and are not to be used
    """

    def __init__(self, store: Store, length: int, method: str, k: int, least: float) -> None:
        self._store = store
        self._asked = method, k, least
        self._size = 4 * length
        self.failed: BaseException | None = None
        self._called = _CALLED(self._answer)  # the loop knows its address, so it must live as long
        address = cast(self._called, c_void_p).value or 0
        super().__init__(
            given=bytearray(self._size * AT_ONCE),
            wanted=array("d", bytes(8 * AT_ONCE)),
            when=array("q", bytes(8 * AT_ONCE)),
            call=array("q", [address, 0]),
            told=array("d", bytes(8 * _WORDS * AT_ONCE)),
        )

    def _answer(self, _: int) -> int:
        told = self["told"]
        told[:] = array("d", _NONE * AT_ONCE)
        if self.failed is not None:
            return 0
        rows = [i for i in range(self["call"][1]) if self["wanted"][i] > 0.0]
        try:
            if rows:
                self._search(rows)
        except BaseException as error:  # noqa: BLE001  nobody is above but the native loop; `check` raises it there
            self.failed = error
        return 0

    def _search(self, rows: list[int]) -> None:
        size, given = self._size, memoryview(self["given"])
        vectors = b"".join(given[size * i : size * i + size] for i in rows)
        method, k, least = self._asked
        found = self._store.search(vectors, method, k, least, [self["when"][i] for i in rows])
        told, bits = self["told"], memoryview(self["told"]).cast("B").cast("q")
        for i, near in zip(rows, found, strict=True):
            if near:
                at = _WORDS * i
                score, total, ts, id_ = near[0]
                for one in near[1:]:  # one after the other, as `hit` adds them
                    total += one[1]
                told[at], told[at + 1] = score, total / len(near)
                bits[at + 2] = ts
                told[at + 3], told[at + 4] = id_, len(near)

    def check(self) -> None:
        """Raise what went wrong in the rows that were just computed."""
        failed, self.failed = self.failed, None
        if failed is not None:
            raise failed
