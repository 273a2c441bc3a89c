"""How much more of the last trades was bought: a factor as anyone may write one."""

import math

from hq_core.book.flags import TRADE
from hq_core.factoring import factor
from hq_core.jit import F8, I1, State
from hq_core.registry import Param


@factor(
    title="Lean of the Last Trades",
    inputs="kind side",
    outputs={"lean": "-1..1"},
    params={"trades": Param(20, 1, 10_000, "that are looked at")},
    state="head:i8<trades seen:i8<=trades total",
    ring=lambda trades: trades,
    few="too few trades so far",
    source="definition: (bought - sold) / trades, by number",
)
def lean(kind: I1, side: I1, trades: int, s: State, ring: F8, out: F8) -> None:
    """The mean side of the last trades: 1 where all were bought.

    s     head: where the next trade goes; seen: trades so far, up to `trades`; total: of their sides
    ring  (trades,)  their sides
    """
    for i in range(len(kind)):
        if kind[i] == TRADE:
            s.total += side[i] - ring[s.head]  # whole numbers: nothing is rounded
            ring[s.head] = side[i]
            s.head = (s.head + 1) % trades
            s.seen = min(s.seen + 1, trades)
        out[i] = s.total / trades if s.seen == trades else math.nan
