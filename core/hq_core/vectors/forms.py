"""Labelled vectors as JSON and as arrays of numpy: how others have them."""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING, Any

from hq_core.errors import DATA, HqError
from hq_core.kinds import VECTOR
from hq_core.options.signal import StoreOptions
from hq_core.series.stores import Rows
from hq_core.vectors.read import ALWAYS, is_label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeGuard

    Instant = Callable[[Any], int]

LARGEST = 1 << 62  # of a label or an id that a file may have
LONGEST = 4096


class Taken:
    """Rows as they are told one by one.

    file      what messages call the input
    instant   makes nanoseconds of a time as it is written
    timeless  rows may lack the times: none of them has any

    Raises HqError DATA that names the row.
    """

    def __init__(self, file: str, instant: Instant, timeless: bool) -> None:
        self.file = file
        self.instant = instant
        self.timeless = timeless
        self.rows: Rows | None = None
        self._codes: dict[str, int] = {}
        self._row = 0

    def wrong(self, what: str) -> HqError:
        return HqError(f"{self.file}: vector {self._row}: {what}", DATA)

    def take(self, told: Any) -> None:
        """A map with label, vector, ts, avail_ts, and perhaps id and symbol."""
        self._row += 1
        if not hasattr(told, "get"):
            raise self.wrong(f"is {told!r:.40}, must be an object with label, vector and times")
        values = told.get("vector")
        if (
            not hasattr(values, "__len__")
            or isinstance(values, (str, bytes))
            or not all(_is_number(one) for one in values)
        ):
            raise self.wrong("'vector' must be a list of numbers")
        try:
            vector = array("f", values)
        except OverflowError:
            raise self.wrong("'vector' has a number that float32 cannot hold") from None
        if not all(map(math.isfinite, vector)):
            raise self.wrong("'vector' has a number that float32 cannot hold")
        if not 0 < len(vector) <= LONGEST:
            raise self.wrong(f"has {len(vector)} values, must have 1 to {LONGEST}")
        if self.rows is None:
            self.rows = Rows(len(vector))
        if len(vector) != self.rows.length:
            raise self.wrong(f"has {len(vector)} values, the first one has {self.rows.length}")
        label = told.get("label")
        if not _is_whole(label) or not is_label(label):
            raise self.wrong(f"'label' is {label!r:.40}, must be a whole number of 32 bits")
        row_id = told.get("id", self._row)
        if not _is_whole(row_id) or abs(row_id) > LARGEST:
            raise self.wrong(f"'id' is {row_id!r:.40}, must be a whole number")
        ts, avail = self._times(told)
        symbol = told.get("symbol", "")
        if not isinstance(symbol, str):
            raise self.wrong(f"'symbol' is {symbol!r:.40}, must be a text")
        if symbol not in self._codes:
            self._codes[symbol] = len(self.rows.names)
            self.rows.names.append(symbol)
        self.rows.vectors += vector.tobytes()
        self.rows.labels.append(label)
        self.rows.ids.append(row_id)
        self.rows.ts.append(ts)
        self.rows.avail.append(avail)
        self.rows.symbols.append(self._codes[symbol])

    def _times(self, told: dict[str, Any]) -> tuple[int, int]:
        if self.timeless:
            return self._time(told["ts"], "ts") if told.get("ts") is not None else 0, ALWAYS
        for name in ("ts", "avail_ts"):
            if told.get(name) is None:
                what = f"has no '{name}', so nobody knows from when on its label was known"
                how = "a strategy would look ahead; ", StoreOptions.timeless, " takes it as known at any time"
                raise HqError(f"{self.file}: vector {self._row}: {what}", DATA, hint=how)
        ts, avail = self._time(told["ts"], "ts"), self._time(told["avail_ts"], "avail_ts")
        if avail < ts:
            raise self.wrong("its avail_ts lies before its ts: an outcome cannot be known before the window ends")
        return ts, avail

    def _time(self, value: Any, name: str) -> int:
        try:
            return self.instant(value)
        except HqError as error:
            raise self.wrong(f"'{name}': {error}") from None


