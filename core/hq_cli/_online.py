"""A collection of a Qdrant service as a store that is asked anew at every row."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hq_cli._qdrant import DISTANCES, Collection
from hq_core.errors import DATA, USAGE, HqError
from hq_core.formats.times import UNITS
from hq_core.kernels.nearest import METHODS
from hq_core.series.stores import Store
from hq_core.stages.vector import told_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.series.stores import Rows

    Hits = list[tuple[float, float, int, int]]

BEYOND = 16  # points that are asked for beyond those wanted
ROUND = 2.0**-23  # by which float32 is wrong in each value of a sum
MILLISECOND = UNITS["ms"]


class Online(Store):
    """The service names the points that are most like a vector; their scores, their order and whether they may be seen
    are those of a store of them, so a hit is the one that a file of the collection gives.

    Raises HqError DATA where points have no avail_ts, unless they are `timeless`; SERVICE where the service is away.
    """

    outside = True

    def __init__(self, name: str, url: str, timeless: bool) -> None:
        self.name = name
        self.file = self.digest = url
        self.methods = set()
        self.collection = Collection(url)
        self.timeless = timeless
        self.length, self.by = self.collection.form()
        if not timeless:
            self._refuse_timeless()

    def told(self) -> list[str]:
        for method in self.methods - {self.by}:
            how = f"hq-vector export --distance {method} makes such a one"
            if method not in DISTANCES:
                how = f"a service searches by {', '.join(DISTANCES)}; --store {self.name}=qdrant+URL takes all of it"
            raise HqError(f"{self.file} is searched by {self.by}, not by {method}", USAGE, hint=how)
        return []

    def _refuse_timeless(self) -> None:
        with self.collection.asked():
            every, timed = (
                self.collection.client.count(self.collection.name, count_filter=one, exact=True).count
                for one in (None, _known_by(datetime(2262, 1, 1, tzinfo=UTC)))
            )
        if timed < every:
            from hq_core.options.signal import StoreOptions

            what = f"{self.file}: {every - timed} points have no avail_ts that is a time, so nobody knows from when on"
            how = "a strategy would look ahead; ", StoreOptions.timeless, " takes them as known at any time"
            raise HqError(f"{what} their labels were known", DATA, hint=how)

    def search(
        self,
        vectors: Any,
        method: str = METHODS[0],
        k: int = 1,
        least: float = -math.inf,
        ts: Sequence[int] | None = None,
    ) -> list[Hits]:
        view, size = memoryview(vectors).cast("B"), 4 * self.length
        several = [view[at : at + size].cast("f") for at in range(0, view.nbytes, size)]
        times = [None] * len(several) if ts is None else ts
        return [self._search(one, method, k, least, at) for one, at in zip(several, times, strict=True)]

    def _search(self, vector: memoryview[float], method: str, k: int, least: float, ts: int | None) -> Hits:
        """Of one vector.  Further points are asked for as long as one of them could come among the k: nothing tells
        how a service orders those of equal scores, and its own scores are rounded.
        """
        some = k + BEYOND
        while True:
            rows = self._nearest(vector, some, ts)
            if rows is None:
                return []
            store = Store(self.name, rows, self.file)
            found = store.search(vector, method, k, least, None if ts is None or self.timeless else [ts])[0]
            every = store.search(vector, method, store.n)[0]
            bar = found[-1][0] if len(found) == k else least
            if store.n < some or (every and every[-1][0] + self._wrong(vector, rows) < bar):
                return found
            some *= 4

    def _wrong(self, vector: memoryview[float], rows: Rows) -> float:
        """What two scores of the service may be wrong by together."""
        wrong = 2.0 * ROUND * (self.length + 16)
        if self.by != "dot":
            return wrong
        held = memoryview(rows.vectors).cast("f")
        largest = max(math.hypot(*held[at : at + self.length]) for at in range(0, len(held), self.length))
        return wrong * math.hypot(*vector) * largest

    def _nearest(self, vector: memoryview[float], some: int, ts: int | None) -> Rows | None:
        """The points that the service calls the nearest, at most so many; None: there is none."""
        from qdrant_client import models

        with self.collection.asked():
            points = self.collection.client.query_points(
                self.collection.name,
                query=list(vector),
                limit=some,
                query_filter=None if ts is None or self.timeless else _known_by(_instant(ts)),
                search_params=models.SearchParams(exact=True),
                with_payload=True,
                with_vectors=True,
            ).points
        if not points:
            return None
        return told_rows(self.file, map(self.collection.told, points), self.timeless, MILLISECOND)


def _instant(ns: int) -> datetime:
    """The first microsecond that is not before a time: a service knows none finer."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=-(-ns // 1000))


def _known_by(when: datetime) -> Any:
    """The filter of points whose avail_ts is not after a time, as text or as milliseconds."""
    from qdrant_client import models

    texts = models.FieldCondition(key="avail_ts", range=models.DatetimeRange(lte=when))
    numbers = models.FieldCondition(key="avail_ts", range=models.Range(lte=math.ceil(when.timestamp() * 1000)))
    return models.Filter(should=[texts, numbers])
