"""JSON as Python has it: orjson's values, with every number the float64 nearest to its text."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

# digits: no float and no middle of two has more, and orjson 3.13 takes a 0 behind a middle for more than it
EXACT = 768
_MORE = re.compile(rb"[\d.]{%d}" % EXACT)


def loads(raw: bytes | memoryview) -> Any:
    """The value.  Raises ValueError where it is no JSON, or a number that is beyond any float64."""
    found = orjson.loads(raw)
    if len(raw) > EXACT and _MORE.search(raw):
        return json.loads(bytes(raw), parse_int=_whole)
    return found


def _whole(text: str) -> int | float:
    """A whole number as orjson gives it: one that 64 bits do not hold is a float."""
    found = int(text) if len(text) <= 20 else 2**64
    return found if -(2**63) <= found < 2**64 else float(text)


def pairs_in(value: Any) -> int:
    """How many keys there are in a JSON value on all levels."""
    if isinstance(value, dict):
        return len(value) + sum(map(pairs_in, value.values()))
    return sum(map(pairs_in, value)) if isinstance(value, list) else 0


def key_twice(raw: bytes) -> str:
    """The first key that an object has twice."""
    found: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                found.append(key)
            seen.add(key)

    json.loads(raw, object_pairs_hook=look)
    return found[0] if found else ""
