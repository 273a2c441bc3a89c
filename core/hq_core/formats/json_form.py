"""Forms of JSON elements that a kernel reads: learnt from an element that Python has read, found by how one begins."""

from __future__ import annotations

from array import array
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from hq_core.formats.json_kernel import CONST, ENTRY, INSIDE, read
from hq_core.formats.json_reading import Reading
from hq_core.formats.json_value import loads
from hq_core.formats.symbols import Spellings
from hq_core.formats.text_kernel import FULL, HARD, SERIES, SKIP, SYMBOL
from hq_core.jit import Cell

if TYPE_CHECKING:
    from hq_core.formats.shape import Shape
    from hq_core.memory import Memory

MOST_STEPS = 1024  # keys of an element that a kernel reads: each costs some bytes in its tables
MOST_BEGINNINGS = 4096
PLACES = {"array": b"["}

Role = int | str | list[tuple[str, Any]]  # a key of the shape by its place, a text that must stand there, an object
Outline = list[tuple[str, Any]]  # keys and roles of an object; the role of what is not read is -1


class Form:
    """The elements of one shape whose keys are those of one element.

    outline  what stands in the element
    series   the symbol that rows must bear, where they say theirs and each symbol's are a series, in the value of
             `series_key`; that is -1 where they do not
    """

    def __init__(self, shape: Shape, outline: Outline, readings: list[Reading], memory: Memory, comma: bool) -> None:
        import orjson

        self.shape, self.outline = shape, outline
        self.series: str | None = None
        self._dumps = orjson.dumps
        self._view = memory.view
        self._symbols: dict[bytes, str] = {}  # by its bytes, each read in Python before: it belongs to this shape
        self._spellings: Spellings | None = None
        self._columns: dict[str, list[int]] = {name: [] for name in TABLE}
        self._keys: list[int] = []  # per step the place of its key in the shape
        self._pieces: list[bytes] = []
        self._words: list[tuple[int, int]] = []  # of `told`: (number of the piece, code)
        self._build(readings)
        self._cell = self._bound(memory, comma)

    # -- tables ------------------------------------------------------------------------------------------
    def _build(self, readings: list[Reading]) -> None:
        objects: list[Outline] = [self.outline]
        first, past, outer = [], [], [-1]
        steps = 0
        for one in objects:
            first.append(steps)
            for key, role in one:
                self._step(steps, key, role, readings, len(objects))
                if isinstance(role, list):
                    objects.append(role)
                    outer.append(steps)
                steps += 1
            past.append(steps)
        self._objects = {"first": first, "past": past, "outer": outer}
        self._columns["word"].append(len(self._words))

    def _step(self, step: int, key: str, role: Any, readings: list[Reading], inside: int) -> None:
        table = self._columns
        if isinstance(role, list):
            reading = Reading(INSIDE, inside)
        elif isinstance(role, str):
            reading = Reading(CONST, self._piece(self._dumps(role)))
            reading.most = len(self._pieces[-1])
        else:
            reading = readings[role] if role >= 0 else Reading(SKIP)
        self._keys.append(role if isinstance(role, int) else -1)
        table["word"].append(len(self._words))
        for text, code in reading.words.items():
            self._words.append((self._piece(self._dumps(text)[1:-1]), code))
        array_ = self.shape.tag == "array"
        table["key"].append(self._piece(b"" if array_ else self._dumps(key) + b":"))
        table["length"].append(len(self._pieces[-1]))
        for name in ("op", "place", "times", "plus", "most", "check", "quotes"):
            table[name].append(getattr(reading, name))
        if reading.op == SYMBOL:
            self._spellings = Spellings()

    def _piece(self, text: bytes) -> int:
        self._pieces.append(text)
        return len(self._pieces) - 1

    def _bound(self, memory: Memory, comma: bool) -> Cell:
        cell, rows, table = Cell(read), self.shape.rows, self._columns
        begins = [0, *accumulate((len(piece) + 7) // 8 for piece in self._pieces)]
        table["key"] = [begins[piece] for piece in table["key"]]
        constant = [op == CONST for op in table["op"]]
        table["place"] = [begins[at] if const else at for const, at in zip(constant, table["place"])]
        told = [number for piece, code in self._words for number in (begins[piece], len(self._pieces[piece]), code)]
        self._place, self._most = array("q", table["place"]), array("q", table["most"])
        for name, values in (*table.items(), *self._objects.items(), ("told", told)):
            cell.buffer(name, array("q", values or [0]))
        cell.buffer("place", self._place)
        cell.buffer("most", self._most)
        self._series_at = table["op"].index(SERIES) if SERIES in table["op"] else -1
        self.series_key = self._keys[self._series_at] if self._series_at >= 0 else -1
        self._series_word = begins[-1]
        for name, wide in (("whole", 8), ("real", 8), ("four", 4), ("small", 1)):
            cell.column(name, rows.memory.address, rows.memory.size // wide)
        cell.column("text", memory.address, memory.size)
        (self._spellings or Spellings()).bind(cell)
        steps = len(self._keys)
        cell.buffer("marks", array("q", bytes(8 * steps)))
        self._hard = array("q", bytes(8 * ENTRY * max(HARD, 2 * steps)))
        cell.buffer("hard", self._hard)
        cell.set(room=rows.room, opener=PLACES.get(self.shape.tag, b"{")[0], comma=comma)
        self._compared(cell, b"")
        return cell

    def _compared(self, cell: Cell, series: bytes) -> None:
        """Give the kernel the texts that it compares, the symbol's as the last one."""
        padded = [text.ljust((len(text) + 7) // 8 * 8, b"\0") for text in (*self._pieces, series)]
        masks = [(b"\xff" * len(text)).ljust((len(text) + 7) // 8 * 8, b"\0") for text in (*self._pieces, series)]
        cell.buffer("pieces", bytearray(b"".join(padded)) or bytearray(8))
        cell.buffer("masks", bytearray(b"".join(masks)) or bytearray(8))
        if self._series_at >= 0:
            self._place[self._series_at], self._most[self._series_at] = self._series_word, len(series)

    # -- symbols -----------------------------------------------------------------------------------------
    def met(self, symbol: str) -> None:
        """An element of this symbol was read in Python, and gave a row of the shape."""
        raw = self._dumps(symbol)
        if raw in self._symbols or b"\\" in raw:
            return
        if self._spellings is not None:
            if not self._spellings.spell(raw[1:-1], self.shape.rows.symbols.code(symbol)):
                return
        elif self._series_at < 0:
            return
        self._symbols[raw] = symbol

    def turn(self, symbol: str) -> None:
        """The rows of the series of this symbol come next."""
        if self._series_at >= 0 and symbol != self.series:
            self.series = symbol
            self._compared(self._cell, self._dumps(symbol))

    def other(self) -> str | None:
        """The symbol of the series whose element stopped the kernel as OTHER, if it is one that was met."""
        at = self._cell.state.begin
        if at < 0:
            return None
        found = bytes(self._view[at : at + 256])
        return self._symbols.get(found[: found.find(b'"', 1) + 1])

    # -- rows --------------------------------------------------------------------------------------------
    def run(self, at: int, k: int, limit: int) -> tuple[int, int, int]:
        """Read elements from byte `at` on into the block from row k on: (rows, next byte, why it stopped)."""
        cell = self._cell
        state = cell.state
        state.pos, state.rows = at, k
        cell.set(limit=limit)
        while True:
            state.hard = 0
            cell.run()
            if state.hard:
                bad = self._numbers(state.hard)
                if bad is not None:
                    return *bad, -1
            if state.stop != FULL:
                return state.rows, state.pos, state.stop

    def _numbers(self, n: int) -> tuple[int, int] | None:
        """Work off the first n of `hard`; of the first that makes no value its row, and where that begins."""
        hard, view, put = self._hard, self._view, self.shape.number
        for i in range(0, n, ENTRY):
            try:
                put(self._keys[hard[i + 2]], loads(view[hard[i] : hard[i + 1]]), hard[i + 3])
            except ValueError:  # Python reads the element, and says what is wrong
                return hard[i + 3], hard[i + 4]
        return None


TABLE = ("key", "length", "op", "place", "times", "plus", "most", "check", "quotes", "word")


class Forms:
    """The forms of an input.

    patience  elements that Python reads before the kernels are asked again: more and more, where they read few
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._by: dict[bytes, Form] = {}
        self._lengths: list[int] = []
        self._of: dict[int, list[Form]] = {}  # by the shape's identity
        self._met: dict[int, set[str]] = {}  # the symbols of a shape's rows that Python has read
        self._latest: Form | None = None
        self.patience = 1

    def at(self, start: int) -> Form | None:
        """The form of elements that begin as the one at `start` does; else the latest one: keys come in any order."""
        view, by = self._memory.view, self._by
        for length in self._lengths:
            found = by.get(bytes(view[start : start + length]))
            if found is not None:
                self._latest = found
                break
        return self._latest

    def learn(self, shape: Shape, raw: bytes, found: Outline | None, comma: bool) -> None:
        """Learn from an element that gave a row of the shape."""
        if found is None:
            return
        known = self._of.setdefault(id(shape), [])
        form = next((one for one in known if one.outline == found), None)
        if form is None:
            readings = shape.readings()
            if readings is None or len(known) >= 8 or _steps(found) > MOST_STEPS:
                return
            form = Form(shape, found, readings, self._memory, comma)
            known.append(form)
            for symbol in self._met[id(shape)]:
                form.met(symbol)
        begins = _beginning(raw, form)
        if begins not in self._by and len(self._by) >= MOST_BEGINNINGS:
            self._by.clear()
        self._by[begins] = self._latest = form
        self._lengths = sorted({len(one) for one in self._by}, reverse=True)

    def met(self, shape: Shape, symbol: str) -> bool:
        """As `Form.met`, for all forms of the shape; whether it is the first element of its shape or its series."""
        known = self._met.setdefault(id(shape), set())
        if symbol in known:
            return False
        new = not known or not shape.panel
        known.add(symbol)
        for form in self._of.get(id(shape), ()):
            form.met(symbol)
        return new


def _steps(outline: Outline) -> int:
    return sum(1 + (_steps(role) if isinstance(role, list) else 0) for _, role in outline)


def _beginning(raw: bytes, form: Form) -> bytes:
    """An element's bytes up to the first key whose value is none of the form's texts and no symbol of a series."""
    import orjson

    for key, role in form.outline:
        if not isinstance(role, str) and role != form.series_key and key:
            name = orjson.dumps(key)
            at = raw.find(name)
            return raw[: at + len(name)] if at >= 0 else raw[:1]
    return raw[:1]
