"""What synthetic rows are made from."""

from __future__ import annotations

from hq_core.options import Option


class GenOptions:
    """The same options, the same rows."""

    rows = Option(0, "How many rows.", least=0, unit="N", required=True)
    seed = Option(0, "The same seed, the same rows.", least=0, most=2**62, unit="N", required=True)
    symbol = Option("BTCUSDT")
    period = Option("1m", "Of a bar.")
    start = Option("2024-01-01", "ISO 8601, or number and unit.", unit="TIME")
    gaps = Option(0.0, "Share of bars (minutes of trades and books) left out.", least=0.0, most=0.9, unit="SHARE")
