"""Files of the user's own: HQ_PATH names folders of indicators, --python a strategy's file.

Each folder is a package of its own that nothing else can see into or shadow.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from hq_core.errors import CONFIG, NOINPUT, HqError
from hq_core.plugins import blame

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "HQ_PATH"


class Kind(NamedTuple):
    """A kind of files.

    named_by   the variable or option that names them
    prefix     of the names of their packages
    remedy     what to do about an exception of theirs
    """

    named_by: str
    prefix: str
    remedy: str


INDICATORS = Kind(VARIABLE, "hq_path", blame.REMEDY)
STRATEGIES = Kind("--python", "hq_python", "correct it there")
_packages: dict[str, tuple[str, Kind]] = {}  # name -> its folder


def folders() -> Iterator[str]:
    """The folders in order.  An empty one, which in PATH is the current folder, is none: that has a name, '.'."""
    for given in os.environ.get(VARIABLE, "").split(os.pathsep):
        if given:
            path = os.path.abspath(given)
            if not os.path.isdir(path):
                raise HqError(f"{VARIABLE}: {given} is no folder", NOINPUT)
            trusted(path)
            yield path


def every() -> list[tuple[str, str]]:
    """Name and file of each indicator, of all folders: NAME.py; names that begin with _ are for what files share."""
    found = []
    for folder in folders():
        for file in sorted(os.listdir(folder)):
            name, kind = os.path.splitext(file)
            path = os.path.join(folder, file)
            ours = name.isidentifier() and name[0] != "_" and name == name.lower()
            if kind == ".py" and ours and os.path.isfile(path):  # to read a pipe or a device may never end
                found.append((name, path))
    return found


def called(name: str) -> Iterator[str]:
    """The files of a name, which nobody is going to run: so nobody asks who may write them."""
    for given in os.environ.get(VARIABLE, "").split(os.pathsep):
        path = os.path.join(os.path.abspath(given), f"{name}.py")
        if given and os.path.isfile(path):
            yield path


def load(path: str, kind: Kind = INDICATORS) -> ModuleType:
    folder, file = os.path.split(path)
    package = f"{kind.prefix}_{_digest(folder)}"
    if package not in _packages:
        _packages[package] = folder, kind
        blame.users[package] = kind.remedy
        made = sys.modules[package] = ModuleType(package)
        made.__path__ = []  # nobody but _Finder looks there
        if _Finder not in sys.meta_path:
            sys.meta_path.insert(0, _Finder)
    return import_module(f"{package}.{file.removesuffix('.py')}")


def _digest(folder: str) -> str:
    """The same in every run, whatever else HQ_PATH names: numba keeps a kernel under its module's name."""
    from _blake2 import blake2b  # hashlib takes 2 ms to import

    return blake2b(os.fsencode(folder), digest_size=8).hexdigest()


def beside(module: ModuleType) -> dict[str, ModuleType]:
    """The files of its folder that have been loaded by now, itself among them, by their names."""
    package = module.__name__.partition(".")[0] + "."
    return {name.removeprefix(package): one for name, one in sys.modules.items() if name.startswith(package)}


def trusted(path: str, named_by: str = VARIABLE) -> None:
    """Refuse a folder or file that others own or may change, by itself or by the way to it."""
    from hq_core.jit.place import check

    try:
        check(path)
    except ValueError as error:
        raise HqError(f"{named_by}: {error}; what lies there would run as you", CONFIG) from None


class _Finder:
    """Finds `from ._steps import step` among the folder's own files."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        package, _, last = name.rpartition(".")
        folder, _ = _packages.get(package, ("", None))
        file = os.path.join(folder, last + ".py")
        if not folder or not os.path.isfile(file):
            return None
        spec = ModuleSpec(name, _Text(name, file), origin=file)
        spec.has_location = True
        return spec


class _Text(SourceFileLoader):
    """Takes the file's text, never the code that somebody may have left in __pycache__, and leaves none there."""

    def get_code(self, fullname: str) -> Any:
        _, kind = _packages[fullname.partition(".")[0]]
        trusted(self.path, kind.named_by)
        return self.source_to_code(self.get_data(self.path), self.path)
