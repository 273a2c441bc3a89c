"""hq-backtest: trade the orders of hq-signal on a futures account."""
from __future__ import annotations

import os
from typing import Any

import click

from hq_cli._filter import Run, filter_command
from hq_core.errors import CHECK, DATA, USAGE, HqError

EXAMPLES = """
hq-gen bars --rows 1000 --seed 1 | hq-signal examples/rsi.hq | hq-backtest --json
hq-gen bars --rows 1000 --seed 1 | hq-signal examples/rsi.hq | hq-backtest --leverage 5 | hq-export csv --kind fill
"""


@filter_command("hq-backtest", EXAMPLES, shows=("json", "text", "fail_on_liquidation", "periods_per_year"))
@click.option("--initial-margin", type=float, default=1000.0, show_default=True, metavar="QUOTE",
              help="What the wallet begins with.")
@click.option("--leverage", type=int, default=10, show_default=True, help="1 to 150, and at most the bracket's.")
@click.option("--contract-size", type=float, default=1.0, show_default=True, help="Base asset of one contract.")
@click.option("--maker-fee", type=float, default=0.00044, show_default=True, metavar="FRACTION",
              help="Of the notional, for fills of resting orders: there are none yet, so it is only reported.")
@click.option("--taker-fee", type=float, default=0.00044, show_default=True, metavar="FRACTION",
              help="Of the notional; every fill is a market order and pays it.")
@click.option("--lot", default="0.001", show_default=True, help="Smallest step of the quantity, in contracts.")
@click.option("--tick", help="Smallest step of the price: prices off it are an error.")
@click.option("--size", type=float, help="Of opening orders that name none; without it all that the margin allows.")
@click.option("--size-unit", type=click.Choice(["contracts", "base", "quote"]), default="contracts",
              show_default=True, help="Unit of every order's size; quote is the notional at the fill.")
@click.option("--position-mode", type=click.Choice(["one-way", "hedge"]), default="one-way", show_default=True,
              help="hedge holds a long and a short side by side.")
@click.option("--margin", type=click.Choice(["isolated", "cross"]), default="isolated", show_default=True,
              help="Whether a position risks its own margin or the whole wallet.")
@click.option("--fill", type=click.Choice(["next-open", "close"]), default="next-open", show_default=True,
              help="close fills at the price that decided the order, and the report says so.")
@click.option("--conflict", type=click.Choice(["none", "error"]), default="none", show_default=True,
              help="A row that buys and sells: do neither and count it, or stop.")
@click.option("--pyramid", type=int, default=0, show_default=True, metavar="N",
              help="How often an open position may be added to; further opens are ignored and counted.")
@click.option("--brackets", default="", metavar="FILE",
              help="Leverage brackets, the exchange's JSON or CSV; an entry may carry valid_from.")
@click.option("--maintenance", type=float, default=0.004, show_default=True, metavar="FRACTION",
              help="Maintenance margin rate where there is no bracket file.")
@click.option("--liquidation-fee", type=float, default=0.0, show_default=True, metavar="FRACTION",
              help="Of the notional of a liquidated position, on top of the taker fee.")
@click.option("--strategy", default="", metavar="NAME", help="Which strategy's orders, where there are several.")
@click.option("--close-at-end", is_flag=True,
              help="Close what is open after the last bar, at its close; not with --state.")
@click.option("--periods-per-year", type=click.FloatRange(min=0, min_open=True), metavar="ROWS",
              help="Rows a year for annual figures; else as the period and the days with rows show.")
@click.option("--text", is_flag=True, help="Print the report as text, and no frames.")
@click.option("--json", is_flag=True, help="Print the report as one JSON object, and no frames.")
@click.option("--fail-on-liquidation", is_flag=True, help="Exit 1 if a position was liquidated.")
def main(
    initial_margin: float, leverage: int, contract_size: float, maker_fee: float, taker_fee: float, lot: str,
    tick: str | None, size: float | None, size_unit: str, position_mode: str, margin: str, fill: str, conflict: str,
    pyramid: int, brackets: str, maintenance: float, liquidation_fee: float, strategy: str, close_at_end: bool,
    periods_per_year: float | None, text: bool, json: bool, fail_on_liquidation: bool,
) -> Run:
    """Trade the orders that hq-signal wrote on a USDT-margined futures account.

    An order of a bar's close fills at the next bar's open.  Inside a bar an open position meets the adverse extreme
    of the mark price (columns mark_high, mark_low, mark_close; without them the last price) before anything later
    is trusted.  The rows that come out are fill, liquidation and equity; at the end comes one report, which a
    terminal shows as text.  Equity never goes on below zero: bankruptcy ends the trading.  With --state the frames
    go on in the next run and carry no report; --json and the terminal show how far the account is.

    A plain file with columns open_long, close_long, open_short, close_short of one's own is traded as well: a
    quantity is an order at that bar's close, empty is none, inf all that the margin allows.
    """
    from hq_core.futures.terms import Terms
    from hq_core.stages.backtest import Backtest

    goes_on = click.get_current_context().params["state"] is not None
    if close_at_end and goes_on:
        raise HqError("--close-at-end: with --state the run goes on, so nothing is closed at its end", USAGE)
    terms = Terms(
        initial_margin=initial_margin, leverage=leverage, contract_size=contract_size, maker_fee=maker_fee,
        taker_fee=taker_fee, liquidation_fee=liquidation_fee, lot=lot, tick=tick, size=size, size_unit=size_unit,
        position_mode=position_mode, margin=margin, fill=fill, conflict=conflict, pyramid=pyramid,
        maintenance=maintenance,
    )
    if text and json:
        raise HqError("--text and --json: choose one", USAGE)
    stage = Backtest(terms, brackets, strategy, close_at_end, periods_per_year)
    told = json or text or os.isatty(1)

    def after(code: int) -> int:
        report = stage.report()
        if told and report is not None:
            click.echo(_text(report, json))
        elif told and not goes_on:
            raise HqError("input has no bars, so there is nothing to report", DATA)
        return code or (CHECK if fail_on_liquidation and report is not None and report["liquidated"] else 0)

    return Run(stage, frames=not told, after=after)


def _text(report: dict[str, Any], json: bool) -> str:
    if json:
        from hq_cli._say import told_json

        return told_json(report)
    from hq_core.futures.readable import readable

    return readable(report).rstrip("\n")


if __name__ == "__main__":
    main()
