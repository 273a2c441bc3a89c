"""The period of a series that came in a form that has no place for one: that of the series it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.batch import Batch, Schema
from hq_core.errors import DATA, HqError

if TYPE_CHECKING:
    from collections.abc import Sequence


def the_period(key: str, beside: Sequence[str]) -> str:
    """The one period of the series `beside`, by their keys; '' where there are none.

    Raises HqError DATA where there are several: nobody can tell which is meant.
    """
    periods = {other.rpartition("/")[2] for other in beside}
    if len(periods) > 1:
        what = f"{key} has no period, so nobody can tell which it is of {', '.join(beside)}"
        raise HqError(what, DATA, hint="choose one with hq-export --period")
    return next(iter(periods), "")


class OrderPeriods:
    """Orders of csv, which names no period, as those of the period of their bars.

    bars      keys of the series and panels of bars that were announced
    periods   key of a series of orders -> the period that was found for it
    """

    def __init__(self, bars: dict[str, None], periods: dict[str, str]) -> None:
        self._bars = bars
        self.periods = periods
        self._named: dict[Schema, Schema] = {}

    def open(self, schema: Schema) -> bool:
        """Whether only its bars can tell its period."""
        return schema.of == "order" and not schema.period and schema.key not in self.periods

    def schema(self, schema: Schema) -> Schema:
        """The series under its bars' period: those of its symbol, else all that there are.  Raises HqError DATA."""
        if schema.of != "order" or schema.period:
            return schema
        if schema.key not in self.periods:
            of = [key for key in self._bars if key.startswith((f"bar/{schema.symbol}/", "bar//"))]
            self.periods[schema.key] = the_period(schema.key, of or list(self._bars))
        found = Schema(schema.of, schema.symbol, self.periods[schema.key], schema.cols, schema.extra)
        self._named[schema] = found
        return found

    def rows(self, batch: Batch) -> Batch:
        """Rows of such a series."""
        found = self._named.get(batch.schema)
        if found is None:
            return batch
        made = Batch(found, batch.n, batch.addresses, batch.keep, batch.texts)
        made.rows = batch.rows
        return made
