"""The one list of commands, by purpose.  What each does is the first sentence of its own help."""

from __future__ import annotations

from importlib import import_module
from keyword import iskeyword
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click

    from hq_cli._filter import Process

PURPOSES = (
    ("Get data in and out", ("gen", "import", "export", "merge", "asof")),
    ("Bars and indicators", ("aggregate", "indicators")),
    ("Order books", ("book", "factors", "pairs")),
    ("Strategy and account", ("vector", "signal", "backtest")),
    ("Check and keep", ("diff", "state")),
)
NAMES = tuple(name for _, names in PURPOSES for name in names)
WORDS = (  # what hq itself does: hq warm is no hq-warm
    ("Once after installing", ("warm",)),
    ("For programs and language models", ("describe",)),
)
OWN = tuple(word for _, words in WORDS for word in words)


def module(name: str) -> str:
    """The module of hq-NAME; a Python keyword gets an underscore."""
    return f"hq_cli.{name}_" if iskeyword(name) else f"hq_cli.{name}"


def declared(name: str) -> Process:
    """The command hq-NAME, or `hq NAME` that is no hq-NAME."""
    found: Process = import_module(f"hq_cli._{name}" if name in OWN else module(name)).main
    return found


def load(name: str) -> click.Command:
    """The same as click has it."""
    return declared(name).clicked()
