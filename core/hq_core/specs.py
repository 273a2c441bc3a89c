"""What to compute, as text: `rsi:14`, `macd:12,26,9`, `bbands:20,matype=ema`, `ema:20(volume)`, `ema:20(rsi:14)`."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core import registry
from hq_core.errors import USAGE, HqError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hq_core.graph import Graph, Out


class Spec:
    """One indicator with its parameters and sources; `label` names its columns."""

    __slots__ = ("entry", "label", "params", "sources")

    def __init__(self, entry: registry.Indicator, params: dict[str, registry.Value], sources: tuple[str | Spec, ...]):
        if sources and len(sources) != len(entry.inputs):
            takes = ", ".join(entry.inputs)
            raise HqError(f"{entry.name}: takes {len(entry.inputs)} inputs ({takes}), {len(sources)} given", USAGE)
        self.entry = entry
        self.params = params
        self.sources = sources
        self.label = self._label()

    def _label(self) -> str:
        shown = 0       # whole-number parameters always show; the others where they are not the default
        for i, (name, value) in enumerate(self.params.items()):
            default = self.entry.params[name].default
            if value != default or (isinstance(default, int) and not self.entry.params[name].choices):
                shown = i + 1
        values = list(self.params.values())[:shown]
        words = [f"{value:g}" if isinstance(value, float) else str(value) for value in values]
        words += [one if isinstance(one, str) else one.label for one in self.sources]
        return "_".join([self.entry.name, *words])

    def columns(self) -> list[str]:
        """The names of its output columns: the label, and after a point the output's name where there are several."""
        outputs = self.entry.outputs
        return [self.label] if len(outputs) == 1 else [f"{self.label}.{output}" for output in outputs]

    def build(self, graph: Graph) -> Sequence[Out]:
        """The graph's columns of this indicator."""
        return graph.indicator(self.entry.name, [self._input(graph, one) for one in self.sources], self.params)

    @staticmethod
    def _input(graph: Graph, source: str | Spec) -> Out:
        return graph.source(source) if isinstance(source, str) else source.build(graph)[0]


def parse(text: str) -> Spec:
    """A spec from its inline form.  Raises HqError USAGE with what is wrong."""
    head = text
    sources: tuple[str | Spec, ...] = ()
    at = text.find("(")
    if at >= 0:
        if not text.endswith(")"):
            raise HqError(f"'{text}': the bracket at {at + 1} is not closed at the end", USAGE)
        inner = text[at + 1 : -1]
        # a comma separates columns; inside a nested indicator it belongs to its parameters
        head, sources = text[:at], tuple(_source(part) for part in ([inner] if ":" in inner else inner.split(",")))
    name, colon, rest = head.partition(":")
    entry = registry.load(name.strip())
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
    return Spec(entry, entry.bind(positional, named), sources)


def from_dict(given: Mapping[str, Any]) -> Spec:
    """A spec from its dict form: {"type": "macd", "fast": 12, "source": "volume"}; parameters by their names."""
    rest = dict(given)
    name = rest.pop("type", None)
    if not isinstance(name, str):
        raise HqError(f"an indicator needs a 'type': {dict(given)}", USAGE)
    source = rest.pop("source", ())
    sources = tuple(_source(one) for one in ([source] if isinstance(source, str) else source))
    entry = registry.load(name)
    return Spec(entry, entry.bind((), rest), sources)


def _source(text: str) -> str | Spec:
    text = text.strip()
    return parse(text) if ":" in text or "(" in text else text
