"""Delimited text from a pipe as a source: its files, its rows as they come, its state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.errors import HqError
from hq_core.formats.csv_block import CsvBlock
from hq_core.formats.csv_head import MARK, CsvHead
from hq_core.formats.csv_kernel import parse
from hq_core.formats.csv_lines import Lines
from hq_core.formats.foreign import Foreign
from hq_core.formats.members import Members
from hq_core.formats.options import SourceOptions
from hq_core.formats.rows import ROWS, of_any
from hq_core.options.imports import SaidOptions, ask
from hq_core.roles import IDLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.formats.byte_stream import ByteStream
    from hq_core.jit import Kernel
    from hq_core.roles import Item


class CsvSource(Foreign):
    """A CSV stream.

    position  bytes of the (unpacked) stream up to the end of the last row that was handed out
    Raises HqError DATA at the first bad row; the rows before it have been handed out.
    """

    lines = True

    SHAPE = {**CsvHead.SHAPE, "rows": ROWS, "file": str}

    def __init__(self, stream: ByteStream, options: SourceOptions | None = None) -> None:
        super().__init__(options)
        self.stream = stream
        self.position = 0
        self._lines = Lines(stream)
        self._members = Members(stream, self.options)
        self._head = CsvHead(self.options)
        self._looked = 0  # position up to which lines were looked at for the head
        self._block: CsvBlock | None = None

    def __iter__(self) -> Iterator[Item]:
        lines = self._lines
        while True:
            yield from self._waiting()
            if lines.ended:
                break
            if not self.stream.pending:
                yield IDLE
            if lines.full and self._undecided:
                raise HqError(("the period cannot be told from the first rows: ", ask(SaidOptions.period)))
            lines.read()
        if lines.cut:
            row = (self._block.rows.total if self._block is not None else self._head.rows) + 1
            raise HqError(
                f"row {row} (byte {lines.base + lines.at}): the input ends inside this line: its writer may have died; "
                "if the line is whole, end it, as in: { cat FILE; echo; } | hq-import"
            )
        if self._undecided:
            raise HqError(("one row alone does not tell its period: ", ask(SaidOptions.period)))
        if self._head.plan is None and self._head.header:
            yield self._head.rowless()
        self.options.together.end()

    @property
    def _undecided(self) -> bool:
        """Whether rows wait for one that tells their period."""
        return self._head.plan is not None and not self._head.ready

    def kernels(self) -> list[Kernel]:
        return [parse, *of_any()]

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        """What is needed to read on from `position`."""
        if self._block is None:
            return {}
        return {**self._head.save(), "rows": self._block.rows.save(), "file": self._members.name}

    def load(self, saved: dict[str, Any]) -> Iterator[Item]:
        """Take up where another source was saved; gives the schema items again."""
        if saved:
            self._head.load(saved)
            self._members.began(saved["file"])
            self._block = CsvBlock(self._head, self._lines, self.options)
            yield from self._block.load(saved["rows"])

    # -- lines -------------------------------------------------------------------------------------------
    def _prepared(self) -> CsvBlock | None:
        """The block, as soon as the lines are there that say what its rows are."""
        head, lines = self._head, self._lines
        while self._block is None:
            at = self._entered(self._looked - lines.base) if not head.before else lines.at
            found = None if at is None else lines.line(at)
            if found is None:
                if head.before and lines.ended:
                    few = f"the input has fewer lines than the {self.options.skip_lines} of "
                    raise HqError((few, SaidOptions.skip_lines))
                return None
            line, after = found
            self._looked = lines.base + after
            if head.take(line):
                lines.at = after
            if head.ready:
                self._block = CsvBlock(head, lines, self.options)
        return self._block

    def _entered(self, at: int) -> int | None:
        """`at`, or the byte after the header of the archive's file that begins there; None if that has not come."""
        lines, members = self._lines, self._members
        if lines.base + at != members.begins:
            if lines.base + at == 0 and bytes(lines.memory.view[at : at + 3]) == MARK:
                lines.at = self._looked = at = 3
            return at
        found = lines.line(at)
        if found is None:
            return None
        line, after = found
        members.enter(lines.base + at, self.options, self._head.by_symbol)
        return after if self._head.again(line, members) else at

    # -- rows --------------------------------------------------------------------------------------------
    def _waiting(self) -> Iterator[Item]:
        lines, block = self._lines, self._prepared()
        while block is not None:
            at = self._entered(lines.at)
            if at is None:
                return
            lines.at = at
            begins = self._members.begins
            end = lines.last_end(at, lines.filled if begins < 0 else min(lines.filled, begins - lines.base))
            if end == at:
                return
            while lines.at < end:
                n, after, wrong = block.fill(end)
                if n:
                    yield from self._hand_out(block, n, after, wrong)
                if wrong:
                    raise HqError(wrong)
                lines.at = after
                self.position = lines.position(after)

    def _hand_out(self, block: CsvBlock, n: int, after: int, wrong: str) -> Iterator[Item]:
        """The first n rows of the block, which end before `after` unless something is wrong with the next one."""
        rows, lines = block.rows, self._lines
        at = rows.plan.symbol_field()
        if at >= 0 and not rows.symbol and not rows.plan.panel:
            raise HqError(
                f"row {rows.total + 1} (byte {lines.base + lines.at}): column '{rows.plan.fields[at].name}' is empty"
            )
        yield from rows.announced()
        before = rows.total
        batch, unfit = rows.batch(n)
        lines.at = self._after(rows.total - before) if unfit or wrong else after
        self.position = lines.position(lines.at)
        if batch.n:
            block.resumed = False
            yield batch
        if unfit:
            raise HqError((f"row {rows.total + 1} (byte {self.position}): ", unfit))

    def _after(self, n: int) -> int:
        """The byte after the first n rows from here."""
        at = self._lines.at
        while n > 0:
            found = self._lines.line(at)
            if found is None:
                break
            line, at = found
            n -= bool(line.strip()) and line != self._head.header
        return at
