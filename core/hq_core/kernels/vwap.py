"""The step that the volume weighted prices with a beginning share."""

from __future__ import annotations

from hq_core.jit import inline


@inline
def weigh(price: float, volume: float, total: float, mean: float, square: float) -> tuple[float, float, float]:
    """Total volume, mean price and its variance, with one more row; a volume that is not above 0 adds nothing.

    While there is no volume at all the mean is the row's own price and the variance 0.
    """
    if volume > 0.0:
        total += volume
        share = volume / total
        apart = price - mean
        mean += share * apart
        square = (1.0 - share) * (square + share * (apart * apart))
    elif total == 0.0:
        mean = price
        square = 0.0
    return total, mean, square
