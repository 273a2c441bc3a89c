"""hq-vector: labelled vectors, and stores of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hq_cli._command import Argument
from hq_cli._filter import arguments, check_stdin, filter_command, frames_out
from hq_cli._say import echo
from hq_core.errors import USAGE, HqError
from hq_core.options import Option, StateOptions, options_of
from hq_core.options.signal import StoreOptions
from hq_core.options.vectors import BuildOptions, ExportOptions, IndexOptions, LoadOptions, ShowOptions

if TYPE_CHECKING:
    from hq_core.roles import Stage
    from hq_core.series.stores import Rows

EXAMPLES = """
hq-gen bars --rows 3000 --seed 1 --period 4h | hq-vector build --horizon 16 --threshold 0.002 > 4h_BTC.hqf
hq-vector list 4h_BTC.hqf; hq-vector dump 4h_BTC.hqf | tail -2
hq-gen bars --rows 3000 --seed 1 | hq-vector build --take 0.002 --stop 0.001 | hq-vector dedupe > 1m_BTC.hqf
echo '[{"label": 1, "vector": [1, 2, 4], "ts": 0, "avail_ts": 900000}]' | hq-vector load > one.hqf
"""

TAKEN = {  # what each word takes: options, how many files at least and at most
    "build": (BuildOptions, StateOptions),
    "load": (LoadOptions, StoreOptions),
    "list": (ShowOptions, StoreOptions),
    "dump": (StoreOptions,),
    "dedupe": (StateOptions,),
    "export": (ExportOptions, StoreOptions),
    "index": (IndexOptions, StoreOptions),
}
MADE = (("column", "of {}"), ("period", "{} bars"), ("normalize", "{}"), ("horizon", "horizon {}"))  # as list says it
ONE = ("load", "dump", "export", "index")
NONE = ("build", "dedupe")


@filter_command(
    "hq-vector",
    EXAMPLES,
    Argument("what", "|".join(TAKEN), choices=tuple(TAKEN)),
    Argument("files", "[FILE]...", many=True, required=False),
    BuildOptions,
    LoadOptions,
    ExportOptions,
    IndexOptions,
    StoreOptions,
    ShowOptions,
)
def main(what: str, files: tuple[str, ...], state: str | None, **said: Any) -> Stage | None:
    """Make labelled vectors of bars, and keep stores of them.

    build makes a row of kind vector of the last --length bars at every bar of each series: their values, normalised;
    a label of what came after; and avail_ts, when that was known.  Bars are replaced, all else passes.  A vector is
    written with the bar that makes its outcome known, so rows lie by avail_ts and not by ts, the end of the window, and
    a mark passes while vectors wait: who reads live has all that were known by then and none that were not.  Those that
    have no outcome when the input ends are counted.
    The outcome is the return of the close over --horizon bars, or with --take and --stop which of two prices is reached
    first, by the highs and lows of the bars after it: 1, -1, or 0 where neither is within the horizon; where one bar
    reaches both it is -1.

    Of a panel the vectors are a panel, those of each symbol as they are of its series alone.

    A store is a file of such rows.  hq-signal --store NAME=FILE gives it to VEC_STORE("NAME") of a strategy, which sees
    a vector from its avail_ts on and not before; the order of the rows does not matter.  FILE is only read; without
    FILE it is stdin.

    load takes labelled vectors of others: JSON, an array of objects or one a line, with label (a whole number),
    vector, ts (end of the window) and avail_ts, and perhaps id and symbol; or .npz with arrays of these names; or any
    store, whose rows it checks and puts in order.  All vectors of a store have one length.  list says what stores hold,
    and how build made them where they are files of frames still; dump writes one as JSON that load takes, export as
    .npz: vector (n, length), label, id, ts and avail_ts in ns.  dedupe drops a vector that was there before with the
    same label, value by value.

    A Qdrant service is read and written by its client (pip install 'hq[qdrant]'): hq-vector load
    qdrant+http://HOST:6333/4h_BTC makes a store of a collection whose payloads have label, ts and avail_ts, and export
    of the same form writes stdin there.  A service that is away is 69.  --distance says by which method hq-signal
    --store NAME=qdrant-online+URL can look in a collection that export makes.

    Stores are searched exactly.  Of one with more than some 100,000 vectors hq-signal --store NAME=usearch+FILE looks
    at those that an approximate index names (pip install 'hq[usearch]'); index writes one, and a store 4h_BTC.hqf is
    searched through what 4h_BTC.hqf.cosine.usearch keeps; without it the index is made at each start.  list
    usearch+FILE says what share of the nearest it finds.
    """
    _check(what, files, {**said, "state": state})
    if what == "build":
        from hq_core.stages.vector_build import VectorBuild

        return VectorBuild(**{name: said[name] for name in options_of(BuildOptions)})
    if what == "dedupe":
        from hq_core.stages.vector_dedupe import VectorDedupe

        return VectorDedupe()
    from hq_cli._qdrant import SCHEME, Collection
    from hq_core.formats.times import UNITS
    from hq_core.series.stores import Store
    from hq_core.stages import vector as vectors

    if not files or (what == "export" and files[0].startswith(SCHEME)):
        check_stdin("hq-vector")
    timeless = said["timeless"]
    if what == "list":
        stores = [vectors.opened_store(path, path, timeless) for path in files or ("-",)]
        _list([vectors.described(one) for one in stores], said["json"])
        return None
    where = files[0] if files else "-"
    if what == "index":
        _refuse_terminal("an index")
        vectors.indexed(where, timeless, said["method"])
        return None
    if where.startswith(SCHEME):
        if what == "export":
            rows = vectors.read_rows("-", timeless)
            Collection(where).put(rows, vectors.mapped(rows), said["distance"])
            return None
        if what == "dump":
            raise HqError(f"dump takes a file; hq-vector load {where} reads a service", USAGE)
        unit = UNITS[said["time_unit"] or "ms"]
        rows = vectors.told_rows(where, Collection(where).maps(), timeless, unit)
    else:
        rows = vectors.read_rows(where, timeless, said["time_unit"])
    if what == "load":
        Store("", rows, where)  # which finds an id that is there twice
        _write(rows, timeless)
    elif what == "dump":
        for line in vectors.dumped(rows):
            echo(line)
    else:
        _refuse_terminal("an .npz")
        vectors.exported(rows)
    return None


def _refuse_terminal(what: str) -> None:
    if os.isatty(1):
        raise HqError(f"{what} is not for a terminal; redirect it into a file", USAGE)


def _check(what: str, files: tuple[str, ...], said: dict[str, Any]) -> None:
    """Refuse options and files that the word does not take."""
    fits = {name for one in TAKEN[what] for name in options_of(one)}
    classes = (BuildOptions, LoadOptions, ExportOptions, IndexOptions, StoreOptions, ShowOptions, StateOptions)
    every: dict[str, Option[Any]] = {name: option for one in classes for name, option in options_of(one).items()}
    for name, value in said.items():
        if name not in fits and value != every[name].default:
            whose = [word for word, taken in TAKEN.items() if any(name in options_of(one) for one in taken)]
            raise HqError((every[name], f" belongs to {' and '.join(whose)}, not to {what}"), USAGE)
    if files and what in NONE:
        raise HqError(f"{what} reads stdin: hq-vector {what} < {files[0]}", USAGE)
    if len(files) > 1 and what in ONE:
        raise HqError(f"{what} takes one file, got {len(files)}", USAGE)


def _write(rows: Rows, timeless: bool) -> None:
    from hq_core import VERSION
    from hq_core.vectors.write import write
    from hq_core.wire import Writer

    with frames_out("hq-vector") as fd:
        out = Writer(fd)
        out.head([["hq-vector", VERSION, arguments(), {}]], {})
        write(rows, out, timeless)
        out.end({})
        out.flush()


def _list(found: list[dict[str, Any]], json: bool) -> None:
    if json:
        from hq_cli._lists import as_json

        echo(as_json(found))
        return
    for one in found:
        labels = ", ".join(f"{label}: {n}" for label, n in one["labels"].items())
        when = f"{one['from']} to {one['to']}, known {one['known']}" if one["from"] else "known at any time"
        made = ", ".join(told.format(one["made"][name]) for name, told in MADE if one["made"][name])
        how = f"  {made}" if made else ""
        told = f"{one['file']}  {one['vectors']} vectors of {one['length']}{how}  labels {labels}"
        echo(f"{told}  {when}  {one['digest']}")
        for told in one.get("search", ()):
            echo(told)


if __name__ == "__main__":
    main()
