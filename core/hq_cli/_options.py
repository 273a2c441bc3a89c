"""Options as click has them, made of their declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hq_core.options import Option, options_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Made(click.Option):
    """A click option that knows its declaration."""

    def __init__(self, words: Sequence[str], declared: Option[Any], **rest: Any) -> None:
        super().__init__(words, **rest)
        self.declared = declared


class _Real(click.FloatRange):
    """A range of numbers; nan, which click lets through, lies in none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if number != number:
            self.fail(f"nan is not in the range {self._describe_range()}.", param, ctx)
        return number


def given(*declared: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the options of classes, in the order of their declaration."""

    def declare(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(made(*declared)):
            command = option(command)
        return command

    return declare


def made(*declared: type) -> list[Callable[[Any], Any]]:
    """The options of classes, each as what gives it to a command."""
    found = []
    for one in declared:
        for option in options_of(one).values():
            words, settings = _said(option, getattr(one, "RANGED", True))
            found.append(click.option(*words, cls=Made, **settings))
    return found


def _said(option: Option[Any], ranged: bool) -> tuple[list[str], dict[str, Any]]:
    """The words and settings of an option; `ranged`: help shows its bounds, and click checks them."""
    words = [word for word in (f"-{option.short}" if option.short else "", option.flag, option.name) if word]
    settings: dict[str, Any] = {"declared": option, "help": option.help or None, "required": option.required}
    if option.kind is bool:
        return words, {**settings, "is_flag": True}
    settings |= {"type": _type(option, ranged), "metavar": option.unit or None, "multiple": option.many}
    if option.kind not in (str, int, float) or (option.choices and not option.default):
        settings |= {"callback": _reading(option)}
    elif not option.required:
        settings |= {"default": option.default, "show_default": option.shown}
    return words, settings


def _type(option: Option[Any], ranged: bool) -> Any:
    if option.choices:
        return click.Choice(option.choices)
    if option.kind not in (int, float):
        return str
    low: Any = option.least if option.above is None else option.above
    most: Any = option.most
    if not ranged or (low, most) == (None, None):
        return option.kind
    type_ = click.IntRange if option.kind is int else _Real
    return type_(low, most, min_open=option.above is not None)


def _reading(option: Option[Any]) -> Callable[[click.Context, click.Parameter, str | None], Any]:
    """What makes a value of a text that may be none."""

    def read(ctx: click.Context, param: click.Parameter, text: str | None) -> Any:
        try:
            return option.default if text is None else option.kind(text)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return read
