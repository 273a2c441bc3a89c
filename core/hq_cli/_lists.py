"""Printed lists of what there is, and the JSON files that name some of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import orjson

import hq_core
from hq_core.errors import DATA, HqError
from hq_core.files import read_whole

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from hq_core.registry import Shelf

WIDTH = 80
LIMIT = 1 << 24  # bytes of a spec file
NAME = 21  # columns of the longest name, and two
FIELD = 10


def indicators(names: Sequence[str], json: bool) -> tuple[str, HqError | None]:
    """All indicators as a table, or those that are named in full; or one JSON array of either.

    Of all, the user's own stand behind hq's; those of them that cannot be used are left out, and what is wrong is given
    too.
    """
    measured = _kept("indicators", "reference.json") if names or json else {}
    return _listed("indicators", names, json, measured)


def factors(names: Sequence[str], json: bool) -> tuple[str, HqError | None]:
    """All factors, as `indicators` has them."""
    return _listed("factors", names, json, {})


def pairs(names: Sequence[str], json: bool) -> tuple[str, HqError | None]:
    """All factors of pairs, as `indicators` has them."""
    return _listed("pairs", names, json, {})


def _listed(room: str, names: Sequence[str], json: bool, measured: Mapping[str, Any]) -> tuple[str, HqError | None]:
    listed = {one["name"]: one for one in _kept(room, "list.json")}
    broken = None
    if names:
        if "HQ_PATH" in os.environ:
            from hq_core import plugins

            plugins.names(listed)  # tells of those that are not used
        entries = [listed.get(name.lower()) or _users(room, name) for name in names]
    else:
        own, broken = _all_users(room, listed)
        entries = [*listed.values(), *own]
    if not json and not names:
        return "\n".join(line for one in entries for line in _lines(one)), broken
    if measured:
        unknown = {"oracle": None, "max_diff": None}
        entries = [one | measured.get(one["name"], unknown) for one in entries]
    return as_json(entries) if json else "\n\n".join("\n".join(_in_full(one)) for one in entries), broken


def _shelf(room: str) -> Shelf[Any]:
    if room == "indicators":
        from hq_core.registry import INDICATORS

        return INDICATORS
    if room == "pairs":
        from hq_core.pairing import PAIRS

        return PAIRS
    from hq_core.factoring import FACTORS

    return FACTORS


def _users(room: str, name: str, where: str = "") -> dict[str, Any]:
    """One of the user's own, as plain values; where it is, if that is known."""
    from hq_core.plugins import blame

    shelf = _shelf(room)
    entry = shelf.load_users(name, where) if where else shelf.load(name)
    with blame.running(f"{shelf.word} {entry.name} of {entry.origin}"):
        return {**entry.described(), "from": entry.origin}


def _all_users(room: str, listed: Collection[str]) -> tuple[list[dict[str, Any]], HqError | None]:
    """All of the user's own that can be loaded, and what is wrong with the others: of the first in full, then a line
    each."""
    from hq_core import plugins  # the registry is imported where there is something to load

    found: list[dict[str, Any]] = []
    wrong: list[HqError] = []
    for name, where in plugins.names(listed).items():
        try:
            found.append(_users(room, name, where))
        except plugins.Other:  # the folders hold indicators and factors
            continue
        except HqError as error:
            wrong.append(error)
    if not wrong:
        return found, None
    first, *others = wrong
    more = "".join("\n" + str(one).partition("\n")[0] for one in others)
    return found, HqError(first.phrase(), first.code, first.below + more)


def as_json(found: Sequence[Any]) -> str:
    """One JSON array, for people as well."""
    return orjson.dumps(found, option=orjson.OPT_INDENT_2).decode()


def _kept(room: str, name: str) -> Any:
    """A file that scripts keep beside them: importing all indicators takes a third of a second."""
    with open(os.path.join(os.path.dirname(hq_core.__file__), room, name), "rb") as file:
        return orjson.loads(file.read())


def _lines(one: dict[str, Any]) -> list[str]:
    """Name, title and parameters within 80 columns."""
    params = ", ".join(f"{param['name']}={param['default']}" for param in one["params"])
    line = f"{one['name']:<{NAME}}{one['title']}"
    mark = [f"{'':<{NAME + 2}}yours: {one['from']}"] if "from" in one else []  # whole, as a path is to be copied
    if len(line) + len(params) + 3 <= WIDTH:
        return [f"{line}  {params}" if params else line, *mark]
    return [line, *_wrapped(params, NAME + 2), *mark]


def _in_full(one: dict[str, Any]) -> Iterator[str]:
    """All that is known of one indicator, a field a line."""
    yield f"{one['name']}  {one['title']}"
    reads = "inputs" if "inputs" in one else "reads"
    yield from _field(reads, ", ".join(one[reads]))
    for param in one["params"]:
        if "choices" in param:
            rule = ", ".join(param["choices"])
        else:
            rule = " to ".join(map(_bound, (param["min"], param["max"])))
        yield from _field("param", f"{param['name']}={param['default']}  {param['help']} ({rule})")
    outputs = one["outputs"]
    for output in outputs:
        column = output["column"]
        if "label" in one:
            column = one["label"] + (f".{column}" if len(outputs) > 1 else "")
        yield from _field("column", f"{column}  {output['range']}")
    if "warmup" in one:
        yield from _field("warm-up", f"{one['warmup']} row{'s' * (one['warmup'] != 1)} with these parameters")
    if one.get("max_diff") is not None:
        yield from _field("oracle", f"{one['oracle']}; largest difference {one['max_diff']:g}")
    yield from _field("source", one["source"])
    if "from" in one:
        yield f"  {'yours':<{FIELD}}{one['from']}"


def _bound(bound: float | str | None) -> str:
    return "any" if bound is None else bound if isinstance(bound, str) else f"{bound:.15g}"


def _field(name: str, text: str) -> Iterator[str]:
    first, *rest = _wrapped(text, FIELD + 2)
    yield f"  {name:<{FIELD}}{first.strip()}"
    yield from rest


def _wrapped(text: str, indent: int) -> list[str]:
    """The words on lines of at most 80 columns that begin `indent` to the right."""
    from textwrap import wrap

    margin = " " * indent
    return wrap(text, WIDTH, initial_indent=margin, subsequent_indent=margin, break_long_words=False)


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
