"""Indicators of the user's own: a file each in the folders that HQ_PATH names, and entry points of packages.

Looked for when a name is none of hq's own, and imported when it is asked for; a run that needs none of them never
gets here.  Both are programs that run with the user's rights, so nobody else may have written them.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from hq_core import hooks
from hq_core.errors import HqError
from hq_core.plugins import blame, folders

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from contextlib import AbstractContextManager
    from types import ModuleType


class Other(HqError):
    """A file declares something else under its name: of an indicator's a factor."""


def find(name: str, own: Collection[str]) -> str:
    """The file, or the package and its version, that has the indicator; '' if nothing has it.

    own   hq's names: those of them that the user's have too are told of and left out
    """
    files = _apart(folders.every(), own)
    return files.get(name) or _of_packages(own).get(name, "")


def names(own: Collection[str]) -> dict[str, str]:
    """What `find` gives for each name: a file comes before a package, an earlier folder before a later one."""
    return dict(sorted((_of_packages(own) | _apart(folders.every(), own)).items()))


def shadowed(name: str) -> None:
    """Tell of the files in the folders of HQ_PATH that have this name, which is hq's."""
    for file in folders.called(name):
        _unused(name, file)


def load(name: str, where: str, word: str = "indicator") -> tuple[Any, ModuleType]:
    """What the file or package has under `name`, None if nothing, and the module; `where` is what `find` gave.

    HqError DATA says the file, the line, and what is wrong there.
    """
    with blame.running(f"{word} {name} of {where}"):
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
    from _blake2 import blake2b  # hashlib takes 2 ms to import

    loader: Any = module.__loader__
    return blake2b((loader.get_source(module.__name__) or "").encode(), digest_size=16).hexdigest()


def _of_packages(own: Collection[str]) -> dict[str, str]:
    from hq_core.plugins import installed

    if not installed.any_package():
        return {}
    from hq_core.plugins import packages

    return _apart(packages.every(), own)


def _apart(found: Iterable[tuple[str, str]], own: Collection[str]) -> dict[str, str]:
    """The first of each name that hq does not have."""
    first: dict[str, str] = {}
    for name, where in found:
        if name in own:
            _unused(name, where)
        else:
            first.setdefault(name, where)
    return first


def _unused(name: str, where: str) -> None:
    """Tell once that hq's comes first: a later hq may have taken a name that the user gave."""
    if where not in _told:
        _told.add(where)
        if hooks.note is not None:
            what = where if where.startswith("/") else f"{name} of {where}"
            hooks.note(f"{what} is not used: hq has {name}; give yours another name")


_told: set[str] = set()
