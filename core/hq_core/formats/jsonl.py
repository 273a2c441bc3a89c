"""JSON: objects one after the other, arrays of objects or of kline rows, and an exchange's websocket messages."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.errors import HqError
from hq_core.formats.csv_kernel import BOOL, MAKER, REAL, SERIES, SIDE, SKIP
from hq_core.formats.inflate import READ
from hq_core.formats.layouts import build, whole
from hq_core.formats.names import AGG_TRADE, KLINE, SIDES, is_number
from hq_core.formats.options import Options
from hq_core.formats.rows import ROWS, Rows
from hq_core.jit import I8, U1, Cell, State, kernel
from hq_core.saved import Count
from hq_core.wire.frame import Memory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.formats.inflate import ByteStream
    from hq_core.formats.layouts import Field, Plan

    Item = tuple[str, Any]

AT_ONCE = 8192              # elements looked for at once
# websocket messages: their short keys -> the names of the exchange's files
MESSAGES = {
    "aggTrade": dict(zip(("a", "p", "q", "f", "l", "T", "m", "s"), (*AGG_TRADE[:7], "symbol"))),
    "trade": {"t": "id", "p": "price", "q": "qty", "T": "time", "m": "is_buyer_maker", "s": "symbol"},
    "kline": {
        "t": "open_time", "o": "open", "h": "high", "l": "low", "c": "close", "v": "volume", "T": "close_time",
        "q": "quote_volume", "n": "count", "V": "taker_buy_volume", "Q": "taker_buy_quote_volume", "x": "complete",
        "s": "symbol",
    },
}


@kernel(state="pos:i8 depth:i8 count:i8 stop:i8")
def elements(text: U1, end: int, base: int, bounds: I8, s: State) -> None:
    """Find the objects and arrays that lie `base` deep: (start, past the end) of each that has come whole.

    base   0: they follow each other; 1: they are the elements of an array, or of several
    s      pos: where the first one that is not whole begins; depth: how deep that is; stop: BAD at a byte that can
           not stand between two
    """
    p, depth, n = s.pos, s.depth, 0
    start, string = p, False
    s.stop = 0
    while p < end and n + 2 <= len(bounds):
        c = text[p]
        if string:
            if c == 92:
                p += 1
            elif c == 34:
                string = False
        elif c == 34 and depth > base:
            string = True
        elif c == 123 or c == 91:
            if depth == base:
                start = p
            depth += 1
        elif c == 125 or c == 93:
            depth -= 1
            if depth < 0:
                s.stop = 1
                break
            if depth == base:
                bounds[n] = start
                bounds[n + 1] = p + 1
                n += 2
                start = p + 1
        elif depth <= base and not (c == 32 or c == 10 or c == 13 or c == 9 or (c == 44 and depth == 1)):
            s.stop = 1
            break
        p += 1
        if depth <= base:
            start = p
            s.depth = depth
    s.pos, s.count = start, n // 2
    if s.stop != 0:
        s.pos = p


class Shape:
    """Objects with the same meaning: their keys, their plan, the block of their rows, rows that wait for a second."""

    __slots__ = ("active", "held", "keys", "plan", "rows")

    def __init__(self, keys: list[str]) -> None:
        self.keys = keys
        self.plan: Plan | None = None
        self.rows: Rows | None = None
        self.held: list[list[Any]] = []
        self.active: list[tuple[int, Field, Any]] = []


class JsonSource:
    """(kind, item) pairs of a JSON stream: schema Schema, rows Batch, idle None, end with what was passed over.

    position  bytes of the (unpacked) stream up to the end of the last row that was handed out
    passed    messages and objects that are no bars and no trades, by what they are
    """

    SHAPE = {
        "deep": int, "depth": Count, "number": Count, "shapes": {str: {"sample": [list], "rows": ROWS}},
        "passed": {str: Count},
    }

    def __init__(self, stream: ByteStream, options: Options | None = None) -> None:
        self.stream = stream
        self.options = options or Options()
        self.position = 0
        self.passed: dict[str, int] = {}
        self._memory = Memory(2 * READ)
        self._at = self._filled = self._base = 0
        self._deep = -1                     # the depth of rows; not known before the first bytes
        self._number = 0
        self._shapes: dict[str, Shape] = {}
        self._saved: dict[str, Any] = {}
        self._cell = Cell(elements)
        self._bounds = Memory(16 * AT_ONCE)
        self._cell.column("bounds", self._bounds.address, 2 * AT_ONCE)

    def __iter__(self) -> Iterator[Item]:
        while True:
            yield from self._waiting()
            if not self.stream.pending:
                yield "idle", None
            if not self._read():
                break
        if self._filled > self._at and bytes(self._memory.view[self._at : self._filled]).strip():
            raise HqError(f"the JSON stops inside the element at byte {self._base + self._at}: it was cut")
        if self._cell.state.depth:
            raise HqError("the JSON stops inside its array: it was cut, or its writer died")
        if any(shape.held for shape in self._shapes.values()):
            raise HqError("one row alone does not tell its period: pass --period to hq-import")
        if self.passed:
            yield "end", {"kind": "end", "dropped": dict(self.passed)}

    def save(self) -> dict[str, Any]:
        """What is needed to read on from `position`."""
        shapes = {
            key: {"sample": self._saved[key], "rows": shape.rows.save()}
            for key, shape in self._shapes.items() if shape.rows
        }
        depth = self._cell.state.depth
        return {"deep": self._deep, "depth": depth, "number": self._number, "shapes": shapes, "passed": self.passed}

    def load(self, saved: dict[str, Any]) -> Iterator[Item]:
        """Take up where another source was saved; gives the schema items again."""
        self._deep, self._number, self.passed = saved["deep"], saved["number"], saved["passed"]
        self._cell.state.depth = saved["depth"]
        for key, kept in saved["shapes"].items():
            keys, *samples = kept["sample"]
            shape = self._shapes[key] = Shape(keys)
            self._plan(key, shape, samples)
            assert shape.rows is not None
            for schema in shape.rows.load(kept["rows"]):
                yield "schema", schema

    # -- elements ----------------------------------------------------------------------------------------
    def _waiting(self) -> Iterator[Item]:
        import orjson

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
                start, stop = bounds[2 * i], bounds[2 * i + 1]
                try:
                    element = orjson.loads(view[start:stop])
                except orjson.JSONDecodeError as error:
                    yield from self._hand_out(last, k, start)
                    raise HqError(f"the JSON at byte {self._base + start} cannot be read: {error}") from None
                self._number += 1
                try:
                    made = self._rows_of(element)
                except HqError:
                    yield from self._hand_out(last, k, start)
                    raise
                if made is None:
                    continue
                shape, symbol, rows = made
                for row in rows:
                    assert shape.rows is not None
                    if last is not shape or symbol != shape.rows.symbol or k == shape.rows.room:
                        yield from self._hand_out(last, k, start)
                        last, k = shape, 0
                        shape.rows.symbol = symbol
                    try:
                        self._put(shape, row, k)
                    except ValueError as error:
                        yield from self._hand_out(last, k, start)
                        raise HqError(f"element {self._number} (byte {self._base + start}): {error}") from None
                    k += 1
            yield from self._hand_out(last, k, state.pos)
            if state.stop:
                at, byte = self._base + state.pos, chr(view[state.pos])
                raise HqError(f"byte {at} is '{byte}', where a JSON object or array must begin")
            moved = state.pos > self._at
            self._at = state.pos
            if not moved or self._at >= self._filled:
                return

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
            assert rows is not None
            schema, new = rows.series()
            if new:
                yield "schema", schema
            batch, wrong = rows.batch(n)
            if not any(one.held for one in self._shapes.values()):
                self.position = self._base + at
            if batch.n:
                yield "rows", batch
            if wrong:
                raise HqError(f"element {self._number - n + batch.n + 1}: {wrong}")

    # -- rows --------------------------------------------------------------------------------------------
    def _rows_of(self, element: Any) -> tuple[Shape, str, list[list[Any]]] | None:
        """An element's shape and symbol, and its row with those that waited for it; None if it gives none (yet)."""
        if isinstance(element, dict):
            if isinstance(element.get("data"), dict) and "stream" in element:
                element = element["data"]
            message = element.get("e")
            if isinstance(message, str):
                names = MESSAGES.get(message)
                if names is None:
                    reason = f"{message} message"
                    self.passed[reason] = self.passed.get(reason, 0) + 1
                    return None
                if message == "kline":
                    element = element["k"]
                key = f"@{message}/{element.get('i', '')}"
                element = {name: element.get(short) for short, name in names.items()}
            elif element.get("kind", "bar") not in ("bar", "trade"):
                reason = f"{element['kind']} object"
                self.passed[reason] = self.passed.get(reason, 0) + 1
                return None
            else:
                key = f"{element.get('kind', '')}/{element.get('period', '')}"
            shape = self._shapes.get(key)
            if shape is None:
                shape = self._shapes[key] = Shape(list(element))
            row = [element.get(name) for name in shape.keys]
        elif isinstance(element, list) and len(element) == len(KLINE):
            key, row = "array", element
            shape = self._shapes.get(key)
            if shape is None:
                shape = self._shapes[key] = Shape(list(KLINE))
        else:
            kind = f"an array of {len(element)}" if isinstance(element, list) else f"a {type(element).__name__}"
            raise HqError(f"element {self._number} is {kind}: objects are read, and kline rows of {len(KLINE)}")
        if shape.rows is None and not self._ready(key, shape, row):
            return None
        assert shape.plan is not None
        at = shape.plan.series_field()
        symbol = str(row[at]) if at >= 0 else self.options.symbol
        rows, shape.held = [*shape.held, row], []
        return shape, symbol, rows

    def _ready(self, key: str, shape: Shape, row: list[Any]) -> bool:
        """Make the plan; false when this row has to wait for a second one."""
        samples = [[_text(v) for v in one] for one in (*shape.held, row)]
        self._plan(key, shape, samples)
        if shape.rows is None:
            shape.held.append(row)
        return shape.rows is not None

    def _plan(self, key: str, shape: Shape, samples: list[list[str]]) -> None:
        kind, _, period = key.partition("/")
        said, unit = self.options, self.options.time_unit
        names = list(shape.keys)
        if kind.startswith("@"):        # milliseconds, or microseconds if the stream was asked for them
            time = next(text for name, text in zip(names, samples[0]) if "time" in name)
            unit, period = "us" if len(time) == 16 else "ms", ""
        options = Options(
            said.kind or (kind if kind in ("bar", "trade") else ""), said.symbol, said.period or period, said.columns,
            unit, said.tz, said.stamp,
        )
        plan = build(names, samples[0], options)
        for field in plan.fields:
            if field.name in ("kind", "period") and field.op == REAL:
                field.op, field.to = SKIP, ""
        if plan.kind == "bar" and plan.period == 0:
            if len(samples) < 2:
                return
            plan.infer(samples[0], samples[1])
        shape.plan = plan
        shape.rows = Rows(plan, options)
        self._saved[key] = [shape.keys, *samples]
        columns = shape.rows.columns
        shape.active = [(i, f, columns[f.to]) for i, f in enumerate(plan.fields) if f.op not in (SKIP, SERIES)]

    def _put(self, shape: Shape, row: list[Any], k: int) -> None:
        for i, field, column in shape.active:
            value = row[i]
            if type(value) is float and field.op == REAL:
                column[k] = value
                continue
            try:
                column[k] = _real(field, value) if field.op == REAL else _other(field, value)
            except (ValueError, OverflowError) as error:
                raise ValueError(f"'{field.name}': {_text(value)!r} {error}") from None

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


def _text(value: Any) -> str:
    """A JSON value as a csv file would have it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def _real(field: Field, value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and is_number(value.strip()):
        return float(value)
    if field.empty and (value is None or value == ""):
        return float("nan")
    raise ValueError("is not a number")


def _other(field: Field, value: Any) -> int:
    if field.op in (BOOL, MAKER):
        if not isinstance(value, bool):
            raise ValueError("is not true or false")
        return int(value) if field.op == BOOL else 1 - 2 * int(value)
    if field.op == SIDE:
        found = SIDES.get(_text(value).lower())
        if found is None:
            raise ValueError("is not buy or sell")
        return found
    return whole(field, _text(value))


