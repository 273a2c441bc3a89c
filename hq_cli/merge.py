"""hq-merge: several inputs in one stream, by time."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from hq_cli._filter import Run, filter_command
from hq_cli._options import given
from hq_core.errors import USAGE, HqError
from hq_core.options.merge import MergeOptions

if TYPE_CHECKING:
    from hq_core.roles import Source

EXAMPLES = """
hq-gen bars --rows 9 --seed 1 > a.hqf; hq-gen bars --rows 9 --seed 2 --symbol B | hq-merge a.hqf - > both.hqf
hq-gen bars --rows 9 --seed 2 --symbol ETHUSDT | hq-merge - <(hq-gen bars --rows 9 --seed 1) | hq-export csv
hq-gen bars --rows 90 --seed 1 --period 1h | hq-merge - <(hq-gen bars --rows 90 --seed 2) | hq-export table
"""


@filter_command("hq-merge", EXAMPLES)
@click.argument("files", nargs=-1, metavar="[FILE]...")
@given(MergeOptions)
def main(files: tuple[str, ...], series: bool, timeout: str) -> Run:
    """Merge inputs by time: each row comes when no input can bring an earlier one any more.

    Series of symbols become panels, one for each kind and period: rows of many symbols in one series, with a column
    symbol, by ts and symbol.  Every command takes a panel as it takes the series that are in it.  FILEs are in any
    format that hq reads, - is stdin; without FILE it is stdin alone, whose series must lie in the order of their ts to
    each other.

    At one ts coarser periods come first, then the kinds (funding and marks before quotes, books, trades, orders and
    bars), then the symbols by name; never by the order of the files.  A mark says the smallest of what the inputs said.
    An input that is silent holds the rows of the others back.
    """
    from hq_core.bars.period import parse_duration
    from hq_core.roles import Stage
    from hq_core.stages.merge import Merged

    if click.get_current_context().params.get("state"):
        raise HqError("--state: hq-merge has none yet; merge the whole inputs", USAGE)
    patience = parse_duration(timeout, MergeOptions.timeout) / 1e9 if timeout else 0.0
    names = files or ("",)  # stdin alone needs no name in errors
    return Run(Stage(), lambda fd: Merged([(name, *_opened(name, fd)) for name in names], series, patience))


def _opened(path: str, stdin: int) -> tuple[Source, int]:
    """The source of a file, and the descriptor that it reads from."""
    from hq_core.errors import NOINPUT, HqError
    from hq_core.flow import open_input

    try:
        fd = stdin if path in ("-", "") else os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise HqError(f"{path}: {error.strerror}", NOINPUT) from None
    try:
        return open_input(fd), fd
    except HqError as error:
        raise HqError(f"{path}: {error}" if path else str(error), error.code) from None


if __name__ == "__main__":
    main()
