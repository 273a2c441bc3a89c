"""Text and bytes on their way to a file descriptor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.wire.frame import write_all

if TYPE_CHECKING:
    from hq_core.formats.deflate import Packer

HOLD = 1 << 16  # bytes that text output gathers before it writes


class Descriptor:
    """Text and bytes to a file descriptor, gathered; `flush` when the input pauses.  Also a binary file for others."""

    closed = False

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._parts: list[bytes] = []
        self._size = 0
        self._written = 0
        self._failed = False

    def text(self, text: str) -> None:
        self._gather(text.encode())

    def block(self, data: memoryview, before: str) -> None:
        """Bytes whose memory is used again, behind a text."""
        if before:
            self.text(before)
        if len(data) < HOLD:
            self._gather(bytes(data))
        else:
            self.flush()
            self.write(data)

    def _gather(self, data: bytes) -> None:
        self._parts.append(data)
        self._size += len(data)
        if self._size >= HOLD:
            self.flush()

    def flush(self) -> None:
        if self._parts:
            data = b"".join(self._parts)
            self._parts.clear()
            self._size = 0
            self.write(data)

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        if not self._failed:
            write_all(self.fd, self.packed(view))
        self._written += len(view)
        return len(view)

    def packed(self, view: memoryview) -> memoryview:
        """What is written of these bytes."""
        return view

    def end(self) -> None:
        """All has been written."""
        self.flush()

    def fail(self) -> None:
        """Nothing is written any more: a writer that is left in the middle still closes its file when it goes away."""
        self._failed = True

    def tell(self) -> int:
        return self._written

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        """The descriptor is its owner's to close."""


class Packed(Descriptor):
    """The same, packed."""

    def __init__(self, fd: int, packer: Packer) -> None:
        super().__init__(fd)
        self._packer = packer

    def packed(self, view: memoryview) -> memoryview:
        return memoryview(self._packer.pack(view))

    def end(self) -> None:
        self.flush()
        if not self._failed:
            write_all(self.fd, memoryview(self._packer.end()))
