"""What hq-merge takes."""

from __future__ import annotations

from hq_core.options import Option


class MergeOptions:
    """How inputs become one stream."""

    series = Option(False, "Write each symbol as a series of its own; takes a panel apart.")
    timeout = Option(
        "",
        "End with 75 when an input that the others wait for is silent for so long, such as 30s. No row depends on it.",
        unit="DURATION",
    )
    final = Option(
        False, "With --state: no input brings more, so what waits for more of them is written too. Ends the state."
    )
