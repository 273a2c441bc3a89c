"""What the first bytes of an input are, and the source that reads it."""
from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hq_core.errors import DATA, NOINPUT, HqError
from hq_core.formats.inflate import ZIP, ByteStream, unpacked
from hq_core.wire.frame import begins_frames

if TYPE_CHECKING:
    from hq_core.formats.options import Options

LOOK = 64
HEADER = 4096       # bytes of a header that hq-export writes, at most
TEXT = frozenset((9, 10, 13, *range(32, 127), *range(128, 256)))


def open_source(fd: int, first: bytes = b"", options: Options | None = None) -> Any:
    """The source of what lies on `fd`, of which `first` was read already; Options for what the input leaves open.

    A source gives (kind, item) pairs and knows its `position`, `save` and `load`, as hq_core.wire.Reader does.
    Raises HqError NOINPUT for no bytes at all, DATA for bytes of no known format.
    """
    stream = unpacked(ByteStream(fd, first))
    look = stream.peek(1, LOOK)
    if look[:1] in (b"\x93", b"P", b"A", b"\xff", b"\xef"):
        look = stream.peek(LOOK)
    if not look:
        raise HqError("no input: not a single byte came", NOINPUT)
    if look[:4] == ZIP:         # the only zip that comes here unopened
        from hq_core.formats.arrays import NpzSource

        return NpzSource(stream, options)
    if begins_frames(look):
        return _frames(fd, stream)
    if look[:1] in (b"{", b"["):
        from hq_core.formats.jsonl import JsonSource

        return JsonSource(stream, options)
    if look[:6] == b"\x93NUMPY":
        from hq_core.formats.arrays import NpySource

        return NpySource(stream, options)
    if look[:4] == b"PAR1" or look[:6] == b"ARROW1" or look[:4] == b"\xff\xff\xff\xff":
        from hq_core.formats.arrow import ArrowSource, ParquetSource

        return (ParquetSource if look[:4] == b"PAR1" else ArrowSource)(stream, options)
    if not TEXT.issuperset(look[:LOOK]):
        raise HqError(f"not a format that hq reads; its first bytes are {look[:8].hex(' ')}", DATA)
    if look[:3] in (b"ts,", b"ts_", b"ts\t", b"sym"):        # as hq-export begins a header
        from hq_core.formats.own_csv import OwnCsvSource, own_kind

        kind, delimiter = own_kind(stream.peek(1, HEADER))
        if kind:
            return OwnCsvSource(stream, kind, delimiter, options)
    from hq_core.formats.csv import CsvSource

    return CsvSource(stream, options)


def _frames(fd: int, stream: ByteStream) -> Any:
    """Frames as they come from the descriptor, or packed ones by way of a file that has no name."""
    from hq_core.wire import Reader

    if type(stream) is ByteStream:
        return Reader(fd, stream.ahead())
    from hq_core.formats.spool import spooled

    with spooled(stream) as file:
        return Reader(os.dup(file.fileno()))
