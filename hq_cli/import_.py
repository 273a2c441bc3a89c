"""hq-import: CSV, JSON, NumPy, Parquet and Arrow to frames, with options for what a file does not say."""
from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hq_cli._filter import Run, filter_command

if TYPE_CHECKING:
    pass

EXAMPLES = """
hq-gen bars --rows 100 --seed 1 | hq-export csv | hq-import | hq-export table
hq-import --time-unit ms --stamp open --period 1h bars.csv | hq-indicators rsi:14
hq-import --columns ts=Date,close=Last --tz America/New_York --stamp open --period 1d < index.csv > index.hqf
hq-import --time-unit ms --stamp open --period 1h --order sort --dedupe exact bars.csv > sorted.hqf
"""


@filter_command("hq-import", EXAMPLES)
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--kind", type=click.Choice(["trade", "bar"]), default=None, help="What the rows are.")
@click.option("--symbol", default="", help="The symbol of all rows.")
@click.option("--period", default="", help="The bars' period; otherwise the first two rows tell it.")
@click.option(
    "--columns", default="", metavar="HQ=FILE,…",
    help="Which column of the file is which: name or number.  date= and time= for a date and its time of day.",
)
@click.option("--drop", default="", metavar="COLUMN,…", help="Columns that are not read: names or numbers.")
@click.option("--skip-lines", type=click.IntRange(min=0), default=0, metavar="N", help="Lines before the header.")
@click.option("--time-unit", type=click.Choice(["s", "ms", "us", "ns"]), default=None, help="Of times in numbers.")
@click.option(
    "--time-format", default="", metavar="FORMAT",
    help="How times are written, in strptime's letters: %d/%m/%Y %H:%M:%S.",
)
@click.option("--tz", default="", metavar="ZONE", help="IANA zone of times that have none, such as UTC.")
@click.option("--stamp", type=click.Choice(["open", "close"]), default=None, help="Which end of a bar its time names.")
@click.option("--any-year", is_flag=True, help="Years outside 1900 to 2199 are meant, and so is 1970.")
@click.option(
    "--order", type=click.Choice(["error", "sort"]), default="error", show_default=True,
    help="Rows whose time goes back.  sort reads to the end, 16 MiB of rows in memory and the rest in TMPDIR.",
)
@click.option(
    "--dedupe", type=click.Choice(["error", "exact", "last"]), default="error", show_default=True,
    help="A bar's open_time or a trade's id that repeats.  exact drops equal rows; last keeps the last one.",
)
@click.option(
    "--invalid", type=click.Choice(["error", "drop", "keep"]), default="error", show_default=True,
    help="Prices not above 0, high below low, open or close outside, volumes below 0, bars that overlap.",
)
@click.option("--delimiter", default="", metavar="CHAR", help="Between fields: one character, or tab.")
@click.option("--decimal", type=click.Choice([".", ","]), default=".", show_default=True, help="Before decimals.")
def main(
    files: tuple[str, ...], kind: str | None, symbol: str, period: str, columns: str, drop: str, skip_lines: int,
    time_unit: str | None, time_format: str, tz: str, stamp: str | None, any_year: bool, order: str, dedupe: str,
    invalid: str, delimiter: str, decimal: str,
) -> Run:
    """Read data of any format and write frames.

    Reads stdin, or files one after the other (- is stdin).  The format is found by the first bytes: CSV with or
    without a header, JSON lines and arrays, .npy, .npz, Parquet, Arrow, each also in gzip, bzip2, xz, zstd or zip.
    Kline, aggTrades and trades files of the exchange and candles of six as ccxt writes them need no option, here and
    in every other filter, nor does the JSON that hq itself writes.  What a file leaves open is asked for: nothing is
    guessed.  The files of a zip must be one series, by their names and by how far apart the first rows of each are; so
    must files named here that would become one.  The last line of a pipe must be ended, for a writer may have
    died in it; a file's need not.  Bars still forming (complete is 0) are exempt from --dedupe and
    --invalid, and a bar's price that is missing breaks no rule.

    Files of columns (.npy, .npz, Parquet, Arrow) are first put down in TMPDIR.  Values come exactly or are refused
    with row and column: whole prices that are no float64, ids in floats of 2^53 and more, times outside 1678 to 2261.
    They take at most 200 MB beyond what an empty file takes, or four times the file's own size where that is more;
    what would unpack to more at once is refused.
    """
    from hq_core.batch import period_ns
    from hq_core.errors import USAGE, HqError
    from hq_core.formats.options import Options
    from hq_core.stages.imports import Import

    delimiter = "\t" if delimiter in ("tab", "\\t") else delimiter
    if len(delimiter) > 1 or delimiter == decimal:
        raise HqError(f"--delimiter is '{delimiter}', must be one character other than --decimal, or tab", USAGE)
    try:
        period_ns(period)
    except HqError as error:
        raise HqError(f"--period: {error}", USAGE) from None
    if tz:
        from hq_core.formats.times import Zone

        Zone(tz)                            # an unknown zone is told before a row is read
    if time_format:
        from hq_core.formats.clock import check_format

        check_format(time_format)
    options = Options(
        kind or "", symbol, period, _columns(columns), time_unit or "", tz, stamp or "", delimiter, decimal,
        time_format=time_format, skip_lines=skip_lines, drop=[name.strip() for name in drop.split(",") if name.strip()],
        invalid=invalid, any_year=any_year, order=order,
    )
    if click.get_current_context().params.get("state"):
        if order == "sort":
            raise HqError("--order sort needs the whole input, so it goes without --state", USAGE)
        if files:
            raise HqError("--state goes on within stdin, so it goes without file arguments", USAGE)
    if files and "-" not in files:
        _close_stdin()
    stage = Import(options, dedupe, files)
    return Run(stage, stage.source, options)


def _columns(given: str) -> dict[str, str]:
    """--columns as hq's name -> the file's."""
    from hq_core.errors import USAGE, HqError

    named: dict[str, str] = {}
    for pair in filter(None, given.split(",")):
        ours, equals, theirs = (part.strip() for part in pair.partition("="))
        if not equals or not ours or not theirs:
            raise HqError(f"--columns: '{pair}' is not of the form close=Last", USAGE)
        if ours in named:
            raise HqError(f"--columns: {ours} is given twice, as '{named[ours]}' and '{theirs}'", USAGE)
        twice = next((role for role, name in named.items() if name == theirs), "")
        if twice:
            raise HqError(f"--columns: '{theirs}' is given twice, as {twice} and {ours}", USAGE)
        named[ours] = theirs
    return named


def _close_stdin() -> None:
    """Files are read from where stdin was, which may be a terminal or closed."""
    import os

    fd = os.open(os.devnull, os.O_RDONLY)
    if fd:
        os.dup2(fd, 0)
        os.close(fd)


if __name__ == "__main__":
    main()
