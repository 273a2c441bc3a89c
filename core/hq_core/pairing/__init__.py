"""Factors of two series that are known side by side: how one is declared, and what it is computed with.

    @pair(title=..., outputs=..., params=..., source=..., oracle=...)
    def corr(on: Pairing, window: int, least: int, of: int) -> GraphColumn:

in a file of its name in hq_core/pairs, or in a folder of HQ_PATH.
"""

from hq_core.pairing.declare import PAIRS, Pair, pair
from hq_core.pairing.on import Pairing

__all__ = ["PAIRS", "Pair", "Pairing", "pair"]
