"""Small batches of panels made large ones, for what costs its time a batch and a symbol, not a row."""

from __future__ import annotations

import select
from typing import TYPE_CHECKING

from hq_core.batch import Batch
from hq_core.errors import HqError
from hq_core.memory import move
from hq_core.roles import Idle
from hq_core.wire.frame import Stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hq_core.roles import Item
    from hq_core.stream.rows import Kept

GATHERED = 4 << 20  # bytes of a panel's rows that are given on at once, and a symbol's share beyond, up to the most:
SHARE, MOST_GATHERED = 4096, 16 << 20  # of thousands of symbols some dozen rows each
BACKLOG = 16  # reads that may pass before what they gave is given on, while more input waits already;
LARGE_READ, LARGE_BACKLOG = 32 << 10, 64  # where so many bytes of panels come by each, so many
FEW, SELDOM = 16, 16  # reads of at most so many rows are given on, so many of them, once no more was there behind one


def gathered(items: Iterable[Item], more: Callable[[], bool], most: int | None = None) -> Iterator[Item]:
    """The items, with batches of one panel that follow each other made one, of at most `most` bytes.

    most  None: so many as go by how many symbols it has
    Rows are held back only while a read comes back at once: where the input pauses (Idle) and `more` says that there is
    more already, it goes on without the Idle, up to BACKLOG times, or LARGE_BACKLOG.  Where rows come one by one, each
    is given on at once, without asking: FEW, SELDOM.  All that came before an error is given first.
    """
    held = Gather(most)
    reads = pauses = rows = 0
    try:
        for item in items:
            if isinstance(item, Batch):
                rows += item.n
                if item.schema.panel and item.rows is None:  # those put in order come together already
                    if held.add(item):
                        continue
                    yield from held.given()
                    reads = 0
                    if held.add(item):
                        continue
                elif held.any:
                    yield from held.given()
            elif isinstance(item, Idle):
                reads += 1
                backlog = LARGE_BACKLOG if held.size >= reads * LARGE_READ else BACKLOG
                few, rows = rows <= FEW and not held.any, 0
                if few and pauses:
                    pauses -= 1
                elif reads < backlog and more():
                    pauses = 0
                    continue
                elif reads < backlog:
                    pauses = SELDOM
                reads = 0
                yield from held.given()
            elif held.any:
                yield from held.given()
            yield item
    except (HqError, Stopped):
        yield from held.given()
        raise
    yield from held.given()


def at_once(source: Iterable[Item]) -> Callable[[], bool]:
    """Whether a source can be read on without waiting for its writer; no where it does not say what it reads from."""

    def more() -> bool:
        fd = getattr(source, "waits_on", -1)
        return fd >= 0 and readable(fd)

    return more


def readable(fd: int) -> bool:
    """Whether a read of it comes back at once."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(0))


class Gather:
    """Batches of one series, one behind the other.

    any   it has rows
    size  their bytes
    """

    def __init__(self, most: int | None) -> None:
        self.any = False
        self._most = most
        self._kept: Kept | None = None
        self._first: Batch | None = None  # of those that it has
        self.size = 0

    def add(self, batch: Batch) -> bool:
        """Take the rows behind those that it has; False: they are of another series, or too many, and not taken."""
        first = self._first if self.any else None
        size = self.size + batch.n * sum(batch.schema.widths)
        most = self._most
        if most is None:
            most = min(GATHERED + SHARE * len(batch.texts.get("symbol", ())), MOST_GATHERED)
        if size > most or (first and not (first.schema is batch.schema and first.texts is batch.texts)):
            return False
        kept = self._kept
        if kept is None or kept.schema is not batch.schema:
            from hq_core.stream.rows import Kept  # few inputs have panels

            kept = self._kept = Kept(batch.schema)
        move(kept.reserve(batch.n), batch.addresses, batch.schema.widths, batch.n)
        kept.commit(batch.n)
        self._first, self.size, self.any = first or batch, size, True
        return True

    def given(self) -> Iterator[Batch]:
        """What it has, at most one batch, valid until rows are added; it has nothing then."""
        first, kept = self._first, self._kept
        if self.any and first is not None and kept is not None:
            self._first, self.size, self.any = None, 0, False
            yield kept.emptied(first.texts)
