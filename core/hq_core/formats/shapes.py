"""What the elements of a JSON stream mean: the shapes of objects that have come, and what is passed by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hq_core.errors import USAGE, HqError
from hq_core.formats.json_messages import ARRAYS, MESSAGES
from hq_core.formats.json_value import key_twice, loads, pairs_in
from hq_core.formats.names import symbol_first
from hq_core.formats.written import Written, as_text
from hq_core.kinds import MAPS, WRITTEN
from hq_core.options.imports import AS_BARS, AS_OWN
from hq_core.saved import Count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.formats.options import SourceOptions
    from hq_core.formats.shape import Shape
    from hq_core.formats.told_columns import Told
    from hq_core.formats.vector_columns import Folded
    from hq_core.roles import Item

FEW_SHAPES = 8  # further ones have smaller blocks, as many may stand side by side
MOST_SHAPES = 100  # sets of keys in one input
MOST_PASSED = 100  # reasons that are counted one by one
UNTYPED = ", of a kind that JSON does not type (Parquet and Arrow do)"  # its rows would be others than were written


class Shapes:
    """The shapes of one input's objects.

    passed  messages, objects and values that are not read, by what they are
    """

    SHAPE = {
        "passed": {str: Count},
        "of": [(str, str, str, Count)],
        "shapes": [{"tag": str, "period": str, "keys": [str], "samples": [list], "rows": {str: object}}],
    }

    def __init__(self, options: SourceOptions) -> None:
        self.passed: dict[str, int] = {}
        self._options = options
        self._every: list[Shape] = []
        self._of: dict[tuple[str, str, str], Shape] = {}  # tag, period, symbol -> shape
        self._own = options.kind if options.kind in (*AS_OWN, *AS_BARS) else ""
        self._folded: dict[tuple[str, ...], Folded | Told] = {}  # the keys of such an object of somebody else's

    @property
    def waiting(self) -> bool:
        """Whether rows wait for a second one, which tells their period."""
        return any(shape.held for shape in self._every)

    def save(self) -> dict[str, Any]:
        there = [shape for shape in self._every if shape.rows is not None]
        of = [[*tag, there.index(shape)] for tag, shape in self._of.items() if shape in there]
        return {"passed": self.passed, "of": of, "shapes": [shape.save() for shape in there]}

    def load(self, saved: dict[str, Any]) -> Iterator[Item]:
        """Take up what `save` gave; gives the schema items again."""
        self.passed.update(saved["passed"])
        for kept in saved["shapes"]:
            shape = shape_of(kept["tag"], kept["period"], kept["keys"], self._options)
            self._every.append(shape)
            yield from shape.load(kept)
        for tag, period, symbol, at in saved["of"]:
            self._of[tag, period, symbol] = self._every[at]

    def made(self, raw: Any, pairs: int) -> tuple[Shape, list[tuple[str, list[Any]]]] | dict[str, Any] | None:
        """What an element gives: a row with those that waited for it, a map, or nothing (yet).

        Raises ValueError and HqError.
        """
        try:
            element = loads(raw)
        except ValueError as error:
            raise ValueError(f"the JSON cannot be read: {error}") from None
        if type(element) is dict and pairs != len(element) and pairs != pairs_in(element):
            raise ValueError(f"the key '{key_twice(bytes(raw))}' is there twice")
        listed = answer(element) if self._own else None
        if listed is not None:
            return self._listed(listed)
        found = self._row(element)
        if found is None or isinstance(found, dict):
            return found
        shape, row, more = found
        for i in shape.wholes if shape.rows is not None else range(len(row)):
            if type(row[i]) is float:
                again = self._row(json.loads(bytes(raw), parse_float=Written), count=False)
                assert isinstance(again, tuple)
                row = again[1]
                break
        for key in more:
            self.pass_by(f"values of '{key}', which the first object lacks")
        if shape.rows is None:
            ready = shape.ready(row)
            for other in self._every:
                if other is not shape and other.kind:
                    shape.fits(other)
            if not ready:
                return None
        for key in shape.lost:
            self.pass_by(f"values of '{key}', which is no column of numbers")
        rows, shape.held = [*shape.held, (shape.symbol(row), row)], []
        return shape, [("", row) for _, row in rows] if shape.panel else rows

    def _row(self, element: Any, count: bool = True) -> tuple[Shape, list[Any], list[str]] | dict[str, Any] | None:
        """An element's shape, its values by the shape's keys, and the keys that these lack; a map; or nothing."""
        if isinstance(element, list):
            names = ARRAYS.get(len(element))
            if names is None:
                raise ValueError(
                    f"is an array of {len(element)}: objects are read, and candles of {' or '.join(map(str, ARRAYS))}"
                )
            return self._shape("array", "", str(len(element)), list(names)), element, []
        if not self._own and "e" not in element and "stream" not in element:
            kind = element.get("kind", "")
            if isinstance(kind, str) and (kind in WRITTEN or not kind):
                period, symbol = element.get("period", ""), element.get("symbol", "")
                if isinstance(period, str) and isinstance(symbol, str):  # nearly every element
                    shape = self._of.get((kind, period, symbol)) or self._shape(kind, period, symbol, list(element))
                    return shape, *shape.values(element)
        if isinstance(element.get("data"), dict) and "stream" in element:
            element = element["data"]
        message, kind = element.get("e"), element.get("kind", "")
        if self._own == "quote" and message in ("bookTicker", None) and kind in ("", "quote"):
            return self._told(element)
        if isinstance(message, str):
            names_of = MESSAGES.get(message)
            if names_of is None:
                self.pass_by(f"{message} message", count)
                return None
            if message == "kline":
                element = element.get("k")
                if not isinstance(element, dict):
                    raise ValueError("is a kline message whose 'k' is no object")
            values = {name: element.get(short) for short, name in names_of.items()}
            shape = self._shape(f"@{message}", as_text(element.get("i")), "", list(values))
            return shape, list(values.values()), []
        if kind in MAPS:
            own: dict[str, Any] = element
            return own
        if self._own and kind in ("", self._own) and self._as_own(element):
            return self._told(element)
        if kind != "" and not (isinstance(kind, str) and kind in WRITTEN):
            self.pass_by(f"{kind} object{UNTYPED}" if isinstance(kind, str) else "other object", count)
            return None
        period, symbol = element.get("period"), element.get("symbol")
        shape = self._shape(kind, as_text(period), symbol if isinstance(symbol, str) else "", list(element))
        return shape, *shape.values(element)

    def _as_own(self, element: dict[str, Any]) -> bool:
        if self._own in AS_OWN:
            return True
        from hq_core.formats.told_columns import instants

        return instants(tuple(element), self._options)

    def _listed(self, elements: list[Any]) -> tuple[Shape, list[tuple[str, list[Any]]]] | None:
        """As `made`, of the rows of one answer."""
        rows: list[tuple[str, list[Any]]] = []
        made: Shape | None = None
        for element in elements:
            if not isinstance(element, dict):
                raise ValueError("is an answer whose list has other things than objects")
            shape, row, _ = self._told(element)
            if made not in (None, shape):
                raise ValueError("is an answer whose list has objects of several forms")
            if shape.rows is None:
                shape.ready(row)
            made = shape
            rows.append(("" if shape.panel else shape.symbol(row), row))
        return None if made is None else (made, rows)

    def _told(self, element: dict[str, Any]) -> tuple[Shape, list[Any], list[str]]:
        """A row of the kind that the options say, as others write it."""
        keys = tuple(element)
        folded = self._folded.get(keys)
        if folded is None:
            from hq_core.formats.own_csv import folded_of

            folded = self._folded[keys] = folded_of(keys, self._options)
        made = dict(zip(folded.names, folded.row(list(element.values()))))
        period, symbol = element.get("period", ""), made.get("symbol", "")
        shape = self._shape(self._own, as_text(period), symbol if isinstance(symbol, str) else "", list(made))
        return shape, *shape.values(made)

    def _shape(self, tag: str, period: str, symbol: str, keys: list[str]) -> Shape:
        """The shape of these objects: symbols may differ in their keys, a symbol's first object says them for all."""
        found = self._of.get((tag, period, symbol))
        if found is None:
            same = set(keys)
            first = symbol_first(keys)
            alike = (
                s
                for s in self._every
                if s.tag == tag and s.period == period and set(s.keys) == same and symbol_first(s.keys) == first
            )
            found = next(alike, None)
            if found is None:
                if len(self._every) >= MOST_SHAPES:
                    raise ValueError(f"is an object of another form: at most {MOST_SHAPES} forms are read in one input")
                found = shape_of(tag, period, keys, self._options)
                if len(self._every) >= FEW_SHAPES:
                    found.share = FEW_SHAPES
                self._every.append(found)
            self._of[tag, period, symbol] = found
        return found

    def pass_by(self, reason: str, n: int = 1) -> None:
        """Count what is not read."""
        if reason not in self.passed and len(self.passed) >= MOST_PASSED:
            reason = "other messages and values"
        if n:
            self.passed[reason] = self.passed.get(reason, 0) + n


def answer(element: Any) -> list[Any] | None:
    """The rows of an answer of Bybit's, which stand in its result; None of what is no such answer."""
    result = element.get("result") if isinstance(element, dict) else None
    found = result.get("list") if isinstance(result, dict) else None
    return found if isinstance(found, list) else None


def shape_of(tag: str, period: str, keys: list[str], options: SourceOptions) -> Shape:
    """The shape of objects: the tag is a kind, @message, or '' for objects that do not say."""
    own = tag not in ("", "bar", "trade", "array") and not tag.startswith("@")
    if own and options.kind != tag and (options.kind or options.symbol or options.period or options.columns):
        raise HqError(f"the input holds {tag} rows of hq, which say their kind, symbol, period and columns", USAGE)
    if own:  # few runs read both
        from hq_core.formats.own_shape import OwnShape

        return OwnShape(tag, period, keys, options)
    from hq_core.formats.planned_shape import PlannedShape

    return PlannedShape(tag, period, keys, options)
