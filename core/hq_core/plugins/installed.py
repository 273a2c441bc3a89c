"""Whether any installed package has indicators, told from its files alone.

Most users have no such package, and importlib.metadata takes as long to import as the rest of `hq-indicators --list`.
"""

from __future__ import annotations

import os
import sys

GROUP = "hq.indicators"


def any_package() -> bool:
    """True also where it cannot be told: a path that is no folder (an archive), a finder of somebody else's."""
    if any(hasattr(finder, "find_distributions") and not _is_python_s(finder) for finder in sys.meta_path):
        return True
    return any(_has(path or os.curdir) for path in sys.path)


def _is_python_s(finder: object) -> bool:
    return getattr(finder, "__module__", "").startswith(("_frozen_importlib", "importlib"))


def _has(path: str) -> bool:
    try:
        names = os.listdir(path)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return any(
        _lists(os.path.join(path, name, "entry_points.txt"))
        for name in names
        if name.lower().endswith((".dist-info", "egg-info"))
    )


def _lists(file: str) -> bool:
    try:
        with open(file, "rb") as text:
            return GROUP.encode() in text.read()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
