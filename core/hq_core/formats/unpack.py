"""What a stream unpacks to, found by its first bytes: gzip, bzip2, xz, Zstandard, zip, and these in each other."""

from __future__ import annotations

from hq_core.errors import DATA, HqError
from hq_core.formats.byte_stream import ZIP, ByteStream

LAYERS = 4  # gzip in gzip in …
GZIP, ZSTD, XZ = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\0"
BZIP = b"BZh"
BZIP_BLOCKS = (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90")  # what follows BZh and a digit: text may begin with BZh too
XZ_MEMORY = 100 << 20  # xz -9 takes 65 MiB


def _is_npz(stream: ByteStream) -> bool:
    """Whether a zip's first file is a NumPy array."""
    size = int.from_bytes(stream.peek(30)[26:28], "little")
    return stream.peek(30 + size)[30:].endswith(b".npy")


def _opened(stream: ByteStream) -> ByteStream | None:
    """What the stream unpacks to; None if it is not packed."""
    magic = stream.peek(4)
    if magic[:2] == GZIP:
        from hq_core.formats.inflate import Deflate, MemberStream, deflate_errors

        return MemberStream(stream, "gzip", GZIP, lambda: Deflate(31), deflate_errors())
    if magic == ZIP and not _is_npz(stream):
        from hq_core.formats.zip_stream import ZipStream

        return ZipStream(stream)
    if magic == ZSTD:
        from hq_core.formats.inflate import ZstdStream

        return ZstdStream(stream)
    if magic == XZ[:4] and stream.peek(6) == XZ:
        import lzma

        from hq_core.formats.inflate import MemberStream

        errors = lzma.LZMAError, MemoryError, EOFError
        return MemberStream(stream, "xz", XZ, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, XZ_MEMORY), errors)
    if magic[:3] == BZIP and stream.peek(10)[4:] in BZIP_BLOCKS:
        import bz2

        from hq_core.formats.inflate import MemberStream

        return MemberStream(stream, "bzip2", BZIP, bz2.BZ2Decompressor, (OSError, ValueError, EOFError))
    return None


def unpacked(stream: ByteStream) -> ByteStream:
    """The stream itself, or what it unpacks to.  An .npz stays packed: it is read from its end."""
    layers = 0
    while (found := _opened(stream)) is not None:
        from hq_core.formats.zip_stream import ZipStream

        layers += 1
        if layers > LAYERS:
            raise HqError(f"packed more than {LAYERS} times over: unpack it first", DATA)
        if isinstance(stream, ZipStream):
            raise HqError(f"zip: {stream.files[0][1]}: is packed itself: unpack the zip first", DATA)
        stream = found
    return stream
