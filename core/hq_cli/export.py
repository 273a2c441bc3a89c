"""hq-export: frames to csv, tsv, JSON, npz, Parquet, Arrow, hftbacktest's events and tables."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext

from hq_cli._command import Argument
from hq_cli._filter import check_stdin, command
from hq_cli._say import say
from hq_core.options import Option
from hq_core.options.export import ChoiceOptions, FormOptions

EXAMPLES = """
hq-gen bars --rows 100 --seed 1 | hq-export csv > bars.csv
hq-gen trades --rows 5000 --seed 1 | hq-aggregate 1m:5m | hq-export csv --period 5m --tail 3
hq-gen bars --rows 100 --seed 1 | hq-export table --columns ts,close,volume --from 2024-01-01T01:00Z
hq-gen bars --rows 100 --seed 1 | hq-export parquet -o bars.parquet
"""


class OutputOptions:
    """Where they go."""

    output: Option[str | None] = Option(
        None, "Write to FILE, there when it is whole; - is stdout.", kind=str, unit="FILE", short="o"
    )


@command(
    "hq-export",
    EXAMPLES,
    Argument("format_", "csv|tsv|jsonl|json|npz|parquet|arrow|hftbacktest|table|report"),
    ChoiceOptions,
    FormOptions,
    OutputOptions,
)
def main(
    format_: str,
    kind: str,
    symbol: str,
    period: str,
    columns: str,
    since: str,
    until: str,
    head: int | None,
    tail: int | None,
    time: str,
    output: str | None,
) -> int:
    """Write the rows of a stream in another format.

    csv and the files hold one kind and period: choose with --kind and --period; symbols stand in a first column,
    those of a panel behind ts, so that it is read back as one.
    JSON objects say their kind, symbol and period themselves; those of a kind that hq does not know are not read back,
    as nothing types them: Parquet and Arrow are.  Times are ISO 8601 in UTC with the shortest exact
    fraction; --time ms gives numbers and names the column ts_ms, so that hq-import reads it back.  Floats are the
    shortest that read back the same; NaN is empty in csv and null in JSON, infinities are inf and "inf";
    Parquet, Arrow and npz keep NaN as it is, which is no null: polars and DuckDB sort it above every number, so
    Parquet tells no least and greatest of floats.  A code
    such as side or action is its word, in npz its number.

    --from and --to are compared with ts, when a row was known: a bar's end.  With --head the rest is not read; a
    table reads on and says how many rows it leaves out.  report is the text of the report that hq-backtest put at the
    end of its stream.

    hftbacktest is its .npz of events, of rows of kind book of one symbol: events of 64 bytes as the array `data`.  They
    lie there as its correct_event_order puts them: those that the exchange sees by exch_ts, those that are seen here by
    ts, and one that is out of place in the other order twice.  What hq-import read of such a file comes out byte for
    byte.

    -o replaces FILE in one step when all rows are there; what is no regular file, or a symbolic link, is refused.
    Text is packed where the name of FILE ends in .gz or .zst.
    """
    from hq_cli._report import readable
    from hq_core.errors import USAGE, HqError, did_you_mean
    from hq_core.flow import open_input
    from hq_core.formats.deflate import ending
    from hq_core.formats.times import instant
    from hq_core.formats.writers import BINARY, ENDINGS, FORMATS
    from hq_core.jit import ahead
    from hq_core.stages.export import Export

    if format_ not in FORMATS:
        hint = did_you_mean(format_, FORMATS)
        raise HqError(f"unknown format '{format_}'; known are {', '.join(FORMATS)}{hint}", USAGE)
    if head and tail:
        raise HqError("--head and --tail: choose one", USAGE)
    if output == "":
        raise HqError("-o is empty, must be the name of a file", USAGE)
    if format_ in BINARY and output in (None, "-") and os.isatty(1):
        raise HqError(f"{format_} is not for a terminal; pass -o FILE or pipe it", USAGE)
    check_stdin("hq-export")
    names = [name.strip() for name in columns.split(",") if name.strip()]
    start, stop = (instant(text) if text else None for text in (since, until))
    packed = ending(output or "")
    with _written(output) as fd:
        how = names, time, start, stop, head or 0, tail or 0, readable, packed
        stage = Export(format_, fd, kind, symbol, period, *how)
        ahead.begin(stage.kernels())
        source = open_input(0)
        ahead.begin(source.kernels())
        stage.run(source)
    for what, n in stage.skipped.items():
        say(f"hq-export: {format_} has no place for {n} {what} frame{'s' * (n != 1)}; jsonl has")
    for what, n in stage.left.items():
        rows = f"the {n} {what} row{'s' * (n != 1)}"
        say(f"hq-export: {format_} holds one kind, here {stage.kind}; --kind {what} gives {rows}")
    other = (output or "").removesuffix(packed).rpartition(".")[2]
    if other in FORMATS and other != ENDINGS.get(format_, format_):
        say(f"hq-export: {output} holds {format_}, as its name does not say")
    return 0


def _written(output: str | None) -> AbstractContextManager[int]:
    """The descriptor that rows go to: stdout, or a file that replaces `output` when all are there."""
    if output is None or output == "-":
        return nullcontext(1)
    from hq_core.files import replacing, umask

    return replacing(output, 0o666 & ~umask(), output, "leave -o away and write to stdout")


if __name__ == "__main__":
    main()
