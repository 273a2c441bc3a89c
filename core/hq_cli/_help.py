"""How a command's help reads: what it does, how it is used, then the rest; and what every command takes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from hq_cli._say import log

if TYPE_CHECKING:
    from collections.abc import Callable

WIDTH = 80  # columns of a help that goes into a pipe, and the most on a terminal
ENVIRONMENT = (
    (
        "HQ_CACHE",
        "Folder of compiled kernels, an absolute path; by default hq in $XDG_CACHE_HOME or ~/.cache. One "
        "that others may write is not used.",
    ),
    (
        "HQ_PATH",
        "Folders with indicators of your own, NAME.py each, separated by colons. What others may write is "
        "refused; the current folder is none of them unless '.' says so.",
    ),
    ("HQ_JIT", "numba: through numba's own loader, which starts slower and gives the same bits."),
    ("HQ_PROCESSOR", "x86-64-v2: kernels for every such machine, some slower, the same bits."),
)
SAID_AT_ONCE: dict[str, Any] = {"is_flag": True, "is_eager": True, "expose_value": False}
SHELLS = ("bash", "zsh", "fish")


class ClickCommand(click.Command):
    """A click command whose examples stand in the help as they are typed."""

    def __init__(self, *args: Any, examples: str = "", **rest: Any) -> None:
        # outside a terminal COLUMNS says nothing: the same help everywhere
        width = None if os.isatty(1) else WIDTH
        settings = {"help_option_names": ["-h", "--help"], "max_content_width": WIDTH, "terminal_width": width}
        super().__init__(*args, **{**rest, "context_settings": settings})
        self.examples = [line.strip() for line in examples.strip().splitlines()]
        self._help_flag: click.Option | None = None

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Declared here, as --version is: click looks for translations of its words, a millisecond of each start."""
        if self._help_flag is None:
            names = self.get_help_option_names(ctx)
            self._help_flag = click.Option(
                names, callback=_show_help, help="Show this message and exit.", **SAID_AT_ONCE
            )
        return self._help_flag

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The first paragraph and the examples first: a person looks no further than the first screen."""
        about, _, rest = _cleaned(self.help).partition("\n\n")
        self.format_usage(ctx, formatter)
        _paragraph(formatter, about)
        if self.examples:
            formatter.write_paragraph()
            formatter.write("Examples:\n")
            for line in self.examples:
                formatter.write(f"  {line}\n")
        _paragraph(formatter, rest)
        self.format_options(ctx, formatter)
        with formatter.section("Environment"):
            formatter.write_dl(list(ENVIRONMENT))


def _cleaned(text: str | None) -> str:
    from inspect import cleandoc

    return cleandoc(text or "")


def _paragraph(formatter: click.HelpFormatter, text: str) -> None:
    if text:
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(text)


def common_options(name: str, version: str) -> list[Callable[[Any], Any]]:
    """What every command takes."""

    def show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        if value and not ctx.resilient_parsing:
            click.echo(f"{name} (hq) {version}", color=ctx.color)
            ctx.exit()

    options = [
        click.option(
            "-q",
            "--quiet",
            is_flag=True,
            expose_value=False,
            callback=_quiet,
            is_eager=True,
            help="Say nothing on stderr but errors.",
        ),
        click.option("--log-json", is_flag=True, expose_value=False, help="Say on stderr one JSON object a line."),
        click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error."),
        click.option("--version", callback=show_version, help="Show the version and exit.", **SAID_AT_ONCE),
    ]
    if " " not in name:  # hq warm is a word of hq
        options.append(
            click.option(
                "--completion",
                type=click.Choice(SHELLS),
                expose_value=False,
                callback=_completion,
                is_eager=True,
                help="Print the completion script of a shell and stop.",
            )
        )
    return options


def behind(function: Callable[..., Any], options: list[Callable[[Any], Any]]) -> Callable[..., Any]:
    """Give a function options that stand in its help behind those that it has."""

    def holder() -> None:
        """click keeps a function's options on the function, the last one first."""

    for option in reversed(options):
        option(holder)
    there = vars(function)
    there["__click_params__"] = [*vars(holder)["__click_params__"], *there.get("__click_params__", [])]
    return function


def _quiet(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    log.quiet |= value  # hq -q NAME has said it before


def _show_help(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(ctx.get_help(), color=ctx.color)
        ctx.exit()


def _completion(ctx: click.Context, param: click.Parameter, shell: str | None) -> None:
    if shell is None or ctx.resilient_parsing:
        return
    from click.shell_completion import get_completion_class

    name = str(ctx.command.name)
    made = get_completion_class(shell)
    assert made is not None
    variable = f"_{name.replace('-', '_').upper()}_COMPLETE"
    click.echo(made(ctx.command, {}, name, variable).source())
    ctx.exit()
