"""hq-aggregate: trades or finer bars to bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_cli._command import Argument
from hq_cli._filter import filter_command
from hq_core.options.aggregate import AggregateOptions

if TYPE_CHECKING:
    from hq_core.roles import Stage

EXAMPLES = """
hq-aggregate 15m:4h:1d < trades.csv | hq-export table
hq-aggregate 1m < book.hqf | hq-signal examples/rsi.hq
hq-gen trades --rows 1000 --seed 1 | hq-aggregate 1s:15s:1m --fill flat | hq-export csv --period 15s
hq-gen books --rows 9000 --seed 1 | hq-factors mid | hq-aggregate 10s:1m --of mid | hq-export csv --period 1m
hq-gen bars --rows 3000 --seed 1 | hq-aggregate 1d --tz Europe/London --partial keep | hq-export csv
"""


@filter_command("hq-aggregate", EXAMPLES, Argument("periods", "PERIOD[:PERIOD]..."), AggregateOptions)
def main(periods: str, **said: Any) -> Stage:
    """Make bars of every PERIOD from trades, alone or among the events of a book, or from bars.

    15m:4h:1d makes three series.  Periods are a count and s, m, h, d or w; 24h is 1d and 5min is 5m.  A bar is
    [open_time, ts) and is written when a row at or after its end arrives, a finer bar that closes with it, or a mark.
    Coarse bars come before the finer ones that close with them.  Bars of the input whose own period is asked for pass
    as they are; with --fill flat, --lateness or --time-label they are made anew, with the columns of other bars.
    Times lie in the years 1678 to 2261; a period is at most 90d, a duration 36500d.

    --of makes bars of factors, rows of kind factor with the period as theirs: the first, highest, lowest, last and mean
    value of each, of the rows that have one; where none has, the bar is not valid and reason is few.  A row counts as
    much as any other: hq-factors --trigger every:1s before it makes the mean one of time.  A bar is written when a
    row or a mark comes at or behind its end, the last one only then; a first one that had begun before the input is
    left out.

    Of a panel the bars are a panel: those of each symbol are as they are of its series alone.
    """
    from hq_core.stages.aggregate import Aggregate

    return Aggregate(periods, **said)


if __name__ == "__main__":
    main()
