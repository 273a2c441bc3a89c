"""A store of labelled vectors that come in the stream: it grows with the rows of a series."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from hq_core.batch import NEVER
from hq_core.errors import DATA, HqError
from hq_core.kernels.nearest import BLOCK, METHODS, lay
from hq_core.saved import Damaged
from hq_core.series.stores import Rows, Store, run_on, wide

if TYPE_CHECKING:
    from hq_core.jit import ArgumentBlock
    from hq_core.series.making import Making

GROWING = {"length": int, "columns": [bytes], "upto": int}  # what `save` gives
MOST = 1 << 20  # vectors: they are held in memory, and in a state


class Bound(dict[str, Any]):
    """Tables, and the argument blocks that they are bound to: memory that grows moves."""

    def __init__(self) -> None:
        self.blocks: list[ArgumentBlock] = []

    def again(self) -> None:
        for block in self.blocks:
            for name in block.starts:
                if name in self:
                    block.buffer(name, self[name])


class Growing(Store):
    """The vectors of a series so far.  Rows wait until it is known up to their ts, as they do for any other series.

    symbol, period   of the series
    upto             ts up to which a mark or the input's end says that no more vectors come
    """

    waits = True

    def __init__(self, name: str, symbol: str, period: str) -> None:
        self.name = name
        self.methods = set()
        self.symbol = symbol
        self.period = period
        self.file = self.key = f"vector/{symbol}/{period}"
        self.length = 0  # until somebody looks for some, or one comes
        self.n = 0
        self.digest = self.key
        self.upto = self.last = NEVER
        self._bound: dict[tuple[str, int], Bound] = {}
        self._looked_for: list[Making] = []

    @property
    def feed(self) -> Growing:
        """What a row waits for."""
        return self

    @property
    def reached(self) -> int:
        """Up to which ts the series is known: of the last one that came there may be more."""
        return max(self.upto, self.last - 1)

    def expect(self, length: int, making: Making) -> None:
        self._looked_for.append(making)
        self._of(length)
        self._like(making)

    def announce(self, length: int, made: Making) -> None:
        """The series is announced: its vectors have this length and were made so.

        Raises HqError DATA where others are looked for.
        """
        self._of(length)
        self.made = made
        for making in self._looked_for:
            self._like(making)

    def _like(self, making: Making) -> None:
        """Refuse a vector that is made otherwise than those of the series."""
        mine, its = making.against(self.made)
        if mine:
            what = f"{self.key} has vectors {its}, the strategy looks for one {mine} in it"
            raise HqError(what, DATA, subject=self.name)

    def _of(self, length: int) -> None:
        """Vectors have this length.  Raises HqError DATA where they had another one."""
        if not self.length:
            self._take_up(Rows(length))
        elif length != self.length:
            what = f"{self.key} has vectors of {length} values, the strategy looks for {self.length} in it"
            raise HqError(what, DATA, subject=self.name)

    def tables(self, method: str, k: int) -> Bound:
        found = self._bound.get((method, k))
        if found is None:
            found = self._bound[method, k] = Bound()
            found.update(super().tables(method, k))
        return found

    def append(self, more: Rows) -> None:
        """Further rows of the series.  Raises HqError DATA where one has the ts and id of an earlier one."""
        self._of(more.length)
        if self.n + len(more) > MOST:
            raise HqError(f"{self.key}: more than {MOST} vectors, which are held in memory", DATA, subject=self.name)
        before, self.last = self.n, max(self.last, max(more.avail))
        self._cells.clear()  # they know where the memory was
        behind = self._behind(more)
        for own, further in zip(self._held(), _columns(more)):
            own += further
        self.n += len(more)
        if behind and self._ranked(before):
            for method in self._laid:
                self._lay(method, before // BLOCK)
        else:
            rows = Rows(self.length)
            for own, held in zip(_columns(rows), self._held()):
                own += held
            self._take_up(rows)
        for (method, k), bound in self._bound.items():
            bound.update(super().tables(method, k))
            bound.again()

    def _take_up(self, rows: Rows) -> None:
        """Be the store of these rows."""
        rows.names = [self.symbol]
        rows.symbols = array("q", bytes(8 * len(rows)))
        laid, rooms, digest = list(getattr(self, "_laid", ())), getattr(self, "_rooms", {}), self.digest
        methods, rows.made = self.methods, self.made
        super().__init__(self.name, rows, self.key)
        self._rooms, self.digest, self.methods = rooms, digest, methods
        for method in laid:
            self._weighed(method)

    def _behind(self, more: Rows) -> bool:
        """Whether the rows come behind all others, by avail_ts, ts and id."""
        at = self.n - 1
        last = (self.avail[at], self.times[at], self.ids[at]) if self.n else None
        for key in zip(more.avail, more.ts, more.ids):
            if last is not None and key <= last:
                return False
            last = key
        return True

    def _ranked(self, start: int) -> bool:
        """Give the rows from `start` on their rank; False where one is there twice.

        By ts one may come before others, yet behind all that were known before that ts: few are to be looked at.
        """
        ranks, avail, times, ids = self._columns["rank"], self.avail, self.times, self.ids
        for row in range(start, self.n):
            rank, mine = row, (times[row], ids[row])
            for other in range(row - 1, -1, -1):
                if avail[other] < mine[0]:
                    break
                theirs = times[other], ids[other]
                if theirs == mine:
                    return False
                if theirs > mine:
                    ranks[other] += 1
                    rank -= 1
            ranks.append(rank)
        return True

    def _held(self) -> list[Any]:
        return [self.avail, self.times, self.ids, self.labels, self._columns["rows"]]

    def _weighed(self, method: str) -> dict[str, Any]:
        if method not in self._laid:
            self._laid[method] = {"sizes": array("d"), "units": array("d"), "laid": bytearray()}
            self._lay(method, 0)
        return self._laid[method]

    def _lay(self, method: str, start: int) -> None:
        """Lay the rows from a block on."""
        held = self._laid[method]
        blocks = -(-self.n // BLOCK)
        held["sizes"].extend([0.0] * (self.n - len(held["sizes"])))
        held["laid"] += bytes(2 * (blocks - len(held["units"])) * wide(self.length) * BLOCK)
        held["units"].extend([0.0] * (blocks - len(held["units"])))
        asked = {"length": self.length, "method": METHODS.index(method), "start": start}
        run_on(lay, asked, rows=self._columns["rows"], **held)

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        held = [bytes(column) for column in self._held()] if self.length else []
        return {"length": self.length, "columns": held, "upto": self.upto}

    def load(self, saved: dict[str, Any]) -> None:
        length, columns, self.upto = saved["length"], saved["columns"], saved["upto"]
        if not length:
            return
        rows = Rows(length)
        if not 0 < length <= 4096 or len(columns) != len(_columns(rows)):
            raise Damaged(f"{self.key}: vectors of {length} values in {len(columns)} columns")
        for own, held in zip(_columns(rows), columns):
            if isinstance(own, bytearray):
                own += held
            else:
                own.frombytes(held)
        if {len(column) for column in _columns(rows)[:4]} != {len(rows)} or len(rows.vectors) != 4 * length * len(rows):
            raise Damaged(f"{self.key}: columns of different lengths")
        if len(rows):
            self.append(rows)


def _columns(rows: Rows) -> list[Any]:
    return [rows.avail, rows.ts, rows.ids, rows.labels, rows.vectors]
