"""Indicators of the user's own: a file each in the folders that HQ_PATH names, and entry points of packages.

Looked for when a name is none of hq's own, and imported when it is asked for; a run that needs none of them never
gets here.  Both are programs that run with the user's rights, so nobody else may have written them.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from hq_core.errors import CONFIG, HqError
from hq_core.plugins import blame, folders

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from contextlib import AbstractContextManager
    from types import ModuleType


def find(name: str, own: Collection[str]) -> str:
    """The file, or the package and its version, that has the indicator; '' if nothing has it.

    own   hq's names.  HqError CONFIG where the user's have one of them, whichever is asked for
    """
    files = _apart(folders.every(), own)
    return files.get(name) or _of_packages(own).get(name, "")


def names(own: Collection[str], refused: list[HqError] | None = None) -> dict[str, str]:
    """What `find` gives for each name: a file comes before a package, an earlier folder before a later one.

    refused   takes what is wrong with those of hq's names, which are left out then
    """
    return dict(sorted((_of_packages(own, refused) | _apart(folders.every(), own, refused)).items()))


def load(name: str, where: str) -> tuple[Any, ModuleType]:
    """What the file or package has under `name`, None if nothing, and the module; `where` is what `find` gave.

    HqError DATA says the file, the line, and what is wrong there.
    """
    with blame.running(name, where):
        if where.startswith("/"):
            module = folders.load(where)
            return getattr(module, name, None), module
        from hq_core.plugins import packages

        return packages.load(name)


def watched(told: int = -1) -> AbstractContextManager[object]:
    """Within this a signal ends the process though a kernel of the user's own does not come back, if there is any.

    told  descriptor to which the numbers of signals are passed on, or -1
    """
    if not blame.users:
        return nullcontext()
    from hq_core.plugins.watch import Watch

    return Watch(told)


def digest(module: ModuleType) -> str:
    """Of the module's text."""
    from hashlib import blake2b

    loader: Any = module.__loader__
    return blake2b((loader.get_source(module.__name__) or "").encode(), digest_size=16).hexdigest()


def _of_packages(own: Collection[str], refused: list[HqError] | None = None) -> dict[str, str]:
    from hq_core.plugins import installed

    if not installed.any_package():
        return {}
    from hq_core.plugins import packages

    return _apart(packages.every(), own, refused)


def _apart(
    found: Iterable[tuple[str, str]], own: Collection[str], refused: list[HqError] | None = None
) -> dict[str, str]:
    """The first of each name."""
    first: dict[str, str] = {}
    for name, where in found:
        if name not in own:
            first.setdefault(name, where)
            continue
        error = HqError(
            f"{where}: {name} is hq's own (hq_core/indicators/{name}.py), which always comes first; "
            "give yours another name",
            CONFIG,
        )
        if refused is None:
            raise error
        refused.append(error)
    return first
