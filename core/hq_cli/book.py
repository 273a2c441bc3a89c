"""hq-book: order books of events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_cli._filter import filter_command
from hq_core.options.book import BookOptions, ViewOptions
from hq_core.options.steps import ListingOptions, StepOptions

if TYPE_CHECKING:
    from hq_core.roles import Stage

EXAMPLES = """
hq-import < examples/events.csv | hq-book --tick 0.1 --lot 0.001 | hq-export csv
hq-book --tick 0.1 --lot 0.001 --emit depth:5 < book.hqf | hq-export table
hq-book --emit snapshot-every:end < book.hqf | hq-export csv
"""


@filter_command("hq-book", EXAMPLES, StepOptions, ListingOptions, BookOptions, ViewOptions)
def main(**said: Any) -> Stage:
    """Keep an order book for every series of events and write what is to be seen of it.

    Rows of kind book are hftbacktest's events: DEPTH sets a level to a quantity (0: it is gone), CLEAR empties a side
    from its best price up to px (px 0, or no side: all of it), SNAPSHOT rows tell a book anew behind a CLEAR, BBO is
    the best level of a side (levels better than it go), TRADE changes nothing.  ADD, MODIFY and CANCEL are books by
    order, by order_id; a FILL leaves the book as it is, as the CANCEL or MODIFY behind it tells what it left.

    quote is written as the best bid or ask, or the quantity there, changes; depth:5 has bid_1, bid_qty_1, ask_1,
    ask_qty_1 to ask_qty_5; updates has of each event its price in ticks, the quantity before and now, and the best bid
    and ask before and now; snapshot-every:1s writes whole books as events, a CLEAR and then bids and asks, best first,
    at each full second that something came before; snapshot-every:end one book at the end, without the CLEAR, as
    hftbacktest has it.

    quality says how far a book is to be trusted: 0 good; 1 no bid, 2 no ask, 3 empty; 4 crossed: an event has met
    levels of the other side, which are passed over until an event tells of them again, so that bid and ask are those of
    the side told last, as hftbacktest's are; 5 unknown: a gap (a CLEAR of ival 1), until a row of a snapshot comes.
    What is not there is NaN, never 0.

    Where a tick is given the book begins empty with the first event, as hftbacktest's does.  So before the first
    snapshot or CLEAR levels that stood already are missing, which quality does not say: a stream without either, such
    as one that begins in the middle of changes, may never tell whether its book is whole.  Changes that hq-import reads
    before a snapshot begin with a CLEAR of ival 1, so that the book is unknown until one comes.

    Prices are whole ticks, so that 3 ticks of 0.1 are 0.3.  Without --tick or --exchange-info the tick is the largest
    step that all prices of the first snapshot are multiples of, which a line on stderr tells; rows before it, or before
    the CLEAR that it begins with, are left out, and a price off that tick is an error.  Off a given tick it is left
    out, counted, and told as a row of kind finding.  Where the tick moves with the price (Hyperliquid: five significant
    digits) give the finest one.

    Rows that are not known here (no LOCAL flag) make no book.  With --view exch it is made of those with EXCH, in the
    order of exch_ts, which is then the ts of what is written; rows wait for others until --lateness has gone by, marks
    are not passed on, and panels leave as series.
    """
    from hq_core.stages.book import Book

    return Book(**said)


if __name__ == "__main__":
    main()
