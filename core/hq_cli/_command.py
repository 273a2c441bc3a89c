"""A command as it is declared, and how plain words become its options without click, which takes longer to import than
most runs take.

What is not plain (help, an error, an abbreviation, a completion, what every command takes) is left to click, which is
made of the same declaration: so there is one set of options, one set of messages.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from hq_core.options import Option, options_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import click


class Argument(NamedTuple):
    """What stands on the command line without a flag.

    shown    in the help
    many     any number of them, which come as a tuple; required: at least one
    choices  what it may be; none: anything
    """

    name: str
    shown: str = ""
    many: bool = False
    required: bool = True
    choices: tuple[str, ...] = ()


class Command:
    """A command: its name, what it takes in the order of its help, what it does with it.

    takes     arguments, and classes of options
    examples  lines for the help
    made      makes the whole of a click command where it is more than what it takes
    """

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        takes: Sequence[Argument | type],
        examples: str = "",
        made: Callable[[Command], click.Command] | None = None,
    ) -> None:
        self.name = name
        self.function = function
        self.arguments = [one for one in takes if isinstance(one, Argument)]
        self.options = [one for one in takes if not isinstance(one, Argument)]
        self.examples = examples
        self.made = made

    def clicked(self) -> click.Command:
        """As click has it."""
        from hq_cli._click import made

        return self.made(self) if self.made is not None else made(self)


class NotPlain(Exception):
    """Words that click must look at."""


def plain(command: Command, words: Sequence[str]) -> dict[str, Any] | None:
    """What the function of a command is given for words that are all plain; None where click must look at them."""
    variable = f"_{command.name.replace('-', '_').upper()}_COMPLETE"
    if command.made is not None or variable in os.environ:
        return None
    options = [option for one in command.options for option in options_of(one).values()]
    try:
        given, rest = _sorted_out(options, words)
        found = {option.name: _value(option, given.get(option.name)) for option in options}
        return {**_arguments(command.arguments, rest), **found}
    except (NotPlain, ValueError):
        return None


def _sorted_out(options: Sequence[Option[Any]], words: Sequence[str]) -> tuple[dict[str, list[str]], list[str]]:
    """The texts that are given for each option, and the words that are of none."""
    known = {option.flag: option for option in options}
    known |= {f"-{option.short}": option for option in options if option.short}
    given: dict[str, list[str]] = {}
    rest: list[str] = []
    left = iter(words)
    for word in left:
        if not word:
            raise NotPlain
        if word[0] != "-" or word == "-":
            rest.append(word)
            continue
        flag, has, text = word.partition("=")
        option = known.get(flag)
        if option is None or (option.kind is bool and has) or (has and not flag.startswith("--")):
            raise NotPlain
        if option.kind is not bool and not has:
            text = next(left, "")
            if text.startswith("-") and text != "-":  # click tells a number from a flag
                raise NotPlain
        if (option.kind is not bool and not text) or (option.name in given and not option.many):
            raise NotPlain
        given.setdefault(option.name, []).append(text)
    return given, rest


def _value(option: Option[Any], texts: Sequence[str] | None) -> Any:
    """What an option is worth: as click converts it, which the tests compare.  Raises ValueError, NotPlain."""
    if option.kind is bool:
        return texts is not None
    if texts is None:
        if option.required:
            raise NotPlain
        return option.default
    values = [_converted(option, text) for text in texts]
    return tuple(values) if option.many else values[0]


def _converted(option: Option[Any], text: str) -> Any:
    if option.choices:
        if text not in option.choices:
            raise NotPlain
        return text if option.default else option.kind(text)
    if option.kind not in (int, float):
        return option.kind(text)
    number = option.kind(text)
    low = option.least if option.above is None else option.above
    beyond = (low is not None and (number < low or (option.above is not None and number == low))) or (
        option.most is not None and number > option.most
    )
    if beyond or number != number:
        raise NotPlain
    return number


def _arguments(arguments: Sequence[Argument], words: Sequence[str]) -> Mapping[str, Any]:
    """The words by the names of the arguments, of which the last one may be many.  Raises NotPlain."""
    found: dict[str, Any] = {}
    left = list(words)
    for argument in arguments:
        mine, left = (left, []) if argument.many else (left[:1], left[1:])
        wrong = any(argument.choices and word not in argument.choices for word in mine)
        if wrong or (not mine and argument.required):
            raise NotPlain
        found[argument.name] = tuple(mine) if argument.many else mine[0]
    if left:
        raise NotPlain
    return found
