"""A column's values as hq stores them: exactly, or refused with the row and what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hq_core.errors import HqError
from hq_core.formats.names import SIDES, TRUTH
from hq_core.formats.numbers import float_of, not_a_number
from hq_core.formats.text_kernel import FAR
from hq_core.formats.unfit import Unfit
from hq_core.say import iso_text
from hq_core.texts import encoded
from hq_core.wire.frame import MAX_NAME, is_name

if TYPE_CHECKING:
    from collections.abc import Callable

    Array = np.ndarray[Any, Any]
    Range = tuple[int, int]

DTYPES = {"i8": "<i8", "f8": "<f8", "i4": "<i4", "s4": "<i4", "i1": "i1", "b1": "i1", "f4": "<f4"}
TEXTUAL = "OUS"  # kinds of NumPy's types whose values are texts, or decimals of Arrow
EVEN = 1 << 53  # from here on a float64 leaves out whole numbers
LAST_CHARACTER = 0x10FFFF
NULL = "null"  # what a column of no type and no values is
DAY_NS = 86_400 * 10**9
# ns of a unit as a fraction
UNITS = {
    "W": (7 * DAY_NS, 1),
    "D": (DAY_NS, 1),
    "h": (3600 * 10**9, 1),
    "m": (60 * 10**9, 1),
    "s": (10**9, 1),
    "ms": (10**6, 1),
    "us": (1000, 1),
    "ns": (1, 1),
    "ps": (1, 1000),
    "fs": (1, 10**6),
    "as": (1, 10**9),
}


class ColumnSlice:
    """A slice of one column as its file has it.

    values   (n,) of numbers, truths, texts or Decimals; (n, k) of a vector
    missing  (n,) of bool: rows without a value; None if all have one
    unit     of instants: ns of one count as a fraction; None for other values
    zoned    of instants: whether they bear a zone
    what     the type of values that hq does not read, which `values` then does not have; else ''
    at       with `what`: the first row that is such
    coded    of texts that came as a dictionary: its words, and the place of each row's among them; then `values`, which
             may be None, are looked up when they are asked for
    """

    __slots__ = ("_values", "at", "coded", "missing", "unit", "what", "zoned")

    def __init__(
        self,
        values: Array | None,
        missing: Array | None = None,
        unit: tuple[int, int] | None = None,
        zoned: bool = False,
        what: str = "",
        at: int = 0,
        coded: tuple[Array, Array] | None = None,
    ) -> None:
        self.at = at
        self.coded = coded
        self._values = values
        self.missing = missing if missing is not None and missing.any() else None
        self.unit = unit
        self.zoned = zoned
        self.what = what

    @property
    def values(self) -> Array:
        if self._values is None:
            assert self.coded is not None
            words, at = self.coded
            self._values = words[at]
        return self._values

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the values."""
        given = self._values if self.coded is None else self.coded[0]
        assert given is not None
        found: np.dtype[Any] = given.dtype
        return found

    @property
    def ndim(self) -> int:
        return 1 if self._values is None else self._values.ndim

    def __len__(self) -> int:
        return len(self.values if self.coded is None else self.coded[1])

    def part(self, start: int, stop: int) -> ColumnSlice:
        missing = None if self.missing is None else self.missing[start:stop]
        coded = None if self.coded is None else (self.coded[0], self.coded[1][start:stop])
        at = max(self.at - start, 0)
        values = None if self._values is None else self._values[start:stop]
        return ColumnSlice(values, missing, self.unit, self.zoned, self.what, at, coded)

    @property
    def textual(self) -> bool:
        return not self.what and self.unit is None and self.dtype.kind in TEXTUAL

    def named(self) -> str:
        """The type in an error."""
        if self.what:
            return self.what
        if self.ndim > 1:
            return f"vectors of {self.values.shape[1]}"
        if self.unit is not None:
            return "instants"
        return "texts" if self.dtype.kind in TEXTUAL else str(self.dtype)

    def text(self, i: int) -> str:
        """A value as a csv file would have it, for the plan alone: bytes that are no UTF-8 pass."""
        if self.what or self.ndim > 1:
            return f"<{self.named()}>"
        gone = self.missing is not None and bool(self.missing[i])
        if self.unit is not None:
            if gone:
                return "null"
            ns = int(whole(self.part(i, i + 1), (-FAR, FAR))[0])
            return iso_text(ns) if self.zoned else iso_text(ns)[:-1]
        if gone:
            return ""
        (value,) = _objects(self.part(i, i + 1), strict=False)
        if isinstance(value, float):
            whole_ = value.is_integer() and abs(value) < 1e18  # 782.0 is an id that had gaps beside it
            return "" if np.isnan(value) else str(int(value)) if whole_ else repr(value)
        return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _objects(column: ColumnSlice, strict: bool = True) -> list[Any]:
    """The values as Python has them; None where there is none.

    strict   bytes that are no UTF-8 are refused; else what is wrong in them is U+FFFD, and different ones may be equal
    """
    values = column.values
    if values.dtype.kind == "U" and len(values) and values.dtype.itemsize:
        # NumPy makes a broken str of four bytes that are no character, instead of refusing them
        codes = np.ascontiguousarray(values).view(np.dtype("u4").newbyteorder(values.dtype.byteorder))
        bad = (codes.reshape(len(values), -1) > LAST_CHARACTER).any(axis=1)
        if bad.any():
            raise Unfit(int(np.argmax(bad)), "is no text")
    found: list[Any] = values.tolist()
    if values.dtype.kind == "S":
        found = [_decoded(value, at) if strict else value.decode("utf-8", "replace") for at, value in enumerate(found)]
    if column.missing is not None:
        for i in np.flatnonzero(column.missing):
            found[i] = None
    return found


