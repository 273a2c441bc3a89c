"""hq-diff: the first difference between two streams."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hq_cli._filter import command
from hq_core.errors import printable

if TYPE_CHECKING:
    from hq_core.flow import Source
    from hq_core.stages.diff import Diff

EXAMPLES = """
hq-gen bars --rows 100 --seed 1 > a.hqf; hq-gen bars --rows 100 --seed 1 | hq-diff a.hqf -
hq-gen bars --rows 100 --seed 1 | hq-indicators ema:20 | hq-diff --columns ema_20 --ulp 4 expected.hqf -
"""


@command("hq-diff", EXAMPLES)
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.option("--ulp", type=click.IntRange(0, 2**32), metavar="N",
              help="Floats that lie no more than N units in the last place apart are equal, and so are -0.0 and 0.0.")
@click.option("--rtol", type=click.FloatRange(min=0), metavar="FRACTION",
              help="So are those that lie no more than this part of the larger one apart.")
@click.option("--atol", type=click.FloatRange(min=0), metavar="NUMBER", help="And those no more than this apart.")
@click.option("--columns", metavar="NAMES", default="", help="Compare these columns alone: close,rsi_14.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, equal or not.")
@click.option("-v", "--verbose", is_flag=True, help="Say how much was compared if all is equal.")
def main(
    a: str, b: str, ulp: int | None, rtol: float | None, atol: float | None, columns: str, as_json: bool, verbose: bool
) -> int:
    """Compare what two streams say; - is stdin, and any format that hq reads will do.

    Rows are matched within their series by ts and key (a bar's open_time, a trade's id), so that a row that one side
    lacks is one difference; of equal ones the order counts.  How rows are cut into frames and how series lie between
    each other does not count, nor do heads.  A nan equals any nan.  Prints nothing and exits 0 if they are equal; else
    prints the first difference by time, then how many rows differ, and exits 1.

    Equal are streams that announce the same series, even without rows.  Where a side announces nothing, or has what
    cannot be compared, it exits 65.  Memory is bounded: a stream that comes more than 256 MiB ahead of the other is
    refused.
    """
    if a == b == "-":
        raise click.UsageError("only one of the two can be stdin")
    from hq_core.compare.values import Near
    from hq_core.stages.diff import Diff

    near = Near(ulp, rtol, atol)
    found = Diff((a, b), (_opened(a), _opened(b)), near, tuple(name for name in columns.split(",") if name))
    equal = found.run()
    if as_json:
        click.echo(_json(found, equal))
    elif not equal:
        click.echo("\n".join(map(printable, (_where(found), _total(found)))))
    elif verbose:
        click.echo(f"equal: {_counted(found.rows, 'row')} of {len(found.series)} series, "
                   f"{_counted(_maps(found), 'other frame')}")
    return 0 if equal else 1


def _opened(path: str) -> Source:
    import os

    from hq_core.errors import NOINPUT, HqError
    from hq_core.flow import open_input

    try:
        fd = 0 if path == "-" else os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise HqError(f"{path}: {error.strerror}", NOINPUT) from None
    try:
        return open_input(fd)
    except HqError as error:
        raise HqError(f"{path}: {error}", error.code) from None


def _where(found: Diff) -> str:
    """The first difference in one line."""
    first: dict[str, Any] = found.first or {}
    a, b = first["a"], first["b"]
    place = first["series"]
    if first["ts"] is not None:
        from hq_core.formats.times import iso_text

        place += f" ts {iso_text(first['ts'])}"
    elif first["row"] is not None:
        place += f" row {first['row']}"
    if first["column"]:
        place += f" {first['column']}"
    missing = [side.name for side, value in zip(found.sides, (a, b)) if value is None]
    if len(missing) == 1:
        return f"{place}: {_shown(b if a is None else a)}, not in {missing[0]}"
    return f"{place}: {_shown(a)} != {_shown(b)}{_apart(a, b, first['ulp'])}"


def _apart(a: Any, b: Any, ulp: int | None) -> str:
    """How far two floats lie apart: the distance, which people can read, and units in the last place."""
    return "" if ulp is None else f" ({abs(a - b):.2g} apart, {ulp} ULP)"


def _shown(value: Any) -> str:
    return value if isinstance(value, str) and value.isprintable() else repr(value)


def _total(found: Diff) -> str:
    columns = {name for counts in found.differ.values() for name in counts}
    parts = [f"{found.rows_differ} of {_counted(found.rows, 'row')} differ in {_counted(len(columns), 'column')}"]
    for what, all_ in (("row", found.series), ("frame", found.maps)):
        for series in all_.values():
            a, b = series.counts
            names = [side.name for side in found.sides]
            if any(series.alone) and all(series.there):
                parts += [f"{series.key} has {_counted(n, what)} only in {name}"
                          for n, name in zip(series.alone, names) if n]
            elif a != b:
                parts.append(f"{series.key} has {_counted(a, what)} in {names[0]}, {b} in {names[1]}")
    if found.maps_differ:
        parts.append(f"{found.maps_differ} of {_counted(_maps(found), 'other frame')} differ")
    return "; ".join(parts)


def _maps(found: Diff) -> int:
    return sum(group.compared for group in found.maps.values())


def _counted(n: int, what: str) -> str:
    return f"{n} {what}{'s' * (n != 1)}"


def _json(found: Diff, equal: bool) -> str:
    import math

    from hq_cli._say import told_json

    first = found.first and {
        name: repr(value) if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in found.first.items()
    }
    return told_json({
        "equal": equal, "first": first, "rows": found.rows, "rows_differ": found.rows_differ,
        "only": {key: one.alone for key, one in found.series.items() if any(one.alone)},
        "columns": found.differ, "frames": _maps(found), "frames_differ": found.maps_differ,
        "counts": {key: one.counts for key, one in {**found.series, **found.maps}.items() if len(set(one.counts)) > 1},
    })


if __name__ == "__main__":
    main()
