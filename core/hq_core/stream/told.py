"""Which of the texts behind codes the readers of a stream have been given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.batch import told_texts
from hq_core.roles import Map

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Told:
    """How many texts of a column the readers of a series know: texts stand before the first rows that use them."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], int] = {}  # by series and column

    def more(self, key: str, column: str, texts: Sequence[str]) -> Iterator[Map]:
        """The frames of the texts that have come since; whoever takes them gives them to the readers.

        texts  all of the column, in the order of their codes
        """
        known = self._known.get((key, column), 0)
        self._known[key, column] = max(known, len(texts))
        return map(Map, told_texts(key, column, texts[known:]))

    def know(self, key: str, column: str, n: int) -> None:
        """The readers have been given n texts by somebody else."""
        self._known[key, column] = n

    def forget(self) -> None:
        """A section of the stream begins: all texts are given anew."""
        self._known = {}