def _decoded(value: bytes, at: int) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise Unfit(at, f"{value[:60]!r} is not UTF-8") from None


def _shown(column: ColumnSlice, i: int) -> str:
    value = column.values[i]
    if column.values.dtype.kind == "S":
        value = value.decode("utf-8", "replace")
    return f"'{value}'" if column.textual else str(value)


def _refuse(column: ColumnSlice, bad: Array, why: str) -> None:
    """Raise for the first row that is bad."""
    if bad.any():
        at = int(np.argmax(bad))
        raise Unfit(at, f"{_shown(column, at)} {why}")


def _all_there(column: ColumnSlice) -> None:
    if column.missing is not None:
        raise Unfit(int(np.argmax(column.missing)), "has no value")


def _numbers(column: ColumnSlice, kinds: str, instants: bool = False) -> str:
    """The kind of NumPy's type, one of `kinds`."""
    kind = column.dtype.kind
    if column.what or kind not in kinds or column.ndim != 1 or (column.unit is not None and not instants):
        raise Unfit(column.at, f"is of {column.named()}")
    return str(kind)


# -- numbers -----------------------------------------------------------------------------------------------
def real(column: ColumnSlice, empty: bool = True) -> Array:
    """float64 of each value, exactly; texts and decimals are rounded as float() does.

    empty   a missing value is NaN, and NaN and infinities are taken
    """
    if column.what == NULL and empty:
        return np.full(len(column), np.nan)
    kind = _numbers(column, "fiu" + TEXTUAL)
    if not empty:
        _all_there(column)
    values = column.values
    if kind in TEXTUAL:
        made = np.array([_float(value, i, empty) for i, value in enumerate(_objects(column))], dtype=np.float64)
    else:
        with np.errstate(all="ignore"):
            made = values.astype(np.float64)
        if values.dtype.itemsize > 8:
            _refuse(column, (made != values) & (values == values), "does not fit 64-bit numbers")
        elif kind in "iu" and values.dtype.itemsize == 8:
            for at in np.flatnonzero((made >= EVEN) | (made <= -EVEN)):
                if int(made[at]) != int(values[at]):
                    raise Unfit(int(at), f"{values[at]} is no 64-bit floating-point number: it would be {made[at]:.0f}")
        if column.missing is not None:
            made[column.missing] = np.nan
    if not empty:
        _refuse(column, ~np.isfinite(made), "is not a number")
    return made


