"""JSON values as they were written, and what texts, symbols and floats they are."""

from __future__ import annotations

from math import inf, isinf, nan
from typing import Any

from hq_core.formats.numbers import BEYOND, float_of, not_a_number

ABSENT = object()


class Written(float):
    """A JSON number that remembers how it was written: a float would round the time 1600000000.123456789."""

    text: str

    def __new__(cls, text: str) -> Written:
        made = super().__new__(cls, text)
        made.text = text
        return made


def as_text(value: Any) -> str:
    """A JSON value as a csv file would have it."""
    if value is None or value is ABSENT:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Written):
        return value.text
    return value if isinstance(value, str) else repr(value)


def real(value: Any, empty: bool, flag: bool = False) -> float:
    """The float of a JSON value; null, "nan" and "inf" where it may be empty, true and false where it is a flag.

    Raises ValueError saying what the value is not.
    """
    if isinstance(value, bool):
        if flag:
            return float(value)
    elif isinstance(value, (int, float)):
        try:
            found = float(value)
        except OverflowError:
            found = inf
        if isinf(found):
            raise ValueError(BEYOND)
        return found
    elif value is None or value is ABSENT or value == "":
        if empty:
            return nan
    elif isinstance(value, str):
        text = value.strip()
        number = float_of(text, empty and text != "")
        if number is None:
            raise ValueError(not_a_number(text))
        return number
    raise ValueError("is missing" if value is ABSENT else "is not a number")


def checked_symbol(value: Any, name: str) -> str:
    """A symbol as JSON has it: a text.  Raises ValueError."""
    if isinstance(value, str) and value.strip():
        return value
    said = "is missing" if value is ABSENT else "is null" if value is None else "is no text in quotes"
    raise ValueError(f"'{name}': {as_text(value)[:60]!r} {'is empty' if isinstance(value, str) else said}")
