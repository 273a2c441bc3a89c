"""Where compiled code may lie: a folder that nobody else can write, nor any folder or link on the way to it."""

from __future__ import annotations

import os
import stat

from hq_core.files import way

_places: dict[str, tuple[str, str]] = {}


def place() -> tuple[str, str]:
    """The folder, made if need be, and ''; or '' and why there is no safe one.

    $HQ_CACHE, else hq under $XDG_CACHE_HOME, else ~/.cache/hq.  A relative path is no place: it would be another
    one, and another person's, in each folder where a command is run.
    """
    path, why = _named()
    if why:
        return "", why
    known = _places.get(path)
    if known is None:
        try:
            make(path)
            check(path)
            known = path, ""
        except (OSError, ValueError) as error:
            known = "", f"cache {path} not used: {error}"
        _places[path] = known
    return known


def _named() -> tuple[str, str]:
    given = os.environ.get
    for name, below in (("HQ_CACHE", ""), ("XDG_CACHE_HOME", "hq"), ("HOME", ".cache/hq")):
        base = given(name)
        if base and not os.path.isabs(base):
            return "", f"no cache: {name} is {base}, which is no absolute path"
        if base:
            return os.path.join(base, below) if below else base, ""
    return "", "no cache: HOME is empty; set HQ_CACHE to a folder of yours"


def make(path: str) -> None:
    """Make a folder and those above it, each for its owner alone whatever the umask is."""
    if os.path.isdir(path):
        return
    above = os.path.dirname(path.rstrip("/"))
    if above != path:
        make(above)
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        if not os.path.isdir(path):  # else another process was faster
            raise


def check(path: str) -> None:
    """ValueError names the first folder or link on the way to `path`, or `path` itself, that others may change."""
    for here, status, last in way(path):
        # a sticky folder of root's (/tmp) may lie on the way, but not be the place
        shared = status.st_mode & stat.S_ISVTX and status.st_uid == 0 and not last
        if status.st_uid not in (os.geteuid(), 0):
            raise ValueError(f"{here} belongs to another user")
        if status.st_mode & 0o022 and not stat.S_ISLNK(status.st_mode) and not shared:
            raise ValueError(f"others may write {here} (chmod go-w)")
