"""The one list of commands, by purpose.  What each does is the first sentence of its own help."""
from __future__ import annotations

from importlib import import_module
from keyword import iskeyword
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hq_cli._help import Command

PURPOSES = (
    ("Get data in and out", ("gen", "import", "export", "merge")),
    ("Bars and indicators", ("aggregate", "indicators")),
    ("Strategy and account", ("signal", "backtest")),
    ("Check and keep", ("diff", "state")),
)
NAMES = tuple(name for _, names in PURPOSES for name in names)


def module(name: str) -> str:
    """The module of hq-NAME; a Python keyword gets an underscore."""
    return f"hq_cli.{name}_" if iskeyword(name) else f"hq_cli.{name}"


def load(name: str) -> Command:
    """The command hq-NAME."""
    found: Command = import_module(module(name)).main
    return found
