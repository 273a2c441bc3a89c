"""JSON: objects one after the other, arrays of objects or of candles, an exchange's websocket messages, hq's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hq_core.errors import DATA, HqError
from hq_core.formats.csv_lines import SLACK
from hq_core.formats.foreign import Foreign
from hq_core.formats.inflate import READ
from hq_core.formats.json_form import Forms, Outline
from hq_core.formats.json_value import loads
from hq_core.formats.members import Members
from hq_core.formats.names import AGG_TRADE, CANDLE, KLINE, symbol_first
from hq_core.formats.options import SourceOptions
from hq_core.formats.shapes import ABOUT, Shape, Written, as_text, shape_of
from hq_core.formats.text_kernel import OTHER, PLAIN
from hq_core.jit import I8, U1, Cell, State, kernel
from hq_core.kinds import MAPS, WRITTEN
from hq_core.memory import Memory
from hq_core.options.imports import SaidOptions, ask
from hq_core.roles import IDLE, End, Map
from hq_core.saved import Count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.formats.inflate import ByteStream
    from hq_core.formats.vector_columns import Folded
    from hq_core.roles import Item

MOST_PATIENCE = 512  # elements read one by one before the kernels are asked again
FEW = 4  # elements for which it was hardly worth to ask them
DEEP = 64  # levels of objects and arrays in one element
BAD, TOO_DEEP = 1, 2  # why the search for elements stopped
FEW_SHAPES = 8  # further ones have smaller blocks, as many may stand side by side
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

    position  bytes of the (unpacked) stream up to the end of the last row that was handed out, and what is passed by
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
        self.stream = stream
        super().__init__(options)
        self.position = 0
        self._vectors = self.options.kind == "vector"
        self._folded: dict[tuple[str, ...], Folded] = {}  # the keys of a vector of somebody else's
        self.passed: dict[str, int] = {}
        self._memory = Memory(2 * READ + SLACK)
        self._forms = Forms(self._memory)
        self._at = self._filled = self._base = 0
        self._deep = -1  # the depth of rows; not known before the first bytes
        self._last: Shape | None = None  # whose rows lie in the block, and how many
        self._k = 0
        self._numbers: list[tuple[int, int]] = []  # (row, element): from there on both count alike
        self._number = self._done = 0  # elements that were looked at; those before `position`
        self._shapes: list[Shape] = []
        self._of: dict[tuple[str, str, str], Shape] = {}  # tag, period, symbol -> shape
        self._members = Members(stream, self.options)
        self._cell = Cell(elements)
        self._bounds = Memory(24 * MOST_PATIENCE)
        self._cell.column("text", self._memory.address, self._memory.size)

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
            "number": self._done,
            "passed": self.passed,
            "of": of,
            "shapes": [shape.save() for shape in there],
        }

    def load(self, saved: dict[str, Any]) -> Iterator[Item]:
        """Take up where another source was saved; gives the schema items again."""
        self._deep, self._number, self.passed = saved["deep"], saved["number"], saved["passed"]
        self._done = self._number
        self._cell.state.depth = saved["depth"]
        for kept in saved["shapes"]:
            shape = shape_of(kept["tag"], kept["period"], kept["keys"], self.options)
            self._shapes.append(shape)
            yield from shape.load(kept)
        for tag, period, symbol, at in saved["of"]:
            self._of[tag, period, symbol] = self._shapes[at]

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
                self._pass(f"values of '{key}', which is no column of numbers", n)

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
                made = self._made(view[start:stop], pairs)
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
        if not any(shape.held for shape in self._shapes):
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
                raise HqError(f"element {number + row - first}: {wrong}")

    # -- rows --------------------------------------------------------------------------------------------
    def _made(self, raw: Any, pairs: int) -> tuple[Shape, list[tuple[str, list[Any]]]] | dict[str, Any] | None:
        """What an element gives: a row with those that waited for it, a map, or nothing (yet).

        Raises ValueError and HqError.
        """
        try:
            element = loads(raw)
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
        if not self._vectors and "e" not in element and "stream" not in element:
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
        if self._vectors and kind in ("", "vector"):
            return self._vector(element)
        if kind != "" and not (isinstance(kind, str) and kind in WRITTEN):
            self._pass(f"{kind if isinstance(kind, str) else 'other'} object", count)
            return None
        period, symbol = element.get("period"), element.get("symbol")
        shape = self._shape(kind, as_text(period), symbol if isinstance(symbol, str) else "", list(element))
        return shape, *shape.values(element)

    def _vector(self, element: dict[str, Any]) -> tuple[Shape, list[Any], list[str]]:
        """A vector as others write it."""
        keys = tuple(element)
        folded = self._folded.get(keys)
        if folded is None:
            from hq_core.formats.vector_columns import Folded

            folded = self._folded[keys] = Folded(keys, self.options)
        made = dict(zip(folded.names, folded.row(list(element.values()))))
        period, symbol = element.get("period", ""), element.get("symbol", "")
        shape = self._shape("vector", as_text(period), symbol if isinstance(symbol, str) else "", list(made))
        return shape, *shape.values(made)

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
                if len(self._shapes) >= FEW_SHAPES:
                    found.share = FEW_SHAPES
                self._shapes.append(found)
            self._of[tag, period, symbol] = found
        return found

    def _pass(self, reason: str, n: int = 1) -> None:
        if reason not in self.passed and len(self.passed) >= MOST_PASSED:
            reason = "other messages and values"
        if n:
            self.passed[reason] = self.passed.get(reason, 0) + n

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


def outline_of(element: Any, shape: Shape) -> Outline | None:
    """What stands in an element that gave a row of the shape; None if a kernel could not know what `_row` would do."""
    if isinstance(element, list):
        return [("", i) for i in range(len(element))]
    if shape.tag.startswith("@"):
        return _message(element, shape)
    if "e" in element or "stream" in element or element.keys() != set(shape.keys):
        return None
    if not all(isinstance(element.get(key, ""), str) for key in ABOUT):
        return None
    read = shape.symbol_key
    return [(key, element[key] if key in ABOUT and key != read else shape.keys.index(key)) for key in element]


def _message(element: dict[str, Any], shape: Shape) -> Outline | None:
    """As `outline_of`, for an exchange's message: what it is and its period are texts that must stand there."""
    wrapped = isinstance(element.get("data"), dict) and "stream" in element
    said = element["data"] if wrapped else element
    kline = said["e"] == "kline"
    values = said["k"] if kline else said
    names = MESSAGES[said["e"]]
    if not names.keys() <= values.keys() or not isinstance(values.get("i", ""), str):
        return None

    def inside(one: dict[str, Any]) -> Outline:
        found: Outline = []
        for key, value in one.items():
            if (wrapped and one is element and key == "data") or (kline and one is said and key == "k"):
                found.append((key, inside(value)))
            elif (one is said and key == "e") or (one is values and key == "i"):
                found.append((key, value))
            elif one is values and key in names:
                found.append((key, shape.keys.index(names[key])))
            else:
                found.append((key, -1))
        return found

    return inside(element)


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
