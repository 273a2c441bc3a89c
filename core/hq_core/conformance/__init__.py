"""What every indicator keeps, whatever its values are: hq's own in the tests, a user's by `hq-indicators --test`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.conformance import checks, memory, routes, words
from hq_core.conformance.runs import variants
from hq_core.registry import load

if TYPE_CHECKING:
    from collections.abc import Iterator


def tested(name: str) -> Iterator[tuple[str, str]]:
    """Each rule in words, and where it is first broken; '' where it holds."""
    sets = variants(load(name))
    for rule, whole in memory.RULES:  # first: what leaves its columns may spoil all the rest
        said = whole(name)
        yield rule, said
        if said:
            return
    for rule, check in checks.RULES:
        yield rule, next((f"{_with(params)}{said}" for params in sets if (said := check(name, params))), "")
    for rule, whole in (*checks.WHOLE, *words.RULES, *routes.RULES):
        yield rule, whole(name)


def _with(params: dict[str, int | float | str]) -> str:
    return f"with {', '.join(f'{name}={value}' for name, value in params.items())}: " if params else ""
