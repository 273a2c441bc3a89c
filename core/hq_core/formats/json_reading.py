"""A row of the table by which the kernel of JSON reads."""

from __future__ import annotations

from hq_core.formats.json_kernel import EITHER


class Reading:
    """How a kernel reads one value: a row of its table, see `json_kernel.read`.

    words  text -> code, where texts stand for numbers
    """

    __slots__ = ("check", "most", "op", "place", "plus", "quotes", "times", "words")

    def __init__(self, op: int, place: int = 0, check: int = 0, quotes: int = EITHER) -> None:
        self.op = op
        self.place = place
        self.check = check
        self.quotes = quotes
        self.times, self.plus, self.most = 1, 0, 0
        self.words: dict[str, int] = {}
