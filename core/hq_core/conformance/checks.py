"""The rules that hold with every set of parameters.  Each check says where its rule is broken, '' where it holds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from hq_core.conformance.made import ROWS, Column, bars, flat_bars, overflowing, rough
from hq_core.conformance.runs import IndicatorRun, bits, joined, once
from hq_core.errors import HqError
from hq_core.registry import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hq_core.conformance.runs import Params
    from hq_core.registry import Indicator

    Check = Callable[[str, Params], str]

SIZES = (1e150, 1.0, 1e-150)
NAN = 0x7FF8000000000000  # the bits of math.nan


def cut(name: str, params: Params, cuts: Sequence[int]) -> str:
    """The bits of one batch come out however the rows are cut."""
    columns, run = rough(load(name)), IndicatorRun(name, params)
    edges = [0, *sorted(cuts), ROWS]
    parts = [run.push(columns, start, stop) for start, stop in zip(edges, edges[1:])]
    return run.touched or _differs(joined(parts), once(name, columns, params), f"cut at {sorted(cuts)}")


def any_cut(name: str, params: Params) -> str:
    rng = np.random.default_rng(ROWS)
    draws = [rng.integers(0, ROWS, rng.integers(0, 12), endpoint=True).tolist() for _ in range(20)]
    return _first(cut(name, params, cuts) for cuts in draws)


def row_by_row(name: str, params: Params) -> str:
    columns, run = rough(load(name)), IndicatorRun(name, params)
    rows = [run.push(columns, i, i + 1) for i in range(ROWS)]
    return run.touched or _differs(joined(rows), once(name, columns, params), "a row at a time")


def one_nan(name: str, params: Params) -> str:
    """Each nan has the bits of the one in Python, also where sums overflow, in one batch, cut and a row at a time."""
    columns, run = overflowing(load(name)), IndicatorRun(name, params)
    whole = run.push(columns)
    for number, column in enumerate(whole):
        wrong = np.isnan(column) & (column.view(np.uint64) != NAN) if column.dtype == np.float64 else np.zeros(0)
        if wrong.any():
            row = int(wrong.nonzero()[0][0])
            return f"output {number + 1} of row {row} is a nan of bits {column.view(np.uint64)[row]:x}, must be {NAN:x}"
    for step in (1, 3, 67):
        run = IndicatorRun(name, params)
        parts = [run.push(columns, i, i + step) for i in range(0, ROWS, step)]
        said = _differs(joined(parts), whole, f"{step} overflowing rows at a time")
        if said:
            return said
    return ""


def resumed(name: str, params: Params) -> str:
    """Saved at any row and loaded by another it goes on with the same bits."""
    columns = rough(load(name))
    first, second = IndicatorRun(name, params), IndicatorRun(name, params)
    fresh, whole = first.save(), once(name, columns, params)
    rows = np.random.default_rng(len(name)).integers(0, ROWS, 6, endpoint=True).tolist()
    for at in sorted({0, 1, min(first.warmup, ROWS), ROWS - 1, ROWS, *rows}):
        first.load(fresh)
        head = first.push(columns, 0, at)
        second.load(first.save())
        said = _differs(joined([head, second.push(columns, at, ROWS)]), whole, f"saved and loaded at row {at}")
        if said:
            return said
    return ""


def forming(name: str, params: Params) -> str:
    """A forming row on a copy of the state leaves no trace, and has the value that it has as a closed one."""
    of = load(name)
    real, other = rough(of), bars(ROWS, 4, of=of)
    run, copy = IndicatorRun(name, params), IndicatorRun(name, params)
    plain = []
    for row in range(ROWS):
        if row % 4 == 0:
            copy.load(run.save())
            copy.push(other, row, row + 1)
        plain.append(run.push(real, row, row + 1))
    mixed = {key: np.append(column[:200], other[key][200]) for key, column in real.items()}
    run = IndicatorRun(name, params)
    run.push(real, 0, 200)
    copy.load(run.save())
    return _differs(joined(plain), once(name, real, params), "with forming rows between") or _differs(
        copy.push(mixed, 200, 201), [column[200:] for column in once(name, mixed, params)], "as a forming row 200"
    )


def warmup(name: str, params: Params) -> str:
    """nan on as many first rows as declared and on no other; in columns of other types 0."""
    run = IndicatorRun(name, params)
    for output, column in zip(run.of.outputs, run.push(bars(run.warmup + 150, of=run.of))):
        if column.dtype != np.float64:
            if column[: run.warmup].any():
                return f"{output} is not 0 in its warm-up of {run.warmup} rows"
            continue
        there = np.isnan(column).nonzero()[0].tolist()
        if there != list(range(run.warmup)):
            wrong = min(set(there) ^ set(range(run.warmup)))
            return f"{output}: warm-up is declared as {run.warmup} rows, row {wrong} is {column[wrong]}"
    return ""


def healed(name: str, params: Params) -> str:
    """A nan in an input is gone after warm-up + 1 rows."""
    of = load(name)
    clean = bars(400, 5, of=of)
    for key, kind in zip(of.inputs, of.reads):
        if kind != "f8":
            continue
        run = IndicatorRun(name, params)
        at = run.warmup + 40
        broken = {other: column.copy() for other, column in clean.items()}
        broken[key][at] = np.nan
        for output, column in zip(of.outputs, run.push(broken)):
            if column.dtype != np.float64:
                continue
            if not np.isnan(column[at]):
                return f"{output} is {column[at]} on the row whose {key} is nan"
            left = np.isnan(column[at + run.warmup + 1 :]).nonzero()[0]
            if len(left):
                return f"{output} is still nan {run.warmup + 1 + left[0]} rows after a nan in {key}"
    return ""


def size(name: str, params: Params, size: float) -> str:
    """Huge, tiny and constant prices give finite values."""
    of = load(name)
    first = of.warmup(of.bind((), params))
    rows = first + 90
    walk = bars(rows, price=1.0, of=of)
    scaled = {key: column * size for key, column in walk.items() if key != "ts" and column.dtype == np.float64}
    flat = flat_bars(np.full(rows, 0.1 * size), of)
    for what, columns in ((f"prices of {size:g}", walk | scaled), (f"all prices {0.1 * size:g}", flat)):
        for output, column in zip(of.outputs, once(name, columns, params)):
            odd = (~np.isfinite(column[first:])).nonzero()[0]
            if len(odd):
                return f"{output} is {column[first + odd[0]]} on row {first + odd[0]} with {what}"
    return ""


def sizes(name: str, params: Params) -> str:
    return _first(size(name, params, one) for one in SIZES)


def short(name: str, params: Params) -> str:
    """No row, one, two or three give as many, nan as far as the warm-up goes."""
    for rows in (0, 1, 2, 3):
        run = IndicatorRun(name, params)
        columns = run.push(bars(rows, of=run.of))
        if [len(column) for column in columns] != [rows] * len(run.of.outputs):
            return f"{rows} rows give {[len(column) for column in columns]}"
        for output, column in zip(run.of.outputs, columns):
            if column.dtype == np.float64 and not np.isnan(column[: run.warmup]).all():
                return f"{output}: of {rows} rows not all are nan, the warm-up is {run.warmup}"
        if run.touched:
            return run.touched
    return ""


def bounds(name: str) -> str:
    """Each parameter works at either of its bounds, and what lies beyond them is refused."""
    of = load(name)
    for key, bound, beyond in ends(of):
        column = once(name, bars(40, of=of), {key: bound})[0]
        first = min(of.warmup(of.bind((), {key: bound})), 40)
        if column.dtype == np.float64 and not np.isnan(column[:first]).all():
            return f"with {key}={bound} not all of {first} rows of warm-up are nan"
        try:
            of.bind((), {key: beyond})
        except HqError:
            continue
        return f"{key}={beyond} is taken"
    return ""


def ends(of: Indicator) -> Iterator[tuple[str, float, float]]:
    """Each bound of each parameter that is a number, and the next number beyond it."""
    for key, param in of.params.items():
        for bound, way in ((param.low, -1), (param.high, 1)):
            if not param.choices and math.isfinite(bound):
                whole = isinstance(param.default, int)
                yield key, bound, bound + way if whole else math.nextafter(bound, way * math.inf)


RULES: tuple[tuple[str, Check], ...] = (
    ("any cut of the input gives the same bits", any_cut),
    ("one row at a time gives the same bits", row_by_row),
    ("nan has the same bits however it was computed", one_nan),
    ("saved and loaded it goes on with the same bits", resumed),
    ("a forming row leaves no trace", forming),
    ("nan on the rows of the declared warm-up and no others", warmup),
    ("what a nan in the input spoils is whole again after warm-up + 1 rows", healed),
    ("prices of 1e150 and 1e-150 and constant ones give finite values", sizes),
    ("inputs of 0 to 3 rows give as many", short),
)
WHOLE: tuple[tuple[str, Callable[[str], str]], ...] = (("parameters work at their bounds and not beyond", bounds),)


def _differs(found: list[Column], wanted: list[Column], how: str) -> str:
    """The first row on which two runs differ in a bit."""
    for number, (one, other) in enumerate(zip(found, wanted)):
        if bits([one]) != bits([other]):
            width = one.dtype.itemsize
            apart = (one.view(np.uint8).reshape(-1, width) != other.view(np.uint8).reshape(-1, width)).any(axis=1)
            row = int(apart.nonzero()[0][0])
            return f"{how}, output {number + 1} of row {row} is {one[row].item()}, in one batch {other[row].item()}"
    return ""


def _first(said: Iterable[str]) -> str:
    return next((one for one in said if one), "")
