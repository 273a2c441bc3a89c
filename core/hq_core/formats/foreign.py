"""What sources of formats other than hq-frames have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.formats.options import SourceOptions
from hq_core.roles import Source

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hq_core.roles import Item


class Foreign(Source):
    """A source that may have to be told what the input leaves open.

    options  what was said of the input, and what was found out about it
    """

    loose = True

    def __init__(self, options: SourceOptions | None = None) -> None:
        self.options = options or SourceOptions()
        self.texts = self.options.symbols.tables

    def take_up(self, key: str, symbols: list[str]) -> tuple[list[int], Iterable[Item]]:
        known = self.options.symbols
        known.learn(symbols)
        return [known.code(symbol) for symbol in symbols], known.untold(key)

    @property
    def unread(self) -> Iterable[str]:
        return self.options.unread

    def remarks(self) -> list[str]:
        return self.options.messages()
