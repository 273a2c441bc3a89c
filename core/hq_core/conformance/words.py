"""Words of the strategy language come before indicators of the same name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.lang.builtins import BUILTINS
from hq_core.lang.define import OUTPUTS
from hq_core.lang.tokens import KEYWORDS
from hq_core.lang.words import ACTIONS, VECTORS
from hq_core.registry import load

if TYPE_CHECKING:
    from collections.abc import Callable

TAKEN = {*ACTIONS, *BUILTINS, *VECTORS, *KEYWORDS, "META", OUTPUTS}


def callable_by_name(name: str) -> str:
    """hq's own MIN and MAX are not, as their page says; a user's should be."""
    word = name.upper()
    return f"{word} is a word of its own there; give yours another name" if load(name).origin and word in TAKEN else ""


RULES: tuple[tuple[str, Callable[[str], str]], ...] = (("strategies can call it by its name", callable_by_name),)
