"""Free text in columns.

In memory a row of a text column is a handle of 16 bytes: the address of its UTF-8 bytes and how many they are.  So rows
are moved as those of any other column.  The bytes lie in what the rows came in, which is valid as long as a batch is;
whoever keeps rows takes the bytes in (`take_in`).  On the wire a column is n lengths, then the bytes (hq-frames(5)).
"""

from __future__ import annotations

from array import array
from ctypes import string_at
from itertools import accumulate
from typing import TYPE_CHECKING

from hq_core.errors import DATA, HqError
from hq_core.jit import I4, I8, U1, Cell, State, kernel
from hq_core.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.jit import Kernel

HANDLE = 16
MAX_TEXT = 65536  # bytes of one, as of a text in a map: an article, and a wild length is no more than that
LONG, BEYOND, NO_UTF8 = 1, 2, 3
WHY = {
    LONG: f"a text of more than {MAX_TEXT} bytes",
    BEYOND: "a text that ends beyond the frame",
    NO_UTF8: "a text that is no UTF-8",
}
ALL = 1 << 62  # the length of memory as one column, from address 0 on


@kernel(state="bad:i8 why:i8 used:i8")
def taken(lengths: I4, data: U1, base: int, most: int, handles: I8, s: State) -> None:
    """handles[] = (address, length) of texts one behind the other; s.used bytes of data, which lies at `base`.

    lengths  (n,);  handles: (2 n,);  most: bytes that a text may have
    s.bad    the first text that cannot be, or -1;  s.why: 1 its length, 2 it is not all there, 3 it is no UTF-8
    """
    n, size = len(lengths), len(data)
    at = 0
    s.bad = -1
    for i in range(n):
        length = lengths[i]
        if length < 0 or length > most or length > size - at:
            s.bad = i
            s.why = 1 if length < 0 or length > most else 2
            return
        handles[2 * i] = base + at
        handles[2 * i + 1] = length
        at += length
    s.used = at
    high = 0  # mostly all is ASCII, which a loop without a branch soon sees
    for k in range(at):
        high |= data[k]
    if high < 0x80:
        return
    k = 0
    for i in range(n):
        end = k + lengths[i]
        while k < end:  # RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF
            byte = data[k]
            more = 0 if byte < 0x80 else 1 if byte < 0xE0 else 2 if byte < 0xF0 else 3
            good = not (0x80 <= byte < 0xC2 or byte > 0xF4 or k + more >= end)
            if good and more > 0:
                second = data[k + 1]
                low = 0xA0 if byte == 0xE0 else 0x90 if byte == 0xF0 else 0x80
                top = 0x9F if byte == 0xED else 0x8F if byte == 0xF4 else 0xBF
                good = low <= second <= top
                for j in range(2, more + 1):
                    good = good and data[k + j] & 0xC0 == 0x80
            if not good:
                s.bad = i
                s.why = 3
                return
            k += more + 1


