"""hq-factors: factors of order books."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_cli._command import Argument
from hq_cli._filter import filter_command
from hq_cli._say import echo
from hq_cli._shown import ListOptions
from hq_core.errors import USAGE, HqError
from hq_core.options import Option
from hq_core.options.book import ViewOptions
from hq_core.options.factors import FactorOptions
from hq_core.options.steps import ListingOptions, StepOptions

if TYPE_CHECKING:
    from hq_core.roles import Stage

EXAMPLES = """
hq-gen books --rows 2000 --seed 1 | hq-factors mid micro imbalance:5 tfi:10s | hq-export csv | tail -3
hq-factors --tick 0.1 mid spread micro imbalance:5 ofi:1s vwap:1s < book.hqf | hq-export table
hq-factors --tick 0.1 --trigger every:100ms imb5=imbalance:levels=5 tfi:1s < book.hqf | hq-export csv | head
hq-factors --tick 0.1 --trigger instant --expr 'edge = micro - mid' micro mid < book.hqf | hq-export table
hq-factors --list tfi imbalance
HQ_PATH=examples/plugin hq-factors --tick 0.1 lean:3 < book.hqf | hq-export table
"""


class ExprOptions:
    """Columns and factors besides those that are named."""

    expr: Option[tuple[str, ...]] = Option(
        (),
        "A column that is an expression of hq-dsl(7) over the factors; what looks back counts events, written or not.",
        kind=str,
        many=True,
        unit="[NAME=]EXPR",
    )
    plugin: Option[tuple[str, ...]] = Option(
        (), "A file with a factor of yours, called as the file; HQ_PATH names folders of them.", kind=str, many=True,
        unit="FILE",
    )  # fmt: skip


@filter_command(
    "hq-factors",
    EXAMPLES,
    Argument("specs", "[[NAME=]FACTOR[:PARAMETERS]]...", many=True, required=False),
    StepOptions,
    ListingOptions,
    FactorOptions,
    ViewOptions,
    ExprOptions,
    ListOptions,
    shows=("list_", "as_json"),
)
def main(
    specs: tuple[str, ...], expr: tuple[str, ...], plugin: tuple[str, ...], list_: bool, as_json: bool, **options: Any
) -> Stage | None:
    """Compute factors of order books at their events.

    Rows of kind book become rows of kind factor: a column for each factor that is named, valid, which is 0 where
    one of them has no value, and reason, which says why the first such one has none: warm-up (--warmup), no bid, no
    ask, empty, crossed, gap (the book is not known until the next snapshot), few (too few trades or changes in its
    window).  A value that is missing is NaN.  --long writes a row a factor: factor, value, valid, reason.  ts is
    when the event was received, exch_ts when it happened.

    tfi:1s is the trade flow imbalance of one second in column tfi_1s (ofi is its other name; that of Cont, Kukanov
    and Stoikov is ofi_cks); imbalance:5 that of the depth within five price steps, imbalance:levels=5 of the five
    best levels; imb5=imbalance:5 gives it a name.  Further outputs stand behind an underscore: spread_bps,
    vwap_1s_volume.  A window of time is closed on the left: what is just as old as it is long counts.
    The volume of vwap is that of the trades that there are, 0 without one.

    A row is written at every event, or as --trigger says: depth (levels have changed), bbo (a best price or its
    quantity has), trade, instant, every:100ms, or several with commas.  instant is the end of each instant, all rows
    of one ts: its row is written when a later event, a mark or the end of the input says that it has passed; with
    --state the end does not, as more of it may follow.  A message becomes several rows of one ts, and the books between
    them never were: a price that moves may stand crossed for a row.  Strategies that trade should read rows of instant
    or every:100ms alone, which have no such books.

    every:100ms is a clock of events: at each multiple of 100 ms a row of what is known at it, as soon as a later event,
    or a mark, says that it has passed; of a gap as many as it lasts.  With --min-interval and --min-change a row is
    written only if both are met since the last one; the first row, and one where a value comes or goes, always.  In
    --long each factor is looked at by itself.

    Factors that compare books (rvar, rvol, ofi_cks) look at them at the ends of instants: a change belongs to its
    instant, and is known from the first event behind it on, or at a row that --trigger instant or every:100ms has of
    it.  Where the book is crossed or lacks a side there, the next good one is compared with the last good one; behind a
    gap they begin anew.  effective and kyle measure a trade from the mid at the end of the instant before.

    What of --expr looks back (mid[1], SMA(mid, 20)) counts events and rows of the clock, written or not.

    markout and realised look ahead from a trade, and have their value from the first event behind their horizon on:
    never at the trade's own row.

    Of a panel the factors are a panel, those of each symbol as they are of its series alone.  The tick is told by the
    first snapshot where neither --tick nor --exchange-info says it.

    --view local (the default) reads the events that were received here, as they were; --view exch, for research, those
    at the exchange, whose exch_ts is then ts.  A price off the tick is left out and told as a row of kind finding.

    A factor of your own is NAME.py with @factor, in a folder of HQ_PATH or named by --plugin; it is compiled as
    ours are (examples/plugin/lean.py).
    """
    if plugin:
        from hq_core.factoring.own import load_file

        for path in plugin:
            load_file(path)
    if list_:
        from hq_cli._lists import factors

        text, broken = factors(specs, as_json)
        echo(text)
        if broken is not None:
            raise broken
        return None
    if not specs:
        raise HqError("name at least one factor, such as mid (--list shows them)", USAGE)
    from hq_core.stages.factors import Factors

    return Factors(*specs, exprs=expr, **options)


if __name__ == "__main__":
    main()
