"""Typed values: what an expression is, and on which clock it runs."""
from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Clock = tuple[str, int]  # symbol and period in ns; empty and 0 are the base's own

BASE: Clock = ("", 0)


class Value:
    """A typed expression.

    kind    number (known beforehand), series, bool (a condition), text, time, outputs (of an indicator)
    clock   the rows it has a value for; None where it never changes
    op      const, column, text, time, indicator, output, lag, or the name of a kernel of kernels/ops.py
    args    operands
    data    const: the number; column, output, time: its name; lag: bars; indicator: (name, parameters)
    word    what messages call it
    outputs names of an indicator's outputs, where it has several
    """

    __slots__ = ("args", "clock", "data", "kind", "op", "outputs", "word")

    def __init__(
        self,
        kind: str,
        clock: Clock | None,
        op: str,
        args: tuple[Value, ...],
        data: object = None,
        word: str = "",
        outputs: tuple[str, ...] = (),
    ) -> None:
        self.kind = kind
        self.clock = clock
        self.op = op
        self.args = args
        self.data = data
        self.word = word or kind
        self.outputs = outputs

    @property
    def numeric(self) -> bool:
        return self.kind in ("number", "series")

    @property
    def constant(self) -> float | None:
        return self.data if self.op == "const" and isinstance(self.data, float) else None

    @property
    def pick(self) -> str:
        """What to add to a message about a value that still has several outputs."""
        if self.kind != "outputs":
            return ""
        return "; pick an output: " + ", ".join("." + name for name in self.outputs)


def align(*values: Value) -> Clock | None:
    """The clock of an operation: its operands' own where they agree, the base's where they differ."""
    clocks = {value.clock for value in values if value.clock is not None}
    return (clocks.pop() if len(clocks) == 1 else BASE) if clocks else None
