"""What to compute, as text: `rsi:14`, `bbands:20,matype=ema`, `ema:9(rsi:14)`, `sma:9(close@ETHUSDT)`, `ema:5..9`."""
from __future__ import annotations

import re
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from hq_core import registry
from hq_core.batch import period_ns
from hq_core.errors import USAGE, HqError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hq_core.graph import Graph, Out

FAN = re.compile(r"(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)(?::(\d+(?:\.\d+)?))?")
MOST = 10_000           # columns of one fan: whoever asks for more has mistyped
PARAMETER = re.compile(r"\s*(-?\d|\w+\s*=)")


class Column:
    """A column that an indicator reads, of its own series or of another one: `close`, `close@ETHUSDT:4h`.

    symbol, period  of the other series; empty: the reader's own
    """

    __slots__ = ("label", "name", "period", "symbol")
    output = ""         # of an indicator; a column has none

    def __init__(self, text: str) -> None:
        self.label = text
        self.name, at, where = text.partition("@")
        self.symbol, colon, self.period = where.partition(":")
        if at and not colon and _is_period(where):
            self.symbol, self.period = "", where
        if not self.name or (at and not where) or (colon and not _is_period(self.period)):
            raise HqError(f"'{text}' is no column: COLUMN, COLUMN@SYMBOL, COLUMN@PERIOD or COLUMN@SYMBOL:PERIOD", USAGE)


class Spec:
    """One indicator with its parameters and sources; `label` names its columns.

    output  the one output that is wanted; empty: all of them
    """

    __slots__ = ("entry", "label", "output", "params", "sources")

    def __init__(
        self, entry: registry.Indicator, params: dict[str, registry.Value], sources: tuple[Column | Spec, ...],
        output: str = "",
    ) -> None:
        if sources and len(sources) != len(entry.inputs):
            takes = ", ".join(entry.inputs)
            raise HqError(f"{entry.name}: takes {len(entry.inputs)} inputs ({takes}), {len(sources)} given", USAGE)
        if output and output not in entry.outputs:
            known = list(entry.outputs)
            hint = did_you_mean(output, known) or f"; it has {', '.join(known)}"
            raise HqError(f"{entry.name}: unknown output '{output}'{hint}", USAGE)
        self.entry = entry
        self.params = params
        self.sources = sources
        self.output = output
        self.label = self._label()

    def _label(self) -> str:
        shown = 0       # whole-number parameters always show; the others where they are not the default
        for i, (name, value) in enumerate(self.params.items()):
            default = self.entry.params[name].default
            if value != default or (isinstance(default, int) and not self.entry.params[name].choices):
                shown = i + 1
        values = list(self.params.values())[:shown]
        words = [f"{value:g}" if isinstance(value, float) else str(value) for value in values]
        words += [f"{one.label}.{one.output}" if one.output else one.label for one in self.sources]
        return "_".join([self.entry.name, *words])

    @property
    def outputs(self) -> list[str]:
        """The names of the outputs that are wanted."""
        return [self.output] if self.output else list(self.entry.outputs)

    def columns(self) -> list[str]:
        """The names of its output columns: the label, and after a point the output's name where there are several."""
        if len(self.entry.outputs) == 1:
            return [self.label]
        return [f"{self.label}.{output}" for output in self.outputs]

    def build(self, graph: Graph) -> list[Out]:
        """The graph's columns of this indicator.  Raises HqError USAGE where it reads another series."""
        made = graph.indicator(self.entry.name, [self._input(graph, one) for one in self.sources], self.params)
        return [made[list(self.entry.outputs).index(name)] for name in self.outputs]

    @staticmethod
    def _input(graph: Graph, source: Column | Spec) -> Out:
        if isinstance(source, Spec):
            return source.build(graph)[0]
        if source.label != source.name:
            raise HqError(f"'{source.label}': there is no other series to read here", USAGE)
        return graph.source(source.name)


def expand(text: str) -> list[Spec]:
    """The specs of a text in which parameters may be fans: `ema:5..50:5` is ema:5, ema:10 ... ema:50."""
    fans = [list(_fan(found, text)) for found in FAN.finditer(text)]
    if prod(map(len, fans)) > MOST:
        raise HqError(f"'{text}': more than {MOST} indicators", USAGE)
    between = FAN.sub("\0", text).split("\0")
    return [parse("".join(part + word for part, word in zip(between, (*words, "")))) for words in product(*fans)]


