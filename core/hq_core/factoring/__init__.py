"""What factors are made of: how one is declared, the events that it reads, the memory of its window.

A file of the user's own has `from hq_core.factoring import Duration, factor` and is found as an indicator is.
"""

from __future__ import annotations

from hq_core.factoring.declare import FACTORS, Duration, Factor, alias, factor

__all__ = ["FACTORS", "Duration", "Factor", "alias", "factor"]
