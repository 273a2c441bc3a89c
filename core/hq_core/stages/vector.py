"""Stores of vectors as commands read them, and as hq-vector shows them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hq_core.errors import DATA, HqError
from hq_core.files import STDIN, to_read
from hq_core.formats.times import UNITS, instant, read_epoch
from hq_core.say import iso_text
from hq_core.series.stores import Store
from hq_core.vectors.forms import Taken, from_json, from_npz, maps, to_json, to_npz
from hq_core.vectors.read import ALWAYS, Reader
from hq_core.wire import Reader as Frames
from hq_core.wire.frame import begins_frames, read_into, write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hq_core.roles import Source
    from hq_core.series.stores import Rows

BLOCK = 1 << 16
APPROXIMATE = "usearch+"  # before the path of a store that is to be searched through an index
LIMIT = 1 << 32  # bytes of a file that is held whole


def read_rows(path: str, timeless: bool, unit: str = "") -> Rows:
    """The vectors of a file, which is only read: hq-frames, any file that hq-export made of them, .npz, JSON.

    timeless  take vectors of which nobody knows from when on they were known
    unit      of times that are numbers; else ms in JSON, ns in arrays

    Raises HqError NOINPUT, DATA.
    """
    fd = 0 if path in STDIN else to_read(path)
    try:
        block = bytearray(BLOCK)
        first = bytes(block[: read_into(fd, memoryview(block))])
        if begins_frames(first):
            return _of(Frames(fd, first), path, timeless)
        if first[:2] == b"PK":
            return from_npz(_whole(fd, first, path), Taken(path, _instants(UNITS[unit or "ns"]), timeless))
        if first.lstrip()[:1] in (b"[", b"{"):
            return from_json(_whole(fd, first, path), Taken(path, _instants(UNITS[unit or "ms"]), timeless))
        from hq_core.formats import open_source

        return _of(open_source(fd, first), path, timeless)
    except HqError as error:
        if str(error).startswith(path):
            raise
        raise error.within(path) from None
    finally:
        if fd:
            os.close(fd)


def opened_store(name: str, path: str, timeless: bool) -> Store:
    """The store of that name in a file; of usearch+FILE one that is searched approximately."""
    if not path.startswith(APPROXIMATE):
        return Store(name, read_rows(path, timeless), path)
    from hq_core.series.indexed import Indexed

    file = path.removeprefix(APPROXIMATE)
    return Indexed(name, read_rows(file, timeless), file)


def indexed(path: str, timeless: bool, method: str) -> None:
    """Write the index of a store to stdout."""
    from hq_core.series.indexed import Indexed

    write_all(1, memoryview(Indexed(path, read_rows(path, timeless), path).packed(method)))


def told_store(name: str, vectors: Iterable[Mapping[str, Any]], timeless: bool, unit: int) -> Store:
    """The store of that name of vectors that a program has; unit: ns of times that are numbers."""
    return Store(name, told_rows(name, vectors, timeless, unit))


def told_rows(file: str, vectors: Iterable[Mapping[str, Any]], timeless: bool, unit: int) -> Rows:
    taken = Taken(file, _instants(unit), timeless)
    for one in vectors:
        taken.take(one)
    if taken.rows is None:
        raise HqError(f"{file}: holds no vectors", DATA)
    return taken.rows


def _of(source: Source, path: str, timeless: bool) -> Rows:
    return Reader(path, timeless).read(source)


def _whole(fd: int, first: bytes, path: str) -> bytes:
    parts, size = [first], len(first)
    while more := os.read(fd, 1 << 20):
        parts.append(more)
        size += len(more)
        if size > LIMIT:
            raise HqError(f"{path}: has more than {LIMIT} bytes", DATA)
    return b"".join(parts)


def _instants(unit: int) -> Callable[[Any], int]:
    """What makes nanoseconds of a time: ISO 8601, or a number of so many ns each."""
    units = {size: name for name, size in UNITS.items()}

    def read(value: Any) -> int:
        if isinstance(value, str):
            try:
                return instant(value)
            except HqError as error:
                raise HqError(str(error), DATA) from None
        found = None
        if hasattr(value, "__float__") and not isinstance(value, bool):
            found = read_epoch(repr(int(value) if hasattr(value, "__index__") else float(value)), unit)
        if found is None:
            raise HqError(f"{value!r:.40} is no time: ISO 8601, or a number of {units[unit]}", DATA)
        return found

    return read


def described(store: Store) -> dict[str, Any]:
    """What is said of a store."""
    avail, times = store.avail, store.times
    labels: dict[str, int] = {}
    for label in sorted(store.labels):
        text = f"{label:.15g}"
        labels[text] = labels.get(text, 0) + 1
    timeless = not store.n or avail[0] == ALWAYS
    return {
        "file": store.file,
        "vectors": store.n,
        "length": store.length,
        "made": store.made._asdict(),
        "labels": labels,
        "from": None if timeless else iso_text(min(times)),
        "to": None if timeless else iso_text(max(times)),
        "known": None if timeless else iso_text(avail[-1]),
        "symbols": store.names,
        "digest": store.digest,
        **({"search": store.told()} if store.told() else {}),
    }


def dumped(rows: Rows) -> Iterator[str]:
    """The lines of a JSON array that load takes."""
    return to_json(rows, iso_text, _timeless(rows))


def mapped(rows: Rows) -> Iterator[dict[str, Any]]:
    """Its rows as maps, times as text."""
    return maps(rows, iso_text, _timeless(rows))


def exported(rows: Rows) -> None:
    """Write an .npz to stdout."""
    import io

    held = io.BytesIO()
    to_npz(rows, held, _timeless(rows))
    write_all(1, held.getbuffer())


def _timeless(rows: Rows) -> bool:
    return bool(rows.avail) and rows.avail[0] == ALWAYS
