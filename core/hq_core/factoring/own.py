"""A factor of the user's own that is named by its file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hq_core.errors import NOINPUT, USAGE, HqError
from hq_core.factoring.declare import FACTORS

if TYPE_CHECKING:
    from hq_core.factoring.declare import Factor


def load_file(path: str) -> Factor:
    """The factor of a file, which has its name; it is found by that from here on.

    Raises HqError NOINPUT where there is no such file, USAGE where hq has a factor of that name.
    """
    name, kind = os.path.splitext(os.path.basename(path))
    if kind != ".py" or not name.isidentifier() or name != name.lower():
        raise HqError(f"{path}: must be called as its factor, in small letters: NAME.py", USAGE)
    if not os.path.isfile(path):
        raise HqError(f"{path}: is no file", NOINPUT)
    if name in FACTORS.names():
        raise HqError(f"{path}: hq has a factor {name}; give yours another name", USAGE)
    return FACTORS.load_users(name, os.path.abspath(path))
