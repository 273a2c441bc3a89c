"""Cumulative volume delta."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite


@composite(
    title="Cumulative Volume Delta",
    inputs="volume buy_volume",
    outputs={"cumulative_delta": "volume, bought less sold"},
    params={},
    source="definition: sum of the volume delta since the first row",
)
def cumulative_delta(on: Nodes, volume: Line, buy_volume: Line) -> Line:
    """Volume that takers bought less volume that they sold, since the first row; a row of nan is passed over."""
    found: Line = on.cumsum(on.delta(volume, buy_volume))
    return found
