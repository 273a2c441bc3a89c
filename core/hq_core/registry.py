"""The one list of indicators: what a declaration holds, and how one is found by its name."""

from __future__ import annotations

import math
import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from hq_core.errors import USAGE, HqError, did_you_mean
from hq_core.jit import COLUMNS, Kernel, kernel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hq_core.graph import Graph, GraphColumn

    Value = int | float | str

THEIRS = {"timeperiod": "period", "nbdevup": "up", "nbdevdn": "down"}  # the others lose "period", see `ours`


def ours(theirs: str) -> str:
    """hq's name of the parameter that TA-Lib calls `theirs`: fastperiod and fastk_period are fast and fastk."""
    return THEIRS.get(theirs) or theirs.replace("timeperiod", "period").removesuffix("period").removesuffix("_")


class Param:
    """A parameter: default, bounds (both ends included) and meaning; or a choice among words.

    An int default makes an int parameter, a float default a float one; a choice reaches its kernel as an index and may
    also be given as the number that TA-Lib has for the word, its place in `numbers`.
    """

    __slots__ = ("choices", "default", "help", "high", "low", "numbers")

    def __init__(
        self,
        default: Value,
        low: float = -math.inf,
        high: float = math.inf,
        help: str = "",
        choices: tuple[str, ...] = (),
        numbers: tuple[str, ...] = (),
    ) -> None:
        self.default = default
        self.low = low
        self.high = high
        self.help = help
        self.choices = choices
        self.numbers = numbers
        if choices and default not in choices:
            raise TypeError(f"default {default} is not one of {choices}")

    def read(self, owner: str, name: str, value: Any) -> Value:
        """`value` as this parameter's type, or an error that names the rule."""
        if value is None or isinstance(value, (bool, list, tuple, dict)):  # a file of specs may hold anything
            raise HqError(f"{owner}: {name} must be a number or a word, not {type(value).__name__}", USAGE)
        if self.choices:
            if str(value) in map(str, range(len(self.numbers))):
                value = self.numbers[int(value)]
            if value not in self.choices:
                raise HqError(f"{owner}: {name} is {value}, must be one of {', '.join(self.choices)}", USAGE)
            return str(value)
        kind = int if isinstance(self.default, int) else float
        try:
            number = kind(value)
            if number != float(value):
                raise ValueError
        except (ValueError, OverflowError):
            what = "a whole number" if kind is int else "a number"
            raise HqError(f"{owner}: {name} is {value}, must be {what}", USAGE) from None
        if not self.low <= number <= self.high:
            low, high = _plain(self.low), _plain(self.high)
            raise HqError(f"{owner}: {name} is {_plain(number)}, must be {low} to {high}", USAGE)
        return number

    def described(self, name: str) -> dict[str, Any]:
        """The parameter as plain values; a bound that is not there is None."""
        if self.choices:
            return {"name": name, "default": self.default, "choices": list(self.choices), "help": self.help}
        low, high = (bound if math.isfinite(bound) else None for bound in (self.low, self.high))
        return {"name": name, "default": self.default, "min": low, "max": high, "help": self.help}

    def passed(self, value: Value) -> float:
        """What the kernel gets for `value`."""
        if self.choices:
            return self.choices.index(str(value))
        return int(value) if isinstance(self.default, int) else float(value)


MATYPES = (  # in the order of TA-Lib's numbers; an empty one is its function's own default
    "sma",
    "ema",
    "wma",
    "dema",
    "tema",
    "trima",
    "kama",
    "mama",
    "t3",
    "hma",
    "none",
    "",
    "zlema",
    "rma",
)


def matype(default: str, help: str) -> Param:
    """A parameter that chooses a moving average (`compose.Nodes.average`)."""
    return Param(default, help=help, choices=tuple(word for word in MATYPES if word), numbers=MATYPES)


class Unknown(HqError):
    """No indicator has the name that was asked for."""


def _plain(number: float) -> str:
    return str(int(number)) if math.isfinite(number) and number == int(number) else str(number)


def parameters(words: str, where: str) -> tuple[list[Value], dict[str, Value]]:
    """The parameters of a spec, by place and by name, as texts; `where` begins an error.  Raises HqError USAGE."""
    positional: list[Value] = []
    named: dict[str, Value] = {}
    for word in words.split(","):
        key, equals, value = word.partition("=")
        if equals:
            if key.strip() in named:
                raise HqError(f"{where}: {key.strip()} is given twice", USAGE)
            named[key.strip()] = value.strip()
        elif named:
            raise HqError(f"{where}: '{word}' without a name follows a named parameter", USAGE)
        else:
            positional.append(word.strip())
    return positional, named


