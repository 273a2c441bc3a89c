"""Candlestick patterns: each is one rule over the numbers of a few bars, which it asks for by their names.

A name is a word and how many bars back: `close2` is the close of two bars before, `close` this bar's. The words are
the four prices, the parts of a candle (kernels/candles.py), and the bounds below, which are means over the candles
before the one that is measured. Prices, means and their histories are nodes that all patterns of a graph share.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hq_core import registry
from hq_core.compose import Composite, Line, Nodes
from hq_core.jit import Kernel, inline
from hq_core.kernels import candles
from hq_core.kinds import OHLC

if TYPE_CHECKING:
    from collections.abc import Callable

PARTS = ("white", "black", "colour", "top", "bottom", "body", "upper", "lower")
BOUNDS = {  # what is measured, over how many candles, times two factors: TA-Lib's candle settings
    "long": (candles.bodies, 10, 1.0, 1.0),  # a body above it is long
    "short": (candles.bodies, 10, 1.0, 1.0),  # one below it is short
    "doji": (candles.spans, 10, 0.1, 1.0),  # one up to it is that of a doji
    "slight": (candles.shadows, 10, 1.0, 0.5),  # a shadow below it is short
    "tiny": (candles.spans, 10, 0.1, 1.0),  # one below it is very short
    "near": (candles.spans, 5, 0.2, 1.0),  # prices this far apart are near each other,
    "far": (candles.spans, 5, 0.6, 1.0),  # far from each other,
    "equal": (candles.spans, 5, 0.05, 1.0),  # or equal
}

CONFIRM = 3  # bars after a signal in which a close may confirm it

NISON = "Nison 1991, Japanese Candlestick Charting Techniques"
MORRIS = "Morris 1992, CandlePower"
CHESLER = "Chesler 2004, Trading False Moves with the Hikkake Pattern, Active Trader, April"


class Pattern(Composite):
    """A pattern; its rule gives the signal of one bar."""

    def __init__(self, rule: Callable[..., float], span: str, lookback: int, confirmed: bool, **said: Any) -> None:
        super().__init__(rule, inputs=" ".join(OHLC), outputs={rule.__name__: span}, **said)
        self.rule = inline(rule)
        self.lookback = lookback
        self.confirmed = confirmed
        self.function = self.put_together

    @cached_property
    def kernel(self) -> Kernel:
        """The rule for every row: a loop that calls it with the numbers of its arguments' names."""
        columns: list[str] = []
        values = [name if name in self.params else value(name, columns) for name in arguments(self.rule)]
        given = ["known", *columns, *self.params, "out"]
        loop = f"for i in range(len(known)): out[i] = rule({', '.join(values)}) + known[i]"
        made: dict[str, Any] = {"rule": self.rule} | {word: getattr(candles, word) for word in PARTS}
        exec(f"def {self.name}({', '.join(given)}):\n {loop}", made)
        made[self.name].__annotations__ = {name: "float" if name in self.params else "F8" for name in given}
        return Kernel(made[self.name], "")

    def put_together(self, on: Nodes, *given: Any) -> Line:
        prices = dict(zip(OHLC, given))
        params = dict(zip(self.params, given[len(OHLC) :]))
        _, *names, _ = [name for name, kind in self.kernel.args if kind == "F8"]
        lines = [column(on, prices, *split(name)) for name in names]
        reach = max(self.lookback, *(line.warmup for line in lines))
        found: Line = on.apply(self.kernel, known(on, prices, reach), *lines, **params)
        if self.confirmed:
            levels = [on.lag(prices["high"], 1), on.lag(prices["low"], 1), prices["close"]]
            found = on.apply(candles.confirmed, known(on, prices, reach + CONFIRM), found, *levels, bars=CONFIRM)
        return found


def value(name: str, columns: list[str]) -> str:
    """The text of a number of one row; the columns that it takes are added to `columns`."""
    word, back = split(name)
    if word in PARTS:
        return f"{word}({', '.join(value(price + back, columns) for price in arguments(getattr(candles, word)))})"
    if name not in columns:
        columns.append(name)
    return f"{name}[i]"


def arguments(function: Callable[..., Any]) -> tuple[str, ...]:
    code = function.__code__
    return code.co_varnames[: code.co_argcount]


def split(name: str) -> tuple[str, str]:
    """A name's word and its bars back: '' or a digit."""
    word = name.rstrip("0123456789")
    return word, name[len(word) :]


def known(on: Nodes, prices: dict[str, Line], bars: int) -> Line:
    """0 where a bar and the `bars` before it are known, else nan."""
    found: Line = on.apply(candles.known, *prices.values(), bars=bars, warmup=bars)
    return found


def column(on: Nodes, prices: dict[str, Line], word: str, back: str) -> Line:
    """The column of a price or a bound."""
    if word in prices:
        now = prices[word]
    else:
        measure, rows, factor, share = BOUNDS[word]
        sizes = on.apply(measure, *(prices[name] for name, _ in measure.args if name in prices))
        now = on.apply(candles.bound, sizes, ring=rows, warmup=rows, rows=rows, factor=factor, share=share)
    return on.lag(now, int(back or 0))


def pattern(
    title: str,
    source: str = NISON,
    span: str = "-100..100",
    lookback: int = 0,
    penetration: float = math.nan,
    confirmed: bool = False,
) -> Callable[[Callable[..., float]], registry.Indicator]:
    """Declare a pattern by its rule.

    lookback     rows that TA-Lib waits for, where they are more than the rule needs
    penetration  the default of the parameter of that name; nan where there is none
    confirmed    a close beyond the bar before the signal's, within three bars, doubles the signal
    """
    params = {}
    if penetration == penetration:
        params["penetration"] = registry.Param(penetration, 0.0, 1e6, "how deep into the first body, as a share of it")

    def declare(rule: Callable[..., float]) -> registry.Indicator:
        talib = rule.__name__.upper()
        made = Pattern(rule, span, lookback, confirmed, title=title, source=source, params=params, talib=talib)
        return registry.check_module(made, rule)

    return declare
