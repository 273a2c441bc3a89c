"""JSON: objects one after the other, arrays of objects or of candles, an exchange's websocket messages, hq's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hq_core.errors import DATA, HqError
from hq_core.formats.foreign import Foreign
from hq_core.formats.inflate import READ
from hq_core.formats.members import Members
from hq_core.formats.names import AGG_TRADE, CANDLE, KLINE, symbol_first
from hq_core.formats.options import SourceOptions
from hq_core.formats.shapes import Shape, Written, as_text, shape_of
from hq_core.jit import I8, U1, Cell, State, kernel
from hq_core.kinds import MAPS, WRITTEN
from hq_core.memory import Memory
from hq_core.options.imports import SaidOptions, ask
from hq_core.roles import IDLE, End, Map
from hq_core.saved import Count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.formats.inflate import ByteStream
    from hq_core.roles import Item

AT_ONCE = 8192  # elements looked for at once
DEEP = 64  # levels of objects and arrays in one element
BAD, TOO_DEEP = 1, 2  # why the search for elements stopped
MOST_SHAPES = 100  # sets of keys in one input
MOST_PASSED = 100  # reasons that are counted one by one
ARRAYS = {len(KLINE): KLINE, len(CANDLE): CANDLE}
# websocket messages: their short keys -> the names of the exchange's files
MESSAGES = {
    "aggTrade": dict(zip(("a", "p", "q", "f", "l", "T", "m", "s"), (*AGG_TRADE[:7], "symbol"))),
    "trade": {"t": "id", "p": "price", "q": "qty", "T": "time", "m": "is_buyer_maker", "s": "symbol"},
    "kline": {
        "t": "open_time",
        "o": "open",
        "h": "high",
        "l": "low",
        "c": "close",
        "v": "volume",
        "T": "close_time",
        "q": "quote_volume",
        "n": "count",
        "V": "taker_buy_volume",
        "Q": "taker_buy_quote_volume",
        "x": "complete",
        "s": "symbol",
    },
}


@kernel(state="pos:i8 depth:i8 count:i8 stop:i8")
def elements(text: U1, end: int, base: int, bounds: I8, s: State) -> None:
    """Find the objects and arrays that lie `base` deep: (start, past the end, colons) of each that has come whole.

    base   0: they follow each other; 1: they are the elements of an array, or of several
    s      pos: where the first one that is not whole begins; depth: how deep that is; stop: BAD at a byte that can
           not stand between two, TOO_DEEP at one that opens level DEEP
    """
    p, depth, n, pairs = s.pos, s.depth, 0, 0
    start, string = p, False
    s.stop = 0
    while p < end and n + 3 <= len(bounds):
        c = text[p]
        if string:
            if c == 92:
                p += 1
            elif c == 34:
                string = False
        elif c == 34 and depth > base:
            string = True
        elif c == 58 and depth > base:
            pairs += 1
        elif c == 123 or c == 91:
            if depth == base:
                start = p
                pairs = 0
            depth += 1
            if depth > base + DEEP:
                s.stop = TOO_DEEP
                break
        elif c == 125 or c == 93:
            depth -= 1
            if depth < 0:
                s.stop = BAD
                break
            if depth == base:
                bounds[n] = start
                bounds[n + 1] = p + 1
                bounds[n + 2] = pairs
                n += 3
                start = p + 1
        elif depth <= base and not (c == 32 or c == 10 or c == 13 or c == 9 or (c == 44 and depth == 1)):
            s.stop = BAD
            break
        p += 1
        if depth <= base:
            start = p
            s.depth = depth
    s.pos, s.count = start, n // 3
    if s.stop != 0:
        s.pos = p


class JsonSource(Foreign):
    """A JSON stream; what was passed by is told in its end.

    position  bytes of the (unpacked) stream up to the end of the last row that was handed out
    passed    messages, objects and values that are not read, by what they are
    """

    SHAPE = {
        "deep": int,
        "depth": Count,
        "number": Count,
        "passed": {str: Count},
        "of": [(str, str, str, Count)],
        "shapes": [{"tag": str, "period": str, "keys": [str], "samples": [list], "rows": {str: object}}],
    }

    def __init__(self, stream: ByteStream, options: SourceOptions | None = None) -> None:
        import orjson

        self._loads = orjson.loads
        self.stream = stream
        super().__init__(options)
        self.position = 0
        self.passed: dict[str, int] = {}
        self._memory = Memory(2 * READ)
        self._at = self._filled = self._base = 0
        self._deep = -1  # the depth of rows; not known before the first bytes
        self._numbers: list[int] = []  # of the elements whose rows lie in the block
        self._number = 0
        self._shapes: list[Shape] = []
        self._of: dict[tuple[str, str, str], Shape] = {}  # tag, period, symbol -> shape
        self._members = Members(stream, self.options)
        self._cell = Cell(elements)
        self._bounds = Memory(24 * AT_ONCE)
        self._cell.column("bounds", self._bounds.address, 3 * AT_ONCE)

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
        if any(shape.held for shape in self._shapes):
            raise HqError(("one row alone does not tell its period: ", ask(SaidOptions.period)))
        self.options.together.end()
        if self.passed:
            yield End(kind="end", dropped=dict(self.passed))

    def save(self) -> dict[str, Any]:
        """What is needed to read on from `position`."""
        there = [shape for shape in self._shapes if shape.rows is not None]
        of = [[*tag, there.index(shape)] for tag, shape in self._of.items() if shape in there]
        depth = self._cell.state.depth
        return {
            "deep": self._deep,
            "depth": depth,
            "number": self._number,
            "passed": self.passed,
            "of": of,
            "shapes": [shape.save() for shape in there],
        }

    def load(self, saved: dict[str, Any]) -> Iterator[Item]:
        """Take up where another source was saved; gives the schema items again."""
        self._deep, self._number, self.passed = saved["deep"], saved["number"], saved["passed"]
        self._cell.state.depth = saved["depth"]
        for kept in saved["shapes"]:
            shape = shape_of(kept["tag"], kept["period"], kept["keys"], self.options)
            self._shapes.append(shape)
            yield from shape.load(kept)
        for tag, period, symbol, at in saved["of"]:
            self._of[tag, period, symbol] = self._shapes[at]

    # -- elements ----------------------------------------------------------------------------------------
    def _waiting(self) -> Iterator[Item]:
        cell, view, bounds = self._cell, self._memory.view, self._bounds.view.cast("q")
        state = cell.state
        if self._deep < 0 and not self._begin():
            return
        cell.column("text", self._memory.address, self._memory.size)
        cell.set(end=self._filled, base=self._deep)
        while True:
            state.pos = self._at
            cell.run()
            last: Shape | None = None
            k = 0
            for i in range(state.count):
                start, stop, pairs = bounds[3 * i : 3 * i + 3]
                self._number += 1
                fresh = 0 <= self._members.begins <= self._base + start
                if fresh:
                    yield from self._hand_out(last, k, start)
                    last, k = None, 0
                try:
                    if fresh:
                        self._members.enter(self._base + start, self.options, view[start] == 123)
                    made = self._made(view[start:stop], pairs)
                except (HqError, ValueError) as error:
                    yield from self._hand_out(last, k, start)
                    raise self._wrong(start, error) from None
                if made is None:
                    continue
                if isinstance(made, dict):
                    yield from self._hand_out(last, k, start)
                    last, k = None, 0
                    if not any(shape.held for shape in self._shapes):
                        self.position = self._base + stop
                    yield Map(made)
                    continue
                shape, rows = made
                for behind, (symbol, row) in enumerate(rows, 1 - len(rows)):  # those before waited for this one
                    if last is not shape or symbol != shape.rows.symbol or k == shape.rows.room:
                        yield from self._hand_out(last, k, start)
                        last, k = shape, 0
                        shape.rows.symbol = symbol
                    if k == 0:
                        self._numbers.clear()
                    try:
                        shape.put(row, k)
                    except ValueError as error:
                        yield from self._hand_out(last, k, start)
                        raise self._wrong(start, error) from None
                    self._numbers.append(self._number + behind)
                    k += 1
            yield from self._hand_out(last, k, state.pos)
            if state.stop:
                at, byte = self._base + state.pos, chr(view[state.pos])
                if state.stop == TOO_DEEP:
                    raise HqError(f"byte {at}: the JSON is nested more than {DEEP} deep")
                raise HqError(f"byte {at} is '{byte}', where a JSON object or array must begin")
            moved = state.pos > self._at
            self._at = state.pos
            if not moved or self._at >= self._filled:
                return

    def _wrong(self, start: int, error: Exception) -> HqError:
        code = error.code if isinstance(error, HqError) else DATA
        return HqError(f"element {self._number} (byte {self._base + start}): {error}", code)

    def _begin(self) -> bool:
        """Whether the rows are what lies here, or the elements of it."""
        head = bytes(self._memory.view[self._at : self._filled]).split()
        text = b"".join(head[:8])
        if len(text) < 2 and self._filled - self._at < READ:
            return False
        self._deep = int(text[:1] == b"[" and text[1:2] in (b"[", b"{", b"]"))
        return True

    def _hand_out(self, shape: Shape | None, n: int, at: int) -> Iterator[Item]:
        if shape is not None and n:
            rows = shape.rows
            yield from rows.announced()
            before = rows.total
            batch, wrong = rows.batch(n)
            if not any(one.held for one in self._shapes):
                self.position = self._base + at
            if batch.n:
                yield batch
            if wrong:
                raise HqError(f"element {self._numbers[rows.total - before]}: {wrong}")

    # -- rows --------------------------------------------------------------------------------------------
    def _made(self, raw: Any, pairs: int) -> tuple[Shape, list[tuple[str, list[Any]]]] | dict[str, Any] | None:
        """What an element gives: a row with those that waited for it, a map, or nothing (yet).

        Raises ValueError and HqError.
        """
        try:
            element = self._loads(raw)
        except ValueError as error:
            raise ValueError(f"the JSON cannot be read: {error}") from None
        if type(element) is dict and pairs != len(element) and pairs != _pairs(element):
            raise ValueError(f"the key '{_twice(bytes(raw))}' is there twice")
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
            self._pass(f"values of '{key}', which the first object lacks")
        if shape.rows is None:
            ready = shape.ready(row)
            for other in self._shapes:
                if other is not shape and other.kind:
                    shape.fits(other)
            if not ready:
                return None
        for key in shape.lost:
            self._pass(f"values of '{key}', which is no column of numbers")
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
        if "e" not in element and "stream" not in element:
            kind = element.get("kind", "")
            if isinstance(kind, str) and (kind in WRITTEN or not kind):
                period, symbol = element.get("period", ""), element.get("symbol", "")
                if isinstance(period, str) and isinstance(symbol, str):  # nearly every element
                    shape = self._of.get((kind, period, symbol)) or self._shape(kind, period, symbol, list(element))
                    return shape, *shape.values(element)
        if isinstance(element.get("data"), dict) and "stream" in element:
            element = element["data"]
        message, kind = element.get("e"), element.get("kind", "")
        if isinstance(message, str):
            names_of = MESSAGES.get(message)
            if names_of is None:
                self._pass(f"{message} message", count)
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
        if kind != "" and not (isinstance(kind, str) and kind in WRITTEN):
            self._pass(f"{kind if isinstance(kind, str) else 'other'} object", count)
            return None
        period, symbol = element.get("period"), element.get("symbol")
        shape = self._shape(kind, as_text(period), symbol if isinstance(symbol, str) else "", list(element))
        return shape, *shape.values(element)

    def _shape(self, tag: str, period: str, symbol: str, keys: list[str]) -> Shape:
        """The shape of these objects: symbols may differ in their keys, a symbol's first object says them for all."""
        found = self._of.get((tag, period, symbol))
        if found is None:
            same = set(keys)
            first = symbol_first(keys)
            alike = (
                s
                for s in self._shapes
                if s.tag == tag and s.period == period and set(s.keys) == same and symbol_first(s.keys) == first
            )
            found = next(alike, None)
            if found is None:
                if len(self._shapes) >= MOST_SHAPES:
                    raise ValueError(f"is an object of another form: at most {MOST_SHAPES} forms are read in one input")
                found = shape_of(tag, period, keys, self.options)
                self._shapes.append(found)
            self._of[tag, period, symbol] = found
        return found

    def _pass(self, reason: str, count: bool = True) -> None:
        if reason not in self.passed and len(self.passed) >= MOST_PASSED:
            reason = "other messages and values"
        if count:
            self.passed[reason] = self.passed.get(reason, 0) + 1

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
        return got > 0


def _pairs(value: Any) -> int:
    """How many keys there are in a JSON value on all levels."""
    if isinstance(value, dict):
        return len(value) + sum(map(_pairs, value.values()))
    return sum(map(_pairs, value)) if isinstance(value, list) else 0


def _twice(raw: bytes) -> str:
    """The first key that an object has twice."""
    found: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                found.append(key)
            seen.add(key)

    json.loads(raw, object_pairs_hook=look)
    return found[0] if found else ""
