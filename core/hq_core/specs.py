"""What to compute, as text: `rsi:14`, `bbands:20,matype=ema`, `ema:9(rsi:14)`, `sma:9(close@ETHUSDT)`, `ema:5..9`."""

from __future__ import annotations

import re
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from hq_core import registry
from hq_core.errors import USAGE, HqError, did_you_mean
from hq_core.fans import FAN, MOST, fan, too_many
from hq_core.kinds import BAR
from hq_core.series.expr import clock_of, column, indicator, picked, reference

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from hq_core.series.expr import Clock, Expr

NESTING = 64  # indicators within indicators: whoever walks them may recurse
PARAMETER = re.compile(r"\s*(-?\d|\w+\s*=)")
COLUMNS = frozenset(BAR.names)  # of bars of which nobody knows more


class ColumnName:
    """A column that an indicator reads, of its own series or of another one: `close`, `close@ETHUSDT:4h`.

    symbol, period  of the other series; empty: the reader's own
    """

    __slots__ = ("label", "name", "period", "symbol")
    output = ""  # of an indicator; a column has none
    depth = 0

    def __init__(self, text: str) -> None:
        self.label = text
        self.name, at, where = text.partition("@")
        try:
            self.symbol, self.period = reference(where) if at else ("", "")
        except HqError:
            self.name = ""
        if not self.name:
            raise HqError(
                f"{_said(text)} is no column: COLUMN, COLUMN@SYMBOL, COLUMN@PERIOD or COLUMN@SYMBOL:PERIOD", USAGE
            )

    @property
    def key(self) -> object:
        return self.label

    def over(self, names: Collection[str]) -> ColumnName | Spec:
        """What rows do not have may be an indicator of the user's, which nobody has looked for so far."""
        if "@" in self.label or self.name in names or not registry.is_users(self.name.partition(".")[0]):
            return self
        return parse(self.label)


