"""hq-signal: strategies read bars and say what to buy and sell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_cli._command import Argument
from hq_cli._filter import filter_command
from hq_cli._say import echo, say
from hq_cli._strategies import read_params, read_stores, read_strategies, strategy_name, without_file
from hq_core.errors import USAGE, HqError
from hq_core.options import Option
from hq_core.options.signal import RUNNING

if TYPE_CHECKING:
    from hq_core.roles import Stage
    from hq_core.stages.signal import Signal

EXAMPLES = """
hq-gen bars --rows 1000 --seed 1 | hq-signal examples/rsi.hq | hq-export csv --kind order
hq-gen bars --rows 1000 --seed 1 | hq-signal --signals -p oversold=40 examples/rsi.hq | hq-export jsonl
hq-signal --check examples/rsi.hq
hq-gen bars --rows 1000 --seed 1 | hq-signal --python examples/strategies/minimal.py:MyStrategy | hq-backtest --text
"""


class CheckOptions:
    """What is written in place of bars and orders."""

    signals = Option(False, "Write the orders alone, and no bars.")
    check = Option(False, "Check the strategies, read no input, and stop.")
    columns = Option("", "With --check: the bars have these columns, no others.", unit="NAMES")
    sample = Option("", "With --check: run over FILE and write nothing.", unit="FILE")
    list_params = Option(False, "Print the params with default and bounds as JSON and stop.")
    explain = Option(False, "Show what is computed, with warm-up and measured cost, and stop.")
    format_ = Option(False, "Print the strategy in its canonical form and stop.")


@filter_command(
    "hq-signal",
    EXAMPLES,
    Argument("files", "[STRATEGY.hq]...", many=True, required=False),
    *RUNNING,
    CheckOptions,
    shows=("check", "columns", "sample", "list_params", "explain", "format_", "missing"),
    digested={"files": strategy_name, "stores": without_file, "python": lambda one: one.rpartition(":")[2]},
)
def main(
    files: tuple[str, ...],
    python: tuple[str, ...],
    params: tuple[str, ...],
    period: str,
    keep: str,
    stores: tuple[str, ...],
    timeless: bool,
    compat: str,
    unstable: tuple[str, ...],
    missing: str,
    signals: bool,
    check: bool,
    columns: str,
    sample: str,
    list_params: bool,
    explain: bool,
    format_: bool,
    state: str | None,
) -> Stage | None:
    """Run strategies over bars and write their orders.

    An order is a row of kind order before the bar that it was decided on: side and action say what it does to
    which position, quantity how much, inf where the rule names no size; BUY is two orders, to close short and to
    open long.  Of several rules that order the same at a bar the first of the file does.  rule is the rule's number,
    and META is columns, meta.NAME.  Several strategies run side by side, each with its name in the column strategy.
    All other rows pass untouched.  Any column of numbers can be read by its name.  The language is described in
    hq-dsl(7).

    A strategy runs on each symbol of a panel by itself, as it does on the symbol's series; close@ETHUSDT finds that
    symbol there too, and hq-merge makes a panel of files.

    --python runs a class of Python: next(row) is called with each closed bar, once and in order, and gives None, an
    action such as "BUY", a dict such as {"action": "BUY", "size": 2}, or a list of them.  Orders are named after the
    class, its numbers are params, and an exception ends the run with 65.  hq-python(7) says the rest: indicators, the
    bars before, on_start and on_stop, --state.

    --store NAME=FILE gives a strategy the store that it calls VEC_STORE("NAME"): a file of hq-vector, or what it loads.
    It is only read; a vector is seen from its avail_ts on.  What the store holds stands as a digest in the stream's
    head, and a state goes on with that store alone.  --store NAME=@BTCUSDT:4h is what the stream's own rows of kind
    vector of that symbol and period make, live or replayed; bars wait for them as for any other series that is read.
    --store NAME=qdrant+http://HOST:6333/COLLECTION is a collection of a Qdrant service as it is at the start.
    --store NAME=qdrant-online+http://HOST:6333/COLLECTION asks the service itself at every row, for points with an
    avail_ts up to the row's ts, and gives the hits that a file of the collection would: what it calls the nearest is
    scored and put in order here.  The collection's distance is the method of SIMILARITY.  A service that goes away in
    the run ends it with 69.

    --store NAME=usearch+FILE looks at the vectors that an approximate index names (pip install 'hq[usearch]'), which
    is for stores of more than 100,000; its recall is measured at the start and said on stderr.  The index names 64, or
    4 for each of k; those that were not known at the row's ts are put aside, and where fewer than k are left, or no
    more than 65,536 may be seen, all are looked at.  So it may miss a nearer vector, and never looks ahead.  The same
    input gives the same hits.  hq-vector index keeps the index in a file.

    --check, --format and --list-params need no store.

    --check alone takes every column of hq's bars to be there; --columns and --sample say what is.  A sample is any
    input, such as the first rows of the real one, and fails as the run would: for a column or a series that is not
    there too.
    """
    if (columns or sample) and not check:
        raise HqError("--columns and --sample belong to --check", USAGE)
    if columns and sample:
        raise HqError("--columns and --sample both say what the bars have; pass one of them", USAGE)
    if not files and not python:
        raise HqError("name a strategy: STRATEGY.hq, or --python FILE:CLASS", USAGE)
    read = read_strategies(files)
    if format_:
        if python:
            raise HqError("--format is for strategies of the language, not for --python", USAGE)
        from hq_core.lang.format import format_text

        echo("\n".join(format_text(text, file) for _, text, file in read), end="")
        return None
    from hq_core.graph import Settings
    from hq_core.specs import rows_of
    from hq_core.stages.signal import Signal

    rules = Settings(compat, rows_of(unstable))
    given = read_stores(stores, timeless)
    stage = Signal(
        read,
        python=python,
        period=period,
        params=read_params(params),
        keep=keep,
        signals=signals,
        settings=rules,
        missing=missing,
        stores=given,
        timeless=timeless,
        runs=bool(sample or explain) or not (check or list_params),
    )
    if state is not None:
        stage.check_resumable()
    if list_params:
        from hq_cli._lists import as_json

        echo(as_json(stage.parameters()))
        return None
    if explain:
        echo("\n".join(stage.explain()))
        return None
    for warning in [*stage.warnings, *(told for store in given.values() for told in store.told())]:
        say(f"hq-signal: {warning}")
    if not check:
        return stage
    if sample:
        _run_over(stage, sample)
    else:
        stage.check([name.strip() for name in columns.split(",")] if columns else None)
    return None


def _run_over(stage: Signal, path: str) -> None:
    """Run the stage over a file as over an input, and write nothing."""
    import os

    from hq_core.errors import NOINPUT, USAGE, HqError
    from hq_core.flow import Flow, open_input

    if path == "-" and os.isatty(0):
        raise HqError("--sample: stdin is a terminal; pipe data into it or name a file", USAGE)
    try:
        fd = 0 if path == "-" else os.open(path, os.O_RDONLY)
    except OSError as error:
        raise HqError(f"{path}: {error.strerror}", NOINPUT) from None
    Flow(stage, "hq-signal", [], fd, os.open(os.devnull, os.O_WRONLY)).run(open_input(fd))
    for what, rows in (stage.notices | stage.dropped).items():
        say(f"hq-signal: {what}: {rows} row{'s' * (rows != 1)}")


if __name__ == "__main__":
    main()
