"""What the options of all commands that compute indicators ask for."""
from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hq_core.graph import Settings


def settings(compat: str, unstable: tuple[str, ...]) -> Settings:
    """What --compat and --unstable ask for.  Raises HqError USAGE."""
    from hq_core.graph import Settings
    from hq_core.specs import rows_of

    return Settings(compat, rows_of(unstable))
