"""Printed lists of what there is, and the JSON files that name some of it."""
from __future__ import annotations

from typing import Any

import orjson

from hq_core import registry
from hq_core.errors import DATA, HqError
from hq_core.files import read_whole

WIDTH = 80
LIMIT = 1 << 24     # bytes of a spec file
NAME = 21       # columns of the longest name, and two


def indicators(as_json: bool) -> str:
    """All indicators: aligned for reading, or one JSON array."""
    entries = [registry.load(name) for name in registry.names()]
    if as_json:
        measured = registry.reference()
        return orjson.dumps([_entry(one, measured[one.name]) for one in entries], option=orjson.OPT_INDENT_2).decode()
    return "\n".join(line for one in entries for line in _lines(one))


def _lines(one: registry.Indicator) -> list[str]:
    """Name, title and parameters within 80 columns."""
    from textwrap import wrap

    params = ", ".join(f"{name}={param.default}" for name, param in one.params.items())
    line = f"{one.name:<{NAME}}{one.title}"
    if len(line) + len(params) + 3 <= WIDTH:
        return [f"{line}  {params}" if params else line]
    return [line, *(" " * (NAME + 2) + part for part in wrap(params, WIDTH - NAME - 2, break_long_words=False))]


def _entry(one: registry.Indicator, measured: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": one.title,
        "inputs": list(one.inputs),
        "params": [_param(name, param) for name, param in one.params.items()],
        "outputs": [{"column": name, "range": unit} for name, unit in one.outputs.items()],
        "warmup": one.warmup(one.bind()),
        "talib": one.talib,
        **measured,
        "source": one.source,
    }


def _param(name: str, param: registry.Param) -> dict[str, Any]:
    if param.choices:
        return {"name": name, "default": param.default, "choices": list(param.choices), "help": param.help}
    return {"name": name, "default": param.default, "min": param.low, "max": param.high, "help": param.help}


def spec_file(path: str) -> tuple[list[dict[str, Any]], str]:
    """The objects of a JSON file that holds one or a list of them, and the file's digest."""
    from hashlib import blake2b

    try:
        content = read_whole(path, LIMIT)
        found = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise HqError(f"{path}: is not JSON: {error}", DATA) from None
    found = [found] if isinstance(found, dict) else found
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise HqError(f"{path}: must hold one JSON object or a list of them", DATA)
    return found, blake2b(content, digest_size=16).hexdigest()