class Spec:
    """One indicator with its parameters and sources; `label` names its columns.

    output  the one output that is wanted; empty: all of them
    word    as it was written, where that is only a name: a column of that name comes first
    depth   indicators within indicators
    """

    __slots__ = ("depth", "entry", "label", "output", "params", "sources", "word")

    def __init__(
        self,
        entry: registry.Indicator,
        params: dict[str, registry.Value],
        sources: tuple[ColumnName | Spec, ...],
        output: str = "",
        word: str = "",
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
        self.word = word
        self.depth: int = 1 + max((one.depth for one in sources), default=0)
        if self.depth > NESTING:
            raise _too_deep(entry.name)
        words = [f"{one.label}.{one.output}" if one.output else one.label for one in sources]
        self.label: str = "_".join([entry.label(params), *words])

    @property
    def key(self) -> object:
        """What is computed: two specs that differ in it may still ask for one name."""
        return self.entry.name, tuple(self.params.items()), tuple((one.key, one.output) for one in self.sources)

    @property
    def outputs(self) -> list[str]:
        """The names of the outputs that are wanted."""
        return [self.output] if self.output else list(self.entry.outputs)

    def elsewhere(self) -> bool:
        """Whether it reads another series."""
        return any(one.elsewhere() if isinstance(one, Spec) else one.label != one.name for one in self.sources)

    def symbols(self) -> Iterator[str]:
        """The symbols that it reads by name."""
        for one in self.sources:
            if isinstance(one, Spec):
                yield from one.symbols()
            elif one.symbol:
                yield one.symbol

    def columns(self) -> list[str]:
        """The names of its output columns: the label, and after a point the output's name where there are several."""
        if len(self.entry.outputs) == 1:
            return [self.label]
        return [f"{self.label}.{output}" for output in self.outputs]

    def entries(self) -> list[registry.Indicator]:
        """The indicators that it names."""
        return [self.entry, *(found for one in self.sources if isinstance(one, Spec) for found in one.entries())]

    def over(self, names: Collection[str]) -> Spec:
        """The same over rows with columns of these names: they come before indicators called so."""
        found = tuple(
            ColumnName(one.word) if isinstance(one, Spec) and one.word and one.word in names else one.over(names)
            for one in self.sources
        )
        return Spec(self.entry, self.params, found, self.output, self.word) if self.sources else self

    def exprs(self, here: Clock) -> dict[str, Expr]:
        """The expressions of its columns, by their names; `here`: symbol and period of the rows that get them."""
        whole = self._whole(here)
        return {name: picked(whole, output) for name, output in zip(self.columns(), self.outputs)}

    def _whole(self, here: Clock) -> Expr:
        """The indicator with all its outputs."""
        inputs = [_expr(one, here) for one in self.sources] or [column(name) for name in self.entry.inputs]
        return indicator(self.entry, inputs, self.params)


def _expr(source: ColumnName | Spec, here: Clock) -> Expr:
    if isinstance(source, Spec):
        return picked(source._whole(here), source.outputs[0])
    return column(source.name, clock_of(source.symbol, source.period, here))


def exprs_of(specs: Sequence[Spec], names: Collection[str], here: Clock) -> dict[str, Expr]:
    """The expressions of all specs over rows with columns of these names.  Raises HqError USAGE as `distinct` does."""
    found: dict[str, Expr] = {}
    for spec in distinct([one.over(names) for one in specs]):
        found |= spec.exprs(here)
    return found


def distinct(specs: Sequence[Spec]) -> list[Spec]:
    """The specs, each once.  Raises HqError USAGE where two that differ would be one column."""
    keys: dict[str, object] = {}
    kept: dict[object, Spec] = {}
    for spec in specs:
        for name in spec.columns():
            if keys.setdefault(name, spec.key) != spec.key:
                raise HqError(f"two indicators that differ would both be column '{name}'", USAGE)
        kept.setdefault((spec.key, spec.output), spec)
    return list(kept.values())


def expand(text: str) -> list[Spec]:
    """The specs of a text in which parameters may be fans: `ema:5..50:5` is ema:5, ema:10 ... ema:50."""
    if not isinstance(text, str):
        raise _no_text(text)
    fans = [list(fan(found, _said(text), "indicators")) for found in FAN.finditer(text)]
    if prod(map(len, fans)) > MOST:
        raise too_many(_said(text), "indicators")
    between = FAN.sub("\0", text).split("\0")
    return [parse("".join(part + word for part, word in zip(between, (*words, "")))) for words in product(*fans)]


def several(given: str | Spec | Iterable[str | Spec]) -> list[Spec]:
    """The specs of what a program names: a text or a parsed one, or several of them.  Raises HqError USAGE for else."""
    one = isinstance(given, (str, bytes, dict)) or not hasattr(given, "__iter__")
    listed: Any = (given,) if one else given
    return [made for text in listed for made in ((text,) if isinstance(text, Spec) else expand(text))]


def parse(text: str) -> Spec:
    """A spec from its inline form, NAME[.OUTPUT][:PARAMETERS][(SOURCES)].  Raises HqError USAGE with what is wrong."""
    head = text
    sources: tuple[ColumnName | Spec, ...] = ()
    at = text.find("(")
    if at >= 0:
        if not text.endswith(")"):
            raise HqError(f"{_said(text)}: the bracket at {at + 1} is not closed at the end", USAGE)
        _check_brackets(text)
        head, sources = text[:at], tuple(_source(part) for part in _parts(text[at + 1 : -1]))
    name, colon, rest = head.partition(":")
    name, _, output = name.strip().partition(".") if ".." not in name else (name, "", "")
    entry = registry.load(name)
    positional, named = registry.parameters(rest, _said(text)) if colon else ([], {})
    return Spec(entry, entry.bind(positional, named), sources, output, text if text == name else "")


def _check_brackets(text: str) -> None:
    depth = 0
    for at, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth > NESTING:
            raise _too_deep(text)
        if depth == 0 and char == ")" and at + 1 < len(text):
            raise HqError(f"{_said(text)}: the first bracket is closed at {at + 1}, before the end", USAGE)
    if depth:
        raise HqError(f"{_said(text)}: {depth} bracket{'s are' if depth > 1 else ' is'} not closed", USAGE)


def _too_deep(text: str) -> HqError:
    return HqError(f"{_said(text)}: indicators nest deeper than {NESTING}; add the inner ones as columns first", USAGE)


def _no_text(given: object) -> HqError:
    return HqError(f"an indicator is a text such as 'rsi:14', not {given!r:.60}", USAGE)


def _said(text: str) -> str:
    """A text in quotes, cut where it is long."""
    return f"'{text}'" if len(text) <= 80 else f"'{text[:77]}...'"


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


def from_dict(given: Mapping[str, Any], within: int = 0) -> list[Spec]:
    """Specs from the dict form: {"type": "macd", "fast": 12, "source": "volume"}; parameters by their names.

    "source" is a column, an inline spec, such a dict, or a list of them; "output" picks one output; a parameter may
    be a fan, "5..50:5".
    within  how many such dicts it lies in
    """
    rest = dict(given)
    name = rest.pop("type", None)
    if not isinstance(name, str):
        raise HqError(f"an indicator needs a 'type'; this one has {', '.join(map(str, given)) or 'nothing'}", USAGE)
    if within >= NESTING:
        raise _too_deep(name)
    source, output = rest.pop("source", ()), rest.pop("output", "")
    if not isinstance(output, str):
        raise HqError(f"{name}: output must be the name of one", USAGE)
    given_sources = source if isinstance(source, (list, tuple)) else [source]
    sources = tuple(_given_source(name, one, within + 1) for one in given_sources)
    entry = registry.load(name)
    fans = [
        list(fan(found, _said(value), "indicators"))
        if isinstance(value, str) and (found := FAN.fullmatch(value))
        else [value]
        for value in rest.values()
    ]
    if prod(map(len, fans)) > MOST:
        raise HqError(f"{name}: more than {MOST} indicators", USAGE)
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


def single(given: str | Mapping[str, Any], within: int = 0) -> Spec:
    """The one spec of either form.  Raises HqError USAGE for a fan, and for another form."""
    if not isinstance(given, str) and not hasattr(given, "keys"):
        raise _no_text(given)
    made = expand(given) if isinstance(given, str) else from_dict(given, within)
    if len(made) != 1:
        what = _said(given) if isinstance(given, str) else str(given["type"])
        raise HqError(f"{what}: one indicator is wanted here, not {len(made)}", USAGE)
    return made[0]


def _given_source(name: str, given: Any, within: int) -> ColumnName | Spec:
    if isinstance(given, str):
        return _source(given)
    if not isinstance(given, dict):
        raise HqError(f"{name}: a source must be a column, an indicator or a list of them", USAGE)
    return single(given, within)


def _source(text: str) -> ColumnName | Spec:
    text = text.strip()
    name = text.partition("@")[0]
    if ":" in name or "(" in name or _is_pick(text):
        return parse(text)
    return parse(text) if text.lower() in registry.names() else ColumnName(text)  # Spec.over knows the rows' columns


def _is_pick(text: str) -> bool:
    """macd.hist: an output of an indicator with its default parameters."""
    name, point, output = text.partition(".")
    return bool(point) and name.lower() in registry.names() and output in registry.load(name).outputs
