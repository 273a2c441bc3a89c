"""Commands as click has them, made of their declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hq_cli._help import ClickCommand, behind, common_options
from hq_cli._options import given
from hq_cli._say import ERROR, say
from hq_core import VERSION
from hq_core.errors import INTERRUPT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_cli._command import Command


def made(command: Command, cls: type[ClickCommand] = ClickCommand) -> click.Command:
    """The click command of a declaration: its arguments and options, then what every command takes."""

    def function(**said: Any) -> Any:
        return command.function(**said)

    function.__doc__ = command.function.__doc__
    function = given(*command.options)(function)
    for argument in reversed(command.arguments):
        settings: dict[str, Any] = {"metavar": argument.shown} if argument.shown else {}
        if argument.many:
            settings |= {"nargs": -1, "required": argument.required}
        if argument.choices:
            settings |= {"type": click.Choice(argument.choices)}
        function = click.argument(argument.name, **settings)(function)
    function = behind(function, common_options(command.name, VERSION))
    return click.command(command.name, cls=cls, examples=command.examples)(function)


def invoke(command: Command, words: Sequence[str]) -> Any:
    """Run a command by click; what click has to say of the words is an exit code and a line."""
    try:
        return command.clicked().main(args=list(words), prog_name=command.name, standalone_mode=False)
    except click.Abort:
        return INTERRUPT
    except click.ClickException as error:  # usage errors are its children
        say(f"{command.name}: {' '.join(error.format_message().split())}", ERROR, error.exit_code)
        return error.exit_code
