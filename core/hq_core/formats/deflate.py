"""Text packed as it is written: gzip, Zstandard; the same bytes on every run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import Protocol

    class Packer(Protocol):
        """What packs a stream of bytes."""

        def pack(self, data: memoryview) -> bytes: ...
        def end(self) -> bytes: ...


def ending(name: str) -> str:
    """The ending by which a file's name says how it is packed; '' where it does not."""
    return next((found for found in PACKERS if name.lower().endswith(found)), "")


class _Gzip:
    def __init__(self) -> None:
        import zlib

        self._packer = zlib.compressobj(wbits=zlib.MAX_WBITS + 16)  # its head has no name and no time

    def pack(self, data: memoryview) -> bytes:
        return self._packer.compress(data)

    def end(self) -> bytes:
        return self._packer.flush()


class _Zstd:
    """By pyarrow, as it is read."""

    closed = False

    def __init__(self) -> None:
        from hq_core.formats.lean import pa

        self._made = bytearray()
        self._packer: Any = pa.CompressedOutputStream(pa.PythonFile(self, mode="w"), "zstd")

    def pack(self, data: memoryview) -> bytes:
        self._packer.write(data)
        return self._taken()

    def end(self) -> bytes:
        self._packer.close()
        return self._taken()

    def _taken(self) -> bytes:
        made, self._made = self._made, bytearray()
        return bytes(made)

    # -- the file that pyarrow writes to -----------------------------------------------------------------
    def write(self, data: Any) -> int:
        self._made += data
        return len(data)

    def flush(self) -> None:
        """What was written is there."""

    def close(self) -> None:
        """There is no file."""


PACKERS: dict[str, type[Packer]] = {".gz": _Gzip, ".zst": _Zstd}
