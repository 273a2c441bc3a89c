"""hq-frames: batches to and from a stream of msgpack objects.  The contract is man/hq-frames.5."""

from __future__ import annotations

from hq_core.wire.reader import Reader
from hq_core.wire.writer import OpenSeries, Writer

__all__ = ["Reader", "OpenSeries", "Writer"]
