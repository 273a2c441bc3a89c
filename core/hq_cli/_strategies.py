"""Strategies and their parameters as a command line names them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hq_core.errors import DATA, USAGE, HqError, printable
from hq_core.files import STDIN, read_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.series.stores import Store

LIMIT = 1 << 20  # bytes of one strategy


def read_strategies(paths: Sequence[str]) -> list[tuple[str, str, str]]:
    """(name, text, path) of each file, - is stdin; the name is the file's own without its ending."""
    found: list[tuple[str, str, str]] = []
    for path in paths:
        content = read_whole(path, LIMIT)
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            raise HqError(f"{path}: byte {error.start} is not UTF-8", DATA) from None
        found.append((strategy_name(path), text, path))
    return found


def strategy_name(path: str) -> str:
    """What a strategy's orders are called by: its file without folder and ending."""
    return printable("stdin" if path == "-" else os.path.splitext(os.path.basename(path))[0])


def without_file(store: str) -> str:
    """NAME=FILE without a file that is read whole, and NAME=usearch+FILE; a service or series stays."""
    name, _, path = store.partition("=")
    if path.startswith(("@", "qdrant")):
        return store
    return f"{name}=usearch+" if path.startswith("usearch+") else name


def read_stores(given: Sequence[str], timeless: bool) -> dict[str, Store]:
    """The stores of NAME=FILE, each name once."""
    files: dict[str, str] = {}
    for one in given:
        name, equals, path = one.partition("=")
        if not (name and equals and path):
            raise HqError(
                f"--store: '{one}' must be NAME=FILE or NAME=@SYMBOL:PERIOD, such as 4h_BTC=4h_BTC.hqf", USAGE
            )
        if path.removeprefix("usearch+") in STDIN:
            raise HqError(f"--store: {one}: bars come by stdin; name a file", USAGE)
        if name in files:
            raise HqError(f"--store: {name} is given twice", USAGE)
        files[name] = path
    if not files:
        return {}
    return {name: _store(name, path, timeless) for name, path in files.items()}


def _store(name: str, path: str, timeless: bool) -> Store:
    if path.startswith("qdrant-online+"):
        from hq_cli._online import Online

        return Online(name, path, timeless)
    if path.startswith("qdrant+"):
        from hq_cli._qdrant import Collection
        from hq_core.formats.times import UNITS
        from hq_core.stages.vector import told_store

        return told_store(name, Collection(path).maps(), timeless, UNITS["ms"])
    if path[0] != "@":
        from hq_core.stages.vector import opened_store  # few runs have any

        return opened_store(name, path, timeless)
    from hq_core.series.expr import reference
    from hq_core.series.growing import Growing

    return Growing(name, *reference(path[1:]))


def read_params(given: Sequence[str]) -> dict[str, str]:
    """NAME=VALUE, each once."""
    found: dict[str, str] = {}
    for one in given:
        name, equals, text = one.partition("=")
        if not equals or not name.strip() or not text.strip():
            raise HqError(f"--param: '{one}' must be NAME=VALUE, such as fast=9", USAGE)
        if name in found:
            raise HqError(f"--param: {name} is given twice", USAGE)
        found[name] = text.strip()
    return found
