"""The bars of one period as a program holds them: each column a ring, and the indicators on them too."""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING, Any

from hq_core.batch import Batch, Schema, period_ns
from hq_core.errors import USAGE, HqError
from hq_core.kinds import OHLC
from hq_core.ring import Ring
from hq_core.series.expr import clock_text
from hq_core.series.plan import Plan
from hq_core.series.unit import Unit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hq_core.series.expr import Expr
    from hq_core.specs import Spec

VOLUMES = ("volume", "buy_volume")


class IndicatorLine:
    """An indicator's columns.  `line[-1]` and `line.view()` are the first output's; `line["hist"]` is one by name."""

    __slots__ = ("label", "outputs")

    def __init__(self, label: str, outputs: dict[str, Ring]) -> None:
        self.label = label
        self.outputs = outputs

    def __getitem__(self, which: int | str) -> Any:
        if isinstance(which, str):
            if which not in self.outputs:
                raise HqError(f"{self.label} has no output '{which}'; it has {', '.join(self.outputs)}", USAGE)
            return self.outputs[which]
        return self._first[which]

    def view(self, n: int | None = None) -> Any:
        """The last n values of the first output: a read-only float64 view, oldest first, no copy."""
        return self._first.view(n)

    def __len__(self) -> int:
        return len(self._first)

    @property
    def _first(self) -> Ring:
        return next(iter(self.outputs.values()))


class PeriodBars:
    """The bars of one period and the indicators on them.

    periods  names of all periods that there are: an indicator may read the bars of coarser ones
    columns  of the bars: rings of open, high, low, close, volume, buy_volume
    ts       of the bars held, ns
    """

    def __init__(self, name: str, symbol: str, periods: Sequence[str], capacity: int) -> None:
        self.name = name
        self.symbol = symbol
        self.capacity = capacity
        self.columns = {column: Ring(capacity) for column in (*OHLC, *VOLUMES)}
        self.ts = array("q")
        self._here = symbol, period_ns(name)
        self._periods = {period_ns(one): one for one in periods}
        self._exprs: dict[str, Expr] = {}
        self._rings: list[Ring] = []
        self._lines: dict[object, IndicatorLine] = {}
        self._unit: Unit | None = None  # from the first bar on
        self._before: Any = None  # its state before the newest bar
        self._schema = Schema("bar", symbol, name, [("ts", "i8"), *((column, "f8") for column in self.columns)])
        self._when = array("q", [0])
        self._row = array("d", [math.nan]) * len(self.columns)
        at = self._row.buffer_info()[0]
        self._batch = Batch(self._schema, 1, [self._when.buffer_info()[0], *range(at, at + 8 * len(self.columns), 8)])

    def add(self, spec: Spec) -> IndicatorLine:
        """The indicator on these bars; asked for twice it is computed once.

        Raises HqError USAGE after the first bar, and for bars that are not here.
        """
        if self._unit is not None:
            raise HqError(f"{spec.label}: indicators are added before the first bar", USAGE)
        key = spec.key, spec.output
        if key not in self._lines:
            exprs = spec.exprs(self._here)
            self._check(spec, exprs)
            rings = {output: Ring(self.capacity) for output in spec.outputs}
            for expr, ring in zip(exprs.values(), rings.values()):
                self._exprs[f"#{len(self._rings)}"] = expr
                self._rings.append(ring)
            self._lines[key] = IndicatorLine(spec.label, rings)
        return self._lines[key]

    def _check(self, spec: Spec, exprs: Mapping[str, Expr]) -> None:
        """Refuse what reads bars that are not here, or columns that they do not have."""
        plan, own = Plan(exprs), self._here[1]
        for symbol, length in plan.others:
            if symbol or length not in self._periods or length < own:
                known = ", ".join(name for ns, name in self._periods.items() if ns >= own and name)
                raise HqError(
                    f"{spec.label}: reads bars of {clock_text((symbol, length))}; here are "
                    f"{known or 'bars of no period'} of one symbol",
                    USAGE,
                )
        for graph in (plan.base, *(graph for graph, _ in plan.others.values())):
            for name in graph.sources:
                if name[0] != "@" and name not in self.columns:
                    raise HqError(f"column '{name}' is not one of {', '.join(self.columns)}", USAGE)

    def begin(self) -> None:
        """Plan what was added: the first bar comes."""
        plan = Plan(self._exprs)
        plan.columns = {name: plan.base.real(out) for name, out in plan.columns.items()}  # rings hold float64
        self._unit = Unit(self._schema, plan, _unheard)
        self._values = array("d", [math.nan]) * len(self._rings)
        at = self._values.buffer_info()[0]
        self._places = list(range(at, at + 8 * len(self._rings), 8))

    def hear(self, other: PeriodBars) -> None:
        """The newest bar of another period, for the indicators that read it."""
        assert self._unit is not None
        cursor = self._unit.feeds.get(other._here)
        if cursor is not None:
            cursor.feed.rows(other._batch)

    def push(self, ts: int, row: Mapping[str, float]) -> None:
        assert self._unit is not None
        self._before = self._unit.save()
        self._compute(ts, row)
        for ring, value in zip(self._rings, self._values):
            ring.push(value)
        for ring, value in zip(self.columns.values(), self._row):
            ring.push(value)
        self.ts.append(ts)
        if len(self.ts) > 2 * self.capacity:
            del self.ts[: self.capacity]

    def update_last(self, row: Mapping[str, float]) -> None:
        """The newest bar again, with other values."""
        assert self._unit is not None
        self._unit.load(self._before, own=True)
        self._compute(self.ts[-1], row)
        for ring, value in zip(self._rings, self._values):
            ring.update_last(value)
        for ring, value in zip(self.columns.values(), self._row):
            ring.update_last(value)

    def last(self) -> dict[str, float]:
        """The newest bar."""
        return dict(zip(self.columns, self._row))

    def _compute(self, ts: int, row: Mapping[str, float]) -> None:
        assert self._unit is not None
        self._when[0] = ts
        for i, name in enumerate(self.columns):
            self._row[i] = row.get(name, math.nan)
        self._unit.compute(self._batch, self._places)


def _unheard(what: str, count: int) -> None:
    """Notes are about rules, and there are none here."""
