"""hq-backtest: trade orders on futures accounts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hq_cli._command import Argument
from hq_cli._filter import Run, filter_command
from hq_cli._say import echo, say
from hq_core.errors import CHECK, DATA, USAGE, HqError
from hq_core.options import Option
from hq_core.options.account import (
    AccountOptions,
    BracketOptions,
    FillOptions,
    FundingOptions,
    MarginOptions,
    RunOptions,
)
from hq_core.options.settings import SettingsOptions
from hq_core.options.signal import RUNNING, StoreOptions, StoresOptions, StrategyOptions
from hq_core.options.steps import ListingOptions

if TYPE_CHECKING:
    from hq_core.roles import Stage

EXAMPLES = """
hq-gen bars --rows 1000 --seed 1 | hq-signal examples/rsi.hq | hq-backtest --json
hq-gen bars --rows 1000 --seed 1 | hq-signal examples/rsi.hq | hq-backtest --leverage 5 | hq-export csv --kind fill
hq-gen bars --rows 1000 --seed 1 | hq-backtest examples/atr_stop.hq --leverage 3 --text
hq-gen bars --rows 1000 --seed 1 | hq-backtest examples/atr_stop.hq --explain-fill 3
hq-gen bars --rows 1000 --seed 1 | hq-backtest examples/atr_stop.hq --keep-input | hq-export csv --kind order
hq-gen bars --rows 1000 --seed 2 --symbol B | hq-merge bars.hqf - | hq-backtest examples/panel_stop.hq --json
hq-gen bars --rows 9000 --seed 1 | hq-aggregate 1m:1h | hq-signal --period 1h examples/rsi.hq | hq-backtest --path 1m
"""


class ReportOptions:
    """What a terminal or a script wants of the report."""

    text = Option(False, "Print the report as text, and no frames.")
    json = Option(False, "Print the report as one JSON object, and no frames.")
    explain_fill: Option[int | None] = Option(
        None,
        "Print what made the fill of this id (its rows' column), and no frames: order, bar, price, fee, margin and "
        "level before and after.",
        kind=int,
        least=1,
        most=1 << 53,
        unit="ID",
    )
    fail_on_liquidation = Option(False, "Exit 1 if a position was liquidated.")


@filter_command(
    "hq-backtest",
    EXAMPLES,
    Argument("files", "[STRATEGY.hq]...", many=True, required=False),
    *RUNNING,
    AccountOptions,
    FillOptions,
    BracketOptions,
    ListingOptions,
    FundingOptions,
    MarginOptions,
    RunOptions,
    ReportOptions,
    shows=("json", "text", "explain_fill", "fail_on_liquidation", "periods_per_year"),
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
    brackets: str,
    exchange_info: str,
    leverage_of: tuple[str, ...],
    funding: str,
    funding_missing: str,
    strategy: str,
    symbol: str,
    close_at_end: bool,
    periods_per_year: float | None,
    max_open: bool,
    keep_input: bool,
    text: bool,
    json: bool,
    explain_fill: int | None,
    fail_on_liquidation: bool,
    state: str | None,
    **terms: Any,
) -> Run:
    """Trade orders on a futures account, one for each strategy, and report what became of it.

    The bars pass, and with --keep-input the orders before them.  Behind them come rows of kind fill, order_state,
    position, payment, liquidation and equity, and at the end a report for each account.  Limit, stop, take, trail and
    stop_limit orders rest and fill on the path that the price takes inside a bar, pessimistic by default; an order of
    a bar's close works from the next bar's open on.
    Positions are liquidated by the mark price (columns mark_high, mark_low, mark_close, or rows of kind mark_price as
    hq-import --kind mark_price makes them and hq-merge lays them beside the bars; without them the last price),
    by the tiers of --brackets.  Rows of kind funding, of the stream or of --funding, are paid; where they lack,
    --funding-missing says what it is.  hq-account(7) has all the rules.

    A series that has orders is an account of one symbol; a panel, or several series, is one account whose symbols
    share a wallet.  Of several strategies each has an account of its own, which --strategy narrows to one, as --symbol
    does to the orders of one symbol.  Bars of other periods than that of the orders pass.

    Orders are rows of kind order, as hq-signal writes them, or columns open_long, close_long, open_short, close_short
    of bars of one's own: a quantity is an order at that bar's close, empty is none, inf an order without a size.  A
    series with both is refused.

    STRATEGY.hq and --python run strategies here, in place of hq-signal and with its options: what they order is traded
    as though it had come, to the bit; with --keep-input it is written as hq-signal does, META as columns meta.NAME.
    Those that read their account (hq-dsl(7), hq-python(7)) run only here: at each bar the account does the bar, then
    the strategy reads what it came to and orders what works from the next open on.  On a panel, or several series,
    the strategy runs on every symbol's row of a ts after the account has done all of that ts: it reads its own
    symbol's position and the equity of the common wallet.

    A terminal shows the report as text, of several accounts a line each; --text and --json show it anywhere, in
    place of the frames.  With --state the account goes on in the next run, and its frames carry no report; --json and
    the terminal show how far it is.  --explain-fill shows in their place what made one fill.
    """
    from hq_core.futures.terms import Terms
    from hq_core.stages.backtest import BacktestStage

    goes_on = state is not None
    if close_at_end and goes_on:
        raise HqError("--close-at-end: with --state the run goes on, so nothing is closed at its end", USAGE)
    if text and json:
        raise HqError("--text and --json: choose one", USAGE)
    if explain_fill and goes_on:
        what = "the run would go on from its state, and the fill be gone; leave --state out and give the whole input"
        raise HqError(what, USAGE, subject=ReportOptions.explain_fill)
    stage = BacktestStage(
        Terms(**terms),
        brackets=brackets,
        strategy=strategy,
        close_at_end=close_at_end,
        per_year=periods_per_year,
        symbol=symbol,
        max_open=max_open,
        exchange_info=exchange_info,
        leverage_of=leverage_of,
        explain=explain_fill or 0,
        funding=funding,
        funding_missing=funding_missing,
        keep_input=keep_input,
    )
    whole: Stage = stage
    if files or python:
        if strategy:
            what = "chooses among orders that come; of strategies name those that are to run"
            raise HqError(what, USAGE, subject=(RunOptions.strategy, f" {strategy}"))
        from hq_cli._strategies import read_params, read_stores, read_strategies
        from hq_core.api.pipe import Pipe
        from hq_core.graph import Settings
        from hq_core.specs import rows_of
        from hq_core.stages.signal import Signal

        signal = Signal(
            read_strategies(files),
            python=python,
            period=period,
            params=read_params(params),
            keep=keep,
            settings=Settings(compat, rows_of(unstable)),
            missing=missing,
            stores=read_stores(stores, timeless),
            timeless=timeless,
            desk=stage,
        )
        if goes_on:
            signal.check_resumable()
        for warning in signal.warnings:
            say(f"hq-backtest: {warning}")
        whole = Pipe(signal, stage)
    else:
        for option, given in (
            (StrategyOptions.params, params),
            (StrategyOptions.period, period),
            (StrategyOptions.keep, keep),
            (StoresOptions.stores, stores),
            (StoreOptions.timeless, timeless),
            (SettingsOptions.compat, compat != SettingsOptions.compat.default),
            (SettingsOptions.unstable, unstable),
            (SettingsOptions.missing, missing != SettingsOptions.missing.default),
        ):
            if given:
                raise HqError("is for strategies; name one: STRATEGY.hq, or --python FILE:CLASS", USAGE, subject=option)
    told = json or text or explain_fill or os.isatty(1)

    def after(code: int) -> int:
        reports = stage.reports()
        if explain_fill:
            echo(_explained(stage.explanation(), json))
        elif told:
            if reports:
                echo(_text(reports, json))
            if not reports and not goes_on:
                raise HqError("input has no bars, so there is nothing to report", DATA)
        liquidated = any(report["liquidated"] for report in reports)
        return code or (CHECK if fail_on_liquidation and liquidated else 0)

    return Run(whole, frames=not told, after=after)


def _explained(found: dict[str, Any], json: bool) -> str:
    if json:
        from hq_cli._say import told_json

        return told_json(found)
    from hq_cli._fill import readable

    return readable(found)


def _text(reports: list[dict[str, Any]], json: bool) -> str:
    if json:
        from hq_cli._say import told_json

        return "\n".join(map(told_json, reports))
    from hq_cli._report import compared, readable

    return (readable(reports[0]) if len(reports) == 1 else compared(reports)).rstrip("\n")


if __name__ == "__main__":
    main()
