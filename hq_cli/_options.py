"""Options as click has them, made of their declarations."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hq_core.options import Declared, Option, options_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Made(click.Option):
    """A click option that knows its declaration."""

    def __init__(self, words: Sequence[str], declared: Option[Any], **rest: Any) -> None:
        super().__init__(words, **rest)
        self.declared = declared


def given(*declared: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the options of classes, in the order of their declaration."""
    made = [_made(option, issubclass(one, Declared)) for one in declared for option in options_of(one).values()]

    def declare(command: Callable[..., Any]) -> Callable[..., Any]:
        for words, settings in reversed(made):
            command = click.option(*words, cls=Made, **settings)(command)
        return command

    return declare


def _made(option: Option[Any], checks: bool) -> tuple[list[str], dict[str, Any]]:
    """The words and settings of an option; `checks`: its stage checks its bounds, in the same words for a program."""
    words = [word for word in (f"-{option.short}" if option.short else "", option.flag, option.name) if word]
    settings: dict[str, Any] = {"declared": option, "help": option.help or None, "required": option.required}
    if option.kind is bool:
        return words, {**settings, "is_flag": True}
    settings |= {"type": _type(option, checks), "metavar": option.unit or None, "multiple": option.many}
    if option.kind not in (str, int, float):
        settings |= {"callback": _reading(option)}
    elif not option.required:
        settings |= {"default": option.default, "show_default": option.shown}
    return words, settings


def _type(option: Option[Any], checks: bool) -> Any:
    if option.choices:
        return click.Choice(option.choices)
    if option.kind not in (int, float):
        return str
    low: Any = option.least if option.above is None else option.above
    most: Any = option.most
    if checks or (low, most) == (None, None):
        return option.kind
    ranged = click.IntRange if option.kind is int else click.FloatRange
    return ranged(low, most, min_open=option.above is not None)


def _reading(option: Option[Any]) -> Callable[[click.Context, click.Parameter, str | None], Any]:
    """What makes a value of a text that may be none."""

    def read(ctx: click.Context, param: click.Parameter, text: str | None) -> Any:
        try:
            return option.default if text is None else option.kind(text)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return read
