"""NumPy's own part in reading .npy and .npz: headers that say more than a plain type, and columns of any type."""

from __future__ import annotations

import io
import re
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from hq_core.errors import DATA, HqError
from hq_core.formats.exact import UNITS, ColumnSlice

if TYPE_CHECKING:
    from hq_core.formats.exact import Array

# what a header is made of: of these alone it can be nothing but a literal
TOKEN = re.compile(r"""\s+|[{}()\[\],:]|True|False|None|\d{1,19}L?|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*\"""")
DEEPEST = 12


def described_by(text: bytes, version: int, name: str, longest: int) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """The shape, whether it lies by columns, and the type that a header of at most `longest` bytes tells."""
    said = text.decode("utf-8" if version == 3 else "latin1")
    depth = deepest = 0
    for mark in re.findall(r"[({\[]|[)}\]]", said):
        depth += 1 if mark in "({[" else -1
        deepest = max(deepest, depth)
    if deepest > DEEPEST or TOKEN.sub("", said):
        raise HqError(f"{name}: is no .npy array that hq reads: its header is no plain description", DATA)
    reader = np.lib.format.read_array_header_1_0 if version == 1 else np.lib.format.read_array_header_2_0
    if version == 3:  # the same but for its letters, which only the private reader knows
        text = said.encode("latin1", "backslashreplace")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that Python 2 wrote it: several lines on stderr
            length = len(text).to_bytes(2 if version == 1 else 4, "little")
            return reader(io.BytesIO(length + text), max_header_size=longest)
    except Exception as error:  # noqa: BLE001  numpy's parsers fail on damaged descriptions in many ways
        told = " ".join(str(error).split())[:200]
        raise HqError(f"{name}: is no .npy array that hq reads: {told}", DATA) from None


def column_slice(values: Array) -> ColumnSlice:
    if values.dtype.kind == "M" and values.ndim == 1:
        unit, count = np.datetime_data(values.dtype)
        gone = np.isnat(values)
        values = values.astype(values.dtype.newbyteorder("="))
        if unit in ("Y", "M"):
            counts = values.view(np.int64)
            if (abs(np.where(gone, 0, counts)) * count > 100_000).any():
                return ColumnSlice(values, what="dates far outside the years 1678 to 2261")
            values, unit, count = values.astype("datetime64[D]"), "D", 1
        if unit not in UNITS:
            return ColumnSlice(values, what="times without a unit")
        ns, parts = UNITS[unit]
        return ColumnSlice(values.view(np.int64), gone, (ns * count, parts), zoned=False)
    if values.ndim > 2:
        return ColumnSlice(values, what=f"blocks of shape {values.shape[1:]}")
    if values.dtype.kind in "mMV":
        return ColumnSlice(values, what=str(values.dtype)[:60])
    return ColumnSlice(values)
