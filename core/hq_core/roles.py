"""The three roles of hq: a Source gives items, a Stage turns them, a Sink takes them; and what passes between them.

What each must keep of the promises that hold for every filter (README; the tests run them on all):

split-invariant     a Stage gives the same rows however its input is cut into batches
resumable           what `save` gives, taken up by `load` in another process, goes on as if nothing had happened
no lookahead        a row is written when all that it needs has come, and later rows never change it
nothing lost        a row that is not passed on is counted in `dropped` or `passed`, by reason
same bits           nothing depends on clocks, hashes, locale or the number of workers
bounded memory      state grows with series and windows, never with the length of the stream
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hq_core.batch import EVER, NO_TEXTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Protocol, TypeAlias

    from hq_core.batch import Batch, Schema
    from hq_core.holes import Holes
    from hq_core.jit import Kernel


class Head(dict[str, Any]):
    """A section begins; `made_by` says which commands wrote it."""


class End(dict[str, Any]):
    """The section's end: what was dropped in it, and the holes of its bars."""


class Map(dict[str, Any]):
    """A frame that is no rows: a report, anything of a kind that hq does not know.

    raw  the bytes that it was read from, which are written where it is passed on; whoever changes it makes another one
    """

    raw = b""


class Mark:
    """No later row has an earlier ts."""

    __slots__ = ("ts",)

    def __init__(self, ts: int) -> None:
        self.ts = ts


class Idle:
    """All that was read has been given; more may take a while."""

    __slots__ = ()


IDLE = Idle()


class Source:
    """Gives items: iterate over it once.  A Schema comes before its first Batch, which is valid until the next item.

    position  bytes of the input up to the end of the last item
    passed    what was there and is not given, by what it is; told on stderr
    SHAPE     of what `save` gives (hq_core/saved.py)
    ours      what says everything of the rows itself, in words; '' for what somebody else wrote
    lines     it is text of lines, some of which may stand before the rows
    bare      its form has no place for a period
    unread    columns of the input that nothing is made of
    waits_on  the descriptor from which more must come; -1: the one that the flow was given
    waits_for what that is called; '' where there is but one
    patience  seconds that it may take; 0: for ever
    goes_on   what it saves is taken up by the next run also where its input has ended
    file      which of several files, one behind the other, is being read
    loose     rows of one ts come in any order of their symbols in its panels (stream/instants.py)
    texts     what batches of its panels say of their codes
    """

    SHAPE: Any = {}
    ours: str = ""
    lines = False
    bare = False
    position = 0
    waits_on = -1
    waits_for = ""
    patience = 0.0
    goes_on = False
    file = 0
    loose = False
    texts: dict[str, list[str]] = NO_TEXTS
    passed: Mapping[str, int] = MappingProxyType({})

    def kernels(self) -> Iterable[Kernel]:
        """What reading will run, in the order of need, as far as that is known when it is opened."""
        return ()

    @property
    def unread(self) -> Iterable[str]:
        return ()

    def __iter__(self) -> Iterator[Item]:
        raise NotImplementedError

    def remarks(self) -> list[str]:
        """Lines for stderr when the run is over: what was taken for what."""
        return []

    def spare(self) -> None:
        """It gave Idle or has ended, and others are read for a while: memory that holds nothing may go."""

    def save(self) -> dict[str, Any]:
        """What is needed to read on from `position`, as plain values."""
        return {}

    def load(self, saved: dict[str, Any]) -> Iterable[Item]:
        """Take up where another source was saved; gives the schemas again."""
        return ()

    def take_up(self, key: str, symbols: list[str]) -> tuple[list[int], Iterable[Item]]:
        """The codes of symbols whose rows wait since the run before, and what the panel must be told of them."""
        raise NotImplementedError


class Sink:
    """Takes items; columns of a batch are valid during the call.

    full   it wants no more
    """

    full = False

    def schema(self, schema: Schema) -> None:
        """A series is announced, before its first rows; again when its columns change."""

    def rows(self, batch: Batch) -> None:
        """Rows of one series, in order."""

    def mark(self, ts: int) -> None:
        """No later row has an earlier ts."""

    def other(self, frame: dict[str, Any]) -> None:
        """A frame of a kind that the flow does not know."""

    def advance(self, ts: int) -> None:
        """All series have come up to ts, rows of it may follow: as a mark, but of no meaning for what comes first."""

    def flush(self) -> None:
        """The input pauses: what is held back only for speed goes out."""

    def finish(self, more: bool) -> None:
        """The input ended; with `more` another run carries on from here, so open work is kept."""


