"""Arrow files, and what some writers make of them: a file before whose messages no stream begins."""

from __future__ import annotations

import io
import struct

import pyarrow as pa

BLOCK = "<qi4xq"  # where a message begins, the bytes of its head and of its body


def arrow_file(table: pa.Table, compression: str | None = None, rows: int = 1 << 20) -> bytes:
    to = io.BytesIO()
    with pa.ipc.new_file(to, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table, max_chunksize=rows)
    return to.getvalue()


def footer_at(data: bytes) -> int:
    return len(data) - 10 - struct.unpack("<i", data[-10:-6])[0]


def messages(data: bytes) -> list[tuple[int, int, int]]:
    """The blocks behind the schema, in the order in which they lie."""
    at, found = 8, []
    while True:
        size = struct.unpack("<i", data[at + 4 : at + 8])[0]
        if not size:
            return found[1:]
        body = pa.ipc.read_message(pa.py_buffer(data[at:])).body
        found.append((at, 8 + size, body.size if body else 0))
        at += sum(found[-1][1:])


def without_stream(data: bytes) -> bytes:
    """The file as some write it: the schema bare behind the magic, and what lay first of the messages last."""
    first, *rest = messages(data)
    made = bytearray(data)
    size = struct.unpack("<i", data[12:16])[0]
    made[8 : 16 + size] = data[16 : 16 + size] + bytes(8)
    start, begin, end = first[0], first[0] + sum(first[1:]), footer_at(data) - 8
    made[start:end] = data[begin:end] + data[start:begin]
    footer = bytes(made[footer_at(data) :])
    for at, head, body in (first, *rest):
        now = end - sum(first[1:]) if at == start else at - sum(first[1:])
        assert footer.count(struct.pack(BLOCK, at, head, body)) == 1
        footer = footer.replace(struct.pack(BLOCK, at, head, body), struct.pack("<qi4sq", now, head, b"MOVE", body))
    made[footer_at(data) :] = footer.replace(b"MOVE", bytes(4))
    return bytes(made)


def blocks_of(data: bytes) -> list[tuple[int, int, int]]:
    """The blocks that the footer tells of: what points to a message."""
    footer = data[footer_at(data) : -10]
    found = [struct.unpack(BLOCK, footer[i : i + 24]) for i in range(len(footer) - 24)]
    return [block for block in found if block[1] > 8 and data[block[0] :][:8] == struct.pack("<2i", -1, block[1] - 8)]
