"""Several values as one text: `5..50:5` is 5, 10, ... 50."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hq_core.errors import USAGE, HqError

if TYPE_CHECKING:
    from collections.abc import Iterator

FAN = re.compile(r"(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)(?::(\d+(?:\.\d+)?))?", re.ASCII)
MOST = 10_000  # values of one fan: whoever asks for more has mistyped


def fan(found: re.Match[str], said: str, what: str) -> Iterator[str]:
    """The values of what FAN has matched.  Raises HqError USAGE, beginning with `said`; what: they are."""
    from decimal import Decimal

    first, last, step = found.groups()
    low, high, by = Decimal(first), Decimal(last), Decimal(step or 1)
    if not by or high < low:
        raise HqError(f"{said}: {found[0]} must rise, by more than 0", USAGE)
    if (high - low) / by > MOST:
        raise too_many(said, what)
    for i in range(int((high - low) / by) + 1):
        yield str(low + i * by)


def too_many(said: str, what: str) -> HqError:
    """What is said where a fan has more than MOST values."""
    return HqError(f"{said}: more than {MOST} {what}", USAGE)
