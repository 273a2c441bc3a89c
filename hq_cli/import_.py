"""hq-import: CSV, JSON, NumPy, Parquet and Arrow to frames, with options for what a file does not say."""
from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hq_cli._filter import filter_command

if TYPE_CHECKING:
    from hq_core.stage import Stage

EXAMPLES = """
hq-gen bars --rows 100 --seed 1 | hq-export csv | hq-import | hq-export table
hq-import --time-unit ms --stamp open --period 1h < bars.csv | hq-indicators rsi:14
hq-import --columns ts=Date,close=Last --tz America/New_York --stamp open --period 1d < index.csv > index.hqf
"""


@filter_command("hq-import", EXAMPLES)
@click.option("--kind", type=click.Choice(["trade", "bar"]), default=None, help="What the rows are.")
@click.option("--symbol", default="", help="The symbol of all rows.")
@click.option("--period", default="", help="The bars' period; otherwise the first two rows tell it.")
@click.option("--columns", default="", metavar="HQ=FILE,…", help="Which column of the file is which: name or number.")
@click.option("--time-unit", type=click.Choice(["s", "ms", "us", "ns"]), default=None, help="Of times in numbers.")
@click.option("--tz", default="", metavar="ZONE", help="IANA zone of times that have none, such as UTC.")
@click.option("--stamp", type=click.Choice(["open", "close"]), default=None, help="Which end of a bar its time names.")
@click.option("--delimiter", default="", metavar="CHAR", help="Between fields: one character, or tab.")
@click.option("--decimal", type=click.Choice([".", ","]), default=".", show_default=True, help="Before decimals.")
def main(
    kind: str | None, symbol: str, period: str, columns: str, time_unit: str | None, tz: str, stamp: str | None,
    delimiter: str, decimal: str,
) -> Stage:
    """Read data of any format and write frames.

    The format is found by its first bytes: CSV with or without a header, JSON lines and arrays, .npy, .npz, Parquet,
    Arrow, each also in gzip, bzip2, xz, zstd or zip.  Kline, aggTrades and trades files of the exchange and candles of
    six as ccxt writes them need no option, here and in every other filter, nor does the JSON that hq itself writes.
    What a file leaves open is asked for: nothing is guessed.  The files of a zip must be one series.  The last line of
    a pipe must be ended, for a writer may have died in it; a file's need not.

    Files of columns (.npy, .npz, Parquet, Arrow) are first put down in TMPDIR.  Values come exactly or are refused
    with row and column: whole prices that are no float64, ids in floats of 2^53 and more, times outside 1678 to 2261.
    They take at most 200 MB beyond what an empty file takes, or four times the file's own size where that is more;
    what would unpack to more at once is refused.
    """
    from hq_core.errors import USAGE, HqError
    from hq_core.formats.options import Options
    from hq_core.stages.imports import Import

    delimiter = "\t" if delimiter in ("tab", "\\t") else delimiter
    if len(delimiter) > 1 or delimiter == decimal:
        raise HqError(f"--delimiter is '{delimiter}', must be one character other than --decimal, or tab", USAGE)
    named = {}
    for pair in filter(None, columns.split(",")):
        ours, equals, theirs = pair.partition("=")
        if not equals or not ours.strip() or not theirs.strip():
            raise HqError(f"--columns: '{pair}' is not of the form close=Last", USAGE)
        named[ours.strip()] = theirs.strip()
    options = Options(kind or "", symbol, period, named, time_unit or "", tz, stamp or "", delimiter, decimal)
    return Import(options)


if __name__ == "__main__":
    main()
