"""Expressions: what is to be computed, of which type, and on which clock.  All words for it end here."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hq_core import registry
from hq_core.batch import period_ns, period_text
from hq_core.errors import USAGE, HqError
from hq_core.graph import IN, IS
from hq_core.kernels.operators import operator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Clock = tuple[str, int]  # symbol and period in ns; empty and 0 are the base's own

BASE: Clock = ("", 0)
OPEN: Clock = ("", -1)  # of what is on the rows of whatever it is joined with
F8, I8, BOOL, TEXT, HIT, STORE = "f8", "i8", "b1", "s4", "hit", "store"
NEAR = ("hit", "alike")  # operations of vectors.py that give numbers
LOGIC = frozenset(("and_", "or_", "not_", "eq", "ne"))  # kernels that take conditions


class Expr:
    """One expression.

    dtype   f8; b1, a condition; i8, a time taken as it stands; s4, a text known beforehand; f4xN, a vector; store; hit,
            what of a store is near to a vector
    clock   whose rows it has a value for: symbol and period in ns, BASE the base's own; None where it never changes
    op      const, column, indicator, output, lag, record, recall, remember, across, vector, hit, alike (vectors.py), or
            a kernel of kernels/operators.py
    args    operands
    data    const: the number or text; column, output: its name; lag: bars; indicator: (name, parameters); a kernel's:
            (parameters, values that it remembers); across: (name, which of kernels/across.py)
    outputs names of an indicator's outputs, where it has several: one must be picked before anything can be computed
    before  its value where its clock has no row yet: nan, or false, but where an operator says otherwise, as NOT does
    """

    __slots__ = ("args", "before", "clock", "data", "dtype", "op", "outputs")

    def __init__(
        self,
        dtype: str,
        clock: Clock | None,
        op: str,
        args: tuple[Expr, ...] = (),
        data: object = None,
        outputs: tuple[str, ...] = (),
    ) -> None:
        self.dtype = dtype
        self.clock = clock
        self.op = op
        self.args = args
        self.data = data
        self.outputs = outputs
        self.before = data if isinstance(data, float) else 0.0 if dtype == BOOL else math.nan

    @property
    def numeric(self) -> bool:
        return self.dtype == F8 and not self.outputs

    @property
    def constant(self) -> float | None:
        """The number, or truth as 1 and 0, that is known beforehand."""
        return self.data if self.op == "const" and isinstance(self.data, float) else None


def constant(value: float | str | bool) -> Expr:
    if isinstance(value, str):
        return Expr(TEXT, None, "const", data=value)
    return Expr(BOOL if isinstance(value, bool) else F8, None, "const", data=float(value))


def column(name: str, clock: Clock = BASE, dtype: str = F8) -> Expr:
    """A column of the rows of `clock`, read as `dtype`."""
    return Expr(dtype, clock, "column", data=name)


def of_account(strategy: str, name: str) -> Expr:
    """A number that a strategy's account knows when it has done the row."""
    return column(account_source(strategy, name))


def account_source(strategy: str, name: str) -> str:
    """What a graph calls it."""
    return f"@{strategy}:account:{name}"


def indicator(entry: registry.Indicator, inputs: Sequence[Expr], params: Mapping[str, registry.Value]) -> Expr:
    """All outputs of an indicator, on the clock of what it reads; where that is of several series, on the base's."""
    outputs = tuple(entry.outputs) if len(entry.outputs) > 1 else ()
    reads = tuple(
        one if kind == F8 or one.op != "column" else Expr(kind, one.clock, "column", data=one.data)
        for one, kind in zip(inputs, entry.reads)
    )
    dtype = F8 if outputs else _typed(entry.gives[0])
    return Expr(dtype, align(*inputs), "indicator", reads, (entry.name, params), outputs)


def picked(of: Expr, output: str) -> Expr:
    """One output of a hit, or of an indicator, which may have that one alone."""
    if not of.outputs:
        return of
    if of.op == "record":
        return of.args[of.outputs.index(output)]
    if of.dtype == HIT:
        return Expr(I8 if output == "ts" else F8, of.clock, "output", (of,), output)
    assert isinstance(of.data, tuple)
    entry = registry.load(of.data[0])
    return Expr(_typed(entry.gives[of.outputs.index(output)]), of.clock, "output", (of,), output)


def _typed(kind: str) -> str:
    """What a column of this type is to whoever reads it: a condition, or a number."""
    return BOOL if kind == BOOL else F8


def applied(op: str, *args: Expr, dtype: str = F8, params: Mapping[str, int] | None = None, ring: int = 0) -> Expr:
    """A kernel of kernels/operators.py over its operands, on their clock; of what never changes its one value.

    params  its parameters;  ring: values that it remembers
    """
    kernel = operator(op)
    found = Expr(dtype, align(*args), op, args, (params or {}, ring))
    if not kernel.fields and not params:
        out = [0.0]
        kernel.function(*([one.before] for one in args), out)
        found.before = out[0]
        if found.clock is None:
            return constant(out[0] == 1.0 if dtype == BOOL else out[0])
    return found


def moment(op: str, time: Expr, zone: str, params: Mapping[str, int] | None = None, dtype: str = F8) -> Expr:
    """A kernel of kernels/clock.py over a column of times, on the clock of a zone."""
    local = Expr(I8, time.clock, "column", data=zoned(str(time.data), zone))
    return Expr(dtype, time.clock, op, (local,), (params or {}, 0))