class Stage(Sink):
    """Turns items: takes them and writes others; by itself it passes everything on.

    dropped   rows dropped, by reason: told on stderr and in the end frame
    notices   other things worth a line on stderr, with how often they came
    holes     bars made of fewer rows than they have room for: for the end frame, as `dropped` is
    inputs    digests of the files that decide the output, by option name: part of the head and of the state
    made_by   the commands that what comes went through, and this one: as heads have them, each once
    any_order rows may come in any order, as the stage sorts them itself; else the flow checks it (order.py)
    panels    whole: they pass as any rows; apart: the stage is given each symbol's series, and what it writes of it is
              put together again; series: it is given them, and what it writes stays series
    apart_with  kinds: where a panel of one comes first, all are taken apart though others would come whole
    joiner      what puts together what it writes of panels that are taken apart for it; None where none are
    consumes    kinds of which no row is passed on, so that nobody behind is given the texts of their codes
    SHAPE     of what `save` gives (hq_core/saved.py), or {}; a state file with anything else is not given to `load`
    """

    SHAPE: Any = {}

    out: Out
    joiner: Joins | None = None
    any_order = False
    panels = "whole"
    apart_with: tuple[str, ...] = ()
    consumes: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.dropped: dict[str, int] = {}
        self.notices: dict[str, int] = {}
        self.holes: Holes = {}
        self.inputs: dict[str, str] = {}
        self.made_by: list[Any] = []

    def kernels(self) -> Iterable[Kernel]:
        """What it will run, in the order of need, as far as that is known before the first row."""
        return ()

    def begin(self, out: Out) -> None:
        self.out = out

    def schema(self, schema: Schema) -> None:
        self.out.series(schema)

    def rows(self, batch: Batch) -> None:
        self.out.copy(batch)

    def mark(self, ts: int) -> None:
        self.out.mark(ts)

    def other(self, frame: dict[str, Any]) -> None:
        self.out.map(frame)

    @property
    def prompt(self) -> bool:
        """Whether no row that came waits here, and each left as the series and with the ts that it came with."""
        return False

    def waits_from(self, of: str, period: str) -> int:
        """The ts of the first row of a kind and period that waits here, to leave as it came; EVER: none does."""
        return EVER

    def made_of(self, made_by: Iterable[Any]) -> None:
        """A head says which commands what comes went through."""
        self.made_by += [one for one in made_by if one not in self.made_by]

    def section(self) -> None:
        """A section of the input begins: texts of codes are given anew from here on."""

    def begin_section(self, frame: dict[str, Any]) -> None:
        """A section of the input begins, of which whoever reads is told by a frame."""
        self.out.map(frame)
        self.section()

    def resumed_after(self, ended: bool) -> None:
        """A state is taken up next; ended: the input before had ended."""

    def take_up(self) -> None:
        """The stream has begun: what a state brought may be written."""

    def told(self) -> Iterable[dict[str, Any]]:
        """The frames that gave texts of codes of its own in the section that is open."""
        return ()

    def note(self, what: str, count: int) -> None:
        """Count something worth a line on stderr."""
        if count:
            self.notices[what] = self.notices.get(what, 0) + count

    def drop(self, why: str, count: int) -> None:
        """Count rows that are not passed on."""
        self.dropped[why] = self.dropped.get(why, 0) + count

    def remarks(self) -> list[str]:
        """Further lines for stderr when the run is over."""
        return []

    def save(self) -> dict[str, Any]:
        """All state as plain values that msgpack can hold."""
        return {}

    def load(self, saved: dict[str, Any]) -> None:
        """Take up the state that `save` gave."""


if TYPE_CHECKING:
    Item: TypeAlias = Schema | Batch | Head | Mark | Map | End | Idle

    class Joins(Protocol):
        """What puts the rows of panels together (stream/joiner.py)."""

        def release(self, upto: Callable[[str, str], tuple[int, str] | None]) -> None:
            """Write the rows that wait up to a ts and a symbol, given for their kind and period; None: all."""

        def catch_up(self) -> None:
            """Write the rows up to where all panels have come."""

    class Out(Protocol):
        """What a stage writes to: a pipe (wire.Writer), or the next stage of the same process (pipe.Handover).

        series announces, or finds, a series and gives what stands for it here; rows gives the address of each column's
        room for n more rows; commit says that they are filled.
        """

        def series(self, schema: Schema) -> Any: ...
        def rows(self, series: Any, n: int) -> list[int]: ...
        def commit(self, series: Any, n: int) -> None: ...
        def copy(self, batch: Batch, series: Any = None) -> None: ...
        def map(self, frame: dict[str, Any]) -> None: ...
        def mark(self, ts: int) -> None: ...
        def flush(self) -> None: ...
