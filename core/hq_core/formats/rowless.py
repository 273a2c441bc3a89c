"""The series of a file that has columns and no rows: what its columns' names and types say."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from hq_core.batch import Schema
from hq_core.formats.layouts import build, roles
from hq_core.formats.names import BAR_NAMES, TRADE_NAMES, squash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.formats.options import SourceOptions

# what the form of times would tell, and no column depends on: asked for where there are rows, not here
UNASKED = {"time_unit": "ns", "tz": "UTC", "stamp": "open", "period": "1m"}


def rowless(names: Sequence[str], numbers: Sequence[bool], options: SourceOptions, series: bool = False) -> Schema:
    """The series, with the columns that it would have with rows.

    Its period and symbol are those that were said: "" where only rows would tell them.

    numbers  whether each column is one of numbers
    series   as of `build`
    Raises HqError as `build` does where the names are neither bars' nor trades'.
    """
    asked = copy(options)
    asked.time_format = ""
    for name, value in UNASKED.items():
        setattr(asked, name, getattr(options, name) or value)
    if "open_time" in roles(list(names), BAR_NAMES, {}) and not options.stamp:
        asked.stamp = ""
    plan = build(list(names), _row(names, numbers, options), asked, series)
    period = plan.period_text if plan.kind == "bar" and options.period else ""
    cols = [col for col in plan.cols if plan.of == plan.kind or col[0] != "open_time"]
    options.rowless = Schema(plan.of, options.symbol, period, cols)
    return options.rowless


def _row(names: Sequence[str], numbers: Sequence[bool], options: SourceOptions) -> list[str]:
    """A row that these columns could have."""
    squashed = [squash(name) for name in names]
    known = {*roles(list(names), BAR_NAMES, {}).values(), *roles(list(names), TRADE_NAMES, {}).values()}
    said = {theirs: ours for ours, theirs in options.columns.items()}
    made = ["0" if number or at in known or names[at] in said else "text" for at, number in enumerate(numbers)]
    pair = {"date": "2000-01-01", "time": "00:00:00"}
    if pair.keys() <= {*squashed} or pair.keys() <= options.columns.keys():
        for at, name in enumerate(squashed):
            made[at] = pair.get(said.get(names[at], said.get(str(at + 1), name)), made[at])
    return made