class Entry:
    """What everything that is found by its name has: what help, tests and the graph need to know of it.

    reads   the column type of each input; gives: of each output
    origin  of a user's own: the file, or the package and its version; '' of hq's
    digest  of the text of that file, which a state remembers
    """

    origin = ""
    digest = ""

    def __init__(
        self,
        name: str,
        *,
        title: str,
        inputs: str,
        outputs: dict[str, str],
        params: dict[str, Param],
        source: str,
        named: int = 1,
    ) -> None:
        self.name = name
        self.title = title
        self.inputs = tuple(inputs.split())
        self.outputs = outputs
        self.params = params
        self.source = source
        self.named = named
        self.reads = ("f8",) * len(self.inputs)
        self.gives = ("f8",) * len(outputs)

    def passed(self, bound: Mapping[str, Value]) -> dict[str, float]:
        """What a kernel gets for these parameters."""
        return {name: self.params[name].passed(value) for name, value in bound.items()}

    def bind(self, positional: Sequence[Value] = (), named: Mapping[str, Value] | None = None) -> dict[str, Value]:
        """All parameters with their values, checked against their bounds; the rest are the defaults."""
        given = dict(zip(self.params, positional))
        if len(positional) > len(self.params):
            what = ", ".join(self.params) or "no parameters"
            raise HqError(f"{self.name}: {len(positional)} parameters given, it takes {what}", USAGE)
        for word, value in (named or {}).items():
            name = word if word in self.params else ours(word)
            if name not in self.params:
                hint = did_you_mean(word, list(self.params)) or f"; it takes {', '.join(self.params)}"
                raise HqError(f"{self.name}: unknown parameter '{word}'{hint}", USAGE)
            if name in given:
                raise HqError(f"{self.name}: {name} is given twice", USAGE)
            given[name] = value
        return {
            name: param.read(self.name, name, given[name]) if name in given else param.default
            for name, param in self.params.items()
        }

    def described(self) -> dict[str, Any]:
        """The entry as plain values: what `--list` shows."""
        raise NotImplementedError


class Indicator(Entry):
    """An indicator's entry: everything that help, tests, the graph and the language need to know of it.

    What computes it is a kernel (`indicator`, below) or other indicators put together (`compose.composite`).
    """

    def __init__(self, name: str, *, talib: str | None = None, domain: float = math.inf, **said: Any) -> None:
        super().__init__(name, **said)
        self.talib = talib
        self.domain = domain

    def label(self, bound: Mapping[str, Value]) -> str:
        """What names its columns: the name and the parameters up to the last that is not its default.

        At least the first `named` are there.
        """
        shown = self.named
        for i, (name, value) in enumerate(bound.items(), 1):
            if value != self.params[name].default:
                shown = max(shown, i)
        values = [_plain(value) if isinstance(value, float) else str(value) for value in bound.values()]
        return "_".join([self.name, *values[:shown]])

    def described(self) -> dict[str, Any]:
        """The entry as plain values: what `--list` shows."""
        return {
            "name": self.name,
            "title": self.title,
            "inputs": list(self.inputs),
            "params": [param.described(name) for name, param in self.params.items()],
            "outputs": [{"column": name, "range": unit} for name, unit in self.outputs.items()],
            "label": self.label(self.bind()),
            "warmup": self.warmup(self.bind()),
            "talib": self.talib,
            "source": self.source,
        }

    def build(self, graph: Graph, inputs: Sequence[GraphColumn], bound: Mapping[str, Value]) -> Sequence[GraphColumn]:
        """The graph's columns for these inputs and parameters, in the order of `outputs`."""
        raise NotImplementedError

    def warmup(self, bound: Mapping[str, Value]) -> int:
        """How many leading rows are NaN with these parameters."""
        raise NotImplementedError


E = TypeVar("E", bound=Entry)


class Compiled(Indicator):
    """An indicator that is one kernel."""

    def __init__(
        self, kernel: Kernel, ring: Callable[..., int] | None, warmup: Callable[..., int], **said: Any
    ) -> None:
        super().__init__(kernel.name, **said)
        self.kernel = kernel
        self._ring = ring
        self._warmup = warmup
        kinds = [kind for _, kind in kernel.args]
        ins, outs = len(self.inputs), len(self.outputs)
        between = ["float" if isinstance(p.default, float) else "int" for p in self.params.values()]
        between += ["State"] * bool(kernel.fields) + ["F8"] * bool(ring)
        reads, rest, gives = kinds[:ins], kinds[ins : ins + len(between)], kinds[ins + len(between) :]
        if rest != between or len(gives) != outs or not COLUMNS.keys() >= {*reads, *gives}:
            wanted = ["F8"] * ins + between + ["F8"] * outs
            raise TypeError(f"{self.name}: the kernel takes {kinds}, its entry says {wanted}")
        self.reads = tuple(COLUMNS[kind] for kind in reads)
        self.gives = tuple(COLUMNS[kind] for kind in gives)

    def warmup(self, bound: Mapping[str, Value]) -> int:
        return self._warmup(*self.passed(bound).values())

    def ring(self, bound: Mapping[str, Value]) -> int:
        """How many float64 it keeps beside its record."""
        return self._ring(*self.passed(bound).values()) if self._ring else 0

    def build(self, graph: Graph, inputs: Sequence[GraphColumn], bound: Mapping[str, Value]) -> Sequence[GraphColumn]:
        return graph.node(
            self.kernel, inputs, self.passed(bound), self.ring(bound), tuple(self.outputs), self.warmup(bound)
        ).outs


