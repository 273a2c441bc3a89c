"""Options that commands have which show what there is."""

from __future__ import annotations

from hq_core.options import Option


class ListOptions:
    """What is shown in place of a run."""

    list_ = Option(False, "List what there is, or show the named ones in full.")
    as_json = Option(False, "With --list: one JSON array.", flag="--json")
