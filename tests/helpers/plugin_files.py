"""Files of indicators as a user writes them."""

from __future__ import annotations

HEAD = "from hq_core.jit import B1, F8, I8, State, inline\nfrom hq_core.registry import Param, indicator\n"


def declared(
    name: str,
    body: str,
    inputs: str = "close",
    args: str = "close: F8",
    out: str = "F8",
    more: str = "",
    head: str = "",
    warmup: str = "lambda period: 0",
) -> str:
    """The text of an indicator without `from __future__ import annotations`."""
    state = "s: State, " if "state=" in more else ""
    ring = "ring: F8, " if "ring=" in more else ""
    return (
        f"{HEAD}{head}\n@indicator(title='Test', inputs={inputs!r}, outputs={{{name!r}: 'any'}}, source='here',\n"
        f"    params={{'period': Param(5, 1, 100, 'rows')}}, warmup={warmup}{more})\n"
        f"def {name}({args}, period: int, {state}{ring}out: {out}) -> None:\n"
        f"    for i in range(len(out)):\n        {body}\n"
    )
