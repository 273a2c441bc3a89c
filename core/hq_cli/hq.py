"""hq: the commands by purpose; hq NAME is hq-NAME."""

from __future__ import annotations

import sys

import click

from hq_cli import _commands
from hq_cli._command import Command
from hq_cli._filter import command
from hq_cli._help import ClickCommand, behind, common_options
from hq_cli._say import echo
from hq_core import VERSION
from hq_core.errors import USAGE, HqError, did_you_mean

EXAMPLES = """
hq gen bars --rows 1000 --seed 1 | hq indicators rsi:14 ema:20 | hq export csv
hq help export
hq describe --brief
hq warm
"""

WORDS = "[COMMAND [ARGUMENT]...]"


class Toolbox(ClickCommand):
    """The command whose help lists all the others."""

    allow_interspersed_args = False  # what follows the name belongs to that command

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for purpose, names in _commands.PURPOSES:
            with formatter.section(purpose):
                formatter.write_dl([(f"hq-{name}", _summary(_commands.load(name))) for name in names])
        for purpose, words in _commands.WORDS:
            with formatter.section(purpose):
                formatter.write_dl([(f"hq {word}", _summary(_commands.load(word))) for word in words])
        super().format_options(ctx, formatter)


def _summary(of: click.Command) -> str:
    return of.get_short_help_str(limit=200)


def _words(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The commands that the first word may become, for a shell."""
    return [] if ctx.params.get("words") else [name for name in _known() if name.startswith(incomplete)]


def _known() -> tuple[str, ...]:
    return (*_commands.NAMES, *_commands.OWN, "help")


def toolbox(command: Command) -> click.Command:
    """hq as click has it: nothing of what follows the name of a command is its own."""

    @click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar=WORDS, shell_complete=_words)
    @click.pass_context
    def function(ctx: click.Context, words: tuple[str, ...]) -> None:
        command.function(ctx, words)

    function.__doc__ = command.function.__doc__
    taken = behind(function, common_options(command.name, VERSION))
    return click.command(command.name, cls=Toolbox, examples=command.examples)(taken)


@command("hq", EXAMPLES, made=toolbox)
def main(ctx: click.Context, words: tuple[str, ...]) -> None:
    """Composable Unix filters for quantitative research and trading.

    hq NAME is the same as hq-NAME, and hq help NAME shows its options.  Each command reads frames on stdin, does one
    thing, and writes frames on stdout; hq(7) has the whole picture.
    """
    asked = bool(words) and words[0] == "help"
    words = words[1:] if asked else words
    if not words or words[0] == "help":
        echo(ctx.get_help())
        return
    name = words[0].removeprefix("hq-")
    if name not in _known():
        raise HqError(f"unknown command '{words[0]}'{did_you_mean(name, _known())}", USAGE)
    found = _commands.declared(name)
    sys.argv = [found.name, *(["--help"] if asked else words[1:])]
    found()


if __name__ == "__main__":
    main()
