"""hq-backtest: trade the orders of hq-signal on a futures account."""

from __future__ import annotations

import os
from typing import Any

from hq_cli._filter import Run, filter_command
from hq_cli._say import echo
from hq_core.errors import CHECK, DATA, USAGE, HqError
from hq_core.options import Option
from hq_core.options.account import AccountOptions, BracketOptions, FillOptions, MarginOptions, RunOptions

EXAMPLES = """
hq-gen bars --rows 1000 --seed 1 | hq-signal examples/rsi.hq | hq-backtest --json
hq-gen bars --rows 1000 --seed 1 | hq-signal examples/rsi.hq | hq-backtest --leverage 5 | hq-export csv --kind fill
"""


class ReportOptions:
    """What a terminal or a script wants of the report."""

    text = Option(False, "Print the report as text, and no frames.")
    json = Option(False, "Print the report as one JSON object, and no frames.")
    fail_on_liquidation = Option(False, "Exit 1 if a position was liquidated.")


@filter_command(
    "hq-backtest",
    EXAMPLES,
    AccountOptions,
    FillOptions,
    BracketOptions,
    MarginOptions,
    RunOptions,
    ReportOptions,
    shows=("json", "text", "fail_on_liquidation", "periods_per_year"),
)
def main(
    brackets: str,
    strategy: str,
    symbol: str,
    close_at_end: bool,
    periods_per_year: float | None,
    max_open: bool,
    text: bool,
    json: bool,
    fail_on_liquidation: bool,
    state: str | None,
    **terms: Any,
) -> Run:
    """Trade the orders that hq-signal wrote on a USDT-margined futures account.

    An order of a bar's close fills at the next bar's open.  Inside a bar an open position meets the adverse extreme
    of the mark price (columns mark_high, mark_low, mark_close; without them the last price) before anything later
    is trusted.  The rows that come out are fill, liquidation and equity; at the end comes one report, which a
    terminal shows as text.  Equity never goes on below zero: bankruptcy ends the trading.  With --state the frames
    go on in the next run and carry no report; --json and the terminal show how far the account is.

    Of a panel, or of several series, one is traded: that of --symbol, or the one whose rows have orders.

    Of orders of one's own, rows of kind order are traded as those of hq-signal are, and so is a plain file of bars
    with columns open_long, close_long, open_short, close_short: a quantity is an order at that bar's close, empty is
    none, inf all that the margin allows.  A series with both is refused.
    """
    from hq_core.futures.terms import Terms
    from hq_core.stages.backtest import BacktestStage

    goes_on = state is not None
    if close_at_end and goes_on:
        raise HqError("--close-at-end: with --state the run goes on, so nothing is closed at its end", USAGE)
    if text and json:
        raise HqError("--text and --json: choose one", USAGE)
    stage = BacktestStage(Terms(**terms), brackets, strategy, close_at_end, periods_per_year, symbol, max_open)
    told = json or text or os.isatty(1)

    def after(code: int) -> int:
        reports = stage.reports()
        if told:
            if reports:
                echo(_text(reports, json))
            if not reports and not goes_on:
                raise HqError("input has no bars, so there is nothing to report", DATA)
        liquidated = any(report["liquidated"] for report in reports)
        return code or (CHECK if fail_on_liquidation and liquidated else 0)

    return Run(stage, frames=not told, after=after)


def _text(reports: list[dict[str, Any]], json: bool) -> str:
    if json:
        from hq_cli._say import told_json

        return "\n".join(map(told_json, reports))
    from hq_cli._report import compared, readable

    return (readable(reports[0]) if len(reports) == 1 else compared(reports)).rstrip("\n")


if __name__ == "__main__":
    main()
