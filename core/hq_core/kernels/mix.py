"""64 bits from which each bit of 64 others is spread over all."""

from __future__ import annotations

from hq_core.jit import inline

MIX_1 = 0xBF58476D1CE4E5B9 - (1 << 64)
MIX_2 = 0x94D049BB133111EB - (1 << 64)
LOW_34, LOW_37, LOW_33 = (1 << 34) - 1, (1 << 37) - 1, (1 << 33) - 1


@inline
def mixed(z: int) -> int:
    """The end of SplitMix64 (Steele, Lea, Flood 2014), a permutation; the masks make the shifts logical."""
    z = (z ^ ((z >> 30) & LOW_34)) * MIX_1
    z = (z ^ ((z >> 27) & LOW_37)) * MIX_2
    return z ^ ((z >> 31) & LOW_33)
