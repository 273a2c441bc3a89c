"""What hq-asof joins, and onto what."""

from __future__ import annotations

from hq_core.options import Option


class WithOptions:
    """Where the rows come from that are joined."""

    with_: Option[str | None] = Option(
        None,
        "The file that has them, in any format that hq reads; else they come in the stream.",
        kind=str,
        unit="FILE",
    )


class AsofOptions:
    """Which columns each row gets."""

    columns = Option("", "Columns that each row gets, of the latest row that is joined.", unit="A,B", required=True)
    with_kind = Option(
        "",
        "The kind that they are of, which leaves the stream; may be left out where the file has but one.",
        unit="KIND",
    )
    onto = Option("bar", "The kind whose rows get them.", unit="KIND")
    strictly_before = Option(False, "What came at a row's own ts does not count, only what came before.")
    tolerance = Option("", "What is older than this is absent, such as 8h.", unit="DURATION")
    age = Option(False, "Also add age_s, how old what was joined is, in seconds.")
    prefix = Option("", "Put before the names of the columns that are added.", unit="NAME_")
