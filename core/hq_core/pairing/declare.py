"""How a factor of a pair is declared: other kernels put together over the two values, as a composite indicator is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.factoring.declare import Labelled
from hq_core.registry import Shelf, check_module

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hq_core.graph import GraphColumn
    from hq_core.pairing.on import Pairing
    from hq_core.registry import Value

    Build = Callable[..., GraphColumn]


class Pair(Labelled):
    """A factor of a pair, of one output."""

    def __init__(self, name: str, build: Build, **said: Any) -> None:
        super().__init__(name, inputs="a b", **said)
        self._build = build

    def placed(self, on: Pairing, bound: Mapping[str, Value]) -> GraphColumn:
        """Its column in the graph of a pair."""
        return self._build(on, *self.passed(bound).values())


PAIRS = Shelf("pairs", "factor of a pair", Pair, "@pair")


def pair(**said: Any) -> Callable[[Build], Pair]:
    """Declare a factor of a pair by a function that takes the pair and the parameters, and gives a column.

    title    its name in words; source: where the formula is published; oracle: the test's independent form of it
    outputs  its name -> unit or range;  params: name -> Param or Duration, in the function's order
    named    how many parameters its column's name shows at least;  label: what makes that name of the parameters
    """

    def declare(function: Build) -> Pair:
        return check_module(Pair(function.__name__, function, **said), function)

    return declare