def _is_number(value: Any) -> bool:
    return hasattr(value, "__float__") and not isinstance(value, bool)


def _is_whole(value: Any) -> TypeGuard[int]:
    return hasattr(value, "__index__") and not isinstance(value, bool)


def from_json(data: bytes, taken: Taken) -> Rows:
    """The rows of a JSON array of objects, or of one object a line."""
    import orjson

    try:
        told = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        try:
            told = [orjson.loads(line) for line in data.splitlines() if line.strip()]
        except orjson.JSONDecodeError:
            raise HqError(f"{taken.file}: is no JSON: {error}", DATA) from None
    for one in told if isinstance(told, list) else [told]:
        taken.take(one)
    return _some(taken)


def from_npz(data: bytes, taken: Taken) -> Rows:
    """The rows of arrays: vector (n, length), label, ts and avail_ts (n,), and perhaps id and symbol (n,)."""
    import io
    from zipfile import BadZipFile

    import numpy as np

    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files if name in (*VECTOR.names, "symbol")}
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise HqError(f"{taken.file}: is no .npz of arrays: {error}", DATA) from None
    vectors = arrays.get("vector")
    if vectors is None or vectors.ndim != 2 or vectors.dtype.kind not in "fiu":
        raise HqError(f"{taken.file}: has no array 'vector' of numbers, one row a vector", DATA)
    columns = {"vector": vectors.tolist()}
    for name, values in arrays.items():
        if name != "vector":
            if values.shape != (len(vectors),):
                raise HqError(
                    f"{taken.file}: array '{name}' has the shape {values.shape}, wanted {(len(vectors),)}", DATA
                )
            columns[name] = values.tolist()
    for row in range(len(vectors)):
        taken.take({name: values[row] for name, values in columns.items()})
    return _some(taken)


def _some(taken: Taken) -> Rows:
    if taken.rows is None:
        raise HqError(f"{taken.file}: holds no vectors", DATA)
    return taken.rows


def to_json(rows: Rows, written: Callable[[int], str], timeless: bool) -> Iterator[str]:
    """The lines of a JSON array of objects, as from_json takes them.  written: a time as text."""
    import orjson

    n = len(rows)
    if not n:
        yield "[]"
    for row, told in enumerate(maps(rows, written, timeless)):
        yield ("[" if row == 0 else " ") + orjson.dumps(told).decode() + ("]" if row == n - 1 else ",")


def maps(rows: Rows, written: Callable[[int], str], timeless: bool) -> Iterator[dict[str, Any]]:
    """Each row as a map that `Taken` takes.  written: a time as text."""
    for row in range(len(rows)):
        at = 4 * rows.length * row
        told: dict[str, Any] = {}
        if rows.ts[row] or not timeless:  # `Taken` makes 0 of a ts that a timeless row lacks
            told["ts"] = written(rows.ts[row])
        if not timeless:
            told["avail_ts"] = written(rows.avail[row])
        if rows.names != [""]:
            told["symbol"] = rows.names[rows.symbols[row]]
        told |= {"id": rows.ids[row], "label": int(rows.labels[row])}
        told["vector"] = memoryview(rows.vectors)[at : at + 4 * rows.length].cast("f").tolist()
        yield told


def to_npz(rows: Rows, path: Any, timeless: bool) -> None:
    """Write the arrays that from_npz takes: vector (n, length) float32, label, id, and what times there are, in ns."""
    import numpy as np

    n = len(rows)
    arrays: dict[str, Any] = {
        "vector": np.frombuffer(rows.vectors, dtype="<f4").reshape(n, rows.length),
        "label": np.array(rows.labels).astype("<i4"),
        "id": np.array(rows.ids),
    }
    if any(rows.ts) or not timeless:
        arrays["ts"] = np.array(rows.ts)
    if not timeless:
        arrays["avail_ts"] = np.array(rows.avail)
    if rows.names != [""]:
        arrays["symbol"] = np.array(rows.names)[np.array(rows.symbols)]
    np.savez(path, **arrays)