@kernel(state="total:i8")
def measured(handles: I8, s: State) -> None:
    """s.total = the bytes of all texts."""
    total = 0
    for i in range(len(handles) // 2):
        total += handles[2 * i + 1]
    s.total = total


@kernel()
def given(handles: I8, memory: U1, lengths: I4, out: U1) -> None:
    """The texts as on the wire: their lengths, and their bytes one behind the other in out[]."""
    n = len(lengths)
    to = i = 0
    while i < n:
        at = end = handles[2 * i]
        while i < n and handles[2 * i] == end:  # those that lie together are copied together
            lengths[i] = handles[2 * i + 1]
            end += lengths[i]
            i += 1
        for k in range(end - at):
            out[to + k] = memory[at + k]
        to += end - at


@kernel()
def moved(handles: I8, memory: U1, base: int, out: U1) -> None:
    """The bytes of the texts to out[], which lies at `base`, and the handles to those."""
    n = len(handles) // 2
    to = i = 0
    while i < n:
        at = end = handles[2 * i]
        while i < n and handles[2 * i] == end:  # those that lie together are copied together
            handles[2 * i] = base + to + end - at
            end += handles[2 * i + 1]
            i += 1
        for k in range(end - at):
            out[to + k] = memory[at + k]
        to += end - at


@kernel()
def alike(a: I8, b: I8, memory: U1, same: U1) -> None:
    """same[i] = 1 where text i of a is that of b."""
    for i in range(len(same)):
        at, other, length = a[2 * i], b[2 * i], a[2 * i + 1]
        k = 0
        if length == b[2 * i + 1]:
            while k < length and memory[at + k] == memory[other + k]:
                k += 1
        same[i] = 1 if k == length and length == b[2 * i + 1] else 0


_cells: dict[str, Cell] = {}


def _cell(which: Kernel) -> Cell:
    found = _cells.get(which.name)
    if found is None:
        found = _cells[which.name] = Cell(which)
        if "memory" in which.kinds:
            found.column("memory", 0, ALL)
    return found


def size(handles: int, n: int) -> int:
    """The bytes of n texts."""
    cell = _cell(measured)
    cell.column("handles", handles, 2 * n)
    cell.run()
    total: int = cell.state.total
    return total


def take_in(handles: int, n: int) -> Memory | None:
    """Take the bytes of n texts into memory of their own, which the caller keeps as long as the handles."""
    if not n:
        return None
    total = size(handles, n)
    memory = Memory(total)
    cell = _cell(moved)
    cell.column("handles", handles, 2 * n)
    cell.column("out", memory.address, total)
    cell.set(base=memory.address)
    cell.run()
    return memory


def wire_size(handles: int, n: int) -> int:
    """Bytes of n texts on the wire: lengths and bytes, each padded to 8."""
    return (4 * n + 7 & -8) + (size(handles, n) + 7 & -8)


def put(handles: int, n: int, to: int, room: int) -> None:
    """Write n texts as on the wire into `room` bytes at an address, which are 0 where there is padding."""
    begin = 4 * n + 7 & -8
    cell = _cell(given)
    cell.column("handles", handles, 2 * n)
    cell.column("lengths", to, n)
    cell.column("out", to + begin, room - begin)
    cell.run()


def get(at: int, n: int, room: int) -> tuple[array[int], int]:
    """The handles of n texts that lie at an address as on the wire, and how many of `room` bytes they take.

    Raises HqError DATA where they cannot be texts.
    """
    begin = 4 * n + 7 & -8
    if begin > room:
        raise HqError(f"has {n} texts, whose lengths alone are {begin} bytes of the {room} that are left", DATA)
    handles = array("q", bytes(HANDLE * n))
    cell = _cell(taken)
    cell.column("lengths", at, n)
    cell.column("data", at + begin, room - begin)
    cell.column("handles", handles.buffer_info()[0], 2 * n)
    cell.set(base=at + begin, most=MAX_TEXT)
    cell.run()
    if cell.state.bad >= 0:
        raise HqError(f"row {cell.state.bad + 1}: {WHY[cell.state.why]}", DATA)
    return handles, begin + (cell.state.used + 7 & -8)


def same(a: int, b: int, n: int) -> bytearray:
    """A byte a row: 1 where n texts of a are those of b."""
    found = bytearray(n)
    cell = _cell(alike)
    cell.column("a", a, 2 * n)
    cell.column("b", b, 2 * n)
    cell.buffer("same", found)
    cell.run()
    return found


def words(handles: int, n: int) -> list[str]:
    """n texts as Python has them."""
    found = memoryview(string_at(handles, HANDLE * n)).cast("q").tolist()
    return [string_at(at, length).decode() for at, length in zip(found[::2], found[1::2])]


class Texts:
    """Texts of Python as a column: `address` of n handles, valid as long as this lives.

    Raises HqError DATA for one that no column can hold.
    """

    __slots__ = ("_data", "_handles", "address", "n")

    def __init__(self, given: Sequence[str]) -> None:
        self.n = len(given)
        found = []
        for row, text in enumerate(given, 1):
            try:
                found.append(encoded(text))
            except HqError as error:
                raise error.within(f"row {row}") from None
        lengths = [len(one) for one in found]
        self._data = Memory(sum(lengths))
        self._data.view[:] = b"".join(found)
        self._handles = array("q", bytes(HANDLE * self.n))
        self._handles[::2] = array("q", list(accumulate(lengths, initial=self._data.address))[: self.n])
        self._handles[1::2] = array("q", lengths)
        self.address = self._handles.buffer_info()[0]

    @property
    def nbytes(self) -> int:
        return HANDLE * self.n


def encoded(text: str) -> bytes:
    """The bytes of one text.  Raises HqError DATA where no column can hold it."""
    try:
        found = text.encode()
    except UnicodeEncodeError:
        raise HqError("a text with half a surrogate pair, which UTF-8 has no bytes for", DATA) from None
    if len(found) > MAX_TEXT:
        raise HqError(f"a text of {len(found)} bytes, may have at most {MAX_TEXT}", DATA)
    return found
