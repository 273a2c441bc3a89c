"""Whatever lies on a descriptor, as schemas and rows, found by its first bytes."""

from __future__ import annotations

from hq_core.formats.options import SourceOptions
from hq_core.formats.sniff import open_source, source_at_end

__all__ = ["SourceOptions", "open_source", "source_at_end"]
