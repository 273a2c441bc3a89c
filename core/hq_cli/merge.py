"""hq-merge: several inputs in one stream, by time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_cli._command import Argument
from hq_cli._filter import Run, filter_command
from hq_core.errors import USAGE, HqError
from hq_core.options.merge import MergeOptions

if TYPE_CHECKING:
    from hq_core.flow import State
    from hq_core.roles import Source

EXAMPLES = """
hq-gen bars --rows 9 --seed 1 > a.hqf; hq-gen bars --rows 9 --seed 2 --symbol B | hq-merge a.hqf - > both.hqf
hq-gen bars --rows 9 --seed 2 --symbol ETHUSDT | hq-merge - <(hq-gen bars --rows 9 --seed 1) | hq-export csv
hq-gen bars --rows 90 --seed 1 --period 1h | hq-merge - <(hq-gen bars --rows 90 --seed 2) | hq-export table
for x in A B; do hq-gen bars --rows 9 --seed 1 --symbol $x | hq-export csv > $x-1.csv; done
hq-merge <(hq-import A-1.csv) <(hq-import B-1.csv) >> panel.hqf
"""


@filter_command(
    "hq-merge",
    EXAMPLES,
    Argument("files", "[FILE]...", many=True, required=False),
    MergeOptions,
    shows=("timeout", "final"),
)
def main(files: tuple[str, ...], series: bool, timeout: str, final: bool) -> Run:
    """Merge inputs by time: each row comes when no input can bring an earlier one any more.

    Series of symbols become panels, one for each kind and period: rows of many symbols in one series, with a column
    symbol, by ts and symbol.  Every command takes a panel as it takes the series that are in it.  FILEs are in any
    format that hq reads, - is stdin; without FILE it is stdin alone, whose series must lie in the order of their ts to
    each other.

    At one ts funding and marks, and quotes and books without a period, come first, then coarser periods, then the
    kinds (marks before trades, orders and bars), then the symbols by name; never by the order of the files. What is
    given at one moment, mostly many rows, comes series behind series, or panel behind panel, each by ts: a stream
    of several is in order as hq-frames(5) says, not line by line. Only panels of one kind and period, of symbols with
    different columns, come in turns, by ts and symbol, as one would; a switch costs as much as 1000 rows of one panel,
    so give symbols the same columns where that is easy. A mark says the smallest of what the inputs said.
    Rows from which on a series has other columns come behind those before. A forming row (complete 0) stands at its
    ts, but between the complete rows around it, and says nothing of how far its input has come. Orders of a csv,
    which names no period, are those of the bars of their symbol, or of the only bars there are.

    An input that is silent holds the rows of the others back, and maps as it does rows: at most 256 MiB of them.  To be
    read it takes 1 MiB or its largest frame; where there are more than 64 inputs, those that are not being read keep
    only the frame that has not come whole.

    With --state each FILE is read on from where the run before left it, and may have grown.  Rows for which another
    input may still bring earlier ones wait in the state; --final writes them, before the state is left for another one.
    Files of single days are merged without a state, day by day, as in the last example.
    """
    from hq_core.durations import parse_duration
    from hq_core.stages.merge import Merging

    patience = parse_duration(timeout, MergeOptions.timeout) / 1e9 if timeout else 0.0
    names = files or ("",)  # stdin alone needs no name in errors

    def found(state: State | None) -> Source:
        return _merged(names, series, patience, final, state)

    return Run(Merging(series), found=found, files=files)


def _merged(names: tuple[str, ...], series: bool, patience: float, final: bool, state: State | None) -> Source:
    """The merge of inputs by their names, from where a state left them."""
    from hq_core.places import opened, resumed
    from hq_core.stages.merge import Merged
    from hq_core.wire.frame import patience as waiting

    if final and state is None:
        raise HqError("--final is said with --state: without one all is written", USAGE)
    with waiting.of(patience):
        if state is None or state.loaded is None:
            inputs = [opened(name, 0) for name in names]
        else:
            inputs = resumed(names, 0, state)
    if state is None:
        return Merged(inputs, series, patience)
    return Merged(inputs, series, patience, more=not final, kept_in=state.path)


if __name__ == "__main__":
    main()
