"""How a factor is declared: as an indicator is, over the events of a book."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from hq_core.book.book import TABLES
from hq_core.durations import duration_text, parse_duration
from hq_core.errors import USAGE, HqError
from hq_core.factoring.window import Window
from hq_core.graph import NO_TABLES
from hq_core.jit import COLUMNS, Kernel, kernel
from hq_core.registry import Entry, Param, Shelf, check_module

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hq_core.graph import Graph, GraphColumn, Node
    from hq_core.jit.declare import Valid
    from hq_core.registry import Value

WINDOW = "head:i8 mid:i8 tail:i8"  # fields of the record of a factor with a window of time


class Duration(Param):
    """A parameter that is a length of time, 500ms; its kernel gets nanoseconds.  low, high: in ns, both included."""

    def __init__(self, default: str, low: str = "1ns", high: str = "7d", help: str = "") -> None:
        super().__init__(default, parse_duration(low), parse_duration(high), help)

    def read(self, owner: str, name: str, value: Any) -> Value:
        try:
            ns = parse_duration(value)
        except HqError as error:
            raise HqError(f"{owner}: {name}: {error}", USAGE) from None
        if not self.low <= ns <= self.high:
            low, high = duration_text(int(self.low)), duration_text(int(self.high))
            raise HqError(f"{owner}: {name} is {value}, must be {low} to {high}", USAGE)
        return duration_text(ns)

    def passed(self, value: Value) -> float:
        return parse_duration(str(value))

    def described(self, name: str) -> dict[str, Any]:
        low, high = duration_text(int(self.low)), duration_text(int(self.high))
        return {"name": name, "default": self.default, "min": low, "max": high, "help": self.help}


class Labelled(Entry):
    """A declaration whose columns are named by it and its parameters.

    label   what makes that name of the parameters
    oracle  where its independent form is
    """

    def __init__(self, name: str, *, label: Callable[..., str] | None = None, oracle: str = "", **said: Any) -> None:
        super().__init__(name, **said)
        self.oracle = oracle
        self._label = label

    def label(self, bound: Mapping[str, Value]) -> str:
        """What names its columns: the name, the first parameters by their values, further ones by name and value."""
        if self._label is not None:
            return self._label(*bound.values())
        words = [self.name]
        for i, (name, value) in enumerate(bound.items()):
            shown = f"{value:.15g}" if isinstance(value, float) else str(value)
            if i < self.named:
                words.append(shown)
            elif value != self.params[name].default:
                words += [name, shown]
        return "_".join(words)

    def columns(self, label: str) -> list[str]:
        """The names of its columns: the label, and behind it those of the further outputs."""
        return [label, *(f"{label}_{output}" for output in list(self.outputs)[1:])]

    def described(self) -> dict[str, Any]:
        """The entry as plain values: what `--list` shows."""
        return {
            "name": self.name,
            "title": self.title,
            "reads": list(self.inputs),
            "params": [param.described(name) for name, param in self.params.items()],
            "outputs": [
                {"column": column, "range": unit}
                for column, unit in zip(self.columns(self.label(self.bind())), self.outputs.values())
            ],
            "oracle": self.oracle,
            "source": self.source,
        }


class Factor(Labelled):
    """A factor: one kernel over columns of events, see factoring/events.py.

    width   values that it keeps of each event of its window of time; 0: it has none
    deep    its kernel is called by the book pass at each event and reads the book itself
    steps   its kernel takes over and under behind its parameters: a tick is over / under
    always  it has a value wherever the book is good
    either  parameters of which one is given at most
    few     why it may have none though the book is good, in words
    """

    def __init__(
        self,
        kernel: Kernel,
        *,
        ring: Callable[..., int] | None = None,
        window: int = 0,
        deep: bool = False,
        steps: bool = False,
        always: bool = False,
        either: Sequence[str] = (),
        few: str = "",
        **said: Any,
    ) -> None:
        super().__init__(kernel.name, **said)
        self.kernel = kernel
        self.width = window
        self.deep = deep
        self.steps = steps
        self.always = always
        self.either = frozenset(either)
        self.few = few
        self._ring = ring
        tables = {*TABLES, "row"} if deep else set()
        kinds = [kind for name, kind in kernel.args if name not in tables]
        ins, outs = len(self.inputs), len(self.outputs)
        between = ["float" if isinstance(p.default, float) else "int" for p in self.params.values()]
        between += ["float"] * (2 * steps) + ["State"] * bool(kernel.fields)
        between += ["I8", "F8"] * bool(window) + ["F8"] * bool(ring)
        reads, rest, gives = kinds[:ins], kinds[ins : ins + len(between)], kinds[ins + len(between) :]
        if rest != between or gives != ["F8"] * outs or not COLUMNS.keys() >= set(reads):
            wanted = ["F8"] * ins + between + ["F8"] * outs
            raise TypeError(f"{self.name}: the kernel takes {kinds}, its entry says {wanted}")
        self.reads = tuple(COLUMNS[kind] for kind in reads)

    def bind(self, positional: Sequence[Value] = (), named: Mapping[str, Value] | None = None) -> dict[str, Value]:
        bound = super().bind(positional, named)
        given = [name for name in [*list(self.params)[: len(positional)], *(named or ())] if name in self.either]
        if len(given) > 1:
            raise HqError(f"{self.name}: pass one of {' and '.join(given)}: each is in place of the other", USAGE)
        return bound

    def ring(self, bound: Mapping[str, Value]) -> int:
        """How many float64 it keeps beside its record."""
        return self._ring(*self.passed(bound).values()) if self._ring else 0

    def placed(
        self, graph: Graph, inputs: Sequence[GraphColumn], bound: Mapping[str, Value], tick: tuple[int, int], host: Node
    ) -> Sequence[GraphColumn]:
        """Its columns in a graph, over these inputs; host: the book pass, whose tables are the book."""
        params = self.passed(bound)
        if self.steps:
            params |= {"over": float(tick[0]), "under": float(tick[1])}
        tables: Mapping[str, Any] = Window(self.kernel, self.width) if self.width else NO_TABLES
        return graph.node(
            self.kernel,
            inputs,
            params,
            self.ring(bound),
            tuple(self.outputs),
            tables=host.tables if self.deep else tables,
            host=host if self.deep else None,
        ).outs


FACTORS = Shelf("factors", "factor", Factor, "@factor")


def factor(
    *, state: str = "", valid: Valid | None = None, wraps: bool = True, window: int = 0, **said: Any
) -> Callable[[Callable[..., None]], Factor]:
    """Declare a factor by its kernel, as `registry.indicator` declares an indicator.

    title    its name in words; source: where the formula is published; oracle: the test's independent form of it
    inputs   the columns of events that it reads, in the kernel's order (factoring/events.py)
    outputs  name -> unit or range, one column each, in the kernel's order; the first one is the factor's own name
    params   name -> Param or Duration, in the kernel's order
    state    fields of the kernel's record;  valid, wraps: as `jit.kernel` has them
    window   how many values it keeps of each event of a window of time: then its record has the fields head, mid and
             tail before all others, and the kernel takes times and ring behind it (kernels/timed.py)
    ring     how many float64 it keeps besides, by its parameters
    deep     it is called by the book pass and takes tables of the book and row (factoring/levels.py)
    steps    the kernel takes over and under, of which a tick is the quotient
    either   names of parameters of which one is given at most
    always   it has a value wherever the book is good; few: why it may have none, in words
    named    how many parameters its columns' name shows at least;  label: what makes that name of the parameters
    """

    def declare(function: Callable[..., None]) -> Factor:
        fields = f"{WINDOW} {state}" if window else state
        made = Factor(kernel(fields, valid, wraps)(function), window=window, **said)
        check_module(made, function)
        return made

    return declare


def alias(of: Factor, name: str) -> Factor:
    """The same factor under another name."""
    made = copy(of)
    made.name = name
    made.title = f"{of.title}, as {of.name}"
    made.outputs = dict(zip((name, *list(of.outputs)[1:]), of.outputs.values()))
    return made
