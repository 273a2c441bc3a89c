"""Streams in a program: files read and rows made as items, for `pipe(...).run`."""

from __future__ import annotations

import os
from types import MappingProxyType
from typing import TYPE_CHECKING

from hq_core.errors import NOINPUT, USAGE, HqError
from hq_core.options import options_of
from hq_core.options.gen import GenOptions
from hq_core.options.imports import SaidOptions, said_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hq_core.formats.options import SourceOptions
    from hq_core.roles import Item, Source


class Reading:
    """The items of a file in any format that hq reads, in order; a Batch is valid until the next one.

    dropped  reason -> rows that were left out so far, because `dedupe` or `invalid` says so

    What is wrong with the file is told while it is read, as `read` says.
    """

    def __init__(self, path: str, options: SourceOptions | None) -> None:
        self.dropped: dict[str, int] = {} if options is None else options.dropped
        self._options = options
        self._items = _items(path, options)

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        return next(self._items)

    def remarks(self) -> list[str]:
        """A line for each thing that is no error and that one should know, as hq-import says them on stderr."""
        return [] if self._options is None else self._options.messages()


def _items(path: str, options: SourceOptions | None) -> Iterator[Item]:
    from hq_core.flow import open_input
    from hq_core.order import ordered

    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise HqError(f"{path}: {error.strerror}", NOINPUT) from None
    except (TypeError, ValueError) as error:  # no text, or one with a NUL
        raise HqError(f"read: {path!r:.60} is no path: {error}", USAGE) from None
    try:
        if options is None:
            yield from ordered(open_input(fd))
        else:
            from hq_core.api.pipe import pipe
            from hq_core.stages.imports import Import

            stage = Import(options)
            source = stage.source(fd)
            yield from pipe(stage).run(source) if stage.any_order else ordered(source)
    except HqError as error:
        raise error.within(path) from None
    finally:
        os.close(fd)


def read(
    path: str,
    *,
    kind: str = SaidOptions.kind.default,
    symbol: str = SaidOptions.symbol.default,
    period: str = SaidOptions.period.default,
    columns: str | Mapping[str, str] = MappingProxyType(SaidOptions.columns.default),
    drop: str | Sequence[str] = SaidOptions.drop.default,
    skip_lines: int = SaidOptions.skip_lines.default,
    time_unit: str = SaidOptions.time_unit.default,
    time_format: str = SaidOptions.time_format.default,
    tz: str = SaidOptions.tz.default,
    stamp: str = SaidOptions.stamp.default,
    any_year: bool = SaidOptions.any_year.default,
    order: str = SaidOptions.order.default,
    dedupe: str = SaidOptions.dedupe.default,
    invalid: str = SaidOptions.invalid.default,
    venue: str = SaidOptions.venue.default,
    channels: str | Sequence[str] = SaidOptions.channels.default,
    clock_correction: str = SaidOptions.clock_correction.default,
    delimiter: str = SaidOptions.delimiter.default,
    decimal: str = SaidOptions.decimal.default,
) -> Reading:
    """The items of a file in any format that hq reads, in order; a Batch is valid until the next one.

    The keywords are the options of hq-import, for what the file does not say itself; hq's own files say everything.

    columns  hq's names to the file's, {"close": "Last"}, or "close=Last";  drop: names that are not read
    tz       IANA zone of times that have none;  stamp: open or close, which end of a bar its time names
    order    sort: rows come in any order;  dedupe, invalid: what becomes of rows that repeat or cannot be
    venue    whose messages a capture holds;  channels: which of depth, trade and bbo

    Raises HqError USAGE at once for a keyword that cannot be, and while it is read NOINPUT for a file that cannot be
    read, DATA for rows that are damaged or out of order, with the row, and for what the file leaves open, with the
    keyword that says it.
    """
    said = {name: value for name, value in locals().items() if name != "path"}
    if all(value == option.default for value, option in zip(said.values(), options_of(SaidOptions).values())):
        return Reading(path, None)
    from hq_core.stages.imports import options_said

    return Reading(path, options_said(said_by(said)))


def generate(
    kind: str,
    rows: int,
    seed: int,
    start: str = GenOptions.start.default,
    symbol: str = GenOptions.symbol.default,
    period: str = GenOptions.period.default,
    gaps: float = GenOptions.gaps.default,
) -> Source:
    """The rows of hq-gen: bars, trades or events of a book (kind bar, trade or book), the same on every machine."""
    GenOptions.start.check(start)
    from hq_core.formats.times import instant
    from hq_core.stages.gen import Generator

    return Generator(kind, rows, seed, instant(start), symbol, period, gaps)
