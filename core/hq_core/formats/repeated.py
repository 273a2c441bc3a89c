"""One text in every row, as Arrow has it: what a column of one symbol is compared with, and what is written of it."""

from __future__ import annotations

from array import array
from typing import Any

from hq_core.formats.lean import pa


class Repeated:
    """A text, so many times one behind the other.

    data    its bytes;  places: where each begins, and the end;  buffers of pyarrow's
    """

    def __init__(self, word: str, n: int) -> None:
        text = word.encode()
        self.word = word
        self.n = n
        self.data = pa.py_buffer(text * n)
        self.places = pa.py_buffer(array("i", range(0, (n + 1) * len(text), len(text)) if text else [0] * (n + 1)))

    def array(self, n: int) -> Any:
        """An array of so many rows, at most those that are there."""
        return pa.Array.from_buffers(pa.string(), n, [None, self.places, self.data])


_last: list[Repeated] = []


def repeated(word: str, n: int) -> Repeated:
    """A text at least so many times."""
    if not _last or _last[0].word != word or _last[0].n < n:
        _last[:] = [Repeated(word, n)]
    return _last[0]
