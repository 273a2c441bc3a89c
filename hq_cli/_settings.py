"""The options that say whose rules the indicators of a command follow."""
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


def settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command --compat and --unstable."""
    return COMPAT(UNSTABLE(command))


def settings(compat: str, unstable: tuple[str, ...]) -> Settings:
    """What the two options ask for.  Raises HqError USAGE."""
    from hq_core.graph import Settings
    from hq_core.specs import rows_of

    return Settings(compat, rows_of(unstable))