def is_text(of: Expr, text: str) -> Expr:
    """Whether a column of texts is this one."""
    return Expr(BOOL, of.clock, "column", data=f"{of.data}{IS}{text}")


def zoned(name: str, zone: str) -> str:
    """What a graph calls a column of times on a zone's clock."""
    return name if zone == "UTC" else f"{name}{IN}{zone}"


def record(outputs: Mapping[str, Expr]) -> Expr:
    """Several values under names, one of which must be picked."""
    return Expr(F8, None, "record", tuple(outputs.values()), outputs=tuple(outputs))


def recalled(seed: Expr, clock: Clock, name: str) -> Expr:
    """The last value of the variable `name`, one row before: the seed where there is none, or it is nan."""
    return Expr(seed.dtype, clock, "recall", (seed,), name)


def recalled_before(last: Expr, rows: int, seed: Expr) -> Expr:
    """What `last`, a variable's last value, was so many rows before; the seed as it is now where there is none.

    Exact where `last` itself has that seed and it never changes, or has none: nan.
    """
    before = Expr(F8, last.clock, "lag", (last,), rows) if rows else last
    found = Expr(F8, last.clock, "nz", (before, seed), ({}, 0))
    return found if seed.dtype == F8 else Expr(BOOL, last.clock, "eq", (found, constant(1.0)), ({}, 0))


def kept(last: Expr, value: Expr) -> Expr:
    """The value of a variable that is made of its last one, what `recalled` gave."""
    return Expr(value.dtype, last.clock, "remember", (last, value), last.data)


def crossed(name: str, what: int, x: Expr, by: Expr) -> Expr:
    """What kernels/across.py makes of x among the symbols of a panel; by: a constant, or what tells groups apart."""
    return Expr(F8, align(x, by), "across", (x, by), (name, what))


def reads_last(expr: Expr) -> bool:
    """Whether it is made of the last value of a variable that is being defined."""
    waiting, seen = [expr], {id(expr)}
    while waiting:
        one = waiting.pop()
        if one.op == "recall":
            return True
        if one.op != "remember":  # all that is below is of a variable that is there
            fresh = [arg for arg in one.args if id(arg) not in seen]
            seen.update(map(id, fresh))
            waiting += fresh
    return False


def pointwise_logic(expr: Expr) -> bool:
    """Whether it joins conditions row by row: AND, OR, NOT, or == and != of two conditions."""
    return expr.dtype == BOOL and all(one.dtype == BOOL for one in expr.args) and expr.op in LOGIC


def scored(expr: Expr) -> Expr:
    """A hit where a number is wanted: its score."""
    return picked(expr, "score") if expr.dtype == HIT else expr


def truth(expr: Expr) -> Expr:
    """A hit where a condition is wanted: whether there is one."""
    if expr.dtype != HIT:
        return expr
    score = picked(expr, "score")
    return applied("eq", score, score, dtype=BOOL)


def stands(expr: Expr) -> bool:
    """Whether it has a value, or is true, where its clock has no row yet."""
    return expr.before == 1.0 if expr.dtype == BOOL else expr.before == expr.before


def lagged(of: Expr, bars: int) -> Expr:
    """The value of so many rows before; of a hit its numbers, as nothing takes up a time of before."""
    if of.dtype == HIT:
        outputs = tuple(name for name in of.outputs if name != "ts")
        numbers = tuple(lagged(picked(of, name), bars) for name in outputs)
        return Expr(HIT, of.clock, "record", numbers, outputs=outputs) if bars else of
    return Expr(of.dtype, of.clock, "lag", (of,), bars) if bars else of


def align(*operands: Expr) -> Clock | None:
    """The clock of an operation: its operands' own where they agree, the base's where they differ."""
    clocks = {one.clock for one in operands if one.clock is not None}
    if len(clocks) > 1:
        clocks.discard(OPEN)
    return (clocks.pop() if len(clocks) == 1 else BASE) if clocks else None


def clock_of(symbol: str, period: str, here: Clock) -> Clock:
    """The clock of a reference from a series of symbol and period `here`: what equals its own is left out."""
    length = period_ns(period)
    return "" if symbol == here[0] else symbol, 0 if length == here[1] else length


def reference(text: str) -> tuple[str, str]:
    """(symbol, period) of what stands after '@': 4h, ETHUSDT, ETHUSDT:4h; each may be empty, not both.

    A last part that is no period belongs to the symbol: futures are called ETH/USDT:USDT.  HqError USAGE where it
    must have been meant as one: a count and a letter, or nothing.
    """
    symbol, colon, last = text.rpartition(":")
    try:
        if period_ns(last):
            return symbol, last
        mistyped = True
    except HqError:
        mistyped = last[:-1].isdecimal() and last[-1].isalpha()
    if mistyped:
        what = f"period is '{last}', must be a whole number and s, m, h, d or w, such as 15m"
        meant = last.lower() if last[-1:] in "SHDW" else ""  # 1M is a month elsewhere
        raise HqError(what + (f"; did you mean {meant}?" if meant else ""), USAGE)
    return text, ""


def clock_text(clock: Clock) -> str:
    """A clock as it stands after '@'."""
    return ":".join(part for part in (clock[0], period_text(clock[1])) if part)
