"""What all that computes indicators takes: whose rules they follow, and what they may lack."""

from __future__ import annotations

from hq_core.options import Option

TALIB, METASTOCK, TV = "talib", "metastock", "tv"
ERROR, WARN = "error", "warn"


class SettingsOptions:
    """Of indicators wherever they stand: in a list, or in a strategy."""

    compat = Option(
        TALIB, "Whose rules indicators follow where they differ; tv is Pine's.", choices=(TALIB, METASTOCK, TV)
    )
    unstable = Option(
        (),
        "That many rows more are NaN after the warm-up of NAME, as TA-Lib's unstable period.",
        kind=str,
        many=True,
        unit="NAME=ROWS",
    )
    missing = Option(
        ERROR, "What it is when another series that is read never comes; warn leaves NaN.", choices=(ERROR, WARN)
    )
