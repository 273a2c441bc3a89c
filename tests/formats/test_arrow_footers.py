"""Arrow files before whose messages no stream begins: read by their footer, with the checks of streams."""

from __future__ import annotations

import struct

import numpy as np
import pyarrow as pa
import pytest
from arrow_files import BLOCK, arrow_file, blocks_of, footer_at, without_stream
from test_formats import read
from test_tables_exact import refused, ticks

from hq_core.formats import tables


def table(n: int = 50) -> pa.Table:
    words = pa.array([("A", "Bé", "C")[i % 3] for i in range(n)])
    columns = {"ts_s": np.arange(n) + 1_600_000_000, "price": np.arange(n) + 0.5, "qty": np.ones(n)}
    return pa.table({**columns, "symbol": words.dictionary_encode()})


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
@pytest.mark.parametrize("rows", [50, 7])
def test_a_file_that_is_no_stream_is_read_by_its_footer(compression, rows):
    whole = arrow_file(table(), compression, rows)
    bare = without_stream(whole)
    with pytest.raises((pa.ArrowInvalid, OSError)):
        pa.ipc.open_stream(bare[8:]).read_all()
    assert pa.ipc.open_file(bare).read_all() == table()
    assert read(bare) == read(whole)


def test_its_messages_are_looked_at_before_they_are_unpacked(monkeypatch):
    bare = without_stream(arrow_file(table(5000), "zstd"))
    monkeypatch.setattr(tables, "MOST", 50_000)
    monkeypatch.setattr(tables, "SWELL", 0)
    refused(bare, "message 2 unpacks to .* at once")
    monkeypatch.setattr(tables, "MOST", 500_000)
    assert read(bare)


OUTSIDE = [(0, 64, 64), (-8, 64, 64), (1 << 40, 64, 64), (1 << 62, 64, 1 << 62), (16, -8, 0), None]


@pytest.mark.parametrize("second", OUTSIDE)
def test_messages_that_share_bytes_or_lie_outside_are_refused(second):
    """A footer of some bytes more could tell of the same rows a million times."""
    bare = without_stream(arrow_file(pa.table(ticks()), rows=2))
    at = footer_at(bare)
    blocks = [struct.pack(BLOCK, *block) for block in blocks_of(bare)]
    assert len(blocks) == 2
    assert bare[at:].count(blocks[1]) == 1
    wrong = blocks[0] if second is None else struct.pack(BLOCK, *second)
    refused(bare[:at] + bare[at:].replace(blocks[1], wrong), "its end tells of .* bytes at byte")