def indicator(
    *, warmup: Callable[..., int], state: str = "", ring: Callable[..., int] | None = None, **said: Any
) -> Callable[[Callable[..., None]], Indicator]:
    """Declare an indicator by its kernel; `ring` and `warmup` take the parameters in order.

    title    its name in words; source: where the formula is published
    inputs   the columns that it reads when none are named, in the kernel's order
    outputs  name -> unit or range, one output column each, in the kernel's order
    params   name -> Param, in the kernel's order
    state    fields of the kernel's record; ring: how many float64 it keeps besides
    warmup   how many leading rows are NaN
    talib    the name of TA-Lib's function, its oracle; None has a row in tests/oracles/oracles.py
    domain   the largest input, in size, that has a finite result
    named    how many parameters its columns' name shows at least
    """

    def declare(function: Callable[..., None]) -> Indicator:
        return check_module(Compiled(kernel(state)(function), ring, warmup, **said), function)

    return declare


def check_module(made: E, function: Callable[..., Any]) -> E:
    """`made`, if it lies where `load` looks for it.  Raises TypeError."""
    if function.__module__.rpartition(".")[2] != made.name:
        raise TypeError(f"indicator {made.name} must live in a file of its name, not {function.__module__}")
    return made


class Shelf(Generic[E]):
    """Declarations of one form, found by their names: hq's own, a file each in a folder, and the user's own.

    room   the folder in hq_core
    word   what one of them is called
    form   its class
    made   how one is made, as an error says it
    """

    def __init__(self, room: str, word: str, form: type[E], made: str) -> None:
        self.room = room
        self.word = word
        self.form = form
        self.made = made
        self._loaded: dict[str, E] = {}  # composites ask for their parts again and again: listing took half

    def names(self) -> list[str]:
        """The name of every one of hq's own, in order: the files of the folder."""
        folder = os.path.join(os.path.dirname(__file__), self.room)
        return sorted(file[:-3] for file in os.listdir(folder) if file.endswith(".py") and file != "__init__.py")

    def users(self) -> dict[str, str]:
        """The names of the user's own, in order, and the file or package of each."""
        from hq_core import plugins

        return plugins.names(self.names())

    def digests(self, entries: Iterable[Entry]) -> dict[str, str]:
        """What a state must know of the user's own among them, by what errors call them."""
        return {f"{self.word} {one.name}": one.digest for one in entries if one.origin}

    def is_users(self, name: str) -> bool:
        """Whether the user has one of this name."""
        lower = name.lower()
        if lower in self._loaded:
            return bool(self._loaded[lower].origin)
        from hq_core import plugins

        return lower.isidentifier() and bool(plugins.find(lower, self.names()))

    def load(self, name: str) -> E:
        """The one called `name` (any case); importing one of them never imports the others."""
        lower = name.lower()
        found = self._loaded.get(lower)
        if found is None:
            found = self._loaded[lower] = self._load(name, lower)
        return found

    def _load(self, name: str, lower: str) -> E:
        own = self.names()
        if lower in own:
            for folder in filter(None, os.environ.get("HQ_PATH", "").split(os.pathsep)):
                if os.path.isfile(os.path.join(folder, f"{lower}.py")):
                    from hq_core import plugins

                    plugins.shadowed(lower)
            found = getattr(import_module(f"hq_core.{self.room}.{lower}"), lower)
            if not isinstance(found, self.form):
                raise TypeError(f"hq_core.{self.room}.{lower} declares no {self.word} {lower}")
            return found
        from hq_core import plugins

        where = plugins.find(lower, own) if lower.isidentifier() else ""
        if not where:
            raise Unknown(f"unknown {self.word} '{name}'{did_you_mean(lower, [*own, *self.users()])}", USAGE)
        return self.load_users(lower, where)

    def load_users(self, name: str, where: str) -> E:
        """One of the user's own, from the file or package where it is (plugins.names)."""
        from hq_core import plugins

        found, module = plugins.load(name, where, self.word)
        if not isinstance(found, self.form) or found.name != name:
            error = plugins.Other if isinstance(found, Entry) else HqError
            raise error(f"{where}: declares no {name}; {self.made} makes one of a function of that name")
        found.origin = where
        found.digest = plugins.digest(module)
        self._loaded[name] = found
        return found


INDICATORS = Shelf("indicators", "indicator", Indicator, "@indicator or @composite")
names, users, digests = INDICATORS.names, INDICATORS.users, INDICATORS.digests
is_users, load, load_users = INDICATORS.is_users, INDICATORS.load, INDICATORS.load_users
