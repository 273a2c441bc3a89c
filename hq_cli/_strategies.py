"""Strategies and their parameters as a command line names them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hq_core.errors import DATA, USAGE, HqError, printable
from hq_core.files import read_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        name = "stdin" if path == "-" else os.path.splitext(os.path.basename(path))[0]
        found.append((printable(name), text, path))
    return found


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
