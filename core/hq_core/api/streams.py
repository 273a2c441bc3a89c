"""Streams in a program: files read and rows made as items, for `pipe(...).run`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hq_core.errors import NOINPUT, USAGE, HqError
from hq_core.options.gen import GenOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.roles import Item, Source


def read(path: str) -> Iterator[Item]:
    """The items of a file in any format that hq reads, in order; a Batch is valid until the next one.

    Raises HqError NOINPUT for a file that cannot be read, DATA for rows that are damaged or out of order, with the row.
    """
    from hq_core.flow import open_input
    from hq_core.order import ordered

    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise HqError(f"{path}: {error.strerror}", NOINPUT) from None
    except (TypeError, ValueError) as error:  # no text, or one with a NUL
        raise HqError(f"read: {path!r:.60} is no path: {error}", USAGE) from None
    try:
        yield from ordered(open_input(fd))
    except HqError as error:
        raise error.within(path) from None
    finally:
        os.close(fd)


def generate(
    kind: str,
    rows: int,
    seed: int,
    start: str = GenOptions.start.default,
    symbol: str = GenOptions.symbol.default,
    period: str = GenOptions.period.default,
    gaps: float = GenOptions.gaps.default,
) -> Source:
    """The rows of hq-gen: bars or trades (kind bar or trade) that are the same on every machine."""
    GenOptions.start.check(start)
    from hq_core.formats.times import instant
    from hq_core.stages.gen import Generator

    return Generator(kind, rows, seed, instant(start), symbol, period, gaps)
