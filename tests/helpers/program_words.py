"""Words and chances of programs at random."""

from __future__ import annotations

import random
from collections import Counter

from slow_language import Node


class Words:
    """How a program is written: each choice is the generator's, each construct that is used is counted in `seen`."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.seen: Counter[str] = Counter()
        self._used = 0  # files so far: each has a name of its own

    def hit(self, *names: str) -> None:
        self.seen.update(names)

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def cased(self, word: str) -> str:
        return self.rng.choice((word.upper(), word.upper(), word.lower(), word.capitalize()))

    def pad(self) -> str:
        return self.rng.choice((" ", " ", " ", "", "  "))

    def at(self, node: Node, need: int) -> str:
        """Its text where only what binds at least so tightly may stand."""
        return f"({self.pad()}{node.text})" if node.level < need or self.chance(0.07) else node.text

    def listed(self, parts: list[str]) -> str:
        trailing = "," if parts and self.chance(0.05) else ""
        gap = self.rng.choice((", ", ",", ",\n   ")) if self.chance(0.2) else ", "
        return gap.join(parts) + trailing

    def called(self, word: str, *args: str) -> str:
        return f"{self.cased(word)}({self.listed(list(args))})"
