"""Whatever lies on a descriptor, as schemas and rows, found by its first bytes.

Its names are imported when they are asked for: hq-gen reads a time (times.py) and needs nothing else of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hq_core.formats.options import SourceOptions
    from hq_core.formats.sniff import open_source, source_at_end

__all__ = ["SourceOptions", "open_source", "source_at_end"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'hq_core.formats' has no attribute '{name}'")
    from hq_core.formats import options, sniff

    return getattr(options if name == "SourceOptions" else sniff, name)