def _float(value: Any, at: int, empty: bool) -> float:
    if value is None:
        return float("nan")
    text = str(value).strip()
    try:
        found = float_of(text, empty)
    except ValueError as error:
        raise Unfit(at, f"'{value}' {error}") from None
    if found is None:
        raise Unfit(at, f"'{value}' {not_a_number(text)}")
    return found


def whole(
    column: ColumnSlice,
    within: Range,
    times: int = 1,
    plus: int = 0,
    parse: Callable[[str], int] | None = None,
    instants: bool = True,
) -> Array:
    """int64 of value * times + plus, which must lie within the range; of an instant its ns + plus.

    parse      makes the stored number of a text; without it texts are refused
    instants   they are taken
    """
    kind = _numbers(column, "fiu" + (TEXTUAL if parse else "O"), instants)
    _all_there(column)
    values = column.values
    if kind in TEXTUAL:
        return np.array(_whole_texts(column, within, times, plus, parse), dtype=np.int64)
    if column.unit is not None:
        times, parts = column.unit
        if parts > 1:
            _refuse(column, values % parts != 0, "is no whole nanosecond")
            values = values // parts
    if kind == "f":
        with np.errstate(all="ignore"):
            _refuse(column, ~(np.floor(values) == values) | np.isinf(values), "is not a whole number")
            bits = np.finfo(values.dtype).nmant + 1
            said = f"may have been another number: from 2^{bits} on {values.dtype} leaves some out"
            _refuse(column, np.abs(values) >= 2.0**bits, said)
            values = values.astype(np.int64)
    limits = np.iinfo(values.dtype)
    low, high = -((plus - within[0]) // times), (within[1] - plus) // times
    if low > limits.max or high < limits.min:
        _refuse(column, np.ones(len(values), dtype=bool), _outside(within, times))
    if low > limits.min:
        _refuse(column, values < values.dtype.type(low), _outside(within, times))
    if high < limits.max:
        _refuse(column, values > values.dtype.type(high), _outside(within, times))
    return values.astype(np.int64) * times + plus


def _outside(within: Range, times: int) -> str:
    if within == (-FAR, FAR):
        unit = next((name for name, (ns, parts) in UNITS.items() if ns == times and parts == 1), "")
        return f"{unit} is outside the years 1678 to 2261, which int64 nanoseconds have".lstrip()
    return f"is not within {within[0]} to {within[1]}"


def _whole_texts(
    column: ColumnSlice, within: Range, times: int, plus: int, parse: Callable[[str], int] | None
) -> list[int]:
    found = []
    for at, value in enumerate(_objects(column)):
        if isinstance(value, str):
            if parse is None:
                raise Unfit(at, f"'{value}' is a text and no number")
            try:
                made = parse(value.strip())
            except ValueError as error:
                raise Unfit(at, f"'{value}' {error}") from None
        elif value == int(value):
            made = int(value) * times + plus
        else:
            raise Unfit(at, f"{value} is not a whole number")
        if not within[0] <= made <= within[1]:
            raise Unfit(at, f"{value} {_outside(within, times)}")
        found.append(made)
    return found


def words(column: ColumnSlice, known: dict[str, int], numbers: tuple[int, ...], why: str) -> Array:
    """int8 of a truth or a side: a number of `numbers`, a bool where 0 and 1 are the numbers, or a known word."""
    kind = _numbers(column, "fiu" + TEXTUAL + ("b" if numbers == (0, 1) else ""))
    _all_there(column)
    values = column.values
    if kind == "b":
        values = (values.view(np.uint8) != 0).astype(np.int8)
    if kind not in TEXTUAL:
        _refuse(column, ~np.isin(values, numbers), why)
        made: Array = values.astype(np.int8)
        return made
    found = [known.get(str(value).strip().lower()) for value in _objects(column)]
    if None in found:
        at = found.index(None)
        raise Unfit(at, f"{_shown(column, at)} {why}")
    return np.array(found, dtype=np.int8)


def truth(column: ColumnSlice) -> Array:
    return words(column, TRUTH, (0, 1), "is not true or false")


def side(column: ColumnSlice) -> Array:
    return words(column, SIDES, (-1, 0, 1), "is not buy or sell")


def distinct(column: ColumnSlice) -> tuple[list[str], Array]:
    """The texts of a column, or its whole numbers as texts, each once; and (n,) which of them each row has."""
    _numbers(column, TEXTUAL + "iu")
    _all_there(column)
    if column.coded is not None:
        words, at = column.coded
        there = np.zeros(len(words), dtype=bool)
        there[at] = True
        places = np.cumsum(there) - 1
        return [str(word) for word in words[there]], places[at]
    if column.values.dtype.kind == "O":  # NumPy compares such one by one
        known: dict[str, int] = {}
        found = [known.setdefault(str(value), len(known)) for value in column.values]
        return list(known), np.array(found, dtype=np.int64)
    values, places = np.unique(column.values, return_inverse=True)
    try:
        return [str(value) for value in _objects(ColumnSlice(values))], places
    except Unfit:
        _objects(column)  # the first row that is none: each text once is in another order
        raise


def runs(column: ColumnSlice) -> list[tuple[str, int, int]]:
    """Stretches of the same symbol: (symbol, start, stop)."""
    _numbers(column, TEXTUAL + "iu")
    _all_there(column)
    n = len(column)
    told = column.values if column.coded is None else column.coded[1]
    starts = [0, *(int(at) + 1 for at in np.flatnonzero(told[1:] != told[:-1]))][: n or 0]
    found = []
    for start, stop in zip(starts, [*starts[1:], n]):
        try:
            (value,) = _objects(column.part(start, start + 1))
        except Unfit as error:
            raise Unfit(start, str(error)) from None
        symbol = str(value)
        if not is_name(symbol):
            raise Unfit(start, f"'{symbol[:MAX_NAME]}' is no symbol: up to {MAX_NAME} characters that can be printed")
        found.append((symbol, start, stop))
    return found


def free(column: ColumnSlice) -> list[str]:
    """The texts of a column, each of which a column of free text can hold."""
    _numbers(column, "OU")
    _all_there(column)
    found = _objects(column)
    for at, text in enumerate(found):
        if not isinstance(text, str):
            raise Unfit(at, f"{str(text)[:60]} is no text")
        try:
            encoded(text)
        except HqError as error:
            raise Unfit(at, f"is {error}") from None
    return found


def kind_of(column: ColumnSlice) -> str:
    """hq's type for a column of which nothing is said, '' where there is none: texts, vectors, what is not read."""
    kind, size = column.values.dtype.kind, column.values.dtype.itemsize
    if column.what or column.values.ndim > 1:
        return ""
    if column.unit is not None:
        return "i8"
    if kind in "iu":
        return {"i1": "i1", "i2": "i4", "u1": "i4", "u2": "i4", "i4": "i4"}.get(f"{kind}{size}", "i8")
    return {"f": "f8", "b": "b1"}.get(kind, "")


# -- columns of a stated type ------------------------------------------------------------------------------
def stored(column: ColumnSlice, kind: str) -> Array:
    """The bytes of a column of hq's own type, such as i8 or f4x30: contiguous, of that type's width.

    Raises Unfit where the values are of another width, of another kind, or do not fit.
    """
    item, _, length = kind.partition("x")
    wide = int(length) if length else 0
    has = column.values.shape[1] if column.values.ndim > 1 else 0
    if column.what or has != wide or column.values.ndim > 2:
        named = column.named() + ("" if column.what or has else ", one a row")
        raise Unfit(column.at, f"is of {named}, but the file's own description says {kind}")
    try:
        made = _item(ColumnSlice(column.values.reshape(-1)) if wide else column, item)
    except Unfit as error:
        raise Unfit(error.at // max(wide, 1), str(error)) from None
    return np.ascontiguousarray(made.reshape(column.values.shape))


def _item(column: ColumnSlice, item: str) -> Array:
    if item == "f8":
        return real(column)
    if item == "f4":
        with np.errstate(all="ignore"):
            made = column.values.astype("<f4")
        _numbers(column, "f")
        _refuse(column, (made != column.values) & (column.values == column.values), "does not fit 32-bit numbers")
        return made
    if item == "b1":
        return truth(column)
    limits = np.iinfo(DTYPES[item])
    return whole(column, (int(limits.min), int(limits.max))).astype(DTYPES[item])
