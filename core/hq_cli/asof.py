"""hq-asof: columns of what was known at each row's ts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_cli._filter import Run, filter_command
from hq_core.options.asof import AsofOptions, WithOptions

if TYPE_CHECKING:
    from hq_core.flow import State
    from hq_core.roles import Source

EXAMPLES = """
hq-asof --with funding.hqf --columns rate < bars.hqf
hq-merge --series bars.hqf funding.hqf | hq-asof --with-kind funding --columns rate --tolerance 8h | hq-export csv
hq-aggregate 1h < bars.hqf > hours.hqf; hq-asof --with hours.hqf --columns close --prefix hour_ --age < bars.hqf
"""


@filter_command("hq-asof", EXAMPLES, WithOptions, AsofOptions)
def main(with_: str | None, **said: Any) -> Run:
    """Join onto rows the columns of the latest row of another kind that was known by then.

    Each row of the kind --onto gets the --columns of the last row of the other kind whose ts is not behind its own, and
    whose symbol is its own; a series without a symbol is for all symbols.  NaN stands where there is none, where it is
    older than --tolerance, and where it has NaN itself.  What is joined becomes float64; a whole number that float64
    cannot hold is an error, and texts and vectors are refused.  Rows that are still forming (complete 0) are never
    joined; those that get columns get what is known at their ts.

    It looks backward only.  There is no option for the nearest row or the next one: at its ts a row does not know what
    comes later, so a result that rests on it could not be traded.  A row of the very same ts counts, as all that a ts
    brings is known at it; --strictly-before is for data of which that is not sure.

    The other kind comes in the stream (--with-kind), which it leaves here, or from a file (--with), which is read as
    far as the stream needs it.  A row is written when all that it may get has come: when the other kind of its symbol
    has come further, or a mark says that it has no more rows up to there (so a feed of both must bring marks to be
    prompt), or at the end.  Until then it waits, with those behind it, at most 256 MiB of them together with what may
    still be joined; hq-merge --series puts series that are long in order.  A row of the other kind that comes when rows
    that would have got it are written is an error, so the result never depends on how the input was cut.  Rows of a
    symbol that the file does not have wait for the file's end.

    A panel, on either side, gives what the series of its symbols give.  Of one symbol only one series can be joined,
    and rows with a column of texts cannot wait and get none.  Columns that the rows have already need a --prefix.

    With --state the file is read on from where the run before left it, and may have grown.
    """
    from hq_core.stages.asof import FURTHER, Asof

    stage = Asof(beside=with_ is not None, **said)
    if with_ is None:
        return Run(stage)
    path: str = with_

    def found(state: State | None) -> Source:
        from hq_core.stages.asof_with import beside

        return beside(path, 0, stage, stage.options.with_kind, FURTHER, state)

    return Run(stage, found=found)


if __name__ == "__main__":
    main()
