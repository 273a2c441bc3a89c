"""The one exception of columns whose values cannot be stored."""

from __future__ import annotations


class Unfit(Exception):
    """Row `at` (from 0) cannot be stored, and why."""

    def __init__(self, at: int, why: str) -> None:
        super().__init__(why)
        self.at = at
