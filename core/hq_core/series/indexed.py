"""A store with an approximate index (usearch, an extra of hq): for stores too large to look at every vector.

The index only says which vectors to look at.  Their scores, their order and whether they may be seen are those of the
exact search, so that a hit is never wrong by more than a nearer vector that was missed.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from hq_core.errors import CONFIG, NOINPUT, SERVICE, HqError
from hq_core.jit import Cell
from hq_core.kernels.nearest import METHODS, nearest_of
from hq_core.series.stores import AT_ONCE, Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.series.stores import Rows, Tables

    Hits = list[list[tuple[float, float, int, int]]]

EXACT = 1 << 16  # vectors that may be seen: up to so many the exact search is the faster one
PICKED = 64, 4  # vectors that the index names: so many at least, and so many for each that is wanted
METRICS = {"cosine": "cos", "correlation": "cos", "dot": "ip", "euclid": "l2sq"}  # ours -> usearch's
NEIGHBOURS, WIDTH = 16, 128  # of a vector in the index; vectors looked at where one is added or looked for
LINE = 1 << 10  # bytes of the line that a kept index begins with
SAMPLE, OF = 200, 10  # vectors by which the recall is measured, and how many neighbours of each
MISSING = "pip install 'hq[usearch]'"


class Indexed(Store):
    """A store that is searched through an index, one for each method, made at its first use by one thread.

    An index that lies in a file beside the store (`kept_at`) is taken up instead.  Of a vector the index names PICKED
    ones; those that may not be seen yet are put aside, and where fewer than k are left all are looked at.

    Raises HqError SERVICE where usearch is not installed.
    """

    outside = True

    def __init__(self, name: str, rows: Rows, file: str = "") -> None:
        _usearch()
        super().__init__(name, rows, file)
        self.digest += f" usearch {NEIGHBOURS} {WIDTH}"  # what is found depends on that too
        self._indexes: dict[str, Any] = {}
        self._taken: set[str] = set()  # methods of which the index came from a file

    def search(
        self,
        vectors: Any,
        method: str = METHODS[0],
        k: int = 1,
        least: float = -math.inf,
        ts: Sequence[int] | None = None,
    ) -> Hits:
        view = memoryview(vectors).cast("B")
        size = 4 * self.length
        upto = [self.n] * (view.nbytes // size) if ts is None else [bisect_right(self.avail, one) for one in ts]
        found: Hits = [[] for _ in upto]
        exact = [i for i, some in enumerate(upto) if some <= EXACT]
        large = [i for i, some in enumerate(upto) if some > EXACT]
        for start in range(0, len(large), AT_ONCE):
            some = large[start : start + AT_ONCE]
            given = b"".join(view[size * i : size * i + size] for i in some)
            for i, hits in zip(some, self._through(given, method, k, least, [upto[i] for i in some]), strict=True):
                if hits is None:
                    exact.append(i)
                else:
                    found[i] = hits
        exact.sort()
        given = b"".join(view[size * i : size * i + size] for i in exact)
        every = super().search(given, method, k, least, [ts[i] for i in exact] if ts is not None else None)
        for i, hits in zip(exact, every, strict=True):
            found[i] = hits
        return found

    def _through(
        self, given: bytes, method: str, k: int, least: float, upto: list[int]
    ) -> list[list[tuple[float, float, int, int]] | None]:
        """What `search` gives, through the index; None where it names fewer than k that may be seen."""
        n, picked = len(upto), self._picked(given, method, k)
        scores, places, counts = array("d", bytes(8 * n * k)), array("q", bytes(8 * n * k)), array("q", bytes(8 * n))
        cell = Cell(nearest_of)
        tables = {**self._columns, **self._weighed(method)}
        for name in ("rows", "sizes", "rank"):
            cell.buffer(name, tables[name])
        own: Tables = {"picked": picked, "given": bytearray(given), "upto": array("q", upto)}
        own |= {"scores": scores, "places": places, "found": counts}
        for name, memory in own.items():
            cell.buffer(name, memory)
        cell.set(length=self.length, method=METHODS.index(method), k=k, least=least, n=n, many=len(picked) // n)
        cell.run()
        hits = [self._hits(scores, places, i * k, max(0, counts[i])) for i in range(n)]
        return [near if counts[i] >= 0 else None for i, near in enumerate(hits)]

    def _picked(self, given: bytes, method: str, k: int) -> array[int]:
        """The rows that the index names for each vector, as many for each, -1 where it has no more."""
        import numpy as np

        many = min(max(PICKED[0], PICKED[1] * k), self.n)
        asked = self._formed(np.frombuffer(given, dtype="<f4").reshape(-1, self.length), method)
        found = self.index(method).search(asked, many, threads=1)
        picked = np.full((len(asked), many), -1, dtype=np.int64)
        for i in range(len(asked)):
            keys = (found if len(asked) == 1 else found[i]).keys  # of one vector usearch gives no batch
            picked[i, : len(keys)] = keys
        return array("q", picked.tobytes())

    def index(self, method: str) -> Any:
        """The index of a method."""
        made = self._indexes.get(method)
        if made is None:
            made = self._indexes[method] = self._kept(method) or self._made(method)
        return made

    def _empty(self, method: str) -> Any:
        return _usearch()(
            ndim=self.length,
            metric=METRICS[method],
            dtype="f32",
            connectivity=NEIGHBOURS,
            expansion_add=WIDTH,
            expansion_search=WIDTH,
        )

    def _made(self, method: str) -> Any:
        import numpy as np

        made = self._empty(method)
        there = np.flatnonzero(np.frombuffer(self._weighed(method)["sizes"]) > 0.0)
        made.add(there.astype(np.uint64), self._formed(self._vectors()[there], method), threads=1)
        return made

    # -- kept in a file ----------------------------------------------------------------------------------
    def packed(self, method: str) -> bytes:
        """The index as a file: a line that says of what it is, then what usearch writes."""
        body = bytes(self._made(method).save())
        return self._head(method, body) + body

    def _head(self, method: str, body: bytes) -> bytes:
        from _blake2 import blake2b

        return f"hq-usearch {method} {self.digest} {blake2b(body, digest_size=16).hexdigest()}\n".encode()

    def _kept(self, method: str) -> Any:
        """The index of the file that goes with the store; None: there is none.  HqError CONFIG for one of another."""
        path = kept_at(self.file, method)
        try:
            with open(path, "rb") as file:
                head, body = file.readline(LINE), file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise HqError(f"{path}: {error.strerror}", NOINPUT) from None
        if head != self._head(method, body):
            how = f"hq-vector index --method {method} {self.file} > {path}"
            raise HqError(f"{path} is no index of the store as it is", CONFIG, hint=f"{how} makes it anew")
        made = self._empty(method)
        made.load(body)
        made.expansion_search = WIDTH
        self._taken.add(method)
        return made

    def _vectors(self) -> Any:
        import numpy as np

        return np.frombuffer(self._columns["rows"], dtype="<f4").reshape(self.n, self.length)

    def _formed(self, vectors: Any, method: str) -> Any:
        """Vectors as the index has them: correlation is the cosine of what lies about the mean."""
        return vectors - vectors.mean(axis=1, keepdims=True) if method == "correlation" else vectors

    def recall(self, method: str) -> float:
        """Which share of the OF nearest of SAMPLE vectors, themselves left out, is found through the index."""
        step = max(1, self.n // SAMPLE)
        size, rows = 4 * self.length, memoryview(self._columns["rows"])
        among = range(0, self.n, step)
        asked = b"".join(rows[size * row : size * row + size] for row in among)
        exact = super().search(asked, method, OF + 1)
        same = wanted = 0
        for start in range(0, len(among), AT_ONCE):
            some = among[start : start + AT_ONCE]
            given = asked[size * start : size * (start + len(some))]
            through = self._through(given, method, OF + 1, -math.inf, [self.n] * len(some))
            for row, mine, every in zip(some, through, exact[start:]):
                own = self.times[row], self.ids[row]
                best = {hit[2:] for hit in every} - {own}
                wanted += len(best)
                same += len(best & {hit[2:] for hit in mine if hit is not None} if mine else best)
        return same / wanted if wanted else 1.0

    def told(self) -> list[str]:
        if self.n <= EXACT:
            return [f"{self.name}: its {self.n} vectors are searched exactly, which is faster up to {EXACT}"]
        told = []
        for method in sorted(self.methods or {"cosine"}):
            how = f"{self.name}: approximate search by {method}, recall {self.recall(method):.4f} of the {OF} nearest"
            told.append(how + ("" if method in self._taken else "; hq-vector index can keep what was made of it"))
        return told


def kept_at(file: str, method: str) -> str:
    """Where the index of a store's file is kept."""
    return f"{file}.{method}.usearch"


def _usearch() -> Any:
    try:
        from usearch.index import Index
    except ImportError:
        raise HqError("usearch is missing", SERVICE, hint=MISSING) from None
    return Index
