"""Indicators of installed packages: the entry points of the group hq.indicators, NAME = "package.name:name"."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from hq_core.errors import CONFIG, HqError
from hq_core.plugins import blame
from hq_core.plugins.installed import GROUP

if TYPE_CHECKING:
    from types import ModuleType


def every() -> list[tuple[str, str]]:
    """Name and package of each indicator."""
    return [(name, _where(one)) for name, one in _entries().items()]


def load(name: str) -> tuple[Any, ModuleType]:
    entry = _entries()[name]
    blame.users[entry.module.partition(".")[0]] = blame.REMEDY
    module = import_module(entry.module)
    return getattr(module, entry.attr or name, None), module


def _entries() -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for one in entry_points(group=GROUP):
        first = found.setdefault(one.name.lower(), one)
        if first.value != one.value:
            both = f"{_where(first)} and {_where(one)}"
            raise HqError(f"{both} have an indicator {one.name} each; uninstall one of them", CONFIG)
    return found


def _where(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else entry.value
