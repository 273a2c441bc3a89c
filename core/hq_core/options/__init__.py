"""An option once: what a program's keyword, a command's option, the check of a value and the line of help come from.

Each file here has the options of one thing as a class; its stage takes them as keywords, its command as options.  Those
of every filter stand here, as a file more takes each of them time to find.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from hq_core.errors import USAGE, HqError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from inspect import Signature

T = TypeVar("T")


class Option(Generic[T]):
    """An option as it is declared; a class that has it gives it its name.

    kind          type of a value, or what makes one of a text; of the default, unless said
    least, most   bounds that a value may have;  above: one that it may not
    unit          what a value is in or looks like, as help shows it
    flag          where it is not the name with dashes;  short: its letter
    many          may be given several times
    shown         whether help tells the default; where it says something by itself, unless said

    >>> class Lamp(Declared):
    ...     watts = Option(40, "Of the bulb.", least=1, most=100)
    >>> Lamp(watts=60).watts, Lamp().watts, Lamp.watts.flag
    (60, 40, '--watts')
    >>> Lamp(watts=500)
    Traceback (most recent call last):
    hq_core.errors.HqError: watts: 500, must be 1 to 100
    """

    __slots__ = (
        "above",
        "choices",
        "default",
        "flag",
        "help",
        "kind",
        "least",
        "many",
        "most",
        "name",
        "required",
        "short",
        "shown",
        "unit",
    )

    def __init__(
        self,
        default: T,
        help: str = "",
        *,
        kind: Callable[[Any], Any] | None = None,
        least: float | None = None,
        most: float | None = None,
        above: float | None = None,
        choices: Sequence[str] = (),
        unit: str = "",
        flag: str = "",
        short: str = "",
        many: bool = False,
        required: bool = False,
        shown: bool | None = None,
    ) -> None:
        self.name = ""
        self.default = default
        self.help = help
        self.kind = kind or type(default)
        self.least = least
        self.most = most
        self.above = above
        self.choices = tuple(choices)
        self.unit = unit
        self.flag = flag
        self.short = short
        self.many = many
        self.required = required
        self.shown = bool(default) and not many if shown is None else shown

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.flag = self.flag or "--" + name.strip("_").replace("_", "-")

    @overload
    def __get__(self, instance: None, owner: type) -> Option[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> Any:
        return self if instance is None else vars(instance)[self.name]

    def check(self, value: Any) -> None:
        """Refuse a value that is not allowed."""
        rule = self._broken(value)
        if rule:
            raise HqError(subject=self, value=value, rule=rule, code=USAGE)

    def _broken(self, value: Any) -> str:
        if value == self.default:
            return ""
        if self.choices:
            return "" if value in self.choices else f"must be one of {', '.join(self.choices)}"
        if self.kind is str and not isinstance(value, str):
            return f"must be a text{self.unit and ': '}{self.unit}"
        if self.kind not in (int, float):
            return ""
        if not isinstance(value, int | float):
            return "must be a number"
        low = value > self.above if self.above is not None else self.least is None or value >= self.least
        if not low or (self.most is not None and not value <= self.most):
            return self._bounds()
        return "must be a whole number" if self.kind is int and value != int(value) else ""

    def _bounds(self) -> str:
        most = "" if self.most is None else f"{self.most:.15g}"
        if self.above is not None:
            return f"must be above {self.above:.15g}" + (f" and at most {most}" if most else "")
        return f"must be {self.least:.15g} to {most}" if most else f"must be at least {self.least:.15g}"

    def __repr__(self) -> str:
        return f"{self.flag} {self.unit}".rstrip() + f": {self.help}"


class Declared:
    """Keywords that are declared as options of the class: checked, and those that are not given at their defaults."""

    def __init__(self, **given: Any) -> None:
        declared = options_of(type(self))
        for name in given:
            if name not in declared:
                hint = did_you_mean(name, tuple(declared))
                raise TypeError(f"{type(self).__name__} takes no keyword '{name}'{hint}")
        for name, option in declared.items():
            value = given.get(name, option.default)
            option.check(value)
            vars(self)[name] = option.kind(value) if option.kind in (int, float) and value is not None else value


def options_of(declared: type) -> dict[str, Option[Any]]:
    """The options of a class by name, in the order of their declaration; those of its bases first."""
    return {
        name: value
        for one in reversed(declared.__mro__)
        for name, value in vars(one).items()
        if isinstance(value, Option)
    }


def refuse_no_text(name: str, value: object, such: str = "") -> None:
    """HqError USAGE for an argument of a program, not an option, that is no text; `such`: one that is right."""
    if not isinstance(value, str):
        raise HqError(subject=name, value=value, rule="must be a text" + (such and f" such as {such}"), code=USAGE)


class Keywords:
    """The __signature__ of a class that takes options as keywords: for help(), which alone asks for it.

    before, after  what it takes besides: by place, and by name
    """

    def __init__(self, declared: Mapping[str, Option[Any]], before: Sequence[str] = (), after: Sequence[str] = ()):
        self.declared = declared
        self.before = before
        self.after = after

    def __get__(self, instance: object, owner: type) -> Signature:
        from inspect import Parameter, Signature

        found = [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in self.before]
        found += [
            Parameter(name, Parameter.KEYWORD_ONLY, default=option.default) for name, option in self.declared.items()
        ]
        return Signature([*found, *(Parameter(name, Parameter.KEYWORD_ONLY, default=None) for name in self.after)])


class StateOptions:
    """Of a filter that can be stopped and go on."""

    state: Option[str | None] = Option(
        None,
        "Start from the state in FILE and leave the state there at the end. A state is to be trusted as "
        "a program is: one that others own or may write is refused.",
        kind=str,
        unit="FILE",
    )
    state_every = Option(0, "Also write the state after this many input rows.", least=0, unit="ROWS")
