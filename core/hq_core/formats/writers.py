"""The formats that are written, and the writer of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.errors import DATA, USAGE, HqError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol

    from hq_core.batch import Batch, Schema
    from hq_core.formats.descriptor import Descriptor

    Told = Callable[[dict[str, Any]], str]

    class Format(Protocol):
        """A writer of one format."""

        def begin(self, schema: Schema, columns: Sequence[int]) -> None: ...
        def rows(self, batch: Batch, columns: Sequence[int]) -> None: ...
        def end(self) -> None: ...


FORMATS = ("csv", "tsv", "jsonl", "json", "npz", "parquet", "arrow", "hftbacktest", "table", "report")
LINES = ("csv", "tsv", "jsonl", "json")  # a row a line, which a kernel writes
BINARY = ("npz", "parquet", "arrow", "hftbacktest")
ENDINGS = {"hftbacktest": "npz"}  # of files, where it is not the format's name
MIXED = ("jsonl", "json", "table", "report")  # formats whose rows say themselves what they are


def writer(format_: str, out: Descriptor, time: str, limit: int = 0, told: Told | None = None) -> Format:
    """The writer of a format on an output."""
    if format_ in LINES or format_ == "table":
        from hq_core.formats import text

        if format_ == "table":
            return text.Aligned(out.text, limit)
        if format_ in ("jsonl", "json"):
            return text.Json(out, format_ == "jsonl", time)
        return text.Delimited(out, "," if format_ == "csv" else "\t", time)
    if format_ == "report":
        if told is None:
            raise HqError("report: how a report reads is not given", USAGE)
        return Reports(out.text, told)
    if format_ == "hftbacktest":
        from hq_core.formats.hft_writer import HftWriter

        return HftWriter(out)
    if format_ == "npz":
        from hq_core.formats.npz_writer import NpzWriter

        return NpzWriter(out)
    from hq_core.formats.arrow_writer import ArrowWriter

    return ArrowWriter(out, format_)


class Reports:
    """The reports of a stream as text; its rows are not shown."""

    def __init__(self, write: Callable[[str], None], told: Told) -> None:
        self._write = write
        self._told = told
        self._any = False

    def begin(self, schema: Schema, columns: Sequence[int]) -> None:
        """A report says itself what it is about."""

    def rows(self, batch: Batch, columns: Sequence[int]) -> None:
        """Rows are no report."""

    def other(self, frame: dict[str, Any]) -> None:
        if frame.get("kind") != "report":
            return
        try:
            text = self._told(frame)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise HqError(f"a report that hq-backtest did not write: {type(error).__name__} {error}", DATA) from None
        self._write(("\n" if self._any else "") + text)
        self._any = True

    def end(self) -> None:
        if not self._any:
            raise HqError("the input has no report; hq-backtest writes one at the end of its stream", DATA)
