"""Volume Profile."""

from __future__ import annotations

import math
from typing import Any

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.registry import Param


def counts_bad(s: dict[str, Any], given: dict[str, int], ring: Any) -> bool:
    """Whether s["bad"] says how many rows of a saved window are not finite: those have no bin."""
    period = given["period"]
    return bool(s["bad"] == sum(not math.isfinite(ring[i] - ring[period + i]) for i in range(period)))


@kernel(state="head:i8<period seen:i8<=period bad:i8", valid=counts_bad)
def profile(
    price: F8,
    volume: F8,
    period: int,
    bins: int,
    area: float,
    s: State,
    ring: F8,
    out_poc: F8,
    out_val: F8,
    out_vah: F8,
) -> None:
    """The window is gone through anew for each row: its range, and with it every bin, may change with any row.

    s     head: where the oldest row is; seen: rows so far, up to period; bad: rows in the window that are not finite
    ring  (2 period + bins,)  prices, volumes, and room for the bins
    """
    head = max(s.head, 0)  # it is never below 0; said here, indexing tests no signs
    seen = s.seen
    bad = s.bad
    first = 2 * period
    for i in range(len(price)):
        if seen == period:
            gone = ring[head] - ring[period + head]
            bad -= 0 if gone - gone == 0.0 else 1
        else:
            seen += 1
        come = price[i] - volume[i]
        bad += 0 if come - come == 0.0 else 1
        ring[head] = price[i]
        ring[period + head] = volume[i]
        head = head + 1 if head + 1 < period else 0
        out_poc[i] = math.nan
        out_val[i] = math.nan
        out_vah[i] = math.nan
        if seen == period and bad == 0:
            lowest = math.inf
            highest = -math.inf
            for j in range(period):
                lowest = ring[j] if ring[j] < lowest else lowest
                highest = ring[j] if ring[j] > highest else highest
            for k in range(bins):
                ring[first + k] = 0.0
            width = (highest - lowest) / bins
            total = 0.0
            at = head
            known = period if width < math.inf else 0  # a range beyond any float64 has no bins
            for _ in range(known):  # from the oldest on, so that no sum depends on the ring
                k = min(int((ring[at] - lowest) / width), bins - 1) if width > 0.0 else 0
                ring[first + k] += ring[period + at]
                total += ring[period + at]
                at = at + 1 if at + 1 < period else 0
            top = 0
            for k in range(1, bins):
                top = k if ring[first + k] > ring[first + top] else top
            if total > 0.0:
                lower = top
                upper = top
                held = ring[first + top]
                while held < area * total and (lower > 0 or upper < bins - 1):
                    below = ring[first + lower - 1] if lower > 0 else -math.inf
                    above = ring[first + upper + 1] if upper < bins - 1 else -math.inf
                    if above >= below:
                        upper += 1
                        held += above
                    else:
                        lower -= 1
                        held += below
                out_poc[i] = lowest + (top + 0.5) * width
                out_val[i] = lowest + lower * width
                out_vah[i] = lowest + (upper + 1) * width
    s.head = head
    s.seen = seen
    s.bad = bad


@composite(
    title="Volume Profile",
    inputs="high low close volume",
    outputs={"poc": "unit of the input", "val": "unit of the input", "vah": "unit of the input"},
    params={
        "period": Param(100, 2, 512, "rows in the window"),
        "bins": Param(24, 1, 256, "price bins from the lowest to the highest"),
        "area": Param(0.7, 0.0, 1.0, "share of the volume in the value area"),
    },
    source="Steidlmayer's market profile with volume; Dalton, Jones and Dalton 1990, Mind over Markets",
)
def volume_profile(
    on: Nodes, high: Line, low: Line, close: Line, volume: Line, period: int, bins: int, area: float
) -> tuple[Line, ...]:
    """Where the volume of the last `period` rows was traded: the middle of the bin with the most, and the lower and
    upper edge of the value area.

    Each row's volume counts at its typical price; `bins` equal bins reach from the lowest typical price to the highest.
    The area grows from that bin by the larger one of its two neighbours, the upper one of equals, until it holds `area`
    of the volume. Of equal bins the lowest counts. Without volume all three are nan.
    """
    return on.apply(
        profile,
        on.typprice(high, low, close),
        volume,
        outputs=3,
        ring=2 * period + bins,
        warmup=period - 1,
        period=period,
        bins=bins,
        area=area,
    )
