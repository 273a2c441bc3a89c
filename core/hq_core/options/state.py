"""What every filter takes: where its state is kept."""
from __future__ import annotations

from hq_core.options import Option


class StateOptions:
    """Of a filter that can be stopped and go on."""

    state: Option[str | None] = Option(
        None, "Start from the state in FILE and leave the state there at the end. A state is to be trusted as "
        "a program is: one that others own or may write is refused.", kind=str, unit="FILE",
    )
    state_every = Option(0, "Also write the state after this many input rows.", least=0, unit="ROWS")
