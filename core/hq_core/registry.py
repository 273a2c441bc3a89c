"""The one list of indicators: what a declaration holds, and how one is found by its name."""
from __future__ import annotations

import math
import os
from importlib import import_module
from typing import TYPE_CHECKING

from hq_core.errors import USAGE, HqError, did_you_mean
from hq_core.jit import Kernel, kernel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Value = int | float | str


class Param:
    """A parameter: default, bounds (both ends included) and meaning; or a choice among words.

    An int default makes an int parameter, a float default a float one; a choice reaches its kernel as an index.
    """

    __slots__ = ("choices", "default", "help", "high", "low")

    def __init__(
        self,
        default: Value,
        low: float = -math.inf,
        high: float = math.inf,
        help: str = "",
        choices: tuple[str, ...] = (),
    ) -> None:
        self.default = default
        self.low = low
        self.high = high
        self.help = help
        self.choices = choices
        if choices and default not in choices:
            raise TypeError(f"default {default} is not one of {choices}")

    def read(self, owner: str, name: str, value: Value) -> Value:
        """`value` as this parameter's type, or an error that names the rule."""
        if self.choices:
            if value not in self.choices:
                raise HqError(f"{owner}: {name} is {value}, must be one of {', '.join(self.choices)}", USAGE)
            return value
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

    def passed(self, value: Value) -> float:
        """What the kernel gets for `value`."""
        if self.choices:
            return self.choices.index(str(value))
        return int(value) if isinstance(self.default, int) else float(value)


def _plain(number: float) -> str:
    return str(int(number)) if math.isfinite(number) and number == int(number) else str(number)


class Indicator:
    """An indicator's entry: everything that help, tests, the graph and the language need to know of it."""

    __slots__ = ("inputs", "kernel", "name", "outputs", "params", "ring", "source", "talib", "title", "warmup")

    def __init__(
        self,
        kernel: Kernel,
        title: str,
        inputs: tuple[str, ...],
        outputs: dict[str, str],
        params: dict[str, Param],
        ring: Callable[..., int] | None,
        warmup: Callable[..., int],
        source: str,
        talib: str | None,
    ) -> None:
        self.name = kernel.name
        self.kernel = kernel
        self.title = title
        self.inputs = inputs
        self.outputs = outputs
        self.params = params
        self.ring = ring
        self.warmup = warmup
        self.source = source
        self.talib = talib
        self._check()

    def _check(self) -> None:
        kinds = [kind for _, kind in self.kernel.args]
        wanted = ["F8"] * len(self.inputs)
        wanted += ["float" if isinstance(p.default, float) else "int" for p in self.params.values()]
        wanted += ["State"] * bool(self.kernel.fields) + ["F8"] * bool(self.ring) + ["F8"] * len(self.outputs)
        if kinds != wanted:
            raise TypeError(f"{self.name}: the kernel takes {kinds}, its entry says {wanted}")

    def bind(self, positional: Sequence[Value] = (), named: Mapping[str, Value] | None = None) -> dict[str, Value]:
        """All parameters with their values, checked against their bounds; the rest are the defaults."""
        given = dict(zip(self.params, positional))
        if len(positional) > len(self.params):
            what = ", ".join(self.params) or "no parameters"
            raise HqError(f"{self.name}: {len(positional)} parameters given, it takes {what}", USAGE)
        for name, value in (named or {}).items():
            if name not in self.params:
                hint = did_you_mean(name, list(self.params)) or f"; it takes {', '.join(self.params)}"
                raise HqError(f"{self.name}: unknown parameter '{name}'{hint}", USAGE)
            if name in given:
                raise HqError(f"{self.name}: {name} is given twice", USAGE)
            given[name] = value
        return {
            name: param.read(self.name, name, given[name]) if name in given else param.default
            for name, param in self.params.items()
        }


def indicator(
    *,
    title: str,
    inputs: str,
    outputs: dict[str, str],
    params: dict[str, Param],
    warmup: Callable[..., int],
    source: str,
    state: str = "",
    ring: Callable[..., int] | None = None,
    talib: str | None = None,
) -> Callable[[Callable[..., None]], Indicator]:
    """Declare an indicator; `ring` and `warmup` take the parameters in order.

    inputs   the columns that it reads when none are named, in the kernel's order
    outputs  name -> unit or range, one output column each, in the kernel's order
    state    fields of the kernel's record; ring: how many float64 it keeps besides
    warmup   how many leading rows are NaN
    talib    the name of TA-Lib's function, its oracle; None has a row in tests/oracles.py
    """

    def declare(function: Callable[..., None]) -> Indicator:
        made = Indicator(
            kernel(state)(function), title, tuple(inputs.split()), outputs, params, ring, warmup, source, talib
        )
        if function.__module__.rpartition(".")[2] != made.name:
            raise TypeError(f"indicator {made.name} must live in a file of its name, not {function.__module__}")
        return made

    return declare


def names() -> list[str]:
    """Every indicator's name, in order: the files of hq_core/indicators."""
    folder = os.path.join(os.path.dirname(__file__), "indicators")
    return sorted(file[:-3] for file in os.listdir(folder) if file.endswith(".py") and file != "__init__.py")


def load(name: str) -> Indicator:
    """The indicator called `name` (any case); importing one of them never imports the others."""
    lower = name.lower()
    if not lower.isidentifier() or lower not in names():
        raise HqError(f"unknown indicator '{name}'{did_you_mean(lower, names())}", USAGE)
    found = getattr(import_module(f"hq_core.indicators.{lower}"), lower)
    if not isinstance(found, Indicator):
        raise TypeError(f"hq_core.indicators.{lower} declares no indicator {lower}")
    return found
