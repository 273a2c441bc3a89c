"""What counts as a difference."""

from __future__ import annotations

from hq_core.options import Option


class NearOptions:
    """How far floats may lie apart, and which columns count."""

    ulp: Option[int | None] = Option(
        None,
        "Floats that lie no more than N units in the last place apart are equal, and so are -0.0 and 0.0.",
        kind=int,
        least=0,
        most=2**32,
        unit="N",
    )
    rtol: Option[float | None] = Option(
        None,
        "So are those that lie no more than this part of the larger one apart.",
        kind=float,
        least=0,
        unit="FRACTION",
    )
    atol: Option[float | None] = Option(None, "And those no more than this apart.", kind=float, least=0, unit="NUMBER")
    columns = Option(
        "",
        "Compare these columns alone: close,rsi_14; neither reports nor signals nor series that lack them.",
        unit="NAMES",
    )
