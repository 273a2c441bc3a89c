"""hq-aggregate: trades or finer bars to bars."""
from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hq_cli._filter import filter_command

if TYPE_CHECKING:
    from hq_core.roles import Stage

EXAMPLES = """
hq-aggregate 15m:4h:1d < trades.csv | hq-export table
hq-gen trades --rows 1000 --seed 1 | hq-aggregate 1s:15s:1m --fill flat | hq-export csv --period 15s
hq-gen bars --rows 3000 --seed 1 | hq-aggregate 1d --tz Europe/London --partial keep | hq-export csv
"""


def _amounts(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[float, ...]:
    try:
        return tuple(float(word) for word in value.split(",")) if value else ()
    except ValueError:
        raise click.BadParameter(f"'{value}' is not a list of amounts such as 40000,200000,1000000") from None


@filter_command("hq-aggregate", EXAMPLES)
@click.argument("periods", metavar="PERIOD[:PERIOD]...")
@click.option("--fill", type=click.Choice(("none", "flat")), default="none", show_default=True,
              help="Over bars without trades: nothing, or the last close with zero volume and NaN vwap.")
@click.option("--max-gap", metavar="DURATION", default="1d", show_default=True,
              help="With --fill flat: a longer time without rows is an error.")
@click.option("--partial", type=click.Choice(("drop", "keep", "error")), default="drop", show_default=True,
              help="A first or last bar of which the input holds only a part; kept ones have complete=0.  A kept last "
              "one ends with the input: it is the one row that a longer input would not give.")
@click.option("--holes", type=click.Choice(("keep", "drop", "error")), default="keep", show_default=True,
              help="Bars made of fewer finer bars than they have room for (a 5m bar of three 1m bars).  They are "
              "counted on stderr and in the stream's end, with the place of the first one; with --fill flat there are "
              "none.")
@click.option("--slack", metavar="DURATION", default="1s", show_default=True,
              help="A last bar is whole if the trades end this close to its end, and within 1 % of its period; "
              "0s: never, and then no closed row rests on the end of the input.")
@click.option("--slack-start", metavar="DURATION", default="0s", show_default=True,
              help="A first bar is whole if the trades begin this close to its beginning, and within 1 % of its "
              "period.  A series that a --state continues has begun before.")
@click.option("--emit", type=click.Choice(("closed", "updates")), default="closed", show_default=True,
              help="Closed bars only, or also the forming bar (complete=0) after every input row.")
@click.option("--lateness", metavar="DURATION", default="",
              help="Wait so long for rows out of order (2s); later ones are dropped and counted as late.")
@click.option("--tz", metavar="ZONE", default="", help="1d and 1w follow the days of this IANA zone, not of UTC.")
@click.option("--time-label", is_flag=True,
              help="Add time_label, the 5-minute slot of the UTC day at which the bar opens, 1 to 288 (00:15 is 4).")
@click.option("--tiers", metavar="A,B,C", callback=_amounts,
              help="Add volume, quote_volume and trades by side for price*qty up to A, up to B, up to C, and above: "
              "columns t1_buy_volume to t4_sell_trades.")
@click.option("--fx", type=float, default=1.0, show_default=True,
              help="Units of the currency of --tiers for one of the quote currency.")
def main(
    periods: str, fill: str, max_gap: str, partial: str, holes: str, slack: str, slack_start: str, emit: str,
    lateness: str, tz: str, time_label: bool, tiers: tuple[float, ...], fx: float,
) -> Stage:
    """Make bars of every PERIOD from trades, or from bars.

    15m:4h:1d makes three series.  Periods are a count and s, m, h, d or w; 24h is 1d and 5min is 5m.  A bar is
    [open_time, ts) and is written when a row at or after its end arrives, a finer bar that closes with it, or a mark.
    Coarse bars come before the finer ones that close with them.  Bars of the input whose own period is asked for pass
    as they are; with --fill flat, --lateness or --time-label they are made anew, with the columns of other bars.
    Times lie in the years 1678 to 2261; a period is at most 90d, a duration 36500d.
    """
    from hq_core.stages.aggregate import Aggregate

    return Aggregate(
        periods, fill=fill, max_gap=max_gap, partial=partial, holes=holes, slack=slack, slack_start=slack_start,
        emit=emit, lateness=lateness, tz=tz, time_label=time_label, tiers=tiers, fx=fx,
    )


if __name__ == "__main__":
    main()
