"""Ulcer Index."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.registry import Param


@kernel()
def fallen(close: F8, highest: F8, out: F8) -> None:
    """Square of close below the highest, in percent of it; 0 where that is 0."""
    for i in range(len(close)):
        apart = close[i] - highest[i]
        known = highest[i] != 0.0
        share = 100.0 * ((apart if known else 0.0 * apart) / (highest[i] if known else 1.0))
        out[i] = share * share


@kernel()
def root(mean: F8, out: F8) -> None:
    for i in range(len(mean)):
        out[i] = math.sqrt(mean[i])


@composite(
    title="Ulcer Index",
    inputs="close",
    outputs={"ulcer": "ratio in percent, >= 0"},
    params={"period": Param(14, 2, 100_000, "rows in the maximum and in the average")},
    source="Martin and McCann 1989, The Investor's Guide to Fidelity Funds",
)
def ulcer(on: Nodes, close: Line, period: int) -> Line:
    """Root of the mean squared percentage by which close was below the highest close of `period` rows.

    A row that is not finite makes it nan while the row is in a maximum that is in the average.
    """
    found: Line = on.apply(root, on.sma(on.apply(fallen, close, on.max(close, period)), period))
    return found
