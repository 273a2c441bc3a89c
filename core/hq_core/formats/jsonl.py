"""JSON: objects one after the other, arrays of objects or of candles, an exchange's websocket messages, hq's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.errors import DATA, HqError
from hq_core.formats.byte_stream import READ
from hq_core.formats.foreign import Foreign
from hq_core.formats.json_elements import DEEP, TOO_DEEP, elements
from hq_core.formats.json_form import Forms
from hq_core.formats.json_kernel import read
from hq_core.formats.json_messages import outline_of
from hq_core.formats.json_value import loads
from hq_core.formats.members import Members
from hq_core.formats.options import SourceOptions
from hq_core.formats.rows import of_any
from hq_core.formats.shapes import Shapes
from hq_core.formats.text_kernel import OTHER, PLAIN, SLACK
from hq_core.jit import Cell
from hq_core.memory import Memory
from hq_core.options.imports import SaidOptions, ask
from hq_core.roles import IDLE, End, Map
from hq_core.saved import Count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.formats.byte_stream import ByteStream
    from hq_core.formats.shape import Shape
    from hq_core.jit import Kernel
    from hq_core.roles import Item

MOST_PATIENCE = 512  # elements read one by one before the kernels are asked again
FEW = 4  # elements for which it was hardly worth to ask them


class JsonSource(Foreign):
    """A JSON stream; what was passed by is told in its end.

    position  bytes of the (unpacked) stream up to the end of the last row that was handed out, and what is passed by
    passed    messages, objects and values that are not read, by what they are
    """

    SHAPE = {"deep": int, "depth": Count, "number": Count, **Shapes.SHAPE}

    def __init__(self, stream: ByteStream, options: SourceOptions | None = None) -> None:
        self.stream = stream
        super().__init__(options)
        self.position = 0
        self._shapes = Shapes(self.options)
        self.passed = self._shapes.passed
        self._memory = Memory(2 * READ + SLACK)
        self._forms = Forms(self._memory)
        self._at = self._filled = self._base = 0
        self._deep = -1  # the depth of rows; not known before the first bytes
        self._last: Shape | None = None  # whose rows lie in the block, and how many
        self._k = 0
        self._numbers: list[tuple[int, int]] = []  # (row, element): from there on both count alike
        self._number = self._done = 0  # elements that were looked at; those before `position`
        self._members = Members(stream, self.options)
        self._cell = Cell(elements)
        self._bounds = Memory(24 * MOST_PATIENCE)
        self._cell.column("text", self._memory.address, self._memory.size)

    def kernels(self) -> list[Kernel]:
        return [read, *of_any()]  # `elements` is compiled when it is opened

    def __iter__(self) -> Iterator[Item]:
        while True:
            yield from self._waiting()
            if not self.stream.pending:
                yield IDLE
            if not self._read():
                break
        if self._filled > self._at and bytes(self._memory.view[self._at : self._filled]).strip():
            raise HqError(f"the JSON stops inside the element at byte {self._base + self._at}: it was cut")
        if self._cell.state.depth:
            raise HqError("the JSON stops inside its array: it was cut, or its writer died")
        if self._shapes.waiting:
            raise HqError(("one row alone does not tell its period: ", ask(SaidOptions.period)))
        self.options.together.end()
        if self.passed:
            yield End(kind="end", dropped=dict(self.passed))

    def save(self) -> dict[str, Any]:
        """What is needed to read on from `position`."""
        depth = self._cell.state.depth
        return {"deep": self._deep, "depth": depth, "number": self._done, **self._shapes.save()}

    def load(self, saved: dict[str, Any]) -> Iterator[Item]:
        """Take up where another source was saved; gives the schema items again."""
        self._deep, self._number = saved["deep"], saved["number"]
        self._done = self._number
        self._cell.state.depth = saved["depth"]
        yield from self._shapes.load(saved)

    # -- elements ----------------------------------------------------------------------------------------
    def _waiting(self) -> Iterator[Item]:
        if self._deep < 0 and not self._begin():
            return
        forms = self._forms
        while True:
            before = self._number
            if self._cell.state.depth == self._deep:
                yield from self._by_kernel()
                if self._at >= self._filled:
                    break
            few = self._number - before < FEW
            most = min(2 * forms.patience, MOST_PATIENCE) if few else 1
            at, before = self._at, self._number
            yield from self._by_python(most, learn=few)
            if self._number > before:
                forms.patience = most
            if self._at == at or self._at >= self._filled:
                break
        yield from self._hand_out(self._at)

    def _by_kernel(self) -> Iterator[Item]:
        """Rows of the elements from here on whose forms are known."""
        forms, view = self._forms, self._memory.view
        between = b" \t\r\n," if self._deep else b" \t\r\n"
        while self._at < self._filled and view[self._at] in between:
            self._at += 1
        form = forms.at(self._at)
        while form is not None:
            shape, rows = form.shape, form.shape.rows
            if self._last is not shape or self._k == rows.room:
                yield from self._hand_out(self._at)
                self._last = shape
            form.turn(rows.symbol)
            begins = self._members.begins
            limit = self._filled if begins < 0 else min(self._filled, begins - self._base)
            n, self._at, stop = form.run(self._at, self._k, limit)
            self._took(n - self._k)
            if stop == OTHER:
                symbol = form.other()
                if symbol is not None and symbol != rows.symbol:
                    yield from self._hand_out(self._at)
                    self._last, rows.symbol = shape, symbol
                    continue
                found = forms.at(self._at)
                form = None if found is form else found
            elif stop != PLAIN or self._at >= limit:
                return

    def _took(self, n: int) -> None:
        """So many elements have become rows of the block."""
        if n:
            assert self._last is not None
            self._numbered(self._k, self._number + 1)
            self._number += n
            self._k += n
            for key in self._last.lost:
                self._shapes.pass_by(f"values of '{key}', which is no column of numbers", n)

    def _by_python(self, most: int, learn: bool) -> Iterator[Item]:
        """At most so many elements from here on, one by one; learn the form of the last one."""
        cell, view, bounds = self._cell, self._memory.view, self._bounds.view.cast("q")
        state = cell.state
        cell.column("bounds", self._bounds.address, 3 * most)
        cell.set(end=self._filled, base=self._deep)
        state.pos = self._at
        cell.run()
        for i in range(state.count):
            start, stop, pairs = bounds[3 * i : 3 * i + 3]
            self._number += 1
            fresh = 0 <= self._members.begins <= self._base + start
            if fresh:
                yield from self._hand_out(start, 1)
            try:
                if fresh:
                    self._members.enter(self._base + start, self.options, view[start] == 123)
                made = self._shapes.made(view[start:stop], pairs)
            except (HqError, ValueError) as error:
                yield from self._hand_out(start, 1)
                raise self._wrong(start, error) from None
            if made is None:
                continue
            if isinstance(made, dict):
                yield from self._hand_out(start, 1)
                self._read_up_to(stop)
                yield Map(made)
                continue
            shape, rows = made
            for behind, (symbol, row) in enumerate(rows, 1 - len(rows)):  # those before waited for this one
                if self._last is not shape or symbol != shape.rows.symbol or self._k == shape.rows.room:
                    yield from self._hand_out(start, 1)
                    self._last = shape
                    shape.rows.symbol = symbol
                try:
                    shape.put(row, self._k)
                except ValueError as error:
                    yield from self._hand_out(start, 1)
                    raise self._wrong(start, error) from None
                self._numbered(self._k, self._number + behind)
                self._k += 1
            symbol = shape.symbol(rows[-1][1])
            if self._forms.met(shape, symbol) or (learn and i == state.count - 1):
                raw = bytes(view[start:stop])
                self._forms.learn(shape, raw, outline_of(loads(raw), shape), self._deep == 1)
        self._at = state.pos
        if state.stop:
            yield from self._hand_out(self._at)
            at, byte = self._base + state.pos, chr(view[state.pos])
            if state.stop == TOO_DEEP:
                raise HqError(f"byte {at}: the JSON is nested more than {DEEP} deep")
            raise HqError(f"byte {at} is '{byte}', where a JSON object or array must begin")

    def _wrong(self, start: int, error: Exception) -> HqError:
        where = f"element {self._number} (byte {self._base + start})"
        return error.within(where) if isinstance(error, HqError) else HqError(f"{where}: {error}", DATA)

    def _begin(self) -> bool:
        """Whether the rows are what lies here, or the elements of it."""
        head = bytes(self._memory.view[self._at : self._filled]).split()
        text = b"".join(head[:8])
        if len(text) < 2 and self._filled - self._at < READ:
            return False
        self._deep = int(text[:1] == b"[" and text[1:2] in (b"[", b"{", b"]"))
        return True

    def _read_up_to(self, at: int, behind: int = 0) -> None:
        """Nothing before byte `at` is wanted again; so many elements were looked at behind it."""
        if not self._shapes.waiting:
            self.position, self._done = self._base + at, self._number - behind

    def _numbered(self, k: int, number: int) -> None:
        """Row k of the block is made of that element; those before it are known."""
        runs = self._numbers
        if k == 0:
            runs.clear()
        if not runs or runs[-1][1] + k - runs[-1][0] != number:
            runs.append((k, number))

    def _hand_out(self, at: int, behind: int = 0) -> Iterator[Item]:
        """The rows of the block, which end at or before byte `at`; so many elements were looked at behind it."""
        shape, n = self._last, self._k
        self._last, self._k = None, 0
        if shape is None or not n:
            self._read_up_to(at, behind)
        else:
            rows = shape.rows
            yield from rows.announced()
            before = rows.total
            batch, wrong = rows.batch(n)
            self._read_up_to(at, behind)
            if batch.n:
                yield batch
            if wrong:
                row = rows.total - before
                first, number = next(run for run in reversed(self._numbers) if run[0] <= row)
                raise HqError((f"element {number + row - first}: ", wrong))

    # -- bytes -------------------------------------------------------------------------------------------
    def _read(self) -> bool:
        memory = self._memory
        left = self._filled - self._at
        if self._at:
            memory.view[:left] = bytes(memory.view[self._at : self._filled])
            self._base += self._at
            self._at, self._filled = 0, left
        if left >= READ:
            raise HqError(f"the JSON element at byte {self._base} has more than {READ} bytes")
        got = self.stream.readinto(memory.view[left : left + READ])
        self._filled += got
        memory.view[self._filled] = 0  # no kernel goes beyond it
        return got > 0
