"""hq-signal: strategies read bars and say what to buy and sell."""
from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hq_cli._filter import filter_command, say
from hq_cli._settings import settings, settings_options

if TYPE_CHECKING:
    from hq_core.stage import Stage

EXAMPLES = """
hq-gen bars --rows 1000 --seed 1 | hq-signal examples/rsi.hq | hq-export csv
hq-gen bars --rows 1000 --seed 1 | hq-signal --signals --param oversold=40 examples/rsi.hq | hq-export jsonl
hq-signal --check examples/rsi.hq
"""


@filter_command("hq-signal", EXAMPLES, shows=("check", "format_"))
@click.argument("files", nargs=-1, required=True, metavar="STRATEGY.hq...")
@click.option("--param", "params", multiple=True, metavar="NAME=NUMBER", help="Set a param.")
@click.option("--period", default="", metavar="PERIOD", help="The bars to run on; else the finest ones.")
@click.option("--keep", default="", metavar="NAMES", help="Write these assigned names as columns too.")
@settings_options
@click.option("--signals", is_flag=True, help="Write one map an order, and no rows.")
@click.option("--check", is_flag=True, help="Check the strategies, read no input, and stop.")
@click.option("--format", "format_", is_flag=True, help="Print the strategy in its canonical form and stop.")
def main(
    files: tuple[str, ...], params: tuple[str, ...], period: str, keep: str, compat: str, unstable: tuple[str, ...],
    signals: bool, check: bool, format_: bool,
) -> Stage | None:
    """Run strategies over bars and add the columns of their orders.

    open_long, close_long, open_short and close_short hold the quantity that is ordered at the row: NaN for
    none, inf where the rule names no size.  Several strategies run side by side, each with its name before
    its columns.  Rows of other kinds and periods pass untouched.  The language is described in hq-dsl(7).
    """
    from hq_core.lang.files import read_params, read_strategies

    read = read_strategies(files)
    if format_:
        from hq_core.lang.format import format_text

        click.echo("\n".join(format_text(text, file) for _, text, file in read), nl=False)
        return None
    from hq_core.stages.signal import Signal

    kept = [name for name in keep.split(",") if name]
    stage = Signal(read, period, read_params(params), kept, signals, settings(compat, unstable))
    for warning in stage.warnings:
        say(f"hq-signal: {warning}")
    if check:
        stage.check()
        return None
    return stage


if __name__ == "__main__":
    main()
