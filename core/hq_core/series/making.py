"""How the vectors of a store were made, which is compared with how the one is made that is looked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from hq_core.batch import Schema

MADE = "made"  # the key of a schema


class Making(NamedTuple):
    """How vectors were made; what is not known is empty.

    column     what they are values of;  normalize: one of METHODS of kernels/normal.py
    period     of the bars;  horizon: bars until the outcome was known, 0 where that is not known
    """

    column: str = ""
    normalize: str = ""
    period: str = ""
    horizon: int = 0

    def extra(self) -> dict[str, object]:
        """The further key of a schema that says it, where anything is known."""
        known = {name: value for name, value in self._asdict().items() if value}
        return {MADE: known} if known else {}

    def against(self, other: Making) -> tuple[str, str]:
        """The first thing that is known of both and differs, as (mine, its) in words; ('', '') where nothing does."""
        for told, mine, its in (
            ("normalised by {}", self.normalize, other.normalize),
            ("of {}", self.column, other.column),
            ("of {} bars", self.period, other.period),
        ):
            if mine and its and mine != its:
                return told.format(mine), told.format(its)
        return "", ""

    def joined(self, other: Making) -> Making:
        """What is known of vectors of both."""
        mine, its = self._asdict(), other._asdict()
        return Making(**{name: value for name, value in mine.items() if value == its[name]})


UNKNOWN = Making()


def making_of(schema: Schema) -> Making:
    """What a series says of its vectors; of another's words what does not fit is not known."""
    said = schema.extra.get(MADE)
    if not isinstance(said, dict):
        return UNKNOWN
    plain: dict[str, Any] = UNKNOWN._asdict()
    return Making(**{name: said[name] for name, none in plain.items() if type(said.get(name)) is type(none)})
