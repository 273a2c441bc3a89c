"""What the first bytes of an input are, and the source that reads it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hq_core.errors import DATA, NOINPUT, HqError
from hq_core.formats.byte_stream import LARGE, ZIP, ByteStream
from hq_core.formats.unpack import unpacked
from hq_core.options.imports import AS_BARS, AS_OWN
from hq_core.wire.frame import begins_frames

if TYPE_CHECKING:
    from hq_core.formats.options import SourceOptions
    from hq_core.roles import Source

LOOK = 64
HEADER = 4096  # bytes of a header that hq-export writes, at most
NOTHING = "no input: not a single byte came"
GO_ON = (
    "Reader",
    "CsvSource",
    "JsonSource",
    "VenueSource",
)  # sources that read on where a state was left; others begin anew
TEXT = frozenset((9, 10, 13, *range(32, 127), *range(128, 256)))


def open_source(fd: int, first: bytes = b"", options: SourceOptions | None = None) -> Source:
    """The source of what lies on `fd`, of which `first` was read already; Options for what the input leaves open.

    Raises HqError NOINPUT for no bytes at all, DATA for bytes of no known format.
    """
    stream = unpacked(ByteStream(fd, first))
    if stream.packed and os.fstat(fd).st_size >= LARGE:  # a pipe has no size
        from hq_core.formats.ahead import unpacked_ahead

        stream = unpacked_ahead(stream)
    look = stream.peek(1, LOOK)
    if look[:1] in (b"\x93", b"P", b"A", b"\xff", b"\xef"):
        look = stream.peek(LOOK)
    if not look:
        raise HqError(NOTHING, NOINPUT)
    format_ = _format(look)
    if options is not None and options.venue:
        if format_ not in ("CsvSource", "JsonSource"):
            raise HqError("a capture of messages is lines of text, which the input is not", DATA)
        format_ = "VenueSource"
        return _made(format_, fd, stream, options)
    own = options.kind if options is not None and options.kind in AS_OWN else ""
    if own == "vector" and format_ not in ("CsvSource", "JsonSource", "Reader"):
        how = "hq-vector load takes .npz with arrays of these names"
        raise HqError(f"{AS_OWN[own]} of others are read from csv and JSON", DATA, hint=how)
    if options is not None and options.kind in (*AS_OWN, *AS_BARS) and format_ == "CsvSource":
        from hq_core.formats.own_csv import OwnCsvSource
        from hq_core.formats.told_columns import instants

        line = stream.peek(1, HEADER).partition(b"\n")[0].decode("utf-8", "replace")
        delimiter = options.delimiter or next((one for one in "\t;" if one in line), ",")
        if own or instants(line.strip("\ufeff\r").split(delimiter), options):
            return OwnCsvSource(stream, options.kind, delimiter, options)
    if format_ == "CsvSource" and look[:3] in (b"ts,", b"ts_", b"ts\t", b"sym"):  # as hq-export begins a header
        from hq_core.formats.own_csv import OwnCsvSource, own_kind

        kind, delimiter = own_kind(stream.peek(1, HEADER))
        if kind:
            return OwnCsvSource(stream, kind, delimiter, options)
    return _made(format_, fd, stream, options)


def source_at_end(format_: str, fd: int, options: SourceOptions | None = None) -> Source:
    """The source, by the name that a state has of it, of an input of which only the end is left.

    Raises HqError NOINPUT where its format is read again from its beginning, of which nothing has come.
    """
    if format_ not in GO_ON:
        raise HqError(NOTHING, NOINPUT)
    return _made(format_, fd, ByteStream(fd), options)


def _format(look: bytes) -> str:
    """The name of the source that reads what begins with these bytes."""
    if look[:4] == ZIP:  # the only zip that comes here unopened
        return "NpzSource"
    if begins_frames(look):
        return "Reader"
    if look[:1] in (b"{", b"["):
        return "JsonSource"
    if look[:6] == b"\x93NUMPY":
        return "NpySource"
    if look[:4] == b"PAR1":
        return "ParquetSource"
    if look[:6] == b"ARROW1" or look[:4] == b"\xff\xff\xff\xff":
        return "ArrowSource"
    if not TEXT.issuperset(look):
        raise HqError(f"not a format that hq reads; its first bytes are {look[:8].hex(' ')}", DATA)
    return "CsvSource"


def _made(format_: str, fd: int, stream: ByteStream, options: SourceOptions | None) -> Source:
    """A source by its name; its module is imported no sooner."""
    if format_ == "Reader":
        return _frames(fd, stream)
    if format_ == "CsvSource":
        from hq_core.formats.csv import CsvSource

        return CsvSource(stream, options)
    if format_ == "VenueSource":
        from hq_core.formats.venues.source import VenueSource

        assert options is not None
        return VenueSource(stream, options)
    if format_ == "JsonSource":
        from hq_core.formats.jsonl import JsonSource

        return JsonSource(stream, options)
    if format_ in ("NpySource", "NpzSource"):
        from hq_core.formats.arrays import NpySource, NpzSource

        return (NpySource if format_ == "NpySource" else NpzSource)(stream, options)
    from hq_core.formats.arrow import ArrowSource, ParquetSource

    return (ParquetSource if format_ == "ParquetSource" else ArrowSource)(stream, options)


def _frames(fd: int, stream: ByteStream) -> Source:
    """Frames as they come from the descriptor, or packed ones by way of a file that has no name."""
    from hq_core.wire import Reader

    if type(stream) is ByteStream:
        return Reader(fd, stream.ahead())
    from hq_core.formats.spool import spooled

    with spooled(stream) as file:
        return Reader(os.dup(file.fileno()))
