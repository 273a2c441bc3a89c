"""hq-pairs: factors of two symbols side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_cli._command import Argument
from hq_cli._filter import filter_command
from hq_cli._say import echo
from hq_cli._shown import ListOptions
from hq_core.errors import USAGE, HqError
from hq_core.options.pairs import PairOptions

if TYPE_CHECKING:
    from hq_core.roles import Stage

EXAMPLES = """
hq-factors --tick 0.1 mid < books.hqf | hq-pairs BTCUSDT,ETHUSDT ratio_dev:15 zscore:60s | hq-export table
hq-factors --tick 0.1 --trigger every:1s mid < books.hqf | hq-pairs BTCUSDT,ETHUSDT corr:60s beta:60s | hq-export table
hq-factors --tick 0.1 micro < books.hqf | hq-pairs --of micro BTCUSDT,ETHUSDT leadlag:60s,-1 leadlag:60s | hq-export csv
hq-pairs --list
"""


@filter_command(
    "hq-pairs",
    EXAMPLES,
    Argument("words", "[A,B [NAME=]FACTOR[:PARAMETERS]...]", many=True, required=False),
    PairOptions,
    ListOptions,
    shows=("list_", "as_json"),
)
def main(words: tuple[str, ...], list_: bool, as_json: bool, **options: Any) -> Stage | None:
    """Compute factors of two symbols, A and B.

    Rows of kind factor of both, of a panel as hq-merge writes it or of series whose rows come by ts, become rows of
    kind factor of the symbol A-B.  --of names the factor that is compared, a column of theirs.

    There is one row for each instant at which one of the two has rows, from the first on at which both are known; it
    has what is known of both at the end of that instant, and is written when a later row or a mark says that it is
    over.  So the order of rows of one instant changes nothing.  Where one of the two lacks its value those of the
    pair are NaN, and reason is why; few: too few rows in a window, or one of the two stands still in it.

    A window of time holds the rows of the pair that are at most so old; returns are log returns from row to row.
    For rows in even steps take hq-factors --trigger every:1s.  leadlag correlates a so many rows ago with b now: of
    a lag of 1 and one of -1 the larger says who leads.
    """
    if list_:
        from hq_cli._lists import pairs

        text, broken = pairs(words, as_json)
        echo(text)
        if broken is not None:
            raise broken
        return None
    if len(words) < 2:
        raise HqError("name two symbols and a factor, such as BTCUSDT,ETHUSDT ratio_dev:15 (--list shows them)", USAGE)
    from hq_core.stages.pairs import Pairs

    return Pairs(*words, **options)


if __name__ == "__main__":
    main()
