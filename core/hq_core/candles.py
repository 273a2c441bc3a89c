"""Candlestick patterns: each is one rule over the numbers of a few bars, which it asks for by their names.

A name is a word and how many bars back: `close2` is the close of two bars before, `close` this bar's. The words are
the four prices, the parts of a candle (kernels/candles.py), and the bounds below, which are means over the candles
before the one that is measured. Prices, means and their histories are nodes that all patterns of a graph share.
"""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from hq_core import registry
from hq_core.compose import Composite, Line, Nodes
from hq_core.jit import Kernel, inline
from hq_core.kernels import candles

if TYPE_CHECKING:
    from collections.abc import Callable

PRICES = ("open", "high", "low", "close")
PARTS = ("white", "black", "colour", "top", "bottom", "body", "upper", "lower")
BOUNDS = {      # what is measured, over how many candles, times two factors: TA-Lib's candle settings
    "long": (candles.bodies, 10, 1.0, 1.0),         # a body above it is long
    "short": (candles.bodies, 10, 1.0, 1.0),        # one below it is short
    "doji": (candles.spans, 10, 0.1, 1.0),          # one up to it is that of a doji
    "slight": (candles.shadows, 10, 1.0, 0.5),      # a shadow below it is short
    "tiny": (candles.spans, 10, 0.1, 1.0),          # one below it is very short
    "near": (candles.spans, 5, 0.2, 1.0),           # prices this far apart are near each other,
    "far": (candles.spans, 5, 0.6, 1.0),            # far from each other,
    "equal": (candles.spans, 5, 0.05, 1.0),         # or equal
}

CONFIRM = 3     # bars after a signal in which a close may confirm it

NISON = "Nison 1991, Japanese Candlestick Charting Techniques"
MORRIS = "Morris 1992, CandlePower"
CHESLER = "Chesler 2004, Trading False Moves with the Hikkake Pattern, Active Trader, April"


class Pattern(Composite):
    """A pattern; its rule gives the signal of one bar."""

    def __init__(
        self, rule: Callable[..., float], span: str, lookback: int, confirmed: bool, **said: Any
    ) -> None:
        super().__init__(rule, inputs=" ".join(PRICES), outputs={rule.__name__: span}, **said)
        self.rule = inline(rule)
        self.lookback = lookback
        self.confirmed = confirmed
        self.columns: dict[str, None] = {}      # those that the rule needs, in order
        self.kernel: Kernel | None = None
        self.function = self.put_together

    def put_together(self, on: Nodes, *given: Any) -> Line:
        if self.kernel is None:
            self.kernel = self._kernel()
        prices = dict(zip(PRICES, given))
        lines = [column(on, prices, *split(name)) for name in self.columns]
        reach = max(self.lookback, *(line.warmup for line in lines))
        found: Line = on.apply(
            self.kernel, known(on, prices, reach), *lines, **dict(zip(self.params, given[len(PRICES) :]))
        )
        if self.confirmed:
            levels = [on.lag(prices["high"], 1), on.lag(prices["low"], 1), prices["close"]]
            found = on.apply(candles.confirmed, known(on, prices, reach + CONFIRM), found, *levels, bars=CONFIRM)
        return found

    def _kernel(self) -> Kernel:
        """The rule over whole columns."""
        code = self.rule.__code__
        names = code.co_varnames[: code.co_argcount]
        called = ", ".join(name if name in self.params else self._value(*split(name)) for name in names)
        given = ["known", *self.columns, *self.params, "out"]
        text = f"def {self.name}({', '.join(given)}):\n for i in range(len(known)): out[i] = rule({called}) + known[i]"
        made: dict[str, Any] = {"rule": self.rule} | {word: getattr(candles, word) for word in PARTS}
        exec(text, made)
        made[self.name].__annotations__ = {name: "float" if name in self.params else "F8" for name in given}
        return Kernel(made[self.name], "")

    def _value(self, word: str, back: str) -> str:
        """The text of a number of one bar."""
        if word in PARTS:
            part = getattr(candles, word).__code__
            return f"{word}({', '.join(self._value(price, back) for price in part.co_varnames[: part.co_argcount])})"
        self.columns[word + back] = None
        return f"{word}{back}[i]"


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
    far = int(back or 0)
    if word in prices:
        return on.lag(prices[word], far)
    measure, rows, factor, share = BOUNDS[word]
    sizes = on.apply(measure, *(prices[name] for name, _ in measure.args if name in prices))
    found: Line = on.apply(
        candles.part, sizes, ring=far + rows, warmup=far + rows, bars=far + 1, rows=rows, factor=factor, share=share
    )
    return found


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
        return registry.at_home(made, rule)

    return declare
