"""What a column's numbers stand for, words or instants, and how a file of columns holds the words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.formats.numbers import is_number
from hq_core.kinds import UNITS_OF, named_time

if TYPE_CHECKING:
    from hq_core.batch import Schema


def codes(schema: Schema, name: str) -> dict[int, str] | None:
    """The words that a column's numbers stand for, where the series' schema says so."""
    said = schema.extra.get("codes")
    found = said.get(name) if isinstance(said, dict) else None
    return {int(number): str(word) for number, word in found.items()} if found else None


def is_time(schema: Schema, name: str) -> bool:
    """Whether a column's numbers are instants, by its name or as the series' schema says."""
    if schema.kind(name) != "i8":
        return False
    said = schema.extra.get(UNITS_OF)
    return named_time(schema.of, name) or (isinstance(said, dict) and said.get(name) == "ns")


def byte_words(schema: Schema, name: str, kind: str) -> list[str]:
    """What stands in a file for each of the 256 bytes of a column of words; [] for any other column.

    A number without a word stands as itself, so each text means one number.
    """
    words = (codes(schema, name) or {}) if kind == "i1" else {}
    if not words or len({*words.values()}) < len(words) or any(map(is_number, words.values())):
        return []
    return [words.get(number, str(number)) for number in (*range(128), *range(-128, 0))]
