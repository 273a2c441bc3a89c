"""The options of all commands that compute indicators: whose rules they follow, and what they may lack."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from hq_core.graph import Settings

COMPAT = click.option(
    "--compat", type=click.Choice(("talib", "metastock", "tv")), default="talib", show_default=True,
    help="Whose rules indicators follow where they differ; tv is Pine's.",
)
UNSTABLE = click.option(
    "--unstable", multiple=True, metavar="NAME=ROWS",
    help="That many rows more are NaN after the warm-up of NAME, as TA-Lib's unstable period.",
)


MISSING = click.option(
    "--missing", type=click.Choice(("error", "warn")), default="error", show_default=True,
    help="What it is when another series that is read never comes; warn leaves NaN.",
)


def settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command --compat, --unstable and --missing."""
    return COMPAT(UNSTABLE(MISSING(command)))


def settings(compat: str, unstable: tuple[str, ...]) -> Settings:
    """What --compat and --unstable ask for.  Raises HqError USAGE."""
    from hq_core.graph import Settings
    from hq_core.specs import rows_of

    return Settings(compat, rows_of(unstable))
