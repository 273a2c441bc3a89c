"""Holes: bars that were made of fewer rows than they have room for, counted by series in the end of a section."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# series -> bars: how many have a hole; rows: how many rows these lack; first: the open time of the first of them
Holes = dict[str, dict[str, int]]
KEYS = {"bars", "rows", "first"}


def are_holes(said: object) -> bool:
    """Whether what an end says of holes has their form."""
    return isinstance(said, dict) and all(
        isinstance(one, dict) and one.keys() == KEYS and all(type(n) is int for n in one.values())
        for one in said.values()
    )


def add(total: Holes, more: Mapping[str, Mapping[str, int]]) -> None:
    """Count `more` into `total`."""
    for series, one in more.items():
        held = total.setdefault(series, {"bars": 0, "rows": 0, "first": one["first"]})
        held["bars"] += one["bars"]
        held["rows"] += one["rows"]
        held["first"] = min(held["first"], one["first"])
