"""Random strategies, each with a slow meaning of its own that shares nothing with the language's code.

An expression is its text and a Python function of (world, row of its clock); a series that is absent is nan.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from hypothesis import strategies as st

NAN = math.nan


class World(NamedTuple):
    """Bars by clock: 'base' and '4h'; a bar is a dict with ts and the columns."""

    base: list[dict[str, float]]
    coarse: list[dict[str, float]]


class Expr(NamedTuple):
    text: str
    clock: str  # base, 4h, or '' for a number
    at: Any  # (world, i) -> value at row i of the clock; at row -1, before the first, every column is nan


def rows_of(world: World, clock: str) -> list[dict[str, float]]:
    return world.coarse if clock == "4h" else world.base


def on(expr: Expr, clock: str) -> Any:
    """expr's function read on `clock`, as of the row's ts."""
    if expr.clock in ("", clock):
        return expr.at

    def at(world: World, i: int) -> Any:
        j = sum(1 for bar in world.coarse if bar["ts"] <= world.base[i]["ts"]) - 1
        return expr.at(world, j)

    return at


def joined(*exprs: Expr) -> str:
    clocks = {expr.clock for expr in exprs} - {""}
    return "" if not clocks else clocks.pop() if len(clocks) == 1 else "base"


def _divide(a: float, b: float) -> float:
    return NAN if b == 0 or b != b else a / b


ARITHMETIC = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": _divide}
RELATIONS = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a == a and b == b and a != b,
}


def _truth(value: Any) -> bool:
    return value == 1.0


def _column(name: str, where: str) -> Expr:
    clock = "4h" if where else "base"
    return Expr(name + where, clock, lambda world, i: rows_of(world, clock)[i][name] if i >= 0 else NAN)


def _number(value: int) -> Expr:
    return Expr(f"({value})" if value < 0 else str(value), "", lambda world, i: float(value))


def _arith(a: Expr, sign: str, b: Expr) -> Expr:
    clock = joined(a, b)
    if clock == "":  # constants fold, and a division by 0 is refused: keep one side a column
        a, clock = _column("close", ""), "base"
    fa, fb = on(a, clock), on(b, clock)
    return Expr(f"({a.text} {sign} {b.text})", clock, lambda w, i: ARITHMETIC[sign](fa(w, i), fb(w, i)))


def _history(a: Expr, bars: int) -> Expr:
    if a.clock == "":
        return a
    return Expr(f"({a.text})[{bars}]", a.clock, lambda w, i: a.at(w, i - bars) if i >= bars else NAN)


def _held(a: Expr, bars: int) -> Expr:
    """A condition of before; false where there was no row."""
    return Expr(f"({a.text})[{bars}]", a.clock, lambda w, i: a.at(w, i - bars) if i >= bars else 0.0)


def _same(a: Expr, sign: str, b: Expr) -> Expr:
    """Two conditions compared."""
    clock = joined(a, b)
    fa, fb = on(a, clock), on(b, clock)
    return Expr(f"({a.text} {sign} {b.text})", clock, lambda w, i: float((fa(w, i) == fb(w, i)) == (sign == "==")))


def _mean(a: Expr, period: int, word: str) -> Expr:
    if a.clock == "":
        return a

    def at(world: World, i: int) -> float:
        window = [a.at(world, j) for j in range(i - period + 1, i + 1)] if i + 1 >= period else [NAN]
        return sum(window) / period

    return Expr(f"{word}({a.text}, period={period})", a.clock, at)


def _two(word: str, a: Expr, b: Expr) -> Expr:
    clock = joined(a, b)
    if clock == "":
        return a
    fa, fb = on(a, clock), on(b, clock)
    pick = min if word.upper() == "MIN" else max

    def at(world: World, i: int) -> float:
        x, y = fa(world, i), fb(world, i)
        return NAN if x != x or y != y else pick(x, y)

    x, y = (f"{one.text}.0" if one.text.isdigit() else one.text for one in (a, b))  # MAX(close, 4) is refused
    return Expr(f"{word}({x}, {y})", clock, at)


def _compare(a: Expr, sign: str, b: Expr) -> Expr:
    if joined(a, b) == "":
        a = _column("open", "")
    clock = joined(a, b)
    fa, fb = on(a, clock), on(b, clock)
    return Expr(f"({a.text} {sign} {b.text})", clock, lambda w, i: float(RELATIONS[sign](fa(w, i), fb(w, i))))


def _cross(word: str, a: Expr, b: Expr) -> Expr:
    if joined(a, b) == "":
        a = _column("open", "")
    clock = joined(a, b)
    fa, fb = on(a, clock), on(b, clock)

    def at(world: World, i: int) -> float:
        if i <= 0:
            return 0.0
        now, before = (fa(world, i), fb(world, i)), (fa(world, i - 1), fb(world, i - 1))
        over = now[0] > now[1] and before[0] <= before[1]
        under = now[0] < now[1] and before[0] >= before[1]
        return float({"CROSSOVER": over, "CROSSUNDER": under, "CROSS": over or under}[word.upper()])

    return Expr(f"{word}({a.text}, {b.text})", clock, at)


def _logic(a: Expr, word: str, b: Expr) -> Expr:
    clock = joined(a, b)
    fa, fb = on(a, clock), on(b, clock)

    def at(world: World, i: int) -> float:
        x, y = _truth(fa(world, i)), _truth(fb(world, i))
        return float(x and y if word.upper() == "AND" else x or y)

    return Expr(f"({a.text} {word} {b.text})", clock, at)


def _not(a: Expr, word: str) -> Expr:
    return Expr(f"({word} {a.text})", a.clock, lambda w, i: float(not _truth(a.at(w, i))))


COLUMNS = st.builds(
    _column, st.sampled_from(["open", "high", "low", "close", "volume"]), st.sampled_from(["", "", "@4h"])
)
LEAVES = COLUMNS | st.builds(_number, st.integers(-3, 12))
NUMBERS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(_arith, inner, st.sampled_from(list(ARITHMETIC)), inner),
        st.builds(_history, inner, st.integers(1, 4)),
        st.builds(_mean, inner, st.integers(2, 4), st.sampled_from(["SMA", "sma", "Sma"])),
        st.builds(_two, st.sampled_from(["MIN", "max", "Max"]), inner, inner),
    ),
    max_leaves=5,
)
CONDITIONS = st.recursive(
    st.builds(_compare, NUMBERS, st.sampled_from(list(RELATIONS)), NUMBERS)
    | st.builds(_cross, st.sampled_from(["CROSSOVER", "crossunder", "Cross"]), NUMBERS, NUMBERS),
    lambda inner: st.one_of(
        st.builds(_logic, inner, st.sampled_from(["AND", "or", "And"]), inner),
        st.builds(_not, inner, st.sampled_from(["NOT", "not"])),
        st.builds(_same, inner, st.sampled_from(["==", "!="]), inner),
        st.builds(_held, inner, st.integers(1, 3)),
    ),
    max_leaves=4,
)

# what a row's values alone decide: on whichever rows it is computed, it is the same
POINTWISE = st.recursive(
    st.builds(_compare, LEAVES, st.sampled_from(list(RELATIONS)), LEAVES),
    lambda inner: st.one_of(
        st.builds(_logic, inner, st.sampled_from(["AND", "OR"]), inner),
        st.builds(_not, inner, st.just("NOT")),
        st.builds(_same, inner, st.sampled_from(["==", "!="]), inner),
    ),
    max_leaves=4,
)
