"""hq-gen: synthetic bars, trades and books from a seed."""

from __future__ import annotations

from hq_cli._command import Argument
from hq_cli._filter import arguments, command, frames_out
from hq_core.options.gen import GenOptions

EXAMPLES = """
hq-gen bars --rows 1000 --seed 1 | hq-indicators rsi:14 ema:20 | hq-export csv
hq-gen trades --rows 100000 --seed 7 --gaps 0.1 | hq-aggregate 1m:15m | hq-export table
hq-gen books --rows 2000 --seed 1 | hq-factors mid micro imbalance:5 tfi:10s | hq-export csv
"""
KIND = {"bars": "bar", "trades": "trade", "books": "book"}


@command("hq-gen", EXAMPLES, Argument("what", choices=tuple(KIND)), GenOptions)
def main(what: str, rows: int, seed: int, symbol: str, period: str, start: str, gaps: float) -> None:
    """Write synthetic bars, trades or events of an order book.

    Prices walk on ticks of 0.1 from 30000, quantities are lots of 0.001; low <= open, close <= high, and the buy and
    sell parts add up; a book begins whole, and its best ask is a tick above its best bid.  The rows depend on the
    options alone: every machine gives the same bits.
    """
    from hq_core import VERSION
    from hq_core.formats.times import instant
    from hq_core.roles import Stage
    from hq_core.stages.gen import Generator
    from hq_core.stream.handover import give
    from hq_core.wire import Writer

    made = Generator(KIND[what], rows, seed, instant(start), symbol, period, gaps)
    with frames_out("hq-gen") as fd:
        out = Writer(fd)
        out.head([["hq-gen", VERSION, arguments(), {}]], {})
        sink = Stage()
        sink.begin(out)
        for item in made:
            give(item, sink)
        out.end({})
        out.flush()


if __name__ == "__main__":
    main()