def _fan(found: re.Match[str], text: str) -> Iterator[str]:
    from decimal import Decimal

    first, last, step = found.groups()
    low, high, by = Decimal(first), Decimal(last), Decimal(step or 1)
    if not by or high < low:
        raise HqError(f"'{text}': {found[0]} must rise, by more than 0", USAGE)
    if (high - low) / by > MOST:
        raise HqError(f"'{text}': more than {MOST} indicators", USAGE)
    while low <= high:
        yield str(low)
        low += by


def parse(text: str) -> Spec:
    """A spec from its inline form, NAME[.OUTPUT][:PARAMETERS][(SOURCES)].  Raises HqError USAGE with what is wrong."""
    head = text
    sources: tuple[Column | Spec, ...] = ()
    at = text.find("(")
    if at >= 0:
        if not text.endswith(")"):
            raise HqError(f"'{text}': the bracket at {at + 1} is not closed at the end", USAGE)
        head, sources = text[:at], tuple(_source(part) for part in _parts(text[at + 1 : -1]))
    name, colon, rest = head.partition(":")
    name, _, output = name.strip().partition(".") if ".." not in name else (name, "", "")
    entry = registry.load(name)
    positional: list[registry.Value] = []
    named: dict[str, registry.Value] = {}
    for word in rest.split(",") if colon else ():
        key, equals, value = word.partition("=")
        if equals:
            named[key.strip()] = value.strip()
        elif named:
            raise HqError(f"'{text}': '{word}' without a name follows a named parameter", USAGE)
        else:
            positional.append(word.strip())
    return Spec(entry, entry.bind(positional, named), sources, output)


def _parts(text: str) -> list[str]:
    """The sources between the brackets: a number or NAME=VALUE after a comma belongs to the indicator before it."""
    parts: list[str] = []
    depth = start = 0
    for at, char in enumerate(text + ","):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            part = text[start:at]
            if parts and ":" in parts[-1] and PARAMETER.match(part):
                parts[-1] += "," + part
            else:
                parts.append(part)
            start = at + 1
    return parts


def from_dict(given: Mapping[str, Any]) -> list[Spec]:
    """Specs from the dict form: {"type": "macd", "fast": 12, "source": "volume"}; parameters by their names.

    "source" is a column, an inline spec, such a dict, or a list of them; "output" picks one output; a parameter may
    be a fan, "5..50:5".
    """
    rest = dict(given)
    name = rest.pop("type", None)
    if not isinstance(name, str):
        raise HqError(f"an indicator needs a 'type': {dict(given)}", USAGE)
    source, output = rest.pop("source", ()), rest.pop("output", "")
    sources = tuple(_given_source(one) for one in (source if isinstance(source, (list, tuple)) else [source]))
    entry = registry.load(name)
    fans = [
        list(_fan(found, value)) if isinstance(value, str) and (found := FAN.fullmatch(value)) else [value]
        for value in rest.values()
    ]
    return [Spec(entry, entry.bind((), dict(zip(rest, values))), sources, output) for values in product(*fans)]


def rows_of(words: Sequence[str]) -> dict[str, int]:
    """The unstable periods of `ema=50`, `rsi=20`: rows by the names of indicators.  Raises HqError USAGE."""
    found = {}
    for word in words:
        name, equals, rows = word.partition("=")
        if not equals or not rows.isdecimal():
            raise HqError(f"'{word}' is not NAME=ROWS, such as ema=50", USAGE)
        found[registry.load(name).name] = int(rows)
    return found


def single(given: str | Mapping[str, Any]) -> Spec:
    """The one spec of either form.  Raises HqError USAGE for a fan."""
    made = expand(given) if isinstance(given, str) else from_dict(given)
    if len(made) != 1:
        raise HqError(f"one indicator is wanted here, not {len(made)}: {given}", USAGE)
    return made[0]


def _given_source(given: str | Mapping[str, Any]) -> Column | Spec:
    return _source(given) if isinstance(given, str) else single(given)


def _source(text: str) -> Column | Spec:
    text = text.strip()
    name = text.partition("@")[0]
    return parse(text) if ":" in name or "(" in name or _is_pick(text) else Column(text)


def _is_pick(text: str) -> bool:
    """macd.hist: an output of an indicator with its default parameters."""
    name, point, output = text.partition(".")
    return bool(point) and name.lower() in registry.names() and output in registry.load(name).outputs


def _is_period(text: str) -> bool:
    try:
        return period_ns(text) > 0
    except HqError:
        return False
