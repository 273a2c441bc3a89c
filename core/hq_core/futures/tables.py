"""The bracket tables of a file, and which version of each symbol's holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.batch import EVER, NEVER
from hq_core.errors import CONFIG, HqError
from hq_core.futures.brackets import parse_brackets, read_text
from hq_core.options.account import BracketOptions
from hq_core.say import iso_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hq_core.futures.brackets import Brackets


class Tables:
    """The bracket tables of a file, by symbol, and which of them holds.

    until   the ts at which another one does
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.text = read_text(path)
        self.until = NEVER
        self._versions: dict[str, list[Brackets]] = {}
        self._holds: dict[str, int] = {}

    def of(self, symbol: str) -> Brackets:
        """The first table of a symbol."""
        if symbol not in self._versions:
            if not symbol:
                what = "the bars name no symbol (hq-import can name it)"
                raise HqError(what, CONFIG, subject=(BracketOptions.brackets, f": {self.path}"))
            self._versions[symbol] = parse_brackets(self.path, self.text, symbol)
            self._holds[symbol] = 0
            self.until = NEVER
        return self._versions[symbol][self._holds[symbol]]

    def begun(self, symbols: list[str], ts: int) -> Iterable[tuple[str, Brackets]]:
        """The tables that hold from ts on and did not before."""
        if ts < self.until:
            return
        self.until = EVER
        for symbol in symbols:
            versions = self._versions[symbol]
            holding = [i for i, version in enumerate(versions) if version.valid_from <= ts]
            if not holding:
                what = f"{symbol} is valid from {iso_text(versions[0].valid_from)}, the data begins at {iso_text(ts)}"
                raise HqError(what, CONFIG, subject=(BracketOptions.brackets, f": {self.path}"))
            if holding[-1] != self._holds[symbol]:
                self._holds[symbol] = holding[-1]
                yield symbol, versions[holding[-1]]
            if holding[-1] + 1 < len(versions):
                self.until = min(self.until, versions[holding[-1] + 1].valid_from)
