"""Where compiled code may lie: a folder that nobody else can write, nor any folder or link on the way to it."""
from __future__ import annotations

import os
import stat

LINKS = 40      # symbolic links on one path, as the kernel counts them

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
        if not os.path.isdir(path):         # else another process was faster
            raise


def check(path: str) -> None:
    """ValueError names the first folder or link on the way to `path`, or `path` itself, that others may change."""
    here, rest, links = "/", [part for part in path.split("/") if part], 0
    _check_one("/", not rest)
    while rest:
        part = rest.pop(0)
        if part in (".", ".."):
            here = os.path.dirname(here) if part == ".." else here
            continue
        here = os.path.join(here, part)
        if not _check_one(here, not rest):
            continue
        links += 1
        if links > LINKS:
            raise ValueError(f"too many symbolic links at {here}")
        target = os.readlink(here)
        rest[:0] = [part for part in target.split("/") if part]
        here = "/" if target.startswith("/") else os.path.dirname(here)
        if not rest:
            _check_one(here, True)


def _check_one(path: str, last: bool) -> bool:
    """Whether it is a symbolic link.  A sticky folder of root's (/tmp) may lie on the way, but not be the place."""
    status = os.lstat(path)
    link = stat.S_ISLNK(status.st_mode)
    shared = status.st_mode & stat.S_ISVTX and status.st_uid == 0 and not last
    if status.st_uid not in (os.geteuid(), 0):
        raise ValueError(f"{path} belongs to another user")
    if status.st_mode & 0o022 and not link and not shared:
        raise ValueError(f"others may write {path} (chmod go-w)")
    return link
