"""hq-diff: the first difference between two streams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_cli._command import Argument
from hq_cli._filter import command
from hq_cli._say import echo
from hq_core.errors import USAGE, HqError, printable
from hq_core.options import Option
from hq_core.options.diff import NearOptions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hq_core.batch import Schema
    from hq_core.roles import Source
    from hq_core.stages.diff import Diff

FEW_ULP = 10_000  # more say nothing that the distance does not

EXAMPLES = """
hq-gen bars --rows 100 --seed 1 > a.hqf; hq-gen bars --rows 100 --seed 1 | hq-diff a.hqf -
hq-gen bars --rows 100 --seed 1 | hq-indicators ema:20 | hq-diff --columns ema_20 --ulp 4 expected.hqf -
"""


class VerdictOptions:
    """What is told of the comparison."""

    as_json = Option(False, "Print one JSON object, equal or not.", flag="--json")
    verbose = Option(False, "Say how much was compared if all is equal.", short="v")


@command("hq-diff", EXAMPLES, Argument("a", "A"), Argument("b", "B"), NearOptions, VerdictOptions)
def main(
    a: str, b: str, ulp: int | None, rtol: float | None, atol: float | None, columns: str, as_json: bool, verbose: bool
) -> int:
    """Compare what two streams say; - is stdin, and any format that hq reads will do.

    Rows are matched within their series by ts and key (a bar's open_time, a trade's id), signals and other frames by
    ts, so that what one side lacks is one difference; of equal ones the order counts.  How rows are cut into frames and
    how series lie between each other does not count, nor do heads and a report's card.  A nan equals any nan.  Prints
    nothing and exits 0 if they are equal; else prints the first difference by time, then how much differs, and exits
    1.  A panel is compared as the series of its symbols, and is equal to them.

    A text that has no place for a period (csv of fills or equity) is compared with the one series of that kind and
    symbol that the other side has; if that has several, it exits 65.

    With --columns equity two runs are compared by their equity alone: not by their reports, nor by their fills.

    Equal are streams that announce the same series, even without rows.  Where a side announces nothing, or has what
    cannot be compared, it exits 65.  Memory is bounded: a stream that comes more than 256 MiB ahead of the other is
    refused.
    """
    if a == b == "-":
        raise HqError("only one of the two can be stdin", USAGE)
    from hq_core.compare.values import Near
    from hq_core.jit import ahead
    from hq_core.order import in_order
    from hq_core.stages.diff import Diff

    if any(value is not None and not value < float("inf") for value in (rtol, atol)):
        raise HqError("--rtol and --atol are finite numbers", USAGE)
    near = Near(ulp, rtol, atol)
    ahead.begin([in_order])
    sources = _opened(a), _opened(b)
    ahead.begin(kernel for source in sources for kernel in source.kernels())
    found = Diff((a, b), sources, near, tuple(name for name in columns.split(",") if name))
    equal = found.run()
    if as_json:
        echo(_json(found, equal))
    elif not equal:
        echo("\n".join(printable(line) for line in (_where(found), _total(found)) if line))
    elif verbose:
        echo(
            f"equal: {_counted(found.rows, 'row')} of {len(found.series)} series, "
            f"{_counted(_maps(found), 'other frame')}"
        )
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
        raise error.within(path) from None


def _where(found: Diff) -> str:
    """The first difference in one line."""
    first: dict[str, Any] = found.first or {}
    a, b = first["a"], first["b"]
    place = first["series"]
    if first["ts"] is not None:
        from hq_core.say import iso_text

        place += f" ts {iso_text(first['ts'])}"
    elif first["row"] is not None:
        place += _number(found, first["series"], first["row"])
    if first["column"]:
        place += f" {first['column']}"
    missing = [side.name for side, value in zip(found.sides, (a, b)) if value is None]
    series = found.series.get(first["series"])
    shown = [_shown(value, first["column"], series.schemas if series else ()) for value in (a, b)]
    if len(missing) == 1:
        return f"{place}: {shown[a is None]}, not in {missing[0]}"
    return f"{place}: {shown[0]} != {shown[1]}{_apart(a, b, first['ulp'])}"


def _number(found: Diff, key: str, row: int) -> str:
    """Which one of those without a time: a row, or one of several frames."""
    group = found.maps.get(key)
    if group is None:
        return f" row {row}"
    return f" frame {row}" if max(group.counts) > 1 else ""


def _apart(a: Any, b: Any, ulp: int | None) -> str:
    """How far two floats lie apart: the distance, and units in the last place where they are few enough to say much."""
    if ulp is None:
        return ""
    return f" ({abs(a - b):.2g} apart{f', {ulp} ULP' if ulp <= FEW_ULP else ''})"


def _shown(value: Any, column: str, schemas: Iterable[Schema | None]) -> str:
    if isinstance(value, int):
        from hq_core.formats.words import is_time
        from hq_core.kinds import named_time
        from hq_core.say import iso_text

        of_rows = any(one is not None and one.has(column) and is_time(one, column) for one in schemas)
        if of_rows or named_time("", column.rpartition(".")[2]):
            return iso_text(value)
    return value if isinstance(value, str) and value.isprintable() else repr(value)


def _total(found: Diff) -> str:
    """How much differs, without the parts in which nothing does; '' where no rows or frames were there to count."""
    columns = {name for counts in found.differ.values() for name in counts}
    parts = []
    if found.rows_differ:
        parts.append(f"{_part(found.rows_differ, found.rows, 'row')} in {_counted(len(columns), 'column')}")
    names = [side.name for side in found.sides]
    for series in (*found.series.values(), *found.maps.values()):
        a, b = series.counts
        if any(series.there) and not all(series.there):
            parts += [f"{series.key} has {_counted(a, series.what)} in {names[0]}, {b} in {names[1]}"] * (a != b)
        else:
            parts += [
                f"{series.key} has {_counted(n, series.what)} only in {name}"
                for n, name in zip(series.alone, names)
                if n
            ]
        if series.differ:
            parts.append(_part(series.differ, series.compared, series.what))
    if not parts and found.rows:
        parts.append(f"0 of {_counted(found.rows, 'row')} differ")
    return "; ".join(parts)


def _part(n: int, of: int, what: str) -> str:
    """1 of 1 row differs, 3 of 9 rows differ."""
    return f"{n} of {_counted(of, what)} differ{'s' * (of == 1)}"


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
    return told_json(
        {
            "equal": equal,
            "first": first,
            "rows": found.rows,
            "rows_differ": found.rows_differ,
            "only": {key: one.alone for key, one in {**found.series, **found.maps}.items() if any(one.alone)},
            "columns": found.differ,
            "frames": _maps(found),
            "frames_differ": found.maps_differ,
            "counts": {
                key: one.counts for key, one in {**found.series, **found.maps}.items() if len(set(one.counts)) > 1
            },
        }
    )


if __name__ == "__main__":
    main()
