"""Columns of a file of hq's own that lie in memory as hq has them: taken by their address, without numpy."""

from __future__ import annotations

SYMBOL = "symbol"  # beside hq's types: a column of one text throughout
WIDTHS = {"i8": 8, "f8": 8, "i4": 4, "s4": 4, "i1": 1, "b1": 1}  # of hq's types that may lie so


class PlainColumn:
    """n values of hq's type.

    address  of the first one;  keep: what owns the memory
    word     of a column of symbols: the one that all rows have; then there is no address
    """

    __slots__ = ("address", "keep", "n", "word")

    def __init__(self, n: int, address: int, keep: object, word: str = "") -> None:
        self.n = n
        self.address = address
        self.keep = keep
        self.word = word

    def __len__(self) -> int:
        return self.n
